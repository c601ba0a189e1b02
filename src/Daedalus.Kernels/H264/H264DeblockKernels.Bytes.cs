// SPDX-License-Identifier: LGPL-2.1-or-later
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.Arm;
using System.Runtime.Intrinsics.X86;
using Daedalus.Kernels.Vp9;

namespace Daedalus.Kernels.H264;

/// <summary>
/// 8 bits: bS &lt; 4 and chroma in bytes, 16 lanes along the edge; the luma filter of bS 4 in words (V). Vertical edges are turned into rows
/// of scratch memory, filtered as horizontal ones and turned back; three or four of a macroblock at once.
/// </summary>
internal unsafe struct H264DeblockBytes<V, TLanes, TIo> : IH264DeblockKernels
    where V : unmanaged
    where TLanes : struct, ILoopFilterWords<V>
    where TIo : struct, IDeblockIo<V>
{
    private const int RowBytes = 16;

    public static void LumaHorizontal(byte* p, nint stride, H264LumaEdges* edges, uint mask, int bitDepth) => Edges(p, stride, edges, mask);

    private static bool Edges(byte* p, nint stride, H264LumaEdges* edges, uint mask)
    {
        bool changed = false;
        if ((mask & 1) != 0)
            changed = FirstEdge(p, stride, edges);
        if ((mask & 14) != 0)
        {
            Vector128<byte> alpha = Vector128.Create(edges->InnerAlpha), beta = Vector128.Create(edges->InnerBeta);
            if ((mask & 2) != 0)
                changed |= H264DeblockBytesFilter.Normal(p + 4 * stride, stride, alpha, beta, H264DeblockLanes.Luma(edges->Tc0[1]));
            if ((mask & 4) != 0)
                changed |= H264DeblockBytesFilter.Normal(p + 8 * stride, stride, alpha, beta, H264DeblockLanes.Luma(edges->Tc0[2]));
            if ((mask & 8) != 0)
                changed |= H264DeblockBytesFilter.Normal(p + 12 * stride, stride, alpha, beta, H264DeblockLanes.Luma(edges->Tc0[3]));
        }
        return changed;
    }

    private static bool FirstEdge(byte* p, nint stride, H264LumaEdges* edges)
    {
        if (edges->Strong == 0)
            return H264DeblockBytesFilter.Normal(p, stride, Vector128.Create(edges->EdgeAlpha), Vector128.Create(edges->EdgeBeta), H264DeblockLanes.Luma(edges->Tc0[0]));
        V alpha = TLanes.Fill(edges->EdgeAlpha), beta = TLanes.Fill(edges->EdgeBeta);
        bool changed = H264DeblockFilter<V, TLanes, TIo>.Strong(p, stride, alpha, beta);
        if (TIo.Lanes < 16)
            changed |= H264DeblockFilter<V, TLanes, TIo>.Strong(p + TIo.Lanes, stride, alpha, beta);
        return changed;
    }

    public static void LumaVertical(byte* p, nint stride, H264LumaEdges* edges, uint mask, byte* scratch, int bitDepth)
    {
        if ((mask & (mask >> 1)) != 0)
        {
            // Neighbouring edges share samples: all columns once.
            bool left = (mask & 1) != 0;
            if (left)
            {
                H264DeblockLanes.ColumnsIn(p - 4, p - 4 + 8 * stride, stride, out Vector128<byte> c0, out Vector128<byte> c1, out Vector128<byte> c2, out Vector128<byte> c3);
                c0.Store(scratch);
                c1.Store(scratch + RowBytes);
                c2.Store(scratch + 2 * RowBytes);
                c3.Store(scratch + 3 * RowBytes);
            }
            byte* first = scratch + 4 * RowBytes;
            In(p, stride, first);
            In(p + 8, stride, first + 8 * RowBytes);
            if (!Edges(first, RowBytes, edges, mask))
                return;
            if (left)
            {
                H264DeblockLanes.ColumnsOut(p - 4, p - 4 + 8 * stride, stride,
                    Vector128.Load(scratch), Vector128.Load(scratch + RowBytes), Vector128.Load(scratch + 2 * RowBytes), Vector128.Load(scratch + 3 * RowBytes));
            }
            Out(p, stride, first);
            Out(p + 8, stride, first + 8 * RowBytes);
            return;
        }
        byte* middle = scratch + 4 * RowBytes;
        if ((mask & 1) != 0)
        {
            In(p - 4, stride, scratch);
            if (FirstEdge(middle, RowBytes, edges))
                Out(p - 4, stride, scratch);
        }
        Vector128<byte> alpha = Vector128.Create(edges->InnerAlpha), beta = Vector128.Create(edges->InnerBeta);
        for (int e = 1; e < 4; e++)
        {
            if ((mask >> e & 1) == 0)
                continue;
            byte* block = p + 4 * e - 4;
            In(block, stride, scratch);
            if (H264DeblockBytesFilter.Normal(middle, RowBytes, alpha, beta, H264DeblockLanes.Luma(edges->Tc0[e])))
                Middle(p + 4 * e - 2, stride, middle);
        }
    }

    private static void In(byte* block, nint stride, byte* scratch)
        => LoopFilterTranspose.Run<Vector128<byte>, LoopFilterBytes128, LoopFilterBytesIn<Vector128<byte>, LoopFilterBytes128>>(block, stride, scratch, RowBytes);

    private static void Out(byte* block, nint stride, byte* scratch)
        => LoopFilterTranspose.Run<Vector128<byte>, LoopFilterBytes128, LoopFilterBytesOut<Vector128<byte>, LoopFilterBytes128>>(scratch, RowBytes, block, stride);

    // The 4 columns that bS < 4 changes.
    private static void Middle(byte* p, nint stride, byte* q)
        => H264DeblockLanes.ColumnsOut(p, p + 8 * stride, stride,
            Vector128.Load(q - 2 * RowBytes), Vector128.Load(q - RowBytes), Vector128.Load(q), Vector128.Load(q + RowBytes));

    public static void LumaLines(byte* p, nint stride, H264EdgeLines* lines, byte* scratch, int bitDepth)
    {
        Vector128<byte> alpha = Vector128.Load(lines->Alpha), strong = Vector128.Load(lines->Strong), beta = Vector128.Load(lines->Beta), tc0 = Vector128.Load(lines->Tc0);
        byte* q = scratch + 4 * RowBytes;
        In(p - 4, stride, scratch);
        bool changed = false;
        if (strong != Vector128<byte>.Zero)
        {
            for (int part = 0; part * TIo.Lanes < 16; part++)
                changed |= H264DeblockFilter<V, TLanes, TIo>.Strong(q + part * TIo.Lanes, RowBytes, TIo.Unsigned(alpha & strong, part), TIo.Unsigned(beta, part));
        }
        changed |= H264DeblockBytesFilter.Normal(q, RowBytes, Vector128.AndNot(alpha, strong), beta, tc0);
        if (changed)
            Out(p - 4, stride, scratch);
    }

    public static void ChromaHorizontal(byte* cb, byte* cr, nint stride, H264ChromaEdges* edges, uint mask, int bitDepth)
    {
        for (int e = 0; e < 4; e++)
        {
            if ((mask >> e & 1) == 0)
                continue;
            byte* a = cb + 4 * e * stride, b = cr + 4 * e * stride;
            Vector128<byte> p1 = Row(a, b, -2 * stride), p0 = Row(a, b, -stride), q0 = Row(a, b, 0), q1 = Row(a, b, stride);
            if (ChromaEdge(p1, ref p0, ref q0, q1, edges, e))
            {
                LoopFilterBytes128.StorePair(a - stride, (nint)(b - a), p0);
                LoopFilterBytes128.StorePair(a, (nint)(b - a), q0);
            }
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<byte> Row(byte* a, byte* b, nint offset) => Vector128.Create(*(ulong*)(a + offset), *(ulong*)(b + offset)).AsByte();

    public static void ChromaVertical(byte* cb, byte* cr, nint stride, H264ChromaEdges* edges, uint mask, int bitDepth)
    {
        for (int e = 0; e < 2; e++)
        {
            if ((mask >> e & 1) == 0)
                continue;
            byte* a = cb + 4 * e - 2, b = cr + 4 * e - 2;
            H264DeblockLanes.ColumnsIn(a, b, stride, out Vector128<byte> p1, out Vector128<byte> p0, out Vector128<byte> q0, out Vector128<byte> q1);
            if (ChromaEdge(p1, ref p0, ref q0, q1, edges, e))
                H264DeblockLanes.MiddleOut(a + 1, b + 1, stride, p0, q0);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static bool ChromaEdge(Vector128<byte> p1, ref Vector128<byte> p0, ref Vector128<byte> q0, Vector128<byte> q1, H264ChromaEdges* edges, int e)
    {
        byte* limits = e == 0 ? edges->EdgeAlpha : edges->InnerAlpha;
        Vector128<byte> alpha = H264DeblockLanes.Halves(limits[0], limits[1]), beta = H264DeblockLanes.Halves(limits[2], limits[3]);
        if (e == 0 && edges->Strong != 0)
            return H264DeblockBytesFilter.ChromaStrong(p1, ref p0, ref q0, q1, alpha, beta);
        return H264DeblockBytesFilter.ChromaNormal(p1, ref p0, ref q0, q1, alpha, beta, H264DeblockLanes.Chroma(edges->Tc0[e]));
    }

    public static void ChromaLines(byte* cb, byte* cr, nint stride, H264EdgeLines* lines, int bitDepth)
    {
        Vector128<byte> alpha = Vector128.Load(lines->Alpha), strong = Vector128.Load(lines->Strong), beta = Vector128.Load(lines->Beta);
        H264DeblockLanes.ColumnsIn(cb - 2, cr - 2, stride, out Vector128<byte> p1, out Vector128<byte> p0, out Vector128<byte> q0, out Vector128<byte> q1);
        // Lanes of the two filters are disjoint, so the second one may start from the first one's result.
        bool changed = H264DeblockBytesFilter.ChromaStrong(p1, ref p0, ref q0, q1, alpha & strong, beta);
        changed |= H264DeblockBytesFilter.ChromaNormal(p1, ref p0, ref q0, q1, Vector128.AndNot(alpha, strong), beta, Vector128.Load(lines->Tc0));
        if (changed)
            H264DeblockLanes.MiddleOut(cb - 1, cr - 1, stride, p0, q0);
    }
}

/// <summary>The filters of spec 8.7.2.3 (and chroma's of 8.7.2.4) in unsigned bytes.</summary>
internal static unsafe class H264DeblockBytesFilter
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<byte> Difference(Vector128<byte> a, Vector128<byte> b) => Vector128.Max(a, b) - Vector128.Min(a, b);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<byte> Average(Vector128<byte> a, Vector128<byte> b) => Sse2.IsSupported ? Sse2.Average(a, b) : AdvSimd.FusedAddRoundedHalving(a, b);

    /// <summary>All ones where a is not below limit.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<byte> NotBelow(Vector128<byte> a, Vector128<byte> limit) => Vector128.Equals(LoopFilterBytes128.SubSaturate(limit, a), Vector128<byte>.Zero);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<byte> Unfiltered(Vector128<byte> p1, Vector128<byte> p0, Vector128<byte> q0, Vector128<byte> q1, Vector128<byte> alpha, Vector128<byte> beta)
        => NotBelow(Difference(p0, q0), alpha) | NotBelow(Vector128.Max(Difference(p1, p0), Difference(q1, q0)), beta);

    /// <summary>
    /// p0 + delta and q0 - delta with delta = clip(-tc, tc, (4 * (q0 - p0) + (p1 - q1) + 4) >> 3), without leaving bytes: with a = q0 - p0 and c = (p1 - q1) >> 2 it is
    /// (a + c + 1) >> 1 = (a >> 1) + ((c + 1 + (a &amp; 1)) >> 1), and each term plus an offset is a rounded average.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Move(Vector128<byte> p1, ref Vector128<byte> p0, ref Vector128<byte> q0, Vector128<byte> q1, Vector128<byte> tc)
    {
        Vector128<byte> c = Average(Average(p1, ~q1), Vector128.Create((byte)3)); // 66 + c
        Vector128<byte> term = Average(c, (p0 ^ q0) & Vector128.Create((byte)1)); // 33 + (c + 1 + (a & 1) >> 1)
        Vector128<byte> sum = LoopFilterBytes128.AddSaturate(term, Average(q0, ~p0)); // 161 + delta
        Vector128<byte> zero = Vector128.Create((byte)161);
        Vector128<byte> up = Vector128.Min(LoopFilterBytes128.SubSaturate(sum, zero), tc), down = Vector128.Min(LoopFilterBytes128.SubSaturate(zero, sum), tc);
        p0 = LoopFilterBytes128.AddSaturate(LoopFilterBytes128.SubSaturate(p0, down), up);
        q0 = LoopFilterBytes128.AddSaturate(LoopFilterBytes128.SubSaturate(q0, up), down);
    }

    /// <summary>p1 moved towards (p2 + average) >> 1 by at most tc.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<byte> Inner(Vector128<byte> p2, Vector128<byte> average, Vector128<byte> p1, Vector128<byte> tc)
    {
        Vector128<byte> half = Average(p2, average) - ((p2 ^ average) & Vector128.Create((byte)1));
        return Vector128.Min(Vector128.Max(half, LoopFilterBytes128.SubSaturate(p1, tc)), LoopFilterBytes128.AddSaturate(p1, tc));
    }

    /// <summary>bS &lt; 4, luma; tc0 is 0xff where nothing is filtered. Returns whether anything changes.</summary>
    public static bool Normal(byte* q, nint s, Vector128<byte> alpha, Vector128<byte> beta, Vector128<byte> tc0)
    {
        Vector128<byte> p1 = Vector128.Load(q - 2 * s), p0 = Vector128.Load(q - s), q0 = Vector128.Load(q), q1 = Vector128.Load(q + s);
        Vector128<byte> filtered = Vector128.GreaterThan(tc0.AsSByte(), Vector128.Create((sbyte)-1)).AsByte();
        Vector128<byte> mask = Vector128.AndNot(filtered, Unfiltered(p1, p0, q0, q1, alpha, beta));
        if (mask == Vector128<byte>.Zero)
            return false;
        tc0 &= mask;
        Vector128<byte> p2 = Vector128.Load(q - 3 * s), q2 = Vector128.Load(q + 2 * s);
        Vector128<byte> nearP = Vector128.AndNot(mask, NotBelow(Difference(p2, p0), beta)), nearQ = Vector128.AndNot(mask, NotBelow(Difference(q2, q0), beta));
        Vector128<byte> average = Average(p0, q0);
        Inner(p2, average, p1, tc0 & nearP).Store(q - 2 * s);
        Inner(q2, average, q1, tc0 & nearQ).Store(q + s);
        Move(p1, ref p0, ref q0, q1, tc0 - nearP - nearQ);
        p0.Store(q - s);
        q0.Store(q);
        return true;
    }

    /// <summary>bS &lt; 4, chroma; tc0 is 0xff where nothing is filtered.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static bool ChromaNormal(Vector128<byte> p1, ref Vector128<byte> p0, ref Vector128<byte> q0, Vector128<byte> q1, Vector128<byte> alpha, Vector128<byte> beta, Vector128<byte> tc0)
    {
        // 0xff + 1 = 0: no movement.
        Vector128<byte> tc = Vector128.AndNot(tc0 + Vector128<byte>.One, Unfiltered(p1, p0, q0, q1, alpha, beta));
        if (tc == Vector128<byte>.Zero)
            return false;
        Move(p1, ref p0, ref q0, q1, tc);
        return true;
    }

    /// <summary>bS 4, chroma: (2 * p1 + p0 + q1 + 2) >> 2 is the average of p1 and (p0 + q1) >> 1.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static bool ChromaStrong(Vector128<byte> p1, ref Vector128<byte> p0, ref Vector128<byte> q0, Vector128<byte> q1, Vector128<byte> alpha, Vector128<byte> beta)
    {
        Vector128<byte> unfiltered = Unfiltered(p1, p0, q0, q1, alpha, beta);
        if (unfiltered == Vector128<byte>.AllBitsSet)
            return false;
        Vector128<byte> one = Vector128.Create((byte)1);
        Vector128<byte> p = Average(p1, Average(p0, q1) - ((p0 ^ q1) & one)), q = Average(q1, Average(q0, p1) - ((q0 ^ p1) & one));
        p0 = LoopFilterBytes128.Select(unfiltered, p0, p);
        q0 = LoopFilterBytes128.Select(unfiltered, q0, q);
        return true;
    }
}
