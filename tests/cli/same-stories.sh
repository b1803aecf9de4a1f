#!/usr/bin/env bash
# The same scenarios tell the same stories byte for byte, whichever compiler built the command, and on both transports.
#   same-stories.sh REDIAL-A REDIAL-B
set -euo pipefail
a=${1:?usage: same-stories.sh REDIAL-A REDIAL-B} b=${2:?usage: same-stories.sh REDIAL-A REDIAL-B}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
"$a" replay --json scenarios >"$work/a"
"$b" replay --json scenarios >"$work/b"
"$a" replay --json --wire scenarios >"$work/wire"
cmp "$work/a" "$work/b" || { diff "$work/a" "$work/b" | head -n 4; exit 1; }
echo "same stories: $(wc -l <"$work/a") lines, equal between the two builds"
