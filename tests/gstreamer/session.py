#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""An application in Python: what players do to a decoder. usage: session.py CASE FILE DEVICE [DECODER] → exit code 0."""
import sys
import gi
gi.require_version('Gst', '1.0')
from gi.repository import Gst  # noqa: E402

Gst.init(None)
case, path, device = sys.argv[1:4]
decoder = sys.argv[4] if len(sys.argv) > 4 else 'daedalusvp9dec'
PARSERS = {'daedalusvp9dec': 'vp9parse', 'daedalush264dec': 'h264parse ! video/x-h264,stream-format=byte-stream,alignment=au', 'daedalusav1dec': 'av1parse ! video/x-av1,alignment=tu'}
END = Gst.MessageType.EOS | Gst.MessageType.ERROR
SECOND = Gst.SECOND


def make(sink='fakesink name=s', dec=''):
    return Gst.parse_launch(f'filesrc location={path} ! matroskademux ! {decoder} name=d device={device} {dec} ! {sink}')


def play(pipeline, timeout=30):
    pipeline.set_state(Gst.State.PLAYING)
    message = pipeline.get_bus().timed_pop_filtered(timeout * SECOND, END)
    assert message, 'no end'
    if message.type == Gst.MessageType.ERROR:
        raise SystemExit(message.parse_error())


def count(pipeline):
    return pipeline.get_by_name('d').get_property('stats').get_uint64('frames')[1]


def seek():
    """Flushing seeks, to anywhere, in PAUSED and PLAYING, and backwards."""
    p = make('fakesink name=s sync=false')
    p.set_state(Gst.State.PAUSED)
    assert p.get_state(10 * SECOND)[0] == Gst.StateChangeReturn.SUCCESS
    length = p.query_duration(Gst.Format.TIME)[1]
    for i in range(60):
        flags = Gst.SeekFlags.FLUSH | (Gst.SeekFlags.KEY_UNIT if i % 2 else Gst.SeekFlags.ACCURATE)
        assert p.seek_simple(Gst.Format.TIME, flags, length * ((i * 7) % 10) // 10)
        if i % 3 == 0:
            assert p.get_state(10 * SECOND)[0] == Gst.StateChangeReturn.SUCCESS
        if i == 30:
            p.set_state(Gst.State.PLAYING)
    assert p.seek_simple(Gst.Format.TIME, Gst.SeekFlags.FLUSH, 0)
    play(p)
    p.set_state(Gst.State.NULL)


def cycles():
    """Start and stop 200 times, in the middle of the stream; then the stream still plays."""
    p = Gst.parse_launch(f'filesrc location={path} ! matroskademux name=m  {decoder} name=d device={device} ! fakesink sync=false')
    # gst_parse_launch links the demuxer's first pad only; it has a new one each time.
    p.get_by_name('m').connect('pad-added', lambda m, pad: pad.link(p.get_by_name('d').get_static_pad('sink')))
    for i in range(200):
        p.set_state(Gst.State.PLAYING if i % 2 else Gst.State.PAUSED)
        if i % 4 == 0:
            p.get_state(10 * SECOND)
        p.set_state(Gst.State.NULL if i % 3 else Gst.State.READY)
    play(p)
    assert count(p) > 0
    p.set_state(Gst.State.NULL)


def many():
    """Eight pipelines at once."""
    ps = [make('fakesink name=s sync=false') for _ in range(8)]
    for p in ps:
        p.set_state(Gst.State.PLAYING)
    for p in ps:
        play(p)
    n = {count(p) for p in ps}
    assert len(n) == 1 and n.pop() > 0
    for p in ps:
        p.set_state(Gst.State.NULL)


def hoard():
    """Downstream keeps every picture: decoding goes on, and the pictures stay what they were."""
    import hashlib
    p = make('videocodectestsink name=s')
    kept, sums = [], []

    def digest(buffer):
        ok, info = buffer.map(Gst.MapFlags.READ)
        assert ok
        h = hashlib.md5(info.data).hexdigest()
        buffer.unmap(info)
        return h

    def probe(pad, info):
        kept.append(info.get_buffer())
        sums.append(digest(kept[-1]))
        return Gst.PadProbeReturn.OK
    p.get_by_name('s').get_static_pad('sink').add_probe(Gst.PadProbeType.BUFFER, probe)
    play(p)
    stats = p.get_by_name('d').get_property('stats')
    assert len(kept) == count(p) > 64, (len(kept), stats.to_string())
    assert stats.get_uint('pool-size')[1] <= 64
    p.set_state(Gst.State.NULL)
    assert [digest(b) for b in kept] == sums
    assert len({b.pts for b in kept}) == len(kept)


def resume():
    """A stream joined behind its key frame: nothing is shown before the next one, and it is no error."""
    p = Gst.parse_launch(f'filesrc location={path} ! matroskademux name=m ! identity name=i ! {decoder} name=d device={device} ! fakesink name=s sync=false')
    seen = [0]

    def probe(pad, info):
        seen[0] += 1
        return Gst.PadProbeReturn.DROP if seen[0] < 4 else Gst.PadProbeReturn.OK
    p.get_by_name('i').get_static_pad('src').add_probe(Gst.PadProbeType.BUFFER, probe)
    play(p)
    stats = p.get_by_name('d').get_property('stats')
    assert stats.get_uint64('errors')[1] == 0, stats.to_string()
    assert 0 < count(p) < seen[0] - 3, (stats.to_string(), seen)
    p.set_state(Gst.State.NULL)


def properties():
    """Properties keep what was set; statistics name the route; live sources are not delayed."""
    p = make(dec='n-threads=2 max-frame-delay=3 output-format=nv12')
    d = p.get_by_name('d')
    assert (d.get_property('n-threads'), d.get_property('max-frame-delay'), d.get_property('device')) == (2, 3, device)
    assert d.get_property('stats').get_string('route') == 'none'
    play(p)
    stats = d.get_property('stats')
    assert stats.get_string('route') == ('dummy' if device == 'dummy' else 'embedded'), stats.to_string()
    assert stats.get_uint('max-frame-delay')[1] == 3
    assert stats.get_uint('in-flight')[1] == 0
    caps = d.get_static_pad('src').get_current_caps().get_structure(0)
    assert caps.get_string('format') == 'NV12', caps.to_string()
    q = Gst.Query.new_latency()
    assert p.query(q)
    p.set_state(Gst.State.NULL)


def steady():
    """A stream that runs does not allocate managed memory for its frames."""
    p = make('fakesink name=s signal-handoffs=true sync=false')
    d = p.get_by_name('d')
    at, seen = [], [0]

    def handoff(sink, buffer, pad):
        seen[0] += 1
        if seen[0] in (300, 1400):
            s = d.get_property('stats')
            at.append((s.get_uint64('managed-bytes-allocated')[1], s.get_uint64('engine-managed-bytes-allocated')[1]))
    p.get_by_name('s').connect('handoff', handoff)
    play(p)
    # The runtime counts in steps of 8 kB, and reading the statistics costs a few strings.
    plugin, engine = (b - a for a, b in zip(*at))
    assert device == 'dummy' or plugin < 1100 * 16, plugin
    assert device == 'dummy' or engine < 1100 * 16, engine
    p.set_state(Gst.State.NULL)


def flags_and_metas(front):
    """(video flags, names of metadata) of every picture."""
    p = Gst.parse_launch(f'filesrc location={path} ! {front} ! {decoder} name=d device={device} ! fakesink name=s sync=false')
    seen = []

    def probe(pad, info):
        b = info.get_buffer()
        # The string form is the one that lists metadata without their own typelibs.
        seen.append((b.mini_object.flags >> 20, str(b.pts)))
        return Gst.PadProbeReturn.OK
    p.get_by_name('s').get_static_pad('sink').add_probe(Gst.PadProbeType.BUFFER, probe)
    play(p)
    caps = p.get_by_name('d').get_static_pad('src').get_current_caps().to_string()
    p.set_state(Gst.State.NULL)
    return seen, caps


def interlaced():
    """Pictures of an interlaced stream, top field first: flags of each, interlace mode of the caps; presentation times rise."""
    for front in ('matroskademux', 'matroskademux ! h264parse', 'matroskademux ! h264parse ! video/x-h264,stream-format=byte-stream,alignment=nal'):
        seen, caps = flags_and_metas(front)
        assert len(seen) == 50, len(seen)
        assert all(f & 3 == 3 for f, _ in seen), seen
        times = [int(t) for _, t in seen]
        assert times == sorted(times) and len(set(times)) == 50, times
        assert 'interlace-mode=(string)mixed' in caps or 'interlace-mode=(string)interleaved' in caps, caps


def live():
    """A live source whose stream has no reordering gets each picture when its data has come."""
    import time
    p = Gst.parse_launch(f'filesrc location={path} ! matroskademux ! {PARSERS[decoder]} ! fakesink name=s sync=false signal-handoffs=true')
    units = []
    p.get_by_name('s').connect('handoff', lambda s, b, pad: units.append((b.copy_deep(), pad.get_current_caps())))
    play(p)
    p.set_state(Gst.State.NULL)
    p = Gst.parse_launch(f'appsrc name=a is-live=true format=time ! {decoder} name=d device={device} ! fakesink name=s sync=false async=false signal-handoffs=true')
    shown = [0]
    p.get_by_name('s').connect('handoff', lambda *_: shown.__setitem__(0, shown[0] + 1))
    a = p.get_by_name('a')
    a.set_property('caps', units[0][1])
    p.set_state(Gst.State.PLAYING)
    for i, (unit, _) in enumerate(units):
        a.emit('push-buffer', unit)
        end = time.monotonic() + 10
        # The first ones may wait for the next, until it is known whether the source marks the end of a picture.
        want = i + (i > 8)
        while shown[0] < want and time.monotonic() < end:
            time.sleep(0.002)
        assert shown[0] >= want, (i, shown)
    a.emit('end-of-stream')
    play(p)
    assert shown[0] == len(units)
    p.set_state(Gst.State.NULL)


def reverse():
    """Backwards, every picture once."""
    p = Gst.parse_launch(f'filesrc location={path} ! qtdemux ! {PARSERS[decoder].split()[0]} ! {decoder} name=d device={device} ! fakesink name=s sync=false')
    times = []
    p.get_by_name('s').get_static_pad('sink').add_probe(Gst.PadProbeType.BUFFER, lambda pad, info: (times.append(info.get_buffer().pts), Gst.PadProbeReturn.OK)[1])
    p.set_state(Gst.State.PAUSED)
    assert p.get_state(10 * SECOND)[0] == Gst.StateChangeReturn.SUCCESS
    times.clear()
    assert p.seek(-1.0, Gst.Format.TIME, Gst.SeekFlags.FLUSH, Gst.SeekType.SET, 0, Gst.SeekType.SET, 2 * SECOND)
    play(p)
    p.set_state(Gst.State.NULL)
    assert len(times) >= 48 and times == sorted(times, reverse=True) and len(set(times)) == len(times), times


globals()[case]()
