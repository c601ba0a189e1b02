#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""gtk_player.py FILE: a window with a seek bar (GTK 3; Debian: gir1.2-gtk-3.0 gstreamer1.0-gtk3). Space pauses, arrows seek, q quits."""
import os
import sys
import gi
gi.require_version("Gst", "1.0")
gi.require_version("Gdk", "3.0")
gi.require_version("Gtk", "3.0")
from gi.repository import Gdk, GLib, Gst, Gtk  # noqa: E402


class Player(Gtk.Window):
    def __init__(self, path):
        super().__init__(title=os.path.basename(path), default_width=960, default_height=600)
        self.playbin = Gst.ElementFactory.make("playbin3")
        self.sink = Gst.ElementFactory.make("gtksink")
        if self.sink is None:
            sys.exit("gtksink is missing (Debian: package gstreamer1.0-gtk3)")
        self.playbin.set_property("uri", Gst.filename_to_uri(os.path.abspath(path)))
        self.playbin.set_property("video-sink", self.sink)
        self.scale = Gtk.Scale.new_with_range(Gtk.Orientation.HORIZONTAL, 0, 1, 0.1)
        self.moved = self.scale.connect("value-changed", lambda s: self.seek(s.get_value()))
        self.label = Gtk.Label(label="")
        box = Gtk.Box(orientation=Gtk.Orientation.VERTICAL)
        box.pack_start(self.sink.get_property("widget"), True, True, 0)
        box.pack_start(self.scale, False, False, 0)
        box.pack_start(self.label, False, False, 0)
        self.add(box)
        self.connect("destroy", lambda _: self.end())
        self.connect("key-press-event", self.key)
        bus = self.playbin.get_bus()
        bus.add_signal_watch()
        bus.connect("message::eos", lambda *_: self.end())
        bus.connect("message::error", self.failed)
        self.code = 0
        GLib.timeout_add(250, self.tick)
        self.show_all()
        self.playbin.set_state(Gst.State.PLAYING)

    def time(self, query):
        ok, value = query(Gst.Format.TIME)
        return value / Gst.SECOND if ok else 0

    def seek(self, seconds):
        self.playbin.seek_simple(Gst.Format.TIME, Gst.SeekFlags.FLUSH | Gst.SeekFlags.KEY_UNIT, int(max(0, seconds) * Gst.SECOND))

    def tick(self):
        at, length = self.time(self.playbin.query_position), self.time(self.playbin.query_duration)
        self.scale.handler_block(self.moved)
        self.scale.set_range(0, max(length, 0.1))
        self.scale.set_value(at)
        self.scale.handler_unblock(self.moved)
        self.label.set_text(f"{at:.1f} of {length:.1f} s, {self.decoder()}")
        return True

    def decoder(self):
        iterator = self.playbin.iterate_all_by_element_factory_name
        for name in ("daedalusvp9dec", "daedalush264dec", "daedalusav1dec"):
            result, element = iterator(name).next()
            if result == Gst.IteratorResult.OK:
                stats = element.get_property("stats")
                return f"{name}: {stats.get_uint64('frames')[1]} frames, {stats.get_uint64('copies')[1]} copied"
        return "another decoder"

    def key(self, _window, event):
        at = self.time(self.playbin.query_position)
        if event.keyval == Gdk.KEY_space:
            playing = self.playbin.get_state(0)[1] == Gst.State.PLAYING
            self.playbin.set_state(Gst.State.PAUSED if playing else Gst.State.PLAYING)
        elif event.keyval == Gdk.KEY_Left:
            self.seek(at - 5)
        elif event.keyval == Gdk.KEY_Right:
            self.seek(at + 5)
        elif event.keyval == Gdk.KEY_q:
            self.end()

    def failed(self, _bus, message):
        print(message.parse_error()[0].message, file=sys.stderr)
        self.code = 1
        self.end()

    def end(self):
        print(self.label.get_text())
        self.playbin.set_state(Gst.State.NULL)
        Gtk.main_quit()


if len(sys.argv) != 2:
    sys.exit(__doc__)
Gst.init(None)
player = Player(sys.argv[1])
Gtk.main()
sys.exit(player.code)
