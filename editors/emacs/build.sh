#!/usr/bin/env bash
# Builds the dynamic module: build.sh [OUTPUT], orchflow-module.so beside this script by default.
#
# The library comes from ORCHFLOW_LIBRARY_DIR with the headers of this checkout, or else from pkg-config (`make install`).
# `emacs-module.h` comes with Emacs; EMACS_INCLUDE_DIR names its folder if that is not /usr/include.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
output=${1:-$here/orchflow-module.so}

flags=(-std=c11 -D_GNU_SOURCE -O2 -fPIC -fvisibility=hidden -Wall -Wextra -pthread)
[ -z "${ORCHFLOW_WERROR:-}" ] || flags+=(-Werror)
[ -z "${EMACS_INCLUDE_DIR:-}" ] || flags+=(-I "$EMACS_INCLUDE_DIR")
if [ -n "${ORCHFLOW_LIBRARY_DIR:-}" ]; then
    if [ ! -e "$ORCHFLOW_LIBRARY_DIR/liborchflow.so" ]; then
        echo "there is no liborchflow.so in ORCHFLOW_LIBRARY_DIR=$ORCHFLOW_LIBRARY_DIR" >&2
        exit 1
    fi
    folder=$(cd "$ORCHFLOW_LIBRARY_DIR" && pwd)
    # Cargo's folder has the library under its development name; the module asks for the name in it.
    links=$(dirname "$output")/.orchflow-lib
    mkdir -p "$links"
    ln -sfn "$folder/liborchflow.so" "$links/liborchflow.so.0"
    ln -sfn "$folder/liborchflow.so" "$links/liborchflow.so"
    libraries=(-I "$here/../../include" -L "$links" "-Wl,-rpath,$(cd "$links" && pwd)" -lorchflow)
elif pkg-config --exists orchflow 2>/dev/null; then
    # shellcheck disable=SC2207 # words
    libraries=($(pkg-config --cflags --libs orchflow) "-Wl,-rpath,$(pkg-config --variable=libdir orchflow)")
else
    echo "liborchflow is not installed: run 'make build && sudo make install' in the repository of OrchFlow," >&2
    echo "or name the folder of liborchflow.so by ORCHFLOW_LIBRARY_DIR" >&2
    exit 1
fi
if ! printf '#include <emacs-module.h>\n' | "${CC:-cc}" "${flags[@]}" -E - >/dev/null 2>&1; then
    echo "emacs-module.h is missing: name its folder by EMACS_INCLUDE_DIR" >&2
    exit 1
fi
"${CC:-cc}" "${flags[@]}" -shared -o "$output.new" "$here"/src/*.c "${libraries[@]}"
mv "$output.new" "$output"
