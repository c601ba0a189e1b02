#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Starts Fluster with the GstDaedalus decoders: run.py run -d GstDaedalus-VP9 -ts VP9-TEST-VECTORS

With DAEDALUS_VECTORS naming a folder of streams with manifest.json, `run.py --local run …` works without a network:
it builds a tree of links to the streams at hand and reduces the suites to them.
"""
import json
import os
import sys
import tempfile

if os.path.isdir("/usr/lib/python3/dist-packages"):
    sys.path.append("/usr/lib/python3/dist-packages")
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
SUITES = "/usr/share/fluster/test_suites"


def local_tree(vectors: str) -> list:
    """Links and reduced suites for the streams at hand; returns Fluster's options that name them."""
    with open(os.path.join(vectors, "manifest.json"), encoding="utf-8") as f:
        have = {}
        for e in json.load(f):
            # One stream may belong to several suites.
            for s in [e, *(e.get("suites") or [])] if e.get("verified") else []:
                have[(s["suite"], s["name"])] = e
    root = tempfile.mkdtemp(prefix="fluster-")
    os.makedirs(os.path.join(root, "suites"))
    for folder, _, files in os.walk(SUITES):
        for name in files:
            with open(os.path.join(folder, name), encoding="utf-8") as f:
                suite = json.load(f)
            kept = []
            for v in suite["test_vectors"]:
                e = have.get((suite["name"], v["name"]))
                if not e:
                    continue
                target = os.path.join(root, "resources", suite["name"], v["name"], v["input_file"])
                os.makedirs(os.path.dirname(target), exist_ok=True)
                os.symlink(os.path.abspath(os.path.join(vectors, e["file"])), target)
                kept.append(v)
            if kept:
                suite["test_vectors"] = kept
                with open(os.path.join(root, "suites", name), "w", encoding="utf-8") as f:
                    json.dump(suite, f)
    return ["-tsd", os.path.join(root, "suites"), "-r", os.path.join(root, "resources"), "-o", os.path.join(root, "results")]


if __name__ == "__main__":
    import gst_daedalus  # noqa: F401  (registers the decoders)
    from fluster.main import fluster_main
    if "--local" in sys.argv:
        sys.argv.remove("--local")
        here = os.path.dirname(os.path.abspath(__file__))
        vectors = os.environ.get("DAEDALUS_VECTORS") or os.path.join(here, "../../../../shared/vectors")
        sys.argv[1:1] = local_tree(vectors)
    sys.exit(fluster_main())
