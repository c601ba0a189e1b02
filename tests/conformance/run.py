#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Conformance through gst-launch-1.0 and our element: run.py VECTORS [--suite S] [--junit FILE] [--counts FILE] [--element E]

Reads VECTORS/manifest.json. An entry with a verified MD5 must be bit-exact; one without must end by itself, without a
crash or hang. skips.json beside this file names every entry left out, with its reason; a skip that names nothing fails.
`daedalusctl conformance` runs the same manifest straight through the stateless contract.
"""
import argparse
import concurrent.futures
import json
import os
import re
import signal
import subprocess
import sys
import xml.sax.saxutils as xml

FORMATS = {
    "yuv420p": "I420", "yuvj420p": "I420", "yuv422p": "Y42B", "yuv444p": "Y444", "gbrp": "GBR",
    "yuv420p10le": "I420_10LE", "yuv422p10le": "I422_10LE", "yuv444p10le": "Y444_10LE",
    "yuv420p12le": "I420_12LE", "yuv422p12le": "I422_12LE", "yuv444p12le": "Y444_12LE",
}
CODECS = {"vp9": ("vp9parse", "daedalusvp9dec")}
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
    return "parsebin"


def play(vectors, entry, codec, element, timeout):
    """(result, detail): pass, differ, error, crash or hang."""
    fmt = FORMATS.get(entry.get("output_format") or "")
    convert = f"! videoconvert dither=none ! video/x-raw,format={fmt} " if fmt else ""
    path = os.path.join(vectors, entry["file"])
    # 4:4:0 has no GStreamer format, GBR no path through the checksum sink: the sink's MD5 cannot be asked for these.
    command = f"-m filesrc location={path} ! {front(path, codec)} ! {element} {convert}! videocodectestsink"
    p = subprocess.Popen(["gst-launch-1.0", *command.split()], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, start_new_session=True)
    try:
        text = p.communicate(timeout=timeout)[0].decode("utf-8", "replace")
    except subprocess.TimeoutExpired:
        os.killpg(p.pid, signal.SIGKILL)
        p.communicate()
        return "hang", f"no end after {timeout} s"
    if p.returncode < 0:
        return "crash", f"signal {-p.returncode}: {text[-200:]}"
    found = re.search(r"checksum=\(string\)([0-9a-fA-F]+)", text)
    if not found:
        return "error", (re.findall(r"ERROR[^\n]*", text) or [text[-200:]])[0]
    got = found.group(1).lower()
    return ("pass" if got == entry.get("result_md5") else "differ"), got


def main():
    a = argparse.ArgumentParser()
    a.add_argument("vectors")
    a.add_argument("--suite")
    a.add_argument("--codec", default="vp9")
    a.add_argument("--element")
    a.add_argument("--jobs", type=int, default=os.cpu_count() or 1)
    a.add_argument("--timeout", type=float, default=90)
    a.add_argument("--junit")
    a.add_argument("--counts")
    o = a.parse_args()
    element = o.element or CODECS[o.codec][1]
    with open(os.path.join(o.vectors, "manifest.json"), encoding="utf-8") as f:
        manifest = json.load(f)
    with open(os.path.join(here, "skips.json"), encoding="utf-8") as f:
        skips = {(s["suite"], s["name"]): s["reason"] for s in json.load(f)}
    work, skipped = [], []
    for e in manifest:
        reference = bool(e.get("verified"))
        if e["codec"] != o.codec or (o.suite and e.get("suite") != o.suite):
            continue
        reason = skips.get((str(e.get("suite")), e["name"]))
        if reason:
            skipped.append((e, reason))
        else:
            work.append((e, reference))
    if not work:
        sys.exit(f"{o.vectors}/manifest.json has no {o.codec} entry")
    tally, cases, bad = {}, [], 0
    with concurrent.futures.ThreadPoolExecutor(o.jobs) as pool:
        jobs = pool.map(lambda w: (w[0], w[1], *play(o.vectors, w[0], o.codec, element, o.timeout)), work)
        for i, (e, reference, result, detail) in enumerate(jobs):
            ok = result == "pass" if reference else result not in ("crash", "hang")
            suite = str(e.get("suite")) + ("" if reference else " (robustness)")
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
            f.write(f'<testsuite name="conformance {o.codec}" tests="{len(cases)}" failures="{bad}" skipped="{len(skipped)}">\n')
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
