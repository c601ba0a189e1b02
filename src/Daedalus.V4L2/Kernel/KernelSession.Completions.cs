// SPDX-License-Identifier: LGPL-2.1-or-later
using Daedalus.V4L2.Devices;

namespace Daedalus.V4L2.Kernel;

/// <summary>The way back: the thread that takes buffers from the driver.</summary>
internal sealed unsafe partial class KernelSession
{
    private void Run()
    {
        try
        {
            while (true)
            {
                bool wanted;
                lock (_lock)
                {
                    if (_stop)
                        return;
                    // Without anything queued poll() reports an error at once.
                    wanted = _inFlight > 0;
                }
                int events = _video.Poll(wanted ? (short)(KernelNode.PollIn | KernelNode.PollOut) : (short)0, _wake, -1, out bool woken);
                if (woken)
                    KernelNode.Drain(_wake);
                if (events != 0)
                    Collect(events);
            }
        }
        catch (Exception)
        {
            // Nobody above: an exception that left the thread would end the process.
            Die(KernelNode.Io);
        }
    }

    /// <inheritdoc/>
    public bool Await()
    {
        if (_thread is not null)
            return false;
        bool wanted;
        lock (_lock)
            wanted = _inFlight > 0 && !_stop;
        if (wanted)
            PollOnce(AwaitMilliseconds);
        else
            Thread.Yield(); // Another thread has taken them, and is about to report.
        return true;
    }

    // On the thread of who waits. The time is short: another thread may have taken what this one waits for.
    private void PollOnce(int milliseconds)
    {
        try
        {
            int events = _video.Poll(KernelNode.PollIn | KernelNode.PollOut, -1, milliseconds, out _);
            if (events != 0)
                Collect(events);
        }
        catch (Exception)
        {
            Die(KernelNode.Io);
        }
    }

    // events: what poll() says of the node, or a negative errno.
    private void Collect(int events)
    {
        bool error = events < 0 || (events & (KernelNode.PollError | KernelNode.PollHangUp)) != 0;
        // One buffer of each queue that has one: to ask for a second is a call that mostly fails, and poll() tells as well.
        bool capture = error || (events & KernelNode.PollIn) != 0, output = error || (events & KernelNode.PollOut) != 0;
        Span<Completion> done = stackalloc Completion[MaxOutput];
        int count = 0, status = 0;
        lock (_lock)
        {
            bool any = false;
            while (capture && Dequeue(V4L2Abi.TypeCapture, out V4L2Buffer b, out uint bytes, ref status))
            {
                any = true;
                capture = error;
                if (b.Index < MaxCapture && _captures[b.Index] is { } buffer)
                {
                    buffer.Queued = false;
                    if (buffer.Owner is { } owner)
                    {
                        owner.CaptureDone = true;
                        bool bad = (b.Flags & V4L2Abi.BufFlagError) != 0;
                        owner.Failed |= bad && bytes == 0;
                        owner.Corrupted |= bad && bytes != 0;
                    }
                }
            }
            while (output && Dequeue(V4L2Abi.TypeOutput, out V4L2Buffer b, out _, ref status))
            {
                any = true;
                output = error;
                if (b.Index < MaxOutput && _requests[b.Index] is { } request)
                {
                    request.OutputDone = true;
                    // Of a picture only the last request tells whether there is one.
                    request.Corrupted |= request.Capture is null && (b.Flags & V4L2Abi.BufFlagError) != 0;
                }
            }
            foreach (KernelRequest? request in _requests)
                if (request is { InFlight: true, IsComplete: true })
                    done[count++] = End(request, request.Failed ? KernelNode.Io : 0, request.Corrupted);
            BeginReport(count);
            if (!error || any || _inFlight == 0)
                status = 0;
            else if (status == 0 && StillInError())
                status = KernelNode.Io;
        }
        Report(done[..count]);
        if (status < 0)
            Die(status);
    }

    // Under the lock. The error may be of queues that Cancel had stopped, while the next request has long been queued.
    private bool StillInError() => (_video.Poll(KernelNode.PollIn | KernelNode.PollOut, -1, 0, out _) & (KernelNode.PollError | KernelNode.PollHangUp)) != 0;

    // status: the errno of a device that gives nothing back any more.
    private bool Dequeue(uint type, out V4L2Buffer b, out uint bytes, ref int status)
    {
        V4L2Plane plane = default;
        b = new V4L2Buffer { Type = type, Memory = V4L2Abi.MemoryMmap, Planes = &plane, Length = 1 };
        bytes = 0;
        if (!(type == V4L2Abi.TypeOutput ? _outputOn : _captureOn))
            return false;
        int result = _video.Ioctl(V4L2Abi.DqBuf, ref b);
        bytes = plane.BytesUsed;
        if (result >= 0)
            return true;
        if (result != KernelNode.Again)
            status = status == KernelNode.NoDevice ? status : result;
        return false;
    }

    // The device is gone, or its queues are in error: nothing comes back from it.
    private void Die(int status)
    {
        Span<Completion> done = stackalloc Completion[MaxOutput];
        int count = 0;
        lock (_lock)
        {
            V4L2Capability c = default;
            if (_video.Ioctl(V4L2Abi.QueryCap, ref c) == KernelNode.NoDevice)
                status = KernelNode.NoDevice;
            _dead = status;
            foreach (KernelRequest? request in _requests)
                if (request is { InFlight: true })
                    done[count++] = End(request, status, false);
            BeginReport(count);
            Monitor.PulseAll(_lock);
        }
        Report(done[..count]);
    }

    private Completion End(KernelRequest request, int status, bool corrupted)
    {
        request.InFlight = request.Busy = false;
        if (request.Capture is { } buffer && buffer.Owner == request)
            buffer.Owner = null;
        request.Capture = null;
        _inFlight--;
        if (request.Retired)
            RemoveRequest(request);
        return new Completion(request.Cookie, status, corrupted);
    }

    private void BeginReport(int count)
    {
        if (count > 0)
            _reporting++;
    }

    private void Report(ReadOnlySpan<Completion> done)
    {
        if (done.IsEmpty)
            return;
        t_inCallback++;
        foreach (Completion completion in done)
            _completed(completion);
        t_inCallback--;
        lock (_lock)
        {
            _reporting--;
            Monitor.PulseAll(_lock);
        }
    }
}
