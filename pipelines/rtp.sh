#!/usr/bin/env bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# rtp.sh [LOSS] [SECONDS]: VP9 over RTP and UDP on this machine, losing packets with probability LOSS (default 0.02); the decoder goes on.
. "$(dirname "$0")/common.sh"
loss=${1:-0.02} seconds=${2:-10} port=${PORT:-5004}
need vp9enc gstreamer1.0-plugins-good
need netsim gstreamer1.0-plugins-bad
if display; then sink="videoconvert ! autovideosink"; else warn "no display: decoded and counted"; sink="fakesink sync=false"; fi
gst-launch-1.0 -q videotestsrc is-live=true pattern=ball num-buffers=$((seconds * 30)) ! video/x-raw,width=640,height=360,framerate=30/1 \
    ! vp9enc deadline=1 cpu-used=8 keyframe-max-dist=30 error-resilient=default target-bitrate=600000 \
    ! rtpvp9pay mtu=1200 ! netsim drop-probability="$loss" ! udpsink host=127.0.0.1 port="$port" sync=false async=false &
sender=$!
trap 'kill $sender 2>/dev/null || true' EXIT
# The sender's end is not in RTP: the receiver stops by itself a second later. Lost packets: frames flagged or dropped, never an error.
said=$(timeout -s INT $((seconds + 3)) gst-launch-1.0 -v -e udpsrc port="$port" caps="application/x-rtp,media=video,encoding-name=VP9,clock-rate=90000,payload=96" \
    ! rtpjitterbuffer latency=100 do-lost=true ! rtpvp9depay ! vp9parse ! daedalusvp9dec name=dec max-errors=-1 \
    ! fpsdisplaysink text-overlay=false video-sink="$sink" sync=false name=fps 2>&1) || true # ended by the interrupt
if grep -q ERROR <<<"$said"; then die "$said"; fi
grep last-message <<<"$said" | tail -n 1 | sed 's/.*last-message = //'
