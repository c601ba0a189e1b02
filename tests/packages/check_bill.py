#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""check_bill.py ROOT: the installed bill of materials is whole, and the files in it are those that are installed."""
import gzip
import hashlib
import json
import os
import sys

root = sys.argv[1]
docs = os.path.join(root, "usr/share/doc/libdaedalus-engine")
with open(os.path.join(docs, "gstdaedalus.spdx.json"), encoding="utf-8") as f:
    bill = json.load(f)
ids = [x["SPDXID"] for x in bill["packages"] + bill["files"]]
assert len(set(ids)) == len(ids), "an identifier stands twice"
known = set(ids) | {"SPDXRef-DOCUMENT"}
for r in bill["relationships"]:
    assert r["spdxElementId"] in known and r["relatedSpdxElement"] in known, r
assert any(r["relationshipType"] == "STATIC_LINK" for r in bill["relationships"]), "nothing is linked in"
found = 0
for folder, _, names in os.walk(os.path.join(root, "usr")):
    for name in names:
        if name in ("libdaedalus-engine.so", "libgstdaedalus.so", "daedalusd", "daedalusctl") and "/share/" not in folder + "/":
            path = os.path.join(folder, name)
            if os.path.islink(path):
                continue
            with open(path, "rb") as f:
                digest = hashlib.sha256(f.read()).hexdigest()
            assert any(c["checksumValue"] == digest for entry in bill["files"] for c in entry["checksums"]), f"{path} is not in the bill"
            found += 1
assert found == len(bill["files"]), f"{found} of {len(bill['files'])} files are installed"
with gzip.open(os.path.join(docs, "third-party-notices.gz")) as f:
    assert b"LICENSE" in f.read()
