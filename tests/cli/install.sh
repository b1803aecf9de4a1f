#!/usr/bin/env bash
# Installs into a folder, builds a program against what is there, runs it, and removes it all again.
#   tests/cli/install.sh BUILD
set -euo pipefail
build=$(realpath --relative-to="$(dirname "$0")/../.." "${1:-build}")
cd "$(dirname "$0")/../.."
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
fail() { echo "install: $1" >&2; exit 1; }
redial_make() { env -u MAKEFLAGS -u MAKELEVEL make --no-print-directory BUILD="$build" DESTDIR="$work" PREFIX=/opt/redial "$@"; }

redial_make install >"$work/log" 2>&1 || { cat "$work/log"; fail "make install fails"; }
at=$work/opt/redial
for file in bin/redial lib/libredial.a lib/libredial.so include/redial/redial.h lib/pkgconfig/redial.pc share/man/man1/redial.1 \
    share/man/man5/redial-policy.5 share/man/man5/redial-scenario.5 share/bash-completion/completions/redial \
    share/zsh/site-functions/_redial share/fish/vendor_completions.d/redial.fish share/redial/policies/claude-code.yaml; do
    [ -s "$at/$file" ] || fail "$file is missing or empty"
done

# The installed command with the installed policies, from anywhere.
(cd / && env -i "$at/bin/redial" check "$at/share/redial/policies/claude-code.yaml" >"$work/said" 2>&1) || { cat "$work/said"; fail "the installed policy is not right"; }

# Where none is named and none is here, it takes the installed one; from somewhere else it says what it looked for.
quiet() { (cd / && env -i "$@" >"$work/said" 2>&1); }
quiet "$at/bin/redial" audit --today 2026-11-23 || { cat "$work/said"; fail "audit does not find the installed policy"; }
diff -u <("$build/redial" audit --today 2026-11-23) <(sed "s|$at/share/redial/||" "$work/said") || fail "audit reads another policy when installed"
mkdir "$work/elsewhere" && cp "$build/redial" "$work/elsewhere/redial"
quiet ANTHROPIC_API_KEY=k ANTHROPIC_BASE_URL=http://127.0.0.1:1 "$at/bin/redial" call --deadline 1ms Hello && fail "call has an answer from nobody"
grep -q 'ECONNREFUSED\|deadline' "$work/said" || { cat "$work/said"; fail "call does not find the installed policy"; }
for verb in audit call; do
    quiet "$work/elsewhere/redial" $verb && fail "$verb needs no policy"
    for sought in "no policies/claude-code.yaml here" "no $work/share/redial/policies/claude-code.yaml"; do
        grep -qF "$sought" "$work/said" || { cat "$work/said"; fail "$verb does not say '$sought'"; }
    done
done

# A program by pkg-config; the root of the system is the folder.
export PKG_CONFIG_PATH=$at/lib/pkgconfig:${PKG_CONFIG_PATH:-} PKG_CONFIG_SYSROOT_DIR=$work
cat >"$work/program.c" <<'PROGRAM'
#include <redial/redial.h>
#include <stdio.h>
int main(int argc, char **argv)
{
    struct redial_policy *policy = redial_policy_load(argv[argc - 1], NULL, NULL);
    printf("%s %s\n", redial_version(), policy ? "loaded" : "not loaded");
    redial_policy_release(policy);
    return policy == NULL;
}
PROGRAM
# shellcheck disable=SC2046,SC2086
${CC:-gcc} -std=c17 "$work/program.c" -o "$work/program" $(pkg-config --cflags --libs redial) -Wl,-rpath-link,"$at/lib"
said=$(LD_LIBRARY_PATH=$at/lib "$work/program" "$at/share/redial/policies/claude-code.yaml")
[ "$said" = "$(pkg-config --modversion redial) loaded" ] || fail "a program against the installed library says: $said"

# It asks for the soname, and for the functions by their version.
soname=$(readelf -d "$at/lib/libredial.so" | sed -nE 's/.*SONAME.*\[(.*)\].*/\1/p')
[ -e "$at/lib/$soname" ] || fail "the soname $soname does not lead to a library"
readelf -d "$work/program" | grep "NEEDED.*\[$soname\]" >/dev/null || fail "the program does not ask for $soname"
readelf --wide -V "$at/lib/libredial.so" | grep 'Name: REDIAL_0$' >/dev/null || fail "the library defines no version REDIAL_0"
readelf --wide --dyn-syms "$work/program" | grep 'redial_version@REDIAL_0' >/dev/null || fail "the program's symbols have no version"
unversioned=$(readelf --wide --dyn-syms "$at/lib/libredial.so" | awk '$7 != "UND" && $8 ~ /^redial_/ && $8 !~ /@@REDIAL_0$/ {print $8}')
[ -z "$unversioned" ] || fail "these have no version: $unversioned"

redial_make uninstall >"$work/log" 2>&1 || { cat "$work/log"; fail "make uninstall fails"; }
left=$(find "$work/opt" ! -type d; find "$work/opt" -path '*redial/*' -name '*redial*')
[ -z "$left" ] || fail "make uninstall leaves: $left"
echo "install: a program is built against what is installed, and nothing is left of it afterwards"
