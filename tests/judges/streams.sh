#!/usr/bin/env bash
# Has the judges and the engine say what screens show after generated streams, and compares.
#
#     tests/judges/streams.sh [COUNT [SEED [FOLDER]]]    500 streams of seed 1; keeps cases and verdicts in the folder
#
# The examples of stream-examples.txt are among them, so every rule of stream-divergences.txt explains something.
set -eu
root=$(cd "$(dirname "$0")/../.." && pwd)
count=${1:-500} seed=${2:-1}
if [ $# -gt 2 ]; then
    mkdir -p "$3"
    verdicts=$(cd "$3" && pwd)
else
    verdicts=$(mktemp -d)
    trap 'rm -rf "$verdicts"' EXIT
fi
cd "$root/tests/judges"
echo "streams: seed $seed, $count cases"

if [ ! node_modules/.package-lock.json -nt package-lock.json ]; then
    npm ci --silent --no-audit --no-fund
fi
{ ./streams.py "$seed" "$count"; cat stream-examples.txt; } >"$verdicts/cases"
node xterm.mjs --cells "$verdicts/cases" >"$verdicts/xterm.json" 2>"$verdicts/xterm.log"
./realxterm.py --cells "$verdicts/cases" >"$verdicts/real.json"
cd "$root"
ORCHFLOW_CASES="$verdicts/cases" ORCHFLOW_VERDICTS="$verdicts/ours.json" \
    "${CARGO:-cargo}" test --quiet --locked --test screen_judges
tests/judges/check_streams.py --again --all-rules "$verdicts"/{cases,ours.json,real.json,xterm.json}
