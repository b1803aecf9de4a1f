#!/usr/bin/env bash
# Can the shipped scenarios fail? Breaks the shipped policies in one place at a time and replays
# scenarios/seed: a break that no scenario notices is a line that nothing guards. What fails on the
# virtual clock must fail on real sockets too.
#
#   mutate.sh REDIAL            says what nothing guards
#   mutate.sh REDIAL --list     says of each break which scenario notices it first
set -u
REDIAL=$(realpath "${1:?usage: mutate.sh REDIAL [--list]}")
export REDIAL LIST=${2:-}
cd "$(dirname "$0")/../.." || exit 2
work=$(mktemp -d) || exit 2
trap 'rm -rf "$work"' EXIT
breaks=0

# broken NAME FILE COMMAND…: the command writes the policy file with one place broken.
broken() {
    local name=$1 file=$2 place="$work/$breaks"
    shift 2
    breaks=$((breaks + 1))
    mkdir -p "$place/scenarios" "$place/policies/tests" || exit 2
    cp policies/*.yaml "$place/policies" && cp policies/tests/*.yaml "$place/policies/tests" || exit 2
    ln -s "$PWD/scenarios/seed" "$place/scenarios/seed"
    ln -s "$PWD/policies/hooks" "$place/policies/hooks"
    printf '%s\n' "$name" >"$place/name"
    "$@" "policies/$file" >"$place/policies/$file"
    cmp -s "policies/$file" "$place/policies/$file" || return 0
    echo "STALE      $name: it changes nothing in policies/$file"
    exit 1
}

# ---- What is broken ------------------------------------------------------------------------------

# Every row that gives a class gives a wrong one.
rows=$(grep -cE '^ *- \{?class: ' policies/platforms.yaml)
for ((row = 1; row <= rows; row++)); do
    text=$(awk -v row="$row" '/^ *- \{?class: / && ++n == row {printf "platforms.yaml:%d:", NR}
            n > row || /^ *(#|$)/ {next}
            n == row {sub(/^ +/, ""); printf " %s", $0}' policies/platforms.yaml)
    # What no fake platform can do: a TLS handshake, a reset before the connection stands, a reply that
    # ends within its head, a runtime that loses the error number; a proxy; a request that cannot be
    # made. Unit tests judge these by hand.
    case $text in
    *TLS* | *'cause: PROXY'* | *'cause: UNSENDABLE'* | *'phase: [resolve'* | *'cause: CUT, phase'* | *'cause: OTHER'*) continue ;;
    esac
    broken "$text" platforms.yaml awk -v row="$row" '/^ *- \{?class: / && ++n == row {
            sub(/class: [a-z_]+/, /class: refusal/ ? "class: not_found" : "class: refusal")
        } {print}'
done

# Every line of the default policy says something else: one sed command a line.
while read -r change; do
    broken "claude-code.yaml: $change" claude-code.yaml sed -E "$change"
done <<'TABLE'
s/query: foreground /query: background /
s/attempt_timeout: 10m/attempt_timeout: 11m/
s/idle_timeout: 5m/idle_timeout: 6m/
s/retries: 10,/retries: 11,/
s/retries: 10,/retries: 9,/
s/attempts: 33/attempts: 34/
s/attempts: 33/attempts: 32/
s/base: 500ms/base: 501ms/
s/factor: 2/factor: 2.1/
s/cap: 32s/cap: 33s/
s/cap: 32s/cap: 31s/
s/add: 25%/add: 26%/
s/from: \[retry-after-ms, retry-after\]/from: [retry-after, retry-after-ms]/
s/from: \[retry-after-ms, retry-after\]/from: [retry-after]/
s/max: 1h/max: 61m/
s/max: 1h/max: 59m/
s/above: give_up/above: clamp/
s/cap: 5m/cap: 6m/
s/cap: 5m/cap: 4m/
s/cap_after_jitter: true/cap_after_jitter: false/
s/max: 5m,/max: 6m,/
s/above: clamp/above: give_up/
/name: token expired/s/auth_expired/tls_failed/
/name: token expired/s/max: 1/max: 2/
/name: token revoked/s/auth_revoked/tls_failed/
/name: token revoked/s/max: 1/max: 2/
/name: aws auth/s/class: auth/class: tls_failed/
/name: aws auth/s/max: 1/max: 2/
/name: gcp auth/s/class: auth/class: tls_failed/
/name: gcp auth/s/max: 1/max: 2/
/name: azure auth/s/class: auth/class: tls_failed/
/name: azure auth/s/max: 1/max: 2/
/name: spent/s/spend_limit, //
/name: spent/s/, billing//
/name: rate limited/s/class: rate_limited/class: tls_failed/
/name: rate limited/s/max: 10/max: 11/
/name: rate limited/s/max: 10/max: 9/
/name: overloaded in background/s/query: background/query: foreground/
/name: overloaded in background/s/class: overloaded/class: tls_failed/
/name: overloaded,/s/class: overloaded/class: tls_failed/
/name: overloaded,/s/max: 3/max: 4/
/name: overloaded,/s/max: 3/max: 2/
/name: overloaded,/s/, then: .*\]\}/}/
/name: connection dropped/s/class: connection_dropped/class: tls_failed/
/name: connection dropped/s/fresh_connection, retry/{wait: 1s}, retry/
/name: connection dropped/s/max: 1/max: 2/
/name: prompt too long/s/prompt_too_long/tls_failed/
/name: prompt too long/s/max: 1/max: 2/
s/class: output_limit/class: tls_failed/
/raise_output_limit/s/floor: 3000/floor: 2999/
/raise_output_limit/s/floor: 3000/floor: 3001/
/raise_output_limit/s/buffer: 1000/buffer: 1001/
/name: output limit/,/after_output/s/max: 3/max: 4/
/name: output limit/,/after_output/s/max: 3/max: 2/
/name: output limit/,/after_output/s/after_output: restart/after_output: stop/
s/class: context_overflow/class: tls_failed/
/fit_output_limit/s/floor: 3000/floor: 2999/
/fit_output_limit/s/floor: 3000/floor: 3001/
/fit_output_limit/s/buffer: 1000/buffer: 999/
/fit_output_limit/s/below_floor: fail/below_floor: compact/
/name: context overflow/,/after_output/s/max: 3/max: 4/
/name: context overflow/,/after_output/s/max: 3/max: 2/
/name: context overflow/,/after_output/s/after_output: restart/after_output: stop/
s/\[server_error, timeout/[timeout/
s/timeout, connection_failed/connection_failed/
s/connection_failed, stream_cut/stream_cut/
s/stream_cut, conflict/conflict/
s/, conflict\]/]/
/name: malformed reply/s/malformed_reply\}/tls_failed}/
/name: anything else/s/\[fail\]/[{wait: 1s}, retry]/
s/claude-opus-4-6: \[claude-sonnet-4-6\]/claude-opus-4-6: [claude-haiku-4-5]/
s/claude-sonnet-4-6: \[claude-haiku-4-5\]/claude-sonnet-4-6: [claude-opus-4-5]/
s/CLAUDE_CODE_UNATTENDED_RETRY, //
s/, CLAUDE_CODE_RETRY_WATCHDOG//
s/retries: unlimited/retries: 20/
s/attempts: unlimited/attempts: 20/
/change:/,$s/backoff: patient$/backoff: standard/
/rate limited: /s/unlimited/20/
/overloaded: \{max/s/unlimited/20/
/connection dropped: /d
/connection dropped: /s/patient/standard/
s/heartbeat: 30s/heartbeat: 31s/
/  fast:/,$s/models: \[claude-opus-4-6\]/models: [claude-sonnet-4-6]/
s/speed: fast, beta/speed: slow, beta/
s/beta: fast-mode/beta: slow-mode/
/cooldown: /s/rate_limited, //
/cooldown: /s/, overloaded\]/]/
/cooldown: /s/for: 10m/for: 12m/
/cooldown: /s/for: 10m/for: 4m/
/cooldown: /s/hint: extend/hint: ignore/
s/class: out_of_credits/class: tls_failed/
s/class: fast_unavailable/class: tls_failed/
/custom_headers:/s/drop/refuse/
/custom_headers:/s/drop/reroute/
/client_request_id:/s/drop/refuse/
/client_request_id:/s/drop/reroute/
/team_memory_sync:/s/refuse/drop/
/team_memory_sync:/s/refuse/reroute/
/prompt_cache:/s/unknown: try/unknown: drop/
/prompt_cache:/s/unknown: try/unknown: refuse/
/telemetry:/s/silence/refuse/
/telemetry:/s/silence/reroute/
/data_residency:/s/refuse/reroute/
TABLE

# The feature matrix: every cell that says yes says no, and the other way round.
cells=$(grep -cE '^ *[a-z_]+: +\{support: ' policies/platforms.yaml)
for ((cell = 1; cell <= cells; cell++)); do
    text=$(awk -v cell="$cell" '/^ *[a-z_]+: +\{support: / && ++n == cell {
            sub(/^ +/, ""); printf "platforms.yaml:%d: %s", NR, $0}' policies/platforms.yaml)
    case $text in *data_residency*) continue ;; esac # where the data is, not whether
    broken "$text" platforms.yaml awk -v cell="$cell" '/^ *[a-z_]+: +\{support: / && ++n == cell {
            sub(/support: [a-z]+/, /support: (full|unknown)/ ? "support: none" : "support: full")
        } {print}'
done
broken "platforms.yaml: no prefill" platforms.yaml sed 's/prefill: false/prefill: true/'
broken "platforms.yaml: requires: oauth" platforms.yaml sed 's/requires: oauth, //'

# ---- Does a scenario notice? ---------------------------------------------------------------------

# A quarter of the scenarios at a time, until one fails or lacks a reply.
replay_until_noticed() {
    local quarter
    for quarter in 0 1 2 3; do
        ls scenarios/seed/*.yaml | awk "NR % 4 == $quarter" | xargs "$REDIAL" replay -q >out 2>&1 || return 0
    done
    return 1
}

judge() {
    cd "$1" || exit 2
    local name first
    name=$(cat name)
    if ! replay_until_noticed; then
        printf 'UNGUARDED  %s\n' "$name"
    elif grep -q '\[bad-policy\]' out; then
        printf 'INVALID    %s\n' "$name" && head -n 4 out
    else
        first=$(sed -n 's/^ *replay: .* \([^ ]*\.yaml\)$/\1/p' out | head -n 1)
        if ! "$REDIAL" replay --wire -q "$first" >out 2>&1; then
            [ -z "$LIST" ] || printf 'guarded    %s  by %s\n' "$name" "${first##*/}"
            return
        fi
        printf 'UNGUARDED  %s: on real sockets %s passes\n' "$name" "$first"
    fi
    touch unguarded
}
export -f judge replay_until_noticed
for ((number = 0; number < breaks; number++)); do echo "$work/$number"; done |
    xargs -P 2 -I '{}' bash -c 'judge {}'
unguarded=$(find "$work" -name unguarded | wc -l)
if [ "$unguarded" -gt 0 ]; then
    echo "mutate: $unguarded of $breaks breaks of the shipped policies go unnoticed"
    exit 1
fi
echo "mutate: $breaks breaks of the shipped policies, each noticed by a scenario in both ways"
