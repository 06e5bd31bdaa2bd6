#!/usr/bin/env bash
# The library as a crate: what would be published builds by itself, and the versions in Cargo.toml are true: it builds
# with the oldest ones that they admit.
set -eu
cd "$(dirname "$0")/.."
cargo=${CARGO:-cargo}
target=$(realpath -m "${CARGO_TARGET_DIR:-target}")

# What `cargo publish --dry-run` does, without a word to the registry. Of targets that stay in the repository it says that
# they do.
mkdir -p "$target"
status=0
"$cargo" package --quiet --allow-dirty --locked --package orchflow-engine --target-dir "$target" \
    2>"$target/package.log" || status=$?
grep -v '^warning: ignoring' "$target/package.log" >&2 || true
[ "$status" = 0 ]

# The option is for nightly compilers: this once the stable one takes it, too.
minimal=$target/minimal
rm -rf "$minimal/src" "$minimal/Cargo.lock"
mkdir -p "$minimal"
cp -r Cargo.toml src include examples README.md benches tests "$minimal/"
cd "$minimal"
RUSTC_BOOTSTRAP=1 "$cargo" update --quiet -Z direct-minimal-versions
"$cargo" check --quiet --locked --lib --target-dir "$minimal/target"
echo "crate: what is published builds, also with the oldest dependencies"
