// SPDX-License-Identifier: LGPL-2.1-or-later
namespace Daedalus.Engine.Scheduling;

/// <summary>
/// The one lock of a decoder with its condition. Everyone who waits (idle workers, a full Submit, Drain, a row waiting for its reference)
/// waits here; waking costs nothing when nobody sleeps.
/// </summary>
internal sealed class FrameGate
{
    /// <summary>Polls before sleeping.</summary>
    public const int SpinRounds = 64;
    /// <summary>Pause instructions (normalised by the runtime) between polls.</summary>
    public const int SpinLength = 8;

    /// <summary>Number of the worker that looks for a step (lock held).</summary>
    public int Claimant;

    private int _version;
    private int _sleepers;

    /// <summary>Workers that found nothing to do (lock held): a step may leave over what they could take.</summary>
    public int Idle;

    /// <summary>Grows with every change; may be read without the lock.</summary>
    public int Version => Volatile.Read(ref _version);

    /// <summary>Something that a waiter may look for has changed (lock held).</summary>
    public void Changed()
    {
        Volatile.Write(ref _version, _version + 1);
        if (_sleepers != 0)
            Monitor.PulseAll(this);
    }

    /// <summary>Sleeps until the next change (lock held).</summary>
    public void Wait()
    {
        _sleepers++;
        Monitor.Wait(this);
        _sleepers--;
    }
}
