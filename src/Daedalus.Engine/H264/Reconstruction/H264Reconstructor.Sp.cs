// SPDX-License-Identifier: LGPL-2.1-or-later
using Daedalus.Kernels.H264;

namespace Daedalus.Engine.H264;

/// <content>Inter macroblocks of SP slices and SI macroblocks (spec 8.6). Extended profile only: 8 bits, 4:2:0, flat scaling.</content>
public sealed unsafe partial class H264Reconstructor
{
    // QPC for qPI from 30 on (Table 8-15).
    private static ReadOnlySpan<byte> ChromaQp => [29, 30, 31, 32, 32, 33, 34, 34, 35, 35, 36, 36, 37, 37, 37, 38, 38, 38, 39, 39, 39, 39];

    /// <summary>A whole inter macroblock of an SP slice, prediction in the picture.</summary>
    private void DecodeSp<TPixel>(byte* coefficients, bool switching)
        where TPixel : unmanaged
    {
        if (sizeof(TPixel) != 1)
            return;
        H264SpKernels.Luma(_target->Y, _target->StrideY, (short*)coefficients, _mb->Qp, _slice->Header.SliceQs, switching);
        if (_chromaArrayType == 1)
            DecodeSpChroma<TPixel>(coefficients, switching);
    }

    /// <summary>One luma block of an SI macroblock: replaces the prediction at dst by the decoded samples.</summary>
    private void DecodeSiBlock<TPixel>(byte* dst, nint stride, byte* coefficients)
        where TPixel : unmanaged
    {
        if (sizeof(TPixel) == 1)
            H264SpKernels.LumaBlock(dst, stride, (short*)coefficients, _mb->Qp, _slice->Header.SliceQs, true);
    }

    private void DecodeSpChroma<TPixel>(byte* coefficients, bool switching)
        where TPixel : unmanaged
    {
        if (sizeof(TPixel) != 1 || _chromaArrayType != 1)
            return;
        int qs = _slice->Header.SliceQs;
        Target* t = _target;
        short* chroma = (short*)coefficients + 256, dc = (short*)_dc;
        H264SpKernels.Chroma(t->U, t->StrideC, chroma, dc + 16, _mb->QpCb, ChromaQpOf(qs + _slice->Pps->Pps.ChromaQpIndexOffset), switching);
        H264SpKernels.Chroma(t->V, t->StrideC, chroma + 64, dc + 32, _mb->QpCr, ChromaQpOf(qs + _slice->Pps->Pps.SecondChromaQpIndexOffset), switching);
    }

    private static int ChromaQpOf(int index)
    {
        index = Math.Clamp(index, 0, 51);
        return index < 30 ? index : ChromaQp[index - 30];
    }
}
