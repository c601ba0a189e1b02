# SPDX-License-Identifier: LGPL-2.1-or-later
"""Our elements over the kernel route: the vectors bit-exactly from dmabufs without a copy, DMABuf caps, names of devices, a device that goes away."""
import hashlib
import json
import os
import re
import subprocess
import sys
import time

import gst
import vm

ELEMENTS = {"vp9": "daedalusvp9dec", "h264": "daedalush264dec", "av1": "daedalusav1dec"}


class Pipeline:
    """A pipeline whose decoder is called d."""

    def __init__(self, description):
        self.pipeline = Gst.parse_launch(description)
        self.decoder = self.pipeline.get_by_name("d")
        self.checksum = None
        self.error = None

    def play(self, seconds=60 * vm.SLOW):
        """To the end or an error; whether it ended well."""
        bus = self.pipeline.get_bus()
        self.pipeline.set_state(Gst.State.PLAYING)
        end = time.monotonic() + seconds
        ended = False
        while time.monotonic() < end:
            message = bus.timed_pop_filtered(Gst.SECOND, Gst.MessageType.EOS | Gst.MessageType.ERROR | Gst.MessageType.ELEMENT)
            if not message:
                continue
            if message.type == Gst.MessageType.EOS:
                ended = True
                break
            if message.type == Gst.MessageType.ERROR:
                error, debug = message.parse_error()
                self.error = f"{message.src.get_name()}: {error.message} {debug}"
                break
            structure = message.get_structure()
            if structure.get_name() == "conformance/checksum":
                self.checksum = structure.get_string("checksum").lower()
        vm.check(ended or self.error, f"no end within {seconds} s")
        # Sent from the sink before the end: it may be behind it in the queue.
        while not self.checksum and (message := bus.pop_filtered(Gst.MessageType.ELEMENT)):
            if message.get_structure().get_name() == "conformance/checksum":
                self.checksum = message.get_structure().get_string("checksum").lower()
        return ended

    def stats(self):
        s = self.decoder.get_property("stats")
        return {n: s.get_value(n) for n in (s.nth_field_name(i) for i in range(s.n_fields()))}

    def __enter__(self):
        return self

    def __exit__(self, *unused):
        self.pipeline.set_state(Gst.State.NULL)


def source(folder, entry):
    path = os.path.join(folder, entry["file"])
    return f"filesrc location={path} ! {run.front(path, entry['codec'])}"


def bit_exact(folder, entry, device="kernel"):
    start = time.monotonic()
    form = run.FORMATS[entry["output_format"]]
    with Pipeline(f"{source(folder, entry)} ! {ELEMENTS[entry['codec']]} name=d device={device} ! video/x-raw ! videoconvert dither=none ! video/x-raw,format={form} ! videocodectestsink") as p:
        vm.check(p.play(), p.error)
        s = p.stats()
        vm.check(p.checksum == entry["result_md5"], f"differs: {p.checksum} {s}")
        vm.check((s["route"], s["copies"], s["memory"], s["errors"]) == ("kernel", 0, "dmabuf", 0), str(s))
        return f"{s['frames']} frames in {time.monotonic() - start:.2f} s, {s['pool-size']} buffers"


def refused(folder, entry):
    """A codec that the driver does not offer here: an error that says so; by itself the element decodes in its process."""
    with Pipeline(f"{source(folder, entry)} ! {ELEMENTS[entry['codec']]} name=d device=kernel ! fakesink") as p:
        vm.check(not p.play() and "AV1" in p.error, f"{p.error}")
        said = p.error.splitlines()[0]
    with Pipeline(f"{source(folder, entry)} ! {ELEMENTS[entry['codec']]} name=d ! fakesink") as p:
        vm.check(p.play() and p.stats()["route"] == "embedded", p.error)
    return said


def pictures(description, caps, expect_dmabuf):
    """MD5 of the visible samples of each picture as they lie in the buffers, and what the buffers are."""
    import gi
    gi.require_version("GstVideo", "1.0")
    gi.require_version("GstAllocators", "1.0")
    from gi.repository import GstAllocators, GstVideo
    sums = []

    def handoff(_, buffer, pad):
        if len(sums) == 12:
            return
        meta = GstVideo.buffer_get_video_meta(buffer)
        vm_checks.append((buffer.n_memory() == 1 and GstAllocators.is_dmabuf_memory(buffer.peek_memory(0)) and meta is not None) or not expect_dmabuf)
        ok, info = buffer.map(Gst.MapFlags.READ)
        digest = hashlib.md5()
        # Without downstream's support of the metadata the embedded route copies to the default layout.
        layout = meta or GstVideo.VideoInfo.new_from_caps(pad.get_current_caps())
        width, height = layout.width, layout.height
        for plane, lines in ((0, height), (1, (height + 1) // 2)):
            for y in range(lines):
                at = layout.offset[plane] + y * layout.stride[plane]
                digest.update(info.data[at:at + (width + 1) // 2 * 2 if plane else at + width])
        buffer.unmap(info)
        sums.append(digest.hexdigest())

    vm_checks = []
    with Pipeline(f"{description} ! {caps} ! fakesink name=s signal-handoffs=true sync=false") as p:
        p.pipeline.get_by_name("s").connect("handoff", handoff)
        vm.check(p.play(), p.error)
        vm.check(all(vm_checks) and vm_checks, f"{vm_checks.count(False)} buffers are no dmabufs with GstVideoMeta")
        current = p.decoder.get_static_pad("src").get_current_caps().to_string()
        vm.check(("memory:DMABuf" in current) == ("memory:DMABuf" in caps), current)
        vm.check(p.stats()["copies"] == 0 or not expect_dmabuf, str(p.stats()))
    return sums


def dmabuf_caps(folder, entry):
    front = f"{source(folder, entry)} ! {ELEMENTS[entry['codec']]} name=d"
    drm = Gst.version() >= (1, 24, 0, 0)
    form = "format=DMA_DRM,drm-format=NV12" if drm else "format=NV12"
    got = pictures(f"{front} device=kernel", f"video/x-raw(memory:DMABuf),{form}", True)
    want = pictures(f"{front} device=embedded output-format=nv12", "video/x-raw,format=NV12", False)
    vm.check(got == want and len(want) >= 8, f"{len(got)} pictures, {len(want)} of the embedded route, {sum(a != b for a, b in zip(got, want))} differ")
    return f"{len(got)} pictures equal the embedded route's, {form}"


def names(folder, entry):
    video, media = vm.nodes()
    for name in (video[0], media[0], "daedalus", "platform:daedalus-v4l2", "kernel"):
        bit_exact(folder, entry, name)
    for name, said in (("/dev/video99", "does not exist"), ("/dev/null", "no stateless decoder"), ("hantro", "There is no device")):
        with Pipeline(f"{source(folder, entry)} ! {ELEMENTS[entry['codec']]} name=d device={name} ! fakesink") as p:
            vm.check(not p.play() and said in p.error, f"{name}: {p.error}")


def unplugged(folder, entry):
    """The daemon dies in the middle of a stream: an error message from the element, and the pipeline comes down."""
    with vm.Daemon() as daemon:
        with Pipeline(f"{source(folder, entry)} ! {slowly(entry)} ! {ELEMENTS[entry['codec']]} name=d device=kernel ! fakesink sync=false") as p:
            p.pipeline.set_state(Gst.State.PLAYING)
            vm.wait_for(lambda: p.stats()["frames"] >= 3, "the first frames")
            daemon.kill()
            start = time.monotonic()
            vm.check(not p.play(20), "the stream ended as if nothing had happened")
            vm.check("is gone" in p.error, p.error)
            p.pipeline.set_state(Gst.State.NULL)
            return f"{p.error.splitlines()[0]} after {time.monotonic() - start:.2f} s"


def session(case, path, decoder):
    done = subprocess.run([sys.executable, os.path.join(vm.ROOT, "tests/gstreamer/session.py"), case, path, "kernel", decoder],
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=85, check=False, env=os.environ | {"GST_DEBUG": "1"})
    vm.check(done.returncode == 0, done.stdout[:600])


def player(case, path, decoder, cycles=1000):
    """Of tests/gstreamer/player.py, over the kernel device."""
    done = subprocess.run([sys.executable, os.path.join(vm.ROOT, "tests/gstreamer/player.py"), case, path, decoder, "kernel", str(cycles)],
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=240, check=False, env=os.environ | {"GST_DEBUG": "1"})
    vm.check(done.returncode == 0, done.stdout[:600])


def longest(chosen, codec, ending=""):
    """A stream that lasts, of one size."""
    fits = [e for e in chosen["entries"] if e["codec"] == codec and e["file"].endswith(ending) and e["output_format"] == "yuv420p"]
    steady = [e for e in fits if e["frames"] >= 8 and not re.search("svc|scale|size", e["name"])]
    return max(steady or fits, key=lambda e: e["frames"])


def slowly(entry):
    """An element that makes a stream last three seconds at least."""
    return f"identity sleep-time={max(20000 * vm.SLOW, 3000000 // entry['frames'])}"


def seekable(folder, chosen):
    """A VP9 clip in WebM; where the folder has none, its longest stream is put into one."""
    if any(e["file"].endswith(".webm") for e in chosen["entries"]):
        return os.path.join(folder, longest(chosen, "vp9", ".webm")["file"])
    clip = "/tmp/clip.webm"
    subprocess.run(["ffmpeg", "-v", "error", "-y", "-i", os.path.join(folder, longest(chosen, "vp9")["file"]), "-c", "copy", clip], check=True, timeout=60 * vm.SLOW)
    return clip


def load():
    """GStreamer, when its environment is set."""
    global Gst, run
    import run
    import gi
    gi.require_version("Gst", "1.0")
    from gi.repository import Gst
    Gst.init(None)
    vm.log(Gst.version_string())


def tool(*arguments, code=0):
    program = os.environ["tool"]
    done = subprocess.run([*(["dotnet"] if program.endswith(".dll") else []), program, *arguments], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=60 * vm.SLOW, check=False)
    vm.check(done.returncode == code, f"{done.returncode} {done.stdout}")
    return done.stdout


def described():
    """daedalusctl devices and topology name our nodes, formats, controls, and how the entities hang together."""
    video, media = vm.nodes()
    vm.log(tool("devices"))
    vm.log(tool("topology"))
    device = next(d for d in json.loads(tool("devices", "--json"))["devices"] if d["route"] == "kernel")
    vm.check((device["driver"], device["path"], device["media"]) == ("daedalus", video[0], media[0]), str(device))
    vm.check({f["fourcc"] for f in device["coded-formats"]} == {"VP9F", "S264"} | ({"AV1F"} if vm.AV1 else set()), str(device["coded-formats"]))
    # Of all streams only where the kernel has V4L2_FMTDESC_FLAG_ENUM_ALL.
    vm.check({"NV12", "YU12"} <= {f["fourcc"] for f in device["picture-formats"]}, str(device["picture-formats"]))
    controls = {c["id"]: c for c in device["controls"]}
    vm.check(controls[0x00a40900]["menu"] == [{"value": 0, "name": "Slice-Based"}, {"value": 1, "name": "Frame-Based"}] and controls[0x00a40900]["default"] == 1 and controls[0x00a40907]["element-size"] == 560, str(controls))
    topology = next(t for t in json.loads(tool("topology", media[0], "--json")))
    vm.check(sorted(e["function"] for e in topology["entities"]) == [0x4008, 0x10001, 0x10001] and len(topology["pads"]) == 4, str(topology))
    vm.check([i["node"] for i in topology["interfaces"]] == [video[0]], str(topology))
    vm.check(sum(link["flags"] & 3 == 3 for link in topology["links"]) >= 2, str(topology))


def status(folder, entry):
    """daedalusctl status while a stream is held open, and after it."""
    with Pipeline(f"{source(folder, entry)} ! {slowly(entry)} ! {ELEMENTS[entry['codec']]} name=d device=kernel ! fakesink sync=false") as p:
        p.pipeline.set_state(Gst.State.PLAYING)
        vm.wait_for(lambda: p.stats()["frames"] >= 5, "the first frames")
        d = json.loads(tool("status", "--json"))
        s = d["streams"]
        vm.check(len(s) == 1 and s[0]["frames"] >= 5 and s[0]["errors"] == 0 and s[0]["bytes"] > 0 and s[0]["fps"] > 0 and 0 < s[0]["latency-ms"]["p50"] <= s[0]["latency-ms"]["p99"], str(d))
        vm.check((s[0]["coded-format"], s[0]["width"] >= entry["width"]) == ({"vp9": "VP9F", "h264": "S264", "av1": "AV1F"}[entry["codec"]], True), str(d))
        text = tool("status")
        vm.check("1 streams open" in text and s[0]["coded-format"] in text, text)
    vm.wait_for(lambda: not json.loads(tool("status", "--json"))["streams"], "the stream's end", 60)
    closed = json.loads(tool("status", "--json"))
    vm.check(closed["frames-closed"] >= s[0]["frames"] and closed["streams-closed"] > 0, str(closed))
    vm.check("no daedalusd answers" in tool("status", "--socket", "/tmp/nobody", code=3), "the answer of nobody")
    return f"{s[0]['fps']} frames/s, latency {s[0]['latency-ms']}"


def main():
    with open(os.path.join(vm.WORK, "vectors-ours.json"), encoding="utf-8") as f:
        chosen = json.load(f)
    folder = chosen["folder"]
    without = [e for e in chosen["entries"] if e["codec"] == "av1" and not vm.AV1]
    chosen["entries"] = [e for e in chosen["entries"] if e not in without]
    gst.prepare(ours=True)
    load()
    first = {}
    for entry in chosen["entries"]:
        if entry["output_format"] == "yuv420p" and 8 <= entry["frames"] and entry["width"] >= 64:
            first.setdefault(entry["codec"], entry)
    vm.insmod()
    with vm.Daemon():
        for entry in chosen["entries"] + chosen["private"]:
            vm.case(f"{ELEMENTS[entry['codec']]} {entry['name']}", bit_exact, folder, entry)
        if without:
            vm.case("no AV1 on this kernel", refused, folder, without[0])
        for codec, entry in first.items():
            vm.case(f"DMABuf caps {codec}", dmabuf_caps, folder, entry)
        vm.case("daedalusctl devices and topology", described)
        vm.case("daedalusctl status", status, folder, longest(chosen, "vp9"))
        vm.case("names of devices", names, folder, first["vp9"])
        clip = seekable(folder, chosen)
        for case in ("seek", "many", "cycles"):
            vm.case(f"session {case}", session, case, clip, "daedalusvp9dec")
        vm.case("a picture outlives its pipeline", player, "outlives", clip, "daedalusvp9dec")
        vm.case("starts and stops leak no descriptor", player, "lifecycle", clip, "daedalusvp9dec", int(os.environ.get("cycles", "100")))
        # More pictures than a session has buffers.
        if os.path.exists(clip := os.path.join(folder, "misc/vp9/firefox__vp9.webm")):
            vm.case("session hoard", session, "hoard", clip, "daedalusvp9dec")
        vm.case("no context is left", lambda: vm.wait_for(lambda: not vm.contexts(), "contexts gone"))
    for codec in first:
        vm.case(f"device gone {codec}", unplugged, folder, longest(chosen, codec))
    vm.case("module unloads", lambda: vm.wait_for(vm.rmmod, "rmmod"))
    vm.case("kernel log", vm.check_kernel_log)
    vm.finish()


if __name__ == "__main__":
    main()
