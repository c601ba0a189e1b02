// SPDX-License-Identifier: LGPL-2.1-or-later
using System.Numerics;
using System.Runtime.CompilerServices;
using Daedalus.Kernels.Vp9;

namespace Daedalus.Engine.Vp9;

/// <content>Inter prediction from references of the frame's own size (spec 8.5.2).</content>
public sealed unsafe partial class Vp9Reconstructor
{
    // Taps before and behind a sample.
    private const int TapsBefore = 3, TapsBehind = 4;

    private void PredictInter<TPixel>(BlockRecord* record)
        where TPixel : unmanaged
    {
        Vp9ReferenceView* references = _context.References;
        int slot0 = record->RefFrame0, slot1 = record->RefFrame1;
        bool compound = slot1 >= 0;
        if ((uint)slot0 > 2 || references[slot0].Valid == 0 || (compound && (slot1 > 2 || references[slot1].Valid == 0)))
        {
            PredictGrey<TPixel>(record);
            return;
        }

        PredictFrom<TPixel>(record, references + slot0, slot0, 0);
        if (compound)
        {
            PredictFrom<TPixel>(record, references + slot1, slot1, 1);
        }
    }

    /// <summary>Predicts all planes from one reference; list 1 is averaged with what list 0 left.</summary>
    private void PredictFrom<TPixel>(BlockRecord* record, Vp9ReferenceView* reference, int slot, int list)
        where TPixel : unmanaged
    {
        int kernel = list * 4 + (record->InterpFilter & 3);
        if (reference->IsScaled != 0)
        {
            PredictFromScaled<TPixel>(record, reference, slot, list, kernel);
            return;
        }

        int x = record->MiCol * 8, y = record->MiRow * 8;
        int width = Width8[(int)record->Size] * 8, height = Height8[(int)record->Size] * 8;
        int ssX = _planes[1].SubsamplingX, ssY = _planes[1].SubsamplingY;
        if (reference->Progress != null)
        {
            int maxRow = record->GetMv(3, list).Row;
            if (record->Size < BlockSize.Block8x8)
            {
                for (int i = 0; i < 3; i++)
                {
                    maxRow = Math.Max(maxRow, record->GetMv(i, list).Row);
                }
            }

            // Integer part, one row for the fraction, the taps behind in the coarsest plane.
            _context.WaitForReference(slot, y + height + (maxRow >> 3) + 1 + (TapsBehind << ssY));
        }

        kernel *= 5;
        if (record->Size >= BlockSize.Block8x8)
        {
            MotionVector mv = record->GetMv(0, list);
            PredictBlock<TPixel>(0, 0, reference, x, y, width, height, mv.Row * 2, mv.Col * 2, kernel);
            PredictBlock<TPixel>(1, 2, reference, x >> ssX, y >> ssY, width >> ssX, height >> ssY, mv.Row << (1 - ssY), mv.Col << (1 - ssX), kernel);
            return;
        }

        PredictQuarters<TPixel>(0, 0, record, reference, list, x, y, kernel);
        if ((ssX | ssY) == 0)
        {
            PredictQuarters<TPixel>(1, 2, record, reference, list, x, y, kernel);
            return;
        }

        int countX = 2 >> ssX, countY = 2 >> ssY;
        for (int i = 0; i < countX * countY; i++)
        {
            MotionVector mv = AverageSplitMv(record, list, i, ssX, ssY);
            int bx = (x >> ssX) + (countX == 2 ? i * 4 : 0), by = (y >> ssY) + (countY == 2 ? i * 4 : 0);
            PredictBlock<TPixel>(1, 2, reference, bx, by, 4, 4, mv.Row << (1 - ssY), mv.Col << (1 - ssX), kernel);
        }
    }

    /// <summary>Blocks below 8×8 in planes that are not subsampled, in the pieces of the block size.</summary>
    private void PredictQuarters<TPixel>(int firstPlane, int lastPlane, BlockRecord* record, Vp9ReferenceView* reference, int list, int x, int y, int kernel)
        where TPixel : unmanaged
    {
        int w = record->Size == BlockSize.Block8x4 ? 8 : 4, h = record->Size == BlockSize.Block4x8 ? 8 : 4;
        for (int by = 0; by < 8; by += h)
        {
            for (int bx = 0; bx < 8; bx += w)
            {
                MotionVector mv = record->GetMv((by >> 1) | (bx >> 2), list);
                PredictBlock<TPixel>(firstPlane, lastPlane, reference, x + bx, y + by, w, h, mv.Row * 2, mv.Col * 2, kernel);
            }
        }
    }

    /// <summary>
    /// Chroma vector of the <paramref name="index"/>-th 4×4 block below 8×8 with subsampling. The index counts chroma blocks but names luma quarters:
    /// for the second block of 4:2:2 that averages quarters 1 and 2. Encoders and decoders agree on that, so it is the format.
    /// </summary>
    private static MotionVector AverageSplitMv(BlockRecord* record, int list, int index, int ssX, int ssY)
    {
        MotionVector a = record->GetMv(index, list);
        if ((ssX | ssY) == 0)
        {
            return a;
        }

        if ((ssX & ssY) == 0)
        {
            MotionVector b = record->GetMv((index + (ssX != 0 ? 1 : 2)) & 3, list);
            return new MotionVector(Half(a.Row + b.Row), Half(a.Col + b.Col));
        }

        MotionVector q1 = record->GetMv(1, list), q2 = record->GetMv(2, list), q3 = record->GetMv(3, list);
        return new MotionVector(Quarter(a.Row + q1.Row + q2.Row + q3.Row), Quarter(a.Col + q1.Col + q2.Col + q3.Col));

        // Rounded away from zero.
        static short Half(int sum) => (short)((sum < 0 ? sum - 1 : sum + 1) / 2);
        static short Quarter(int sum) => (short)((sum < 0 ? sum - 2 : sum + 2) / 4);
    }

    /// <summary>
    /// Predicts one block of one plane, or of both chroma planes. The vector is in 1/16 sample of the plane.
    /// It is not clamped as in spec 8.5.2.2: samples outside the reference repeat its edge, which gives the same pixels.
    /// </summary>
    private void PredictBlock<TPixel>(
        int firstPlane, int lastPlane, Vp9ReferenceView* reference, int x, int y, int width, int height, int mvRow, int mvCol, int kernel)
        where TPixel : unmanaged
    {
        Vp9PlaneGeometry* plane = _planes + firstPlane;

        // What lies beyond the coded size is never read.
        int visible = plane->CodedWidth - x;
        while (visible <= width >> 1 && width > 4)
        {
            width >>= 1;
        }

        height = Math.Min(height, plane->CodedHeight - y);
        int mx = mvCol & 15, my = mvRow & 15;
        int sx = x + (mvCol >> 4), sy = y + (mvRow >> 4);
        int before = mx != 0 ? TapsBefore : 0, behind = mx != 0 ? TapsBehind : 0;
        int over = my != 0 ? TapsBefore : 0, under = my != 0 ? TapsBehind : 0;
        int lastX = ((reference->Picture.Width + plane->SubsamplingX) >> plane->SubsamplingX) - 1;
        int lastY = ((reference->Picture.Height + plane->SubsamplingY) >> plane->SubsamplingY) - 1;
        bool inside = sx >= before && sy >= over && sx + width + behind - 1 <= lastX && sy + height + under - 1 <= lastY;
        var predict = (delegate*<byte*, nint, byte*, nint, int, int, int, int, void>)((nint*)&_kernels->Predict)[kernel + BitOperations.Log2((uint)width) - 2];
        for (int i = firstPlane; i <= lastPlane; i++)
        {
            plane = _planes + i;
            byte* dst = plane->Base + y * plane->Stride + (nint)x * sizeof(TPixel);
            nint srcStride = reference->Picture.Stride(i);
            byte* src = reference->Picture.Plane(i);
            if (inside)
            {
                src += sy * srcStride + (nint)sx * sizeof(TPixel);
            }
            else
            {
                nint emulatedStride = EmulatedStride<TPixel>();
                Vp9EdgeKernels.Emulate(
                    _emulated, emulatedStride, src, srcStride, sx - before, sy - over, width + before + behind, height + over + under, lastX, lastY, sizeof(TPixel));
                src = _emulated + over * emulatedStride + before * sizeof(TPixel);
                srcStride = emulatedStride;
            }

            predict(dst, plane->Stride, src, srcStride, height, mx, my, _maxValue);
        }
    }

    /// <summary>Row of the edge buffer of unscaled prediction: 64 + 7 samples and room for vector loads.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static nint EmulatedStride<TPixel>()
        where TPixel : unmanaged => 96 * sizeof(TPixel);

    /// <summary>What is shown where a reference is missing or unusable.</summary>
    [MethodImpl(MethodImplOptions.NoInlining)]
    private void PredictGrey<TPixel>(BlockRecord* record)
        where TPixel : unmanaged
    {
        _context.SetCorrupted();
        for (int i = 0; i < 3; i++)
        {
            Vp9PlaneGeometry* plane = _planes + i;
            int x = record->MiCol * 8 >> plane->SubsamplingX, y = record->MiRow * 8 >> plane->SubsamplingY;
            int width = Math.Min(Width8[(int)record->Size] * 8 >> plane->SubsamplingX, plane->CodedWidth - x);
            int height = Math.Min(Height8[(int)record->Size] * 8 >> plane->SubsamplingY, plane->CodedHeight - y);
            byte* dst = plane->Base + y * plane->Stride + (nint)x * sizeof(TPixel);
            for (int j = 0; j < height; j++, dst += plane->Stride)
            {
                if (sizeof(TPixel) == 1)
                {
                    new Span<byte>(dst, width).Fill(128);
                }
                else
                {
                    new Span<ushort>(dst, width).Fill((ushort)(1 << (_bitDepth - 1)));
                }
            }
        }
    }
}
