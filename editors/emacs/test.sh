#!/usr/bin/env bash
# Builds the module and the package below target/ and runs the ERT tests in the system's Emacs.
#
#     ORCHFLOW_LIBRARY_DIR=DIR [EMACS=emacs] editors/emacs/test.sh [SELECTOR]
#
# DIR has liborchflow.so; SELECTOR is a regular expression for names of tests. An Emacs that hangs is ended after ten
# minutes.
set -eu
cd "$(dirname "$0")"

if [ ! -e "${ORCHFLOW_LIBRARY_DIR:-/nowhere}/liborchflow.so" ]; then
    echo "ORCHFLOW_LIBRARY_DIR must name the folder of liborchflow.so (packaging/libraries.sh builds it)" >&2
    exit 1
fi
emacs=${EMACS:-emacs}
command -v "$emacs" >/dev/null || { echo "$emacs is missing: apt-get install emacs-nox" >&2; exit 1; }

built=$(realpath -m ../../target/foreign/emacs)
mkdir -p "$built"
ORCHFLOW_WERROR=1 ./build.sh "$built/orchflow-module.so"

# Not in /tmp: a watch follows what happens in the folders above its root, and an idle engine is a test.
scratch=$(mktemp -d -p "$built")
trap 'rm -rf "$scratch"' EXIT
# No configuration of the user's, a plain shell, and nothing of the terminal that this runs in.
export HOME=$scratch TMPDIR=$scratch SHELL=/bin/sh ENV='' PS1='$ ' LC_ALL=C.UTF-8
unset ORCHFLOW_TOKEN INSIDE_EMACS

# Warnings of the byte compiler are errors; the tests run what it has made.
rm -f "$built"/*.elc
"$emacs" --batch -Q -L lisp --eval "(setq byte-compile-error-on-warn t byte-compile-dest-file-function
    (lambda (file) (concat \"$built/\" (file-name-base file) \".elc\")))" \
    -f batch-byte-compile lisp/*.el
timeout --foreground 600 "$emacs" --batch -Q -L lisp -L "$built" -L tests \
    --eval "(setq orchflow-module-file \"$built/orchflow-module.so\" load-prefer-newer nil)" \
    --eval "(dolist (file '(engine render keys watch orchflow)) (load (expand-file-name (if (eq file 'orchflow)
        \"orchflow.elc\" (format \"orchflow-%s.elc\" file)) \"$built\") nil t))" \
    -l tests/orchflow-tests.el -l tests/orchflow-render-tests.el -l tests/orchflow-keys-tests.el -l tests/orchflow-watch-tests.el \
    --eval "(ert-run-tests-batch-and-exit ${1:+\"$1\"})" </dev/null
