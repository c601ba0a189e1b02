#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Makes VP9 streams with vpxenc, on whose MD5s libvpx and FFmpeg agree, AV1 streams with libaom, SVT-AV1 and rav1e, on whose MD5s libaom and
dav1d agree, and H.264 streams with x264, with FFmpeg's MD5s: make_streams.py OUTDIR

For machines without the conformance vectors. Writes OUTDIR/manifest.json in the same form as theirs
(see docs/conformance.md). A VP9 or AV1 stream on which the two decoders differ stops the script: it is no reference.
"""
import hashlib
import json
import os
import subprocess
import sys
import tempfile

out = sys.argv[1]
os.makedirs(out, exist_ok=True)
manifest_path = os.path.join(out, "manifest.json")
recipe = hashlib.sha256(open(__file__, "rb").read()).hexdigest()
if os.path.exists(manifest_path) and os.path.exists(manifest_path + "." + recipe[:16]):
    sys.exit(0)


def run(*args, **kw):
    return subprocess.run(args, check=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE, **kw)


def source(name, w, h, frames, fmt):
    """A moving fractal blended with a test card and noise: detail, motion, flat areas."""
    path = os.path.join(out, f"{name}.y4m")
    if not os.path.exists(path):
        run("ffmpeg", "-v", "error", "-y",
            "-f", "lavfi", "-i", f"mandelbrot=size={max(w, 64)}x{max(h, 64)}:rate=30:start_scale=0.3:end_pts=60,format=yuv444p",
            "-f", "lavfi", "-i", f"testsrc2=size={max(w, 64)}x{max(h, 64)}:rate=30,format=yuv444p",
            "-filter_complex", f"[0][1]blend=all_expr='if(gt(mod(X+N*3\\,64)\\,32)\\,A\\,B)',noise=alls=6:allf=t,crop={w}:{h}:exact=1",
            "-frames:v", str(frames), "-pix_fmt", fmt, "-strict", "-1", path)
    return path


def md5_of(*command):
    h = hashlib.md5()
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) as p:
        for block in iter(lambda: p.stdout.read(1 << 20), b""):
            h.update(block)
    if p.returncode:
        raise RuntimeError(f"{command[0]} exited with {p.returncode}")
    return h.hexdigest()


cases = []


def case(name, w, h, frames, *options, fmt="yuv420p"):
    cases.append((name, w, h, frames, fmt, options))


for w, h in [(1, 1), (2, 66), (8, 8), (10, 16), (16, 2), (34, 34), (64, 66), (66, 1), (65, 63), (130, 132), (227, 1), (196, 226)]:
    case(f"size-{w}x{h}.ivf", w, h, 8, "--lag-in-frames=0", "--auto-alt-ref=0", "--target-bitrate=200", f"--error-resilient={(w + h) % 2}")
for q in (0, 20, 40, 63):
    case(f"q{q}.ivf", 352, 288, 4, f"--min-q={q}", f"--max-q={q}", "--end-usage=q", f"--cq-level={q}")
case("lossless.ivf", 176, 144, 3, "--lossless=1")
case("sharpness.ivf", 352, 288, 6, "--sharpness=5", "--target-bitrate=200")
for c, r in ((0, 2), (1, 1), (2, 0)):
    case(f"tile-c{c}-r{r}.ivf", 1088, 256, 6, f"--tile-columns={c}", f"--tile-rows={r}", "--target-bitrate=600")
case("altref.ivf", 352, 288, 40, "--passes=2", "--lag-in-frames=25", "--auto-alt-ref=6", "--target-bitrate=180")
case("error-resilient.ivf", 352, 288, 15, "--error-resilient=1", "--frame-parallel=1", "--kf-max-dist=5", "--target-bitrate=150")
case("aq-cyclic.ivf", 352, 288, 30, "--rt", "--cpu-used=8", "--end-usage=cbr", "--aq-mode=3", "--lag-in-frames=0", "--target-bitrate=100")
case("aq-variance.ivf", 352, 288, 15, "--aq-mode=1", "--target-bitrate=120")
case("screen.ivf", 352, 288, 10, "--tune-content=screen", "--target-bitrate=200")
case("intra.ivf", 352, 288, 4, "--kf-max-dist=0", "--kf-min-dist=0", "--target-bitrate=400")
case("p1-444.ivf", 176, 144, 8, "--profile=1", "--target-bitrate=300", fmt="yuv444p")
case("p1-422.ivf", 176, 144, 8, "--profile=1", "--i422", "--target-bitrate=300", fmt="yuv422p")
for b in (10, 12):
    case(f"p2-420-{b}.ivf", 176, 144, 8, "--profile=2", f"--bit-depth={b}", f"--input-bit-depth={b}", "--target-bitrate=300", fmt=f"yuv420p{b}le")
    case(f"p3-422-{b}.ivf", 176, 144, 8, "--profile=3", f"--bit-depth={b}", f"--input-bit-depth={b}", "--i422", "--target-bitrate=300", fmt=f"yuv422p{b}le")
    case(f"p3-444-{b}.ivf", 176, 144, 8, "--profile=3", f"--bit-depth={b}", f"--input-bit-depth={b}", "--i444", "--target-bitrate=300", fmt=f"yuv444p{b}le")

entries, disagree = [], []
for i, (name, w, h, frames, fmt, options) in enumerate(cases):
    print(f"\r  making streams {i + 1}/{len(cases)} {name:24s}", end="", file=sys.stderr, flush=True)
    raw = source(f"src-{w}x{h}-{frames}-{fmt}", w, h, frames, fmt)
    path = os.path.join(out, name)
    run("vpxenc", "--codec=vp9", "--ivf", "-q", "--disable-warning-prompt", "--cpu-used=3", f"--limit={frames}", *options, "-o", path, raw)
    vpx = md5_of("vpxdec", "--rawvideo", "-o", "-", path)
    ff = md5_of("ffmpeg", "-v", "error", "-i", path, "-fps_mode", "passthrough", "-pix_fmt", fmt, "-f", "rawvideo", "-")
    if vpx != ff:
        disagree.append(name)
        continue
    entries.append({"codec": "vp9", "suite": "made", "name": name, "file": name, "result_md5": vpx, "output_format": fmt,
                    "verified": True, "verified_with": "libvpx and FFmpeg agree", "width": w, "height": h, "frames": frames})
# H.264: name, size, frames, pixel format, x264 options.
H264 = [
    ("baseline.h264", 176, 144, 30, "yuv420p", "-profile:v baseline -refs 3"),
    ("main-cabac.h264", 352, 288, 30, "yuv420p", "-profile:v main -bf 3 -refs 4 -x264-params b-pyramid=normal:weightp=2:weightb=1"),
    ("main-cavlc.h264", 352, 288, 20, "yuv420p", "-profile:v main -bf 2 -x264-params cabac=0:direct=temporal"),
    ("high.h264", 352, 288, 30, "yuv420p", "-profile:v high -bf 3 -x264-params 8x8dct=1:partitions=all:direct=auto"),
    ("high-temporal.h264", 352, 288, 30, "yuv420p", "-profile:v high -bf 3 -x264-params direct=temporal:ref=6"),
    ("ref16.h264", 176, 144, 40, "yuv420p", "-refs 16 -bf 8 -x264-params b-pyramid=normal"),
    ("mbaff-tff.h264", 352, 288, 20, "yuv420p", "-flags +ildct+ilme -top 1 -bf 2 -x264-params interlaced=1:tff=1"),
    ("mbaff-cavlc-bff.h264", 352, 288, 20, "yuv420p", "-bf 2 -x264-params interlaced=1:bff=1:cabac=0"),
    ("mbaff-temporal.h264", 176, 288, 20, "yuv420p", "-bf 3 -x264-params interlaced=1:tff=1:direct=temporal"),
    ("fake-interlaced.h264", 176, 144, 10, "yuv420p", "-x264-params fake-interlaced=1"),
    ("slices.h264", 352, 288, 12, "yuv420p", "-x264-params slices=5:bframes=2"),
    ("slice-per-row.h264", 352, 288, 8, "yuv420p", "-x264-params slice-max-mbs=22"),
    ("intra-refresh.h264", 176, 144, 40, "yuv420p", "-x264-params intra-refresh=1:keyint=15"),
    ("constrained-intra.h264", 176, 144, 20, "yuv420p", "-x264-params constrained-intra=1:bframes=2"),
    ("cqm.h264", 176, 144, 15, "yuv420p", "-x264-params cqm=jvt:bframes=2"),
    ("deblock.h264", 176, 144, 15, "yuv420p", "-x264-params deblock=6,-6:bframes=2:qp=34"),
    ("no-deblock.h264", 176, 144, 10, "yuv420p", "-x264-params no-deblock=1"),
    ("open-gop.h264", 176, 144, 60, "yuv420p", "-x264-params open-gop=1:keyint=12:bframes=3"),
    ("crop-34x36.h264", 34, 36, 10, "yuv420p", "-bf 2"),
    ("crop-178x146.h264", 178, 146, 10, "yuv420p", "-bf 2"),
    ("lossless.h264", 176, 144, 6, "yuv420p", "-qp 0"),
    ("lossless-444.h264", 176, 144, 6, "yuv444p", "-qp 0"),
    ("q1.h264", 176, 144, 5, "yuv420p", "-qp 1"),
    ("q51.h264", 176, 144, 10, "yuv420p", "-qp 51"),
    ("hi10.h264", 176, 144, 15, "yuv420p10le", "-bf 2"),
    ("hi10-mbaff.h264", 176, 144, 10, "yuv420p10le", "-x264-params interlaced=1:tff=1:bframes=2"),
    ("hi422.h264", 176, 144, 10, "yuv422p", "-bf 2"),
    ("hi422-10.h264", 176, 144, 10, "yuv422p10le", "-x264-params interlaced=1:tff=1:bframes=2"),
    ("hi444.h264", 176, 144, 10, "yuv444p", "-bf 2"),
    ("hi444-10-cavlc.h264", 176, 144, 10, "yuv444p10le", "-x264-params cabac=0:bframes=2"),
]
for i, (name, w, h, frames, fmt, options) in enumerate(H264):
    print(f"\r  making streams {i + 1}/{len(H264)} {name:24s}", end="", file=sys.stderr, flush=True)
    path = os.path.join(out, name)
    run("ffmpeg", "-v", "error", "-y", "-i", source(f"src-{w}x{h}-{frames}-{fmt}", w, h, frames, fmt), "-c:v", "libx264", "-preset", "slow", "-threads", "1",
        *options.split(), path)
    ff = md5_of("ffmpeg", "-v", "error", "-flags", "unaligned", "-i", path, "-fps_mode", "passthrough", "-pix_fmt", fmt, "-f", "rawvideo", "-")
    entries.append({"codec": "h264", "suite": "made", "name": name, "file": name, "result_md5": ff, "output_format": fmt,
                    "verified": True, "verified_with": "FFmpeg", "width": w, "height": h, "frames": frames})

# AV1: name, size, frames, pixel format, encoder, its options.
AV1 = [(f"aom-size-{w}x{h}.ivf", w, h, 8, "yuv420p", "aom", "--lag-in-frames=0") for w, h in [(1, 1), (8, 8), (16, 66), (66, 18), (35, 17), (130, 132), (226, 196)]]
AV1 += [(f"aom-q{q}.ivf", 176, 144, 4, "yuv420p", "aom", f"--min-q={q} --max-q={q} --end-usage=q --cq-level={q}") for q in (0, 20, 63)]
AV1 += [
    ("aom-two-pass.ivf", 176, 144, 40, "yuv420p", "aom", "--passes=2 --lag-in-frames=25 --cpu-used=3 --target-bitrate=100"),
    ("aom-fwd-key.ivf", 176, 144, 40, "yuv420p", "aom", "--lag-in-frames=25 --enable-fwd-kf=1 --kf-max-dist=16 --auto-alt-ref=1"),
    ("aom-tiles.ivf", 512, 256, 6, "yuv420p", "aom", "--tile-columns=2 --tile-rows=1 --sb-size=64"),
    ("aom-tile-groups.ivf", 512, 256, 4, "yuv420p", "aom", "--tile-columns=2 --tile-rows=1 --sb-size=64 --num-tile-groups=4"),
    ("aom-sb128.ivf", 352, 288, 8, "yuv420p", "aom", "--sb-size=128 --cpu-used=3"),
    ("aom-10.ivf", 176, 144, 8, "yuv420p10le", "aom", "--bit-depth=10"),
    ("aom-12.ivf", 176, 144, 8, "yuv420p12le", "aom", "--profile=2 --bit-depth=12"),
    ("aom-422.ivf", 176, 144, 8, "yuv422p", "aom", "--profile=2"),
    ("aom-422-10.ivf", 178, 146, 8, "yuv422p10le", "aom", "--profile=2 --bit-depth=10"),
    ("aom-422-12.ivf", 176, 144, 8, "yuv422p12le", "aom", "--profile=2 --bit-depth=12"),
    ("aom-444.ivf", 177, 145, 8, "yuv444p", "aom", "--profile=1"),
    ("aom-444-10.ivf", 176, 144, 8, "yuv444p10le", "aom", "--profile=1 --bit-depth=10"),
    ("aom-444-12.ivf", 176, 144, 8, "yuv444p12le", "aom", "--profile=2 --bit-depth=12"),
    ("aom-rgb.ivf", 176, 144, 8, "gbrp", "aom", "--profile=1 --color-primaries=bt709 --transfer-characteristics=srgb --matrix-coefficients=identity"),
    ("aom-mono.ivf", 176, 144, 8, "gray", "aom", "--monochrome"),
    ("aom-mono-10.ivf", 176, 144, 8, "gray10le", "aom", "--monochrome --bit-depth=10"),
    ("aom-superres.ivf", 352, 288, 8, "yuv420p", "aom", "--superres-mode=1 --superres-denominator=13 --superres-kf-denominator=9"),
    ("aom-superres-random-10.ivf", 226, 146, 12, "yuv420p10le", "aom", "--bit-depth=10 --superres-mode=2 --cpu-used=3"),
    ("aom-resize.ivf", 352, 288, 12, "yuv420p", "aom", "--resize-mode=2 --lag-in-frames=0"),
    ("aom-resize-10.ivf", 178, 146, 12, "yuv420p10le", "aom", "--bit-depth=10 --resize-mode=2 --lag-in-frames=0"),
    ("aom-screen.ivf", 352, 288, 8, "yuv420p", "aom", "--tune-content=screen --cpu-used=3"),
    ("aom-screen-444.ivf", 176, 144, 8, "yuv444p", "aom", "--profile=1 --tune-content=screen --cpu-used=3"),
    ("aom-screen-intra.ivf", 176, 144, 4, "yuv420p", "aom", "--tune-content=screen --kf-max-dist=0 --cpu-used=3"),
    ("aom-error-resilient.ivf", 176, 144, 15, "yuv420p", "aom", "--error-resilient=1 --lag-in-frames=0"),
    ("aom-switch-frames.ivf", 176, 144, 24, "yuv420p", "aom", "--sframe-dist=6 --sframe-mode=2"),
    ("aom-lossless.ivf", 176, 144, 3, "yuv420p", "aom", "--lossless=1"),
    ("aom-lossless-444-10.ivf", 176, 144, 3, "yuv444p10le", "aom", "--profile=1 --bit-depth=10 --lossless=1"),
    ("aom-aq.ivf", 176, 144, 12, "yuv420p", "aom", "--aq-mode=1 --deltaq-mode=0"),
    ("aom-aq-cyclic.ivf", 176, 144, 20, "yuv420p", "aom", "--rt --cpu-used=8 --aq-mode=3 --end-usage=cbr --lag-in-frames=0 --target-bitrate=80"),
    ("aom-delta-q.ivf", 352, 288, 8, "yuv420p", "aom", "--deltaq-mode=2 --delta-lf-mode=1 --cpu-used=3"),
    ("aom-chroma-delta-q.ivf", 176, 144, 8, "yuv420p", "aom", "--enable-chroma-deltaq=1 --enable-qm=1 --qm-min=2 --qm-max=10"),
    ("aom-no-order-hint.ivf", 176, 144, 10, "yuv420p", "aom", "--enable-order-hint=0 --lag-in-frames=0"),
    ("aom-no-cdf-update.ivf", 176, 144, 10, "yuv420p", "aom", "--cdf-update-mode=0"),
    ("aom-reduced-tx.ivf", 176, 144, 10, "yuv420p", "aom", "--reduced-tx-type-set=1"),
    ("aom-still.ivf", 177, 145, 1, "yuv420p", "aom", "--lag-in-frames=0"),
    ("aom-annexb.ivf", 176, 144, 10, "yuv420p", "aom", "--annexb=1"),
    ("aom-grain-3.ivf", 178, 146, 10, "yuv420p", "aom", "--film-grain-test=3"),
    ("aom-grain-9.ivf", 178, 146, 10, "yuv420p10le", "aom", "--bit-depth=10 --film-grain-test=9"),
    ("aom-grain-444.ivf", 177, 145, 6, "yuv444p", "aom", "--profile=1 --film-grain-test=5"),
    ("aom-grain-422-10.ivf", 178, 146, 6, "yuv422p10le", "aom", "--profile=2 --bit-depth=10 --film-grain-test=12"),
    ("aom-denoise.ivf", 352, 288, 8, "yuv420p", "aom", "--denoise-noise-level=30"),
    ("svt.ivf", 352, 288, 20, "yuv420p", "svt", "--preset 8"),
    ("svt-10.ivf", 352, 288, 20, "yuv420p10le", "svt", "--preset 8 --input-depth 10"),
    ("svt-slow.ivf", 178, 146, 10, "yuv420p", "svt", "--preset 3"),
    ("svt-low-delay.ivf", 352, 288, 20, "yuv420p", "svt", "--preset 8 --pred-struct 1"),
    ("svt-overlays.ivf", 176, 144, 40, "yuv420p", "svt", "--preset 7 --enable-overlays 1"),
    ("svt-grain.ivf", 352, 288, 10, "yuv420p", "svt", "--preset 8 --film-grain 30"),
    ("svt-open-gop.ivf", 176, 144, 40, "yuv420p", "svt", "--preset 8 --keyint 15 --irefresh-type 1"),
    ("svt-screen.ivf", 352, 288, 8, "yuv420p", "svt", "--preset 6 --scm 1"),
    ("svt-qm.ivf", 176, 144, 10, "yuv420p", "svt", "--preset 8 --enable-qm 1 --qm-min 0"),
    ("rav1e.ivf", 352, 288, 12, "yuv420p", "rav1e", "-s 8"),
    ("rav1e-tiles.ivf", 352, 288, 6, "yuv420p", "rav1e", "-s 8 --tiles 4"),
    ("rav1e-444-10.ivf", 177, 145, 6, "yuv444p10le", "rav1e", "-s 8"),
    ("rav1e-switch-frames.ivf", 176, 144, 20, "yuv420p", "rav1e", "-s 9 --low-latency -S 5"),
    ("rav1e-still.ivf", 177, 145, 1, "yuv420p", "rav1e", "-s 6 --still-picture"),
]


def av1_encode(encoder, options, frames, raw, fmt, path):
    options = options.split()
    if encoder == "aom":
        own = ["--cpu-used=6"] if not any(o.startswith("--cpu-used") for o in options) else []
        deep = [f"--input-bit-depth={fmt[-4:-2]}"] if fmt.endswith("le") else []
        if "--passes=2" not in options and "--rt" not in options:
            own.append("--passes=1")
        run("aomenc", "--ivf", "-q", "--disable-warning-prompt", "--threads=1", f"--limit={frames}", *own, *deep, *options, "-o", path, raw)
    elif encoder == "svt":
        run("SvtAv1EncApp", "-i", raw, "-b", path, "-n", str(frames), "--lp", "1", "--progress", "0", *options)
    else:
        run("rav1e", raw, "-o", path, "-y", "-q", "-l", str(frames), "--threads", "1", *options)


for i, (name, w, h, frames, fmt, encoder, options) in enumerate(AV1):
    print(f"\r  making streams {i + 1}/{len(AV1)} {name:30s}", end="", file=sys.stderr, flush=True)
    # The encoders take monochrome and GBR as what they are made of.
    coded = {"gray": "yuv420p", "gray10le": "yuv420p10le", "gbrp": "yuv444p"}.get(fmt, fmt)
    path = os.path.join(out, name)
    av1_encode(encoder, options, frames, source(f"src-{w}x{h}-{frames}-{coded}", w, h, frames, coded), coded, path)
    sums = []
    for grain in (True, False):
        aom = md5_of("aomdec", "--rawvideo", *([] if grain else ["--skip-film-grain"]), *(["--annexb"] if "--annexb=1" in options else []), "-o", "-", path)
        with tempfile.NamedTemporaryFile(suffix=".obu") as units:
            read = ["-i", path]
            if "--annexb=1" in options:  # dav1d takes it from a file of temporal units only
                with open(path, "rb") as f:
                    data = f.read()
                at = 32
                while at < len(data):
                    size = int.from_bytes(data[at:at + 4], "little")
                    units.write(data[at + 12:at + 12 + size])
                    at += 12 + size
                units.flush()
                read = ["-i", units.name, "--demuxer", "annexb"]
            dav1d = run("dav1d", "-q", *read, "--filmgrain", str(int(grain)), "--muxer", "md5", "-o", "-").stdout.decode().split()[0]
        if aom != dav1d:
            disagree.append(name)
        sums.append(aom)
    entries.append({"codec": "av1", "suite": "made", "name": name, "file": name, "result_md5": sums[0], "result_md5_film_grain_on": sums[0],
                    "result_md5_film_grain_off": sums[1], "output_format": fmt, "verified": True, "verified_with": "libaom and dav1d agree",
                    "width": w, "height": h, "frames": frames})

print("", file=sys.stderr)
if disagree:
    sys.exit("two decoders differ on: " + " ".join(disagree))
for f in os.listdir(out):
    if f.endswith(".y4m"):
        os.remove(os.path.join(out, f))
with open(manifest_path, "w", encoding="utf-8") as f:
    json.dump(entries, f, indent=1)
open(manifest_path + "." + recipe[:16], "w").close()
