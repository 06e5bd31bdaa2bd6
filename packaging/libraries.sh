#!/usr/bin/env bash
# Builds liborchflow.so and liborchflow.a and prints the directory that has them. Rust programs do not need
# them, so the package itself is an rlib alone.
#
#     packaging/libraries.sh [PROFILE [CARGO_OPTION...]]    PROFILE: dev (the default), release or dist
#
# The shared library gets its SONAME here. `nodelete` keeps it mapped after dlclose: thread-local destructors
# of the library may still be pending in other threads of the host.
set -euo pipefail
cd "$(dirname "$0")/.."
profile=${1:-dev}
shift $(($# > 0))

"${CARGO:-cargo}" rustc --locked --package orchflow-engine --lib --crate-type cdylib,staticlib \
    --profile "$profile" --message-format json-render-diagnostics "$@" -- \
    -C link-arg=-Wl,-soname,liborchflow.so.0 -C link-arg=-Wl,-z,nodelete |
    sed -n 's|.*"filenames":\["\([^"]*\)/liborchflow\.[^"]*".*|\1|p' | tail -n 1
