// SPDX-License-Identifier: LGPL-2.1-or-later
using System.Runtime.InteropServices;
using Daedalus.Bitstream.Vp9;
using Daedalus.V4L2.Controls;
using Daedalus.V4L2.Devices;

namespace Daedalus.Fuzz;

/// <summary>VP9 frames as requests.</summary>
internal sealed unsafe class Vp9Run : DecodeRun
{
    private readonly Vp9StreamParser _parser = new();
    private readonly Vp9ReferenceSlots<int> _slots = new();
    private readonly Range[] _frames = new Range[Superframe.MaxFrames];
    private readonly Vp9FrameInfo* _info = (Vp9FrameInfo*)NativeMemory.AllocZeroed((nuint)sizeof(Vp9FrameInfo));

    /// <inheritdoc/>
    protected override void Decode(SessionUnderTest s, IReadOnlyList<byte[]> units, in RunOptions options, Rng rng, List<string> log)
    {
        _parser.Reset();
        _slots.Clear();
        bool any = false;
        foreach (byte[] unit in units)
        {
            int count = Superframe.Split(unit, _frames, out _);
            for (int i = 0; i < count && s.Submissions.Count < SessionUnderTest.MaxSubmissions; i++)
            {
                Frame(s, unit.AsSpan(_frames[i]), options, ref any, rng, log);
                if (options.Interrupts)
                    Interrupt(s, rng, log);
            }
            // A zero-length frame as a request: nothing to parse, controls of the frame before.
            if (count == 0 && any && options.Controls)
                Submit(s, unit, options, rng, log);
        }
    }

    public override void Dispose() => NativeMemory.Free(_info);

    private void Frame(SessionUnderTest s, ReadOnlySpan<byte> frame, in RunOptions options, ref bool any, Rng rng, List<string> log)
    {
        Vp9FrameInfo last = *_info;
        if (!_parser.TryParseFrame(frame, out *_info, out _))
        {
            *_info = last;
            // An element drops such a frame. The engine must stand a client that does not.
            if (any && options.Controls && rng.OneIn(2))
                Submit(s, frame, options, rng, log);
            return;
        }
        Counts.Parsed++;
        if (_info->ShowExistingFrame)
        {
            *_info = last;
            return;
        }
        any = true;
        bool complete = _slots.FillTimestamps(ref *_info);
        if (complete || rng.OneIn(2))
            Submit(s, frame, options, rng, log);
        else
            _slots.Invalidate(_info->RefreshMask);
    }

    private void Submit(SessionUnderTest s, ReadOnlySpan<byte> frame, in RunOptions options, Rng rng, List<string> log)
    {
        if (s.Submissions.Count >= SessionUnderTest.MaxSubmissions)
            return;
        CodedGeometry geometry = _info->Geometry;
        Vp9FrameInfo parsed = *_info;
        bool damage = options.Controls && rng.OneIn(2);
        if (damage)
            Vp9ControlMutator.Mutate(_info, Timestamps, rng, log);
        V4L2CtrlVp9Frame f = _info->Frame;
        V4L2CtrlVp9CompressedHdr header = _info->CompressedHeader;
        *_info = parsed;
        if (damage && rng.OneIn(4) && parsed.HeaderBytes < frame.Length)
        {
            // Good headers and hardly a tile.
            frame = frame[..(parsed.HeaderBytes + 1 + rng.Small(Math.Min(16, frame.Length - parsed.HeaderBytes)))];
            log.Add($"tiles cut to {frame.Length - parsed.HeaderBytes}");
        }
        if (damage && rng.OneIn(2))
            geometry = geometry with { Width = f.FrameWidthMinus1 + 1, Height = f.FrameHeightMinus1 + 1 };

        GuardedCapture? capture = Buffer(s, geometry, damage, options.MaxPictureBytes, rng, log);
        if (capture == null)
        {
            _slots.Invalidate(_info->RefreshMask);
            return;
        }
        ulong timestamp = damage && rng.OneIn(12) && Timestamps.Count > 0 ? Timestamps[rng.Below(Timestamps.Count)] : s.TakeTimestamp();
        int shape = damage && s.Strict && rng.OneIn(12) ? rng.Below(8) : 0;
        Counts.Submitted++;
        ReadOnlySpan<ControlPayload> controls =
        [
            new(V4L2CtrlVp9Frame.ControlId, (nint)(&f), (uint)sizeof(V4L2CtrlVp9Frame)),
            new(V4L2CtrlVp9CompressedHdr.ControlId, (nint)(&header), (uint)sizeof(V4L2CtrlVp9CompressedHdr)),
        ];
        var picture = new PictureShape(f.FrameWidthMinus1 + 1, f.FrameHeightMinus1 + 1, f.BitDepth > 8 ? 2 : 1, (f.Flags & Vp9FrameFlags.XSubsampling) != 0 ? 1 : 0,
            (f.Flags & Vp9FrameFlags.YSubsampling) != 0 ? 1 : 0, 3);
        int status = s.Submit(controls, 2, shape, picture, frame, capture, timestamp);
        log.Add($"frame {_info->Width}x{_info->Height} of {frame.Length} bytes: {status}");
        if (status != 0)
        {
            Counts.Refused++;
            _slots.Invalidate(_info->RefreshMask);
            _parser.MarkDamaged();
            return;
        }
        Timestamps.Add(timestamp);
        _slots.Refresh(_info->RefreshMask, s.Submissions.Count, timestamp);
    }
}
