#!/usr/bin/env bash
# HTTP/2 where a server offers it, over TLS with an authority of one's own: `redial call` through nghttpx, which speaks it in
# front of a plain endpoint.   tests/clients/http2.sh REDIAL
set -euo pipefail
redial=$(realpath "${1:-build/redial}")
cd "$(dirname "$0")/../.."
work=$(mktemp -d)
pids=()
clean_up() {
    for pid in "${pids[@]}"; do kill "$pid" 2>/dev/null || true; done
    rm -rf "$work"
}
trap clean_up EXIT

for program in nghttpx node openssl; do
    command -v "$program" >/dev/null && continue
    [ "${CI:-}" = true ] && { echo "http2: no $program, and CI=true"; exit 1; }
    echo "http2: skipped, there is no $program"
    exit 0
done

certify() { # an authority, and a server's certificate from it
    cd "$work"
    openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj '/CN=A test authority' -keyout ca.key -out ca.pem
    openssl req -newkey rsa:2048 -nodes -subj '/CN=localhost' -keyout server.key -out server.csr
    openssl x509 -req -in server.csr -CA ca.pem -CAkey ca.key -CAcreateserial -days 2 -out server.pem \
        -extfile <(echo 'subjectAltName=DNS:localhost,IP:127.0.0.1')
}
(certify) >"$work/openssl.log" 2>&1 || { cat "$work/openssl.log"; exit 1; }

wait_for() { # FILE PATTERN: the first match, once it is there
    for _ in $(seq 200); do
        grep -om1 -- "$2" "$1" 2>/dev/null && return
        sleep 0.05
    done
    echo "http2: nothing like '$2' in $1:" >&2
    cat "$1" >&2
    return 1
}

timeout 120 node tests/clients/answer.mjs >"$work/endpoint.log" 2>&1 &
pids+=($!)
endpoint=$(wait_for "$work/endpoint.log" '^[0-9]*$')
# nghttpx wants to be told a port: one that was free a moment ago, and another when somebody was faster.
port='' proxy=''
for _ in $(seq 5); do
    port=$(node -e 'const s = require("net").createServer().listen(0, "127.0.0.1", () => { console.log(s.address().port); s.close() })')
    timeout 120 nghttpx --conf=/dev/null --frontend="127.0.0.1,$port" --backend="127.0.0.1,$endpoint" --workers=1 --no-ocsp \
        --accesslog-file="$work/access.log" "$work/server.key" "$work/server.pem" >"$work/nghttpx.log" 2>&1 &
    proxy=$!
    wait_for "$work/nghttpx.log" 'Listening on\|FATAL' >/dev/null
    kill -0 "$proxy" 2>/dev/null && ! grep -q FATAL "$work/nghttpx.log" && break
done
pids+=("$proxy")

call() { # environment besides, then what to say
    env -i HOME="$work" ANTHROPIC_API_KEY=a-key-for-the-test ANTHROPIC_BASE_URL="https://localhost:$port" "$@"
}
expect() { # WHAT GOT WANT
    [ "$2" = "$3" ] && return
    printf 'http2: %s\nexp: %s\ngot: %s\n' "$1" "$3" "$2"
    exit 1
}

for trust in SSL_CERT_FILE NODE_EXTRA_CA_CERTS CURL_CA_BUNDLE; do
    expect "an answer, trusting by $trust" "$(call "$trust=$work/ca.pem" "$redial" call Hello)" 'Hello there'
done
expect 'each request by HTTP/2' "$(grep -c 'POST /v1/messages HTTP/2' "$work/access.log")" 3
status=0
said=$(call "$redial" call Hello 2>&1) || status=$?
expect 'an authority that nobody named is not trusted' "$status $(grep -c tls_failed <<<"$said")" '1 1'
echo "http2: four calls through nghttpx, by three ways to name an authority and none"
