#!/bin/sh
# Pictures of the page, made by the page.
#
#   tests/browser/screenshots.sh            writes docs/page.png, the picture of README.md
#   tests/browser/screenshots.sh FOLDER     writes each view into FOLDER: light and dark, wide and narrow
#
# ORCHFLOW_DEMO names a program that is built already; CHROMIUM the browser.
set -eu
cd "$(dirname "$0")"
[ -d node_modules/playwright-core ] || npm ci --no-audit --no-fund
if [ -z "${ORCHFLOW_DEMO:-}" ]; then
    cargo build --locked --quiet -p orchflow-demo
    ORCHFLOW_DEMO=${CARGO_TARGET_DIR:-../../target}/debug/orchflow-demo
fi
export ORCHFLOW_DEMO
exec node screenshots.mjs "$@"
