# For the scripts of this folder:   . packages.sh NAME PACKAGE
# Node and a package of package.json, installed when it is not there. Without them the script NAME ends with a word,
# and fails when CI=true. `$here` is this folder.
# shellcheck shell=bash disable=SC2154
missing() {
    if [ "${CI:-}" = true ]; then echo "$name: $1, and CI needs it"; exit 1; fi
    echo "$name: skipped, $1"
    exit 0
}
name=$1
command -v node >/dev/null && command -v npm >/dev/null || missing "node and npm are not installed"
if [ ! -d "$here/node_modules/$2" ] || [ "$here/package-lock.json" -nt "$here/node_modules/.package-lock.json" ]; then
    (cd "$here" && npm ci --silent --no-audit --no-fund >/dev/null 2>&1) || missing "the packages of tests/clients cannot be had"
fi
