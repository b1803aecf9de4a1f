#!/usr/bin/env bash
# Runs the command as a person does and compares what it prints.   tests/cli/run.sh BUILD [NAME.test...]
#
# A test is a text file. To add one, write a command with "? 0" below it, and run this with REDIAL_UPDATE=1:
#
#   ## why this matters                     comments
#   $ redial explain policy.yaml stauts=1   the command, run by bash in the root of the project
#   ! redial explain: unknown fact …        standard error, line by line
#   policy …                                standard output, line by line, before standard error
#   ? 2                                     the exit status
#
# REDIAL_UPDATE=1 rewrites the files with what really happened, for a person to review.
set -uo pipefail
build=$(realpath "${1:-build}")
shift || true
cd "$(dirname "$0")/../.." || exit 2
tests=("$@")
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
failed=0 ran=0

# All of them: two at a time, each with a folder and a log of its own.
if [ ${#tests[@]} -eq 0 ]; then
    # shellcheck disable=SC2012,SC2016
    ls -S tests/cli/*.test | xargs -P 2 -n 1 sh -c 'exec tests/cli/run.sh "$0" "$2" >"$1/${2##*/}.log" 2>&1' "$build" "$work"
    good=$?
    cat "$work"/*.log | grep -v '^cli: '
    awk '/^cli: / { ran += $2; differ += $7 } END { printf "cli: %d commands in %d files, %d differ\n", ran, NR, differ }' \
        <(grep -h '^cli: ' "$work"/*.log)
    exit "$good"
fi

# Nothing of the caller's environment changes what a test sees; $HOME is an empty folder, kept for the file's other commands.
run_command() { # command → $work/got
    env -i PATH="$build:$PATH" HOME="$work/home" LC_ALL=C bash -o pipefail -c "$1" >"$work/out" 2>"$work/err" </dev/null
    local status=$?
    { cat "$work/out"; sed 's/^/! /' "$work/err"; echo "? $status"; } >"$work/got"
}

finish_command() { # the collected expectation is in $work/want
    run_command "$command"
    ran=$((ran + 1))
    cat "$work/got" >>"$work/new"
    if ! cmp -s "$work/want" "$work/got" && [ -z "${REDIAL_UPDATE:-}" ]; then
        failed=$((failed + 1))
        echo "$file:$line_of_command: \$ $command"
        diff -u --label exp --label got "$work/want" "$work/got"
    fi
}

for file in "${tests[@]}"; do
    : >"$work/new"
    rm -rf "$work/home" && mkdir "$work/home"
    command='' number=0
    while IFS= read -r line || [ -n "$line" ]; do
        number=$((number + 1))
        case $line in
        '$ '*)
            command=${line#'$ '} line_of_command=$number
            : >"$work/want"
            printf '%s\n' "$line" >>"$work/new" ;;
        '? '*)
            [ -n "$command" ] || { echo "$file:$number: an exit status without a command before it"; failed=$((failed + 1)); continue; }
            printf '%s\n' "$line" >>"$work/want"
            finish_command
            command='' ;;
        *)
            if [ -n "$command" ]; then printf '%s\n' "$line" >>"$work/want"
            else printf '%s\n' "$line" >>"$work/new"; fi ;;
        esac
    done <"$file"
    if [ -n "$command" ]; then
        echo "$file:$line_of_command: the command has no '? STATUS' line after it"
        failed=$((failed + 1))
    elif [ -n "${REDIAL_UPDATE:-}" ]; then
        cmp -s "$work/new" "$file" || { cp "$work/new" "$file"; echo "rewrote $file"; }
    fi
done
echo "cli: $ran commands in ${#tests[@]} files, $failed differ"
[ "$failed" = 0 ]
