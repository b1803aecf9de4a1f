#!/usr/bin/env bash
# Every scenario meets its expectations on the virtual clock and on real sockets, and tells the same story byte for byte in both.
# With a second command, built by another compiler, its stories are the same too.
#   same-stories.sh REDIAL [OTHER-REDIAL]
set -euo pipefail
redial=${1:?usage: same-stories.sh REDIAL [OTHER-REDIAL]} other=${2:-}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

replay() { # name, command, flags…
    local name=$1 command=$2
    shift 2
    "$command" replay --quiet "$@" scenarios 2>&1 | tail -n 40 >"$work/summary" || { cat "$work/summary"; exit 1; }
    tail -n 1 "$work/summary"
    "$command" replay --story "$@" scenarios 2>/dev/null | sed -E 's/ ?\(measured [^)]*\)//; / on (the virtual clock|real sockets):/d' >"$work/$name"
}
same() { # name, name
    cmp -s "$work/$1" "$work/$2" && return
    echo "the stories differ ($1, $2):"
    diff -u "$work/$1" "$work/$2" | head -n 40
    exit 1
}

replay virtual "$redial"
replay wire "$redial" --wire
same virtual wire
echo "the stories are the same on the virtual clock and on real sockets: $(wc -l <"$work/virtual") lines"
[ -z "$other" ] && exit
replay other "$other"
same virtual other
echo "and the same from $other"
