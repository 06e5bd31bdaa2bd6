#!/usr/bin/env bash
# Instructions of an echo and of a byte with observation and without, counted by callgrind. What starting costs is taken
# out: each is the difference of a long run and a short one. Ends with 1 if observation adds more than 1 %.
set -eu
cd "$(dirname "$0")/.."

command -v valgrind >/dev/null || { echo "valgrind is not installed" >&2; exit 1; }
program=$("${CARGO:-cargo}" bench --locked --bench observe --no-run 2>&1 | sed -n 's/.*(\(.*\)).*/\1/p' | tail -1)

# Instructions of a run: what, on or off, how many rounds.
instructions() {
    valgrind --tool=callgrind --callgrind-out-file=/dev/null "$program" "$@" 2>&1 |
        sed -n 's/.*Collected : \([0-9]*\).*/\1/p'
}

# Instructions of a round, the least of three: what, on or off.
round() {
    local least="" short long each
    for _ in 1 2 3; do
        short=$(instructions "$1" "$2" 1024)
        long=$(instructions "$1" "$2" 9216)
        each=$(((long - short) / 8192))
        if [ -z "$least" ] || [ "$each" -lt "$least" ]; then least=$each; fi
    done
    echo "$least"
}

failed=0
for pair in "echo 1" "bytes 4000"; do
    read -r what bytes <<<"$pair"
    off=$(round "$what" off)
    on=$(round "$what" on)
    python3 - "$what" "$bytes" "$off" "$on" <<'PYTHON' || failed=1
import sys
what, size, off, on = sys.argv[1], *map(int, sys.argv[2:])
unit = "an echo" if what == "echo" else "a byte"
more = 100 * (on - off) / off
print(f"{unit}: {off / size:.1f} instructions without, {on / size:.1f} with observation: {more:+.2f} %")
sys.exit(more > 1)
PYTHON
done
exit "$failed"
