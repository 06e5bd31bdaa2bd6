#!/usr/bin/env bash
# Checks the code with the oldest Rust that is supported, where rustup has it.
set -eu
cd "$(dirname "$0")/.."

oldest=$(sed -n 's/^rust-version = "\(.*\)"/\1/p' Cargo.toml | head -n 1)
if ! command -v rustup >/dev/null || ! rustup toolchain list | grep -q "^$oldest[.-]"; then
    echo "skipped: Rust $oldest, the oldest that is supported (rustup toolchain install $oldest)"
    exit 0
fi
# In a directory of its own, so that neither compiler undoes the work of the other.
rustup run "$oldest" cargo check --locked --target-dir target/oldest
