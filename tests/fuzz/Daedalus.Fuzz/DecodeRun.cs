// SPDX-License-Identifier: LGPL-2.1-or-later
using System.Runtime.InteropServices;
using Daedalus.Bitstream.Vp9;
using Daedalus.V4L2;
using Daedalus.V4L2.Controls;
using Daedalus.V4L2.Devices;

namespace Daedalus.Fuzz;

/// <summary>What a run may do besides decoding.</summary>
/// <param name="Controls">Damage controls, layouts, slots and timestamps, too.</param>
/// <param name="Interrupts">Cancel, reset and drain at random moments.</param>
/// <param name="MaxPictureBytes">Larger buffers are not given (as a starved pool would not).</param>
internal readonly record struct RunOptions(bool Controls, bool Interrupts, long MaxPictureBytes);

/// <summary>Counters of a run.</summary>
internal sealed class RunCounts
{
    public long Parsed, Refused, Submitted, Decoded, Corrupted, Failed;
}

/// <summary>Feeds access units to a session as an element does: parse, fill controls, submit, keep references.</summary>
internal sealed unsafe class DecodeRun : IDisposable
{
    private readonly Vp9StreamParser _parser = new();
    private readonly Vp9ReferenceSlots<int> _slots = new();
    private readonly Range[] _frames = new Range[Superframe.MaxFrames];
    private readonly Vp9FrameInfo* _info = (Vp9FrameInfo*)NativeMemory.AllocZeroed((nuint)sizeof(Vp9FrameInfo));
    private readonly List<ulong> _timestamps = [];

    public RunCounts Counts { get; } = new();

    /// <summary>Decodes the units in a session that keeps what earlier runs left in it.</summary>
    public void Run(SessionUnderTest s, IReadOnlyList<byte[]> units, in RunOptions options, Rng rng, List<string> log)
    {
        _parser.Reset();
        _slots.Clear();
        _timestamps.Clear();
        foreach (Submission earlier in s.Submissions)
            _timestamps.Add(earlier.Timestamp);
        int first = s.Submissions.Count;
        using var interrupter = options.Interrupts && rng.OneIn(3) ? new Interrupter(s.Session, rng) : null;
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
        interrupter?.Dispose();
        s.Drain();
        for (int i = first; i < s.Submissions.Count; i++)
        {
            Submission done = s.Submissions[i];
            if (done.Width == 0)
                continue;
            Counts.Decoded++;
            if (done.Status != 0)
                Counts.Failed++;
            else if (done.Corrupted)
                Counts.Corrupted++;
        }
    }

    public void Dispose() => NativeMemory.Free(_info);

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
            ControlMutator.Mutate(_info, _timestamps, rng, log);
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
        ulong timestamp = damage && rng.OneIn(12) && _timestamps.Count > 0 ? _timestamps[rng.Below(_timestamps.Count)] : s.TakeTimestamp();
        int shape = damage && s.Strict && rng.OneIn(12) ? rng.Below(8) : 0;
        Counts.Submitted++;
        int status = s.Submit(f, header, shape, frame, capture, timestamp);
        log.Add($"frame {_info->Width}x{_info->Height} of {frame.Length} bytes: {status}");
        if (status != 0)
        {
            Counts.Refused++;
            _slots.Invalidate(_info->RefreshMask);
            _parser.MarkDamaged();
            return;
        }
        _timestamps.Add(timestamp);
        _slots.Refresh(_info->RefreshMask, s.Submissions.Count, timestamp);
    }

    private static GuardedCapture? Buffer(SessionUnderTest s, in CodedGeometry geometry, bool damage, long maxBytes, Rng rng, List<string> log)
    {
        CaptureLayout layout;
        try
        {
            IReadOnlyList<uint> formats = s.Session.CaptureFormats(geometry);
            if (formats.Count == 0)
                throw new DeviceException("no format");
            layout = s.Session.SetCaptureFormat(geometry, rng.OneIn(5) ? formats[^1] : formats[0]);
        }
        catch (DeviceException e)
        {
            if (geometry is { Width: <= 8192, Height: <= 8192 })
                throw new FaultException($"no layout for {geometry}: {e.Message}");
            log.Add($"no layout for {geometry}");
            return null;
        }
        catch (ArgumentOutOfRangeException)
        {
            return null;
        }
        if (layout.Size > maxBytes)
        {
            log.Add($"no memory for {geometry}");
            return null;
        }
        if (!damage)
            return s.Allocate(layout, layout.Size);

        long bytes = layout.Size;
        switch (rng.Below(24))
        {
            case 0:
                layout = ChangeLayout(layout, rng);
                log.Add($"layout {layout}");
                break;
            case 1 when s.Submissions.Count > 0:
                // The slot of an earlier picture, which is forgotten by that.
                return s.Allocate(layout, bytes, s.Submissions[rng.Below(s.Submissions.Count)].Capture.Index);
            case 2 when s.Submissions.Count > 0:
                // The memory of an earlier picture, perhaps of a reference, perhaps in flight.
                GuardedCapture old = s.Submissions[rng.Below(s.Submissions.Count)].Capture;
                log.Add("memory of an earlier picture");
                return old.Alias(rng.OneIn(2) ? old.Index : s.TakeSlot(), old.Layout);
            case 3:
                return s.Allocate(layout, bytes, rng.Pick([127, 128, 1000, int.MaxValue]));
        }
        return s.Allocate(layout, bytes);
    }

    // Lies within the memory there is: a client cannot be held to more.
    private static CaptureLayout ChangeLayout(in CaptureLayout l, Rng rng) => rng.Below(8) switch
    {
        0 => l with { Offset1 = (uint)rng.Below((int)l.Size) },
        1 => l with { Offset2 = (uint)rng.Next() },
        2 => l with { Stride0 = l.Stride0 * 2 },
        3 => l with { Stride1 = (uint)rng.Next() },
        4 => l with { Stride0 = l.Stride0 / 2, Stride1 = l.Stride1 / 2, Stride2 = l.Stride2 / 2 },
        5 => l with { Size = (uint)rng.Below((int)l.Size) },
        6 => l with { PixelFormat = rng.Pick([PixelFormat.Yuv420, PixelFormat.Nv12, PixelFormat.P010, PixelFormat.Planar(0, 0, 12), 0u]) },
        _ => l with { PlaneCount = rng.Below(5), Width = rng.Below(70000), Height = rng.Below(70000) },
    };

    private static void Interrupt(SessionUnderTest s, Rng rng, List<string> log)
    {
        switch (rng.Below(24))
        {
            case 0:
                log.Add("cancel");
                s.Cancel();
                break;
            case 1:
                log.Add("drain");
                s.Drain();
                break;
            case 2:
                // With requests in flight it must be refused, without it forgets every reference.
                log.Add("reset");
                s.Session.Reset();
                break;
            case 3 when s.Session is EmbeddedSession embedded:
                _ = embedded.Stats;
                break;
        }
    }

    /// <summary>Cancels from another thread beside Submit.</summary>
    private sealed class Interrupter : IDisposable
    {
        private readonly Thread _thread;
        private volatile bool _stop;

        public Interrupter(IStatelessSession session, Rng rng)
        {
            int spins = rng.Below(20000), times = 1 + rng.Below(3);
            _thread = new Thread(() =>
            {
                for (int i = 0; i < times && !_stop; i++)
                {
                    Thread.SpinWait(spins);
                    session.Cancel();
                }
            });
            _thread.Start();
        }

        public void Dispose()
        {
            _stop = true;
            _thread.Join();
        }
    }
}
