#!/usr/bin/env bash
# Licences, sources and duplicates of the dependencies, checked by cargo-deny. Building it takes minutes, so this
# is done in CI (the variable CI is set) or where it is installed already.
set -eu
cd "$(dirname "$0")/.."

built=target/tools/bin/cargo-deny
if command -v cargo-deny >/dev/null; then
    deny=cargo-deny
elif [ -x "$built" ]; then
    deny=$built
elif [ -n "${CI:-}" ]; then
    echo "building cargo-deny (once, a few minutes)"
    # Not through a rustc wrapper or the project's own lock.
    cargo install --quiet --locked --root target/tools --version 0.20.2 cargo-deny
    deny=$built
else
    echo "skipped: licences (cargo-deny is not installed: cargo install cargo-deny; CI has it)"
    exit 0
fi
"$deny" check bans licenses sources
