# SPDX-License-Identifier: LGPL-2.1-or-later
"""Our elements over a driver that is not ours: visl, which takes requests as hardware does and draws a test picture. The contract, not pixels."""
import glob
import json
import os
import subprocess

import elements
import gst
import vm

# In the order of their dependencies; what the kernel has built in is not there.
MODULES = ("videobuf2-common", "videobuf2-memops", "videobuf2-v4l2", "videobuf2-vmalloc", "v4l2-mem2mem", "font", "v4l2-tpg", "visl")


def insmod():
    for name in MODULES:
        path = os.path.join(vm.WORK, name + ".ko")
        if os.path.exists(path) and not os.path.exists("/sys/module/" + name.replace("-", "_")):
            subprocess.run([vm.BUSYBOX, "insmod", path], check=True)
    vm.wait_for(lambda: glob.glob("/dev/video*") and glob.glob("/dev/media*"), "visl's nodes")


def contract(folder, entry, device="visl"):
    """Every frame of the stream is decoded through visl, none fails, in buffers of its own."""
    with elements.Pipeline(f"{elements.source(folder, entry)} ! {elements.ELEMENTS[entry['codec']]} name=d device={device} ! fakesink sync=false") as p:
        vm.check(p.play(), p.error)
        s = p.stats()
        if entry["output_format"] != "yuv420p":
            # visl writes 8 bits only: each frame is refused, with a reason, and nothing hangs.
            vm.check((s["driver"], s["frames"]) == ("visl", 0) and s["errors"] > 0, str(s))
            return f"{s['errors']} frames of 10 bits refused"
        vm.check((s["driver"], s["frames"], s["errors"], s["corrupted"], s["memory"]) == ("visl", entry["frames"], 0, 0, "dmabuf"), f"{entry['frames']} frames expected: {s}")
        return f"{s['frames']} frames, {s['pool-size']} buffers, {s['copies']} copies"


def nothing(folder, entry):
    """A test driver is not taken unless it is asked for by name."""
    with elements.Pipeline(f"{elements.source(folder, entry)} ! {elements.ELEMENTS[entry['codec']]} name=d device=kernel ! fakesink") as p:
        vm.check(not p.play() and "no stateless decoder" in p.error, f"{p.error}")


def main():
    with open(os.path.join(vm.WORK, "vectors-visl.json"), encoding="utf-8") as f:
        chosen = json.load(f)
    gst.prepare(ours=True)
    elements.load()
    insmod()
    vm.log(subprocess.run(["dotnet", os.environ["tool"], "devices"], stdout=subprocess.PIPE, text=True, check=False).stdout)
    for entry in chosen["entries"]:
        vm.case(f"visl {elements.ELEMENTS[entry['codec']]} {entry['name']}", contract, chosen["folder"], entry)
    vm.case("by path", contract, chosen["folder"], chosen["entries"][0], glob.glob("/dev/video*")[0])
    vm.case("not by itself", nothing, chosen["folder"], chosen["entries"][0])
    vm.case("kernel log", vm.check_kernel_log)
    vm.finish()


main()
