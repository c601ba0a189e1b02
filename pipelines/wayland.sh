#!/usr/bin/env bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# wayland.sh [FILE]: to the compositor. Dmabufs go over as they are (linux-dmabuf); memfds are copied into wl_shm buffers by the sink.
. "$(dirname "$0")/common.sh"
in=${1:-$(sample vp9)}
need waylandsink gstreamer1.0-plugins-bad
[ -n "${WAYLAND_DISPLAY:-}" ] || die "WAYLAND_DISPLAY is not set: no Wayland compositor here (weston --backend=headless-backend.so is one without a screen)."
launch filesrc location="$in" ! parsebin ! queue ! "$(decoder "$in")" ! waylandsink
