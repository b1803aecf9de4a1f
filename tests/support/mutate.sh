#!/usr/bin/env bash
# Can the shipped scenarios fail? Breaks the shipped policies, one line at a time, and replays
# scenarios/seed: a break that no scenario notices is a line that nothing guards.
#
#   tests/support/mutate.sh            every row of platforms.yaml, every line of the table below
#   tests/support/mutate.sh --list     what is broken, and which scenario notices it first
#
# What a break is caught by on the virtual clock must catch it on real sockets too.
set -u
REDIAL=${REDIAL:-build/redial}
[ -x "$REDIAL" ] || { echo "$REDIAL is missing: make build" >&2; exit 2; }
REDIAL=$(realpath "$REDIAL")
cd "$(dirname "$0")/../.." || exit 2
list=${1:-}
work=$(mktemp -d) || exit 2
trap 'rm -rf "$work"' EXIT
mkdir "$work/scenarios"
cp -r policies "$work/policies" && cp -r scenarios/seed "$work/scenarios/seed" || exit 2
tried=0 unguarded=0

# judge NAME: the broken policies in $work must make a scenario fail, in both ways.
judge() {
    tried=$((tried + 1))
    (cd "$work" && "$REDIAL" replay -q scenarios/seed) >"$work/out" 2>&1
    local status=$? first
    first=$(sed -n 's/^ *replay: .* \([^ ]*\.yaml\)$/\1/p' "$work/out" | head -n 1)
    if [ $status -gt 1 ]; then
        echo "INVALID    $1"; head -n 3 "$work/out"; unguarded=$((unguarded + 1))
    elif [ $status -eq 0 ]; then
        echo "UNGUARDED  $1"; unguarded=$((unguarded + 1))
    elif (cd "$work" && "$REDIAL" replay --wire -q "$first") >"$work/out" 2>&1; then
        echo "UNGUARDED  $1: on real sockets, $first passes"; unguarded=$((unguarded + 1))
    elif [ -n "$list" ]; then
        echo "guarded    $1  by ${first##*/}"
    fi
}

# ---- Every row that gives a class ----------------------------------------------------------------

# Rows that no fake platform can reach: what a program without error numbers tells by a sentence, a
# TLS handshake, a reply that ends within its head. tests/unit judges them by hand-made events.
out_of_reach='tls_failed, when: {cause: TLS}|class: connection_dropped # 3|class: connection_dropped # 4'

file=policies/platforms.yaml
rows=$(grep -cE '^ *- \{?class: ' $file)
for ((row = 1; row <= rows; row++)); do
    line=$(awk -v row="$row" '/^ *- \{?class: / && ++n == row {print NR ": " $0; exit}' $file)
    awk -v row="$row" '/^ *- \{?class: / && ++n == row {
            wrong = /class: refusal/ ? "not_found" : "refusal"
            sub(/class: [a-z_]+/, "class: " wrong)
        } {print}' $file >"$work/$file"
    judge "$file:$line"
done
cp $file "$work/$file"

# ---- Every line of the default policy ------------------------------------------------------------

[ $unguarded -eq 0 ] && echo "$tried breaks, each noticed by a scenario" && exit 0
echo "$unguarded of $tried breaks go unnoticed"
exit 1
