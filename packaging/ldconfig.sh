#!/usr/bin/env bash
# Makes the loader find a library that was installed into a directory, or says what is to be done.
#
#     packaging/ldconfig.sh LIBDIR
set -eu
export PATH=$PATH:/usr/sbin:/sbin
libdir=$(realpath -m "$1")
ldconfig=${LDCONFIG:-ldconfig}

# The directories that the loader searches by itself.
searched() {
    "$ldconfig" -N -X -v 2>/dev/null | sed -n 's|^\(/[^:]*\):.*|\1|p' | while read -r directory; do
        realpath -m "$directory"
    done
}

if ! command -v "$ldconfig" >/dev/null; then
    echo "ldconfig was not found; if the loader has a cache, update it"
elif ! searched | grep -qxF "$libdir"; then
    echo "The loader does not search $libdir: link programs with -Wl,-rpath,$libdir,"
    echo "or run them with LD_LIBRARY_PATH=$libdir."
elif ! "$ldconfig" 2>/dev/null; then
    echo "Run 'ldconfig' as root, so that the loader finds the library."
fi
