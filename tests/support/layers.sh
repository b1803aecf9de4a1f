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
engine/config       document model base patterns
engine/compile      model base
engine/core         model base patterns
engine/hooks        core document model base
engine/story        model base core
engine/platforms    document model base
engine/credentials  document model base
engine/client       platforms credentials hooks core story document model base
engine/audit        base document model config story platforms
engine/api          config compile core hooks document model base
simulator/world     document model base platforms config
simulator/authority document model base platforms
simulator/endpoints document model base platforms world authority
simulator/serve     document model base platforms story core client world endpoints authority run record
simulator/record    document model base platforms world
simulator/judge     document model base core story world observe serve report run
simulator/run       document model base platforms credentials config hooks story core client api world endpoints observe report run authority
simulator/observe   document model base story core world run
simulator/report    base model story observe run
cli                 base document model compile story simulator api core client audit credentials
'
# header                 only in
owners='
yaml.h                   engine/document
cJSON.h                  engine/document
curl/curl.h              engine/client
lua.h                    engine/hooks
lauxlib.h                engine/hooks
pcre2.h                  engine/patterns
microhttpd.h             simulator/endpoints
'
bad=0
complain() { echo "$1: error: $2"; bad=1; }

allowed() { # folder of the includer, header as written
    local folder=$1 header=$2 may part
    case $header in redial/*) return 0 ;; esac
    part=${header%%/*}
    [ "$part" = simulator ] && { part=${header#simulator/}; part=${part%%/*}; [ "$folder" = cli ] && return 0; }
    [ "$part" = cli ] && { [ "$folder" = cli ]; return; }
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

while read -r header owner; do
    [ -n "$header" ] || continue
    while IFS=: read -r file line _; do
        case $file in "$owner"/*) ;; *) complain "$file:$line" "<$header> belongs to $owner alone" ;; esac
    done < <(grep -nE "^ *# *include *<(cjson/)?$header>" engine/*/*.[ch] simulator/*/*.[ch] cli/*.[ch] 2>/dev/null || true)
done <<<"$owners"

while IFS=: read -r file line text; do
    complain "$file:$line" "core is free of clocks, files and allocation, but: ${text# }"
done < <(grep -nE '<(time|stdio|stdlib|unistd|pthread)\.h>|\b(malloc|calloc|realloc|free|printf|clock_gettime|getenv)\(' engine/core/*.[ch] || true)

[ "$bad" = 0 ] && echo "layers: every include is in the plan"
exit "$bad"
