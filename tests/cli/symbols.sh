#!/usr/bin/env bash
# The libraries show redial_ symbols and nothing else, and a program that includes only the installed headers links
# against either of them.   tests/cli/symbols.sh BUILD
set -euo pipefail
build=$(realpath "${1:-build}")
cd "$(dirname "$0")/../.."
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

fail() { echo "symbols: $1" >&2; exit 1; }

shown=$(nm --dynamic --defined-only "$build/libredial.so" | awk '$2 != "A" {sub(/@.*/, "", $3); print $3}')
grep -q '^redial_call_step$' <<<"$shown" || fail "libredial.so does not show redial_call_step"
others=$(grep -v '^redial_' <<<"$shown" || true)
[ -z "$others" ] || fail "libredial.so shows more than redial_: $others"

shown=$(nm --extern-only --defined-only "$build/libredial.a" | awk 'NF == 3 {print $3}')
grep -q '^redial_call_step$' <<<"$shown" || fail "libredial.a does not show redial_call_step"
others=$(grep -v '^redial_' <<<"$shown" || true)
[ -z "$others" ] || fail "libredial.a shows more than redial_: $others"

# Every function that the public headers declare is there.
declared=$(cat engine/include/redial/*.h | grep -oE '\bredial_[a-z_]+\(' | tr -d '(' | grep -v '_fn$' | sort -u)
for name in $declared; do
    grep -qx "$name" <<<"$shown" || fail "the headers declare $name, and libredial.a has no such symbol"
done

cat > "$work/program.c" <<'PROGRAM'
#include <redial/redial.h>
#include <stdio.h>
int main(void)
{
    struct redial_diags *diags = redial_diags_new();
    struct redial_policy *policy = redial_policy_load("no such file", 0, diags);
    printf("%s %zu %s\n", redial_version(), redial_diags_errors(diags), policy ? "loaded" : "not loaded");
    redial_diags_destroy(diags);
    return policy != NULL;
}
PROGRAM
# shellcheck disable=SC2086
libs=$(pkg-config --libs ${PKGS:?the libraries that libredial stands on})
for library in libredial.so libredial.a; do
    # shellcheck disable=SC2086
    ${CC:-gcc} -std=c17 -Iengine/include "$work/program.c" -o "$work/program" "$build/$library" $libs -lm -lpthread \
        -Wl,-rpath,"$build"
    ln -sf "$build/libredial.so" "$work/$(readelf -d "$build/libredial.so" | sed -nE 's/.*SONAME.*\[(.*)\].*/\1/p')"
    said=$(LD_LIBRARY_PATH="$work" "$work/program") || fail "a program linked to $library fails"
    case $said in *"1 not loaded") ;; *) fail "a program linked to $library says: $said" ;; esac
done
echo "symbols: only redial_ is visible, and all of it is there"
