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


def routes():
    """daedalusctl topology: the routes of a sub-device with streams, and none of one without."""
    for name in ("videobuf2-dma-contig", "vimc", "routes"):
        subprocess.run([vm.BUSYBOX, "insmod", os.path.join(vm.WORK, name + ".ko")], check=True)

    def topology():
        return json.loads(subprocess.run(["dotnet", os.environ["tool"], "topology", "--json"], stdout=subprocess.PIPE, text=True, timeout=60, check=True).stdout)

    try:
        vm.wait_for(lambda: len(glob.glob("/dev/v4l-subdev*")) > 2, "the sub-devices' nodes")
        found = {t["model"]: t for t in topology()}
        subdevices = [i for i in found["VIMC MDEV"]["interfaces"] if i["type"] == 0x203]
        vm.check(len(subdevices) > 2 and all(i["node"].startswith("/dev/v4l-subdev") and "routes" not in i for i in subdevices), str(subdevices))
        listed = [[r["sink-pad"], r["sink-stream"], r["source-pad"], r["source-stream"], r["flags"]] for i in found["routes"]["interfaces"] for r in i["routes"]]
        vm.check(listed == [[0, 0, 2, 0, 1], [0, 1, 2, 1, 0], [1, 0, 2, 7, 1]], str(listed))
        text = subprocess.run(["dotnet", os.environ["tool"], "topology"], stdout=subprocess.PIPE, text=True, timeout=60, check=True).stdout
        vm.log(text)
        vm.check("route 0/1 -> 2/1 [inactive]" in text and "route 1/0 -> 2/7 [active]" in text and text.count("route ") == 3, text)
    finally:
        for name in ("routes", "vimc", "videobuf2_dma_contig"):
            vm.wait_for(lambda n=name: subprocess.run([vm.BUSYBOX, "rmmod", n], stderr=subprocess.DEVNULL, check=False).returncode == 0, f"rmmod {name}")
    return f"{len(subdevices)} sub-devices without streams, {len(listed)} routes of one with"


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
    vm.case("routes of sub-devices", routes)
    vm.case("not by itself", nothing, chosen["folder"], chosen["entries"][0])
    vm.case("kernel log", vm.check_kernel_log)
    vm.finish()


main()
