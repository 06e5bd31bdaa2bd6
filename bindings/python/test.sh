#!/usr/bin/env bash
# Runs the tests of this package from a checkout: makes an environment below target/ with what
# tests/requirements.txt names, and needs the library of the engine.
#
#     ORCHFLOW_LIBRARY_DIR=FOLDER bindings/python/test.sh [OPTION OF PYTEST...]
#
# PYTHON chooses the interpreter, 3.10 or later.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
cd "$here"
if [ ! -e "${ORCHFLOW_LIBRARY_DIR:-}/liborchflow.so" ]; then
    echo "set ORCHFLOW_LIBRARY_DIR to the folder that has liborchflow.so; packaging/libraries.sh builds it" >&2
    exit 1
fi
python=${PYTHON:-python3}
version=$("$python" -c 'import sys; print("%d.%d" % sys.version_info[:2])')
environment=$here/../../target/bindings/python-$version
if [ ! -e "$environment/installed" ] || [ tests/requirements.txt -nt "$environment/installed" ]; then
    "$python" -m venv --clear "$environment"
    "$environment/bin/pip" install --quiet --disable-pip-version-check --requirement tests/requirements.txt
    touch "$environment/installed"
fi
ORCHFLOW_LIBRARY_DIR=$(cd "$ORCHFLOW_LIBRARY_DIR" && pwd)
export ORCHFLOW_LIBRARY_DIR PYTHONDONTWRITEBYTECODE=1
exec "$environment/bin/python" -m pytest "$@"
