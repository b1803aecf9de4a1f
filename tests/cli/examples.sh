#!/usr/bin/env bash
# Builds and runs the examples: in C, Python and Node they ask the same library and get the same decisions; the live one is
# built against the installed library and asks a fake provider.
#   tests/cli/examples.sh BUILD       Python and Node are skipped with a word where they are missing, never when CI=true
set -uo pipefail
build=$(realpath "${1:-build}")
cd "$(dirname "$0")/../.." || exit 2
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
failed=0 ran=0
missing() {
    if [ "${CI:-}" = true ]; then echo "examples: $1, and CI needs it"; failed=$((failed + 1)); else echo "examples: skipped, $1"; fi
}
ln -s "$build/libredial.so" "$work/$(readelf -d "$build/libredial.so" | sed -nE 's/.*SONAME.*\[(.*)\].*/\1/p')"
export LD_LIBRARY_PATH=$work

try() { # what it says, its status, command…
    local expected=$1 status=$2 got
    shift 2
    "$@" >"$work/out" 2>&1
    got=$?
    ran=$((ran + 1))
    [ "$got" = "$status" ] && diff -u --label exp --label got <(printf '%s\n' "$expected") "$work/out" && return
    failed=$((failed + 1))
    echo "examples: status $got, not $status, of: $*"
}

outcomes='529 429 ECONNRESET 200'
story='0ms      send     anthropic claude-opus-4-6 attempt=1
40ms     reply    529 overloaded_error -> overloaded
40ms     wait     549ms  rule="overloaded" 1/3  backoff 500ms + jitter 49ms
589ms    send     anthropic claude-opus-4-6 attempt=2
629ms    reply    429 rate_limit_error -> rate_limited
629ms    wait     1004ms  rule="rate limited" 1/10  backoff 1000ms + jitter 4ms
1633ms   send     anthropic claude-opus-4-6 attempt=3
1673ms   broken   ECONNRESET phase=wait -> connection_dropped
1673ms   retry    keep-alive off  rule="connection dropped" 1/1
1673ms   send     anthropic claude-opus-4-6 attempt=4
1713ms   reply    200
1713ms   finish   success  model=claude-opus-4-6 attempts=4 waited=1553ms'
told='send attempt 1 to anthropic
  overloaded by rule '\''overloaded'\''
wait 549 ms (backoff)
send attempt 2 to anthropic
  rate_limited by rule '\''rate limited'\''
wait 1004 ms (backoff)
send attempt 3 to anthropic
  connection_dropped by rule '\''connection dropped'\''
send attempt 4 to anthropic, on a new connection
finish: success'
failing='0ms      send     anthropic claude-opus-4-6 attempt=1
40ms     reply    400 -> invalid_request
40ms     finish   failed invalid_request  rule="anything else"  attempts=1 waited=0ms'

policy=policies/claude-code.yaml
# shellcheck disable=SC2086
${CC:-gcc} -std=c17 -Wall -Wextra -Werror -Iengine/include examples/decide.c -o "$work/decide" -L"$work" "$build/libredial.so" || exit 1
# shellcheck disable=SC2086
try "$told" 0 "$work/decide" $policy $outcomes
try "$(printf 'send attempt 1 to anthropic\n  invalid_request by rule %s\nfinish: failed' "'anything else'")" 1 "$work/decide" $policy 400

other() { # program, command…
    command -v "$1" >/dev/null || { missing "$1 is not installed"; return; }
    # shellcheck disable=SC2086
    try "$story" 0 "$@" $policy $outcomes
    try "$failing" 1 "$@" $policy 400
    "$@" tests/golden/policy/unknown-keys.yaml >"$work/out" 2>&1 && { echo "examples: $* takes a wrong policy"; failed=$((failed + 1)); }
    grep -q 'unknown-key' "$work/out" || { echo "examples: $* does not say what is wrong:"; cat "$work/out"; failed=$((failed + 1)); }
}
other python3 examples/decide.py
if command -v npm >/dev/null && [ ! -d examples/node_modules/koffi ]; then
    (cd examples && npm ci --silent --no-audit --no-fund >/dev/null 2>&1) || missing "the package of examples/package.json cannot be had"
fi
if [ -d examples/node_modules/koffi ]; then other node examples/decide.mjs; elif ! command -v npm >/dev/null; then missing "npm is not installed"; fi

# The live client: a failure, a restart, an answer, from a fake whose ports the kernel picks.
answer='It is blue
-- not that; from the beginning:
Air scatters blue most.'
live_story='send     anthropic claude-opus-4-6 attempt=1 connection=new
note     credential: ANTHROPIC_API_KEY
reply    529 overloaded_error -> overloaded  "Overloaded"
wait     5ms  rule="overloaded" 1/3  retry-after-ms: 5
send     anthropic claude-opus-4-6 attempt=2 connection=reused
output   begins to reach the caller
reply    200 max_tokens -> output_limit
restart  the output so far is void, the reply begins anew
retry    max_tokens 1024 -> 3000  rule="output limit" 1/3
send     anthropic claude-opus-4-6 attempt=3 connection=reused
output   begins to reach the caller
reply    200 end_turn
finish   success  model=claude-opus-4-6 attempts=3 waited=5ms'
live() { # prints the answer and then the story, without the times that a real clock has put before its lines
    "$build/redial" fake --quiet --for 60s examples/live.yaml >"$work/environment" 2>"$work/fake" &
    local fake=$! status tries=0
    until grep -qs REDIAL_FAKE_PID "$work/environment" || [ $((tries += 1)) -gt 300 ]; do sleep 0.1; done
    # shellcheck disable=SC1091
    (. "$work/environment" && LD_LIBRARY_PATH=$at/lib timeout 30 "$work/live" "$@" 2>"$work/story")
    status=$?
    sed -E 's/^[0-9a-z.]+ +//' "$work/story"
    kill "$fake"
    wait "$fake" || cat "$work/fake"
    return $status
}
at=$work/opt/redial
env -u MAKEFLAGS -u MAKELEVEL make --no-print-directory BUILD="${build#"$PWD"/}" DESTDIR="$work" PREFIX=/opt/redial install >"$work/log" 2>&1 ||
    { cat "$work/log"; exit 1; }
export PKG_CONFIG_PATH=$at/lib/pkgconfig:${PKG_CONFIG_PATH:-} PKG_CONFIG_SYSROOT_DIR=$work
# shellcheck disable=SC2046
${CC:-gcc} -std=c17 -Wall -Wextra -Werror examples/live.c -o "$work/live" $(pkg-config --cflags --libs redial) -Wl,-rpath-link,"$at/lib" || exit 1
try "$answer"$'\n'"$live_story" 0 live $policy Why is the sky '"blue"?'
"$build/redial" replay --quiet examples/live.yaml >"$work/out" || { cat "$work/out"; failed=$((failed + 1)); }

for small in 100:examples/decide.py 100:examples/decide.mjs 120:examples/live.c; do
    file=${small#*:}
    [ "$(wc -l <"$file")" -lt "${small%%:*}" ] || { echo "examples: $file is no longer small"; failed=$((failed + 1)); }
done
echo "examples: $ran runs, $failed differ"
[ "$failed" = 0 ]
