// SPDX-License-Identifier: LGPL-2.1-or-later
using System.Runtime.CompilerServices;

namespace Daedalus.Engine.H264;

/// <content>
/// SP decoding of inter macroblocks in SP slices and of SI macroblocks (spec 8.6): the prediction is transformed and quantised together with the levels,
/// so that different predictions give the same picture. Extended profile only: 8 bits, 4:2:0, flat scaling.
/// </content>
public sealed unsafe partial class H264Reconstructor
{
    // LevelScale2 of spec 8.6.1, normAdjust4x4 of 8.5.9: [qP % 6 * 3 + class], class 0: both coordinates even, 1: both odd, 2: others.
    private static ReadOnlySpan<ushort> QuantScale =>
        [13107, 5243, 8066, 11916, 4660, 7490, 10082, 4194, 6554, 9362, 3647, 5825, 8192, 3355, 5243, 7282, 2893, 4559];

    private static ReadOnlySpan<byte> NormAdjust => [10, 16, 13, 11, 18, 14, 13, 20, 16, 14, 23, 18, 16, 25, 20, 18, 29, 23];

    // Table 8-15 from qPI = 30 on.
    private static ReadOnlySpan<byte> ChromaQp => [29, 30, 31, 32, 32, 33, 34, 34, 35, 35, 36, 36, 37, 37, 37, 38, 38, 38, 39, 39, 39, 39];

    private static int Class(int x, int y) => ((x & 1) + (y & 1)) switch { 0 => 0, 2 => 1, _ => 2 };

    private static int ScaleOf(int qp, int c) => NormAdjust[qp % 6 * 3 + c];

    /// <summary>The quantiser of spec 8.6: |value| in the transform's scale to a level; one bit more for chroma DC.</summary>
    private static int Quantise(int value, int qs, int c, int extra)
    {
        int shift = 15 + extra + qs / 6;
        int level = (int)(((long)Math.Abs(value) * QuantScale[qs % 6 * 3 + c] + (1L << (shift - 1))) >> shift);
        return value < 0 ? -level : level;
    }

    /// <summary>A whole inter macroblock of an SP slice, prediction in the picture.</summary>
    private void DecodeSp<TPixel>(byte* coefficients, bool switching)
        where TPixel : unmanaged
    {
        if (sizeof(TPixel) != 1)
            return;
        Target* t = _target;
        for (int b = 0; b < 16; b++)
        {
            int x = (b & 1) | ((b >> 1) & 2), y = ((b >> 1) & 1) | ((b >> 2) & 2);
            DecodeSpBlock<TPixel>(t->Y + (nint)(y * 4) * t->StrideY + x * 4, t->StrideY, coefficients + b * 32, _mb->Qp, switching);
        }
        if (_chromaArrayType == 1)
            DecodeSpChroma<TPixel>(coefficients, switching);
    }

    /// <summary>One luma block: replaces the prediction at dst by the decoded samples.</summary>
    [SkipLocalsInit]
    private void DecodeSpBlock<TPixel>(byte* dst, nint stride, byte* coefficients, int qp, bool switching)
        where TPixel : unmanaged
    {
        if (sizeof(TPixel) != 1)
            return;
        int qs = _slice->Header.SliceQs;
        short* levels = (short*)coefficients;
        int* transformed = stackalloc int[16];
        Forward4x4(dst, stride, transformed);
        for (int i = 0; i < 16; i++)
            levels[i] = (short)DecodeSpLevel(transformed[i], levels[i], qp, qs, Class(i >> 2, i & 3), switching);
        ReplaceBlock(dst, stride, coefficients);
    }

    /// <summary>Combines a level with the transformed prediction (8.6.1, 8.6.2) and scales the result for the inverse transform.</summary>
    private static int DecodeSpLevel(int transformed, int level, int qp, int qs, int c, bool switching)
    {
        int result;
        if (switching)
        {
            result = level + Quantise(transformed, qs, c, 0);
        }
        else
        {
            int a = c switch { 0 => 16, 1 => 25, _ => 20 };
            result = Quantise(transformed + (((level * ScaleOf(qp, c) * a) << (qp / 6)) >> 6), qs, c, 0);
        }
        return (result * ScaleOf(qs, c)) << (qs / 6);
    }

    /// <summary>Chroma of a macroblock: DC levels of the four blocks once more transformed.</summary>
    [SkipLocalsInit]
    private void DecodeSpChroma<TPixel>(byte* coefficients, bool switching)
        where TPixel : unmanaged
    {
        if (sizeof(TPixel) != 1)
            return;
        H264Macroblock* mb = _mb;
        Target* t = _target;
        int qs = _slice->Header.SliceQs;
        DecodeSpChromaPlane(t->U, (short*)(coefficients + 512), (short*)_dc + 16, mb->QpCb, ChromaQpOf(qs + _slice->Pps->Pps.ChromaQpIndexOffset), switching);
        DecodeSpChromaPlane(t->V, (short*)(coefficients + 512 + _chromaBytes), (short*)_dc + 32, mb->QpCr, ChromaQpOf(qs + _slice->Pps->Pps.SecondChromaQpIndexOffset), switching);
    }

    private static int ChromaQpOf(int index)
    {
        index = Math.Clamp(index, 0, 51);
        return index < 30 ? index : ChromaQp[index - 30];
    }

    [SkipLocalsInit]
    private void DecodeSpChromaPlane(byte* dst, short* levels, short* dc, int qp, int qs, bool switching)
    {
        nint stride = _target->StrideC;
        int* transformed = stackalloc int[64];
        for (int b = 0; b < 4; b++)
            Forward4x4(dst + (nint)((b >> 1) * 4) * stride + (b & 1) * 4, stride, transformed + b * 16);

        int* sums = stackalloc int[4];
        Butterfly(transformed[0], transformed[16], transformed[32], transformed[48], sums);
        for (int i = 0; i < 4; i++)
        {
            int level = dc[i];
            dc[i] = 0;
            sums[i] = switching
                ? level + Quantise(sums[i], qs, 0, 1)
                : Quantise(sums[i] + (((level * ScaleOf(qp, 0) * 16) << (qp / 6)) >> 5), qs, 0, 1);
        }
        Butterfly(sums[0], sums[1], sums[2], sums[3], sums);
        for (int b = 0; b < 4; b++)
        {
            short* c = levels + b * 16;
            for (int i = 1; i < 16; i++)
                c[i] = (short)DecodeSpLevel(transformed[b * 16 + i], c[i], qp, qs, Class(i >> 2, i & 3), switching);
            c[0] = (short)(((sums[b] * ScaleOf(qs, 0)) << (qs / 6)) >> 1);
            ReplaceBlock(dst + (nint)((b >> 1) * 4) * stride + (b & 1) * 4, stride, (byte*)c);
        }
    }

    private static void Butterfly(int a, int b, int c, int d, int* result)
    {
        result[0] = a + b + c + d;
        result[1] = a - b + c - d;
        result[2] = a + b - c - d;
        result[3] = a - b - c + d;
    }

    /// <summary>The residual alone is the picture (8.6.1: no prediction is added).</summary>
    private void ReplaceBlock(byte* dst, nint stride, byte* coefficients)
    {
        for (int y = 0; y < 4; y++)
            *(uint*)(dst + y * stride) = 0;
        _kernels->GetAddTransform4x4()(dst, stride, coefficients, _maxValue);
    }

    /// <summary>Forward transform of prediction samples (8.6.1), <c>c[x * 4 + y]</c>.</summary>
    private static void Forward4x4(byte* src, nint stride, int* c)
    {
        for (int y = 0; y < 4; y++, src += stride)
        {
            int s0 = src[0] + src[3], s1 = src[1] + src[2], d0 = src[0] - src[3], d1 = src[1] - src[2];
            c[y] = s0 + s1;
            c[4 + y] = 2 * d0 + d1;
            c[8 + y] = s0 - s1;
            c[12 + y] = d0 - 2 * d1;
        }
        for (int x = 0; x < 4; x++, c += 4)
        {
            int s0 = c[0] + c[3], s1 = c[1] + c[2], d0 = c[0] - c[3], d1 = c[1] - c[2];
            c[0] = s0 + s1;
            c[1] = 2 * d0 + d1;
            c[2] = s0 - s1;
            c[3] = d0 - 2 * d1;
        }
    }
}
