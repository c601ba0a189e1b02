// SPDX-License-Identifier: LGPL-2.1-or-later
namespace Daedalus.Engine.Scheduling;

/// <summary>
/// One request in flight, cut into steps that workers claim one at a time. Methods marked "gate" run under the decoder's lock and must be short;
/// <see cref="Run"/> runs without it.
/// </summary>
/// <remarks>
/// No deadlock by order: a step may wait only for pictures of older jobs, and workers look for steps from the oldest job on. Whoever finishes
/// a step of the oldest job therefore finds that job's next step before any step that could wait.
/// </remarks>
internal abstract class FrameJob
{
    /// <summary>Returned by <see cref="Claim"/> when nothing can run now.</summary>
    public const int NoStep = -1;

    /// <summary>Given back to the submitter.</summary>
    public ulong Cookie;

    /// <summary>Position in submission order.</summary>
    public ulong Sequence;

    /// <summary>Bytes of bitstream, for the statistics.</summary>
    public uint BitstreamSize;

    /// <summary>0 or a negative errno.</summary>
    public int Status;

    /// <summary>Pixels were concealed.</summary>
    public volatile bool Corrupted;

    /// <summary>No further step is to be started; those running end as soon as they can.</summary>
    public volatile bool Aborted;

    /// <summary>Completion has begun (gate).</summary>
    public bool Released;

    /// <summary>Steps being run right now (gate).</summary>
    public int Running;

    /// <summary>Next younger job in flight (gate).</summary>
    public FrameJob? Younger;

    /// <summary>Next older job in flight, null when this one is the oldest (gate).</summary>
    public FrameJob? Older;

    /// <summary>All steps are done (gate).</summary>
    public abstract bool IsDone { get; }

    /// <summary>Picks a step that can run and marks it as taken (gate).</summary>
    public abstract int Claim();

    /// <summary>Picks a step that is worth taking only when no job in flight has any other (gate).</summary>
    public virtual int ClaimAhead() => NoStep;

    /// <summary>Picks a step that goes along with one another worker is at, and mostly waits for it; taken only when there is nothing else at all (gate).</summary>
    public virtual int ClaimFollowing() => NoStep;

    /// <summary>Runs a claimed step.</summary>
    public abstract void Run(int step);

    /// <summary>Books a step that <see cref="Run"/> has finished (gate).</summary>
    public abstract void Finish(int step);

    /// <summary>Runs everything on the calling thread; nothing else is in flight.</summary>
    public abstract void RunAll();

    /// <summary>Whether it writes or reads a CAPTURE buffer (gate).</summary>
    public abstract unsafe bool UsesCapture(byte* capture);

    /// <summary>Gives back what the job holds and wakes who waits for its picture (gate). The done callback follows.</summary>
    public abstract void Release();
}

/// <summary>What a codec brings: turns requests into jobs and keeps the stream's state.</summary>
internal abstract unsafe class CodecDecoder : IDisposable
{
    /// <summary>
    /// Validates a request and sets up its job (gate); <paramref name="youngest"/> is the last one in flight. A negative errno leaves the
    /// stream's state as it was.
    /// </summary>
    public abstract int Prepare(Interop.AbiRequest* request, FrameJob? youngest, out FrameJob? job);

    /// <summary>Takes a released job back for reuse (gate).</summary>
    public abstract void Recycle(FrameJob job);

    /// <summary>Forgets the stream; nothing is in flight (gate).</summary>
    public abstract void Reset();

    /// <inheritdoc/>
    public abstract void Dispose();
}
