#!/usr/bin/env bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# camera.sh [CAMERA] [VIRTUAL]: camera (vivid: modprobe vivid) with dmabufs -> encode -> decode by our element -> virtual camera (v4l2loopback).
. "$(dirname "$0")/common.sh"
camera=${1:-/dev/video0} virtual=${2:-}
need vp9enc gstreamer1.0-plugins-good
if [ -c "$camera" ]; then source="v4l2src device=$camera io-mode=dmabuf num-buffers=${FRAMES:-300}"
else warn "no camera at $camera (modprobe vivid makes one): a test picture takes its place, in system memory"; source="videotestsrc is-live=true num-buffers=${FRAMES:-300}"; fi
if [ -n "$virtual" ] && [ -c "$virtual" ]; then sink="videoconvert ! v4l2sink device=$virtual"
elif display; then sink="videoconvert ! autovideosink"
else warn "no virtual camera given (v4l2loopback makes one) and no display: decoded and thrown away"; sink="fakesink sync=false"; fi
launch $source ! videoconvertscale ! video/x-raw,format=I420,width=640,height=360 ! vp9enc deadline=1 cpu-used=8 ! queue ! daedalusvp9dec name=dec ! $sink
