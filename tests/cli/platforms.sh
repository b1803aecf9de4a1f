#!/usr/bin/env bash
# Each platform's whole path, from the command line: a credential chain finds a credential, a signed request goes to a fake that
# checks it, fails as it is scripted, and the policy leads the call to its answer. The story is compared with
# files/platforms/NAME.txt, and a record of it tells the same story on the virtual clock.
#   tests/cli/platforms.sh BUILD          REDIAL_UPDATE=1 rewrites the stories, for a person to review
set -uo pipefail
redial=$(realpath "${1:-build}")/redial
cd "$(dirname "$0")/../.." || exit 2
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
export LC_ALL=C

# NAME, the way to its credential, provider, and what its platform replies before it answers with a stream.
paths() {
    local busy='{status: 529}' hinted='{status: 429, retry_after: 1s}'
    row anthropic-key key anthropic "$busy, $hinted"
    row anthropic-oauth oauth anthropic "$busy, $hinted, {error: auth_expired}"
    row bedrock-keys keys bedrock "{status: 503}, $hinted"
    row bedrock-container container bedrock "{status: 503}, $hinted, {error: auth}"
    row bedrock-imds imds bedrock "$hinted, {error: auth}"
    row bedrock-web-identity 'web identity' bedrock "{error: auth}"
    row vertex-metadata metadata vertex "$busy, $hinted, {error: auth}"
    row vertex-service-account 'service account' vertex "$hinted, {error: auth}"
    row vertex-aws-identity 'aws identity' vertex "{error: auth}"
    row foundry-secret secret foundry "$busy, $hinted, {error: auth}"
    row foundry-certificate certificate foundry "{error: auth}"
    row foundry-imds imds foundry "{error: auth}"
    # A credential that the fakes' authority did not give, or a secret that does not sign what its id says.
    wrong wrong-anthropic-key key anthropic 'ANTHROPIC_API_KEY=sk-ant-api03-of-somebody-else'
    wrong wrong-aws-secret keys bedrock 'AWS_SECRET_ACCESS_KEY=of-somebody-else'
    wrong wrong-aws-bearer bearer bedrock 'AWS_BEARER_TOKEN_BEDROCK=of-somebody-else'
    wrong wrong-google-token metadata vertex 'GCE_METADATA_HOST=$OTHER_METADATA_HOST' 99
    wrong wrong-foundry-key key foundry 'ANTHROPIC_FOUNDRY_API_KEY=of-somebody-else'
}

# One fake, which ends with the subshell that started it; what points clients at it is in $1/env.
serve() { # FOLDER flags…
    local folder=$1
    shift
    "$redial" fake --for 30s --speed 10 --env sh "$@" >"$folder/env" 2>"$folder/arrived" &
    for _ in $(seq 200); do
        grep -q REDIAL_FAKE_PID "$folder/env" && return
        sleep 0.02
    done
    echo "the fake does not come up"
    cat "$folder/arrived"
}

call() { # FOLDER words…: with what the folder's env says and nothing else
    local folder=$1
    shift
    env -i HOME="$folder" PATH=/nonexistent LC_ALL=C "$(command -v sh)" -c '. "$1"; shift; exec "$@"' sh "$folder/env" "$redial" call "$@"
}

# What differs from run to run: times, ports, folders, ids.
blank() {
    sed -E 's/^[0-9.]+m?s +//; s/waited=[0-9.]+m?s/waited=TIME/; s/127\.0\.0\.1:[0-9]+/127.0.0.1:PORT/g; s|/[^ ]*/redial-fake-[^/]+|FOLDER|g
        s/\(request [^)]+\)/(request ID)/g'
}

# The lines of a story that replay broke at the width of a terminal.
unwrap() {
    awk '/^ +[0-9.]+m?s +[a-z]/ { if (line) print line; line = $0; sub(/^ +/, "", line); next }
        /^            / && line { sub(/^ +/, ""); line = line " " $0; next }
        { if (line) print line; line = "" }
        END { if (line) print line }'
}

world() { # PROVIDER REPLIES
    echo "scenario: 1
name: The whole path
policy: $PWD/policies/claude-code.yaml
call: {model: claude-opus-4-6, provider: $1, stream: true}
world: {$1: [$2, {stream: {tokens: 4}}]}
expect: {outcome: success}"
}

travel() { # NAME WAY PROVIDER REPLIES
    local folder=$work/$1 way=$2 provider=$3
    mkdir "$folder"
    world "$provider" "$4" >"$folder/world.yaml"
    serve "$folder" --credentials "$way" "$folder/world.yaml"
    call "$folder" -v --seed 7 --provider "$provider" --model claude-opus-4-6 --stream --record "$folder/record.yaml" Is the line clear \
        >"$folder/answer" 2>"$folder/story"
    {
        echo "exit status $?"
        cat "$folder/answer"
        blank <"$folder/story"
        echo "-- at the fakes"
        sed -nE 's/^ *[0-9]+ms #[0-9]+ +//p' "$folder/arrived"
    } >"$folder/told"
    "$redial" replay --story "$folder/record.yaml" 2>&1 | unwrap | blank | grep -v '^note ' >"$folder/again"
    blank <"$folder/story" | grep -v '^note ' >"$folder/first"
    diff -u --label 'as it happened' --label 'as its record tells it' "$folder/first" "$folder/again" >>"$folder/told" || true
    end "$folder"
}

refused() { # NAME WAY PROVIDER ASSIGNMENT [SEED of another fake, whose metadata server gives the token]
    local folder=$work/$1
    mkdir "$folder" "$folder/other"
    serve "$folder" --credentials "$2"
    if [ $# -gt 4 ]; then
        serve "$folder/other" --seed "$5"
        sed -n 's/^export GCE_METADATA_HOST=/OTHER_METADATA_HOST=/p' "$folder/other/env" >>"$folder/env"
    fi
    echo "export $4" >>"$folder/env"
    call "$folder" --provider "$3" --model claude-opus-4-6 --no-stream Is the line clear >"$folder/answer" 2>"$folder/story"
    {
        echo "exit status $?"
        cat "$folder/answer"
        blank <"$folder/story"
        echo "-- at the fakes"
        sed -nE 's/^ *[0-9]+ms #[0-9]+ +//p' "$folder/arrived"
    } >"$folder/told"
    [ $# -le 4 ] || end "$folder/other"
    end "$folder"
}

end() { kill "$(sed -n 's/^export REDIAL_FAKE_PID=//p' "$1/env")"; }

rows=()
wrong() {
    rows+=("$1")
    refused "$@" &
}
row() {
    rows+=("$1")
    travel "$@" &
}
paths
wait
failed=0
for name in "${rows[@]}"; do
    want=tests/cli/files/platforms/$name.txt
    [ -n "${REDIAL_UPDATE:-}" ] && cp "$work/$name/told" "$want"
    diff -u --label "exp $want" --label got "$want" "$work/$name/told" || failed=$((failed + 1))
done
echo "platforms: ${#rows[@]} paths from a credential to an answer or a refusal, $failed differ"
[ "$failed" = 0 ]
