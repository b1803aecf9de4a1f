#!/usr/bin/env bash
# Checks who includes whom. The table below is the house's plan: a folder, what it may include besides the public headers
# (redial/…) and its own folder, and the outside headers that only it may have. engine/README.md draws the same.
set -euo pipefail
cd "$(dirname "$0")/../.."

plan='
engine/base         -
engine/document     base
engine/model        base
engine/patterns     base
engine/config       document model patterns base
engine/compile      model
engine/core         model patterns base
engine/hooks        core document model base
engine/story        model core base
engine/platforms    document model base
engine/credentials  document base
engine/client       platforms credentials story core document model base
engine/audit        config story document model base
engine/api          config compile core hooks story document model base
simulator/world     platforms document model base
simulator/authority document model base
simulator/endpoints world document model base
simulator/serve     endpoints run world authority record client core story platforms document model base
simulator/record    world platforms document model base
simulator/run       endpoints observe report world authority api client config core credentials hooks story platforms document model base
simulator/observe   core document model base
simulator/report    observe base
simulator/judge     serve report run observe base
cli                 record run serve judge audit compile api client credentials platforms story document model base
'
# header                 only in
owners='
yaml.h                   engine/document
cJSON.h                  engine/document
curl/curl.h              engine/client
lua.h                    engine/hooks
lauxlib.h                engine/hooks
pcre2.h                  engine/patterns
zlib.h                   engine/platforms simulator/serve
microhttpd.h             simulator/endpoints
openssl/[a-z0-9_]+.h     engine/client engine/credentials simulator/authority simulator/endpoints simulator/serve
'
bad=0
complain() { echo "$1: error: $2"; bad=1; }

allowed() { # folder of the includer, header as written
    local folder=$1 header=$2 may part
    case $header in redial/*) return 0 ;; esac
    part=${header#simulator/}
    part=${part%%/*}
    [ "$part" = "${folder##*/}" ] && return 0
    may=$(awk -v f="$folder" '$1 == f { $1 = ""; print }' <<<"$plan")
    grep -qw -- "$part" <<<"$may"
}

while IFS=: read -r file line text; do
    folder=${file%/*}
    header=$(sed -E 's/.*#include *"([^"]+)".*/\1/' <<<"$text")
    if ! awk -v f="$folder" '$1 == f { found = 1 } END { exit !found }' <<<"$plan"; then
        complain "$file:$line" "folder '$folder' is not in the plan of tests/support/layers.sh"
    elif [ "$header" = "${header##*/}" ]; then
        complain "$file:$line" "include \"$header\" names no folder; write \"${folder##*/}/$header\""
    elif ! allowed "$folder" "$header"; then
        complain "$file:$line" "$folder may not include \"$header\""
    fi
done < <(grep -nE '^ *# *include *"' engine/*/*.[ch] simulator/*/*.[ch] cli/*.[ch] 2>/dev/null)

# A permission that nobody uses invites somebody to use it.
while read -r folder may; do
    for part in ${may#-}; do
        grep -qE "^ *# *include *\"(simulator/)?$part/" "$folder"/*.[ch] || complain "$folder" "the plan lets it include $part, which it does not"
    done
done < <(sed '/^$/d' <<<"$plan")

while read -r header owner; do
    [ -n "$header" ] || continue
    while IFS=: read -r file line _; do
        case " $owner " in *" ${file%/*} "*) ;; *) complain "$file:$line" "<$header> belongs to $owner alone" ;; esac
    done < <(grep -nE "^ *# *include *<(cjson/)?$header>" engine/*/*.[ch] simulator/*/*.[ch] cli/*.[ch] 2>/dev/null || true)
done <<<"$owners"

while IFS=: read -r file line text; do
    complain "$file:$line" "core is free of clocks, files and allocation, but: ${text# }"
done < <(grep -nE '<(time|stdio|stdlib|unistd|pthread)\.h>|\b(malloc|calloc|realloc|free|printf|clock_gettime|getenv)\(' engine/core/*.[ch] || true)

[ "$bad" = 0 ] && echo "layers: every include is in the plan"
exit "$bad"
