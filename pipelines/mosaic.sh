#!/usr/bin/env bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# mosaic.sh [FILE FILE FILE FILE]: four streams at once in one picture, 2 by 2: four decoders in one process.
. "$(dirname "$0")/common.sh"
files=("$@")
[ ${#files[@]} -gt 0 ] || files=("$(sample vp9)" "$(sample h264)" "$(sample av1)" "$(sample vp9)")
[ ${#files[@]} -eq 4 ] || die "usage: mosaic.sh [FILE FILE FILE FILE]"
need compositor gstreamer1.0-plugins-base
if [ -n "${OUT:-}" ]; then sink="videoconvert ! pngenc snapshot=true ! filesink location=$OUT"
elif display; then sink="videoconvert ! autovideosink"
else warn "no display: composed and thrown away (OUT=file.png keeps the first picture)"; sink="fakesink sync=false"; fi
pipeline="compositor name=c sink_0::xpos=0 sink_1::xpos=640 sink_2::ypos=360 sink_3::xpos=640 sink_3::ypos=360 ! video/x-raw,width=1280,height=720 ! $sink"
for i in 0 1 2 3; do
    d=$(decoder "${files[$i]}")
    # compositor maps the decoder's memory to read it; what it writes is new.
    pipeline+=" filesrc location=${files[$i]} ! parsebin ! queue ! ${d/name=dec/name=dec$i} ! videoconvertscale ! video/x-raw,width=640,height=360 ! c.sink_$i"
done
launch "$pipeline"
