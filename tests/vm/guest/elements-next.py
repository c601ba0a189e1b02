# SPDX-License-Identifier: LGPL-2.1-or-later
"""Our elements under the next release's GStreamer (1.26): bit-exact over the kernel route, and DMA_DRM caps, which 1.22 does not know."""
import json
import os
import shutil
import subprocess

import gst
import vm

ELEMENTS = {"vp9": "daedalusvp9dec", "h264": "daedalush264dec", "av1": "daedalusav1dec"}


def drm(run, folder, entry):
    """DMA_DRM is negotiated where downstream asks for it; every picture is written."""
    front = f"filesrc location={folder}/{entry['file']} ! {run.front(os.path.join(folder, entry['file']), entry['codec'])} ! {ELEMENTS[entry['codec']]} device=kernel"
    caps = "video/x-raw(memory:DMABuf),format=DMA_DRM,drm-format=NV12"
    done = subprocess.run(["gst-launch-1.0", "-v", *f"{front} ! {caps} ! filesink location=/tmp/drm.raw".split()], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=60 * vm.SLOW, check=False)
    vm.check(done.returncode == 0 and "ERROR" not in done.stdout, done.stdout[-500:])
    said = [line for line in done.stdout.splitlines() if "Dec" in line and "GstPad:src: caps" in line]
    vm.check(said and all("memory:DMABuf" in line and "format=(string)DMA_DRM" in line and "drm-format=(string)NV12" in line for line in said), str(said or done.stdout[-600:]))
    size = os.path.getsize("/tmp/drm.raw")
    vm.check(size >= entry["frames"] * entry["width"] * entry["height"] * 3 // 2 and size % entry["frames"] == 0, f"{size} bytes of {entry['frames']} frames")
    os.unlink("/tmp/drm.raw")
    return f"{size // entry['frames']} bytes a picture"


def main():
    with open(os.path.join(vm.WORK, "vectors-next.json"), encoding="utf-8") as f:
        chosen = json.load(f)
    vm.insmod()
    # The other root sees /tmp.
    shutil.copy(os.path.join(vm.WORK, "libgstdaedalus.so"), "/tmp")
    shutil.copytree(vm.ENGINE, "/tmp/engine")
    with vm.Daemon():
        folder = gst.enter(os.environ["trixie"], chosen["folder"])
        os.symlink("/tmp/libgstdaedalus.so", "/tmp/plugins/libgstdaedalus.so")
        os.environ["DAEDALUS_ENGINE"] = "/tmp/engine"
        import run  # tests/conformance
        for codec in ELEMENTS:
            for entry in [e for e in chosen["entries"] if e["codec"] == codec and (codec != "av1" or vm.AV1)][:8]:
                def play():
                    outcome, detail = run.play(folder, entry, f"{ELEMENTS[codec]} device=kernel", 60 * vm.SLOW, None, entry["result_md5"])
                    vm.check(outcome == "pass", f"{outcome} {detail}")
                vm.case(f"{ELEMENTS[codec]} {entry['name']}", play)
            if codec == "av1" and not vm.AV1:
                continue
            big = max((e for e in chosen["entries"] if e["codec"] == codec and e["output_format"] == "yuv420p"), key=lambda e: (e["width"] >= 64, e["frames"]))
            vm.case(f"DMA_DRM {codec}", drm, run, folder, big)
        vm.case("no context is left", lambda: vm.wait_for(lambda: not vm.contexts(), "contexts gone"))
    vm.case("module unloads", lambda: vm.wait_for(vm.rmmod, "rmmod"))
    vm.case("kernel log", vm.check_kernel_log)
    vm.finish()


main()
