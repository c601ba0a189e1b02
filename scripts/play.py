#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Plays a file through our element of its codec by gst-launch-1.0 and says what happened: frames, fps, a PNG, the MD5 of the output."""
import os
import re
import shlex
import subprocess
import sys
import time

path = sys.argv[1]
out = "out"
display = bool(os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY"))


def quoted(p):
    return '"' + p.replace("\\", "\\\\").replace('"', '\\"') + '"'


ELEMENTS = {"vp9": "daedalusvp9dec", "h264": "daedalush264dec", "av1": "daedalusav1dec"}
probe = subprocess.run(["ffprobe", "-v", "error", "-select_streams", "v:0", "-show_entries", "stream=codec_name", "-of", "csv=p=0", path],
                       stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
codec = probe.stdout.strip().split(",")[0].split("\n")[0]
if codec not in ELEMENTS:
    sys.exit(f"{path}: " + (f"its video is {codec}; only {', '.join(ELEMENTS)} can be played" if codec else "no video stream found"))
element = ELEMENTS[codec]
source = f"filesrc location={quoted(path)} ! parsebin ! queue ! {element} name=dec"


def exists(element):
    # Not --exists: that also asks for a plugin version of at least GStreamer's own.
    return subprocess.run(["gst-inspect-1.0", element], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL).returncode == 0


if not exists(element):
    sys.exit(f"{element} is not in GStreamer's registry; run: GST_DEBUG=GST_PLUGIN_LOADING:5 gst-inspect-1.0 daedalus")

sink = "videoconvert ! autovideosink" if display else "fakesink sync=false"
fps = f'fpsdisplaysink name=fps text-overlay=false signal-fps-measurements=false video-sink="{sink}"' + ("" if display else " sync=false")
print(f"Playing {path} " + ("in a window" if display else "without a display, as fast as it decodes"), flush=True)
started = time.monotonic()
launch = subprocess.Popen(shlex.split(f"gst-launch-1.0 -v {source} ! {fps}"), stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
frames, caps, errors = 0, "", []
for line in launch.stdout:
    m = re.search(r"rendered: (\d+), dropped: (\d+), (?:fps|current): ([\d.]+)", line)
    if m:
        frames = int(m.group(1)) + int(m.group(2))
        print(f"\r  {frames} frames, {m.group(3)} fps   ", end="", flush=True)
    m = re.search(r"dec\.GstPad:src: caps = (.*)", line)
    if m:
        caps = m.group(1)
    if line.startswith("ERROR") or "WARNING" in line:
        errors.append(line.strip())
code = launch.wait()
seconds = time.monotonic() - started

# The counted pass: every frame, its checksum, and the picture in the middle as PNG.
count = subprocess.run(shlex.split(f"gst-launch-1.0 -m {source} ! videocodectestsink"), capture_output=True, text=True) if exists("videocodectestsink") else None
md5, total = "", frames
if count and (m := re.search(r"checksum=\(string\)([0-9a-f]+)", count.stdout, re.I)):
    md5 = m.group(1).lower()
raw = subprocess.run(shlex.split(f"gst-launch-1.0 -v {source} ! identity silent=false ! fakesink"), capture_output=True, text=True)
total = max(frames, len(re.findall(r"last-message = chain", raw.stdout)))
png = os.path.join(out, "frame.png")
snap = subprocess.run(shlex.split(f"gst-launch-1.0 -q {source} ! videoconvert ! pngenc snapshot=true ! filesink location={png}"), capture_output=True, text=True)
if not md5:
    import hashlib
    h = hashlib.md5()
    with subprocess.Popen(shlex.split(f"gst-launch-1.0 -q {source} ! videoconvert ! filesink location=/dev/stdout"), stdout=subprocess.PIPE) as p:
        for block in iter(lambda: p.stdout.read(1 << 20), b""):
            h.update(block)
    md5 = h.hexdigest()

print(f"\r  {total} frames in {seconds:.2f} s ({total / max(seconds, 1e-3):.1f} fps)      ")
if caps:
    fields = dict(re.findall(r"(format|width|height|colorimetry)=\(\w+\)([^,;]+)", caps))
    print(f"  format {fields.get('format')} {fields.get('width')}×{fields.get('height')} {fields.get('colorimetry', '')}")
if snap.returncode == 0 and os.path.exists(png):
    print(f"  frame  {png}")
print(f"  md5    {md5}")
for e in errors[:5]:
    print("  " + e)
sys.exit(code or (1 if total == 0 or any("erroneous pipeline" in e for e in errors) else 0))
