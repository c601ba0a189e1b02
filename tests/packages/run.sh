#!/usr/bin/env bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# run.sh [RELEASE…] [--counts FILE]: builds the packages, then in a fresh root of each Debian release (default: bookworm trixie) installs them,
# decodes a stream, upgrades, removes and purges, and looks for what stayed behind. Needs root, debootstrap and a mirror; says so and ends well without.
set -uo pipefail
cd "$(dirname "$0")/../.."
releases=() counts=
while [ $# -gt 0 ]; do case $1 in --counts) counts=$2; shift 2 ;; *) releases+=("$1"); shift ;; esac; done
[ ${#releases[@]} -gt 0 ] || releases=(bookworm trixie)
passed=0 failed=0
ok() { passed=$((passed + 1)); printf '  %-9s ok    %s\n' "$release" "$1"; }
bad() { failed=$((failed + 1)); printf '  %-9s WRONG %s\n' "$release" "$1"; tail -n 15 "$log" >&2; }
try() { local title=$1; shift; if "$@" >"$log" 2>&1; then ok "$title"; else bad "$title"; fi; }
done_() { [ -z "$counts" ] || echo "$passed $failed" >"$counts"; echo "packages: $passed passed, $failed failed"; [ "$failed" -eq 0 ]; exit; }

skip() { echo "packages: SKIPPED: $*"; done_; }
[ "$(id -u)" = 0 ] || skip "chroot needs root"
command -v debootstrap >/dev/null || skip "debootstrap is not installed"
mkdir -p out/packages/mount && mount -t tmpfs none out/packages/mount 2>/dev/null || skip "nothing can be mounted here"
umount out/packages/mount
mirror=$(apt-get indextargets --format '$(REPO_URI)' 'Created-By: Packages' 2>/dev/null | grep -m 1 '/debian/\?$')
[ -n "$mirror" ] || skip "apt knows no Debian mirror"

packaging/build-debs.sh out/debs >/dev/null || { release=build log=/dev/null; bad "packages can be built"; done_; }
work=out/packages; mkdir -p "$work"
log=$work/step.log
sample=$work/sample.webm
[ -s "$sample" ] || ffmpeg -v error -y -f lavfi -i testsrc2=size=320x180:rate=30 -t 2 -c:v libvpx-vp9 -b:v 300k -cpu-used 8 "$sample"
ffmpeg -v error -y -i "$sample" -c copy "${sample%.webm}.ivf"
expected=$(ffmpeg -v error -c:v libvpx-vp9 -i "$sample" -f rawvideo - | md5sum | cut -d' ' -f1)

for release in "${releases[@]}"; do
    root=$work/$release
    cleanup() { for m in sys proc; do mountpoint -q "$root/$m" && umount "$root/$m"; done; rm -rf --one-file-system "$root"; }
    trap cleanup EXIT
    cleanup
    cache=$HOME/.cache/gstdaedalus/packages; mkdir -p "$cache"
    echo "A root of Debian $release …"
    if ! debootstrap --variant=minbase --cache-dir="$cache" --include=ca-certificates "$release" "$root" "$mirror" >"$log" 2>&1; then
        echo "packages: SKIPPED: $release: $(tail -n 1 "$log")"; continue
    fi
    # The mirror as this system reaches it.
    cp -r /etc/apt/apt.conf.d "$root/etc/apt/"; rm -f "$root"/etc/apt/apt.conf.d/{20packagekit,50appstream}
    cp -r /etc/ssl/certs "$root/etc/ssl/" 2>/dev/null; cp -r /usr/local/share/ca-certificates "$root/usr/local/share/" 2>/dev/null
    cp /etc/resolv.conf /etc/hosts "$root/etc/" 2>/dev/null
    printf '#!/bin/sh\nexit 101\n' >"$root/usr/sbin/policy-rc.d"; chmod 755 "$root/usr/sbin/policy-rc.d"
    mount -t proc proc "$root/proc"; mount -t sysfs sys "$root/sys"
    mkdir -p "$root/debs"; cp out/debs/*.deb "$sample" "${sample%.webm}.ivf" "$root/debs/"
    in_root() { chroot "$root" env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME=/root DEBIAN_FRONTEND=noninteractive LC_ALL=C "$@"; }
    files() { (cd "$root" && find etc usr var/lib lib -xdev \( -path var/lib/dpkg -o -path var/lib/apt -o -path var/lib/systemd -o -path usr/share/doc \) -prune -o -name '*aedalus*' -print); }

    try "package lists" in_root apt-get update -qq
    try "players and tools" in_root apt-get install -y -qq --no-install-recommends gstreamer1.0-tools gstreamer1.0-plugins-good
    try "install: plugin, engine, daemon, tool, header" in_root sh -c 'apt-get install -y -qq --no-install-recommends /debs/libdaedalus-engine_*.deb /debs/libdaedalus-engine-dev_*.deb /debs/gstreamer1.0-daedalus_*.deb /debs/daedalusd_*.deb /debs/daedalus-tools_*.deb'
    for e in daedalusvp9dec daedalush264dec daedalusav1dec; do try "gst-inspect-1.0 $e" in_root gst-inspect-1.0 "$e"; done
    try "decodebin decodes, bit-exact" in_root sh -c "gst-launch-1.0 -q filesrc location=/debs/sample.webm ! decodebin ! video/x-raw,format=I420 ! filesink location=/out.yuv && echo '$expected  /out.yuv' | md5sum -c"
    try "by our element" in_root sh -c "GST_DEBUG=GST_ELEMENT_FACTORY:4 gst-launch-1.0 filesrc location=/debs/sample.webm ! decodebin ! fakesink 2>&1 | grep -q 'creating element.*daedalusvp9dec'"
    try "daedalusctl decodes, bit-exact" in_root sh -c "daedalusctl md5 /debs/sample.ivf | grep '$expected'"
    try "daedalusctl plays, bit-exact" in_root sh -c "daedalusctl play --md5 /debs/sample.webm | grep '$expected'"
    try "manual pages" in_root sh -c 'for p in man1/daedalusctl.1 man7/gstdaedalus.7 man8/daedalusd.8; do zcat /usr/share/man/$p.gz | grep -q "^.SH NAME" || exit 1; done'
    try "completion of bash" in_root bash -c '. /usr/share/bash-completion/completions/daedalusctl; COMP_WORDS=(daedalusctl comp); COMP_CWORD=1; _daedalusctl; [ "${COMPREPLY[*]}" = "compare completion" ]'
    try "the bill of materials names the files that are there" python3 tests/packages/check_bill.py "$root"
    try "the daemon finds its engine" in_root sh -c 'daedalusd 2>&1 | grep "is the module daedalus_v4l2 loaded"'
    try "the daemon's user" in_root sh -c 'command -v systemd-sysusers adduser >/dev/null || exit 0; getent passwd daedalus'
    try "the unit is well formed" sh -c "! command -v systemd-analyze >/dev/null || systemd-analyze verify --man=no --root='$(realpath "$root")' daedalusd.service 2>&1 | { ! grep -v -e 'daedalusd.service: Command' -e '^$' | grep -q 'daedalusd.service'; }"
    try "the module's source installs without kernel headers" in_root sh -c 'apt-get install -y -qq --no-install-recommends /debs/daedalus-v4l2-dkms_*.deb && dkms status | grep daedalus-v4l2'
    try "install again" in_root sh -c 'apt-get install -y -qq --reinstall --no-install-recommends /debs/*.deb'
    try "purge" in_root apt-get purge -y -qq daedalus-v4l2-dkms daedalusd daedalus-tools gstreamer1.0-daedalus libdaedalus-engine libdaedalus-engine-dev
    files >"$log"
    if [ -s "$log" ]; then bad "nothing stays behind"; else ok "nothing stays behind"; fi
    try "players go on without" in_root sh -c "rm -rf /root/.cache; gst-launch-1.0 -q filesrc location=/debs/sample.webm ! decodebin ! fakesink"
    cleanup
done
done_
