// SPDX-License-Identifier: LGPL-2.1-or-later
using Daedalus.Bitstream.H264;
using Daedalus.V4L2.Controls;
using Daedalus.V4L2.Devices;

namespace Daedalus.Fuzz;

/// <summary>H.264 frames and fields as requests, through the sequencer that the elements use. A session keeps its sequencer over inputs until it is reset.</summary>
internal sealed unsafe class H264Run : DecodeRun
{
    private readonly GuardedRegion _maps = new(4 << 20);

    /// <inheritdoc/>
    protected override void Decode(SessionUnderTest s, IReadOnlyList<byte[]> units, in RunOptions options, Rng rng, List<string> log)
    {
        var client = (Client?)s.Client ?? new Client(this, s);
        s.Client = client;
        client.Options = options;
        client.Rng = rng;
        client.Log = log;
        H264PictureSequencer<Frame> sequencer = client.Sequencer;
        foreach (byte[] unit in units)
        {
            if (s.Submissions.Count >= SessionUnderTest.MaxSubmissions)
                break;
            sequencer.DecodeAccessUnit(unit, !options.Controls || !rng.OneIn(6));
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

    public override void Dispose() => _maps.Dispose();

    private GuardedCapture? TakeBuffer(Client c, in CodedGeometry geometry)
    {
        bool damage = c.Options.Controls && c.Rng.OneIn(4);
        return c.Session.FreeSlots <= 0 || c.Session.Submissions.Count >= SessionUnderTest.MaxSubmissions
            ? null : Buffer(c.Session, geometry, damage, c.Options.MaxPictureBytes, c.Rng, c.Log);
    }

    private bool Submit(Client c, in H264Request<Frame> request)
    {
        SessionUnderTest s = c.Session;
        Rng rng = c.Rng;
        if (s.Submissions.Count >= SessionUnderTest.MaxSubmissions)
            return false;
        Counts.Parsed++;
        H264RequestControls controls = *request.Controls;
        var parameters = new DaedalusCtrlH264PictureParameters[controls.PictureParameterCount];
        new ReadOnlySpan<DaedalusCtrlH264PictureParameters>(controls.PictureParameters, parameters.Length).CopyTo(parameters);
        ReadOnlySpan<byte> data = request.Bitstream;
        GuardedCapture capture = request.Picture.Capture;
        ulong timestamp = request.Picture.Timestamp;
        bool damage = c.Options.Controls && rng.OneIn(2);
        int shape = 0;
        if (damage)
        {
            H264ControlMutator.Mutate(&controls, parameters, Timestamps, rng, c.Log);
            if (rng.OneIn(8))
            {
                data = data[..rng.Below(data.Length + 1)];
                c.Log.Add($"slices cut to {data.Length}");
            }
            if (rng.OneIn(12) && Timestamps.Count > 0)
                timestamp = Timestamps[rng.Below(Timestamps.Count)];
            if (rng.OneIn(12) && s.Submissions.Count > 0)
            {
                // A field or frame into the memory and slot of another.
                capture = s.Submissions[rng.Below(s.Submissions.Count)].Capture;
                c.Log.Add("slot of an earlier picture");
            }
            shape = s.Strict && rng.OneIn(12) ? rng.Below(8) : 0;
        }
        bool accepted = Submit(s, controls, parameters, damage && rng.OneIn(6), shape, data, capture, timestamp, c.Log);
        if (damage && rng.OneIn(12) && s.Submissions.Count < SessionUnderTest.MaxSubmissions)
        {
            c.Log.Add("again");
            Submit(s, controls, parameters, false, 0, data, capture, rng.OneIn(2) ? timestamp : s.TakeTimestamp(), c.Log);
        }
        return accepted;
    }

    private bool Submit(SessionUnderTest s, H264RequestControls controls, DaedalusCtrlH264PictureParameters[] parameters, bool stateless, int shape, ReadOnlySpan<byte> data,
        GuardedCapture capture, ulong timestamp, List<string> log)
    {
        parameters = PlaceMaps(parameters);
        ref V4L2CtrlH264Sps sps = ref controls.Sps;
        bool frameMbsOnly = (sps.Flags & H264SpsFlags.FrameMbsOnly) != 0;
        H264DecodeParamFlags flags = controls.DecodeParams.Flags;
        (int ssX, int ssY) = sps.ChromaFormatIdc switch { 2 => (1, 0), 3 => (0, 0), _ => (1, 1) };
        int fields = (flags & H264DecodeParamFlags.FieldPic) == 0 ? 3 : (flags & H264DecodeParamFlags.BottomField) != 0 ? 2 : 1;
        var picture = new PictureShape((sps.PicWidthInMbsMinus1 + 1) * 16, (sps.PicHeightInMapUnitsMinus1 + 1) * (frameMbsOnly ? 16 : 32), sps.BitDepthLumaMinus8 > 0 ? 2 : 1, ssX, ssY, fields);
        int status;
        fixed (DaedalusCtrlH264PictureParameters* p = parameters)
        {
            // Those that must be there first.
            ReadOnlySpan<ControlPayload> payloads =
            [
                new(V4L2CtrlH264Sps.ControlId, (nint)(&controls.Sps), (uint)sizeof(V4L2CtrlH264Sps)),
                new(V4L2CtrlH264Pps.ControlId, (nint)(&controls.Pps), (uint)sizeof(V4L2CtrlH264Pps)),
                new(V4L2CtrlH264DecodeParams.ControlId, (nint)(&controls.DecodeParams), (uint)sizeof(V4L2CtrlH264DecodeParams)),
                new(V4L2CtrlH264ScalingMatrix.ControlId, (nint)(&controls.ScalingMatrix), (uint)sizeof(V4L2CtrlH264ScalingMatrix)),
                new(DaedalusCtrlH264PictureParameters.ControlId, (nint)p, (uint)(sizeof(DaedalusCtrlH264PictureParameters) * parameters.Length)),
            ];
            // A client of the stateless API as it stands has no private control.
            status = s.Submit(stateless || parameters.Length == 0 ? payloads[..4] : payloads, 3, shape, picture, data, capture, timestamp);
        }
        _maps.Forbid();
        Counts.Submitted++;
        log.Add($"{picture.Width}x{picture.Height} fields {fields} of {data.Length} bytes: {status}");
        if (status != 0)
            Counts.Refused++;
        else
            Timestamps.Add(timestamp);
        return status == 0;
    }

    // Slice group maps are readable during the submission only.
    private DaedalusCtrlH264PictureParameters[] PlaceMaps(DaedalusCtrlH264PictureParameters[] parameters)
    {
        var placed = (DaedalusCtrlH264PictureParameters[])parameters.Clone();
        _maps.AllowAll();
        long bytes = 0;
        foreach (ref DaedalusCtrlH264PictureParameters p in placed.AsSpan())
        {
            if (p.SliceGroupId == 0)
                continue;
            long map = p.MapUnits;
            bytes += map;
            if (bytes > _maps.Capacity || map > DaedalusCtrlH264PictureParameters.MaxMapUnits)
            {
                // More than a map may have: nobody reads it.
                bytes -= map;
                continue;
            }
            byte* to = _maps.Place(bytes, true);
            Copy(p.SliceGroupId, to, map);
            p.SliceGroupId = (ulong)to;
        }
        _maps.AllowReading();
        return placed;
    }

    // Lengths are damaged, too: such a map is made up.
    private static void Copy(ulong from, byte* to, long bytes)
    {
        for (long i = 0; i < bytes; i++)
            to[i] = from == H264ControlMutator.MadeUp ? (byte)(i * 7 % 11) : ((byte*)from)[i];
    }

    internal sealed class Frame(GuardedCapture capture, ulong timestamp)
    {
        public readonly GuardedCapture Capture = capture;
        public readonly ulong Timestamp = timestamp;
    }

    private sealed class Client : IH264PictureClient<Frame>, IDisposable
    {
        private readonly H264Run _owner;

        public readonly SessionUnderTest Session;
        public readonly H264PictureSequencer<Frame> Sequencer;
        public RunOptions Options;
        public Rng Rng = null!;
        public List<string> Log = null!;

        public Client(H264Run owner, SessionUnderTest session)
        {
            _owner = owner;
            Session = session;
            Sequencer = new H264PictureSequencer<Frame>(this);
        }

        public Frame? Begin(H264PictureInfo info) => _owner.TakeBuffer(this, info.Geometry) is { } capture ? new Frame(capture, Session.TakeTimestamp()) : null;

        public bool Submit(in H264Request<Frame> request) => _owner.Submit(this, request);

        public ulong Timestamp(Frame picture) => picture.Timestamp;

        public void Output(Frame picture, H264PictureInfo info)
        {
        }

        public void Skip(Frame picture, H264PictureInfo info)
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
