#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Speed beside the peers, interleaved in one run: bench.py [CLIP …] [--codec vp9|h264|av1] [--runs N] [--repeat N] [--json FILE]

CPU seconds and wall seconds of whole processes, pinned to one CPU (1 thread) or two (2 threads), as ratios to FFmpeg
through avdec_* in the same pipeline, of AV1 to dav1d's own program, and peak resident memory. A clip is made when none is
given or found; peers that are not installed are left out. --repeat plays the clip several times in one process, so that its start
(which no second thread makes shorter) weighs less.
"""
import argparse
import json
import os
import shlex
import shutil
import statistics
import struct
import subprocess
import sys
import time

here = os.path.dirname(os.path.abspath(__file__))
top = os.path.normpath(os.path.join(here, "../.."))


# Codec: what ratios are to; elements; programs; how a clip is named, read and made.
PEERS = {
    "vp9": {
        "base": "avdec_vp9", "suffix": ".vp9.ivf", "front": "ivfparse ! vp9parse", "encoder": ["-c:v", "libvpx-vp9", "-b:v", "5M", "-tile-columns", "2", "-cpu-used", "5", "-row-mt", "1"],
        "elements": {"avdec_vp9": "max-threads", "daedalusvp9dec": "n-threads", "vp9dec": "threads"},
        "commands": {"vpxdec": "vpxdec --noblit --threads={threads} -o /dev/null {clip}"},
    },
    "h264": {
        "base": "avdec_h264", "suffix": ".h264", "front": "h264parse", "encoder": ["-c:v", "libx264", "-b:v", "5M"],
        "elements": {"avdec_h264": "max-threads", "daedalush264dec": "n-threads", "openh264dec": None},
        "commands": {},
    },
    "av1": {
        "base": "dav1d", "suffix": ".av1.ivf", "front": "ivfparse ! av1parse", "encoder": ["-c:v", "libaom-av1", "-b:v", "5M", "-tiles", "2x1", "-cpu-used", "7", "-row-mt", "1"],
        "elements": {"daedalusav1dec": "n-threads", "dav1ddec": "n-threads", "avdec_av1": "max-threads", "av1dec": None},
        "commands": {"dav1d": "dav1d -q -i {clip} --muxer null -o /dev/null --threads {threads}", "ffmpeg libdav1d": "ffmpeg -v error -threads {threads} -c:v libdav1d -i {clip} -f null -"},
    },
}


def installed(name, command):
    program = shlex.split(command)[0]
    return bool(shutil.which(program)) and (program != "gst-launch-1.0" or subprocess.run(["gst-inspect-1.0", name], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL).returncode == 0)


def clips(codec):
    shared = os.path.normpath(os.path.join(top, "../shared/bench"))
    suffix = PEERS[codec]["suffix"]
    found = [os.path.join(shared, c + suffix) for c in ("animation-1080p", "street-1080p")]
    found = [c for c in found if os.path.exists(c)]
    if found:
        return found
    made = os.path.join(top, "out/bench" + suffix)
    if not os.path.exists(made):
        subprocess.run(["ffmpeg", "-v", "error", "-y", "-f", "lavfi", "-i", "mandelbrot=size=1920x1080:rate=30", "-t", "4", "-pix_fmt", "yuv420p",
                        *PEERS[codec]["encoder"], made], check=True)
    return [made]


def repeated(clip, times):
    """The clip so many times in one file; an IVF's frames with times that go on."""
    if times <= 1:
        return clip
    with open(clip, "rb") as f:
        data = f.read()
    frames, at = [], 32
    while clip.endswith(".ivf") and at < len(data):
        size, = struct.unpack_from("<I", data, at)
        frames.append(data[at + 12:at + 12 + size])
        at += 12 + size
    made = os.path.join(top, f"out/bench-{times}x-{os.path.basename(clip)}")
    with open(made, "wb") as f:
        if frames:
            f.write(data[:24] + struct.pack("<II", len(frames) * times, 0))
            for i, frame in enumerate(frames * times):
                f.write(struct.pack("<IQ", len(frame), i) + frame)
        else:
            f.write(data * times)
    return made


def decoders(codec, threads):
    p = PEERS[codec]
    made = {}
    for name, option in p["elements"].items():
        setting = f"{name} {option}={threads}" if option else name
        made[name] = f"gst-launch-1.0 -q filesrc location={{clip}} ! {p['front']} ! {setting} ! fakesink sync=false"
    made |= {n: c.replace("{threads}", str(threads)) for n, c in p["commands"].items()}
    return {n: c for n, c in made.items() if installed(n, c)}


def once(command, clip, cpus):
    started = time.monotonic()
    p = subprocess.Popen(["taskset", "-c", cpus] + shlex.split(command.replace("{clip}", shlex.quote(clip))), stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
    _, status, usage = os.wait4(p.pid, 0)
    wall = time.monotonic() - started
    if status:
        sys.exit(f"{command}: failed: {p.stderr.read().decode()[-300:]}")
    p.returncode = 0
    return usage.ru_utime + usage.ru_stime, wall, usage.ru_maxrss / 1024


def main():
    a = argparse.ArgumentParser()
    a.add_argument("clips", nargs="*")
    a.add_argument("--codec", choices=PEERS)
    a.add_argument("--runs", type=int, default=3)
    a.add_argument("--repeat", type=int, default=1)
    a.add_argument("--json")
    o = a.parse_args()
    results = []
    for codec, clip in [(k, c) for k in ([o.codec] if o.codec else PEERS) for c in (o.clips or clips(k)) if c.endswith(PEERS[k]["suffix"])]:
        clip = repeated(clip, o.repeat)
        base, counts = PEERS[codec]["base"], [t for t in (1, 2) if t <= (os.cpu_count() or 1)]
        # All of a round, both thread counts too, runs within seconds: a machine that changes its pace then changes it for all.
        runs = {(n, t): (c, ",".join(map(str, range(t)))) for t in counts for n, c in decoders(codec, t).items()}
        if (base, 1) not in runs:
            sys.exit(f"{base} is what ratios are to, and it is not installed")
        samples = {k: [] for k in runs}
        for c, cpus in runs.values():
            once(c, clip, cpus)
        for _ in range(o.runs):
            for k, (c, cpus) in runs.items():
                samples[k].append(once(c, clip, cpus))
        for threads in counts:
            print(f"{os.path.basename(clip)}, {threads} thread(s), median of {o.runs}: ratio to {base}")
            for n, s in ((n, s) for (n, t), s in samples.items() if t == threads):
                cpu, wall = (statistics.median(x[i] / y[i] for x, y in zip(s, samples[base, threads])) for i in (0, 1))
                row = {"clip": os.path.basename(clip), "threads": threads, "decoder": n, "cpu_s": statistics.median(x[0] for x in s),
                       "wall_s": statistics.median(x[1] for x in s), "rss_mib": statistics.median(x[2] for x in s), "cpu_ratio": cpu, "wall_ratio": wall}
                if threads > 1:
                    row["over_one"] = statistics.median(x[1] / y[1] for x, y in zip(samples[n, 1], s))
                results.append(row)
                print(f"  {n:16s} cpu {row['cpu_s']:6.2f} s ×{cpu:4.2f}   wall {row['wall_s']:6.2f} s ×{wall:4.2f}   rss {row['rss_mib']:6.1f} MiB"
                      + (f"   {row['over_one']:4.2f} × one thread" if threads > 1 else ""), flush=True)
    if o.json:
        with open(o.json, "w", encoding="utf-8") as f:
            json.dump(results, f, indent=1)


main()
