// SPDX-License-Identifier: LGPL-2.1-or-later
using System.Runtime.CompilerServices;
using Daedalus.Kernels.Vp9;

namespace Daedalus.Engine.Vp9;

/// <content>Inter prediction from references of another size (spec 8.5.2.3).</content>
/// <remarks>
/// Position, vector and fraction are scaled separately, each rounded down, and the chroma fraction is taken from the block's luma position:
/// that differs from scaling the sum, and streams depend on it.
/// </remarks>
public sealed unsafe partial class Vp9Reconstructor
{
    private void PredictFromScaled<TPixel>(BlockRecord* record, Vp9ReferenceView* reference, int slot, int list, int kernel)
        where TPixel : unmanaged
    {
        for (int i = 0; i < 3; i++)
        {
            Vp9PlaneGeometry* plane = _planes + i;
            int ssX = plane->SubsamplingX, ssY = plane->SubsamplingY;
            int width = Width8[(int)record->Size] * 8 >> ssX, height = Height8[(int)record->Size] * 8 >> ssY;
            if (record->Size >= BlockSize.Block8x8)
            {
                PredictScaledBlock<TPixel>(record, i, reference, slot, 0, 0, width, height, record->GetMv(0, list), kernel);
                continue;
            }

            // Always in 4×4 pieces: rounding depends on where a piece starts.
            int index = 0;
            for (int y = 0; y < height; y += 4)
            {
                for (int x = 0; x < width; x += 4)
                {
                    MotionVector mv = AverageSplitMv(record, list, index++, ssX, ssY);
                    PredictScaledBlock<TPixel>(record, i, reference, slot, x, y, 4, 4, mv, kernel);
                }
            }
        }
    }

    private void PredictScaledBlock<TPixel>(
        BlockRecord* record, int planeIndex, Vp9ReferenceView* reference, int slot, int offsetX, int offsetY, int width, int height, MotionVector mv, int kernel)
        where TPixel : unmanaged
    {
        Vp9PlaneGeometry* plane = _planes + planeIndex;
        int ssX = plane->SubsamplingX, ssY = plane->SubsamplingY;
        int x = (record->MiCol * 8 >> ssX) + offsetX, y = (record->MiRow * 8 >> ssY) + offsetY;
        int clampedCol = ClampVector(mv.Col, ssX, record->MiCol, _miCols, Width8[(int)record->Size]);
        int clampedRow = ClampVector(mv.Row, ssY, record->MiRow, _miRows, Height8[(int)record->Size]);
        int col = Vp9ReferenceView.Scale(clampedCol, reference->XScale) + (Vp9ReferenceView.Scale((record->MiCol * 8 + offsetX) * 16, reference->XScale) & 15);
        int row = Vp9ReferenceView.Scale(clampedRow, reference->YScale) + (Vp9ReferenceView.Scale((record->MiRow * 8 + offsetY) * 16, reference->YScale) & 15);
        int sx = Vp9ReferenceView.Scale(x, reference->XScale) + (col >> 4), sy = Vp9ReferenceView.Scale(y, reference->YScale) + (row >> 4);
        int mx = col & 15, my = row & 15;

        // What lies beyond the coded size is never read.
        width = Math.Min(width, plane->CodedWidth - x);
        height = Math.Min(height, plane->CodedHeight - y);
        int columns = ((mx + (width - 1) * reference->XStep) >> 4) + 1 + TapsBefore + TapsBehind;
        int rows = ((my + (height - 1) * reference->YStep) >> 4) + 1 + TapsBefore + TapsBehind;
        sx -= TapsBefore;
        sy -= TapsBefore;
        _context.WaitForReference(slot, ((sy + rows - 1) << ssY) + ssY);

        int lastX = ((reference->Picture.Width + ssX) >> ssX) - 1, lastY = ((reference->Picture.Height + ssY) >> ssY) - 1;
        nint srcStride = reference->Picture.Stride(planeIndex);
        byte* src = reference->Picture.Plane(planeIndex);
        if (sx >= 0 && sy >= 0 && sx + columns - 1 <= lastX && sy + rows - 1 <= lastY)
        {
            src += sy * srcStride + (nint)sx * sizeof(TPixel);
        }
        else
        {
            nint emulatedStride = EmulatedColumns * sizeof(TPixel);
            Vp9EdgeKernels.Emulate(_emulated, emulatedStride, src, srcStride, sx, sy, columns, rows, lastX, lastY, sizeof(TPixel));
            src = _emulated;
            srcStride = emulatedStride;
        }

        src += TapsBefore * srcStride + TapsBefore * sizeof(TPixel);
        byte* dst = plane->Base + y * plane->Stride + (nint)x * sizeof(TPixel);
        _kernels->GetPredictScaled(kernel)(dst, plane->Stride, src, srcStride, width, height, mx, my, reference->XStep, reference->YStep, _maxValue);
    }

    /// <summary>
    /// Vector component in 1/16 sample of the plane, limited so that a block ends at most a few samples outside the frame (spec 8.5.2.2).
    /// Unlike with references of the same size this shows: the fraction is lost before scaling.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static int ClampVector(int value, int subsampling, int miPosition, int miCount, int size8)
    {
        int shift = 1 - subsampling;
        int reach = (4 + (size8 * 8 >> subsampling)) << 4;
        int toStart = -(miPosition * 64) << shift, toEnd = ((miCount - size8 - miPosition) * 64) << shift;
        return Math.Clamp((short)(value << shift), toStart - reach, toEnd + reach - 16);
    }
}
