#!/usr/bin/env bash
# Runs every `run:` line of the example workflow as the CI server would, and looks at what it leaves.
#   tests/clients/workflow.sh BUILD
set -euo pipefail
build=$(realpath "${1:-build}")
here=$(cd "$(dirname "$0")" && pwd)
cd "$here/../.."
# shellcheck source=tests/clients/packages.sh
. "$here/packages.sh"
packages workflow
git rev-parse --quiet --verify HEAD >/dev/null 2>&1 || missing "this is no git repository"

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
node "$here/workflow.mjs" examples/ci/redial.yml >"$work/lines"
[ "$(wc -l <"$work/lines")" -ge 6 ] || { echo "workflow: it has fewer run: lines than it should"; exit 1; }

export RUNNER_TEMP=$work GITHUB_STEP_SUMMARY=$work/summary.md
BASE=$(git rev-parse HEAD)
export BASE
while IFS= read -r line; do
    case $line in "make deps"*) line="make -n ${line#make }" ;; esac # it has been built
    # the workflow says build/redial, whatever this build is called
    bash -eo pipefail -c "${line//build\/redial/\"$build\"/redial}" >"$work/out" 2>&1 || {
        echo "workflow: exit status $? of: $line"; tail -n 20 "$work/out"; exit 1; }
done <"$work/lines"

grep -q 'nothing found\|| finding |' "$work/summary.md" || { echo "workflow: the summary is empty"; exit 1; }
for report in replay.xml audit.xml; do [ -s "$work/$report" ] || { echo "workflow: no $report"; exit 1; }; done
node -e 'if (JSON.parse(require("fs").readFileSync(process.argv[1])).version !== "2.1.0") process.exit(1)' "$work/audit.sarif"
echo "workflow: $(wc -l <"$work/lines") lines run, and their reports are there"
