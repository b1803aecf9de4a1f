#!/usr/bin/env bash
# Line coverage of engine, simulator and command after an instrumented run: a line per folder, then the least covered files.
#   cover.sh BUILD-FOLDER
set -euo pipefail
build=${1:?usage: cover.sh BUILD-FOLDER}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
find "$build/obj/engine" "$build/obj/simulator" "$build/obj/cli" -name '*.gcda' | while read -r data; do
    gcov -n -o "${data%/*}" "$data" 2>/dev/null
done | awk '
    /^File / { file = $2; gsub(/\x27/, "", file) }
    /^Lines executed/ && file ~ /^(engine|simulator|cli)\/.*\.c$/ {
        split($0, part, /[:% ]+/); share = part[3]; lines = $NF
        if (!(file in seen) || share > seen[file]) { seen[file] = share; count[file] = lines }
    }
    END { for (f in seen) printf "%s %s %s\n", f, seen[f], count[f] }' | sort >"$work/files"
awk '{ folder = $1; sub(/\/[^\/]*$/, "", folder); hit[folder] += $2 * $3 / 100; all[folder] += $3; h += $2 * $3 / 100; a += $3 }
     END { for (f in all) printf "%-24s %5.1f %% of %5d lines\n", f, 100 * hit[f] / all[f], all[f]
           printf "%-24s %5.1f %% of %5d lines\n", "~ all of it", 100 * h / a, a }' "$work/files" | sort
echo "least covered:"
sort -k2,2n "$work/files" | head -n 8 | awk '{ printf "  %-40s %5.1f %%\n", $1, $2 }'
