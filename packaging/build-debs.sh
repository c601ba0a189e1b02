#!/usr/bin/env bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# build-debs.sh [OUT]: the Debian packages of this checkout, for this machine's architecture, in OUT (default out/debs).
# DAEDALUS_TARGET=aarch64 build-debs.sh: for arm64 (a Raspberry Pi), cross-compiled.
# They are put together with dpkg-deb alone: the build has no use for a source package, and so none is made.
set -euo pipefail
cd "$(dirname "$0")/.."
out=${1:-out/debs}
built=out
if [ "${DAEDALUS_TARGET:-$(uname -m)}" = "$(uname -m)" ]; then
    arch=$(dpkg --print-architecture) triplet=$(gcc -print-multiarch)
    scripts/setup.sh build
else
    [ "$DAEDALUS_TARGET" = aarch64 ] || { echo "build-debs.sh: cross-compiling is for aarch64 only" >&2; exit 1; }
    arch=arm64 triplet=aarch64-linux-gnu built=out/arm64
    scripts/setup.sh test
    DAEDALUS_SYSROOT=${DAEDALUS_SYSROOT:-$(tests/arm64/root.sh)}; export DAEDALUS_SYSROOT
fi
scripts/build.sh "$built"

version=$(sed -n 's:.*<Version>\(.*\)</Version>.*:\1:p' Directory.Build.props)
maintainer="GstDaedalus <gstdaedalus@localhost>"
stage=$(mktemp -d)
trap 'rm -rf "$stage"' EXIT
mkdir -p "$out"
export SOURCE_DATE_EPOCH=${SOURCE_DATE_EPOCH:-$(git log -1 --format=%ct 2>/dev/null || date +%s)}

# glibc VERSION that a file asks for at most.
glibc() { "$triplet-objdump" -T "$@" | grep -o 'GLIBC_2\.[0-9]*' | sort -uV | tail -n 1 | cut -d_ -f2; }

# begin PACKAGE ARCHITECTURE SECTION DEPENDS TITLE [RECOMMENDS]; the long description on standard input.
begin() {
    package=$1 root=$stage/$1 package_arch=$2
    mkdir -p "$root/DEBIAN" "$root/usr/share/doc/$1"
    {
        printf 'Package: %s\nVersion: %s\nArchitecture: %s\nMaintainer: %s\nSection: %s\nPriority: optional\n' "$1" "$version" "$2" "$maintainer" "$3"
        [ -z "$4" ] || printf 'Depends: %s\n' "$4"
        [ -z "${6:-}" ] || printf 'Recommends: %s\n' "$6"
        printf 'Description: %s\n' "$5"
        sed 's/^$/./; s/^/ /'
    } >"$root/DEBIAN/control"
    # copyright: ours, and what NativeAOT links in.
    cat packaging/copyright >"$root/usr/share/doc/$1/copyright"
    gzip -9n <CHANGELOG.md >"$root/usr/share/doc/$1/changelog.gz"
}

# page FILE: a manual page.
page() { local to; to=$root/usr/share/man/man${1##*.}/$(basename "$1").gz; mkdir -p "$(dirname "$to")"; gzip -9n <"$1" >"$to"; }

# script NAME: a maintainer script from standard input.
script() { { printf '#!/bin/sh\nset -e\n'; cat; } >"$root/DEBIAN/$1"; chmod 755 "$root/DEBIAN/$1"; }

finish() {
    find "$root" -newermt "@$SOURCE_DATE_EPOCH" -print0 | xargs -0r touch -hd "@$SOURCE_DATE_EPOCH"
    (cd "$root" && find . -path ./DEBIAN -prune -o -type f -printf '%P\0' | sort -z | xargs -0r md5sum >DEBIAN/md5sums)
    chmod -R u+rwX,go+rX,go-w "$root"
    dpkg-deb --root-owner-group --build "$root" "$out/${package}_${version}_${package_arch}.deb" >/dev/null
    echo "$out/${package}_${version}_${package_arch}.deb"
}

# What is in the packages, file by file, and the licence texts of what is linked in.
bill=$stage/gstdaedalus.spdx.json notices=$stage/third-party-notices
packaging/sbom.py "$built" --notices "$notices" >"$bill"
cp "$bill" "$out/gstdaedalus_${version}_$arch.spdx.json"

engines=("$built"/lib/daedalus/*/libdaedalus-engine.so)
begin libdaedalus-engine "$arch" libs "libc6 (>= $(glibc "${engines[@]}"))" "stateless VP9, H.264 and AV1 decoder engine" <<'T'
The engine behind the GStreamer elements daedalusvp9dec, daedalush264dec and
daedalusav1dec and the daemon daedalusd: it takes V4L2 stateless requests and
writes pictures. One build for each CPU level; the best is chosen at run time.
T
for e in "${engines[@]}"; do install -D -m 644 "$e" "$root/usr/lib/$triplet/${e#"$built"/lib/}"; done
# The daemon looks for it in lib beside its bin.
ln -s "$triplet/daedalus" "$root/usr/lib/daedalus"
install -m 644 "$bill" "$root/usr/share/doc/$package/gstdaedalus.spdx.json"
gzip -9n <"$notices" >"$root/usr/share/doc/$package/third-party-notices.gz"
finish

begin libdaedalus-engine-dev "$arch" libdevel "libdaedalus-engine (= $version)" "stateless decoder engine: C header" <<'T'
The C interface of libdaedalus-engine (daedalus.h).
T
install -D -m 644 native/include/daedalus.h "$root/usr/include/daedalus.h"
finish

begin gstreamer1.0-daedalus "$arch" libs \
    "libdaedalus-engine (= $version), libc6 (>= $(glibc $built/lib/gstreamer-1.0/libgstdaedalus.so)), libgstreamer1.0-0 (>= 1.22), libgstreamer-plugins-base1.0-0 (>= 1.22)" \
    "GStreamer decoders for VP9, H.264 and AV1" <<'T'
The elements daedalusvp9dec, daedalush264dec and daedalusav1dec. Players find
them by their rank. They decode in the process or, with the package
daedalus-v4l2-dkms and daedalusd, through a V4L2 device.
T
install -D -m 644 $built/lib/gstreamer-1.0/libgstdaedalus.so "$root/usr/lib/$triplet/gstreamer-1.0/libgstdaedalus.so"
install -D -m 644 docs/elements.md "$root/usr/share/doc/$package/elements.md"
page docs/man/gstdaedalus.7
finish

begin daedalus-tools "$arch" video "libdaedalus-engine (= $version), libc6 (>= $(glibc $built/bin/daedalusctl))" "decode, compare and measure with the daedalus decoders" \
    "gstreamer1.0-daedalus, gstreamer1.0-tools, gstreamer1.0-plugins-bad, ffmpeg, python3-gi, gir1.2-gst-plugins-base-1.0" <<'T'
daedalusctl decodes files to raw frames and checksums, finds and draws the
first block that differs from another decoder's, plays, measures speed beside
other decoders, runs conformance suites, and shows devices and where a
GStreamer pipeline copies.
T
install -D -m 755 $built/bin/daedalusctl "$root/usr/bin/daedalusctl"
install -D -m 755 pipelines/trace.py "$root/usr/share/daedalus/trace.py"
install -D -m 644 $built/share/bash-completion/completions/daedalusctl "$root/usr/share/bash-completion/completions/daedalusctl"
install -D -m 644 $built/share/zsh/site-functions/_daedalusctl "$root/usr/share/zsh/vendor-completions/_daedalusctl"
install -D -m 644 $built/share/fish/vendor_completions.d/daedalusctl.fish "$root/usr/share/fish/vendor_completions.d/daedalusctl.fish"
page $built/share/man/man1/daedalusctl.1
finish

begin daedalusd "$arch" video "libdaedalus-engine (= $version), libc6 (>= $(glibc $built/bin/daedalusd))" "video decoder daemon behind the daedalus V4L2 device" <<'T'
Serves the requests of programs that decode through the device nodes of the
kernel module daedalus_v4l2 (package daedalus-v4l2-dkms). Started by udev when
the module is loaded.
T
install -D -m 755 $built/bin/daedalusd "$root/usr/bin/daedalusd"
page docs/man/daedalusd.8
mkdir -p "$root/usr/lib/systemd/system"
sed 's,/usr/local/bin/,/usr/bin/,' src/Daedalus.Daemon/daedalusd.service >"$root/usr/lib/systemd/system/daedalusd.service"
install -D -m 644 src/Daedalus.Daemon/daedalus-sysusers.conf "$root/usr/lib/sysusers.d/daedalusd.conf"
install -D -m 644 kernel/60-daedalus-v4l2.rules "$root/usr/lib/udev/rules.d/60-daedalus-v4l2.rules"
script postinst <<'T'
if [ "$1" = configure ]; then
    if command -v systemd-sysusers >/dev/null; then systemd-sysusers daedalusd.conf
    elif ! getent passwd daedalus >/dev/null && command -v adduser >/dev/null; then adduser --quiet --system --group --no-create-home --home /nonexistent daedalus; fi
    if [ -d /run/systemd/system ]; then
        systemctl daemon-reload
        # Where the device is already there.
        [ ! -e /dev/daedalus-v4l2 ] || systemctl restart daedalusd.service || true
    fi
    if command -v udevadm >/dev/null && [ -d /run/udev ]; then udevadm control --reload || true; udevadm trigger --subsystem-match=misc --subsystem-match=video4linux --subsystem-match=media || true; fi
fi
T
script prerm <<'T'
if [ "$1" = remove ] && [ -d /run/systemd/system ]; then systemctl stop daedalusd.service || true; fi
T
script postrm <<'T'
if [ -d /run/systemd/system ]; then systemctl daemon-reload || true; fi
if command -v udevadm >/dev/null && [ -d /run/udev ]; then udevadm control --reload || true; fi
# The system user stays, as Debian's policy asks: files may belong to it.
T
finish

begin daedalus-v4l2-dkms all kernel "dkms, daedalusd" "V4L2 stateless decoder device: kernel module source" <<'T'
Source of the module daedalus_v4l2, built by DKMS for the kernels installed:
/dev/videoN and /dev/mediaN of a stateless decoder with the Request API, which
hands its requests to daedalusd.
T
source=$root/usr/src/daedalus-v4l2-$version
mkdir -p "$source"
git ls-files kernel 2>/dev/null | grep -v -e '\.gitignore$' -e '\.rules$' | while IFS= read -r f; do install -m 644 "$f" "$source/"; done
script postinst <<T
if [ "\$1" = configure ]; then
    # Builds for the kernels whose headers are here; none is no error.
    if [ -x /usr/lib/dkms/common.postinst ]; then /usr/lib/dkms/common.postinst daedalus-v4l2 $version "" "" "\$2"; else dkms add -m daedalus-v4l2 -v $version; dkms autoinstall || true; fi
fi
T
script prerm <<T
# Afterwards modprobe does not know it any more. In a chroot it is not ours to unload.
if [ "\$1" = remove ] && [ -d /run/systemd/system ] && [ -d /sys/module/daedalus_v4l2 ]; then
    systemctl stop daedalusd.service || true
    modprobe -r daedalus_v4l2 || echo "daedalus_v4l2 is in use: it stays loaded until rmmod or a restart."
fi
case "\$1" in remove | upgrade | deconfigure)
    if dkms status -m daedalus-v4l2 -v $version 2>/dev/null | grep -q .; then dkms remove -m daedalus-v4l2 -v $version --all; fi ;;
esac
T
finish
