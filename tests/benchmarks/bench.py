#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""bench.py ARGUMENTS: `daedalusctl bench ARGUMENTS` of this checkout, built when it is not."""
import os
import subprocess
import sys

top = os.path.normpath(os.path.join(os.path.dirname(os.path.abspath(__file__)), "../.."))
tool = os.path.join(top, "out/bin/daedalusctl")
if not os.path.exists(tool):
    subprocess.run([os.path.join(top, "scripts/build.sh")], check=True)
os.execv(tool, [tool, "bench", *sys.argv[1:]])
