#!/usr/bin/env bash
# Every scenario meets its expectations on the virtual clock and on real sockets, and tells the same story byte for byte in both.
# With a second command, built by another compiler: both tell the same stories, on the virtual clock.
#   same-stories.sh REDIAL [OTHER-REDIAL]
set -euo pipefail
redial=${1:?usage: same-stories.sh REDIAL [OTHER-REDIAL]} other=${2:-}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

replay() { # name, command, flags…
    local name=$1 command=$2
    shift 2
    "$command" replay --quiet "$@" scenarios >"$work/summary" 2>&1 || { tail -n 60 "$work/summary"; exit 1; }
    tail -n 1 "$work/summary"
    # the stories alone: what was measured stands in the lines around them
    "$command" replay --story "$@" scenarios 2>/dev/null | grep -E '^  ' | grep -vE '^ +[0-9]+ attempts?( of [0-9]+ calls?)?, ' >"$work/$name"
}
same() { # name, name
    cmp -s "$work/$1" "$work/$2" && return
    echo "the stories differ ($1, $2):"
    diff -u "$work/$1" "$work/$2" >"$work/diff" || head -n 40 "$work/diff"
    exit 1
}

replay virtual "$redial"
if [ -n "$other" ]; then
    replay other "$other"
    same virtual other
    echo "the stories are the same from $redial and $other"
else
    replay wire "$redial" --wire
    same virtual wire
    echo "the stories are the same on the virtual clock and on real sockets: $(wc -l <"$work/virtual") lines"
fi
