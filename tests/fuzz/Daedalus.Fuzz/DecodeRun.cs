// SPDX-License-Identifier: LGPL-2.1-or-later
using Daedalus.V4L2;
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
internal abstract class DecodeRun : IDisposable
{
    /// <summary>Names of the pictures the session knows.</summary>
    protected readonly List<ulong> Timestamps = [];

    public RunCounts Counts { get; } = new();

    /// <summary>Decodes the units in a session that keeps what earlier runs left in it.</summary>
    public void Run(SessionUnderTest s, IReadOnlyList<byte[]> units, in RunOptions options, Rng rng, List<string> log)
    {
        Timestamps.Clear();
        foreach (Submission earlier in s.Submissions)
            Timestamps.Add(earlier.Timestamp);
        int first = s.Submissions.Count;
        using var interrupter = options.Interrupts && rng.OneIn(3) ? new Interrupter(s.Session, rng) : null;
        Decode(s, units, options, rng, log);
        interrupter?.Dispose();
        s.Drain();
        for (int i = first; i < s.Submissions.Count; i++)
        {
            Submission done = s.Submissions[i];
            if (done.Shape.Width == 0)
                continue;
            Counts.Decoded++;
            if (done.Status != 0)
                Counts.Failed++;
            else if (done.Corrupted)
                Counts.Corrupted++;
        }
    }

    public virtual void Dispose()
    {
    }

    /// <summary>Submits what the units hold; <see cref="Run"/> waits for it.</summary>
    protected abstract void Decode(SessionUnderTest s, IReadOnlyList<byte[]> units, in RunOptions options, Rng rng, List<string> log);

    /// <summary>A buffer for a picture as the device wants it, or with <paramref name="damage"/> as it does not.</summary>
    protected static GuardedCapture? Buffer(SessionUnderTest s, in CodedGeometry geometry, bool damage, long maxBytes, Rng rng, List<string> log)
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

    /// <summary>Cancels, drains or resets now and then.</summary>
    protected static void Interrupt(SessionUnderTest s, Rng rng, List<string> log)
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
