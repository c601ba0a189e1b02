#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Prints what the published libraries are made of, a path a line."""
import os
top = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..")
for root in ("src", "native"):
    for folder, dirs, files in os.walk(os.path.join(top, root)):
        dirs[:] = sorted(d for d in dirs if d not in ("bin", "obj"))
        for f in sorted(files):
            print(os.path.relpath(os.path.join(folder, f), top))
for f in ("Directory.Build.props", "Directory.Packages.props"):
    print(f)
