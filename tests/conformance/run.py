#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Conformance through gst-launch-1.0 and our elements: run.py VECTORS [--codec C] [--suite S] [--junit FILE] [--counts FILE] [--element E]

Reads VECTORS/manifest.json. An entry with a verified MD5 must be bit-exact; one without must end by itself, without a
crash or hang. skips.json beside this file names every entry that GStreamer's own demuxers, parsers or formats stand before,
with the reason: "instead": "annexb" or "mp4" repacks the same coded data with ffmpeg and plays that; without it the
entry is left out here (and held to its MD5 by daedalusctl conformance).
`daedalusctl conformance` runs the same manifest straight through the stateless contract.
"""
import argparse
import concurrent.futures
import hashlib
import json
import os
import re
import signal
import subprocess
import sys
import tempfile
import threading
import xml.sax.saxutils as xml

FORMATS = {
    "yuv420p": "I420", "yuvj420p": "I420", "yuv422p": "Y42B", "yuv444p": "Y444",
    "yuv420p10le": "I420_10LE", "yuv422p10le": "I422_10LE", "yuv444p10le": "Y444_10LE",
    "yuv420p12le": "I420_12LE", "yuv422p12le": "I422_12LE", "yuv444p12le": "Y444_12LE",
}
RAW = {"gbrp": "GBR", "yuv440p": "Y444"}
CODECS = {"vp9": ("vp9parse", "daedalusvp9dec"), "h264": ("h264parse", "daedalush264dec")}
here = os.path.dirname(os.path.abspath(__file__))


def front(path, codec):
    kind = path.rsplit(".", 1)[-1].lower()
    parse = CODECS[codec][0]
    if kind == "ivf":
        return f"ivfparse ! {parse}"
    if kind in ("webm", "mkv"):
        return f"matroskademux ! {parse}"
    if kind in ("mp4", "mov"):
        return f"qtdemux ! {parse}"
    if codec == "h264" and kind not in ("ts", "flv", "avi"):
        return parse
    return "parsebin"


def run_pipeline(command, timeout, fd=None, consume=None):
    """(result or None, text): runs gst-launch-1.0; consume reads the other end of fd while it runs."""
    p = subprocess.Popen(["gst-launch-1.0", *command.split()], stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                         start_new_session=True, pass_fds=(fd,) if fd is not None else ())
    if fd is not None:
        os.close(fd)
    reader = threading.Thread(target=consume) if consume else None
    if reader:
        reader.start()
    try:
        text = p.communicate(timeout=timeout)[0].decode("utf-8", "replace")
    except subprocess.TimeoutExpired:
        # gst-launch 1.22 loses the quit of an error that is posted before its main loop runs, with any decoder, and then waits
        # for ever. If it reported an error and still shuts the whole pipeline down when interrupted, nothing hangs in there.
        p.send_signal(signal.SIGINT)
        try:
            text = p.communicate(timeout=15)[0].decode("utf-8", "replace")
        except subprocess.TimeoutExpired:
            os.killpg(p.pid, signal.SIGKILL)
            p.communicate()
            return "hang", f"no end after {timeout} s, nor when interrupted"
        if "ERROR" not in text:
            return "hang", f"no end after {timeout} s: {text[-200:]}"
    finally:
        if reader:
            reader.join()
    return ("crash" if p.returncode < 0 else None), text


def raw_md5(front_and_element, caps, timeout, entry):
    """For formats the checksum sink does not take: the MD5 of the bytes a file sink would write."""
    read, write = os.pipe()
    digest = hashlib.md5()
    rows440 = entry.get("output_format") == "yuv440p"
    w, h = entry["width"], entry["height"]
    frame = 3 * w * h

    def consume():
        with os.fdopen(read, "rb") as f:
            while data := f.read(frame if rows440 else 1 << 20):
                if rows440:  # 4:4:0 leaves the element as 4:4:4 with each chroma row twice: undo that
                    digest.update(data[:w * h])
                    for plane in (1, 2):
                        for y in range(0, h, 2):
                            at = plane * w * h + y * w
                            digest.update(data[at:at + w])
                else:
                    digest.update(data)

    bad, text = run_pipeline(f"-q {front_and_element} ! {caps} ! fdsink fd={write}", timeout, write, consume)
    return bad, digest.hexdigest() if "ERROR" not in text else "", text


def repacked(path, instead):
    """The same coded data in another container, and what reads it. FFmpeg copies, it does not decode."""
    made = tempfile.NamedTemporaryFile(suffix=".264" if instead == "annexb" else ".mp4")
    # An edit list would leave out frames that the reference has.
    source = ["-ignore_editlist", "1", "-i", path] if path.endswith((".mp4", ".mov")) else ["-r", "25", "-i", path]
    options = ["-bsf:v", "h264_mp4toannexb", "-f", "h264"] if instead == "annexb" else ["-f", "mp4"]
    subprocess.run(["ffmpeg", "-v", "quiet", "-y", *source, "-map", "0:v:0", "-c", "copy", *options, made.name], check=False)
    return made


def play(vectors, entry, codec, element, timeout, instead=None):
    """(result, detail): pass, differ, error, crash or hang."""
    path = os.path.join(vectors, entry["file"])
    decode = f"filesrc location={path} ! {front(path, codec)} ! {element}"
    if instead:
        with repacked(path, instead) as made:
            read = "qtdemux" if instead == "mp4" else CODECS[codec][0]
            return run_entry(entry, f"filesrc location={made.name} ! {read} ! {element}", timeout)
    return run_entry(entry, decode, timeout)


def run_entry(entry, decode, timeout):
    """Plays and compares."""
    want = entry.get("output_format") or ""
    if want in RAW:
        bad, got, text = raw_md5(decode, f"video/x-raw,format={RAW[want]}", timeout, entry)
    else:
        convert = f"! videoconvert dither=none ! video/x-raw,format={FORMATS[want]} " if want in FORMATS else ""
        if not entry.get("verified"):
            timeout = min(timeout, 20)
        bad, text = run_pipeline(f"-m {decode} {convert}! videocodectestsink", timeout)
        found = re.search(r"checksum=\(string\)([0-9a-fA-F]+)", text)
        got = found.group(1).lower() if found else ""
    if bad:
        return bad, text[-200:]
    if not got:
        return "error", (re.findall(r"ERROR[^\n]*", text) or [text[-200:]])[0]
    return ("pass" if got == entry.get("result_md5") else "differ"), got


def main():
    a = argparse.ArgumentParser()
    a.add_argument("vectors")
    a.add_argument("--suite")
    a.add_argument("--codec", choices=CODECS, help="default: all")
    a.add_argument("--element")
    a.add_argument("--jobs", type=int, default=os.cpu_count() or 1)
    a.add_argument("--timeout", type=float, default=120)
    a.add_argument("--junit")
    a.add_argument("--counts")
    o = a.parse_args()
    with open(os.path.join(o.vectors, "manifest.json"), encoding="utf-8") as f:
        manifest = json.load(f)
    with open(os.path.join(here, "skips.json"), encoding="utf-8") as f:
        skips = {(s["suite"], s["name"]): s for s in json.load(f)}
    work, skipped = [], []
    for e in manifest:
        reference = bool(e.get("verified"))
        if e["codec"] not in ([o.codec] if o.codec else CODECS) or (o.suite and e.get("suite") != o.suite):
            continue
        skip = skips.get((str(e.get("suite")), e["name"]))
        if skip and "instead" not in skip:
            skipped.append((e, skip["reason"]))
        else:
            work.append((e, reference, skip["instead"] if skip else None))
    if not work:
        sys.exit(f"{o.vectors}/manifest.json has no entry to play")
    tally, cases, bad = {}, [], 0
    with concurrent.futures.ThreadPoolExecutor(o.jobs) as pool:
        jobs = pool.map(lambda w: (w[0], w[1], *play(o.vectors, w[0], w[0]["codec"], o.element or CODECS[w[0]["codec"]][1], o.timeout, w[2])), work)
        for i, (e, reference, result, detail) in enumerate(jobs):
            ok = result == "pass" if reference else result not in ("crash", "hang")
            suite = f"{e['codec']} {e.get('suite')}" + ("" if reference else " (robustness)")
            row = tally.setdefault(suite, [0, 0])
            row[0 if ok else 1] += 1
            bad += not ok
            cases.append((suite, e["name"], ok, f"{result}: {detail}"))
            if not ok:
                print(f"\r  {suite}/{e['name']}: {result}: {detail} (wanted {e.get('result_md5')})")
            if sys.stdout.isatty() or i % 50 == 49:
                print(f"\r  {i + 1}/{len(work)}", end="" if sys.stdout.isatty() else "\n", flush=True)
    print("\r", end="")
    for suite, (good, wrong) in sorted(tally.items()):
        print(f"  {suite:40s} {good:4d}/{good + wrong}")
    for e, reason in skipped:
        print(f"  skipped {e['suite']}/{e['name']}: {reason}")
    if o.junit:
        with open(o.junit, "w", encoding="utf-8") as f:
            f.write(f'<testsuite name="conformance" tests="{len(cases)}" failures="{bad}" skipped="{len(skipped)}">\n')
            for suite, name, ok, detail in cases:
                f.write(f"  <testcase classname={xml.quoteattr(suite)} name={xml.quoteattr(name)}" + ("/>\n" if ok else f"><failure message={xml.quoteattr(detail)}/></testcase>\n"))
            for e, reason in skipped:
                f.write(f"  <testcase classname={xml.quoteattr(str(e['suite']))} name={xml.quoteattr(e['name'])}><skipped message={xml.quoteattr(reason)}/></testcase>\n")
            f.write("</testsuite>\n")
    if o.counts:
        with open(o.counts, "w", encoding="utf-8") as f:
            f.write(f"{len(cases) - bad} {bad}\n")
    return 1 if bad else 0


sys.exit(main())
