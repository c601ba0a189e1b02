#!/usr/bin/env bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# kms.sh [FILE]: straight to a display controller, without a window system. Dmabufs are scanned out as they are; memfds are copied into the sink's buffers.
. "$(dirname "$0")/common.sh"
in=${1:-$(sample vp9)}
need kmssink gstreamer1.0-plugins-bad
ls /dev/dri/card* >/dev/null 2>&1 || die "No display controller here (/dev/dri/card*): load vkms to try without a monitor."
launch filesrc location="$in" ! parsebin ! queue ! "$(decoder "$in")" output-format=nv12 ! kmssink ${KMS:-}
