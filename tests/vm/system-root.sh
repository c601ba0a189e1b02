#!/usr/bin/env bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# A root folder with an installed system of Debian (system-root.sh [trixie|bookworm]): systemd, udev, the distribution's kernel with its headers, DKMS, GStreamer. Prints it.
# Needs root, debootstrap and a mirror; without them nothing is printed and the status is 3. Five minutes when cold; made again once a month.
set -euo pipefail
export LC_ALL=C
. "$(dirname "$0")/common.sh"
release=${1:-trixie}
packages=(systemd-sysv udev dbus kmod dkms linux-image-amd64 linux-headers-amd64 gstreamer1.0-tools gstreamer1.0-plugins-base gstreamer1.0-plugins-good gstreamer1.0-plugins-bad v4l-utils)
none() { say "$*"; exit 3; }
[ "$(id -u)" = 0 ] || none "chroot needs root"
command -v debootstrap >/dev/null && command -v mke2fs >/dev/null || none "debootstrap or mke2fs is not installed"
mirror=$(apt-get indextargets --format '$(REPO_URI)' 'Created-By: Packages' 2>/dev/null | grep -m 1 '/debian/\?$') || none "apt knows no Debian mirror"
to=$cache/system-$release-$( (echo "$release ${packages[*]}"; date +%Y-%m; cat "$0") | sha256sum | cut -c 1-16)
if [ ! -e "$to/.done" ]; then
    say "Installing a system of Debian $release…"
    rm -rf --one-file-system "$cache/system-$release"-*
    debs=${XDG_CACHE_HOME:-$HOME/.cache}/gstdaedalus/packages; mkdir -p "$debs"
    debootstrap --variant=minbase --cache-dir="$debs" --include=ca-certificates "$release" "$to" "$mirror" >"$cache/system.log" 2>&1 || none "$(tail -n 1 "$cache/system.log")"
    # The mirror as this system reaches it.
    cp -r /etc/apt/apt.conf.d "$to/etc/apt/"; rm -f "$to"/etc/apt/apt.conf.d/{20packagekit,50appstream}
    cp -r /etc/ssl/certs "$to/etc/ssl/" 2>/dev/null || true; cp -r /usr/local/share/ca-certificates "$to/usr/local/share/" 2>/dev/null || true
    cp /etc/resolv.conf /etc/hosts "$to/etc/" 2>/dev/null || true
    printf '#!/bin/sh\nexit 101\n' >"$to/usr/sbin/policy-rc.d"; chmod 755 "$to/usr/sbin/policy-rc.d"
    in_root() { chroot "$to" env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME=/root DEBIAN_FRONTEND=noninteractive LC_ALL=C "$@"; }
    mount -t proc proc "$to/proc"
    trap 'umount "$to/proc"' EXIT
    in_root apt-get update -qq >>"$cache/system.log" 2>&1 && in_root apt-get install -y -qq --no-install-recommends "${packages[@]}" >>"$cache/system.log" 2>&1 || none "$(tail -n 3 "$cache/system.log")"
    in_root apt-get clean
    rm -rf "$to"/var/lib/apt/lists/* "$to"/usr/share/{doc,man,locale,icons}/* "$to/usr/sbin/policy-rc.d"
    touch "$to/.done"
fi
echo "$to"
