#!/usr/bin/env bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# transcode.sh [IN] [OUT.mkv]: decodes with our element, encodes with what is installed (SVT-AV1, x264, libaom, libvpx; ENCODER= chooses).
. "$(dirname "$0")/common.sh"
in=${1:-$(sample av1)} out=${2:-$work/transcoded.mkv}
encoder=${ENCODER:-$(first "x264enc speed-preset=veryfast ! h264parse" "svtav1enc preset=10 ! av1parse" "av1enc cpu-used=8 ! av1parse" \
    "vp9enc cpu-used=6 deadline=1")} || die "No encoder found (Debian: package gstreamer1.0-plugins-ugly has x264enc)."
echo "$in -> $out by ${encoder%% *}"
# Decoder to encoder: the fd memory itself; encoders map it.
launch filesrc location="$in" ! parsebin ! queue ! "$(decoder "$in")" ! queue ! videoconvert ! $encoder ! matroskamux ! filesink location="$out"
