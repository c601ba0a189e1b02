#!/usr/bin/env bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# play.sh [FILE]: what a player does: playbin3 finds our element by its rank.
. "$(dirname "$0")/common.sh"
in=$(realpath "${1:-$(sample vp9)}")
decoder "$in" >/dev/null
display || { warn "no display: decoded and thrown away"; set -- fakesink; launch playbin3 uri="file://$in" video-sink=fakesink audio-sink=fakesink flags=0x3; }
launch playbin3 uri="file://$in"
