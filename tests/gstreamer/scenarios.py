#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""The scenarios that come with gst-validate (seeks, trick modes, scrubbing, changes of state), for the three elements in playbin.
usage: scenarios.py [--counts FILE] [CODEC…]. gst-validate-1.0 is taken from PATH; distributions rarely have it, and then a line says
that nothing was run. Clips of 480 s are made by ffmpeg below out/scenarios; the whole takes some minutes, most of it waiting."""
import concurrent.futures
import os
import shutil
import subprocess
import sys

TOP = os.path.normpath(os.path.join(os.path.dirname(__file__), "../.."))
SCENARIOS = """play_15s pause_resume change_state_intensive fast_forward fast_backward reverse_playback alternate_fast_backward_forward
    scrub_forward_seeking scrub_forward_seeking_full scrub_backward_seeking scrub_backward_seeking_full
    seek_forward seek_backward seek_forward_backward seek_with_stop simple_seeks""".split()
ENCODERS = {"vp9": "-c:v libvpx-vp9 -cpu-used 8 -deadline realtime", "h264": "-c:v libx264 -preset veryfast -bf 2", "av1": "-c:v libsvtav1 -preset 12"}


def clip(codec):
    folder = os.path.join(TOP, "out/scenarios")
    os.makedirs(folder, exist_ok=True)
    path = os.path.join(folder, codec + ".mkv")
    if not os.path.exists(path):
        subprocess.run(["ffmpeg", "-v", "error", "-y", "-f", "lavfi", "-i", "testsrc2=size=192x144:rate=25", "-f", "lavfi", "-i", "sine", "-t", "480", "-pix_fmt", "yuv420p",
                        *ENCODERS[codec].split(), "-g", "25", "-b:v", "100k", "-c:a", "libopus", path], check=True, stderr=subprocess.DEVNULL)
    return path


def run(codec, scenario):
    """'' or what went wrong."""
    command = ["gst-validate-1.0", "--set-scenario", scenario, "playbin", "uri=file://" + clip(codec), "audio-sink=fakesink sync=true", "video-sink=fakesink sync=true qos=true"]
    try:
        # Only our elements may decode.
        ranks = ",".join(f"{other}:NONE" for other in ("vp9dec", "avdec_vp9", "avdec_h264", "openh264dec", "av1dec", "dav1ddec", "avdec_av1"))
        p = subprocess.run(command, env=dict(os.environ, GST_PLUGIN_FEATURE_RANK=ranks), stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=400, check=False)
    except subprocess.TimeoutExpired as e:
        return "no end: " + (e.stdout or b"").decode("utf-8", "replace")[-600:]
    text = p.stdout.decode("utf-8", "replace")
    return "" if p.returncode == 0 else text[-1200:]


def main():
    arguments = sys.argv[1:]
    counts = arguments.pop(arguments.index("--counts") + 1) if "--counts" in arguments else None
    codecs = [a for a in arguments if a in ENCODERS] or list(ENCODERS)
    passed = failed = 0
    if not shutil.which("gst-validate-1.0"):
        print("gst-validate: SKIPPED: gst-validate-1.0 is not installed")
    else:
        for codec in codecs:
            clip(codec)
        with concurrent.futures.ThreadPoolExecutor(8) as pool:
            jobs = [(c, s, pool.submit(run, c, s)) for c in codecs for s in SCENARIOS]
            for codec, scenario, job in jobs:
                wrong = job.result()
                passed, failed = passed + (not wrong), failed + bool(wrong)
                print(f"  {codec:5} {scenario:32} {'ok' if not wrong else 'WRONG ' + wrong}", flush=True)
        print(f"gst-validate: {passed} passed, {failed} failed")
    if counts:
        with open(counts, "w", encoding="ascii") as f:
            f.write(f"{passed} {failed}\n")
    return failed != 0


sys.exit(main())
