#!/usr/bin/env bash
# The library as a crate: what would be published builds by itself, and the versions in Cargo.toml are true: it builds
# with the oldest ones that they admit.
set -eu
cd "$(dirname "$0")/.."
cargo=${CARGO:-cargo}

# Of targets that stay in the repository it says that they do.
"$cargo" publish --dry-run --allow-dirty --locked --package orchflow-engine 2>&1 | grep -v '^warning: ignoring' >&2

minimal=target/minimal
mkdir -p "$minimal"
rm -rf "$minimal/src" "$minimal/Cargo.lock"
cp -r Cargo.toml src include examples README.md benches tests "$minimal/"
# The option is for nightly compilers: this once the stable one takes it, too.
(cd "$minimal" && RUSTC_BOOTSTRAP=1 "$cargo" update --quiet -Z direct-minimal-versions &&
    CARGO_TARGET_DIR=target "$cargo" check --quiet --locked --lib)
echo "crate: what is published builds, also with the oldest dependencies"
