#!/usr/bin/env bash
# Opens the matrix's page in headless Chromium and uses it.   tests/clients/page.sh REDIAL [FOLDER for the pictures]
set -euo pipefail
redial=$(command -v "$1")
here=$(cd "$(dirname "$0")" && pwd)
cd "$here/../.."

missing() {
    if [ "${CI:-}" = true ]; then echo "page: $1, and CI needs it"; exit 1; fi
    echo "page: skipped, $1"
    exit 0
}
command -v node >/dev/null || missing "node is not installed"
browser=$(command -v chromium || command -v chromium-browser || command -v google-chrome || true)
[ -n "$browser" ] || missing "no Chromium is installed"

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
"$redial" audit --format html >"$work/matrix.html"
bytes=$(wc -c <"$work/matrix.html")
[ "$bytes" -le 300000 ] || { echo "page: $bytes bytes, where 300000 are allowed"; exit 1; }
mkdir -p "${2:-$work/pictures}"
timeout 120 node "$here/page.mjs" "$browser" "$work/matrix.html" "${2:-$work/pictures}"
echo "page: $bytes bytes"
