#!/usr/bin/env bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# Builds the kernel module against the distribution's kernels, unpacked in the cache; warnings are errors.
#   modules.sh OUTDIR KERNEL…      KERNEL: 6.1-amd64, 6.12-amd64, 6.12-arm64 or uml=FOLDER   ->  OUTDIR/KERNEL/daedalus_v4l2.ko
set -euo pipefail
export LC_ALL=C
. "$(dirname "$0")/common.sh"
out=$1; shift
mkdir -p "$out"; out=$(cd "$out" && pwd)

# The metapackage's dependency is the current kernel: "linux-headers-6.12.117+deb12-amd64".
current_headers() { # metapackage
    apt_own apt-cache depends "$1" 2>/dev/null | sed -n 's/^ *Depends: \(linux-headers-[^:]*\).*/\1/p' | head -n 1
}

# Unpacks headers, their common part and the build programs; prints the folder to build in.
headers() { # series architecture
    local meta headers common kbuild to dir
    meta=linux-headers-$1-$2
    [ "$1" = 6.1 ] && meta=linux-headers-$2
    headers=$(current_headers "$meta:$2")
    [ -n "$headers" ] || die "apt offers no headers of Linux $1 for $2"
    common=${headers%-"$2"}-common
    # 6.1 has one package of build programs for all its versions. They run here, whatever they build for.
    kbuild=linux-kbuild-6.1
    [ "$1" = 6.1 ] || { kbuild=${headers#linux-headers-}; kbuild=linux-kbuild-${kbuild%-"$2"}; }
    to=$cache/headers-$1-$2
    if [ ! -e "$to/.packages/$headers" ]; then
        rm -rf "$to"
        unpack "$to" "$headers:$2" "$common:all" "$kbuild:amd64"
        dir=$to/usr/src/$headers
        # What the packages name absolutely lies in the cache.
        sed -i "s:/usr/src/:$to/usr/src/:g" "$dir/Makefile" "$dir/.kernelvariables" 2>/dev/null || true
        for link in "$dir"/scripts "$dir"/tools "$to/usr/src/$common"/scripts "$to/usr/src/$common"/tools; do
            [ -L "$link" ] && [ ! -e "$link" ] && ln -sfn "$(find "$to/usr/lib" "$to/usr/src" -maxdepth 2 -path "*/$kbuild/$(basename "$link")" | head -n 1)" "$link"
        done
        touch "$to/.packages/$headers"
    fi
    echo "$to/usr/src/$headers"
}

for kernel in "$@"; do
    name=${kernel%%=*} arguments=(CONFIG_DEBUG_INFO_BTF_MODULES= W=1)
    case $name in
    uml) folder=${kernel#*=}; arguments+=(ARCH=um) ;;
    *-arm64) apt_lists; folder=$(headers "${name%-*}" arm64); arguments+=(ARCH=arm64 CROSS_COMPILE=aarch64-linux-gnu-) ;;
    *) apt_lists; folder=$(headers "${name%-*}" amd64) ;;
    esac
    rm -rf "$out/$name"; mkdir -p "$out/$name"
    cp "$root"/kernel/*.[ch] "$root/kernel/Kbuild" "$out/$name/"
    make -C "$folder" M="$out/$name" KCFLAGS=-Werror "${arguments[@]}" modules >"$out/$name.log" 2>&1 || { cat "$out/$name.log" >&2; die "the module does not build for $name"; }
    if grep -i 'warning' "$out/$name.log" >&2; then die "the module builds with warnings for $name"; fi
    echo "$out/$name/daedalus_v4l2.ko"
done
