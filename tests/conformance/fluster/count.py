#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""count.py SUMMARY SUITE: "passed failed" of Fluster's Markdown summary of one decoder; ../skips.json names what no pipeline can meet."""
import json
import os
import re
import sys

here = os.path.dirname(os.path.abspath(__file__))
with open(os.path.join(here, "../skips.json"), encoding="utf-8") as f:
    skips = {s["name"]: s["reason"] for s in json.load(f) if s["suite"] == sys.argv[2]}
passed = failed = 0
with open(sys.argv[1], encoding="utf-8") as f:
    for name, mark in re.findall(r"^\|([^|]+)\|([^|]+)\|$", f.read(), re.M):
        if name in ("Test", "-", "TOTAL", "TOTAL TIME"):
            continue
        if mark.startswith("✔"):
            passed += 1
        elif name in skips:
            print(f"  not counted: {name}: {skips[name]}", file=sys.stderr)
        else:
            failed += 1
            print(f"  {name}: {mark}", file=sys.stderr)
print(passed, failed)
