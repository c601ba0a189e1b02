// SPDX-License-Identifier: LGPL-2.1-or-later
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Daedalus.Kernels.Av1;

/// <summary>Horizontally filtered rows of the largest block.</summary>
[InlineArray(135 * 128 + 32)]
internal struct Av1FilteredBlock { private short _e; }

/// <summary>Unscaled block prediction (7.11.3.4) in two passes over words; a pass whose fraction is 0 is a shift, since its only tap is 128.</summary>
internal static unsafe class Av1InterVector<TOps, TVector, TSample, TOutput>
    where TOps : struct, IAv1Ops<TVector> where TVector : struct where TSample : struct, ISample where TOutput : struct, IAv1Output
{
    /// <summary>Strides in bytes. Width is a multiple of TOps.Count, or less than it.</summary>
    internal static void Block(byte* dst, nint dstStride, byte* src, nint srcStride, int width, int height, int mx, int my, int filters, int bitDepth)
    {
        if ((mx | my) == 0)
            Copy(dst, dstStride, src, srcStride, width, height, bitDepth);
        else if (TSample.Size == 1 && my == 0)
            Av1InterBytes<TOps, TVector, TOutput>.Horizontal(dst, dstStride, src, srcStride, width, height, Av1PredictData.Subpel(filters & 7, mx));
        else if (TSample.Size == 1 && mx == 0)
            Av1InterBytes<TOps, TVector, TOutput>.Vertical(dst, dstStride, src, srcStride, width, height, Av1PredictData.Subpel(filters >> 3, my));
        else if (TSample.Size == 1 && Av1InterBytes<TOps, TVector, TOutput>.IsSix(Av1PredictData.Subpel(filters & 7, mx)) && Av1InterBytes<TOps, TVector, TOutput>.IsSix(Av1PredictData.Subpel(filters >> 3, my)))
            Av1InterBytes<TOps, TVector, TOutput>.Both(dst, dstStride, src, srcStride, width, height, Av1PredictData.Subpel(filters & 7, mx), Av1PredictData.Subpel(filters >> 3, my));
        else
            Filter(dst, dstStride, src, srcStride, width, height, mx, my, filters, bitDepth);
    }

    [SkipLocalsInit]
    [MethodImpl(MethodImplOptions.NoInlining)]
    private static void Filter(byte* dst, nint dstStride, byte* src, nint srcStride, int width, int height, int mx, int my, int filters, int bitDepth)
    {
        Av1FilteredBlock buffer;
        short* rows = (short*)&buffer;
        nint stride = Math.Max(width, TOps.Count);
        int count = height;
        if (my != 0)
        {
            src -= 3 * srcStride;
            count += 7;
        }
        if (mx == 0)
            Widen(rows, stride, src, srcStride, width, count, 7 - Av1Rounding.Round0(bitDepth));
        else if (TSample.Size == 1)
            Av1InterBytes<TOps, TVector, TOutput>.Rows(rows, stride, src, srcStride, width, count, Av1PredictData.Subpel(filters & 7, mx));
        else
            AcrossWords(rows, stride, src, srcStride, width, count, Av1PredictData.Subpel(filters & 7, mx), Av1Rounding.Round0(bitDepth));
        if (my == 0)
            Finish(dst, dstStride, rows, stride, width, height, bitDepth);
        else
            Down(dst, dstStride, rows, stride, width, height, Av1PredictData.Subpel(filters >> 3, my), bitDepth);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Write(byte* row, int x, int width, TVector v, TVector max) => Av1InterWrite<TOps, TVector, TSample, TOutput>.Write(row, x, width, v, max);

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static void Copy(byte* dst, nint dstStride, byte* src, nint srcStride, int width, int height, int bitDepth)
    {
        if (!TOutput.Compound)
        {
            CopyBytes(dst, dstStride, src, srcStride, width * TSample.Size, height);
            return;
        }
        TVector max = TOps.Words((1 << bitDepth) - 1), bias = TOps.Words(Av1Rounding.Bias(bitDepth));
        int shift = 7 - Av1Rounding.Round0(bitDepth);
        for (int y = 0; y < height; y++, src += srcStride, dst += dstStride)
        {
            for (int x = 0; x < width; x += TOps.Count)
                Write(dst, x, width, TOps.Subtract(TOps.ShiftLeft(TOps.Samples<TSample>(src + x * TSample.Size), shift), bias), max);
        }
    }

    /// <summary>Rows of 2, 4, 8, 16 … bytes.</summary>
    private static void CopyBytes(byte* dst, nint dstStride, byte* src, nint srcStride, int bytes, int height)
    {
        if (bytes >= 32)
        {
            for (; height > 0; height--, src += srcStride, dst += dstStride)
            {
                for (int x = 0; x < bytes; x += 32)
                    Vector256.Load(src + x).Store(dst + x);
            }
        }
        else if (bytes == 16)
        {
            for (; height > 0; height--, src += srcStride, dst += dstStride)
                Vector128.Load(src).Store(dst);
        }
        else
        {
            for (; height > 0; height--, src += srcStride, dst += dstStride)
            {
                if (bytes == 8)
                    *(ulong*)dst = *(ulong*)src;
                else if (bytes == 4)
                    *(uint*)dst = *(uint*)src;
                else
                    *(ushort*)dst = *(ushort*)src;
            }
        }
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static void Widen(short* rows, nint stride, byte* src, nint srcStride, int width, int count, int shift)
    {
        for (int y = 0; y < count; y++, src += srcStride, rows += stride)
        {
            for (int x = 0; x < width; x += TOps.Count)
                TOps.Store(rows + x, TOps.ShiftLeft(TOps.Samples<TSample>(src + x * TSample.Size), shift));
        }
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static void AcrossWords(short* rows, nint stride, byte* src, nint srcStride, int width, int count, short* taps, int shift)
    {
        TVector t01 = TOps.Pairs(taps[0], taps[1]), t23 = TOps.Pairs(taps[2], taps[3]), t45 = TOps.Pairs(taps[4], taps[5]), t67 = TOps.Pairs(taps[6], taps[7]);
        TVector round = TOps.Ints(1 << (shift - 1));
        for (int y = 0; y < count; y++, src += srcStride, rows += stride)
        {
            for (int x = 0; x < width; x += TOps.Count)
            {
                short* s = (short*)src + x;
                TVector low = round, high = round;
                Accumulate(ref low, ref high, TOps.Load(s - 3), TOps.Load(s - 2), t01);
                Accumulate(ref low, ref high, TOps.Load(s - 1), TOps.Load(s), t23);
                Accumulate(ref low, ref high, TOps.Load(s + 1), TOps.Load(s + 2), t45);
                Accumulate(ref low, ref high, TOps.Load(s + 3), TOps.Load(s + 4), t67);
                TOps.Store(rows + x, TOps.Pack(TOps.ShiftInts(low, shift), TOps.ShiftInts(high, shift)));
            }
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Accumulate(ref TVector low, ref TVector high, TVector a, TVector b, TVector taps)
    {
        low = TOps.AddInts(low, TOps.MultiplyAdd(TOps.Low(a, b), taps));
        high = TOps.AddInts(high, TOps.MultiplyAdd(TOps.High(a, b), taps));
    }

    /// <summary>The vertical pass of a fraction of 0: Round2(128 v, InterRound1).</summary>
    [MethodImpl(MethodImplOptions.NoInlining)]
    private static void Finish(byte* dst, nint dstStride, short* rows, nint stride, int width, int height, int bitDepth)
    {
        int shift = 7 - Av1Rounding.Round0(bitDepth);
        TVector max = TOps.Words((1 << bitDepth) - 1);
        // Compound: InterRound1 is 7 and only the bias is left to do.
        TVector offset = TOps.Words(TOutput.Compound ? -Av1Rounding.Bias(bitDepth) : 1 << (shift - 1));
        for (int y = 0; y < height; y++, rows += stride, dst += dstStride)
        {
            for (int x = 0; x < width; x += TOps.Count)
            {
                TVector v = TOps.Add(TOps.Load(rows + x), offset);
                Write(dst, x, width, TOutput.Compound ? v : TOps.Shift(v, shift), max);
            }
        }
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static void Down(byte* dst, nint dstStride, short* rows, nint stride, int width, int height, short* taps, int bitDepth)
    {
        int shift = TOutput.Compound ? 7 : 14 - Av1Rounding.Round0(bitDepth);
        TVector t01 = TOps.Pairs(taps[0], taps[1]), t23 = TOps.Pairs(taps[2], taps[3]), t45 = TOps.Pairs(taps[4], taps[5]), t67 = TOps.Pairs(taps[6], taps[7]);
        TVector max = TOps.Words((1 << bitDepth) - 1);
        TVector round = TOps.Ints((1 << (shift - 1)) - (TOutput.Compound ? Av1Rounding.Bias(bitDepth) << 7 : 0));
        for (int y = 0; y < height; y++, rows += stride, dst += dstStride)
        {
            for (int x = 0; x < width; x += TOps.Count)
            {
                short* s = rows + x;
                TVector low = round, high = round;
                Accumulate(ref low, ref high, TOps.Load(s), TOps.Load(s + stride), t01);
                Accumulate(ref low, ref high, TOps.Load(s + 2 * stride), TOps.Load(s + 3 * stride), t23);
                Accumulate(ref low, ref high, TOps.Load(s + 4 * stride), TOps.Load(s + 5 * stride), t45);
                Accumulate(ref low, ref high, TOps.Load(s + 6 * stride), TOps.Load(s + 7 * stride), t67);
                Write(dst, x, width, TOps.Pack(TOps.ShiftInts(low, shift), TOps.ShiftInts(high, shift)), max);
            }
        }
    }
}

/// <summary>Entries of one width.</summary>
internal static unsafe class Av1InterVectorEntry<TOps, TVector, TSample, TWidth>
    where TOps : struct, IAv1Ops<TVector> where TVector : struct where TSample : struct, ISample where TWidth : struct, IAv1Length
{
    internal static void Predict(byte* dst, nint dstStride, byte* src, nint srcStride, int height, int mx, int my, int filters, int bitDepth)
        => Av1InterVector<TOps, TVector, TSample, Av1SampleOutput<TSample>>.Block(dst, dstStride, src, srcStride, TWidth.Value, height, mx, my, filters, bitDepth);

    internal static void PredictIntermediate(short* dst, byte* src, nint srcStride, int height, int mx, int my, int filters, int bitDepth)
        => Av1InterVector<TOps, TVector, TSample, Av1IntermediateOutput>.Block(
            (byte*)dst, TWidth.Value * sizeof(short), src, srcStride, TWidth.Value, height, mx, my, filters, bitDepth);
}
