# SPDX-License-Identifier: LGPL-2.1-or-later
"""
What takes time, by the machine's parameter "what": streams (eight at once for seconds=), fuzz (random ioctls and control payloads for seconds=, while
streams go on), throughput (frames a second of the kernel route over those of the embedded one, the same clip, rounds= in turn).
"""
import glob
import json
import os
import subprocess
import threading
import time

import elements
import gst
import vm

# Buffers of a stream at most; the first touch of a page is dear in this machine, and the kernel route has each in two processes.
WARM = 30
CLIENT = os.path.join(vm.WORK, "client")


def endless(folder, entry, until, device="kernel"):
    """Plays a stream again and again until the time; (rounds, frames, what went wrong)."""
    rounds = frames = 0
    while time.monotonic() < until:
        with elements.Pipeline(f"{elements.source(folder, entry)} ! {elements.ELEMENTS[entry['codec']]} name=d device={device} ! video/x-raw ! videoconvert dither=none "
                               f"! video/x-raw,format={elements.run.FORMATS[entry['output_format']]} ! videocodectestsink") as p:
            if not p.play(120):
                return rounds, frames, p.error
            if p.checksum != entry["result_md5"]:
                return rounds, frames, f"{entry['name']} differs in round {rounds}: {p.checksum}"
            rounds += 1
            frames += p.stats()["frames"]
    return rounds, frames, None


def streams(folder, entries, seconds, count=8):
    """Eight pipelines at once; every picture of every round is right."""
    until, results = time.monotonic() + seconds, [None] * count

    def one(i):
        results[i] = endless(folder, entries[i % len(entries)], until)

    threads = [threading.Thread(target=one, args=(i,)) for i in range(count)]
    for t in threads:
        t.start()
    for t in threads:
        t.join(seconds + 150)
    vm.check(all(results), f"not all came to an end: {results}")
    wrong = [r[2] for r in results if r[2]]
    vm.check(not wrong and all(r[0] > 0 for r in results), f"{wrong} {results}")
    return f"{sum(r[0] for r in results)} rounds, {sum(r[1] for r in results)} frames bit-exact in {seconds} s"


def fuzz(folder, entry, seconds):
    """Two clients that throw garbage at the nodes while a stream is decoded bit-exactly beside them."""
    video, media = vm.nodes()
    clients = [subprocess.Popen([CLIENT, video[0], media[0], "garbage", str(seconds), str(seed + int(os.environ.get("seed", "0")))], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True) for seed in (11, 12)]
    rounds, frames, wrong = endless(folder, entry, time.monotonic() + seconds)
    said = [c.communicate(timeout=60)[0].strip() for c in clients]
    vm.check(all(c.returncode == 0 for c in clients), str(said))
    vm.check(not wrong, wrong)
    return f"{'; '.join(said)}; beside them {rounds} rounds, {frames} frames bit-exact"


def rate(clip, codec, device, extra):
    """Frames a second of a clip: of all from the first picture to the last, and when every buffer has been used once, after WARM pictures."""
    times = []
    with elements.Pipeline(f"filesrc location={clip} ! {elements.run.front(clip, codec)} ! {elements.ELEMENTS[codec]} name=d device={device} {extra} ! fakesink name=s signal-handoffs=true sync=false") as p:
        p.pipeline.get_by_name("s").connect("handoff", lambda *_: times.append(time.monotonic()))
        vm.check(p.play(85), p.error)
        vm.check(p.stats()["errors"] == 0, str(p.stats()))
    warm = min(WARM, len(times) // 2)
    return (len(times) - 1 - warm) / (times[-1] - times[warm]), (len(times) - 1) / (times[-1] - times[0])


def throughput(clip, codec, rounds):
    """
    The routes take turns; the ratio is that of the best rounds, since what else the machine does only ever slows one down. Of the whole clip, from the first picture to
    the last; beside it that without the first pictures, in which each buffer is touched for the first time.
    """
    rate(clip, codec, "embedded", "")
    found = {"kernel": [], "embedded": []}
    for _ in range(rounds):
        for device, rates in found.items():
            rates.append(rate(clip, codec, device, ""))
    best = {device: [max(r[i] for r in rates) for i in (0, 1)] for device, rates in found.items()}
    ratio, whole = (best["kernel"][i] / best["embedded"][i] for i in (0, 1))
    text = f"kernel {best['kernel'][1]:.1f}, embedded {best['embedded'][1]:.1f} frames/s: {whole:.3f} (without the first {WARM} pictures {ratio:.3f})"
    vm.log({d: [tuple(round(x, 1) for x in r) for r in rs] for d, rs in found.items()})
    vm.check(whole >= 0.9, text)
    return text


def main():
    what = os.environ.get("what", "streams,fuzz,throughput").split(",")
    seconds, rounds = int(os.environ.get("seconds", "10")), int(os.environ.get("rounds", "3"))
    with open(os.path.join(vm.WORK, "vectors-ours.json"), encoding="utf-8") as f:
        chosen = json.load(f)
    folder = chosen["folder"]
    gst.prepare(ours=True)
    elements.load()
    # The limit for a daemon that hangs is no limit for a machine that has eight streams and others to do.
    # Garbage allocates what it is allowed to, by files it keeps open through mappings as well: the stream beside it needs some more than nothing.
    vm.insmod(job_timeout_ms=60000, max_context_mb=200)
    # Streams of a few tens of frames, of all codecs.
    entries = []
    for codec in elements.ELEMENTS:
        entries += sorted((e for e in chosen["entries"] if e["codec"] == codec and e["output_format"] == "yuv420p" and e["width"] >= 64 and 8 <= e["frames"]), key=lambda e: -e["frames"])[:3]
    # More threads than the machine has CPUs: the streams share them.
    with vm.Daemon(*(["--threads", os.environ["threads"]] if "threads" in os.environ else [])):
        # The Python bindings make their attributes when they are first used, which threads must not do at once.
        vm.case("one stream of each codec", lambda: [elements.bit_exact(folder, entries[i]) for i in (0, 3, 6) if i < len(entries)] and None)
        if "streams" in what:
            vm.case(f"eight streams at once for {seconds} s", streams, folder, entries, seconds)
        if "fuzz" in what:
            vm.case(f"garbage for {seconds} s", fuzz, folder, entries[0], seconds)
        if "throughput" in what:
            clips = sorted(glob.glob(os.environ["clips"])) if os.environ.get("clips") else [os.path.join(folder, elements.longest(chosen, c)["file"]) for c in elements.ELEMENTS]
            for clip in clips:
                codec = next(c for c in elements.ELEMENTS if c in os.path.basename(clip) or f"/{c}/" in clip)
                vm.case(f"throughput {os.path.basename(clip)}", throughput, clip, codec, rounds)
        vm.case("a client after all that", lambda: elements.bit_exact(folder, entries[0]))
        vm.case("no context is left", lambda: vm.wait_for(lambda: not vm.contexts(), "contexts gone"))
    vm.case("module unloads", lambda: vm.wait_for(vm.rmmod, "rmmod"))
    vm.case("kernel log", vm.check_kernel_log)
    vm.finish()


main()
