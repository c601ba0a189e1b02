// SPDX-License-Identifier: LGPL-2.1-or-later
using System.Runtime.CompilerServices;
using Daedalus.Engine.Pictures;

namespace Daedalus.Engine.Vp9;

/// <summary>What stands in place of superblocks whose data is damaged: the LAST picture where it has the same size, else mid-grey.</summary>
internal static unsafe class Vp9Concealment
{
    /// <summary>Motion and segment ids of a superblock without records: what an intra block of segment 0 leaves, not some older frame's.</summary>
    public static void FillHistory(Vp9FrameState* state, int sbRow, int sbCol)
    {
        int firstCol = sbCol * 8, columns = Math.Min(8, state->MiCols - firstCol);
        for (int row = sbRow * 8; row < Math.Min(sbRow * 8 + 8, state->MiRows); row++)
        {
            nint at = (nint)row * state->MiCols + firstCol;
            new Span<MotionReference>(state->Motion + at, columns).Fill(new MotionReference { Ref0 = -1, Ref1 = -1 });
            if (state->SegmentMap != null)
                Unsafe.InitBlockUnaligned(state->SegmentMap + at, 0, (uint)columns);
        }
    }

    /// <summary>Fills superblocks of a row, [firstCol, endCol), before their (perhaps incomplete) records are reconstructed over them.</summary>
    public static void FillRow(Vp9FrameContext context, int sbRow, int firstCol, int endCol)
    {
        PictureView picture = context.Picture;
        Vp9ReferenceView* last = context.References;
        bool copy = last->Valid != 0 && last->IsScaled == 0;
        int bytes = picture.BitDepth > 8 ? 2 : 1;
        if (copy)
            context.WaitForReference(0, sbRow * 64 + 63);
        for (int plane = 0; plane < 3; plane++)
        {
            int ssX = plane > 0 ? picture.SubsamplingX : 0, ssY = plane > 0 ? picture.SubsamplingY : 0;
            int first = sbRow * 64 >> ssY, end = Math.Min((sbRow + 1) * 64, (picture.Height + 7) & ~7) >> ssY;
            int left = firstCol * 64 >> ssX, width = (Math.Min(endCol * 64, (picture.Width + 7) & ~7) >> ssX) - left;
            nint stride = picture.Stride(plane);
            for (int y = first; y < end; y++)
            {
                byte* row = picture.Plane(plane) + y * stride + left * bytes;
                if (copy)
                    Buffer.MemoryCopy(last->Picture.Plane(plane) + y * last->Picture.Stride(plane) + left * bytes, row, width * bytes, width * bytes);
                else if (bytes == 1)
                    Unsafe.InitBlockUnaligned(row, 128, (uint)width);
                else
                    new Span<ushort>(row, width).Fill((ushort)(1 << (picture.BitDepth - 1)));
            }
        }
    }
}
