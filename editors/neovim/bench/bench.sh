#!/usr/bin/env bash
# Figures of :OrchTerminal beside :terminal, as a table.
#
#     ORCHFLOW_LIBRARY_DIR=DIR [ROUNDS=5] [KEYS=150] editors/neovim/bench/bench.sh
set -eu
cd "$(dirname "$0")/.."
[ -e "${ORCHFLOW_LIBRARY_DIR:-/nowhere}/liborchflow.so" ] || { echo "ORCHFLOW_LIBRARY_DIR is not set" >&2; exit 1; }
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
export WATCHDOG_MS=600000
export HOME=$scratch XDG_CONFIG_HOME=$scratch/config XDG_DATA_HOME=$scratch/data XDG_STATE_HOME=$scratch/state
export TMPDIR=$scratch/tmp NVIM_LOG_FILE=$scratch/log
mkdir -p "$TMPDIR"
"${NVIM_PROGRAM:-nvim}" --clean --headless -n -u tests/init.lua -c "lua package.path = 'bench/?.lua;' .. package.path" \
    -c "lua require('bench').run()" </dev/null
