#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# Asserts the struct offsets the bindings use against the GStreamer headers: natively, and for arm64 where a cross compiler is installed.
set -eu
cd "$(dirname "$0")/.."
multiarch=$(gcc -print-multiarch)
flags=$(pkg-config --cflags gstreamer-video-1.0 gstreamer-allocators-1.0 | sed "s#-I/usr/include/$multiarch\( \|\$\)##")
# shellcheck disable=SC2086
gcc -fsyntax-only $flags native/gst_layout_check.c
if command -v aarch64-linux-gnu-gcc >/dev/null 2>&1; then
    # shellcheck disable=SC2086
    aarch64-linux-gnu-gcc -fsyntax-only $flags native/gst_layout_check.c
fi
