// SPDX-License-Identifier: LGPL-2.1-or-later
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace Daedalus.Kernels.H264;

/// <summary>
/// Luma interpolation on samples widened to words (spec 8.4.2.2.1), a column of TOps.Columns samples at a time. The six rows of the
/// vertical filter roll through registers; horizontally, six overlapping loads are cheaper than shifts. The centre's horizontal
/// sums, wider than words above 8 bits, go through a scratch.
/// </summary>
internal readonly unsafe struct H264LumaWords<TOps, TVector, TStore> : IH264LumaBodies
    where TOps : struct, IH264WordOps<TVector> where TVector : struct where TStore : struct, IStore
{
    public static void Copy<TWidth>(byte* dst, nint dstStride, byte* src, nint srcStride, int height, int maxValue)
        where TWidth : struct, ISampleCount
    {
        do
        {
            for (int x = 0; x < TWidth.Count; x += TOps.Columns)
                TOps.Store<TStore, TWidth>(dst + x * TOps.SampleSize, dstStride, TOps.Samples(src + x * TOps.SampleSize, srcStride));
            src += TOps.Rows * srcStride;
            dst += TOps.Rows * dstStride;
        }
        while ((height -= TOps.Rows) > 0);
    }

    public static void Horizontal<TWidth, TX>(byte* dst, nint dstStride, byte* src, nint srcStride, int height, int maxValue)
        where TWidth : struct, ISampleCount where TX : struct, IQuarter
    {
        TVector max = TOps.Max(maxValue);
        do
        {
            for (int x = 0; x < TWidth.Count; x += TOps.Columns)
            {
                byte* s = src + x * TOps.SampleSize;
                TVector v = TOps.Across(s, srcStride, max);
                if (TX.Value != 2)
                    v = TOps.Average(v, TOps.Samples(s + (TX.Value >> 1) * TOps.SampleSize, srcStride));
                TOps.Store<TStore, TWidth>(dst + x * TOps.SampleSize, dstStride, v);
            }
            src += TOps.Rows * srcStride;
            dst += TOps.Rows * dstStride;
        }
        while ((height -= TOps.Rows) > 0);
    }

    public static void Vertical<TWidth, TY>(byte* dst, nint dstStride, byte* src, nint srcStride, int height, int maxValue)
        where TWidth : struct, ISampleCount where TY : struct, IQuarter
    {
        for (int x = 0; x < TWidth.Count; x += TOps.Columns)
            Columns<TWidth, TY, H264NoOther>(dst + x * TOps.SampleSize, dstStride, src + x * TOps.SampleSize, srcStride, height, maxValue, null, 0);
    }

    public static void Diagonal<TWidth, TX, TY>(byte* dst, nint dstStride, byte* src, nint srcStride, int height, int maxValue)
        where TWidth : struct, ISampleCount where TX : struct, IQuarter where TY : struct, IQuarter
    {
        for (int x = 0; x < TWidth.Count; x += TOps.Columns)
        {
            byte* s = src + x * TOps.SampleSize;
            Columns<TWidth, Quarter2, H264AcrossOther>(
                dst + x * TOps.SampleSize, dstStride, s + (TX.Value >> 1) * TOps.SampleSize, srcStride, height, maxValue, s + (TY.Value >> 1) * srcStride, srcStride);
        }
    }

    // Not inlined: the entries of all positions would carry the scratch.
    [SkipLocalsInit]
    [MethodImpl(MethodImplOptions.NoInlining)]
    public static void Centre<TWidth, TX, TY>(byte* dst, nint dstStride, byte* src, nint srcStride, int height, int maxValue)
        where TWidth : struct, ISampleCount where TX : struct, IQuarter where TY : struct, IQuarter
    {
        H264CentreScratch scratch;
        byte* sums = H264CentreScratch.Align(&scratch);
        // A column of sums is contiguous: its rows are SumBytes apart.
        int rows = height + 5;
        for (int x = 0; x < TWidth.Count; x += TOps.Columns)
        {
            byte* s = src + x * TOps.SampleSize;
            byte* d = dst + x * TOps.SampleSize;
            byte* from = s - 2 * srcStride;
            byte* to = sums;
            for (int y = 0; y < rows; y++, from += srcStride, to += TOps.SumBytes)
                TOps.StoreSums(to, from);
            if (TX.Value != 2)
            {
                Columns<TWidth, Quarter2, H264BothOther>(d, dstStride, s + (TX.Value >> 1) * TOps.SampleSize, srcStride, height, maxValue, sums, TOps.SumBytes);
                continue;
            }
            TVector max = TOps.Max(maxValue);
            byte* t = sums;
            int left = height;
            do
            {
                TVector v = TOps.Both(t, max);
                if (TY.Value != 2)
                    v = TOps.Average(v, TOps.Half(t + (2 + (TY.Value >> 1)) * TOps.SumBytes, max));
                TOps.Store<TStore, TWidth>(d, dstStride, v);
                t += TOps.Rows * TOps.SumBytes;
                d += TOps.Rows * dstStride;
            }
            while ((left -= TOps.Rows) > 0);
        }
    }

    /// <summary>Vertical half samples of a column; averaged with a whole sample above or below (TY), or with what TOther makes of the other plane.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Columns<TWidth, TY, TOther>(byte* dst, nint dstStride, byte* src, nint srcStride, int height, int maxValue, byte* other, nint otherStride)
        where TWidth : struct, ISampleCount where TY : struct, IQuarter where TOther : struct, IH264OtherPlane
    {
        TVector max = TOps.Max(maxValue);
        byte* s = src - 2 * srcStride;
        TVector r0 = TOps.Load(s, srcStride), r1 = TOps.Load(s + srcStride, srcStride);
        TVector r2 = TOps.Load(src, srcStride), r3 = TOps.Load(src + srcStride, srcStride);
        s = src + 2 * srcStride;
        TVector r4 = TOps.Load(s, srcStride);
        while (true)
        {
            s += srcStride;
            TVector r5 = TOps.Load(s, srcStride);
            TVector v = TOps.Down(r0, r1, r2, r3, r4, r5, max);
            if (TY.Value != 2)
                v = TOps.Average(v, TOps.Samples(src + (TY.Value >> 1) * srcStride, srcStride));
            if (TOther.Across)
                v = TOps.Average(v, TOps.Across(other, otherStride, max));
            if (TOther.Both)
                v = TOps.Average(v, TOps.Both(other, max));
            TOps.Store<TStore, TWidth>(dst, dstStride, v);
            height -= TOps.Rows;
            if (height <= 0)
                break;
            src += TOps.Rows * srcStride;
            dst += TOps.Rows * dstStride;
            other += TOps.Rows * otherStride;
            if (TOps.Rows == 1)
            {
                r0 = r1;
                r1 = r2;
                r2 = r3;
                r3 = r4;
                r4 = r5;
            }
            else
            {
                s += srcStride;
                r0 = r2;
                r1 = r3;
                r2 = r4;
                r3 = r5;
                r4 = TOps.Load(s, srcStride);
            }
        }
    }
}

/// <summary>The plane vertical half samples are averaged with: none, horizontal half samples, or the centre.</summary>
internal interface IH264OtherPlane
{
    static abstract bool Across { get; }
    static abstract bool Both { get; }
}

internal readonly struct H264NoOther : IH264OtherPlane
{
    public static bool Across => false;
    public static bool Both => false;
}

internal readonly struct H264AcrossOther : IH264OtherPlane
{
    public static bool Across => true;
    public static bool Both => false;
}

internal readonly struct H264BothOther : IH264OtherPlane
{
    public static bool Across => false;
    public static bool Both => true;
}

/// <summary>Room for 21 rows of 16 sums of 32 bits. No fixed buffer: those bring a stack check into every method that has one.</summary>
[StructLayout(LayoutKind.Sequential, Size = 21 * 64 + 32)]
internal unsafe struct H264CentreScratch
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static byte* Align(H264CentreScratch* scratch) => (byte*)(((nint)scratch + 31) & ~31);
}

/// <summary>What the luma filter is made of. A vector holds Rows × Columns samples, as words ("words") or as in the picture ("samples").</summary>
internal unsafe interface IH264WordOps<TVector> where TVector : struct
{
    /// <summary>Bytes per sample.</summary>
    static abstract int SampleSize { get; }

    /// <summary>Samples of a row in a vector.</summary>
    static abstract int Columns { get; }

    /// <summary>Rows in a vector: 1, or 2 (one per lane).</summary>
    static abstract int Rows { get; }

    /// <summary>Bytes that the horizontal sums of one row of Columns samples take in the scratch.</summary>
    static abstract int SumBytes { get; }

    /// <summary>The largest sample in every word.</summary>
    static abstract TVector Max(int maxValue);

    /// <summary>Words from the picture.</summary>
    static abstract TVector Load(byte* p, nint stride);

    /// <summary>Samples from the picture.</summary>
    static abstract TVector Samples(byte* p, nint stride);

    /// <summary>Mean of samples, rounded up.</summary>
    static abstract TVector Average(TVector a, TVector b);

    /// <summary>Vertical half samples from words of six rows.</summary>
    static abstract TVector Down(TVector r0, TVector r1, TVector r2, TVector r3, TVector r4, TVector r5, TVector max);

    /// <summary>Horizontal half samples right of the samples at p.</summary>
    static abstract TVector Across(byte* p, nint stride, TVector max);

    /// <summary>Writes the horizontal sums of one row of Columns samples.</summary>
    static abstract void StoreSums(byte* sums, byte* p);

    /// <summary>Centre samples from rows 0..5 of sums (with two rows a vector: and 1..6).</summary>
    static abstract TVector Both(byte* sums, TVector max);

    /// <summary>Horizontal half samples from sums.</summary>
    static abstract TVector Half(byte* sums, TVector max);

    /// <summary>Writes samples, no more than TWidth a row.</summary>
    static abstract void Store<TStore, TWidth>(byte* dst, nint stride, TVector v) where TStore : struct, IStore where TWidth : struct, ISampleCount;
}
