#!/usr/bin/env bash
# Looks for the programs that `make test` needs beside Rust. On Debian as root it installs what is
# missing; elsewhere it says what to install and ends.
set -eu
cd "$(dirname "$0")/.."

# command (or header) and the Debian package that has it
wanted="gcc:gcc g++:g++ make:make clang:clang valgrind:valgrind cmake:cmake pkg-config:pkg-config readelf:binutils nm:binutils"
wanted="$wanted node:nodejs npm:npm tmux:tmux python3:python3 git:git vim:vim nvim:neovim emacs:emacs-nox unshare:util-linux"
wanted="$wanted luajit:luajit abidiff:abigail-tools bash:bash zsh:zsh fish:fish groff:groff-base Xvfb:xvfb xterm:xterm chromium:chromium htop:htop less:less"
wanted="$wanted nginx:nginx caddy:caddy openssl:openssl systemd-analyze:systemd systemd-socket-activate:systemd promtool:prometheus"
missing=""
for pair in $wanted; do
    PATH="$PATH:/usr/sbin" command -v "${pair%%:*}" >/dev/null || missing="$missing ${pair##*:}"
done
if command -v pkg-config >/dev/null; then
    pkg-config --exists libuv || missing="$missing libuv1-dev"
    pkg-config --exists glib-2.0 || missing="$missing libglib2.0-dev"
else
    missing="$missing libuv1-dev libglib2.0-dev"
fi

# Headers for addons (bindings/node), which Debian has in a package of their own. The Node that npm brings below has them.
if command -v node >/dev/null && [ "$(node -p 'process.versions.node.split(".")[0]')" -ge 20 ]; then
    node=$(node -p 'fs.realpathSync(process.execPath)')
    [ -e "${node%/bin/*}/include/node/node_api.h" ] || missing="$missing libnode-dev"
fi

python3 -c 'import ensurepip, venv' 2>/dev/null || missing="$missing python3-venv"
python3 -c 'import cffi' 2>/dev/null || /usr/bin/python3 -c 'import cffi' 2>/dev/null ||
    missing="$missing python3-cffi"

if [ -n "$missing" ]; then
    if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
        echo "installing:$missing"
        apt-get update -qq
        # Packages of servers do not start them: this is how Debian asks.
        if [ ! -e /usr/sbin/policy-rc.d ]; then
            trap 'rm -f /usr/sbin/policy-rc.d' EXIT
            printf '#!/bin/sh\nexit 101\n' >/usr/sbin/policy-rc.d
            chmod +x /usr/sbin/policy-rc.d
        fi
        # shellcheck disable=SC2086 # a list of words
        DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $missing >/dev/null
    else
        echo "please install first:$missing" >&2
        exit 1
    fi
fi

# The client in JavaScript needs what Node has since version 20, and Debian 12 has an older one. The Makefile puts this
# one first.
if [ "$(node -p 'process.versions.node.split(".")[0]')" -lt 20 ]; then
    package="node-linux-$(uname -m | sed 's/x86_64/x64/; s/aarch64/arm64/')"
    npm install --silent --no-audit --no-fund --no-save --prefix target/node "$package@20"
    ln -sfn "node_modules/$package/bin" target/node/bin
fi

# What the client in Python and its tests use, and the client itself, which shows that it can be installed. Tests take
# it from its sources (PYTHONPATH), so this is made anew only when what it asks for changes.
python=target/foreign/python
if [ ! -e "$python/installed" ] || [ clients/python/pyproject.toml -nt "$python/installed" ] ||
    [ clients/python/tests/requirements.txt -nt "$python/installed" ]; then
    python3 -m venv --clear "$python"
    "$python/bin/pip" install --quiet --disable-pip-version-check \
        --requirement clients/python/tests/requirements.txt ./clients/python
    touch "$python/installed"
fi

# What drives and checks a browser; what the client in JavaScript, its tests and its examples use.
for folder in tests/browser clients/js clients/js/examples/xterm clients/js/examples/react; do
    if [ ! "$folder/node_modules/.package-lock.json" -nt "$folder/package-lock.json" ]; then
        (cd "$folder" && npm ci --silent --no-audit --no-fund)
    fi
done
echo "tools: complete"
