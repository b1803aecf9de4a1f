#!/usr/bin/env bash
# What is printed from the tables and committed: schemas, references, manual pages, completions, and the line in every shipped file that shows an
# editor its schema.
#   tests/support/reference.sh REDIAL --check    says what is stale
#   tests/support/reference.sh REDIAL --write    prints it anew
set -euo pipefail
redial=$(command -v "$1")
how=$2
cd "$(dirname "$0")/../.."
stale=0

printed() { # file, command…
    local file=$1
    shift
    if [ "$how" = --write ]; then "$@" >"$file"
    elif ! "$@" | diff -q - "$file" >/dev/null; then
        echo "$file is stale"
        stale=1
    fi
}

name_schema() { # line, file: into the blank line above its first key, so that no other line moves, or on top
    local first
    first=$(grep -nm1 '^[a-z]' "$2" | cut -d: -f1)
    if [ "$first" -gt 1 ] && [ -z "$(sed -n "$((first - 1))p" "$2")" ]; then sed -i "$((first - 1))s|^|$1|" "$2"
    else sed -i "1i $1" "$2"
    fi
}

shown() { # schema, file…: the line names the schema relative to the file
    local schema=$1 file line
    shift
    for file in "$@"; do
        [ -f "$file" ] || continue
        line="# yaml-language-server: \$schema=$(realpath --relative-to="$(dirname "$file")" "$schema")"
        grep -qxF "$line" "$file" && continue
        if [ "$how" = --write ]; then name_schema "$line" "$file"
        else
            echo "$file does not say: $line"
            stale=1
        fi
    done
}

printed policies/policy.schema.json     "$redial" schema policy
printed scenarios/scenario.schema.json  "$redial" schema scenario
printed policies/REFERENCE.md           "$redial" schema --markdown policy
printed scenarios/REFERENCE.md          "$redial" schema --markdown scenario
printed cli/man/redial.1                "$redial" help --man
printed cli/man/redial-policy.5         "$redial" schema --man policy
printed cli/man/redial-scenario.5       "$redial" schema --man scenario
printed cli/completions/redial.bash     "$redial" help --completion bash
printed cli/completions/_redial         "$redial" help --completion zsh
printed cli/completions/redial.fish     "$redial" help --completion fish
# the matrix is a language of its own, which only `redial audit` reads
# shellcheck disable=SC2046
shown policies/policy.schema.json       $(grep -L '^matrix:' policies/*.yaml) policies/presets/*.yaml policies/tests/*.yaml
shown scenarios/scenario.schema.json    scenarios/*/*.yaml
[ "$stale" = 0 ] || echo "'make reference' prints them anew"
[ "$stale" != 0 ] || [ "$how" = --write ] || echo "schemas and references are as the program prints them"
[ "$stale" = 0 ]
