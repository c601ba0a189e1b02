#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""trace.py [--json] PIPELINE…: runs a pipeline and says, for each link, which memory it carries and whether it is the memory of the link before.

An fd's inode tells one memfd or dmabuf from another, whoever wrapped it; other memory is told apart by the address of its parent GstMemory.
A link whose element gave out memory that it did not get is a copy (or what the element made: a decoder's picture, an encoder's data).
"""
import json
import os
import re
import sys
try:
    import gi
    gi.require_version("Gst", "1.0")
    gi.require_version("GstAllocators", "1.0")
    from gi.repository import GLib, Gst, GstAllocators
except (ImportError, ValueError) as missing:
    print(f"{missing} (Debian: python3-gi, gir1.2-gstreamer-1.0, gir1.2-gst-plugins-base-1.0)", file=sys.stderr)
    sys.exit(3)

Gst.init(None)


class Link:
    def __init__(self, pad):
        self.pad, self.buffers, self.caps, self.kinds, self.ids, self.order = pad, 0, "", set(), set(), None


def identity(memory):
    """What kind of memory it is, and a name for the pages behind it."""
    while memory.parent is not None:
        memory = memory.parent
    if GstAllocators.is_fd_memory(memory):
        kind = "dmabuf" if GstAllocators.is_dmabuf_memory(memory) else "fd"
        return kind, ("inode", os.fstat(GstAllocators.fd_memory_get_fd(memory)).st_ino)
    address = re.search(r"GstMemory at (0x[0-9a-f]+)", str(memory))
    return memory.allocator.mem_type or "system", ("memory", address.group(1) if address else id(memory))


def each(iterator):
    while True:
        result, item = iterator.next()
        if result != Gst.IteratorResult.OK:
            return
        yield item


def watch(link):
    def see(pad, info):
        buffer = info.get_buffer()
        link.buffers += 1
        if not link.caps and pad.get_current_caps():
            caps = pad.get_current_caps()
            features = caps.get_features(0)
            link.caps = caps.get_structure(0).get_name() + (f"({features.to_string()})" if features and features.to_string() != "memory:SystemMemory" else "")
        if len(link.ids) < 4096:
            for i in range(buffer.n_memory()):
                kind, name = identity(buffer.peek_memory(i))
                link.kinds.add(kind)
                link.ids.add(name)
        return Gst.PadProbeReturn.OK
    link.pad.add_probe(Gst.PadProbeType.BUFFER, see)


def main():
    arguments = sys.argv[1:]
    as_json = arguments[:1] == ["--json"]
    if as_json:
        arguments.pop(0)
    if not arguments:
        sys.exit(__doc__)
    try:
        # One word is the whole pipeline, several are what gst-launch-1.0 takes.
        pipeline = Gst.parse_launch(arguments[0]) if len(arguments) == 1 else Gst.parse_launchv(arguments)
    except GLib.Error as e:
        print(e.message, file=sys.stderr)
        sys.exit(2)
    links = {}

    def add(element):
        if isinstance(element, Gst.Bin):
            return

        def pad_added(_, pad):
            if pad.get_direction() == Gst.PadDirection.SRC and pad not in links:
                links[pad] = Link(pad)
                watch(links[pad])
        element.connect("pad-added", pad_added)
        for pad in each(element.iterate_pads()):
            pad_added(element, pad)

    if isinstance(pipeline, Gst.Bin):
        pipeline.connect("deep-element-added", lambda _bin, _sub, element: add(element))
        for element in each(pipeline.iterate_recurse()):
            add(element)
    pipeline.set_state(Gst.State.PLAYING)
    message = pipeline.get_bus().timed_pop_filtered(Gst.CLOCK_TIME_NONE, Gst.MessageType.EOS | Gst.MessageType.ERROR)
    failed = message.type == Gst.MessageType.ERROR
    if failed:
        print(*message.parse_error(), file=sys.stderr)

    rows, decoders = [], []
    if not as_json:
        print(f"{'link':52s} {'buffers':>7s}  {'memory':18s} {'of the link before':20s} caps")
    for link in links.values():
        if link.buffers == 0:
            continue
        element, peer = link.pad.get_parent_element(), link.pad.get_peer()
        target = peer.get_parent_element().get_name() if peer and peer.get_parent_element() else "?"
        before = set()
        for sink in element.sinkpads:
            source = sink.get_peer()
            # Through ghost pads, to the element behind.
            while isinstance(source, Gst.GhostPad):
                source = source.get_target()
            while isinstance(source, Gst.ProxyPad) and source is not None and not isinstance(source.get_parent(), Gst.Element):
                inner = source.get_internal()
                source = inner.get_peer() if inner else None
            if source in links:
                before |= links[source].ids
        same = len(link.ids & before)
        verdict = "(source)" if not before else "the same" if same == len(link.ids) else "new" if same == 0 else f"{same} of {len(link.ids)}"
        rows.append({"from": element.get_name(), "to": target, "buffers": link.buffers, "memory": sorted(link.kinds), "of-the-link-before": verdict, "caps": link.caps})
        if not as_json:
            print(f"{element.get_name() + ' -> ' + target:52s} {link.buffers:7d}  {','.join(sorted(link.kinds)):18s} {verdict:20s} {link.caps}")
    for element in each(pipeline.iterate_recurse()):
        if element.find_property("stats") and element.get_factory() and element.get_factory().get_name().startswith("daedalus"):
            stats = element.get_property("stats")
            decoders.append({"name": element.get_name(), "route": stats.get_string("route"), "frames": stats.get_uint64("frames")[1], "copies": stats.get_uint64("copies")[1]})
            if not as_json:
                print(f"{element.get_name()}: route {stats.get_string('route')}, {stats.get_uint64('frames')[1]} frames, {stats.get_uint64('copies')[1]} copied by the decoder")
    if as_json:
        print(json.dumps({"links": rows, "decoders": decoders}, indent=2))
    pipeline.set_state(Gst.State.NULL)
    sys.exit(1 if failed else 0)


main()
