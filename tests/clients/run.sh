#!/usr/bin/env bash
# The official SDKs and the vendors' credential libraries against the fakes, and the TypeScript SDK against its preset.
#   tests/clients/run.sh BUILD [FILE.mjs...]
set -euo pipefail
REDIAL=$(realpath "$1/redial")
export REDIAL
shift
here=$(cd "$(dirname "$0")" && pwd)
cd "$here/../.."
. "$here/packages.sh"
packages clients

log=$(mktemp)
trap 'rm -f "$log"' EXIT
if [ $# -eq 0 ]; then
    set -- tests/clients/messages.mjs tests/clients/faults.mjs tests/clients/credentials.mjs tests/clients/verdict.mjs
    node --no-warnings tests/clients/differential.mjs "$REDIAL"
fi
if ! NODE_NO_WARNINGS=1 node --test --test-reporter spec "$@" >"$log" 2>&1; then
    sed -n '/failing tests:/,$p' "$log"
    grep -E '^ℹ (tests|pass|fail)' "$log"
    exit 1
fi
awk '/^ℹ tests/ { tests = $3 } /^ℹ duration_ms/ { ms = $3 } END { printf "clients: %d tests with real clients, all as expected, in %d s\n", tests, ms / 1000 }' "$log"
