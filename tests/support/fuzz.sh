#!/usr/bin/env bash
# One fuzzer for so many seconds; what it says is shown when it finds something.   fuzz.sh BUILD SECONDS NAME
set -euo pipefail
build=$1 seconds=$2 name=$3
corpus=$build/corpus/$name log=$build/corpus/$name.log
mkdir -p "$corpus" "$build/crashes"
"$build/fuzz/$name" -max_total_time="$seconds" -timeout=10 -rss_limit_mb=2048 -verbosity=0 -print_final_stats=1 \
    -artifact_prefix="$build/crashes/$name-" "$corpus" "tests/fuzz/corpus/$name" >"$log" 2>&1 || {
    cat "$log"
    echo "fuzz: $name found something"
    exit 255
}
runs=$(awk '/stat::number_of_executed_units/ { print $2 }' "$log")
echo "fuzz: $name, $runs runs in $seconds s"
