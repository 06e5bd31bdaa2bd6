#!/usr/bin/env bash
# Tests the C ABI from outside: every test with every compiler and language version, against the shared
# library; the static library under sanitizers; the shared one under valgrind; the headers alone; the
# header for FFI parsers in LuaJIT, cffi and bindgen; the exported symbols.
#
#     ffi-tests/run.sh [DIRECTORY]    where liborchflow.so and liborchflow.a are; without it they are built
#
# A part whose tool is missing is skipped and says so; with ORCHFLOW_FFI_STRICT=1 that is a failure.
set -eu

here=$(cd "$(dirname "$0")" && pwd)
root=$(dirname "$here")
library_dir=${1:-$("$root/packaging/libraries.sh")}
library_dir=$(cd "$library_dir" && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
export here root work library_dir
export warnings="-Wall -Wextra -pedantic -Werror"
# For the headers, which are compiled with the flags of their hosts.
export strict="$warnings -Wconversion -Wsign-conversion -Wcast-align -Wshadow"
export includes="-I$root/include -I$here"
jobs=$(nproc 2>/dev/null || echo 2)
passed=0
failed=0

# A debug library overwrites what it lent when the loan ends; some tests look at that.
if [ "$(basename "$library_dir")" = debug ]; then
    export ORCHFLOW_DEBUG_LIBRARY=1
fi

# Programs find the library as an installed one, by its SONAME.
mkdir "$work/lib"
ln -s "$library_dir/liborchflow.so" "$work/lib/liborchflow.so"
ln -s "$library_dir/liborchflow.so" "$work/lib/liborchflow.so.0"
export link="-L$work/lib -lorchflow -Wl,-rpath,$work/lib"

have() { command -v "$1" >/dev/null 2>&1; }

skip() { # what, why
    if [ "${ORCHFLOW_FFI_STRICT:-0}" = 1 ]; then
        echo "FAIL $1: $2"
        failed=$((failed + 1))
    else
        echo "skip $1: $2"
    fi
}

# Runs a command; its output is shown only when it fails.
step() { # label, command...
    local label=$1
    shift
    if "$@" >"$work/log" 2>&1; then
        echo "ok   $label"
        passed=$((passed + 1))
    else
        echo "FAIL $label"
        sed 's/^/     /' "$work/log"
        failed=$((failed + 1))
    fi
}

# Runs a function for each name, as many at once as there are processors, and counts them.
each() { # label, function, name...
    local label=$1 function=$2 dir name bad=0 start=$SECONDS
    shift 2
    dir=$(mktemp -d "$work/each.XXXXXX")
    # shellcheck disable=SC2016 # expanded by the inner shell
    printf '%s\n' "$@" | dir=$dir function=$function xargs -P "$jobs" -I{} bash -c '
        if $function {} >"$dir/{}.log" 2>&1 </dev/null; then touch "$dir/{}.ok"; fi'
    for name in "$@"; do
        if [ ! -e "$dir/$name.ok" ]; then
            echo "FAIL $label: $name"
            sed 's/^/     /' "$dir/$name.log"
            bad=$((bad + 1))
        fi
    done
    passed=$((passed + $# - bad))
    failed=$((failed + bad))
    echo "$([ $bad = 0 ] && echo 'ok  ' || echo 'FAIL') $label: $(($# - bad)) of $#, $((SECONDS - start)) s"
}

# What a test needs beyond the library. Headers of others are not ours to warn about.
extra_flags() { # name
    case $1 in
    loop_libuv) pkg-config --cflags --libs libuv ;;
    loop_glib) pkg-config --cflags --libs glib-2.0 ;;
    esac | sed 's/-I/-isystem /g'
}

# Compiles a test to $bin. The one that opens the library itself is not linked with it.
compile() { # name
    local libraries=$link source=$here/$1.$suffix
    if [ "$1" = dlopen ]; then libraries=-ldl; fi
    # shellcheck disable=SC2046,SC2086 # lists of words
    if [ "$1" = cpp_units ]; then
        $compiler $warnings $includes -DORCHFLOW_OTHER_UNIT -c "$source" -o "$bin/other_unit.o"
        $compiler $warnings $includes "$source" "$bin/other_unit.o" -o "$bin/$1" $libraries -pthread
    else
        $compiler $warnings $includes "$source" -o "$bin/$1" $(extra_flags "$1") $libraries -pthread
    fi
}

run_plain() { compile "$1" && LD_LIBRARY_PATH=$work/lib "$bin/$1"; }

run_valgrind() {
    compile "$1" && LD_LIBRARY_PATH=$work/lib ORCHFLOW_VALGRIND=1 \
        "$work/helper" "$work/libhelper.so" valgrind --quiet --error-exitcode=1 --leak-check=full \
        --errors-for-leak-kinds=definite --child-silent-after-fork=yes "$bin/$1"
}

# Both the code and the library's memory functions are watched; the first report ends the program.
run_sanitized() {
    compile "$1" && LD_LIBRARY_PATH=$work/lib UBSAN_OPTIONS=print_stacktrace=1 \
        ASAN_OPTIONS=detect_leaks=1:detect_stack_use_after_return=1 "$bin/$1"
}
export -f extra_flags compile run_plain run_valgrind run_sanitized

# A new folder for programs, made with this compiler from files with this suffix.
set_up() { # compiler and flags, suffix
    export compiler=$1 suffix=$2 bin
    bin=$(mktemp -d "$work/bin.XXXXXX")
}

c_tests() {
    local path name
    for path in "$here"/*.c; do
        name=$(basename "$path" .c)
        case $name in
        loop_libuv) pkg-config --exists libuv 2>/dev/null || continue ;;
        loop_glib) pkg-config --exists glib-2.0 2>/dev/null || continue ;;
        esac
        echo "$name"
    done
}

cpp_tests() {
    local path
    for path in "$here"/*.cpp; do basename "$path" .cpp; done
}

# A header and nothing else, with a use of each initializer.
header_alone() { # language, header, compiler and flags
    local flags=$strict
    if [ "$1" = c++ ]; then flags="$flags -Wold-style-cast -Wzero-as-null-pointer-constant"; fi
    # shellcheck disable=SC2086 # a list of words
    {
        printf '#include <%s>\n' "$2"
        sed -n 's/^#define \(ORCH_[A-Z_]*\)_INIT .*/\1/p' "$root/include/orchflow.h" |
            while read -r name; do printf 'extern const %s v_%s;\nconst %s v_%s = %s_INIT;\n' \
                "${name,,}" "$name" "${name,,}" "$name" "$name"; done
    } | $3 $flags "-I$root/include" -x "$1" -fsyntax-only -
}

# The header for FFI parsers, as C.
ffi_header_alone() { # compiler and flags
    # shellcheck disable=SC2086 # a list of words
    printf '#include <stddef.h>\n#include <stdint.h>\n#include <orchflow_ffi.h>\n' |
        $1 $strict "-I$root/include" -x c -fsyntax-only -
}

# A script that reads the header for FFI parsers and uses the library.
ffi_script() { # interpreter, script
    timeout 120 "$1" "$here/$2" "$root/include/orchflow_ffi.h" "$work/lib/liborchflow.so.0"
}

# The example in the header's section "Mechanism", as it stands there.
header_example() { # compiler and flags
    {
        printf '#include <orchflow.h>\n#include <poll.h>\n#include <stdio.h>\nint main(void) {\n'
        sed -n '/^\/\/ Mechanism$/,/^#ifndef ORCHFLOW_H$/s|^//     ||p' "$root/include/orchflow.h"
        printf '    return 0;\n}\n'
    } >"$work/example.c"
    # shellcheck disable=SC2086 # lists of words
    $1 $warnings $includes "$work/example.c" -o "$work/example" $link &&
        [ "$("$work/example" </dev/null | tr -d '\r')" = hello ]
}

# The library exports exactly the functions that the headers declare.
exported_symbols() {
    grep -oE '\borch_[a-z_]+\(' "$root/include/orchflow_ffi.h" | tr -d '(' | sort >"$work/declared"
    sed 's|//.*||' "$root/include/orchflow.h" | grep -oE '\borch_[a-z_]+\(' | tr -d '(' | sort |
        diff "$work/declared" - || return
    nm -D --defined-only "$library_dir/liborchflow.so" | awk '{ print $NF }' | sort >"$work/exported"
    [ -s "$work/declared" ] && diff "$work/declared" "$work/exported"
}

soname() { readelf -d "$library_dir/liborchflow.so" | grep -F 'soname: [liborchflow.so.0]'; }
nodelete() { readelf -d "$library_dir/liborchflow.so" | grep -E 'FLAGS_1.*NODELETE'; }

# Nothing but what every system with glibc has.
needed_libraries() {
    readelf -d "$library_dir/liborchflow.so" | sed -n 's/.*NEEDED.*\[\(.*\)\]/\1/p' >"$work/needed"
    ! grep -vE '^(libc|libm|libgcc_s|libpthread|libdl|librt|ld-linux-[a-z0-9-]+)\.so\.[0-9]$' "$work/needed"
}

one_of() { # tool...
    local tool
    for tool in "$@"; do
        if have "$tool"; then
            echo "$tool"
            return
        fi
    done
}

test_headers() {
    local cc standard
    for cc in gcc clang; do
        have $cc || continue
        for standard in c99 c11; do
            step "orchflow.h alone, $cc -std=$standard" header_alone c orchflow.h "$cc -std=$standard"
        done
    done
    for cc in g++ clang++; do
        have $cc || continue
        for standard in c++17 c++20; do
            step "orchflow.h alone, $cc -std=$standard" header_alone c++ orchflow.h "$cc -std=$standard"
            step "orchflow.hpp alone, $cc -std=$standard" \
                header_alone c++ orchflow.hpp "$cc -std=$standard"
            step "orchflow.hpp alone, $cc -std=$standard, no exceptions, no RTTI" \
                header_alone c++ orchflow.hpp "$cc -std=$standard -fno-exceptions -fno-rtti"
        done
    done
    cc=$(one_of gcc clang)
    if [ -n "$cc" ]; then step "the header's example" header_example "$cc -std=gnu99"; fi
}

# A Rust program on what bindgen makes of the header.
ffi_bindgen() {
    ORCHFLOW_LIBRARY_DIR="$work/lib" LD_LIBRARY_PATH="$work/lib" "${CARGO:-cargo}" run --quiet --locked \
        --manifest-path "$here/bindgen/Cargo.toml" --target-dir "$root/target/bindgen"
}

# A Python with cffi: the first one may be of a version manager, and the package one of the system.
python_with_cffi() {
    local python
    for python in python3 /usr/bin/python3; do
        if "$python" -c 'import cffi' 2>/dev/null; then
            echo "$python"
            return
        fi
    done
}

test_ffi_header() {
    local cc python
    for cc in gcc clang; do
        have $cc || continue
        step "orchflow_ffi.h as C, $cc" ffi_header_alone "$cc -std=c99"
    done
    if have luajit; then
        step "orchflow_ffi.h in LuaJIT" ffi_script luajit ffi_luajit.lua
    else
        skip "orchflow_ffi.h in LuaJIT" "no luajit"
    fi
    python=$(python_with_cffi)
    if [ -n "$python" ]; then
        step "orchflow_ffi.h in cffi" ffi_script "$python" ffi_cffi.py
    else
        skip "orchflow_ffi.h in cffi" "no python3 with cffi"
    fi
    if ls /usr/lib/llvm-*/lib/libclang*.so* >/dev/null 2>&1; then
        step "orchflow_ffi.h in bindgen" ffi_bindgen
    else
        skip "orchflow_ffi.h in bindgen" "no libclang"
    fi
}

test_symbols() {
    if have nm; then step "exported symbols" exported_symbols; else skip "exported symbols" "no nm"; fi
    if have readelf; then
        step "SONAME" soname
        step "not unloaded by dlclose" nodelete
        step "libraries it needs" needed_libraries
    else
        skip "SONAME and flags" "no readelf"
    fi
}

test_compilers() {
    local cc standard
    for cc in gcc clang; do
        have $cc || { skip "$cc" "not installed"; continue; }
        for standard in c99 c11; do
            set_up "$cc -std=$standard" c
            # shellcheck disable=SC2046 # a list of words
            each "$cc -std=$standard" run_plain $(c_tests)
        done
    done
    for cc in g++ clang++; do
        have $cc || { skip "$cc" "not installed"; continue; }
        for standard in c++17 c++20; do
            set_up "$cc -std=$standard" cpp
            # shellcheck disable=SC2046 # a list of words
            each "$cc -std=$standard" run_plain $(cpp_tests)
        done
        set_up "$cc -std=c++17 -fno-exceptions -fno-rtti" cpp
        # shellcheck disable=SC2046 # a list of words
        each "$cc -std=c++17, no exceptions, no RTTI" run_plain $(cpp_tests)
    done
}

# The static library, with a compiler that has both sanitizers.
test_sanitizers() {
    local cc link=$link sanitizers="-g -fsanitize=address,undefined -fno-sanitize-recover=all"
    export link="$library_dir/liborchflow.a -lgcc_s -lutil -lrt -lpthread -lm -ldl"
    for cc in gcc clang; do
        # shellcheck disable=SC2086 # a list of words
        if have $cc && echo 'int main(void) { return 0; }' |
            $cc $sanitizers -x c - -o "$work/sanitized" 2>/dev/null && "$work/sanitized"; then
            set_up "$cc -std=c11 $sanitizers" c
            # shellcheck disable=SC2046 # a list of words
            each "$cc, address and undefined behaviour, static library" run_sanitized $(c_tests)
            return
        fi
    done
    skip "sanitizers" "no compiler has them"
}

test_valgrind() {
    local cc
    cc=$(one_of gcc clang)
    if ! have valgrind || [ -z "$cc" ]; then
        skip "valgrind" "not installed, or no compiler"
        return
    fi
    set_up "$cc -std=c11 -g" c
    # shellcheck disable=SC2086 # lists of words
    $compiler $warnings "$here/valgrind/helper.c" -o "$work/helper"
    # shellcheck disable=SC2086 # lists of words
    $compiler $warnings -DORCHFLOW_PRELOAD -shared -fPIC "$here/valgrind/helper.c" \
        -o "$work/libhelper.so" -ldl -pthread
    # shellcheck disable=SC2046 # a list of words
    each "valgrind" run_valgrind $(c_tests)
}

for library in libuv glib-2.0; do
    have pkg-config && pkg-config --exists $library || skip "host loop of $library" "not installed"
done
test_headers
test_ffi_header
test_symbols
test_compilers
test_sanitizers
test_valgrind
echo "$passed passed, $failed failed"
[ "$failed" = 0 ]
