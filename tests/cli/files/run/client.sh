# A client for `redial run`: our own, told by the environment which call is meant.
set -- --policy "$REDIAL_POLICY" --model "$REDIAL_MODEL" --provider "$REDIAL_PROVIDER" --max-tokens "$REDIAL_MAX_TOKENS"
[ "$REDIAL_QUERY" = background ] && set -- "$@" --background
[ "$REDIAL_STREAM" = true ] && set -- "$@" --stream || set -- "$@" --no-stream
exec redial call "$@" "${PROMPT:-Is the line clear?}"
