#!/usr/bin/env bash
# The page in a real browser: what its modules decide without a document, then what a person does with it in
# headless Chromium, against the demo as it is built here. Names of test files as arguments: only these.
set -eu
cd "$(dirname "$0")/../.."
cargo=${CARGO:-cargo}
$cargo build --locked --package orchflow-demo
target=$($cargo metadata --locked --no-deps --format-version 1 | sed -n 's/.*"target_directory":"\([^"]*\)".*/\1/p')
export ORCHFLOW_DEMO="$target/debug/orchflow-demo"
if [ $# -gt 0 ]; then
    exec node --test "$@"
fi
node --test tests/browser/unit/*.test.mjs
# One at a time: each has a browser, a server and what runs in it. On a machine that is very busy a browser may take
# longer than the tests wait, so what failed gets a second try, which is said.
status=0
for file in tests/browser/e2e/*.test.mjs; do
    node --test "$file" && continue
    echo "once more: $file"
    node --test "$file" || status=1
done
# A page that looks on while the engine has every outage at once.
ORCHFLOW_BROWSER=1 $cargo test --locked --test outage || status=1
exit $status
