#!/usr/bin/env bash
# Builds hosts, lets each run the trace and compares what it prints with trace.expected.
#
#     ORCHFLOW_LIBRARY_DIR=DIRECTORY examples/hosts/test.sh [basic|all]
#
# DIRECTORY has liborchflow.so (`packaging/libraries.sh` builds it and prints where). `basic`, the default: poll and
# epoll, with a C compiler alone. `all`: GLib, libuv, Qt, SDL with the terminal in a window, tokio and Go as well; on
# Debian as root what is missing is installed, elsewhere it is named.
set -euo pipefail

here=$(cd "$(dirname "$0")" && pwd)
root=$(cd "$here/../.." && pwd)
which=${1:-basic}
case $which in
basic | all) ;;
*) echo "usage: $0 [basic|all]" >&2 && exit 2 ;;
esac
: "${ORCHFLOW_LIBRARY_DIR:?names no directory: ORCHFLOW_LIBRARY_DIR=\$(packaging/libraries.sh) $0}"
library=$(realpath -m "$ORCHFLOW_LIBRARY_DIR/liborchflow.so")
[ -e "$library" ] || { echo "there is no $library" >&2 && exit 1; }

work=$(mktemp -d)
xvfb=
trap '[ -z "$xvfb" ] || kill "$xvfb"; rm -rf "$work"' EXIT
passed=0
failed=0
mkdir "$work/tmp"
export TMPDIR="$work/tmp"

# Programs find the library as an installed one, by its SONAME.
mkdir "$work/lib"
ln -s "$library" "$work/lib/liborchflow.so"
ln -s "$library" "$work/lib/liborchflow.so.0"
link="-L$work/lib -lorchflow -Wl,-rpath,$work/lib"
warnings="-Wall -Wextra -pedantic -Werror"
c="${CC:-cc} -std=c11 -O1 -g $warnings -I$root/include"

install_packages() { # command, header or pkg-config name, and the Debian package that has it
    local pair missing=""
    for pair in pkg-config:pkg-config g++:g++ go:golang-go Xvfb:xvfb xdotool:xdotool python3:python3; do
        command -v "${pair%%:*}" >/dev/null || missing="$missing ${pair##*:}"
    done
    for pair in glib-2.0:libglib2.0-dev libuv:libuv1-dev Qt5Core:qtbase5-dev sdl2:libsdl2-dev \
        SDL2_ttf:libsdl2-ttf-dev; do
        pkg-config --exists "${pair%%:*}" 2>/dev/null || missing="$missing ${pair##*:}"
    done
    [ -e /usr/share/fonts/truetype/dejavu/DejaVuSansMono.ttf ] || missing="$missing fonts-dejavu-core"
    [ -n "$missing" ] || return 0
    if [ "$(id -u)" != 0 ] || ! command -v apt-get >/dev/null; then
        echo "please install first:$missing" >&2
        exit 1
    fi
    echo "installing:$missing"
    apt-get update -qq
    # shellcheck disable=SC2086 # a list of words
    DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $missing >/dev/null
}

# Runs a command; what it says is shown only when it fails, the beginning of it.
step() { # label, command...
    local label=$1
    shift
    if "$@" >"$work/log" 2>&1; then
        echo "ok   $label"
        passed=$((passed + 1))
    else
        echo "FAIL $label"
        head -n 60 "$work/log" | sed 's/^/     /'
        failed=$((failed + 1))
    fi
}

# A host that hangs fails; how long one takes is not judged.
trace() { # program
    local status=0
    timeout 120 "$@" >"$work/printed" || status=$?
    diff -u "$here/trace.expected" "$work/printed" && [ "$status" = 0 ]
}

# The last word of each function is a list of flags.
# shellcheck disable=SC2086
host_c() { # name, flags
    local flags=${2:-}
    $c "$here/$1.c" "$here/trace.c" $flags $link -o "$work/$1" && trace "$work/$1"
}

# shellcheck disable=SC2046,SC2086
host_qt() {
    # Qt's headers are no concern of our warnings.
    $c -c "$here/trace.c" -o "$work/trace.o" &&
        "${CXX:-c++}" -std=c++17 -fPIC -O1 -g $warnings $(pkg-config --cflags Qt5Core | sed 's/-I/-isystem /g') \
            "$here/qt.cpp" "$work/trace.o" $(pkg-config --libs Qt5Core) $link -o "$work/qt" && trace "$work/qt"
}

# Debian's Qt polls by GLib unless it is asked not to.
host_qt_alone() {
    QT_NO_GLIB=1 trace "$work/qt"
}

host_tokio() {
    local target=${CARGO_TARGET_DIR:-$root/target}
    "${CARGO:-cargo}" build --locked --manifest-path "$here/tokio/Cargo.toml" --target-dir "$target" &&
        trace "$target/debug/orchflow-tokio-host"
}

host_go() {
    (cd "$here/go" && GOCACHE="$root/target/foreign/go" GOFLAGS=-mod=mod CGO_CFLAGS="-I$root/include" \
        CGO_LDFLAGS="$link" go build -o "$work/go") && trace "$work/go"
}

# The loops of docs/EMBEDDING.md, each as it stands there.
blocks() { # language
    awk -v begin="\`\`\`$1" '$0 == begin { inside = 1; next } /^```/ { inside = 0 } inside' "$root/docs/EMBEDDING.md"
}

# shellcheck disable=SC2046,SC2086
embedding_loops() {
    {
        printf '#include <%s>\n' orchflow.h poll.h sys/epoll.h glib-unix.h uv.h SDL.h
        echo 'void handle(orch_engine *engine, const orch_event *event);'
        blocks c
    } >"$work/embedding.c"
    {
        printf '#include <%s>\n' QSocketNotifier orchflow.h
        echo 'int step(orch_engine *engine);'
        blocks cpp
    } >"$work/embedding.cpp"
    $c -D_GNU_SOURCE -Wno-unused-function -fsyntax-only $(pkg-config --cflags glib-2.0 libuv sdl2) \
        "$work/embedding.c" &&
        "${CXX:-c++}" -std=c++17 -fPIC $warnings -Wno-unused-function -fsyntax-only "-I$root/include" \
            $(pkg-config --cflags Qt5Core | sed 's/-I/-isystem /g') "$work/embedding.cpp" &&
        [ "$(blocks c | grep -c '^static void run_')" = 4 ]
}

start_display() {
    mkfifo "$work/display"
    # Keys do not repeat, however late they are released.
    Xvfb -displayfd 3 -screen 0 1280x800x24 -nolisten tcp -ardelay 1000000 3>"$work/display" >/dev/null 2>&1 &
    xvfb=$!
    read -r DISPLAY <"$work/display"
    export DISPLAY=":$DISPLAY" SDL_VIDEODRIVER=x11 SDL_RENDER_DRIVER=software
}

# shellcheck disable=SC2046,SC2086
sdl_terminal() {
    $c "$root/examples/c/sdl_terminal.c" $(pkg-config --cflags --libs sdl2 SDL2_ttf) $link -o "$work/sdl_terminal" &&
        timeout 120 "$here/sdl_terminal.sh" "$work/sdl_terminal" "$work"
}

if [ "$which" = all ]; then
    install_packages
fi
step poll host_c poll
step "epoll, edge-triggered" host_c epoll
if [ "$which" = all ]; then
    step GLib host_c glib "$(pkg-config --cflags --libs glib-2.0)"
    step libuv host_c libuv "$(pkg-config --cflags --libs libuv)"
    step Qt host_qt
    step "Qt, with its own dispatcher" host_qt_alone
    start_display
    step SDL host_c sdl "$(pkg-config --cflags --libs sdl2)"
    step "the terminal in a window" sdl_terminal
    step Go host_go
    step tokio host_tokio
    step "the loops of docs/EMBEDDING.md compile" embedding_loops
fi
echo "$passed passed, $failed failed"
[ "$failed" = 0 ]
