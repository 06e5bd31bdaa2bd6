#!/usr/bin/env bash
# Figures of `orchflow' beside `term' and `vterm' (Debian: elpa-vterm) in the system's Emacs, as a table.
#
#     ORCHFLOW_LIBRARY_DIR=DIR [ROUNDS=5] [KEYS=60] [KINDS='orchflow term vterm'] editors/emacs/bench/bench.sh
set -eu
cd "$(dirname "$0")/.."
built=$(realpath -m ../../target/foreign/emacs)
mkdir -p "$built"
./build.sh "$built/orchflow-module.so"
# Debian's elpa-vterm: the package, and its module.
vterm=()
for folder in /usr/share/emacs/site-lisp/elpa/vterm-* /usr/lib/*/emacs-libvterm; do
    [ ! -d "$folder" ] || vterm+=(-L "$folder")
done
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
export HOME=$scratch TMPDIR=$scratch
emacs --batch -Q -L lisp --eval "(setq byte-compile-dest-file-function
    (lambda (file) (concat \"$built/\" (file-name-base file) \".elc\")))" -f batch-byte-compile lisp/*.el
python3 bench/bench.py -L lisp -L "$built" "${vterm[@]}" \
    --eval "(setq orchflow-module-file \"$built/orchflow-module.so\")"
