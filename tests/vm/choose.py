#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Chooses the vectors for the virtual machine: choose.py VECTORS CODEC=COUNT… > vectors.json, spread over what the manifest has.
CODEC+=COUNT: of those that other clients cannot take (sizes that change between frames, pictures of one row, fields), for our own elements; CODEC!=COUNT: of those
that need a control that V4L2 does not have. pixels=N, frames=N: of the former, smaller and shorter ones than else.

Only what foreign elements can take whatever the driver is: left_out.json names the others with the reason. Pictures of at most 352x288,
since GStreamer 1.22 gives up on a frame that takes a second of the clock; no field pictures, since it waits for the first field only
and shows the frame while the second is being decoded.
"""
import json
import os
import re
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
PIXELS = 352 * 288
OURS = r"gen-vp9.-(refscale|mut-refscale|svc[23]|svc332|resize)|(gen-vp90-)?size-\d+x1\.|resize_|vp90-2-21-resize"
# Slice groups, several picture parameter sets in a picture: what needs a control that V4L2 does not have (docs/private-controls.md).
PRIVATE = r"jm-ext-|sp[12]_bt_|jm-base-fmo|FM[12]_|CAPAMA3_Sand_F|CVSE3"
ENDINGS = ("ivf", "webm", "mkv", "264", "h264", "jsv", "26l", "avc", "jvt", "bit", "bits", "h26l", "mp4")


def load(*path):
    with open(os.path.join(*path), encoding="utf-8") as f:
        return json.load(f)


def main():
    folder = os.path.abspath(sys.argv[1])
    left_out = [re.compile(e.get("pattern") or re.escape(e["name"]) + "$") for e in load(HERE, "left_out.json")]
    arguments = [(k, int(n)) for k, n in (a.split("=") for a in sys.argv[2:])]
    pixels, frames = (dict(arguments).get(k, n) for k, n in (("pixels", PIXELS), ("frames", 100)))
    features = load(folder, "features.json") if os.path.exists(os.path.join(folder, "features.json")) else {}

    def only_ours(entry):
        return ("1" in features.get(entry["file"], {}).get("field_pic_flag", {}) or re.match(OURS, entry["name"])) and not re.match(PRIVATE, entry["name"])

    def suits(entry, kind):
        seen = features.get(entry["file"], {})
        if kind == "!":
            return (entry.get("verified") and entry.get("result_md5") and entry.get("output_format") == "yuv420p" and re.match(PRIVATE, entry["name"])
                    and entry["file"].rsplit(".", 1)[-1].lower() in ENDINGS)
        if kind == "+":
            return (entry.get("verified") and entry.get("result_md5") and not entry.get("result_args") and entry.get("frames") and entry.get("width")
                    and entry.get("output_format") in ("yuv420p", "yuv420p10le") and entry["file"].rsplit(".", 1)[-1].lower() in ENDINGS
                    and entry["width"] * entry["height"] <= 720 * 576 and entry["frames"] <= 100 and only_ours(entry))
        return (entry.get("verified") and entry.get("result_md5") and not entry.get("result_args") and entry.get("frames") and entry.get("width")
                and entry.get("output_format") in ("yuv420p", "yuv420p10le") and entry["file"].rsplit(".", 1)[-1].lower() in ENDINGS
                and entry["width"] * entry["height"] <= pixels and entry["frames"] <= frames and "1" not in seen.get("field_pic_flag", {})
                and not any(p.match(entry["name"]) for p in left_out))

    with open(os.path.join(HERE, "vectors.txt"), encoding="utf-8") as f:
        listed = {tuple(line.split(" ", 1)) for line in f.read().splitlines() if not line.startswith("#")}
    chosen, private = [], []
    for codec, count in arguments:
        if codec in ("pixels", "frames"):
            continue
        kind = codec[-1] if codec[-1] in "+!" else ""
        codec = codec.rstrip("+!")
        entries = sorted((e for e in load(folder, "manifest.json") if e["codec"] == codec and suits(e, kind)),
                         key=lambda e: (e["suite"] in ("generated", "misc"), e["name"]))
        # The listed ones where the folder has them (the official vectors), else a spread of what it has.
        if not kind and (known := [e for e in entries if (codec, e["file"]) in listed]):
            entries = known
        step = max(1.0, len(entries) / count)
        (private if kind == "!" else chosen).extend(entries[int(i * step)] for i in range(min(count, len(entries))))
    json.dump({"folder": folder, "entries": chosen, "private": private}, sys.stdout, indent=1)


main()
