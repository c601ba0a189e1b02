// SPDX-License-Identifier: LGPL-2.1-or-later
using Daedalus.Engine.Memory;
using Daedalus.Engine.Scheduling;

namespace Daedalus.Engine.Pictures;

/// <summary>
/// A decoded picture or one being decoded, as later frames reference it. Shared by the slot that names it and the jobs that use it;
/// reference counts change under the decoder's lock only.
/// </summary>
internal sealed unsafe class Picture
{
    /// <summary>Progress of a complete picture.</summary>
    public const int Complete = int.MaxValue;

    private readonly int* _progress = (int*)System.Runtime.InteropServices.NativeMemory.AllocZeroed(sizeof(int));

    /// <summary>Where <see cref="Progress"/> lies, for code that polls it.</summary>
    public int* ProgressCell => _progress;

    /// <summary>The planar samples.</summary>
    public PictureView View;

    /// <summary>Timestamp that names it.</summary>
    public ulong Timestamp;

    /// <summary>Caller's buffer the samples lie in; null when they lie in <see cref="Internal"/>.</summary>
    public byte* Capture;

    /// <summary>The engine's own planar memory when the caller's buffer has another format.</summary>
    public SharedBlock? Internal;

    /// <summary>Holders (gate).</summary>
    public int Users;

    /// <summary>Its samples are not what the stream says.</summary>
    public volatile bool Corrupted;

    /// <summary>Its job is over: nothing about it changes any more (gate).</summary>
    public bool Final;

    /// <summary>Luma rows from the top that are final, post filters included; chroma accordingly.</summary>
    public int Progress
    {
        get => Volatile.Read(ref *_progress);
        set => Volatile.Write(ref *_progress, value);
    }

    /// <summary>Blocks until <paramref name="rows"/> luma rows are final or the waiting job is aborted.</summary>
    public void WaitFor(int rows, FrameGate gate, FrameJob waiter)
    {
        for (int i = 0; i < FrameGate.SpinRounds; i++)
        {
            if (Progress >= rows)
                return;
            Thread.SpinWait(FrameGate.SpinLength);
        }
        lock (gate)
        {
            while (Progress < rows && !waiter.Aborted)
                gate.Wait();
        }
    }

    /// <summary>Frees what is native; the picture is not used any more.</summary>
    public void Free() => System.Runtime.InteropServices.NativeMemory.Free(_progress);
}
