// SPDX-License-Identifier: LGPL-2.1-or-later
using Daedalus.Bitstream.Av1;
using Daedalus.V4L2.Controls;
using Daedalus.V4L2.Devices;

namespace Daedalus.Fuzz;

/// <summary>AV1 frames as requests, through the sequencer that the elements use. A session keeps its sequencer over inputs until it is reset.</summary>
internal sealed unsafe class Av1Run : DecodeRun
{
    /// <inheritdoc/>
    protected override void Decode(SessionUnderTest s, IReadOnlyList<byte[]> units, in RunOptions options, Rng rng, List<string> log)
    {
        var client = (Client?)s.Client ?? new Client(this, s);
        s.Client = client;
        client.Options = options;
        client.Rng = rng;
        client.Log = log;
        Av1PictureSequencer<Frame> sequencer = client.Sequencer;
        foreach (byte[] unit in units)
        {
            if (s.Submissions.Count >= SessionUnderTest.MaxSubmissions)
                break;
            sequencer.Decode(unit, !options.Controls || !rng.OneIn(6));
            if (!options.Interrupts)
                continue;
            Interrupt(s, rng, log);
            if (rng.OneIn(16))
            {
                log.Add("seek");
                s.Cancel();
                sequencer.Reset();
                s.Session.Reset();
            }
        }
        sequencer.Drain();
    }

    private GuardedCapture? TakeBuffer(Client c, in CodedGeometry geometry)
    {
        bool damage = c.Options.Controls && c.Rng.OneIn(4);
        return c.Session.FreeSlots <= 0 || c.Session.Submissions.Count >= SessionUnderTest.MaxSubmissions
            ? null : Buffer(c.Session, geometry, damage, c.Options.MaxPictureBytes, c.Rng, c.Log);
    }

    private bool Submit(Client c, in Av1Request<Frame> request)
    {
        SessionUnderTest s = c.Session;
        Rng rng = c.Rng;
        if (s.Submissions.Count >= SessionUnderTest.MaxSubmissions)
            return false;
        Counts.Parsed++;
        Av1RequestControls controls = *request.Controls;
        V4L2CtrlAv1TileGroupEntry[] tiles = new ReadOnlySpan<V4L2CtrlAv1TileGroupEntry>(controls.TileGroupEntries, controls.TileGroupEntryCount).ToArray();
        ReadOnlySpan<byte> data = request.Bitstream;
        GuardedCapture capture = request.Picture.Capture;
        ulong timestamp = request.Picture.Timestamp;
        bool damage = c.Options.Controls && rng.OneIn(2);
        int shape = 0;
        if (damage)
        {
            tiles = Av1ControlMutator.Mutate(&controls, tiles, Timestamps, rng, c.Log);
            if (rng.OneIn(8))
            {
                data = data[..rng.Below(data.Length + 1)];
                c.Log.Add($"tiles cut to {data.Length}");
            }
            if (rng.OneIn(12) && Timestamps.Count > 0)
                timestamp = Timestamps[rng.Below(Timestamps.Count)];
            if (rng.OneIn(12) && s.Submissions.Count > 0)
            {
                capture = s.Submissions[rng.Below(s.Submissions.Count)].Capture;
                c.Log.Add("slot of an earlier picture");
            }
            shape = s.Strict && rng.OneIn(12) ? rng.Below(8) : 0;
        }
        bool accepted = Submit(s, controls, tiles, damage && rng.OneIn(6), shape, data, capture, timestamp, c.Log);
        if (damage && rng.OneIn(12) && s.Submissions.Count < SessionUnderTest.MaxSubmissions)
        {
            c.Log.Add("again");
            Submit(s, controls, tiles, false, 0, data, capture, rng.OneIn(2) ? timestamp : s.TakeTimestamp(), c.Log);
        }
        return accepted;
    }

    private bool Submit(SessionUnderTest s, Av1RequestControls controls, V4L2CtrlAv1TileGroupEntry[] tiles, bool stateless, int shape, ReadOnlySpan<byte> data, GuardedCapture capture, ulong timestamp,
        List<string> log)
    {
        Av1SequenceFlags flags = controls.Sequence.Flags;
        var picture = new PictureShape((int)controls.Frame.UpscaledWidth, (int)controls.Frame.FrameHeightMinus1 + 1, controls.Sequence.BitDepth > 8 ? 2 : 1,
            (flags & Av1SequenceFlags.SubsamplingX) != 0 ? 1 : 0, (flags & Av1SequenceFlags.SubsamplingY) != 0 ? 1 : 0, 3);
        int status;
        fixed (V4L2CtrlAv1TileGroupEntry* t = tiles)
        {
            // Those that must be there first.
            ReadOnlySpan<ControlPayload> payloads =
            [
                new(V4L2CtrlAv1Sequence.ControlId, (nint)(&controls.Sequence), (uint)sizeof(V4L2CtrlAv1Sequence)),
                new(V4L2CtrlAv1Frame.ControlId, (nint)(&controls.Frame), (uint)sizeof(V4L2CtrlAv1Frame)),
                new(V4L2CtrlAv1TileGroupEntry.ControlId, (nint)t, (uint)(sizeof(V4L2CtrlAv1TileGroupEntry) * tiles.Length)),
                new(V4L2CtrlAv1FilmGrain.ControlId, (nint)(&controls.FilmGrain), (uint)sizeof(V4L2CtrlAv1FilmGrain)),
                new(DaedalusCtrlAv1Frame.ControlId, (nint)(&controls.Private), (uint)sizeof(DaedalusCtrlAv1Frame)),
            ];
            // A client of the stateless API as it stands has no private control, and need not have grain.
            status = s.Submit(stateless ? payloads[..3] : payloads, 3, shape, picture, data, capture, timestamp);
        }
        Counts.Submitted++;
        log.Add($"{controls.Frame.FrameType} {picture.Width}x{picture.Height} of {data.Length} bytes: {status}");
        if (status != 0)
            Counts.Refused++;
        else
            Timestamps.Add(timestamp);
        return status == 0;
    }

    internal sealed class Frame(GuardedCapture capture, ulong timestamp)
    {
        public readonly GuardedCapture Capture = capture;
        public readonly ulong Timestamp = timestamp;
    }

    private sealed class Client : IAv1PictureClient<Frame>, IDisposable
    {
        private readonly Av1Run _owner;

        public readonly SessionUnderTest Session;
        public readonly Av1PictureSequencer<Frame> Sequencer;
        public RunOptions Options;
        public Rng Rng = null!;
        public List<string> Log = null!;

        public Client(Av1Run owner, SessionUnderTest session)
        {
            _owner = owner;
            Session = session;
            Sequencer = new Av1PictureSequencer<Frame>(this);
        }

        public Frame? Begin(Av1FrameInfo info) => _owner.TakeBuffer(this, info.Geometry) is { } capture ? new Frame(capture, Session.TakeTimestamp()) : null;

        public bool Submit(in Av1Request<Frame> request) => _owner.Submit(this, request);

        public ulong Timestamp(Frame picture) => picture.Timestamp;

        public void Output(Frame picture, Av1FrameInfo info)
        {
        }

        public void Use(Frame picture)
        {
        }

        public void Release(Frame picture)
        {
        }

        public void Dispose() => Sequencer.Dispose();
    }
}
