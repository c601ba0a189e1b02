# SPDX-License-Identifier: LGPL-2.1-or-later
"""Plays a pipeline whose decoder is called d and says as JSON how it ended; runs in another root folder:  play.py DESCRIPTION"""
import json
import sys

import gi
gi.require_version("Gst", "1.0")
from gi.repository import Gst  # noqa: E402

Gst.init(None)
pipeline = Gst.parse_launch(sys.argv[1])
decoder, bus = pipeline.get_by_name("d"), pipeline.get_bus()
outcome = {"ended": False, "error": "no end within 60 s", "checksum": None}
pipeline.set_state(Gst.State.PLAYING)
while message := bus.timed_pop_filtered(60 * Gst.SECOND, Gst.MessageType.EOS | Gst.MessageType.ERROR | Gst.MessageType.ELEMENT):
    if message.type == Gst.MessageType.ELEMENT:
        structure = message.get_structure()
        if structure.get_name() == "conformance/checksum":
            outcome["checksum"] = structure.get_string("checksum").lower()
        continue
    outcome["ended"] = message.type == Gst.MessageType.EOS
    outcome["error"] = None if outcome["ended"] else "%s %s" % message.parse_error()
    break
while not outcome["checksum"] and (message := bus.pop_filtered(Gst.MessageType.ELEMENT)):
    if message.get_structure().get_name() == "conformance/checksum":
        outcome["checksum"] = message.get_structure().get_string("checksum").lower()
stats = decoder.get_property("stats") if decoder.find_property("stats") else Gst.Structure.new_empty("none")
outcome["stats"] = {n: stats.get_value(n) for n in (stats.nth_field_name(i) for i in range(stats.n_fields()))}
caps = decoder.get_static_pad("src").get_current_caps()
outcome["caps"] = caps.to_string() if caps else ""
pipeline.set_state(Gst.State.NULL)
print(json.dumps(outcome, default=str))
