#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""fds.py FILE DECODER [FRAMES]: appsink hands out file descriptors. Another process could be sent them; here each is mapped and hashed."""
import hashlib
import mmap
import os
import sys
import gi
gi.require_version("Gst", "1.0")
gi.require_version("GstApp", "1.0")
gi.require_version("GstAllocators", "1.0")
gi.require_version("GstVideo", "1.0")
from gi.repository import Gst, GstAllocators, GstApp, GstVideo  # noqa: E402, F401

Gst.init(None)
path, decoder, frames = sys.argv[1], sys.argv[2], int(sys.argv[3]) if len(sys.argv) > 3 else 5
pipeline = Gst.parse_launch(f"filesrc name=f ! parsebin ! {decoder} ! appsink name=s sync=false max-buffers=4")
pipeline.get_by_name("f").set_property("location", path)
sink = pipeline.get_by_name("s")


# appsink does not offer GstVideoMeta by itself, and Python cannot before GStreamer 1.24: pictures whose strides are not GStreamer's own
# default are then copied (examples/appsink_fds.c shows how to offer it).
pipeline.set_state(Gst.State.PLAYING)
for n in range(frames):
    sample = sink.try_pull_sample(10 * Gst.SECOND)
    if sample is None:
        message = pipeline.get_bus().pop_filtered(Gst.MessageType.ERROR)
        sys.exit(message.parse_error()[0].message if message else f"the stream ended after {n} frames")
    memory = sample.get_buffer().peek_memory(0)
    if not GstAllocators.is_fd_memory(memory):
        sys.exit("this buffer has no file descriptor: pictures are being copied (GST_DEBUG=daedalus:2 says why)")
    fd = os.dup(GstAllocators.fd_memory_get_fd(memory))  # outlives buffer, pipeline and decoder
    size, offset, _ = memory.get_sizes()
    meta = GstVideo.buffer_get_video_meta(sample.get_buffer())
    with mmap.mmap(fd, offset + size, mmap.MAP_SHARED, mmap.PROT_READ) as view:
        kind = "dmabuf" if GstAllocators.is_dmabuf_memory(memory) else "memfd"
        layout = f", planes at {list(meta.offset[:meta.n_planes])} with strides {list(meta.stride[:meta.n_planes])}" if meta else ""
        print(f"frame {n}: {kind} {fd}, {size} bytes{layout}, MD5 {hashlib.md5(view[offset:offset + size]).hexdigest()}")
    os.close(fd)
pipeline.set_state(Gst.State.NULL)
