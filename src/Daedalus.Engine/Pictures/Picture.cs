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

    // Frame, top field, bottom field.
    private readonly int* _progress = (int*)System.Runtime.InteropServices.NativeMemory.AllocZeroed(3 * sizeof(int));

    /// <summary>Where <see cref="Progress"/> lies, for code that polls it.</summary>
    public int* ProgressCell => _progress;

    /// <summary>Progress of one field (1 top, 2 bottom) in lines of the frame; H.264 only.</summary>
    public int* FieldProgressCell(int field) => _progress + field;

    /// <summary>Different for each picture of a decoder, for a long while: what H.264 compares reference pictures by.</summary>
    public int Number;

    /// <summary>What is kept beside the picture: motion (H.264), an Av1SavedState and what it leads to (AV1).</summary>
    public SharedBlock? Motion;

    /// <summary>The picture is made of two separately coded fields or one of them (H.264).</summary>
    public bool IsFieldPair;

    /// <summary>Fields (1 top, 2 bottom) that have been begun (H.264, gate).</summary>
    public int FieldsBegun;

    /// <summary>Field that never came: another picture refers to the frame (H.264, gate).</summary>
    public int FieldsMissing;

    /// <summary>Requests in flight that decode it (H.264: two fields; gate).</summary>
    public int Pending;

    /// <summary>Fields whose motion is still being decoded (H.264, gate).</summary>
    public int MotionBusy;

    /// <summary>Rows of macroblocks of a frame whose motion is final (H.264, not of fields; gate).</summary>
    public int MotionRows;

    /// <summary>Macroblocks in a row and in the frame, when <see cref="Motion"/> is set.</summary>
    public int WidthInMbs, SizeInMbs;

    /// <summary>The planar samples.</summary>
    public PictureView View;

    /// <summary>Timestamp that names it.</summary>
    public ulong Timestamp;

    /// <summary>Caller's buffer the samples lie in; null when they lie in <see cref="Internal"/>.</summary>
    public byte* Capture;

    /// <summary>The engine's own planar memory when the caller's buffer has another format or receives film grain.</summary>
    public SharedBlock? Internal;

    /// <summary>Holders (gate).</summary>
    public int Users;

    /// <summary>Its samples are not what the stream says.</summary>
    public volatile bool Corrupted;

    /// <summary>Its request failed: some of its samples were never written (gate).</summary>
    public bool Failed;

    /// <summary>Its job is over: nothing about it changes any more (gate).</summary>
    public bool Final;

    /// <summary>Luma rows from the top that are final, post filters included; chroma accordingly.</summary>
    public int Progress
    {
        get => Volatile.Read(ref *_progress);
        set => Volatile.Write(ref *_progress, value);
    }

    /// <summary>Blocks until <paramref name="rows"/> luma rows are final or the waiting job is aborted.</summary>
    public void WaitFor(int rows, FrameGate gate, FrameJob waiter) => WaitFor(_progress, rows, gate, waiter);

    /// <summary>Blocks until a progress cell says <paramref name="rows"/> or the waiting job is aborted.</summary>
    public static void WaitFor(int* cell, int rows, FrameGate gate, FrameJob waiter)
    {
        for (int i = 0; i < FrameGate.SpinRounds; i++)
        {
            if (Volatile.Read(ref *cell) >= rows)
                return;
            Thread.SpinWait(FrameGate.SpinLength);
        }
        lock (gate)
        {
            while (Volatile.Read(ref *cell) < rows && !waiter.Aborted)
                gate.WaitInStep();
        }
    }

    /// <summary>Frees what is native; the picture is not used any more.</summary>
    public void Free() => System.Runtime.InteropServices.NativeMemory.Free(_progress);
}
