# SPDX-License-Identifier: LGPL-2.1-or-later
"""GStreamer's own stateless decoders, unchanged, through our /dev/videoN: the vectors of /mnt/vectors.json bit-exactly."""
import json
import os
import time

import gst
import vm

ELEMENTS = {"vp9": "v4l2slvp9dec", "h264": "v4l2slh264dec"}


def main():
    with open(os.path.join(vm.WORK, "vectors.json"), encoding="utf-8") as f:
        chosen = json.load(f)
    vm.insmod()
    with vm.Daemon():
        gst.prepare()
        import run  # tests/conformance

        for entry in chosen["entries"]:
            def play():
                start = time.monotonic()
                outcome, detail = run.play(chosen["folder"], entry, entry["codec"], ELEMENTS[entry["codec"]], 60, entry.get("instead"))
                vm.check(outcome == "pass", f"{outcome} {detail}")
                return f"{entry['frames']} frames in {time.monotonic() - start:.2f} s"
            vm.case(f"{ELEMENTS[entry['codec']]} {entry['name']}", play)
        vm.case("no context is left", lambda: vm.wait_for(lambda: not vm.contexts(), "contexts gone"))
    vm.case("module unloads", lambda: vm.wait_for(vm.rmmod, "rmmod"))
    vm.case("kernel log", vm.check_kernel_log)
    vm.finish()


main()
