#!/usr/bin/env bash
# Installs into empty directories and uses what was installed as a stranger would: pkg-config, CMake, the static
# library, the demo with its manual page and completions; also where libraries have a directory of their
# architecture, and after the tree was moved.
set -eu
cd "$(dirname "$0")/.."
stage=$(mktemp -d)
trap 'rm -rf "$stage"' EXIT
passed=0
ok() { passed=$((passed + 1)); echo "install: $1"; }

expect() { # what, expected, got
    if [ "$2" != "$3" ]; then
        echo "install: $1: expected '$2', got '$3'" >&2
        exit 1
    fi
    ok "$1"
}

# Installing builds nothing and runs no ldconfig but this one, which searches the first prefix.
cat >"$stage/ldconfig" <<END
#!/bin/sh
case "\$*" in
*-v*) echo "$stage/usr/lib: (from the test)" ;;
*) echo "\$*" >>"$stage/ldconfig.log" ;;
esac
END
chmod +x "$stage/ldconfig"
touch "$stage/ldconfig.log"
export LDCONFIG="$stage/ldconfig"
make() { command make --no-print-directory "$@"; }
make_installed() { make "$1" CARGO=false "${@:2}"; }

status=0
got=$(make_installed install PREFIX="$stage/usr" TARGET_DIR="$stage/nothing" 2>&1 >/dev/null | head -n 1) || status=$?
expect "without a build it says so" \
    "$stage/nothing/dist/liborchflow.so is missing; run 'make build' first, as yourself" "$got"
[ ! -e "$stage/usr" ]

make build >/dev/null
make_installed install PREFIX="$stage/usr" >"$stage/log"
expect "the loader learns where to search" 1 "$(wc -l <"$stage/ldconfig.log")"

# The hosts of C and C++ with what is in a prefix.
c_host() { # what, prefix, libdir
    export PKG_CONFIG_PATH="$3/pkgconfig"
    local flags status=0 got
    flags=$(pkg-config --cflags --libs orchflow)
    # shellcheck disable=SC2086 # a list of words
    cc -std=c99 -Wall -Wextra -pedantic -Werror examples/c/poll_host.c $flags "-Wl,-rpath,$3" -o "$stage/poll_host"
    got=$(echo world | "$stage/poll_host" sh -c 'stty -echo; read name; echo "hello $name"; exit 3' | tr -d '\r' | tail -n 1)
    expect "C host, pkg-config, $1" "hello world" "$got"
    "$stage/poll_host" sh -c 'exit 3' </dev/null || status=$?
    expect "C host, exit status, $1" 3 "$status"
}

static_hosts() { # what, libdir
    local compiler got
    export PKG_CONFIG_PATH="$2/pkgconfig"
    for compiler in gcc clang; do
        command -v $compiler >/dev/null || continue
        # shellcheck disable=SC2046 # a list of words
        $compiler -std=c11 examples/c/poll_host.c $(pkg-config --cflags orchflow) "$2/liborchflow.a" \
            $(sed -n 's/^Libs.private: //p' "$PKG_CONFIG_PATH/orchflow.pc") -o "$stage/static_host"
        got=$("$stage/static_host" echo static </dev/null | tr -d '\r')
        expect "C host, static library, $compiler, $1" "static" "$got"
        # The system's library warns of functions that look things up at run time.
        # shellcheck disable=SC2046 # a list of words
        $compiler -std=c11 -static examples/c/poll_host.c $(pkg-config --static --cflags --libs orchflow) \
            -o "$stage/static_host" 2>"$stage/log" || { cat "$stage/log" >&2; exit 1; }
        got=$("$stage/static_host" echo static </dev/null | tr -d '\r')
        expect "C host, -static, $compiler, $1" "static" "$got"
    done
}

cmake_host() { # what, prefix
    local got build
    build=$(mktemp -d "$stage/build.XXXXXX")
    cmake -S examples/cpp -B "$build" -DCMAKE_PREFIX_PATH="$2" >/dev/null
    cmake --build "$build" >/dev/null
    got=$("$build/host" 'echo one' 'echo two' | tr -d '\r' | grep -c -E '^(one|two)$')
    expect "C++ host, CMake package, $1" 2 "$got"
}

cmake_static_host() { # what, prefix
    local got build
    mkdir -p "$stage/static"
    cat >"$stage/static/CMakeLists.txt" <<END
cmake_minimum_required(VERSION 3.16)
project(static C)
find_package(OrchFlow 0.1 REQUIRED)
add_executable(host $PWD/examples/c/poll_host.c)
target_link_libraries(host PRIVATE OrchFlow::orchflow_static)
END
    build=$(mktemp -d "$stage/build.XXXXXX")
    cmake -S "$stage/static" -B "$build" -DCMAKE_PREFIX_PATH="$2" >/dev/null
    cmake --build "$build" >/dev/null
    got=$("$build/host" echo static </dev/null | tr -d '\r')
    expect "C host, CMake package, static library, $1" static "$got"
}

c_host "lib" "$stage/usr" "$stage/usr/lib"
static_hosts "lib" "$stage/usr/lib"
cmake_host "lib" "$stage/usr"
cmake_static_host "lib" "$stage/usr"

got=$("$stage/usr/bin/orchflow-demo" run -- echo demo </dev/null | tr -d '\r')
expect "the demo" "demo" "$got"
for file in man/man1/orchflow-demo.1 bash-completion/completions/orchflow-demo zsh/site-functions/_orchflow-demo \
    fish/vendor_completions.d/orchflow-demo.fish doc/orchflow/LICENSE-MIT doc/orchflow/LICENSE-APACHE; do
    [ -s "$stage/usr/share/$file" ] || { echo "install: share/$file is missing" >&2; exit 1; }
done
ok "the manual page, completions and licences"
expect "the unit starts the installed demo" 1 \
    "$(grep -c "^ExecStart=$stage/usr/bin/orchflow-demo serve " "$stage/usr/lib/systemd/system/orchflow-demo.service")"
[ -s "$stage/usr/lib/systemd/system/orchflow-demo.socket" ]
[ -s "$stage/usr/lib/sysusers.d/orchflow-demo.conf" ]
if command -v systemd-analyze >/dev/null; then
    systemd-analyze verify --man=no "$stage"/usr/lib/systemd/system/orchflow-demo.{service,socket}
    ok "systemd accepts the units"
else
    echo "install: skipped: systemd's look at the units (needs systemd-analyze)"
fi

bytes=$(stat -c %s "$stage/usr/lib/liborchflow.so.0.1.0")
# The aim is 3.5 MiB; until it is reached, it may at least not grow. The codecs of the protocol (forty types, each in JSON
# and bincode, both ways) take 1 MiB; what is observed and reported took the last tenth.
[ "$bytes" -le $(((46 << 20) / 10)) ] || { echo "install: the shared library has $bytes bytes" >&2; exit 1; }
ok "the shared library has $bytes bytes, at most 4.6 MiB"

make_installed uninstall PREFIX="$stage/usr" >/dev/null
expect "uninstall leaves nothing" "" "$(find "$stage/usr" -type f -o -type l)"

# The usual prefix with the real ldconfig, in directories that nobody else sees.
as_root() {
    mkdir -p "$stage/etc" "$stage/etc-work"
    mount -t tmpfs none /usr/local
    [ ! -d /var/cache/ldconfig ] || mount -t tmpfs none /var/cache/ldconfig
    mount -t overlay overlay -o "lowerdir=/etc,upperdir=$stage/etc,workdir=$stage/etc-work" /etc
    unset LDCONFIG PKG_CONFIG_PATH LD_LIBRARY_PATH
    make_installed install TARGET_DIR="$1" >/dev/null
    # shellcheck disable=SC2046 # a list of words
    cc examples/c/poll_host.c $(pkg-config --cflags --libs orchflow) -o "$stage/usual_host"
    "$stage/usual_host" echo found </dev/null | tr -d '\r'
}
export stage
export -f as_root make make_installed
if [ "$(id -u)" = 0 ] && unshare -m mount -t tmpfs none "$(mktemp -d "$stage/try.XXXXXX")" 2>/dev/null; then
    mount_and_run="mount -t tmpfs none $stage/overlay && stage=$stage/overlay && as_root ${CARGO_TARGET_DIR:-target}"
    mkdir "$stage/overlay"
    expect "C host in the usual prefix, by the real ldconfig" found "$(unshare -m bash -euc "$mount_and_run")"
else
    echo "install: skipped: the usual prefix (needs root and mount namespaces)"
fi

# Debian's libraries are in a directory of their architecture.
architecture=$(cc -print-multiarch)
architecture=${architecture:-$(uname -m)-linux-gnu}
multi=(PREFIX="$stage/multi" LIBDIR="$stage/multi/lib/$architecture")
: >"$stage/ldconfig.log"
got=$(make_installed install "${multi[@]}" | grep -c -F -- "-Wl,-rpath,$stage/multi/lib/$architecture")
expect "where the loader does not search, it is said" 1 "$got"
expect "and ldconfig is not run" "" "$(cat "$stage/ldconfig.log")"
c_host "$architecture" "$stage/multi" "$stage/multi/lib/$architecture"
static_hosts "$architecture" "$stage/multi/lib/$architecture"
cmake_host "$architecture" "$stage/multi"
mv "$stage/multi" "$stage/moved"
cmake_host "$architecture, moved" "$stage/moved"
cmake_static_host "$architecture, moved" "$stage/moved"
mv "$stage/moved" "$stage/multi"
make_installed uninstall "${multi[@]}" >/dev/null
expect "uninstall leaves nothing, $architecture" "" "$(find "$stage/multi" -type f -o -type l)"

# A package is staged: the files name where they will be, and nothing else is touched.
make_installed install DESTDIR="$stage/package" PREFIX=/usr >/dev/null
got=$(PKG_CONFIG_LIBDIR="$stage/package/usr/lib/pkgconfig" pkg-config --variable=includedir orchflow)
expect "a staged package names its last place" "/usr/include" "$got"
expect "and does not run ldconfig" "" "$(cat "$stage/ldconfig.log")"
make_installed uninstall DESTDIR="$stage/package" PREFIX=/usr >/dev/null
expect "uninstall leaves nothing of a package" "" "$(find "$stage/package" -type f -o -type l)"
echo "$passed passed, 0 failed"
