# SPDX-License-Identifier: LGPL-2.1-or-later
"""H.264 slice by slice, which GStreamer's v4l2slh264dec does where the driver's default says so: the same vectors, a request for each slice."""
import os
import re
import subprocess

import decode
import vm

TRACING = "/sys/kernel/tracing"


def write(name, text):
    with open(os.path.join(TRACING, name), "w", encoding="ascii") as f:
        f.write(text)


def gathered():
    """The module began each picture before it had a byte of it, and handed it out whole: what is queued frame by frame has its bytes at once."""
    trace = vm.read(os.path.join(TRACING, "trace"))
    queued = [int(b) for b in re.findall(r"daedalus_queue: .* bytes=(\d+) ", trace)]
    handed = [int(b) for b in re.findall(r"daedalus_handout: .* bytes=(\d+) ", trace)]
    vm.check(len(queued) > 100 and not any(queued), f"{len(queued)} pictures, {sum(map(bool, queued))} of them frame by frame")
    vm.check(len(handed) > 100 and all(handed), f"{len(handed)} pictures, {handed.count(0)} of them empty")
    return f"{len(queued)} pictures and fields"


def trace():
    """The events are there when the module is."""
    if not os.path.exists(os.path.join(TRACING, "trace")):
        subprocess.run([vm.BUSYBOX, "mount", "-t", "tracefs", "tracefs", TRACING], check=True)
    write("buffer_size_kb", "8192")
    write("events/daedalus/enable", "1")


decode.main(suits=lambda entry: entry["codec"] == "h264", before=trace, check=("a job for each picture", gathered), h264_slices=1)
