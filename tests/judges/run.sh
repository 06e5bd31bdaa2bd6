#!/usr/bin/env bash
# Has the judges and the engine say what screens show after the recordings, and compares.
#
#     tests/judges/run.sh [FOLDER]    keeps the verdicts there, as xterm.json, tmux.json, real.json and ours.json
set -eu
root=$(cd "$(dirname "$0")/../.." && pwd)
if [ $# -gt 0 ]; then
    mkdir -p "$1"
    verdicts=$(cd "$1" && pwd)
else
    verdicts=$(mktemp -d)
    trap 'rm -rf "$verdicts"' EXIT
fi
cd "$root/tests/judges"

if [ ! node_modules/.package-lock.json -nt package-lock.json ]; then
    npm ci --silent --no-audit --no-fund
fi
node xterm.mjs --cells ../recordings >"$verdicts/xterm.json"
./tmux.py --cells ../recordings >"$verdicts/tmux.json"
./realxterm.py --cells ../recordings >"$verdicts/real.json"
cd "$root"
ORCHFLOW_VERDICTS="$verdicts/ours.json" "${CARGO:-cargo}" test --quiet --locked --test screen_judges
tests/judges/check.py "$verdicts"/{ours,xterm,tmux,real}.json
