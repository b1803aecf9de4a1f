# Read by the scripts here: the npm packages of this folder, installed by their lock file when they are not there yet.
#   packages NAME    says "NAME: skipped, …" and leaves when there is no node; fails instead in CI
packages() {
    local here name=$1
    here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
    missing() {
        if [ "${CI:-}" = true ]; then echo "$name: $1, and CI needs it"; exit 1; fi
        echo "$name: skipped, $1"
        exit 0
    }
    command -v node >/dev/null && command -v npm >/dev/null || missing "node and npm are not installed"
    if [ ! -d "$here/node_modules/ajv" ] || [ "$here/package-lock.json" -nt "$here/node_modules/.package-lock.json" ]; then
        (cd "$here" && npm ci --silent --no-audit --no-fund >/dev/null 2>&1) || missing "the packages of tests/clients cannot be had"
    fi
}
