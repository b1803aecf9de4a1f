#!/usr/bin/env bash
# Holds every shipped file against the printed schemas with a validator that is not ours (Ajv), and files that are wrong by
# their shape too: those must not validate.   tests/clients/schema.sh REDIAL
set -euo pipefail
redial=$(command -v "$1")
here=$(cd "$(dirname "$0")" && pwd)
cd "$here/../.."

. "$here/packages.sh"
packages schema

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
"$redial" schema policy >"$work/policy.schema.json"
"$redial" schema scenario >"$work/scenario.schema.json"
validate() { node "$here/validate.mjs" "$@"; }
failed=0
shopt -s nullglob
policies=() broken=()
for file in $(grep -L '^matrix:' policies/*.yaml) policies/presets/*.yaml policies/tests/*.yaml; do
    case $file in *-broken.yaml) broken+=("$file") ;; *) policies+=("$file") ;; esac
done
validate "$work/policy.schema.json" "${policies[@]}" || failed=1
validate "$work/scenario.schema.json" scenarios/*/*.yaml examples/*.yaml || failed=1

wrong='unknown-keys unknown-words wrong-types missing-keys durations numbers statuses version no-version'
for language in policy scenario; do
    files=()
    [ "$language" = policy ] && files+=("${broken[@]}")
    for name in $wrong; do
        file=tests/golden/$language/$name.yaml
        [ -f "$file" ] && files+=("$file")
    done
    validate --not "$work/$language.schema.json" "${files[@]}" || failed=1
done
exit "$failed"
