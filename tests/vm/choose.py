#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Chooses the vectors for the virtual machine: choose.py VECTORS COUNT > vectors.json. Spread over what the manifest has, small frames
first; streams that GStreamer's own elements cannot take whatever the driver are named in left_out.json with the reason."""
import json
import os
import sys

here = os.path.dirname(os.path.abspath(__file__))


def suits(entry, left_out):
    return (entry["codec"] in ("vp9", "h264") and entry.get("verified") and entry.get("result_md5") and not entry.get("result_args")
            and entry.get("output_format") in ("yuv420p", "yuv420p10le") and entry["name"] not in left_out
            and entry["file"].rsplit(".", 1)[-1].lower() in ("ivf", "webm", "mkv", "264", "h264", "jsv", "26l", "avc", "jvt", "bit", "bits", "h26l", "mp4"))


def main():
    folder, count = os.path.abspath(sys.argv[1]), int(sys.argv[2])
    with open(os.path.join(folder, "manifest.json"), encoding="utf-8") as f:
        manifest = json.load(f)
    with open(os.path.join(here, "left_out.json"), encoding="utf-8") as f:
        left_out = {entry["name"] for entry in json.load(f)}
    chosen = []
    for codec in ("vp9", "h264"):
        entries = [e for e in manifest if e["codec"] == codec and suits(e, left_out)]
        # Every n-th by cost: small ones and large ones, and the official suites before what was generated.
        entries.sort(key=lambda e: (e["suite"] in ("generated", "misc"), e["name"]))
        cheap = [e for e in entries if e.get("frames") and e.get("width") and e["width"] * e["height"] * e["frames"] <= 352 * 288 * 300]
        step = max(1.0, len(cheap) / count)
        chosen += [cheap[int(i * step)] for i in range(min(count, len(cheap)))]
    json.dump({"folder": folder, "entries": chosen}, sys.stdout, indent=1)


main()
