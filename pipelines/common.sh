# SPDX-License-Identifier: LGPL-2.1-or-later
# Sourced by the pipelines beside it: the plugin of this checkout (built when it is not), samples, and what is missing said plainly.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
top=$(dirname "$here")
if [ -z "${DAEDALUS_INSTALLED:-}" ]; then # set: use the installed plugin
    [ -f "$top/out/lib/gstreamer-1.0/libgstdaedalus.so" ] || { "$top/scripts/setup.sh" build; "$top/scripts/build.sh"; }
    . "$top/scripts/env.sh"
fi
work=${DAEDALUS_WORK:-$top/out/pipelines}
mkdir -p "$work"

die() { echo "$*" >&2; exit 1; }
warn() { echo "Warning: $*" >&2; }

# have ELEMENT. Not --exists: that also asks for a plugin version of at least GStreamer's own.
have() { gst-inspect-1.0 "$1" >/dev/null 2>&1; }

# first ELEMENT…: the first that this system has.
first() {
    for e in "$@"; do have "${e%% *}" && { echo "$e"; return; }; done
    return 1
}

# need ELEMENT PACKAGE
need() { have "$1" || die "This pipeline needs the element $1 (Debian: package $2)."; }

# sample CODEC [SECONDS]: a file made once.
sample() {
    local file=$work/sample-$1.mkv encoder
    case $1 in
        vp9) encoder="libvpx-vp9 -b:v 600k -g 60 -cpu-used 6 -deadline realtime" ;;
        h264) encoder="libx264 -b:v 900k -g 60 -preset veryfast" ;;
        av1) encoder="libaom-av1 -b:v 500k -g 60 -cpu-used 8 -usage realtime" ;;
        *) die "No sample of $1: vp9, h264 or av1." ;;
    esac
    # shellcheck disable=SC2086
    [ -s "$file" ] || { ffmpeg -v error -y -f lavfi -i testsrc2=size=640x360:rate=30 -t "${2:-8}" -c:v $encoder "$file.part.mkv" && mv "$file.part.mkv" "$file"; }
    echo "$file"
}

# codec FILE
codec() { ffprobe -v error -select_streams v:0 -show_entries stream=codec_name -of csv=p=0 "$1" | head -n 1 | tr -d ,; }

# decoder FILE [DEVICE]: our element for it.
decoder() {
    local c
    c=$(codec "$1")
    case $c in
        vp9 | h264 | av1) echo "daedalus${c}dec name=dec device=${DAEDALUS_DEVICE:-auto}" ;;
        *) die "$1: its video is ${c:-nothing}; VP9, H.264 and AV1 can be played." ;;
    esac
}

# launch PIPELINE…: with each link's memory printed when TRACE is set.
launch() {
    if [ -n "${TRACE:-}" ]; then exec "$here/trace.py" "$*"; fi
    # shellcheck disable=SC2068
    exec gst-launch-1.0 -q -e $@
}

# display: whether a window can open.
display() { [ -n "${DISPLAY:-}${WAYLAND_DISPLAY:-}" ]; }
