#!/usr/bin/env bash
# Has the judges and the engine say what screens show after generated streams, and compares.
#
#     tests/judges/streams.sh [COUNT [SEED [FOLDER]]]    500 streams of seed 1; keeps cases and verdicts in the folder
#
# From 20,000 on every rule of stream-divergences.txt has to explain something.
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
./streams.py "$seed" "$count" >"$verdicts/cases"
node xterm.mjs --cells "$verdicts/cases" >"$verdicts/xterm.json" 2>"$verdicts/xterm.log"
./realxterm.py --cells "$verdicts/cases" >"$verdicts/real.json"
cd "$root"
ORCHFLOW_CASES="$verdicts/cases" ORCHFLOW_VERDICTS="$verdicts/ours.json" \
    "${CARGO:-cargo}" test --quiet --locked --test screen_judges
[ "$count" -ge 20000 ] && all=--all-rules || all=
tests/judges/check_streams.py --again $all "$verdicts"/{cases,ours.json,real.json,xterm.json}
