#!/usr/bin/env bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# Builds User-Mode Linux 6.12 from the distribution's source package and prints its build folder (the program is "linux" in it).
# Cached by package version, configuration and patches: three to four minutes on two cores when cold, nothing when warm.
set -euo pipefail
export LC_ALL=C
. "$(dirname "$0")/common.sh"
[ "$(uname -m)" = x86_64 ] || die "User-Mode Linux needs an x86-64 host"
apt_lists
package=linux-source-6.12
version=$(candidate "$package")
[ -n "$version" ] || die "apt offers no $package"
key=$( (echo "$version"; cat "$here/uml.config" "$here"/uml-*.patch) | sha256sum | cut -c 1-16)
build=$cache/uml-$key
if [ ! -e "$build/.done" ]; then
    say "Building User-Mode Linux ($package $version)…"
    rm -rf "$build" "$cache/source"
    unpack "$cache/source" "$package"
    mkdir -p "$build"
    # Documentation and other architectures are half of the files; of both Kconfig wants files of that name.
    tar xf "$cache/source/usr/src/$package.tar.xz" -C "$build" --strip-components=1 --wildcards --exclude='*/Documentation/[a-zA-JL-Z]*' \
        --exclude='linux-source-*/arch/[a-tv-wyz]*/[a-bd-z]*' --exclude='*/tools/testing'
    rm -rf "$cache/source"
    for p in "$here"/uml-*.patch; do patch -d "$build" -p1 -s <"$p"; done
    # A shell of its own: behind || a subshell forgets -e.
    bash -e -c '
        cd "$1"
        make -s ARCH=um allnoconfig
        scripts/kconfig/merge_config.sh -m .config "$2"
        make -s ARCH=um olddefconfig
        nice -n 10 make -s ARCH=um -j"$3" linux modules
        find . -name "*.o" ! -path "./scripts/*" ! -path "./arch/*" -delete
    ' - "$build" "$here/uml.config" "$jobs" >"$build.log" 2>&1 || { tail -n 30 "$build.log" >&2; die "User-Mode Linux does not build"; }
    touch "$build/.done"
    for old in "$cache"/uml-*; do
        case $old in "$build"|"$build".log) ;; *) rm -rf "$old" ;; esac
    done
fi
echo "$build"
