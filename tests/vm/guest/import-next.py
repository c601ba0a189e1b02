# SPDX-License-Identifier: LGPL-2.1-or-later
"""
Others take our dmabufs, under the next release's GStreamer (1.26): OpenGL (glupload on Mesa's software EGL, each plane a texture of its own), whose pictures are
those of the same textures filled from memory, and kmssink on vkms with DMA_DRM caps, whose screen is what the reference decoder says.
"""
import hashlib
import json
import os
import re
import shutil
import subprocess

import gst
import screen
import vm

ELEMENTS = {"vp9": "daedalusvp9dec", "h264": "daedalush264dec", "av1": "daedalusav1dec"}
_from_memory = {}
LOG, RAW = "/tmp/gst.log", "/tmp/pictures.raw"
TO_RGBA = f"glcolorconvert ! video/x-raw(memory:GLMemory),format=RGBA,texture-target=2D ! gldownload ! video/x-raw,format=RGBA ! filesink location={RAW}"


def play(folder, entry, rest):
    """A decoder and the rest, in the other root folder."""
    open(LOG, "w", encoding="ascii").close()
    path = os.path.join(folder, entry["file"])
    description = f"filesrc location={path} ! {run.front(path, entry['codec'])} ! {ELEMENTS[entry['codec']]} name=d {rest}"
    done = subprocess.run([vm.BUSYBOX, "chroot", os.environ["trixie"], "/usr/bin/python3", "/tmp/play.py", description],
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, timeout=80, check=False)
    vm.check(done.returncode == 0 and done.stdout.startswith("{"), f"{done.returncode} {done.stdout[-300:]} {done.stderr[-500:]}")
    outcome = json.loads(done.stdout)
    vm.check(outcome["ended"], outcome["error"])
    return outcome


def imported(outcome, entry):
    """No picture was copied by us."""
    s = outcome["stats"]
    vm.check((s["route"], s["copies"], s["memory"], s["errors"], s["corrupted"], s["frames"]) == ("kernel", 0, "dmabuf", 0, 0, entry["frames"]), str(s))


def pictures():
    """What the last pipeline has written; the file goes."""
    with open(RAW, "rb") as f:
        data = f.read()
    os.unlink(RAW)
    return data


def uploaders():
    """How glupload got at the pictures."""
    return set(re.findall(r"Changing uploader from .* to (.*) with src caps", vm.read(LOG)))


def reference(folder, entry):
    """The stream's pictures, whose checksum is the one of the reference decoder."""
    play(folder, entry, f"device=embedded ! videoconvert dither=none ! video/x-raw,format={run.FORMATS[entry['output_format']]} ! filesink location={RAW}")
    data = pictures()
    vm.check(hashlib.md5(data).hexdigest() == entry["result_md5"], "the reference pictures are not the reference's")
    return data


def from_memory(folder, entry, options):
    """The pictures as textures that were filled from memory, come down again; once for each stream and format."""
    key = entry["file"], options
    if key not in _from_memory:
        reference(folder, entry)
        play(folder, entry, f"device=embedded {options} ! glupload ! {TO_RGBA}")
        vm.check(uploaders() == {"Raw Data"}, f"from memory: {uploaders()}")
        data = pictures()
        vm.check(len(data) == entry["width"] * entry["height"] * 4 * entry["frames"] and len(set(data[:4096])) > 8, f"{len(data)} bytes")
        _from_memory[key] = data
    return _from_memory[key]


def textures(folder, entry, options, upload, expected):
    """Through OpenGL: the pictures as they come down again are those that went up from memory, to the last bit."""
    want = from_memory(folder, entry, options)
    outcome = play(folder, entry, f"device=kernel {options} ! {upload} ! {TO_RGBA}")
    imported(outcome, entry)
    vm.check(uploaders() == {"Dmabuf"}, f"from dmabufs: {uploaders()}")
    vm.check(re.search(expected, outcome["caps"]), outcome["caps"])
    got, size = pictures(), entry["width"] * entry["height"] * 4
    vm.check(got == want, f"{len(got)} bytes of {len(want)}, {sum(got[i:i + size] != want[i:i + size] for i in range(0, len(want), size))} pictures differ")
    return f"{len(want) // size} pictures, {re.sub(', (width|interlace|multiview).*?(?=, drm|$)', '', outcome['caps'])}"


def scan_out(folder, entry, form):
    data, size = reference(folder, entry), entry["width"] * entry["height"] * 3 // 2
    expected = screen.checksums([data[i:i + size] for i in range(0, len(data), size)], entry["width"], entry["height"])
    with screen.Screen(), screen.Checksums() as sums:
        vm.wait_for(lambda: sums.seen == [screen.EMPTY], "an empty screen")
        outcome = play(folder, entry, f"device=kernel ! video/x-raw(memory:DMABuf),format=DMA_DRM,drm-format={form} ! kmssink driver-name=vkms can-scale=false sync=false")
        imported(outcome, entry)
        vm.wait_for(lambda: sums.seen[-1] == screen.EMPTY, "the screen to be empty again")
    vm.check("frame copy" not in vm.read(LOG), "kmssink has copied frames")
    vm.check(f"drm-format=(string){form}" in outcome["caps"], outcome["caps"])
    return f"{screen.compare(sums.seen, expected)} pictures scanned out"


def main():
    global run
    with open(os.path.join(vm.WORK, "vectors-next.json"), encoding="utf-8") as f:
        chosen = json.load(f)
    screen.insmod()
    vm.insmod()
    # The other root sees /tmp.
    shutil.copy(os.path.join(vm.WORK, "libgstdaedalus.so"), "/tmp")
    shutil.copy(os.path.join(vm.HERE, "play.py"), "/tmp")
    shutil.copytree(vm.ENGINE, "/tmp/engine")
    with vm.Daemon():
        folder = gst.enter(os.environ["trixie"], chosen["folder"])
        os.symlink("/tmp/libgstdaedalus.so", "/tmp/plugins/libgstdaedalus.so")
        os.environ.update({"DAEDALUS_ENGINE": "/tmp/engine", "GST_GL_PLATFORM": "egl", "GST_GL_WINDOW": "surfaceless", "GST_GL_API": "gles2",
                           "GST_DEBUG": "2,GST_PERFORMANCE:5,glupload:6", "GST_DEBUG_FILE": LOG})
        import run  # tests/conformance
        for codec in ELEMENTS:
            entry = max(filter(screen.suits, (e for e in chosen["entries"] if e["codec"] == codec)), key=lambda e: e["frames"])
            for options, upload, expected in (("", "video/x-raw(memory:DMABuf) ! glupload", r"DMABuf.*DMA_DRM.*drm-format=\(string\)YU12"),
                                              ("output-format=nv12", "video/x-raw(memory:DMABuf) ! glupload", r"DMABuf.*DMA_DRM.*drm-format=\(string\)NV12"),
                                              ("", "glupload", r"format=\(string\)(I420|DMA_DRM)"),
                                              # The next element names a format: what would become another one may not be chosen.
                                              ("", "glupload ! video/x-raw(memory:GLMemory),format=NV12", "NV12")):
                vm.case(" ".join(f"{codec} {entry['name']} {options} {upload}".split()), textures, folder, entry, options, upload, expected)
            for form in ("NV12", "YU12"):
                vm.case(f"kmssink {codec} {entry['name']} {form}", scan_out, folder, entry, form)
        deep = next(e for e in chosen["entries"] if e["output_format"] == "yuv420p10le" and e["width"] >= 64 and e["frames"] >= 8)
        vm.case(f"10 bits {deep['name']}", textures, folder, deep, "output-format=nv12", "video/x-raw(memory:DMABuf) ! glupload", r"DMA_DRM.*drm-format=\(string\)P010")
        vm.case("no context is left", lambda: vm.wait_for(lambda: not vm.contexts(), "contexts gone"))
    vm.case("others let go", lambda: vm.wait_for(lambda: screen.attached()[0] == 0, "dmabufs gone"))
    vm.case("module unloads", lambda: vm.wait_for(vm.rmmod, "rmmod"))
    vm.case("kernel log", vm.check_kernel_log)
    vm.finish()


main()
