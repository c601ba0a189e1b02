#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""contact_sheet.py FILE [OUT.png] [--columns 4] [--rows 4]: thumbnails from all over a file, by flushing seeks to key frames."""
import argparse
import os
import sys
import gi
gi.require_version("Gst", "1.0")
gi.require_version("GstApp", "1.0")
from gi.repository import Gst, GstApp  # noqa: E402, F401  (GstApp gives appsink its methods)

WIDTH, HEIGHT = 240, 136


def thumbnails(path, count):
    """RGB pictures of WIDTH × HEIGHT, at evenly spaced times."""
    uri = Gst.filename_to_uri(os.path.abspath(path))
    pipeline = Gst.parse_launch(f"uridecodebin3 uri={uri} ! videoconvertscale ! video/x-raw,format=RGB,width={WIDTH},height={HEIGHT},pixel-aspect-ratio=1/1 ! appsink name=s sync=false")
    sink = pipeline.get_by_name("s")
    try:
        pipeline.set_state(Gst.State.PAUSED)
        if pipeline.get_state(20 * Gst.SECOND)[0] != Gst.StateChangeReturn.SUCCESS:
            message = pipeline.get_bus().pop_filtered(Gst.MessageType.ERROR)
            sys.exit(f"{path}: " + (message.parse_error()[0].message if message else "no picture within 20 seconds"))
        ok, length = pipeline.query_duration(Gst.Format.TIME)
        if not ok:
            sys.exit(f"{path}: its length is not known, so there is nothing to seek in; put it into a container")
        for i in range(count):
            pipeline.seek_simple(Gst.Format.TIME, Gst.SeekFlags.FLUSH | Gst.SeekFlags.KEY_UNIT | Gst.SeekFlags.SNAP_NEAREST, length * i // count)
            sample = sink.try_pull_preroll(10 * Gst.SECOND)
            if sample is None:
                sys.exit(f"{path}: no picture at {length * i // count / Gst.SECOND:.1f} s")
            ok, info = sample.get_buffer().map(Gst.MapFlags.READ)
            yield bytes(info.data)
            sample.get_buffer().unmap(info)
    finally:
        pipeline.set_state(Gst.State.NULL)


def main():
    a = argparse.ArgumentParser(description=__doc__)
    a.add_argument("file")
    a.add_argument("out", nargs="?", default="contact-sheet.png")
    a.add_argument("--columns", type=int, default=4)
    a.add_argument("--rows", type=int, default=4)
    o = a.parse_args()
    Gst.init(None)
    sheet = bytearray(o.columns * WIDTH * 3 * o.rows * HEIGHT)
    pitch = o.columns * WIDTH * 3
    for i, picture in enumerate(thumbnails(o.file, o.columns * o.rows)):
        at = i // o.columns * HEIGHT * pitch + i % o.columns * WIDTH * 3
        for y in range(HEIGHT):
            sheet[at + y * pitch:at + y * pitch + WIDTH * 3] = picture[y * WIDTH * 3:(y + 1) * WIDTH * 3]
    caps = f"video/x-raw,format=RGB,width={o.columns * WIDTH},height={o.rows * HEIGHT},framerate=0/1"
    writer = Gst.parse_launch(f"appsrc name=a caps={caps} format=time ! pngenc ! filesink name=f")
    writer.get_by_name("f").set_property("location", o.out)
    writer.set_state(Gst.State.PLAYING)
    source = writer.get_by_name("a")
    source.emit("push-buffer", Gst.Buffer.new_wrapped(bytes(sheet)))
    source.emit("end-of-stream")
    message = writer.get_bus().timed_pop_filtered(20 * Gst.SECOND, Gst.MessageType.EOS | Gst.MessageType.ERROR)
    writer.set_state(Gst.State.NULL)
    if message is None or message.type == Gst.MessageType.ERROR:
        sys.exit(f"{o.out} could not be written")
    print(f"{o.columns * o.rows} pictures of {o.file} in {o.out}")


main()
