#!/usr/bin/env bash
# Runs the tests of this plugin in the system's Neovim.
#
#     ORCHFLOW_LIBRARY_DIR=DIR ORCHFLOW_DEMO=PATH [NVIM_PROGRAM=nvim] editors/neovim/test.sh [FILE...]
#
# DIR has liborchflow.so; PATH is orchflow-demo, which the tests of attaching need. ONLY=TEXT runs the tests whose names
# contain it. A Neovim that hangs is ended after ten minutes.
set -u
cd "$(dirname "$0")"

if [ ! -e "${ORCHFLOW_LIBRARY_DIR:-/nowhere}/liborchflow.so" ]; then
    echo "ORCHFLOW_LIBRARY_DIR must name the folder of liborchflow.so (packaging/libraries.sh builds it)" >&2
    exit 1
fi
nvim=${NVIM_PROGRAM:-nvim}
command -v "$nvim" >/dev/null || { echo "$nvim is missing: apt-get install neovim" >&2; exit 1; }

scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
# No configuration, state or plugin of the user's.
export HOME=$scratch XDG_CONFIG_HOME=$scratch/config XDG_DATA_HOME=$scratch/data XDG_STATE_HOME=$scratch/state
export XDG_CACHE_HOME=$scratch/cache XDG_RUNTIME_DIR=$scratch/run TMPDIR=$scratch/tmp
export NVIM_LOG_FILE=$scratch/log
mkdir -p "$TMPDIR" && mkdir -m 700 "$XDG_RUNTIME_DIR"
unset NVIM NVIM_LISTEN_ADDRESS ORCHFLOW_TOKEN VIMINIT

files=("$@")
[ ${#files[@]} -gt 0 ] || files=(engine view files attach health)
status=0
for file in "${files[@]}"; do
    echo "# $file"
    timeout --foreground 600 "$nvim" --clean --headless -n -u tests/init.lua \
        -c "lua require('harness').run('tests/$file.lua')" </dev/null || status=1
done
exit $status
