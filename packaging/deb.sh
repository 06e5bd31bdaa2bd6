#!/usr/bin/env bash
# Builds the Debian packages liborchflow0, liborchflow-dev and orchflow-demo into target/deb, checks them with lintian,
# and compiles and runs the C host of README against them, unpacked.
set -euo pipefail
cd "$(dirname "$0")/.."

for tool in dpkg-buildpackage dh lintian; do
    command -v "$tool" >/dev/null || { echo "please install first: dpkg-dev debhelper lintian" >&2; exit 1; }
done
version=$(sed -n 's/^version = "\(.*\)"/\1/p' Cargo.toml | head -n 1)
out=$PWD/target/deb
rm -rf "$out"
mkdir -p "$out/source"
# What is in the repository, as it is now; built where everything else is built.
git ls-files -z --cached --others --exclude-standard | grep -zv '^packaging/debian/' |
    xargs -0 cp --parents --no-dereference -t "$out/source"
cp -r packaging/debian "$out/source/debian"
printf 'orchflow (%s) unstable; urgency=medium\n\n  * See CHANGELOG.md.\n\n -- %s  %s\n' "$version" \
    "$(sed -n 's/^Maintainer: //p' packaging/debian/control)" "$(date -R)" >"$out/source/debian/changelog"
(cd "$out/source" && CARGO_TARGET_DIR=$out/../ dpkg-buildpackage --build=binary --no-sign --no-check-builddeps \
    >"$out/build.log" 2>&1) || { tail -n 40 "$out/build.log" >&2; exit 1; }
ls "$out"/*.deb
lintian --fail-on error "$out"/*.changes

root=$(mktemp -d)
trap 'rm -rf "$root"' EXIT
for package in "$out"/liborchflow*.deb; do dpkg-deb --extract "$package" "$root"; done
lib=$(dirname "$(find "$root/usr/lib" -name liborchflow.so)")
cc -std=c99 -Wall -Werror examples/c/poll_host.c -I "$root/usr/include" -L "$lib" -lorchflow "-Wl,-rpath,$lib" \
    -o "$root/poll_host"
[ "$("$root/poll_host" echo hello </dev/null | tr -d '\r')" = hello ]
dpkg-deb --extract "$out"/orchflow-demo_*.deb "$root"
"$root/usr/bin/orchflow-demo" --version
echo "packages: $(ls "$out"/*.deb | wc -l) built and tried"
