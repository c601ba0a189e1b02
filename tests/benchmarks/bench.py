#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""VP9 speed beside the peers, interleaved in one run: bench.py [CLIP …] [--runs N] [--json FILE]

CPU seconds and wall seconds of whole processes, pinned to one CPU (1 thread) or two (2 threads), as ratios to ffvp9
through avdec_vp9 in the same pipeline, and peak resident memory. A clip is made when none is given or found.
"""
import argparse
import json
import os
import resource
import shlex
import statistics
import subprocess
import sys
import time

here = os.path.dirname(os.path.abspath(__file__))
top = os.path.normpath(os.path.join(here, "../.."))


def clips():
    shared = os.path.normpath(os.path.join(top, "../shared/bench"))
    found = [os.path.join(shared, c) for c in ("animation-1080p.vp9.ivf", "street-1080p.vp9.ivf")]
    found = [c for c in found if os.path.exists(c)]
    if found:
        return found
    made = os.path.join(top, "out/bench.ivf")
    if not os.path.exists(made):
        subprocess.run(["ffmpeg", "-v", "error", "-y", "-f", "lavfi", "-i", "mandelbrot=size=1920x1080:rate=30", "-t", "4", "-c:v", "libvpx-vp9",
                        "-b:v", "5M", "-tile-columns", "2", "-cpu-used", "5", "-row-mt", "1", made], check=True)
    return [made]


def decoders(threads):
    pipe = "gst-launch-1.0 -q filesrc location={clip} ! ivfparse ! vp9parse ! {dec} ! fakesink sync=false"
    return {
        "avdec_vp9": pipe.replace("{dec}", f"avdec_vp9 max-threads={threads}"),
        "daedalusvp9dec": pipe.replace("{dec}", f"daedalusvp9dec n-threads={threads}"),
        "vp9dec": pipe.replace("{dec}", f"vp9dec threads={threads}"),
        "vpxdec": f"vpxdec --noblit --threads={threads} -o /dev/null {{clip}}",
    }


def once(command, clip, cpus):
    before, started = resource.getrusage(resource.RUSAGE_CHILDREN), time.monotonic()
    p = subprocess.Popen(["taskset", "-c", cpus] + shlex.split(command.replace("{clip}", shlex.quote(clip))), stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
    _, status, usage = os.wait4(p.pid, 0)
    wall = time.monotonic() - started
    if status:
        sys.exit(f"{command}: failed: {p.stderr.read().decode()[-300:]}")
    p.returncode = 0
    del before
    return usage.ru_utime + usage.ru_stime, wall, usage.ru_maxrss / 1024


def main():
    a = argparse.ArgumentParser()
    a.add_argument("clips", nargs="*")
    a.add_argument("--runs", type=int, default=3)
    a.add_argument("--json")
    o = a.parse_args()
    results = []
    for clip in o.clips or clips():
        walls = {}
        for threads, cpus in ((1, "0"), (2, "0,1")):
            if (os.cpu_count() or 1) < threads:
                continue
            d = decoders(threads)
            samples = {n: [] for n in d}
            for n, c in d.items():
                once(c, clip, cpus)
            for _ in range(o.runs):
                for n, c in d.items():
                    samples[n].append(once(c, clip, cpus))
            print(f"{os.path.basename(clip)}, {threads} thread(s), median of {o.runs}: ratio to avdec_vp9")
            for n, s in samples.items():
                cpu, wall = (statistics.median(x[i] / y[i] for x, y in zip(s, samples["avdec_vp9"])) for i in (0, 1))
                row = {"clip": os.path.basename(clip), "threads": threads, "decoder": n, "cpu_s": statistics.median(x[0] for x in s),
                       "wall_s": statistics.median(x[1] for x in s), "rss_mib": statistics.median(x[2] for x in s), "cpu_ratio": cpu, "wall_ratio": wall}
                results.append(row)
                walls[(n, threads)] = row["wall_s"]
                print(f"  {n:16s} cpu {row['cpu_s']:6.2f} s ×{cpu:4.2f}   wall {row['wall_s']:6.2f} s ×{wall:4.2f}   rss {row['rss_mib']:6.1f} MiB", flush=True)
        for n in ("daedalusvp9dec", "avdec_vp9", "vp9dec"):
            if (n, 2) in walls:
                print(f"  {n}: two threads are {walls[(n, 1)] / walls[(n, 2)]:.2f} × one")
    if o.json:
        with open(o.json, "w", encoding="utf-8") as f:
            json.dump(results, f, indent=1)


main()
