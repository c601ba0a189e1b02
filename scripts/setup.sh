#!/usr/bin/env bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# Installs what is missing, through apt. setup.sh build|test — "test" adds the oracles and instruments of the tests.
set -euo pipefail

build=(gstreamer1.0-tools gstreamer1.0-plugins-base gstreamer1.0-plugins-good gstreamer1.0-plugins-bad
       libgstreamer1.0-dev libgstreamer-plugins-base1.0-dev
       gcc libc6-dev clang lld zlib1g-dev pkg-config python3 ffmpeg)
test=(gstreamer1.0-libav gstreamer1.0-gl gstreamer1.0-plugins-ugly gstreamer1.0-gtk3 gir1.2-gtk-3.0 xvfb xauth libgl1-mesa-dri libegl1 vpx-tools aom-tools svt-av1 rav1e dav1d fluster meson ninja-build
      python3-gi gir1.2-gstreamer-1.0 gir1.2-gst-plugins-base-1.0 gir1.2-gst-plugins-bad-1.0 valgrind linux-libc-dev
      gcc-aarch64-linux-gnu libc6-dev-arm64-cross qemu-user-static
      man-db mandoc zsh fish
      make flex bison bc libelf-dev patch xz-utils perl debootstrap)

want=("${build[@]}")
[ "${1:-build}" = test ] && want+=("${test[@]}")

installed() { dpkg-query -W -f='${db:Status-Status}' "$1" 2>/dev/null | grep -qx installed; }
missing=() as_root=()
[ "$(id -u)" = 0 ] || as_root=(sudo)
install() { "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "$@" >/dev/null; }
for p in "${want[@]}"; do installed "$p" || missing+=("$p"); done

if [ ${#missing[@]} -gt 0 ]; then
    command -v apt-get >/dev/null || { echo "These packages are missing and apt-get is not here to install them: ${missing[*]}" >&2; exit 1; }
    echo "Installing through apt: ${missing[*]}"
    "${as_root[@]}" apt-get update -qq
    install "${missing[@]}"
fi

# The reports are looked at in a browser where the distribution has one that needs no display; without it those tests do not look.
browser=chromium-headless-shell
if [ "${1:-build}" = test ] && ! installed "$browser" && apt-cache policy "$browser" 2>/dev/null | grep -q 'Candidate: [0-9]'; then
    echo "Installing through apt: $browser"
    install "$browser" || echo "$browser cannot be installed." >&2
fi

command -v dotnet >/dev/null || {
    echo "The .NET SDK (10.0 or later) is needed; install the package dotnet-sdk-10.0 or unpack the SDK and put it on PATH." >&2
    exit 1
}
