# SPDX-License-Identifier: LGPL-2.1-or-later
"""Another driver takes our dmabufs: kmssink on vkms, without a copy, and what is on the screen is what another decoder says."""
import hashlib
import json
import os

import elements
import gst
import screen
import vm

LOG = "/tmp/gst.log"


def reference(folder, entry):
    """The stream's pictures, I420, whose checksum is the one of the reference decoder."""
    form = elements.run.FORMATS[entry["output_format"]]
    with elements.Pipeline(f"{elements.source(folder, entry)} ! {elements.ELEMENTS[entry['codec']]} name=d device=embedded ! videoconvert dither=none ! video/x-raw,format={form} ! filesink location=/tmp/raw") as p:
        vm.check(p.play(), p.error)
    with open("/tmp/raw", "rb") as f:
        data = f.read()
    os.unlink("/tmp/raw")
    vm.check(hashlib.md5(data).hexdigest() == entry["result_md5"], "the reference pictures are not the reference's")
    size = entry["width"] * entry["height"] * 3 // 2
    return [data[i:i + size] for i in range(0, len(data), size)]


def suitable(folder, entries):
    """The stream with most pictures that suits, and whose pictures differ."""
    for entry in sorted(filter(screen.suits, entries), key=lambda e: -e["frames"]):
        pictures = reference(folder, entry)
        if len(set(pictures)) >= min(20, entry["frames"]):
            return entry, pictures
    raise AssertionError("no stream suits")


def scan_out(folder, entry, expected, form):
    open(LOG, "w", encoding="ascii").close()
    found = []

    def probe(_, info):
        found.append(screen.attached())
        return elements.Gst.PadProbeReturn.OK

    with screen.Screen(), screen.Checksums() as sums:
        vm.wait_for(lambda: sums.seen == [screen.EMPTY], "an empty screen")
        with elements.Pipeline(f"{elements.source(folder, entry)} ! {elements.ELEMENTS[entry['codec']]} name=d device=kernel ! video/x-raw,format={form} ! kmssink name=k driver-name=vkms can-scale=false sync=false") as p:
            p.pipeline.get_by_name("k").get_static_pad("sink").add_probe(elements.Gst.PadProbeType.BUFFER, probe)
            vm.check(p.play(), p.error)
            s = p.stats()
            vm.check((s["route"], s["copies"], s["memory"], s["errors"], s["frames"]) == ("kernel", 0, "dmabuf", 0, entry["frames"]), str(s))
            vm.wait_for(lambda: sums.seen[-1] == expected[-1], f"the last picture on the screen: {sums.seen[-3:]} {expected[-3:]}")
        seen = list(sums.seen)
    count = screen.compare(seen, expected)
    vm.check("frame copy" not in vm.read(LOG), "kmssink has copied frames")
    buffers, imported = max(found, key=lambda f: f[1])
    vm.check(imported >= 2, f"vkms is attached to {imported} of {buffers} dmabufs")
    return f"{count} pictures scanned out, vkms attached to {imported} of {buffers} dmabufs"


def main():
    with open(os.path.join(vm.WORK, "vectors-ours.json"), encoding="utf-8") as f:
        chosen = json.load(f)
    folder = chosen["folder"]
    gst.prepare(ours=True)
    os.environ.update({"GST_DEBUG": "2,GST_PERFORMANCE:5,kmssink:5", "GST_DEBUG_FILE": LOG})
    elements.load()
    screen.insmod()
    vm.insmod()
    with vm.Daemon():
        for codec in elements.ELEMENTS:
            entry, pictures = suitable(folder, [e for e in chosen["entries"] if e["codec"] == codec])
            expected = screen.checksums(pictures, entry["width"], entry["height"])
            for form in ("NV12", "I420"):
                vm.case(f"kmssink {codec} {entry['name']} {form}", scan_out, folder, entry, expected, form)
        vm.case("no context is left", lambda: vm.wait_for(lambda: not vm.contexts(), "contexts gone"))
    vm.case("vkms lets go", lambda: vm.wait_for(lambda: screen.attached()[0] == 0, "dmabufs gone"))
    vm.case("module unloads", lambda: vm.wait_for(vm.rmmod, "rmmod"))
    vm.case("kernel log", vm.check_kernel_log)
    vm.finish()


main()
