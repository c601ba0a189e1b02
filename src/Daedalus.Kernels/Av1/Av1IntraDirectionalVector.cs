// SPDX-License-Identifier: LGPL-2.1-or-later
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace Daedalus.Kernels.Av1;

/// <summary>An edge and what follows its last sample: 256 samples.</summary>
[InlineArray(512)]
internal struct Av1PaddedEdge { private byte _e; }

/// <summary>
/// Directional prediction (7.11.2.4). A row along the edge above is two loads and a mix, a + Round2((b - a) * shift, 5). Where the left edge is in use the same is
/// done for columns, eight of which are transposed.
/// </summary>
internal static unsafe class Av1IntraDirectionalVector<TOps, TVector, TSample> where TOps : struct, IAv1Ops<TVector> where TVector : struct where TSample : struct, ISample
{
    private static ReadOnlySpan<short> Indices => [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15];

    internal static void Zone1(byte* dst, nint stride, byte* above, byte* left, int width, int height, int dx, int dy, int upsample, int bitDepth)
    {
        if ((upsample & 1) != 0)
            Av1IntraDirectionalVector<Av1Ops128, Vector128<byte>, TSample>.Rows1<On>(dst, stride, above, width, height, dx);
        else if (TOps.Count == 16 && width < 16)
            Av1IntraDirectionalVector<Av1Ops128, Vector128<byte>, TSample>.Rows1<Off>(dst, stride, above, width, height, dx);
        else
            Rows1<Off>(dst, stride, above, width, height, dx);
    }

    internal static void Zone2(byte* dst, nint stride, byte* above, byte* left, int width, int height, int dx, int dy, int upsample, int bitDepth)
    {
        // Columns where the left edge is in use first; they also write what belongs to the rows.
        if (TOps.Count == 16 && height < 16)
            Av1IntraDirectionalVector<Av1Ops128, Vector128<byte>, TSample>.Left2(dst, stride, left, width, height, dx, dy, upsample >> 1);
        else
            Left2(dst, stride, left, width, height, dx, dy, upsample >> 1);
        if ((upsample & 1) != 0)
            Av1IntraDirectionalVector<Av1Ops128, Vector128<byte>, TSample>.Rows2<On>(dst, stride, above, width, height, dx);
        else if (TOps.Count == 16 && width < 16)
            Av1IntraDirectionalVector<Av1Ops128, Vector128<byte>, TSample>.Rows2<Off>(dst, stride, above, width, height, dx);
        else
            Rows2<Off>(dst, stride, above, width, height, dx);
    }

    internal static void Zone3(byte* dst, nint stride, byte* above, byte* left, int width, int height, int dx, int dy, int upsample, int bitDepth)
    {
        if (TOps.Count == 16 && height < 16)
            Av1IntraDirectionalVector<Av1Ops128, Vector128<byte>, TSample>.Left3(dst, stride, left, width, height, dy, upsample >> 1);
        else
            Left3(dst, stride, left, width, height, dy, upsample >> 1);
    }

    /// <summary>A vector of mixes of neighbours at p.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static TVector Mix<TUp>(byte* p, int shift) where TUp : struct, IAv1Flag
    {
        if (TUp.On)
            return TOps.PairMix<TSample>(p, shift);
        TVector a = TOps.Samples<TSample>(p), b = TOps.Samples<TSample>(p + TSample.Size);
        return TOps.Add(a, TOps.MultiplyRound(TOps.Subtract(b, a), TOps.Words(shift << 10)));
    }

    [SkipLocalsInit]
    [MethodImpl(MethodImplOptions.NoInlining)]
    private static void Rows1<TUp>(byte* dst, nint stride, byte* above, int width, int height, int dx) where TUp : struct, IAv1Flag
    {
        int up = TUp.On ? 1 : 0, maxBase = (width + height - 1) << up;
        Av1PaddedEdge padded;
        // Up to 45 degrees no mix reaches beyond maxBase with a weight.
        if (dx > 64)
            above = Pad((byte*)&padded, above, maxBase);
        for (int i = 0; i < height; i++, dst += stride)
        {
            int idx = (i + 1) * dx, shift = ((idx << up) >> 1) & 31;
            byte* p = above + Math.Min(idx >> (6 - up), maxBase) * TSample.Size;
            if (width == 4)
            {
                TOps.PutFour<TSample>(dst, Mix<TUp>(p, shift));
                continue;
            }
            for (int x = 0; x < width; x += TOps.Count)
                TOps.Put<TSample>(dst + x * TSample.Size, Mix<TUp>(p + (x << up) * TSample.Size, shift));
        }
    }

    /// <summary>Samples 0..last of the edge, and the last again as far as a row can reach.</summary>
    private static byte* Pad(byte* padded, byte* above, int last)
    {
        int end = last + 64 + 2 * TOps.Count;
        for (int x = 0; x <= last; x += 16 / TSample.Size)
            Vector128.Load(above + x * TSample.Size).Store(padded + x * TSample.Size);
        Vector128<byte> v = Av1Ops128.Splat<TSample>(above + last * TSample.Size);
        for (int x = last; x < end; x += 16 / TSample.Size)
            v.Store(padded + x * TSample.Size);
        return padded;
    }

    /// <summary>Zone 2: a row's columns from above; those before them stand already.</summary>
    [MethodImpl(MethodImplOptions.NoInlining)]
    private static void Rows2<TUp>(byte* dst, nint stride, byte* above, int width, int height, int dx) where TUp : struct, IAv1Flag
    {
        int up = TUp.On ? 1 : 0;
        short* indices = (short*)Unsafe.AsPointer(ref MemoryMarshal.GetReference(Indices));
        for (int i = 0; i < height; i++, dst += stride)
        {
            int idx = -(i + 1) * dx, shift = ((idx << up) >> 1) & 31;
            byte* p = above + (idx >> (6 - up)) * TSample.Size;
            int first = ((i + 1) * dx - 1) >> 6;
            if (first >= width)
                break;
            int x = first & -TOps.Count;
            if (first != x)
            {
                TVector v = Mix<TUp>(p + (x << up) * TSample.Size, shift);
                TVector old = width == 4 ? TOps.Four<TSample>(dst) : TOps.Samples<TSample>(dst + x * TSample.Size);
                v = TOps.Choose(TOps.Words(first - x), TOps.Load(indices), old, v);
                if (width == 4)
                    TOps.PutFour<TSample>(dst, v);
                else
                    TOps.Put<TSample>(dst + x * TSample.Size, v);
                x += TOps.Count;
            }
            else if (width == 4)
            {
                TOps.PutFour<TSample>(dst, Mix<TUp>(p, shift));
                continue;
            }
            for (; x < width; x += TOps.Count)
                TOps.Put<TSample>(dst + x * TSample.Size, Mix<TUp>(p + (x << up) * TSample.Size, shift));
        }
    }

    private static void Left2(byte* dst, nint stride, byte* left, int width, int height, int dx, int dy, int up)
    {
        for (int i = 0; i < height; i += TOps.Count, dst += TOps.Count * stride)
        {
            int columns = Math.Min(width, (Math.Min(i + TOps.Count, height) * dx - 1) >> 6);
            for (int j = 0; j < columns; j += 8)
            {
                if (up != 0)
                    Columns<On>(dst, stride, left, j, i, -dy, width, height);
                else
                    Columns<Off>(dst, stride, left, j, i, -dy, width, height);
            }
        }
    }

    private static void Left3(byte* dst, nint stride, byte* left, int width, int height, int dy, int up)
    {
        for (int i = 0; i < height; i += TOps.Count, dst += TOps.Count * stride)
        {
            for (int j = 0; j < width; j += 8)
            {
                if (up != 0)
                    Columns<On>(dst, stride, left, j, i, dy, width, height);
                else
                    Columns<Off>(dst, stride, left, j, i, dy, width, height);
            }
        }
    }

    /// <summary>Rows i of column j from the left edge.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static TVector Column<TUp>(byte* left, int j, int i, int step) where TUp : struct, IAv1Flag
    {
        int up = TUp.On ? 1 : 0, idx = (j + 1) * step;
        // In zone 2 what lies before the edge is not used, but it is read.
        int at = Math.Max((idx >> (6 - up)) + (i << up), -16);
        return Mix<TUp>(left + at * TSample.Size, ((idx << up) >> 1) & 31);
    }

    /// <summary>
    /// Columns j..j + 7, rows i..: as many as a vector has words, or four. They go through memory: with eight calls of Column the compiler of .NET 9 runs out of locals and leaves every operation below a call.
    /// </summary>
    [SkipLocalsInit]
    [MethodImpl(MethodImplOptions.NoInlining)]
    private static void Columns<TUp>(byte* dst, nint stride, byte* left, int j, int i, int step, int width, int height) where TUp : struct, IAv1Flag
    {
        Av1ColumnScratch scratch;
        short* columns = (short*)&scratch;
        int count = Math.Min(width, 8);
        for (int c = 0; c < count; c++)
            TOps.Store(columns + c * 16, Column<TUp>(left, j + c, i, step));
        TVector v0 = TOps.Load(columns), v1 = TOps.Load(columns + 16), v2 = TOps.Load(columns + 32), v3 = TOps.Load(columns + 48);
        TVector a0 = TOps.Low(v0, v1), a1 = TOps.High(v0, v1), b0 = TOps.Low(v2, v3), b1 = TOps.High(v2, v3);
        TVector e0 = TOps.LowInts(a0, b0), e1 = TOps.HighInts(a0, b0), e2 = TOps.LowInts(a1, b1), e3 = TOps.HighInts(a1, b1);
        dst += j * TSample.Size;
        nint eightRows = 8 * stride;
        if (width == 4)
        {
            TOps.PutRow<TSample>(dst, eightRows, e0, true);
            TOps.PutRow<TSample>(dst + stride, eightRows, TOps.HighLongs(e0, e0), true);
            TOps.PutRow<TSample>(dst + 2 * stride, eightRows, e1, true);
            TOps.PutRow<TSample>(dst + 3 * stride, eightRows, TOps.HighLongs(e1, e1), true);
            if (height == 4)
                return;
            dst += 4 * stride;
            TOps.PutRow<TSample>(dst, eightRows, e2, true);
            TOps.PutRow<TSample>(dst + stride, eightRows, TOps.HighLongs(e2, e2), true);
            TOps.PutRow<TSample>(dst + 2 * stride, eightRows, e3, true);
            TOps.PutRow<TSample>(dst + 3 * stride, eightRows, TOps.HighLongs(e3, e3), true);
            return;
        }
        TVector v4 = TOps.Load(columns + 64), v5 = TOps.Load(columns + 80), v6 = TOps.Load(columns + 96), v7 = TOps.Load(columns + 112);
        TVector c0 = TOps.Low(v4, v5), c1 = TOps.High(v4, v5), d0 = TOps.Low(v6, v7), d1 = TOps.High(v6, v7);
        TVector f0 = TOps.LowInts(c0, d0), f1 = TOps.HighInts(c0, d0), f2 = TOps.LowInts(c1, d1), f3 = TOps.HighInts(c1, d1);
        TOps.PutRow<TSample>(dst, eightRows, TOps.LowLongs(e0, f0), false);
        TOps.PutRow<TSample>(dst + stride, eightRows, TOps.HighLongs(e0, f0), false);
        TOps.PutRow<TSample>(dst + 2 * stride, eightRows, TOps.LowLongs(e1, f1), false);
        TOps.PutRow<TSample>(dst + 3 * stride, eightRows, TOps.HighLongs(e1, f1), false);
        if (height == 4)
            return;
        dst += 4 * stride;
        TOps.PutRow<TSample>(dst, eightRows, TOps.LowLongs(e2, f2), false);
        TOps.PutRow<TSample>(dst + stride, eightRows, TOps.HighLongs(e2, f2), false);
        TOps.PutRow<TSample>(dst + 2 * stride, eightRows, TOps.LowLongs(e3, f3), false);
        TOps.PutRow<TSample>(dst + 3 * stride, eightRows, TOps.HighLongs(e3, f3), false);
    }
}

/// <summary>Eight wide vectors.</summary>
[InlineArray(8 * 16)]
internal struct Av1ColumnScratch { private short _e; }
