#!/usr/bin/env bash
# The manual pages are clean, and the completions complete, in the shells they are for.   tests/cli/shells.sh BUILD
# What a machine lacks is skipped with a word, but never when CI=true.
set -uo pipefail
build=$(realpath "${1:-build}")
cd "$(dirname "$0")/../.." || exit 2
export PATH=$build:$PATH
failed=0 checked=0

have() {
    command -v "$1" >/dev/null && return 0
    echo "shells: skipped what needs $1, which is not installed"
    [ "${CI:-}" != true ] || failed=$((failed + 1))
    return 1
}
same() { # claim, expected, got
    checked=$((checked + 1))
    [ "$2" = "$3" ] && return
    failed=$((failed + 1))
    printf 'shells: %s\n  exp: %s\n  got: %s\n' "$1" "$2" "$3"
}

for page in cli/man/*; do
    have mandoc && same "mandoc -Tlint $page" "" "$(mandoc -Tlint "$page" 2>&1)"
    have groff && same "groff -ww $page" "" "$(groff -man -ww -Kutf8 -Tutf8 "$page" 2>&1 >/dev/null)"
done

# A command line without its first word, and what its last word may become, each on a line of its own in any order.
cases='
aud|audit
audit --f|--fallbacks --format
audit --format j|json
audit Makef|Makefile
audit --request READM|README.md
schema s|scenario
help exp|explain
replay --up|--update
'

in_bash() {
    bash --norc --noprofile -c '
        . cli/completions/redial.bash
        COMP_WORDS=(redial $1) COMP_CWORD=${#COMP_WORDS[@]}
        COMP_CWORD=$((COMP_CWORD - 1))
        _redial && echo "${COMPREPLY[@]}"' bash "$1"
}
in_fish() { fish --no-config -c 'source cli/completions/redial.fish; complete -C "redial $argv[1]"' "$1" | cut -f1; }
in_zsh() { # zsh completes only in front of a terminal: one is made, and what it lists is read back.
    # `kill undef`: until its line editor is up, the terminal itself would take Ctrl-U for "forget that line".
    zsh -f -c '
        zmodload zsh/zpty
        zpty it zsh -f -i
        zpty -w it "PS1=; stty -echo kill undef columns 200; fpath=($PWD/cli/completions \$fpath); autoload -Uz compinit; compinit -D -u"
        zpty -w it "comppostfuncs=(); zstyle \":completion:*\" list-grouped no; compadd() { builtin compadd -A got -D got \"\$@\" 2>/dev/null; local -a all; builtin compadd -O all \"\$@\"; print -rl -- \${all/#/GOT:} >>\$OUT; builtin compadd \"\$@\" }"
        zpty -w it "echo rea\"\"dy"
        local line; while zpty -r it line; do [[ $line == *ready* ]] && break; done
        zpty -w -n it "redial $1"$'"'\\t'"'
        zpty -w -n it $'"'\\x15'"'
        zpty -w it "echo do\"\"ne"
        while zpty -r it line; do [[ $line == *done* ]] && break; done
        zpty -d it' zsh "$1" >/dev/null
    sed -n 's/^GOT://p' "$OUT"
}
words() { tr ' ' '\n' | sed '/^$/d' | sort -u | tr '\n' ' ' | sed 's/ $//'; }

for shell in bash fish zsh; do
    have "$shell" || continue
    while IFS='|' read -r line wanted; do
        [ -n "$line" ] || continue
        OUT=$(mktemp) && export OUT
        same "$shell completes 'redial $line'" "$wanted" "$("in_$shell" "$line" | words)"
        rm -f "$OUT"
    done <<<"$cases"
done
echo "shells: $checked claims, $failed do not hold"
[ "$failed" = 0 ]
