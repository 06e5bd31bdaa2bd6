#!/usr/bin/env bash
# Compares the C interface with the last accepted one, packaging/orchflow.abi, by abidiff of Debian's abigail-tools.
#
#     packaging/abi.sh           compares; prints what changed and fails if anything did
#     packaging/abi.sh accept    makes the present interface the accepted one
#
# The interface is that of include/orchflow_ffi.h, compiled as a library of empty functions, so that types are those of C
# and not of Rust. ffi-tests/run.sh compares the functions of the header with those that the library exports. Each
# enumeration becomes the type of a variable, because a type that nothing uses is in no library.
set -eu

root=$(cd "$(dirname "$0")/.." && pwd)
accepted=$root/packaging/orchflow.abi
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

{
    printf '#include <stddef.h>\n#include <stdint.h>\n'
    awk '
        /^typedef [a-z0-9_]+ orch_[a-z_]+;$/ { name = $3; sub(";", "", name) }
        /^enum \{$/ { inside = 1; first = 1; next }
        inside && first { constant = $1; first = 0
            if (name == "") name = constant
            print "enum " name "_values {" }
        inside && /^};$/ { print "} " name "_values;"; inside = 0; name = ""; next }
        !inside && /\);$/ { sub(/;$/, " {}") }
        { print }
    ' "$root/include/orchflow_ffi.h"
} >"$work/orchflow.c"
${CC:-cc} -w -g -shared -fPIC -Wl,-soname,liborchflow.so.0 "$work/orchflow.c" -o "$work/liborchflow.so"
abidw --no-comp-dir-path --no-corpus-path --no-show-locs "$work/liborchflow.so" >"$work/orchflow.abi"

if [ "${1:-}" = accept ]; then
    cp "$work/orchflow.abi" "$accepted"
    exit
fi
if abidiff --no-show-locs "$accepted" "$work/orchflow.abi"; then
    exit
fi
echo "The C interface differs from the accepted one: undo it, or accept it with 'packaging/abi.sh accept'" >&2
echo "and name it in CHANGELOG.md." >&2
exit 1
