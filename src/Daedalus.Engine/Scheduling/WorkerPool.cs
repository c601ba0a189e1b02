// SPDX-License-Identifier: LGPL-2.1-or-later
using System.Diagnostics;

namespace Daedalus.Engine.Scheduling;

/// <summary>
/// Worker threads that several decoders share. Each goes from decoder to decoder and stays with one for a slice of time while others have work too.
/// </summary>
/// <remarks>
/// A step may wait for a picture of an older job of its decoder. Workers that wait are replaced: as many run as the pool has threads, and whoever comes to a decoder
/// looks at its oldest job first, so that what the others wait for is always done by somebody. A decoder takes no more workers at a time than it has been told of.
/// </remarks>
public sealed class WorkerPool
{
    private const int StackBytes = 512 * 1024;
    private const int MaxThreads = 64;
    // A few rows of a large picture: longer than going elsewhere costs, and too short to be seen.
    private static readonly long s_slice = Stopwatch.Frequency / 500;

    // Taken inside a decoder's gate, never the other way round.
    private readonly object _lock = new();
    private readonly List<Thread> _threads = [];
    private EngineDecoder[] _decoders = [];
    private int _version;
    private int _busy;
    private int _idle;
    private int _running;
    private bool _stop;

    /// <summary>Starts the threads.</summary>
    /// <param name="threads">How many run at a time; 0: one for each CPU.</param>
    public WorkerPool(int threads)
    {
        Threads = Math.Clamp(threads == 0 ? Environment.ProcessorCount : threads, 1, MaxThreads);
        lock (_lock)
        {
            // Fewer threads than asked for are a pool, too.
            for (int i = 0; i < Threads && TryStart(); i++)
            {
            }
            if (_running == 0)
                throw new OutOfMemoryException("The system gives no thread.");
        }
    }

    /// <summary>Workers that run at a time; those that wait for others come on top.</summary>
    public int Threads { get; }

    /// <summary>Threads that exist, the waiting and idle ones with them.</summary>
    public int ThreadCount
    {
        get
        {
            lock (_lock)
                return _threads.Count;
        }
    }

    /// <summary>Workers that could take a step if there were one.</summary>
    internal int Idle => Math.Max(0, Math.Min(Volatile.Read(ref _idle), Threads - Volatile.Read(ref _running)));

    /// <summary>More than one decoder has requests in flight.</summary>
    internal bool IsContended => Volatile.Read(ref _busy) > 1;

    internal void Add(EngineDecoder decoder)
    {
        lock (_lock)
        {
            ObjectDisposedException.ThrowIf(_stop, this);
            _decoders = [.. _decoders, decoder];
        }
    }

    /// <summary>No worker comes to the decoder any more, once those that are there have gone.</summary>
    internal void Remove(EngineDecoder decoder)
    {
        lock (_lock)
            _decoders = [.. _decoders.Where(d => d != decoder)];
    }

    /// <summary>A decoder has got its first request in flight (1), or lost its last one (-1).</summary>
    internal void ChangeBusy(int by) => Interlocked.Add(ref _busy, by);

    /// <summary>There may be a step that nobody could take before.</summary>
    internal void Notify()
    {
        Interlocked.Increment(ref _version);
        if (Volatile.Read(ref _idle) == 0 || Volatile.Read(ref _running) >= Threads)
            return;
        lock (_lock)
        {
            for (int i = Math.Min(_idle, Threads - _running); i > 0; i--)
                Monitor.Pulse(_lock);
        }
    }

    /// <summary>The calling worker is about to wait for another one.</summary>
    internal void BeginWait()
    {
        lock (_lock)
        {
            _running--;
            if (_running >= Threads || _stop)
                return;
            if (_idle != 0)
                Monitor.Pulse(_lock);
            else if (!TryStart() && _running == 0)
            {
                _running++;
                throw new OutOfMemoryException("The system gives no further thread, and all others wait.");
            }
        }
    }

    /// <summary>It goes on. When there are too many then, the next one that looks for work stands back.</summary>
    internal void EndWait()
    {
        lock (_lock)
            _running++;
    }

    // Lock.
    private bool TryStart()
    {
        int number = _threads.Count;
        var thread = new Thread(() => Work(number), StackBytes) { IsBackground = true, Name = "daedalus:" + number };
        try
        {
            thread.Start();
        }
        catch (Exception e) when (e is OutOfMemoryException or ThreadStartException)
        {
            return false;
        }
        _running++;
        _threads.Add(thread);
        return true;
    }

    private void Work(int number)
    {
        int turn = number;
        while (true)
        {
            int seen = Volatile.Read(ref _version);
            EngineDecoder[] decoders = Volatile.Read(ref _decoders);
            bool any = false;
            for (int i = 0; i < decoders.Length && !any; i++)
            {
                int which = (int)((uint)(turn + i) % (uint)decoders.Length);
                any = decoders[which].Visit(number, s_slice);
                if (any)
                    turn = which + 1;
            }
            if (!Rest(any, seen))
                return;
        }
    }

    // Sleeps while there is nothing to do, or while others are enough; false: the pool ends.
    private bool Rest(bool any, int seen)
    {
        for (int i = 0; i < FrameGate.SpinRounds && !any; i++)
        {
            any = Volatile.Read(ref _version) != seen;
            Thread.SpinWait(FrameGate.SpinLength);
        }
        if (any && Volatile.Read(ref _running) <= Threads)
            return !Volatile.Read(ref _stop);
        lock (_lock)
        {
            while (!_stop && (_running > Threads || (!any && Volatile.Read(ref _version) == seen)))
            {
                bool surplus = _running > Threads;
                _running--;
                _idle++;
                // Either Notify() sees that somebody sleeps, or what it tells is seen here.
                Interlocked.MemoryBarrier();
                if (surplus || Volatile.Read(ref _version) == seen)
                    Monitor.Wait(_lock);
                _idle--;
                _running++;
                // Woken to look, or to take the place of one that waits.
                any = true;
            }
            return !_stop;
        }
    }

    /// <summary>Ends the threads; false while a decoder uses the pool.</summary>
    public bool TryDispose()
    {
        Thread[] threads;
        lock (_lock)
        {
            if (_decoders.Length != 0)
                return false;
            _stop = true;
            Monitor.PulseAll(_lock);
            threads = [.. _threads];
        }
        foreach (Thread thread in threads)
            thread.Join();
        return true;
    }
}
