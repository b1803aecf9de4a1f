#!/usr/bin/env bash
# Runs what README.md shows: every `$ redial` line, and its own policy and scenario, in a copy of the project's files.
#   readme.sh BUILD
set -euo pipefail
build=$(realpath "${1:?usage: readme.sh BUILD}")
cd "$(dirname "$0")/../.."
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cp -r README.md policies scenarios "$work"
cd "$work"
PATH="$build:$PATH"

file_of() { # the fenced block that begins with "# NAME"
    awk -v name="# $1" '/^```yaml/ { inside = 1; block = ""; next } /^```/ { if (inside && index(block, name) == 1) printf "%s", block; inside = 0 }
        inside { block = block $0 "\n" }' README.md >"$1"
    [ -s "$1" ] || { echo "readme: README.md has no block '# $1'"; exit 1; }
}
must() {
    "$@" >out 2>&1 || { echo "readme: '$*' fails:"; cat out; exit 1; }
}

count=0
while IFS= read -r line; do
    must bash -c "$line"
    count=$((count + 1))
done < <(sed -n 's/^\$ \(redial .*\)/\1/p' README.md)
[ "$count" -ge 5 ] || { echo "readme: only $count commands found"; exit 1; }

file_of my.yaml
file_of busy-twice.yaml
must redial check --strict my.yaml busy-twice.yaml
must redial explain my.yaml
must redial replay busy-twice.yaml
must redial replay --wire busy-twice.yaml

waits() { redial replay --story scenarios/seed/the-eleventh-429-ends-the-call.yaml 2>&1 | grep -c 'backoff 32s' || true; }
before=$(waits)
sed -i 's/cap: 32s/cap: 4s/' policies/claude-code.yaml
after=$(waits)
[ "$before" = 4 ] && [ "$after" = 0 ] || { echo "readme: cap 32s gave $before waits of 32s, cap 4s $after"; exit 1; }

for target in demo test deps install; do
    env -u MAKEFLAGS -u MAKELEVEL make -C "$OLDPWD" -n help >/dev/null && grep -q "^$target:" "$OLDPWD/Makefile" || { echo "readme: no target $target"; exit 1; }
done
echo "readme: $((count + 4)) commands do what it says"
