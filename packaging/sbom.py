#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""SPDX 2.3 bill of materials of what scripts/build.sh put into OUT: sbom.py [OUT] [--notices FILE] > gstdaedalus.spdx.json

What is linked in is read from the compiler's own lists of inputs (*.ilc.rsp), what is loaded at run time from the ELF headers, so that
the list is what was built and not what somebody remembers. --notices writes the third parties' own licence texts beside it."""
import argparse
import datetime
import glob
import hashlib
import json
import os
import re
import subprocess
import sys
import uuid

TOP = os.path.normpath(os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))


def digest(path, algorithm):
    with open(path, "rb") as f:
        return hashlib.file_digest(f, algorithm).hexdigest() if hasattr(hashlib, "file_digest") else hashlib.new(algorithm, f.read()).hexdigest()


def identifier(text):
    return "SPDXRef-" + re.sub(r"[^A-Za-z0-9.-]", "-", text)


def packs(rid):
    """{(name, version): folder} of the packages that the native compiler read for this architecture."""
    found, newest = {}, {}
    for listing in glob.glob(os.path.join(TOP, "src/**/*.ilc.rsp"), recursive=True):
        # An earlier build for another framework leaves its list beside that of the last.
        key = re.sub(r"/net[0-9.]+/", "/", listing)
        if key not in newest or os.path.getmtime(newest[key]) < os.path.getmtime(listing):
            newest[key] = listing
    for listing in newest.values():
        with open(listing, encoding="utf-8") as f:
            for folder, name, version in re.findall(r"(/\S*?/packages/([^/\s]+)/(\d[^/\s]*))/", f.read()):
                if name.endswith(rid):
                    found[name, version] = folder
    return found


def needed(path):
    text = subprocess.run(["readelf", "-d", path], stdout=subprocess.PIPE, check=True, text=True).stdout
    return re.findall(r"NEEDED.*\[(.*)\]", text)


def main():
    a = argparse.ArgumentParser()
    a.add_argument("out", nargs="?", default=os.path.join(TOP, "out"))
    a.add_argument("--notices")
    o = a.parse_args()
    with open(os.path.join(TOP, "Directory.Build.props"), encoding="utf-8") as f:
        version = re.search("<Version>(.*)</Version>", f.read())[1]
    files = sorted(glob.glob(o.out + "/lib/daedalus/*/*.so") + glob.glob(o.out + "/lib/gstreamer-1.0/*.so") + glob.glob(o.out + "/bin/daedalus*"))
    if not files:
        sys.exit(f"sbom.py: nothing is built in {o.out}: run scripts/build.sh")
    machine = subprocess.run(["readelf", "-h", files[0]], stdout=subprocess.PIPE, check=True, text=True).stdout
    runtime = packs("linux-arm64" if "AArch64" in machine else "linux-x64")
    if not runtime:
        sys.exit("sbom.py: the compiler's lists of inputs (src/**/*.ilc.rsp) are not here: build before asking what was built")

    when = datetime.datetime.fromtimestamp(int(os.environ.get("SOURCE_DATE_EPOCH", "0")) or os.path.getmtime(files[0]), datetime.timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")
    main_id = identifier(f"Package-gst-daedalus-{version}")
    no = "NOASSERTION"
    packages = [{"SPDXID": main_id, "name": "gst-daedalus", "versionInfo": version, "downloadLocation": no, "filesAnalyzed": False, "licenseConcluded": "LGPL-2.1-or-later",
                 "licenseDeclared": "LGPL-2.1-or-later", "copyrightText": "the GstDaedalus authors", "supplier": no}]
    entries, relations = [], [{"spdxElementId": "SPDXRef-DOCUMENT", "relationshipType": "DESCRIBES", "relatedSpdxElement": main_id}]
    notices = []
    for (name, number), folder in sorted(runtime.items()):
        ref = identifier(f"Package-{name}-{number}")
        entry = {"SPDXID": ref, "name": name, "versionInfo": number, "downloadLocation": no, "filesAnalyzed": False, "licenseConcluded": "MIT", "licenseDeclared": "MIT",
                 "copyrightText": "Copyright (c) .NET Foundation and Contributors", "supplier": "Organization: Microsoft", "comment": "runtime and class library, linked in by NativeAOT",
                 "externalRefs": [{"referenceCategory": "PACKAGE-MANAGER", "referenceType": "purl", "referenceLocator": f"pkg:nuget/{name}@{number}"}]}
        archive = os.path.join(folder, f"{name}.{number}.nupkg")
        if os.path.exists(archive):
            entry["checksums"] = [{"algorithm": "SHA512", "checksumValue": digest(archive, "sha512")}]
        packages.append(entry)
        relations.append({"spdxElementId": main_id, "relationshipType": "STATIC_LINK", "relatedSpdxElement": ref})
        for text in ("LICENSE.TXT", "THIRD-PARTY-NOTICES.TXT"):
            if os.path.exists(os.path.join(folder, text)):
                with open(os.path.join(folder, text), encoding="utf-8-sig") as f:
                    notices.append(f"==== {name} {number}: {text} ====\n\n" + f.read().replace("\r\n", "\n"))
    libraries = {}
    for path in files:
        ref = identifier("File-" + os.path.relpath(path, o.out))
        entries.append({"SPDXID": ref, "fileName": "./" + os.path.relpath(path, o.out), "licenseConcluded": "LGPL-2.1-or-later AND MIT", "copyrightText": no,
                        "checksums": [{"algorithm": "SHA1", "checksumValue": digest(path, "sha1")}, {"algorithm": "SHA256", "checksumValue": digest(path, "sha256")}]})
        relations.append({"spdxElementId": main_id, "relationshipType": "CONTAINS", "relatedSpdxElement": ref})
        for library in needed(path):
            libraries.setdefault(library, identifier("Package-" + library))
            relations.append({"spdxElementId": ref, "relationshipType": "DYNAMIC_LINK", "relatedSpdxElement": libraries[library]})
    for library, ref in sorted(libraries.items()):
        packages.append({"SPDXID": ref, "name": library, "downloadLocation": no, "filesAnalyzed": False, "licenseConcluded": no, "licenseDeclared": no, "copyrightText": no,
                         "comment": "the system's, loaded at run time"})
    content = json.dumps([packages, entries, relations], sort_keys=True).encode()
    json.dump({"spdxVersion": "SPDX-2.3", "dataLicense": "CC0-1.0", "SPDXID": "SPDXRef-DOCUMENT", "name": f"gst-daedalus-{version}",
               "documentNamespace": "urn:uuid:" + str(uuid.uuid5(uuid.NAMESPACE_OID, hashlib.sha256(content).hexdigest())),
               "creationInfo": {"created": when, "creators": ["Tool: gst-daedalus-sbom"]}, "packages": packages, "files": entries, "relationships": relations}, sys.stdout, indent=1)
    print()
    if o.notices:
        with open(o.notices, "w", encoding="utf-8") as f:
            f.write("\n".join(notices))


main()
