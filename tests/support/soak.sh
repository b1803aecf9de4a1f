#!/usr/bin/env bash
# The long form: every scenario again and again with other seeds on the virtual clock, the wire faults thousands of times.
# Figures go into notes. soak.sh BUILD-FOLDER [ROUNDS]
set -euo pipefail
build=${1:?usage: soak.sh BUILD-FOLDER [ROUNDS]} rounds=${2:-200}
echo "soak: $rounds rounds on real sockets"
for ((round = 1; round <= rounds; round++)); do
    "$build/redial" replay --wire --quiet scenarios || { echo "soak: round $round failed"; exit 1; }
done
echo "soak: 10,000 resets and cuts by the fakes as a server"
python3 tests/cli/fake.py "$build" 10000 resets_and_cuts_reach_the_client_every_time || exit 1
echo "soak: clean"
