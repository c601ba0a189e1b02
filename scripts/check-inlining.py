#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Calls of what should have been inlined, in the published engine: check-inlining.py [LIBRARY] [PATTERN]

InliningTests listens to the runtime that the tests run on; the engine is compiled by NativeAOT's own compiler, which may be of
another version and refuse more ("too many locals", without a word). LIBRARY has its symbols, as
    rm src/Daedalus.Engine/bin/native/v3/*
    dotnet publish -c Release -f net10.0 -r linux-x64 -p:DaedalusCpuLevel=v3 -p:DaedalusPublish=true -p:StripSymbols=false src/Daedalus.Engine/Daedalus.Engine.csproj
leaves it in src/Daedalus.Engine/bin/native/v3/libdaedalus-engine.so, the default. PATTERN selects callers.
Prints "count caller -> callee". Methods of equal code are one symbol, so a callee's name may be that of a twin.
"""
import collections
import os
import re
import subprocess
import sys

top = os.path.normpath(os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
library = sys.argv[1] if len(sys.argv) > 1 else os.path.join(top, "src/Daedalus.Engine/bin/native/v3/libdaedalus-engine.so")
pattern = sys.argv[2] if len(sys.argv) > 2 else ""


def marked_methods():
    """Type and method of everything marked AggressiveInlining, less what has an overload without the mark."""
    marked, others = set(), set()
    for folder, _, files in os.walk(os.path.join(top, "src")):
        if re.search(r"/(obj|bin)(/|$)", folder):
            continue
        for name in files:
            if not name.endswith(".cs"):
                continue
            owner, mark = "", False
            with open(os.path.join(folder, name), encoding="utf-8") as f:
                for line in f:
                    kind = re.match(r"\s*(?:[a-z]+ )*(?:struct|class|interface) (\w+)", line)
                    if kind:
                        owner = kind.group(1)
                    if "MethodImplOptions.AggressiveInlining" in line:
                        mark = True
                        continue
                    method = re.match(r"\s+(?:(?:public|private|internal|protected|static|readonly|unsafe|override) )+[\w<>*\[\], ?]+ (\w+)(?:<[^()]*>)?\(", line)
                    if method:
                        (marked if mark else others).add((owner, method.group(1)))
                        mark = False
    return marked - others


def plain(symbol):
    """Type and method of a mangled name."""
    while True:
        shorter = re.sub(r"<[^<>]*>", "", symbol)
        if shorter == symbol:
            break
        symbol = shorter
    owner, _, method = symbol.rpartition("__")
    return re.sub(r"_\d+$", "", owner).split("_")[-1], re.sub(r"_\d+$", "", method)


marked = marked_methods()
listing = subprocess.run(["objdump", "-d", "--no-show-raw-insn", library], capture_output=True, text=True, check=True).stdout
caller, counts = "", collections.Counter()
for line in listing.splitlines():
    head = re.match(r"^[0-9a-f]+ <(.*)>:$", line)
    if head:
        caller = head.group(1)
        continue
    call = re.search(r"\b(?:call|jmp)\s+[0-9a-f]+ <(.*)>$", line)
    if call and "+0x" not in call.group(1) and plain(call.group(1)) in marked and re.search(pattern, caller):
        counts[caller, call.group(1)] += 1


def short(symbol):
    return re.sub(r"libdaedalus_engine_Daedalus_Engine_|Daedalus_Kernels_(?:Transforms_)?Daedalus_Kernels_|S_P_CoreLib_System_Runtime_Intrinsics_", "", symbol)


if not caller:
    sys.exit(f"{library}: no symbols")
for (a, b), count in sorted(counts.items()):
    print(count, short(a), "->", short(b))
