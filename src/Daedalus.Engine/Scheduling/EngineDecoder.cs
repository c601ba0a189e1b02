// SPDX-License-Identifier: LGPL-2.1-or-later
using System.Diagnostics;
using Daedalus.Engine.Interop;
using Daedalus.V4L2;

namespace Daedalus.Engine.Scheduling;

/// <summary>
/// One decoder behind the C ABI: requests in flight, worker threads, completion. With one thread a request is decoded inside
/// <see cref="Submit"/>; with more, workers share the steps of all requests in flight, oldest first: the decoder's own, or those of a <see cref="WorkerPool"/>.
/// </summary>
public sealed unsafe class EngineDecoder : IDisposable
{
    private const int WorkerStackBytes = 512 * 1024;
    private const int MaxThreads = 64;
    private const int MaxInFlightLimit = 64;

    private readonly FrameGate _gate;
    private readonly WorkerPool? _pool;
    private readonly int _threads;
    private readonly CodecDecoder _codec;
    private readonly AbiConfig _config;
    private readonly int _maxInFlight;
    private readonly Thread?[] _workers;
    // A full Submit waits here and not at the gate, which changes far more often than requests complete.
    private readonly object _completion = new();
    private int _completed;
    private FrameJob? _oldest, _youngest;
    private int _inFlight;
    private int _visitors;
    private ulong _sequence;
    private bool _stop;
    private AbiStats _stats;

    private EngineDecoder(in AbiConfig config, int threads, int maxInFlight, WorkerPool? pool)
    {
        _config = config;
        _threads = threads;
        _gate = new FrameGate(pool);
        _maxInFlight = maxInFlight;
        _codec = config.CodedFormat switch
        {
            PixelFormat.H264Slice => new H264.H264Decoder(_gate, threads),
            PixelFormat.Av1Frame => new Av1.Av1Decoder(_gate, threads),
            _ => new Vp9.Vp9Decoder(_gate, threads),
        };
        _workers = threads > 1 && pool == null ? new Thread[threads] : [];
        _pool = pool;
        _pool?.Add(this);
        try
        {
            for (int i = 0; i < _workers.Length; i++)
            {
                int number = i;
                var worker = new Thread(() => Work(number), WorkerStackBytes) { IsBackground = true, Name = "daedalus:" + i };
                worker.Start();
                _workers[i] = worker;
            }
        }
        catch (Exception)
        {
            // The system gives no further thread: those that run must not stay behind.
            Dispose();
            throw;
        }
    }

    /// <summary>Opens a decoder; 0 or a negative errno.</summary>
    /// <param name="config">What the caller wants; its pool is given as <paramref name="pool"/>.</param>
    /// <param name="pool">Workers shared with other decoders, or null. With one thread there are none: the request is decoded where it is submitted.</param>
    /// <param name="decoder">The decoder.</param>
    public static int Create(in AbiConfig config, WorkerPool? pool, out EngineDecoder? decoder)
    {
        decoder = null;
        if (config.CodedFormat is not (PixelFormat.Vp9Frame or PixelFormat.H264Slice or PixelFormat.Av1Frame) || config.Done == null || config.ThreadCount > int.MaxValue || config.MaxInFlight > int.MaxValue)
            return Errno.Invalid;
        int most = pool?.Threads ?? MaxThreads;
        int threads = config.ThreadCount != 0 ? (int)config.ThreadCount : pool?.Threads ?? Environment.ProcessorCount;
        threads = Math.Clamp(threads, 1, most);
        int inFlight = threads == 1 ? 1 : config.MaxInFlight == 0 ? threads : Math.Min((int)config.MaxInFlight, MaxInFlightLimit);
        decoder = new EngineDecoder(config, threads, inFlight, threads > 1 ? pool : null);
        return 0;
    }

    /// <summary>Counters since creation.</summary>
    public AbiStats Stats
    {
        get
        {
            lock (_gate)
            {
                AbiStats stats = _stats;
                stats.ManagedBytesAllocated = (ulong)GC.GetTotalAllocatedBytes(false);
                return stats;
            }
        }
    }

    /// <summary>Queues a request (or decodes it, with one thread); 0 or a negative errno, in which case no callback follows.</summary>
    public int Submit(AbiRequest* request)
    {
        FrameJob? job = null;
        while (job == null)
        {
            int seen = Volatile.Read(ref _completed);
            lock (_gate)
            {
                if (_stop)
                    return Errno.Canceled;
                if (_inFlight < _maxInFlight)
                {
                    int status = _codec.Prepare(request, _youngest, out job);
                    if (status != 0 || job == null)
                        return status;
                    job.Cookie = request->Cookie;
                    job.BitstreamSize = request->BitstreamSize;
                    job.Sequence = ++_sequence;
                    Append(job);
                    if (_threads > 1)
                    {
                        _gate.Changed();
                        return 0;
                    }
                    job.Running = 1;
                    break;
                }
            }
            lock (_completion)
            {
                while (_completed == seen)
                    Monitor.Wait(_completion);
            }
        }

        try
        {
            job.RunAll();
        }
        catch (Exception e)
        {
            Fail(job, e);
        }
        lock (_gate)
        {
            job.Running = 0;
            job.Release();
        }
        Complete(job);
        return 0;
    }

    /// <summary>Abandons what is in flight and waits for its callbacks.</summary>
    public void Cancel()
    {
        lock (_gate)
        {
            ulong last = _sequence;
            for (FrameJob? job = _oldest; job != null; job = job.Younger)
            {
                if (!job.Aborted)
                {
                    job.Status = Errno.Canceled;
                    job.Aborted = true;
                }
            }
            _gate.Changed();
            WaitUntilDone(last);
        }
    }

    /// <summary>Waits until everything submitted so far is done, callbacks included.</summary>
    public void Drain()
    {
        lock (_gate)
            WaitUntilDone(_sequence);
    }

    /// <summary>Forgets the stream's state; -EBUSY while requests are in flight.</summary>
    public int Reset()
    {
        lock (_gate)
        {
            if (_inFlight != 0)
                return Errno.Busy;
            _codec.Reset();
            return 0;
        }
    }

    /// <summary>Cancels, waits for callbacks and workers, frees.</summary>
    public void Dispose()
    {
        Cancel();
        lock (_gate)
        {
            if (_stop)
                return;
            _stop = true;
            _gate.Changed();
            while (_visitors != 0)
                _gate.Wait();
        }
        _pool?.Remove(this);
        foreach (Thread? worker in _workers)
        {
            if (worker != Thread.CurrentThread)
                worker?.Join();
        }
        _codec.Dispose();
    }

    private void WaitUntilDone(ulong last)
    {
        while (_oldest != null && _oldest.Sequence <= last)
            _gate.Wait();
    }

    private void Append(FrameJob job)
    {
        job.Older = _youngest;
        job.Younger = null;
        if (_youngest != null)
            _youngest.Younger = job;
        else
            _oldest = job;
        _youngest = job;
        job.Released = false;
        job.Running = 0;
        if (_inFlight++ == 0)
            _pool?.ChangeBusy(1);
    }

    private void Remove(FrameJob job)
    {
        if (job.Older != null)
            job.Older.Younger = job.Younger;
        else
            _oldest = job.Younger;
        if (job.Younger != null)
            job.Younger.Older = job.Older;
        else
            _youngest = job.Older;
        job.Older = job.Younger = null;
        if (--_inFlight == 0)
            _pool?.ChangeBusy(-1);
    }

    private static void Fail(FrameJob job, Exception e)
    {
        if (!job.Aborted)
        {
            job.Status = e is OutOfMemoryException ? Errno.NoMemory : Errno.Io;
            job.Aborted = true;
        }
    }

    /// <summary>The callback, without the lock, then the books.</summary>
    private void Complete(FrameJob job)
    {
        bool corrupted = job.Corrupted;
        int status = job.Status;
        _config.Done(_config.User, job.Cookie, status, corrupted ? 1u : 0u);
        lock (_gate)
        {
            _stats.Frames++;
            _stats.Bytes += job.BitstreamSize;
            if (status != 0 || corrupted)
                _stats.Errors++;
            Remove(job);
            _codec.Recycle(job);
            _gate.Changed();
        }
        lock (_completion)
        {
            _completed++;
            Monitor.PulseAll(_completion);
        }
    }

    private void Work(int number)
    {
        FrameJob? job = null;
        int step = FrameJob.NoStep;
        bool idle = false;
        while (true)
        {
            FrameJob? done;
            int seen;
            lock (_gate)
            {
                if (idle)
                    _gate.ChangeIdle(-1);
                idle = false;
                Book(job, step);
                _gate.Claimant = number;
                if (!TryClaim(out job, out step, out done))
                {
                    if (_stop)
                        return;
                    idle = true;
                    _gate.ChangeIdle(1);
                }
                seen = _gate.Version;
            }
            if (idle)
                WaitForWork(seen);
            else
                RunClaimed(job, step, done);
        }
    }

    /// <summary>
    /// A worker of the pool does what there is to do until there is no more, or for a slice of time when other decoders have work, too.
    /// False: there was nothing, or as many workers are here as the decoder takes.
    /// </summary>
    internal bool Visit(int number, long slice)
    {
        if (Volatile.Read(ref _inFlight) == 0)
            return false;
        lock (_gate)
        {
            if (_stop || _visitors == _threads)
                return false;
            _visitors++;
        }
        long until = Stopwatch.GetTimestamp() + slice;
        bool any = false;
        FrameJob? job = null;
        int step = FrameJob.NoStep;
        while (true)
        {
            FrameJob? done;
            lock (_gate)
            {
                Book(job, step);
                _gate.Claimant = number;
                bool turn = any && _pool!.IsContended && Stopwatch.GetTimestamp() >= until;
                if (turn || !TryClaim(out job, out step, out done))
                {
                    // What is left, or the place, is for others.
                    if (_visitors-- == _threads || turn || _stop)
                        _gate.Changed();
                    return any;
                }
            }
            any = true;
            RunClaimed(job, step, done);
        }
    }

    // Gate. A step has been run.
    private void Book(FrameJob? job, int step)
    {
        if (job == null)
            return;
        job.Running--;
        if (!job.Aborted)
            job.Finish(step);
        _gate.Changed();
    }

    private void RunClaimed(FrameJob? job, int step, FrameJob? done)
    {
        if (done != null)
        {
            Complete(done);
            return;
        }
        try
        {
            job!.Run(step);
        }
        catch (Exception e)
        {
            lock (_gate)
                Fail(job!, e);
        }
    }

    /// <summary>Oldest first: a step to run, or a job to complete (gate).</summary>
    private bool TryClaim(out FrameJob? job, out int step, out FrameJob? done)
    {
        for (FrameJob? j = _oldest; j != null; j = j.Younger)
        {
            if (j.Released)
                continue;
            if (j.Running == 0 && (j.Aborted || j.IsDone))
            {
                j.Released = true;
                j.Release();
                _gate.Changed();
                (job, step, done) = (null, FrameJob.NoStep, j);
                return true;
            }
            if (j.Aborted)
                continue;
            int s = j.Claim();
            if (s == FrameJob.NoStep)
                continue;
            j.Running++;
            (job, step, done) = (j, s, null);
            return true;
        }
        // Nobody goes along with another one, mostly waiting, while other decoders have work.
        int kinds = _pool is { IsContended: true } ? 1 : 2;
        for (int following = 0; following < kinds; following++)
        {
            for (FrameJob? j = _oldest; j != null; j = j.Younger)
            {
                int s = j.Released || j.Aborted ? FrameJob.NoStep : following == 0 ? j.ClaimAhead() : j.ClaimFollowing();
                if (s == FrameJob.NoStep)
                    continue;
                j.Running++;
                (job, step, done) = (j, s, null);
                return true;
            }
        }
        (job, step, done) = (null, FrameJob.NoStep, null);
        return false;
    }

    /// <summary>Spins briefly (the next row is usually microseconds away), then sleeps until something changes.</summary>
    private void WaitForWork(int seen)
    {
        for (int i = 0; i < FrameGate.SpinRounds; i++)
        {
            if (_gate.Version != seen)
                return;
            Thread.SpinWait(FrameGate.SpinLength);
        }
        lock (_gate)
        {
            while (_gate.Version == seen && !_stop)
                _gate.Wait();
        }
    }
}
