#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Conformance through gst-launch-1.0 and our elements: run.py VECTORS [--codec C] [--suite S] [--junit FILE] [--counts FILE] [--element E]

Reads VECTORS/manifest.json. An entry with a verified MD5 must be bit-exact; one without must end by itself, without a
crash or hang. skips.json beside this file names every entry that GStreamer's own demuxers, parsers or formats stand before,
with the reason: "instead" says in what other container the same coded data is played (see REPACKED), "as" what the manifest does
not say; without "instead" the entry is left out here (and held to its MD5 by daedalusctl conformance). AV1 entries with several references (film grain on
and off, operating points, layers) are played with each of them.
`daedalusctl conformance` runs the same manifest straight through the stateless contract.
"""
import argparse
import concurrent.futures
import hashlib
import json
import os
import re
import signal
import struct
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
# What videocodectestsink does not take, by format: GStreamer's name and, for each plane, whether its width and height are halved and how
# often a line is repeated. Of monochrome with more than 8 bits the luma plane of 4:2:0.
WHOLE, HALVED, TWICE = (0, 0, 1), (1, 1, 1), (0, 0, 2)
RAW = {
    "gbrp": ("GBR", 1, (WHOLE, WHOLE, WHOLE)), "gbrp10le": ("GBR_10LE", 2, (WHOLE, WHOLE, WHOLE)), "gbrp12le": ("GBR_12LE", 2, (WHOLE, WHOLE, WHOLE)),
    "yuv440p": ("Y444", 1, (WHOLE, TWICE, TWICE)), "gray": ("GRAY8", 1, (WHOLE,)),
    "gray10le": ("I420_10LE", 2, (WHOLE, HALVED, HALVED)), "gray12le": ("I420_12LE", 2, (WHOLE, HALVED, HALVED)),
}
CODECS = {"vp9": ("vp9parse", "daedalusvp9dec"), "h264": ("h264parse", "daedalush264dec"), "av1": ("av1parse", "daedalusav1dec")}
# Ending of the file, and what reads it instead of demuxer and parser.
REPACKED = {
    "annexb": (".264", "h264parse"), "mp4": (".mp4", "qtdemux"),
    "temporal-units": (".ivf", "ivfparse ! capssetter caps=video/x-av1,stream-format=annexb,alignment=tu"),
    "item": (".obu", "av1parse"), "track": (".obu", "av1parse"), "unparsed": (None, "ivfparse"), "fuzzed": (".ivf", "ivfparse"),
}
here = os.path.dirname(os.path.abspath(__file__))


def front(path, codec):
    kind = path.rsplit(".", 1)[-1].lower()
    parse = CODECS[codec][0]
    with open(path, "rb") as f:
        magic = f.read(4)
    if magic == b"DKIF":
        return f"ivfparse ! {parse}"
    if kind in ("webm", "mkv"):
        return f"matroskademux ! {parse}"
    if kind in ("mp4", "mov"):
        return f"qtdemux ! {parse}"
    if codec != "vp9" and kind not in ("ts", "flv", "avi"):
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


def plane_sizes(raw, w, h):
    """(bytes between lines, lines, bytes of a line that are samples, lines that are, line step) for each plane, as GStreamer lays frames out."""
    name, size, planes = raw
    even = name.startswith("I420")
    for halved_x, halved_y, step in planes:
        lines = (h + 1) // 2 * 2 if even else h
        yield (((w + halved_x >> halved_x) * size + 3) // 4 * 4, lines >> halved_y, (w + halved_x >> halved_x) * size, h + halved_y >> halved_y, step)


def raw_md5(front_and_element, timeout, entry):
    """For formats the checksum sink does not take: the MD5 of the samples a file sink would write, padding and repeated lines left out."""
    read, write = os.pipe()
    digest = hashlib.md5()
    raw = RAW[entry["output_format"]]
    planes = list(plane_sizes(raw, entry["width"], entry["height"]))
    frame = sum(stride * lines for stride, lines, *_ in planes)
    if entry["output_format"].startswith("gray"):
        planes = planes[:1]

    def consume():
        with os.fdopen(read, "rb") as f:
            while data := f.read(frame):
                at = 0
                for stride, lines, used, rows, step in planes:
                    for y in range(0, rows, step):
                        digest.update(data[at + y * stride:at + y * stride + used])
                    at += stride * lines

    bad, text = run_pipeline(f"-q {front_and_element} ! video/x-raw,format={raw[0]} ! fdsink fd={write}", timeout, write, consume)
    return bad, digest.hexdigest() if "ERROR" not in text else "", text


def leb128(data, at):
    value = shift = 0
    while True:
        value |= (data[at] & 127) << shift
        shift += 7
        at += 1
        if not data[at - 1] & 128:
            return value, at


def temporal_units(data, out):
    """Annex B as IVF, a temporal unit a frame: what a file source sends av1parse takes for the other stream format."""
    out.write(struct.pack("<4sHH4sHHIIII", b"DKIF", 0, 32, b"AV01", 0, 0, 25, 1, 0, 0))
    at = number = 0
    while at < len(data):
        start = at
        size, at = leb128(data, at)
        at += size
        out.write(struct.pack("<IQ", len(data[start:at]), number) + data[start:at])
        number += 1


def fuzzed(data, out):
    """An input of dav1d's fuzzer, which takes 32 bytes of anything for an IVF header."""
    out.write(struct.pack("<4sHH4sHHIIII", b"DKIF", 0, 32, b"AV01", 64, 64, 25, 1, 0, 0) + data[32:])


def boxes(data, at, end):
    while at + 8 <= end:
        size, kind = struct.unpack_from(">I4s", data, at)
        head = 8
        if size == 1:
            size, head = struct.unpack_from(">Q", data, at + 8)[0], 16
        size = size or end - at
        yield kind, at + head, at + size
        at += size


def primary_item(data, out):
    """The OBUs of an AVIF file's primary item (ISO/IEC 23008-12), behind a temporal delimiter."""
    meta = next(((a, e) for k, a, e in boxes(data, 0, len(data)) if k == b"meta"), (0, 0))
    inside = {k: (a, e) for k, a, e in boxes(data, meta[0] + 4, meta[1])}
    if b"pitm" not in inside or b"iloc" not in inside:
        out.write(data)  # damaged
        return
    a = inside[b"pitm"][0]
    primary = struct.unpack_from(">H" if data[a] == 0 else ">I", data, a + 4)[0]
    a = inside[b"iloc"][0]
    version = data[a]
    offset_size, length_size, base_size, index_size = data[a + 4] >> 4, data[a + 4] & 15, data[a + 5] >> 4, data[a + 5] & 15 if version else 0
    a += 6

    def number(size):
        nonlocal a
        a += size
        return int.from_bytes(data[a - size:a], "big")

    out.write(b"\x12\x00")
    for _ in range(number(2 if version < 2 else 4)):
        item = number(2 if version < 2 else 4)
        method = number(2) & 15 if version else 0
        number(2)
        base = number(base_size)
        for _ in range(number(2)):
            number(index_size)
            offset, length = number(offset_size), number(length_size)
            start = base + offset + (inside[b"idat"][0] if method == 1 else 0)
            if item == primary:
                out.write(data[start:start + length] if length else data[start:])


def repacked(path, instead):
    """The same coded data in another container. FFmpeg copies, it does not decode."""
    made = tempfile.NamedTemporaryFile(suffix=REPACKED[instead][0])
    by_hand = {"temporal-units": temporal_units, "item": primary_item, "fuzzed": fuzzed}
    if instead in by_hand:
        with open(path, "rb") as f:
            by_hand[instead](f.read(), made)
        made.flush()
        return made
    # An edit list would leave out frames that the reference has.
    source = ["-ignore_editlist", "1", "-i", path] if path.endswith((".mp4", ".mov", ".avif")) else ["-r", "25", "-i", path]
    options = {"annexb": ["-bsf:v", "h264_mp4toannexb", "-f", "h264"], "track": ["-f", "obu"], "mp4": ["-f", "mp4"]}[instead]
    subprocess.run(["ffmpeg", "-v", "quiet", "-y", *source, "-map", "0:v:0", "-c", "copy", *options, made.name], check=False)
    return made


def variants(entry):
    """[(label, properties, MD5)]: what an AV1 stream's references were decoded with. dav1d's own suite has grain off and all layers on unless its arguments say otherwise."""
    plain = entry.get("result_md5")
    if entry["codec"] != "av1" or not entry.get("verified"):
        return [("", "", plain)]
    made = {}

    def add(md5, properties):
        if md5 and md5 not in made:
            made[md5] = properties

    on, off = entry.get("result_md5_film_grain_on"), entry.get("result_md5_film_grain_off")
    default = entry.get("aomdec_rawvideo_md5") or on
    add(default, "")
    if on and off and on != off:
        add(off, "apply-grain=false")
    for s in entry.get("suites") or []:
        if s["suite"] != "dav1d-test-data":
            add(s["result"], "")
            continue
        args = dict(zip(s["args"][::2], s["args"][1::2]))
        if args.keys() - {"--filmgrain", "--alllayers", "--oppoint"}:
            continue  # frames left out on purpose (--decodeframetype), which no property asks for
        properties = {"apply-grain": "true" if args.get("--filmgrain", "0") != "0" else "false",
                      "all-layers": "true" if args.get("--alllayers", "1") != "0" else "false", "operating-point": args.get("--oppoint", "0")}
        add(s["result"], " ".join(f"{k}={v}" for k, v in properties.items()))
    add(plain, "")
    return [("" if p == "" else f" [{p}]", p, md5) for md5, p in made.items()]


def play(vectors, entry, element, timeout, instead, want):
    """(result, detail): pass, differ, error, crash or hang."""
    path = os.path.join(vectors, entry["file"])
    if entry.get("suite") == "dav1d-oss-fuzz":
        instead = "fuzzed"
    if not instead:
        return run_entry(entry, f"filesrc location={path} ! {front(path, entry['codec'])} ! {element}", timeout, want)
    read = REPACKED[instead][1]
    if instead == "unparsed":
        return run_entry(entry, f"filesrc location={path} ! {read} ! {element}", timeout, want)
    with repacked(path, instead) as made:
        return run_entry(entry, f"filesrc location={made.name} ! {read} ! {element}", timeout, want)


def run_entry(entry, decode, timeout, want):
    """Plays and compares."""
    form = entry.get("output_format") or ""
    if form in RAW and entry.get("verified"):
        bad, got, text = raw_md5(decode, timeout, entry)
    else:
        convert = f"! videoconvert dither=none ! video/x-raw,format={FORMATS[form]} " if form in FORMATS else ""
        if not entry.get("verified"):
            timeout = min(timeout, 20)
        bad, text = run_pipeline(f"-m {decode} {convert}! videocodectestsink", timeout)
        found = re.search(r"checksum=\(string\)([0-9a-fA-F]+)", text)
        got = found.group(1).lower() if found else ""
    if bad:
        return bad, text[-200:]
    if not got:
        return "error", (re.findall(r"ERROR[^\n]*", text) or [text[-200:]])[0]
    return ("pass" if got == want else "differ"), got


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
        if e["codec"] not in ([o.codec] if o.codec else CODECS) or (o.suite and e.get("suite") != o.suite):
            continue
        skip = skips.get((str(e.get("suite")), e["name"]))
        if skip and "as" in skip:
            e = e | skip["as"]
        if skip and "instead" not in skip:
            skipped.append((e, skip["reason"]))
        else:
            for label, properties, want in [("", "", e.get("result_md5"))] if o.element else variants(e):
                work.append((e, label, properties, want, skip["instead"] if skip else None))
    if not work:
        sys.exit(f"{o.vectors}/manifest.json has no entry to play")
    tally, cases, bad = {}, [], 0

    def one(w):
        entry, _, properties, want, instead = w
        element = o.element or f"{CODECS[entry['codec']][1]} {properties}"
        return play(o.vectors, entry, element, o.timeout, instead, want)

    with concurrent.futures.ThreadPoolExecutor(o.jobs) as pool:
        for i, ((e, label, _, want, _), (result, detail)) in enumerate(zip(work, pool.map(one, work))):
            reference = bool(e.get("verified"))
            ok = result == "pass" if reference else result not in ("crash", "hang")
            suite = f"{e['codec']} {e.get('suite')}" + ("" if reference else " (robustness)")
            row = tally.setdefault(suite, [0, 0])
            row[0 if ok else 1] += 1
            bad += not ok
            cases.append((suite, e["name"] + label, ok, f"{result}: {detail}"))
            if not ok:
                print(f"\r  {suite}/{e['name']}{label}: {result}: {detail} (wanted {want})")
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


if __name__ == "__main__":
    sys.exit(main())
