#!/usr/bin/env bash
# What every shipped policy does, as `redial explain` prints it, is committed beside it.
#   tests/support/snapshots.sh REDIAL --check    says which differ, and how
#   tests/support/snapshots.sh REDIAL --write    prints them anew, for review
set -euo pipefail
redial=$(command -v "$1")
how=$2
cd "$(dirname "$0")/../.."
differ=0 seen=0
for policy in policies/*.yaml policies/presets/*.yaml; do
    # a file without rules of its own or of another's describes platforms
    grep -qE '^(rules|extends):' "$policy" 2>/dev/null || continue
    snapshot=policies/snapshots/${policy#policies/}
    snapshot=${snapshot%.yaml}.txt
    seen=$((seen + 1))
    if [ "$how" = --write ]; then
        mkdir -p "$(dirname "$snapshot")"
        "$redial" explain "$policy" >"$snapshot"
    elif ! "$redial" explain "$policy" | diff -u --label "$snapshot" --label now "$snapshot" -; then
        differ=$((differ + 1))
    fi
done
[ "$differ" = 0 ] || echo "$differ of $seen policies do something else than their snapshot says; 'make snapshots' prints them anew"
[ "$differ" != 0 ] || [ "$how" = --write ] || echo "every shipped policy does as committed"
[ "$differ" = 0 ]
