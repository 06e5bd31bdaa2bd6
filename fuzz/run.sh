#!/bin/sh
# Builds a fuzz target with coverage and runs it: fuzz/run.sh TARGET SECONDS. New inputs stay in a folder
# that is not committed; the committed corpus is small and stays so.
set -eu
cd "$(dirname "$0")"
target=$1
seconds=$2
export RUSTFLAGS="--cfg fuzzing -Cpasses=sancov-module -Ccodegen-units=1 \
    -Cllvm-args=-sanitizer-coverage-level=4 -Cllvm-args=-sanitizer-coverage-inline-8bit-counters \
    -Cllvm-args=-sanitizer-coverage-pc-table"
host=$(rustc -vV | sed -n 's/^host: //p')
# With a target named, the flags do not reach build scripts.
cargo build --release --target "$host" --bin "$target"
mkdir -p target/corpus/"$target" artifacts
exec "${CARGO_TARGET_DIR:-target}/$host/release/$target" target/corpus/"$target" corpus/"$target" \
    -max_total_time="$seconds" -max_len=8192 -rss_limit_mb=2048 -timeout=25 \
    -artifact_prefix=artifacts/ -print_final_stats=1
