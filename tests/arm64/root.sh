#!/usr/bin/env bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# An arm64 root folder of this release with GStreamer's tools: packages unpacked, none configured. Prints it; says why and fails where
# apt has no arm64 packages. Programs in it run under qemu-aarch64-static -L ROOT.
set -euo pipefail
export LC_ALL=C
. "$(dirname "$0")/../vm/common.sh"
packages=(base-files libc6 gstreamer1.0-tools gstreamer1.0-plugins-base gstreamer1.0-plugins-good gstreamer1.0-plugins-bad libgstreamer1.0-0 libgstreamer-plugins-base1.0-0)
apt_lists
arm() { local tool=$1; shift; apt_own "$tool" -o APT::Architecture=arm64 -o APT::Install-Recommends=false "$@"; }
list=$(arm apt-get -s install "${packages[@]}" 2>/dev/null | sed -n 's/^Inst \([^ ]*\) (\([^ ]*\) .*/\1=\2/p')
[ -n "$list" ] || { say "apt has no arm64 packages of this release"; exit 1; }
root_dir=$cache/arm64-$(echo "$list" | sort | sha256sum | cut -c 1-16)
if [ ! -e "$root_dir/.done" ]; then
    say "Unpacking $(echo "$list" | wc -l) arm64 packages…"
    rm -rf "$cache"/arm64-*; mkdir -p "$root_dir"
    arm apt-get install -y --download-only "${packages[@]}" >"$cache/apt-arm64.log" 2>&1 || { tail -n 3 "$cache/apt-arm64.log" >&2; exit 1; }
    for deb in "$cache"/apt/cache/archives/base-files_*.deb "$cache"/apt/cache/archives/*.deb; do dpkg-deb -x "$deb" "$root_dir"; done
    rm -f "$cache"/apt/cache/archives/*.deb
    rm -rf "$root_dir"/usr/share/{doc,man,locale,icons}
    touch "$root_dir/.done"
fi
echo "$root_dir"
