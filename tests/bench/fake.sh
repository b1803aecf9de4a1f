#!/usr/bin/env bash
# Measures `redial fake` as a server.   tests/bench/fake.sh BUILD [SECONDS]
#
#   requests   a constant Anthropic reply over keep-alive on one core, beside nginx serving the same bytes in turn; credential
#              check, journal and script lookup are on. Wanted: at least 0.7 of nginx
#   streams    1,000 streams at once, 50 events a second each, on one core. Wanted: none behind
#   start      from exec to the first reply, without what `redial version` takes too: mapping libraries, printing a line. Wanted:
#              at most 10 ms
#   memory     resident, idle. Wanted: at most 20 MB
#
# Server and client have a core each; with a single core the figures say little, and it says so.
set -euo pipefail
build=$(realpath "${1:-build}") seconds=${2:-5}
here=$(cd "$(dirname "$0")" && pwd)
for tool in nginx wrk curl taskset; do
    command -v "$tool" >/dev/null || { echo "bench: '$tool' is missing; tests/support/deps.sh --ci installs it" >&2; exit 2; }
done
work=$(mktemp -d)
pids=()
finish() {
    for pid in "${pids[@]}"; do kill "$pid" 2>/dev/null || true; done
    wait 2>/dev/null || true
    rm -rf "$work"
}
trap finish EXIT
server_core=0 client_core=1
[ "$(nproc)" -gt 1 ] || { client_core=0; echo "bench: one core for server and client"; }
failed=0
judge() { # name, figure, wanted, whether it holds
    printf '%-10s %-44s wanted %-14s %s\n' "$1" "$2" "$3" "$([ "$4" = 1 ] && echo ok || echo MISSED)"
    [ "$4" = 1 ] || failed=1
}

# ---- requests
body='{"model":"claude-opus-4-6","max_tokens":100,"messages":[{"role":"user","content":"hello there"}]}'
: >"$work/env"
taskset -c $server_core timeout 300 "$build/redial" fake --quiet --seed 7 >"$work/env" 2>"$work/summary" &
pids+=($!)
until grep -q REDIAL_FAKE_PID "$work/env"; do sleep 0.02; done
. "$work/env"
ask=(curl -s -X POST "$ANTHROPIC_BASE_URL/v1/messages" -H "x-api-key: $ANTHROPIC_API_KEY" -H 'anthropic-version: 2023-06-01'
     -H 'content-type: application/json' -d "$body")
"${ask[@]}" -D "$work/head" -o "$work/reply"
headers=$(tr -d '\r' <"$work/head" | awk -F': ' 'tolower($1) ~ /^(request-id|anthropic-)/ { printf "add_header %s \"%s\";\n", $1, $2 }')
cat >"$work/nginx.conf" <<CONF
daemon off; worker_processes 1; pid $work/nginx.pid; error_log stderr crit;
events { worker_connections 1024; }
http {
    access_log off; keepalive_requests 1000000000; server_tokens off;
    client_body_temp_path $work/b; proxy_temp_path $work/p; fastcgi_temp_path $work/f; uwsgi_temp_path $work/u; scgi_temp_path $work/s;
    server {
        listen unix:$work/unused.sock;
        listen 127.0.0.1:$((20000 + RANDOM % 20000));
        location / { default_type application/json; $headers return 200 '$(cat "$work/reply")'; }
    }
}
CONF
port=$(sed -n 's/.*listen 127.0.0.1:\([0-9]*\);.*/\1/p' "$work/nginx.conf")
taskset -c $server_core nginx -p "$work" -c "$work/nginx.conf" 2>"$work/nginx.err" &
pids+=($!)
until curl -s -o /dev/null "http://127.0.0.1:$port/"; do sleep 0.05; done
cat >"$work/post.lua" <<LUA
wrk.method = "POST"
wrk.body = '$body'
wrk.headers["content-type"] = "application/json"
wrk.headers["anthropic-version"] = "2023-06-01"
wrk.headers["x-api-key"] = "$ANTHROPIC_API_KEY"
LUA
rate() { # URL → requests per second; every reply must be a 200
    taskset -c $client_core wrk -t1 -c64 -d"$2" -s "$work/post.lua" "$1" >"$work/wrk"
    ! grep -q 'Non-2xx' "$work/wrk" || { echo "bench: not every reply was a 200" >&2; cat "$work/wrk" >&2; exit 1; }
    awk '/Requests\/sec/ { printf "%d", $2 }' "$work/wrk"
}
best_nginx=0 best_fake=0
for _ in 1 2 3; do # in turn, so that both meet the same noise
    n=$(rate "http://127.0.0.1:$port/v1/messages" "$seconds") f=$(rate "$ANTHROPIC_BASE_URL/v1/messages" "$seconds")
    [ "$n" -gt "$best_nginx" ] && best_nginx=$n
    [ "$f" -gt "$best_fake" ] && best_fake=$f
done
share=$(awk -v f="$best_fake" -v n="$best_nginx" 'BEGIN { printf "%.2f", f / n }')
judge requests "$best_fake/s, nginx $best_nginx/s: $share" ">= 0.7" "$(awk -v s="$share" 'BEGIN { print (s >= 0.7) }')"
kill "${pids[@]}" 2>/dev/null; wait 2>/dev/null || true; pids=()

# ---- streams
"${CC:-cc}" -O2 -D_GNU_SOURCE -o "$work/streams" "$here/client/streams.c"
cat >"$work/streams.yaml" <<YAML
scenario: 1
name: A thousand streams at once
policy: $(cd "$here/../.." && pwd)/policies/claude-code.yaml
call: {model: claude-opus-4-6, stream: true}
world:
  anthropic:
    - {status: 200, stream: {tokens: $((seconds * 50)), pace: 20ms}, forever: true}
YAML
start() { # arguments of `redial fake`; sets pid
    : >"$work/env"
    taskset -c $server_core timeout 300 "$build/redial" fake --quiet "$@" >"$work/env" 2>"$work/summary" &
    pid=$!
    pids+=("$pid")
    until grep -q REDIAL_FAKE_PID "$work/env"; do sleep 0.01; done
    . "$work/env"
}
start "$work/streams.yaml"
cpu() { awk '{ print $14 + $15 }' "/proc/$1/stat"; }
before=$(cpu "$REDIAL_FAKE_PID")
read -r whole deltas median p99 largest end < <(taskset -c $client_core "$work/streams" "${ANTHROPIC_BASE_URL##*:}" "$ANTHROPIC_API_KEY" 1000 20)
after=$(cpu "$REDIAL_FAKE_PID")
busy=$(awk -v t=$((after - before)) -v s="$seconds" 'BEGIN { printf "%d", t / s }')
judge streams "$whole whole, late by ${median}/${p99}/${largest} ms, at the end ${end}, core ${busy}% busy" "late <= 100 ms" \
    "$(awk -v w="$whole" -v e="$end" 'BEGIN { print (w == 1000 && e <= 100) }')"
memory=$(awk '/VmHWM/ { printf "%.1f", $2 / 1024 }' "/proc/$REDIAL_FAKE_PID/status")
echo "           (its memory had grown to $memory MB)"
kill "$pid"; wait "$pid" 2>/dev/null || true

# ---- start and memory
"${CC:-cc}" -O2 -D_GNU_SOURCE -o "$work/start" "$here/client/start.c"
read -r best own < <(taskset -c $server_core "$work/start" 20 "$build/redial" 2>"$work/summary")
ms() { printf '%d.%03d' $(($1 / 1000)) $(($1 % 1000)); }
judge start "$(ms $((best - own))) ms; from exec $(ms "$best"), of which loader $(ms "$own")" "<= 10 ms" "$((best - own <= 10000))"
start
curl -s -o /dev/null "$REDIAL_FAKE_URL/_redial/health"
resident=$(awk '/VmRSS/ { printf "%.1f", $2 / 1024 }' "/proc/$REDIAL_FAKE_PID/status")
kill "$pid"; wait "$pid" 2>/dev/null || true
judge memory "$resident MB resident, idle" "<= 20 MB" "$(awk -v r="$resident" 'BEGIN { print (r <= 20) }')"
exit $failed
