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

    private readonly WorkerPool? _pool;
    private int _version;
    private int _sleepers;
    private int _idle;

    /// <summary>The gate of a decoder with threads of its own, or of one that shares a pool.</summary>
    public FrameGate(WorkerPool? pool = null) => _pool = pool;

    /// <summary>Workers that found nothing to do (lock held): a step may leave over what they could take.</summary>
    public int Idle => _pool?.Idle ?? _idle;

    /// <summary>One of the decoder's own workers has found nothing (1), or looks again (-1); lock held.</summary>
    public void ChangeIdle(int by) => _idle += by;

    /// <summary>Grows with every change; may be read without the lock.</summary>
    public int Version => Volatile.Read(ref _version);

    /// <summary>Something that a waiter may look for has changed (lock held).</summary>
    public void Changed()
    {
        Volatile.Write(ref _version, _version + 1);
        if (_sleepers != 0)
            Monitor.PulseAll(this);
        _pool?.Notify();
    }

    /// <summary>Sleeps until the next change (lock held).</summary>
    public void Wait()
    {
        _sleepers++;
        Monitor.Wait(this);
        _sleepers--;
    }

    /// <summary>As <see cref="Wait"/>, of a worker in a step (lock held): another one of the pool takes its place.</summary>
    public void WaitInStep()
    {
        _pool?.BeginWait();
        Wait();
        _pool?.EndWait();
    }
}
