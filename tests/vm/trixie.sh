#!/usr/bin/env bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# A root folder of the next release: packages unpacked, none configured. Prints it; nothing is printed and the status is 1 when the mirror does not
# carry that release.  trixie.sh [clients|qemu]: GStreamer 1.26 and v4l2-compliance 1.30 (the default), or a QEMU whose TCG knows AVX2.
set -euo pipefail
export LC_ALL=C
. "$(dirname "$0")/common.sh"
case ${1:-clients} in
clients) name=trixie packages=(base-files dash coreutils grep sed busybox-static v4l-utils gstreamer1.0-tools gstreamer1.0-plugins-base gstreamer1.0-plugins-good gstreamer1.0-plugins-bad gstreamer1.0-gl
    python3-gi gir1.2-gstreamer-1.0) ;;
qemu) name=qemu packages=(base-files qemu-system-x86) ;;
*) die "trixie.sh [clients|qemu]" ;;
esac
apt_trixie apt-cache policy base-files >/dev/null 2>&1 || true
if [ -z "$(find "$cache/apt-trixie/updated" -mtime -7 2>/dev/null)" ]; then
    apt_trixie apt-get update >"$cache/apt-trixie.log" 2>&1 || { say "no lists of the next release: $(tail -n 1 "$cache/apt-trixie.log")"; exit 1; }
    touch "$cache/apt-trixie/updated"
fi
list=$(apt_trixie apt-get -s install --no-install-recommends "${packages[@]}" 2>/dev/null | sed -n 's/^Inst \([^ ]*\) (\([^ ]*\) .*/\1=\2/p')
[ -n "$list" ] || { say "the next release's packages cannot be resolved"; exit 1; }
root_dir=$cache/$name-$(echo "$list" | sort | sha256sum | cut -c 1-16)
if [ ! -e "$root_dir/.done" ]; then
    say "Unpacking $(echo "$list" | wc -l) packages of the next release…"
    rm -rf "$cache/$name"-*; mkdir -p "$root_dir"
    apt_trixie apt-get install -y --download-only --no-install-recommends "${packages[@]}" >"$cache/apt-trixie.log" 2>&1 || { tail -n 3 "$cache/apt-trixie.log" >&2; exit 1; }
    # The links of the merged /usr first.
    for deb in "$cache"/apt-trixie/cache/archives/base-files_*.deb "$cache"/apt-trixie/cache/archives/*.deb; do dpkg-deb -x "$deb" "$root_dir"; done
    rm -f "$cache"/apt-trixie/cache/archives/*.deb
    rm -rf "$root_dir"/usr/share/{doc,man,locale,icons}
    mkdir -p "$root_dir"/{proc,sys,dev,tmp,run,mnt}
    touch "$root_dir/.done"
fi
echo "$root_dir"
