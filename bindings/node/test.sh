#!/usr/bin/env bash
# Builds the addon against the library in ORCHFLOW_LIBRARY_DIR (as packaging/libraries.sh prints it) and runs its tests,
# below target/. The development packages come from the npm registry, as package-lock.json pins them.
#
#     bindings/node/test.sh                the tests, then node-pty's own
#     bindings/node/test.sh bench          builds and measures beside node-pty
#     bindings/node/test.sh shell CMD...   builds and runs a command there
set -euo pipefail
cd "$(dirname "$0")"
here=$PWD
root=$(cd ../.. && pwd)
work=$root/target/bindings-node

fail() {
    echo "bindings/node: $1" >&2
    exit 1
}

[ -n "${ORCHFLOW_LIBRARY_DIR:-}" ] ||
    fail 'ORCHFLOW_LIBRARY_DIR is not set; ORCHFLOW_LIBRARY_DIR=$(packaging/libraries.sh) sets it'
library=$(realpath "$ORCHFLOW_LIBRARY_DIR")
[ -e "$library/liborchflow.so" ] || fail "there is no $library/liborchflow.so"

# Where Node has its headers: nothing is downloaded.
node_prefix=$(dirname "$(dirname "$(node -p 'fs.realpathSync(process.execPath)')")")
[ -e "$node_prefix/include/node/node_api.h" ] ||
    fail "there is no $node_prefix/include/node/node_api.h; install the headers of this Node"

mkdir -p "$work/library"
for file in liborchflow.so liborchflow.so.0; do ln -sfn "$library/liborchflow.so" "$work/library/$file"; done
ln -sfn "$library/liborchflow.a" "$work/library/liborchflow.a"
export ORCHFLOW_LIBRARY_DIR="$work/library"
export ORCHFLOW_INCLUDE_DIR="$root/include"
export npm_config_nodedir="$node_prefix" npm_config_devdir="$work/devdir"
export PATH="$work/node_modules/.bin:$PATH"

# A copy: what a build makes stays out of the sources, and `orchflow` is this package for everything in it.
for name in lib src scripts test bench examples; do
    mkdir -p "$work/$name"
    cp -au "$here/$name/." "$work/$name/"
    (cd "$work/$name" && find . -type f) | while IFS= read -r file; do
        [ -e "$here/$name/$file" ] || rm "$work/$name/$file"
    done
done
cp -au README.md LICENSE-APACHE LICENSE-MIT binding.gyp package.json package-lock.json "$work/"
cd "$work"

if [ ! node_modules/.package-lock.json -nt package-lock.json ]; then
    npm ci --silent --ignore-scripts --no-audit --no-fund
    touch node_modules/.package-lock.json
fi
if [ ! -e build/Makefile ] || [ binding.gyp -nt build/Makefile ] || [ scripts/library.js -nt build/Makefile ]; then
    node-gyp configure --silent
fi
CFLAGS=-Werror node-gyp build --silent >build.log 2>&1 || {
    cat build.log >&2
    fail "the addon does not build, or not without warnings"
}

case ${1:-test} in
test)
    # The timeouts end what hangs; no test is about time.
    node --test --test-reporter=spec --test-timeout=300000 test/*.test.mjs
    node test/node-pty.mjs
    ;;
bench)
    shift
    [ -e node_modules/node-pty/build/Release/pty.node ] || npm rebuild --silent node-pty
    node bench/bench.mjs "$@"
    ;;
shell) "${@:2}" ;;
*) fail "usage: test.sh [bench | shell CMD...]" ;;
esac
