# SPDX-License-Identifier: LGPL-2.1-or-later
"""GStreamer's own stateless decoders, unchanged, through our /dev/videoN: the vectors of /mnt/vectors.json bit-exactly."""
import json
import os
import re
import time

import gst
import vm

ELEMENTS = {"vp9": "v4l2slvp9dec", "h264": "v4l2slh264dec", "av1": "v4l2slav1dec"}


def main(vectors="vectors.json", root=None, suits=lambda entry: True, before=None, check=None, **parameters):
    """parameters: of the module. before, check: called with the module loaded, and a case when the vectors have been decoded."""
    with open(os.path.join(vm.WORK, vectors), encoding="utf-8") as f:
        chosen = json.load(f)
    vm.insmod(**parameters)
    if before:
        before()
    with vm.Daemon():
        if root:
            chosen["folder"] = gst.enter(root, chosen["folder"])
        else:
            gst.prepare()
        import run  # tests/conformance
        run.CODECS.setdefault("av1", ("av1parse", ""))

        for entry in (e for e in chosen["entries"] if suits(e) and (e["codec"] != "av1" or vm.AV1)):
            def play():
                start = time.monotonic()
                outcome, detail = run.play(chosen["folder"], entry, ELEMENTS[entry["codec"]], 60 * vm.SLOW, None, entry["result_md5"])
                # GStreamer's limit is a second of the clock, whatever else the machine does in it; then it is also out of bitstream buffers.
                if outcome == "error" and re.search("took too long|Not enough memory to decode", detail):
                    vm.log("again:", entry["name"], detail)
                    outcome, detail = run.play(chosen["folder"], entry, ELEMENTS[entry["codec"]], 60 * vm.SLOW, None, entry["result_md5"])
                vm.check(outcome == "pass", f"{outcome} {detail}")
                return f"{entry['frames']} frames in {time.monotonic() - start:.2f} s"
            vm.case(f"{ELEMENTS[entry['codec']]} {entry['name']}", play)
        if check:
            vm.case(*check)
        vm.case("no context is left", lambda: vm.wait_for(lambda: not vm.contexts(), "contexts gone"))
    vm.case("module unloads", lambda: vm.wait_for(vm.rmmod, "rmmod"))
    vm.case("kernel log", vm.check_kernel_log)
    vm.finish()


if __name__ == "__main__":
    main()
