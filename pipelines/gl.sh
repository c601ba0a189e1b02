#!/usr/bin/env bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# gl.sh [FILE]: OpenGL. A dmabuf (kernel route: DAEDALUS_DEVICE=kernel) is imported as it is; embedded pictures (memfd) are uploaded, which is a copy.
. "$(dirname "$0")/common.sh"
in=${1:-$(sample vp9)}
need glupload gstreamer1.0-gl
if display; then sink="glimagesink"
else
    warn "no display: drawn off screen"
    export GST_GL_WINDOW=${GST_GL_WINDOW:-egl-device} GST_GL_PLATFORM=egl LIBGL_ALWAYS_SOFTWARE=1
    sink="fakesink sync=false"
fi
ls /dev/video* >/dev/null 2>&1 || warn "no V4L2 device here: pictures are memfds, and glupload copies them into textures"
launch filesrc location="$in" ! parsebin ! queue ! "$(decoder "$in")" ! glupload ! glcolorconvert ! "video/x-raw(memory:GLMemory),format=RGBA" ! $sink
