// SPDX-License-Identifier: LGPL-2.1-or-later
using System.Runtime.CompilerServices;
using Daedalus.Engine.Pictures;
using Daedalus.V4L2.Controls;

namespace Daedalus.Engine.Av1;

/// <summary>The memory of <see cref="Av1SavedState"/>: one block beside the picture.</summary>
internal static unsafe class Av1PictureState
{
    /// <summary>What lies beside a decoded picture.</summary>
    public static Av1SavedState* Of(Picture picture) => (Av1SavedState*)picture.Motion!.Memory.Pointer;

    private static nuint Round(nuint bytes) => (bytes + 63) & ~(nuint)63;

    private static nuint StateBytes => Round((nuint)sizeof(Av1SavedState));

    private static nuint CdfBytes => Round((nuint)Av1CdfContexts.Size);

    // Vectors of intra frames are never projected, nor are any without the tool.
    private static nuint MotionBytes(Av1FrameState* s) => s->IsIntra || (s->Sequence.Flags & Av1SequenceFlags.EnableRefFrameMvs) == 0 ? 0
        : Round((nuint)(s->MiRows >> 1) * (nuint)(s->MiCols >> 1) * (nuint)sizeof(Av1SavedMotion));

    private static nuint SegmentBytes(Av1FrameState* s) => (s->Frame.Segmentation.Flags & Av1SegmentationFlags.Enabled) == 0 ? 0 : (nuint)s->MiRows * (nuint)s->MiCols;

    /// <summary>Bytes beside a frame.</summary>
    public static nuint Size(Av1FrameState* s) => StateBytes + CdfBytes + MotionBytes(s) + SegmentBytes(s);

    /// <summary>Begins the state of a frame whose references are set up; nothing is ready yet.</summary>
    public static void Begin(Av1FrameState* s, byte* memory)
    {
        var saved = (Av1SavedState*)memory;
        *saved = default;
        saved->FrameType = s->Frame.FrameType;
        saved->UpscaledWidth = s->UpscaledWidth;
        saved->FrameWidth = s->Width;
        saved->FrameHeight = s->Height;
        saved->MiRows = s->MiRows;
        saved->MiCols = s->MiCols;
        saved->BitDepth = s->BitDepth;
        saved->SubsamplingX = s->SubsamplingX;
        saved->SubsamplingY = s->SubsamplingY;
        saved->OrderHint = (int)s->Frame.OrderHint;
        for (int r = 1; r < Av1FrameState.ReferenceCount; r++)
            saved->OrderHints[r] = (int)s->Frame.OrderHints[r];
        memory += StateBytes;
        saved->Cdfs = memory;
        memory += CdfBytes;
        if (MotionBytes(s) != 0)
            saved->Motion = (Av1SavedMotion*)memory;
        if (SegmentBytes(s) != 0)
            saved->SegmentIds = memory + MotionBytes(s);
        s->Saved = saved;
        s->SegmentIds = saved->SegmentIds;
    }

    /// <summary>Makes everything final, that of rows which were never decoded empty: their memory holds what another frame left.</summary>
    /// <param name="saved">State.</param>
    /// <param name="hasCdfs">CDFs have been set up.</param>
    public static void Finish(Av1SavedState* saved, bool hasCdfs)
    {
        if (!hasCdfs)
            Av1CdfContexts.SetDefaults((Av1CdfContext*)saved->Cdfs, 0);
        int row = saved->MiRowsReady;
        if (row < saved->MiRows)
        {
            if (saved->Motion != null)
            {
                nint w8 = saved->MiCols >> 1;
                for (int y8 = row >> 1; y8 < saved->MiRows >> 1; y8++)
                    Unsafe.InitBlockUnaligned(saved->Motion + y8 * w8, 0, (uint)(w8 * sizeof(Av1SavedMotion)));
            }
            if (saved->SegmentIds != null)
            {
                for (; row < saved->MiRows; row++)
                    Unsafe.InitBlockUnaligned(saved->SegmentIds + (nint)row * saved->MiCols, 0, (uint)saved->MiCols);
            }
        }
        Volatile.Write(ref saved->MiRowsReady, Av1SavedState.Complete);
        Volatile.Write(ref saved->CdfsReady, 1);
    }
}
