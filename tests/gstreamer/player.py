#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""What players, editors and probes do to whatever decoder they find. usage: player.py CASE FILE ELEMENT [DEVICE [CYCLES]] → exit code 0.
The element is found by its rank, in bins that plug it themselves."""
import hashlib
import os
import sys
import gi
gi.require_version('Gst', '1.0')
from gi.repository import GLib, Gst  # noqa: E402

Gst.init(None)
case, path, element = sys.argv[1:4]
device = sys.argv[4] if len(sys.argv) > 4 else 'auto'
cycles = int(sys.argv[5]) if len(sys.argv) > 5 else 1000
uri = Gst.filename_to_uri(os.path.abspath(path))
SECOND = Gst.SECOND
SUCCESS = Gst.StateChangeReturn.SUCCESS


def playbin(kind='playbin', sink='fakesink name=s sync=false'):
    return Gst.parse_launch(f'{kind} uri={uri} flags=video video-sink="{sink}"')


def until(pipeline, kinds, timeout=30):
    message = pipeline.get_bus().timed_pop_filtered(timeout * SECOND, kinds | Gst.MessageType.ERROR)
    assert message, 'no end'
    if message.type == Gst.MessageType.ERROR:
        raise SystemExit(message.parse_error())
    return message


def decoder(pipeline):
    found = [e for e in iterate(pipeline) if e.get_factory() and e.get_factory().get_name().startswith(('daedalus', 'avdec', 'vp9dec', 'av1dec', 'openh264dec'))]
    assert len(found) == 1 and found[0].get_factory().get_name() == element, found
    return found[0]


def iterate(pipeline):
    it = pipeline.iterate_recurse()
    while True:
        result, e = it.next()
        if result != Gst.IteratorResult.OK:
            return
        yield e


def probe_times(pipeline):
    times = []
    sink = next(e for e in iterate(pipeline) if e.get_factory() and e.get_factory().get_name() == 'fakesink')
    sink.get_static_pad('sink').add_probe(Gst.PadProbeType.BUFFER, lambda pad, info: (times.append(info.get_buffer().pts), Gst.PadProbeReturn.OK)[1])
    return times


def paused(pipeline):
    pipeline.set_state(Gst.State.PAUSED)
    # A seek that ends meanwhile cuts the wait short, with any decoder.
    for _ in range(50):
        state = pipeline.get_state(20 * SECOND)
        if state[0] != Gst.StateChangeReturn.ASYNC:
            break
    assert state[0] == SUCCESS, state


def descriptors():
    return len(os.listdir('/proc/self/fd'))


def mappings():
    with open('/proc/self/maps', encoding='ascii') as f:
        return sum(1 for _ in f)


def lifecycle():
    """Starts and stops, some pictures held for a while: descriptors, threads and mappings stay as many as they were."""
    p = Gst.parse_launch(f'filesrc location={path} ! matroskademux name=m {element} name=d device={device} ! appsink name=s sync=false max-buffers=2')
    p.get_by_name('m').connect('pad-added', lambda m, pad: pad.link(p.get_by_name('d').get_static_pad('sink')))
    held, at = [], []
    for i in range(cycles):
        p.set_state(Gst.State.PLAYING)
        for _ in range(1 + i % 3):
            sample = p.get_by_name('s').emit('pull-sample')
            assert sample
            held.append(sample.get_buffer())
        del sample
        p.set_state(Gst.State.NULL)
        held = held[-8:]
        if i in (cycles // 10 - 1, cycles - 1):
            held = []
            at.append((descriptors(), len(os.listdir('/proc/self/task')), mappings()))
    (fd0, tasks0, maps0), (fd1, tasks1, maps1) = at
    assert fd1 <= fd0 and tasks1 <= tasks0 + 1 and maps1 <= maps0 + 32, at


def outlives():
    """A picture held downstream stays what it was, and can be mapped, when pipeline and element are gone."""
    def digest(buffer):
        ok, info = buffer.map(Gst.MapFlags.READ)
        assert ok
        value = hashlib.md5(info.data).hexdigest()
        buffer.unmap(info)
        return value
    before = descriptors()
    p = Gst.parse_launch(f'filesrc location={path} ! matroskademux ! {element} name=d device={device} ! videocodectestsink name=s')
    gone, held, sums = [], [], []

    def keep(pad, info):
        if len(held) < 6:
            held.append(info.get_buffer())
            sums.append(digest(held[-1]))
        return Gst.PadProbeReturn.OK
    p.get_by_name('d').weak_ref(lambda: gone.append(1))
    p.get_by_name('s').get_static_pad('sink').add_probe(Gst.PadProbeType.BUFFER, keep)
    p.set_state(Gst.State.PLAYING)
    until(p, Gst.MessageType.EOS)
    assert len(set(sums)) == len(sums) == 6
    p.set_state(Gst.State.NULL)
    del p
    assert gone, 'the element is still there'
    assert [digest(b) for b in held] == sums
    assert all(b.peek_memory(0).is_type('dmabuf' if device == 'kernel' else 'fd') for b in held)
    with_pictures = descriptors()
    held.clear()
    assert descriptors() < with_pictures and descriptors() <= before + 4, (before, with_pictures, descriptors())


def trick():
    """Fast forward, key units only, backwards, with a stop, as a segment, and single steps."""
    p = playbin()
    paused(p)
    decoder(p)
    times = probe_times(p)
    length = p.query_duration(Gst.Format.TIME)[1]
    flush = Gst.SeekFlags.FLUSH
    for rate, flags, start, stop in ((2.0, flush, 0, length), (8.0, flush | Gst.SeekFlags.TRICKMODE | Gst.SeekFlags.TRICKMODE_KEY_UNITS, 0, length),
                                     (-1.0, flush, 0, length), (-4.0, flush | Gst.SeekFlags.TRICKMODE, 0, length),
                                     (1.0, flush | Gst.SeekFlags.ACCURATE, length // 2, length // 2 + SECOND // 2)):
        paused(p)
        times.clear()
        assert p.seek(rate, Gst.Format.TIME, flags, Gst.SeekType.SET, start, Gst.SeekType.SET, stop)
        p.set_state(Gst.State.PLAYING)
        until(p, Gst.MessageType.EOS)
        shown = [t for t in times if t != Gst.CLOCK_TIME_NONE]
        assert shown, (rate, flags)
        assert shown == sorted(shown, reverse=rate < 0), (rate, flags, shown)
        if stop < length:
            assert min(shown) >= start - SECOND // 20 and max(shown) < stop, (start, stop, shown)
    paused(p)
    assert p.seek(1.0, Gst.Format.TIME, flush | Gst.SeekFlags.SEGMENT, Gst.SeekType.SET, 0, Gst.SeekType.SET, length // 2)
    p.set_state(Gst.State.PLAYING)
    until(p, Gst.MessageType.SEGMENT_DONE)
    paused(p)
    assert p.seek_simple(Gst.Format.TIME, flush, 0)
    paused(p)
    for _ in range(5):
        sink = next(e for e in iterate(p) if e.get_factory() and e.get_factory().get_name() == 'fakesink')
        assert sink.send_event(Gst.Event.new_step(Gst.Format.BUFFERS, 1, 1.0, True, False))
        until(p, Gst.MessageType.STEP_DONE)
    p.set_state(Gst.State.NULL)


def states():
    """Up and down through the states, 60 times; some climbs are broken off before they are done."""
    p = playbin()
    for i in range(60):
        p.set_state((Gst.State.PLAYING, Gst.State.PAUSED)[i % 2])
        if i % 3:
            assert p.get_state(20 * SECOND)[0] != Gst.StateChangeReturn.FAILURE
        assert p.set_state((Gst.State.NULL, Gst.State.READY)[i % 5 == 4]) == SUCCESS
    p.set_state(Gst.State.NULL)
    p.set_state(Gst.State.PLAYING)
    until(p, Gst.MessageType.EOS)
    decoder(p)
    p.set_state(Gst.State.NULL)


def bins():
    """The bins of all generations take the element and play the stream to its end."""
    for p in (playbin(), playbin('playbin3'), Gst.parse_launch(f'uridecodebin uri={uri} ! fakesink sync=false'), Gst.parse_launch(f'uridecodebin3 uri={uri} ! fakesink sync=false'),
              Gst.parse_launch(f'filesrc location={path} ! parsebin ! {element} ! fakesink sync=false')):
        p.set_state(Gst.State.PLAYING)
        until(p, Gst.MessageType.EOS)
        assert decoder(p).get_property('stats').get_uint64('frames')[1] > 0
        p.set_state(Gst.State.NULL)


def player():
    """GstPlay: play, position, seek, end; its media information and a snapshot."""
    gi.require_version('GstPlay', '1.0')
    from gi.repository import GstPlay
    play = GstPlay.Play.new(None)
    play.get_pipeline().set_property('video-sink', Gst.parse_launch('fakesink sync=true'))
    play.set_uri(uri)
    loop, seen, wrong = GLib.MainLoop(), [], []

    def message(bus, m):
        if not GstPlay.Play.is_play_message(m):
            return
        kind = GstPlay.PlayMessage(m.get_structure().get_value('play-message-type'))
        seen.append(kind)
        if kind == GstPlay.PlayMessage.ERROR:
            wrong.append(m.get_structure().to_string())
        if kind in (GstPlay.PlayMessage.ERROR, GstPlay.PlayMessage.END_OF_STREAM):
            loop.quit()
    bus = play.get_message_bus()
    bus.add_signal_watch()
    bus.connect('message', message)
    GLib.timeout_add(300, lambda: play.seek(SECOND // 2))
    GLib.timeout_add_seconds(30, loop.quit)
    play.play()
    loop.run()
    info = play.get_media_info()
    video = info.get_video_streams()[0]
    size, rate = (video.get_width(), video.get_height()), video.get_framerate()
    play.stop()
    assert not wrong and GstPlay.PlayMessage.END_OF_STREAM in seen, (wrong, seen)
    assert size == (176, 144) and tuple(rate) in ((25, 1), (30, 1)), (size, tuple(rate))
    bus.remove_signal_watch()


def discover():
    """GstDiscoverer decodes a first picture and names size, rate, depth."""
    gi.require_version('GstPbutils', '1.0')
    from gi.repository import GstPbutils
    info = GstPbutils.Discoverer.new(20 * SECOND).discover_uri(uri)
    video = info.get_video_streams()[0]
    assert info.get_result() == GstPbutils.DiscovererResult.OK and info.get_seekable()
    assert (video.get_width(), video.get_height(), video.get_depth()) == (176, 144, 24) and video.get_framerate_num() in (25, 30), (video.get_width(), video.get_depth())


globals()[case]()
