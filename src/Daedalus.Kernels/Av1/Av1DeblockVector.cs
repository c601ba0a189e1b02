// SPDX-License-Identifier: LGPL-2.1-or-later
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.Arm;
using System.Runtime.Intrinsics.X86;
using Daedalus.Kernels.Vp9;

namespace Daedalus.Kernels.Av1;

/// <summary>How far from the edge a kernel changed samples.</summary>
internal enum Av1EdgeChange
{
    None,
    /// <summary>Two samples on both sides.</summary>
    Two,
    /// <summary>Three.</summary>
    Three,
    /// <summary>Six.</summary>
    Six,
}

/// <summary>Filters as many segments of an edge as fit a vector. The sample at distance k from the edge is at <c>q0 + k * step</c>, neighbours along the edge lie side by side.</summary>
internal unsafe interface IAv1EdgeKernel
{
    static abstract int SampleBytes { get; }
    /// <summary>Samples along the edge.</summary>
    static abstract int Count { get; }
    /// <summary>Filters in place; edges: one byte for each 4 samples.</summary>
    static abstract Av1EdgeChange Filter(byte* q0, nint step, byte* edges, Av1FilterLimits* limits, int bitDepth);
    /// <summary>Reads 8 columns as 8 vectors.</summary>
    static abstract void LoadColumns(byte* source, nint stride, byte* window);
    /// <summary>Writes 8 vectors as columns.</summary>
    static abstract void StoreColumns8(byte* window, byte* target, nint stride);
    /// <summary>Writes 4 vectors as columns.</summary>
    static abstract void StoreColumns4(byte* window, byte* target, nint stride);
}

/// <summary>What becomes of the bytes that say which edges are filtered.</summary>
internal unsafe interface IAv1EdgeLanes<V>
{
    /// <summary>Each byte in the lanes of its four samples.</summary>
    static abstract V Spread(byte* edges);
    static abstract V ShiftRight(V v, int count);
    static abstract V ShiftLeft(V v, int count);
}

internal readonly unsafe struct Av1EdgeBytes128 : IAv1EdgeLanes<Vector128<byte>>
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<byte> Spread(byte* edges)
        => Portable128.Shuffle(Vector128.CreateScalar(*(uint*)edges).AsByte(), Vector128.Create((byte)0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 2, 2, 3, 3, 3, 3));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<byte> ShiftRight(Vector128<byte> v, int count) => Vector128.ShiftRightLogical(v.AsUInt16(), count).AsByte() & Vector128.Create((byte)(255 >> count));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<byte> ShiftLeft(Vector128<byte> v, int count) => v;
}

internal readonly unsafe struct Av1EdgeBytes256 : IAv1EdgeLanes<Vector256<byte>>
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<byte> Spread(byte* edges)
        => Avx2.Shuffle(Vector256.Create(*(ulong*)edges).AsByte(),
            Vector256.Create((byte)0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 2, 2, 3, 3, 3, 3, 4, 4, 4, 4, 5, 5, 5, 5, 6, 6, 6, 6, 7, 7, 7, 7));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<byte> ShiftRight(Vector256<byte> v, int count) => Vector256.ShiftRightLogical(v.AsUInt16(), count).AsByte() & Vector256.Create((byte)(255 >> count));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<byte> ShiftLeft(Vector256<byte> v, int count) => v;
}

internal readonly unsafe struct Av1EdgeWords128 : IAv1EdgeLanes<Vector128<ushort>>
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<ushort> Spread(byte* edges)
        => Portable128.Shuffle(Vector128.CreateScalar((uint)*(ushort*)edges).AsByte(), Vector128.Create((byte)0, 15, 0, 15, 0, 15, 0, 15, 1, 15, 1, 15, 1, 15, 1, 15)).AsUInt16();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<ushort> ShiftRight(Vector128<ushort> v, int count) => Vector128.ShiftRightLogical(v, count);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<ushort> ShiftLeft(Vector128<ushort> v, int count) => Vector128.ShiftLeft(v, count);
}

internal readonly unsafe struct Av1EdgeWords256 : IAv1EdgeLanes<Vector256<ushort>>
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<ushort> Spread(byte* edges)
        => Avx2.Shuffle(Vector256.Create((ulong)*(uint*)edges).AsByte(),
            Vector256.Create((byte)0, 7, 0, 7, 0, 7, 0, 7, 1, 7, 1, 7, 1, 7, 1, 7, 2, 7, 2, 7, 2, 7, 2, 7, 3, 7, 3, 7, 3, 7, 3, 7)).AsUInt16();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<ushort> ShiftRight(Vector256<ushort> v, int count) => Vector256.ShiftRightLogical(v, count);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<ushort> ShiftLeft(Vector256<ushort> v, int count) => Vector256.ShiftLeft(v, count);
}

/// <summary>A window of 16 vectors of up to 32 bytes, with room to align it.</summary>
[InlineArray(34)]
internal struct Av1EdgeWindow
{
    private Vector128<byte> _e;
}

/// <summary>The entries: along an edge, vector by vector. <typeparamref name="THalf"/> takes what has edges in one half of <typeparamref name="TKernel"/> only.</summary>
internal static unsafe class Av1DeblockVector<TKernel, THalf>
    where TKernel : struct, IAv1EdgeKernel where THalf : struct, IAv1EdgeKernel
{
    // The bytes of a group: 2, 4 or 8.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static ulong Group<T>(byte* edges) where T : struct, IAv1EdgeKernel
        => T.Count == 32 ? *(ulong*)edges : T.Count == 16 ? *(uint*)edges : *(ushort*)edges;

    /// <summary>Edges between rows.</summary>
    internal static void Rows(byte* dst, nint stride, byte* edges, int units, Av1FilterLimits* limits, int bitDepth)
    {
        int group = TKernel.Count / 4;
        for (int i = 0; i < units; i += group)
        {
            if (Group<TKernel>(edges + i) != 0)
                TKernel.Filter(dst + i * 4 * TKernel.SampleBytes, stride, edges + i, limits, bitDepth);
        }
    }

    /// <summary>Edges between columns.</summary>
    [SkipLocalsInit]
    internal static void Columns(byte* dst, nint stride, byte* edges, int units, Av1FilterLimits* limits, int bitDepth)
    {
        Av1EdgeWindow storage;
        byte* window = (byte*)(((nuint)(&storage) + 31) & ~(nuint)31);
        int group = TKernel.Count / 4, half = THalf.Count / 4;
        for (int i = 0; i < units; i += group, dst += TKernel.Count * stride)
        {
            if (Group<TKernel>(edges + i) == 0)
                continue;
            if (half != group && Group<THalf>(edges + i) == 0)
                Column<THalf>(dst + THalf.Count * stride, stride, edges + i + half, limits, bitDepth, window);
            else if (half != group && Group<THalf>(edges + i + half) == 0)
                Column<THalf>(dst, stride, edges + i, limits, bitDepth, window);
            else
                Column<TKernel>(dst, stride, edges + i, limits, bitDepth, window);
        }
    }

    private static void Column<T>(byte* dst, nint stride, byte* edges, Av1FilterLimits* limits, int bitDepth, byte* window) where T : struct, IAv1EdgeKernel
    {
        nint step = T.Count * T.SampleBytes;
        int bytes = T.SampleBytes;
        // The longest filters take 7 samples on either side, the others at most 4.
        bool wide = (Group<T>(edges) & 0x8080808080808080) != 0;
        int left = wide ? 8 : 4;
        byte* q0 = window + left * step;
        T.LoadColumns(dst - left * bytes, stride, window);
        if (wide)
            T.LoadColumns(dst, stride, q0);
        switch (T.Filter(q0, step, edges, limits, bitDepth))
        {
            case Av1EdgeChange.Two:
                T.StoreColumns4(q0 - 2 * step, dst - 2 * bytes, stride);
                break;
            case Av1EdgeChange.Three:
                T.StoreColumns8(q0 - 4 * step, dst - 4 * bytes, stride);
                break;
            case Av1EdgeChange.Six:
                T.StoreColumns8(q0 - 8 * step, dst - 8 * bytes, stride);
                T.StoreColumns8(q0, dst, stride);
                break;
        }
    }
}

/// <summary>8-bit samples (7.14.6). Lanes that a step does not concern keep their samples, so the steps follow each other in place, each on its own lanes.</summary>
internal readonly unsafe struct Av1DeblockBytes<V, TLanes, TEdges, TChroma> : IAv1EdgeKernel
    where V : unmanaged where TLanes : struct, ILoopFilterBytes<V> where TEdges : struct, IAv1EdgeLanes<V> where TChroma : struct, IAv1Switch
{
    [InlineArray(14)]
    private struct Samples
    {
        private V _e;
    }

    public static int SampleBytes => 1;

    public static int Count => sizeof(V);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static V Difference(V a, V b) => TLanes.Sub(TLanes.Max(a, b), TLanes.Min(a, b));

    public static Av1EdgeChange Filter(byte* q, nint s, byte* edges, Av1FilterLimits* limits, int bitDepth)
    {
        V edge = TEdges.Spread(edges), level = TLanes.And(edge, TLanes.Fill(63));
        V limit = TLanes.Max(TLanes.Min(TEdges.ShiftRight(level, limits->Shift), TLanes.Fill(limits->Max)), TLanes.Fill(1));
        V blockLimit = TLanes.Add(TLanes.Add(level, level), TLanes.Add(limit, TLanes.Fill(4)));
        // Lanes with filterSize 4.
        V brief = TLanes.IsEqualZero(TLanes.And(edge, TLanes.Fill(0xc0)));
        V p1 = TLanes.Load(q - 2 * s), p0 = TLanes.Load(q - s), q0 = TLanes.Load(q), q1 = TLanes.Load(q + s);
        V near = TLanes.Max(Difference(p1, p0), Difference(q1, q0)), inside = near, around = near;
        bool longer = !TLanes.IsZero(TLanes.AndNot(TLanes.Fill(255), brief));
        if (longer)
        {
            V p2 = TLanes.Load(q - 3 * s), q2 = TLanes.Load(q + 2 * s);
            V more = TLanes.Max(Difference(p2, p1), Difference(q2, q1));
            around = TLanes.Max(near, TLanes.Max(Difference(p2, p0), Difference(q2, q0)));
            if (!TChroma.On)
            {
                V p3 = TLanes.Load(q - 4 * s), q3 = TLanes.Load(q + 3 * s);
                more = TLanes.Max(more, TLanes.Max(Difference(p3, p2), Difference(q3, q2)));
                around = TLanes.Max(around, TLanes.Max(Difference(p3, p0), Difference(q3, q0)));
            }
            inside = TLanes.Max(near, TLanes.AndNot(more, brief));
        }
        V across = Difference(p0, q0);
        across = TLanes.AddSaturate(across, across);
        across = TLanes.AddSaturate(across, TLanes.ShiftRight(TLanes.And(Difference(p1, q1), TLanes.Fill(0xfe)), 1));
        V over = TLanes.Or(TLanes.SubSaturate(inside, limit), TLanes.SubSaturate(across, blockLimit));
        V filter = TLanes.AndNot(TLanes.IsEqualZero(over), TLanes.IsEqualZero(level));
        if (TLanes.IsZero(filter))
            return Av1EdgeChange.None;
        V calm = TLanes.IsEqualZero(TLanes.SubSaturate(near, TEdges.ShiftRight(level, 4)));
        if (longer)
        {
            V flat = TLanes.AndNot(TLanes.And(TLanes.IsEqualZero(TLanes.SubSaturate(around, TLanes.Fill(1))), filter), brief);
            if (!TLanes.IsZero(flat))
                return Flat(q, s, edge, filter, calm, flat);
        }
        LoopFilterBytes<V, TLanes>.Narrow(q, s, filter, calm);
        return Av1EdgeChange.Two;
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static Av1EdgeChange Flat(byte* q, nint s, V edge, V filter, V calm, V flat)
    {
        var change = Av1EdgeChange.Two;
        V shorter = flat;
        if (TChroma.On)
        {
            Six(q, s, flat);
        }
        else
        {
            change = Av1EdgeChange.Three;
            V wide = TLanes.AndNot(flat, TLanes.IsEqualZero(TLanes.And(edge, TLanes.Fill(0x80))));
            if (!TLanes.IsZero(wide))
            {
                V p0 = TLanes.Load(q - s), q0 = TLanes.Load(q);
                V around = TLanes.Max(
                    TLanes.Max(Difference(TLanes.Load(q - 7 * s), p0), TLanes.Max(Difference(TLanes.Load(q - 6 * s), p0), Difference(TLanes.Load(q - 5 * s), p0))),
                    TLanes.Max(Difference(TLanes.Load(q + 4 * s), q0), TLanes.Max(Difference(TLanes.Load(q + 5 * s), q0), Difference(TLanes.Load(q + 6 * s), q0))));
                V flat2 = TLanes.And(TLanes.IsEqualZero(TLanes.SubSaturate(around, TLanes.Fill(1))), wide);
                if (!TLanes.IsZero(flat2))
                {
                    Thirteen(q, s, flat2);
                    change = Av1EdgeChange.Six;
                    shorter = TLanes.AndNot(flat, flat2);
                }
            }
            if (!TLanes.IsZero(shorter))
                LoopFilterBytes<V, TLanes>.Seven(q, s, shorter);
        }
        V rest = TLanes.AndNot(filter, flat);
        if (!TLanes.IsZero(rest))
            LoopFilterBytes<V, TLanes>.Narrow(q, s, rest, calm);
        return change;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static V Low(V a, V b, V factors) => TLanes.PairSum(TLanes.UnpackLow(a, b), factors);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static V High(V a, V b, V factors) => TLanes.PairSum(TLanes.UnpackHigh(a, b), factors);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Put(byte* p, V mask, V low, V high, V original, [System.Diagnostics.CodeAnalysis.ConstantExpected] byte shift)
        => TLanes.Store(p, TLanes.Select(mask, TLanes.Pack(TLanes.ShiftRight(low, shift), TLanes.ShiftRight(high, shift)), original));

    // The chroma filter: five taps 1 2 2 2 1.
    [MethodImpl(MethodImplOptions.NoInlining)]
    private static void Six(byte* q, nint s, V mask)
    {
        V p2 = TLanes.Load(q - 3 * s), p1 = TLanes.Load(q - 2 * s), p0 = TLanes.Load(q - s), q0 = TLanes.Load(q), q1 = TLanes.Load(q + s), q2 = TLanes.Load(q + 2 * s);
        V half = TLanes.FillWords(4), f12 = TLanes.Factors(1, 2), f22 = TLanes.Factors(2, 2), f10 = TLanes.Factors(1, 0), f32 = TLanes.Factors(3, 2), f21 = TLanes.Factors(2, 1), f23 = TLanes.Factors(2, 3);
        Put(q - 2 * s, mask,
            TLanes.AddWords(TLanes.AddWords(Low(p2, p1, f32), Low(p0, q0, f21)), half),
            TLanes.AddWords(TLanes.AddWords(High(p2, p1, f32), High(p0, q0, f21)), half), p1, 3);
        Put(q - s, mask,
            TLanes.AddWords(TLanes.AddWords(Low(p2, p1, f12), Low(p0, q0, f22)), TLanes.AddWords(Low(q1, q1, f10), half)),
            TLanes.AddWords(TLanes.AddWords(High(p2, p1, f12), High(p0, q0, f22)), TLanes.AddWords(High(q1, q1, f10), half)), p0, 3);
        Put(q, mask,
            TLanes.AddWords(TLanes.AddWords(Low(p1, p0, f12), Low(q0, q1, f22)), TLanes.AddWords(Low(q2, q2, f10), half)),
            TLanes.AddWords(TLanes.AddWords(High(p1, p0, f12), High(q0, q1, f22)), TLanes.AddWords(High(q2, q2, f10), half)), q0, 3);
        Put(q + s, mask,
            TLanes.AddWords(TLanes.AddWords(Low(p0, q0, f12), Low(q1, q2, f23)), half),
            TLanes.AddWords(TLanes.AddWords(High(p0, q0, f12), High(q1, q2, f23)), half), q1, 3);
    }

    // 13 taps, the middle three of them 2: a running sum of two windows. The originals are kept aside, as those that leave the sum are overwritten by then.
    [MethodImpl(MethodImplOptions.NoInlining)]
    [SkipLocalsInit]
    private static void Thirteen(byte* q, nint s, V mask)
    {
        Samples storage;
        V* r = (V*)&storage;
        byte* p = q - 7 * s;
        for (int i = 0; i < 14; i++)
            r[i] = TLanes.Load(p + i * s);
        V ones = TLanes.Factors(1, 1), step = TLanes.Factors(1, -1), f72 = TLanes.Factors(7, 2), f21 = TLanes.Factors(2, 1);
        V low = TLanes.AddWords(
            TLanes.AddWords(TLanes.AddWords(Low(r[0], r[1], f72), Low(r[2], r[3], f21)), TLanes.AddWords(Low(r[4], r[5], ones), Low(r[6], r[7], ones))), TLanes.FillWords(8));
        V high = TLanes.AddWords(
            TLanes.AddWords(TLanes.AddWords(High(r[0], r[1], f72), High(r[2], r[3], f21)), TLanes.AddWords(High(r[4], r[5], ones), High(r[6], r[7], ones))), TLanes.FillWords(8));
        for (int t = 1; ; t++)
        {
            Put(p + t * s, mask, low, high, r[t], 4);
            if (t == 12)
                return;
            V enter = r[t < 6 ? t + 7 : 13], leave = r[t < 6 ? 0 : t - 6], enter2 = r[t + 2], leave2 = r[t - 1];
            low = TLanes.AddWords(low, TLanes.AddWords(Low(enter, leave, step), Low(enter2, leave2, step)));
            high = TLanes.AddWords(high, TLanes.AddWords(High(enter, leave, step), High(enter2, leave2, step)));
        }
    }

    public static void LoadColumns(byte* source, nint stride, byte* window) => LoopFilterBytes<V, TLanes>.LoadColumns(source, stride, window);

    public static void StoreColumns8(byte* window, byte* target, nint stride) => LoopFilterBytes<V, TLanes>.StoreColumns8(window, target, stride);

    public static void StoreColumns4(byte* window, byte* target, nint stride) => LoopFilterBytes<V, TLanes>.StoreColumns4(window, target, stride);
}

/// <summary>Samples of 10 and 12 bits, steps as with 8 bits. Everything fits 16 bits: the largest sum is 16 * 4095 + 8.</summary>
internal readonly unsafe struct Av1DeblockWords<V, TLanes, TEdges, TChroma> : IAv1EdgeKernel
    where V : unmanaged where TLanes : struct, ILoopFilterWords<V> where TEdges : struct, IAv1EdgeLanes<V> where TChroma : struct, IAv1Switch
{
    [InlineArray(14)]
    private struct Samples
    {
        private V _e;
    }

    public static int SampleBytes => 2;

    public static int Count => sizeof(V) / 2;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static V Difference(V a, V b) => TLanes.Sub(TLanes.Max(a, b), TLanes.Min(a, b));

    public static Av1EdgeChange Filter(byte* q, nint s, byte* edges, Av1FilterLimits* limits, int bitDepth)
    {
        int shift = bitDepth - 8;
        V edge = TEdges.Spread(edges), level = TLanes.And(edge, TLanes.Fill(63));
        V limit = TLanes.Max(TLanes.Min(TEdges.ShiftRight(level, limits->Shift), TLanes.Fill(limits->Max)), TLanes.Fill(1));
        V blockLimit = TLanes.Add(TLanes.Add(level, level), TLanes.Add(limit, TLanes.Fill(4)));
        V longer = TLanes.Greater(edge, TLanes.Fill(63));
        V p1 = TLanes.Load(q - 2 * s), p0 = TLanes.Load(q - s), q0 = TLanes.Load(q), q1 = TLanes.Load(q + s);
        V near = TLanes.Max(Difference(p1, p0), Difference(q1, q0)), inside = near, around = near;
        bool anyLonger = !TLanes.IsZero(longer);
        if (anyLonger)
        {
            V p2 = TLanes.Load(q - 3 * s), q2 = TLanes.Load(q + 2 * s);
            V more = TLanes.Max(Difference(p2, p1), Difference(q2, q1));
            around = TLanes.Max(near, TLanes.Max(Difference(p2, p0), Difference(q2, q0)));
            if (!TChroma.On)
            {
                V p3 = TLanes.Load(q - 4 * s), q3 = TLanes.Load(q + 3 * s);
                more = TLanes.Max(more, TLanes.Max(Difference(p3, p2), Difference(q3, q2)));
                around = TLanes.Max(around, TLanes.Max(Difference(p3, p0), Difference(q3, q0)));
            }
            inside = TLanes.Max(near, TLanes.And(more, longer));
        }
        V across = Difference(p0, q0);
        across = TLanes.Add(TLanes.Add(across, across), TLanes.ShiftRight(Difference(p1, q1), 1));
        V over = TLanes.Or(TLanes.Greater(inside, TEdges.ShiftLeft(limit, shift)), TLanes.Greater(across, TEdges.ShiftLeft(blockLimit, shift)));
        V filter = TLanes.AndNot(TLanes.Greater(level, TLanes.Fill(0)), over);
        if (TLanes.IsZero(filter))
            return Av1EdgeChange.None;
        V variance = TLanes.Greater(near, TEdges.ShiftLeft(TLanes.ShiftRight(level, 4), shift));
        if (anyLonger)
        {
            V flat = TLanes.AndNot(TLanes.And(filter, longer), TLanes.Greater(around, TLanes.Fill(1 << shift)));
            if (!TLanes.IsZero(flat))
                return Flat(q, s, edge, filter, variance, flat, shift);
        }
        LoopFilterWords<V, TLanes>.Narrow(q, s, filter, variance, shift);
        return Av1EdgeChange.Two;
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static Av1EdgeChange Flat(byte* q, nint s, V edge, V filter, V variance, V flat, int shift)
    {
        var change = Av1EdgeChange.Two;
        V shorter = flat;
        if (TChroma.On)
        {
            Six(q, s, flat);
        }
        else
        {
            change = Av1EdgeChange.Three;
            V wide = TLanes.And(flat, TLanes.Greater(edge, TLanes.Fill(127)));
            if (!TLanes.IsZero(wide))
            {
                V p0 = TLanes.Load(q - s), q0 = TLanes.Load(q);
                V around = TLanes.Max(
                    TLanes.Max(Difference(TLanes.Load(q - 7 * s), p0), TLanes.Max(Difference(TLanes.Load(q - 6 * s), p0), Difference(TLanes.Load(q - 5 * s), p0))),
                    TLanes.Max(Difference(TLanes.Load(q + 4 * s), q0), TLanes.Max(Difference(TLanes.Load(q + 5 * s), q0), Difference(TLanes.Load(q + 6 * s), q0))));
                V flat2 = TLanes.AndNot(wide, TLanes.Greater(around, TLanes.Fill(1 << shift)));
                if (!TLanes.IsZero(flat2))
                {
                    Thirteen(q, s, flat2);
                    change = Av1EdgeChange.Six;
                    shorter = TLanes.AndNot(flat, flat2);
                }
            }
            if (!TLanes.IsZero(shorter))
                LoopFilterWords<V, TLanes>.Seven(q, s, shorter);
        }
        V rest = TLanes.AndNot(filter, flat);
        if (!TLanes.IsZero(rest))
            LoopFilterWords<V, TLanes>.Narrow(q, s, rest, variance, shift);
        return change;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Put(byte* p, V mask, V sum, V original, [System.Diagnostics.CodeAnalysis.ConstantExpected] byte shift)
        => TLanes.Store(p, TLanes.Select(mask, TLanes.ShiftRight(sum, shift), original));

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static void Six(byte* q, nint s, V mask)
    {
        V p2 = TLanes.Load(q - 3 * s), p1 = TLanes.Load(q - 2 * s), p0 = TLanes.Load(q - s), q0 = TLanes.Load(q), q1 = TLanes.Load(q + s), q2 = TLanes.Load(q + 2 * s);
        // 3 p2 + 2 p1 + 2 p0 + q0, then what enters and leaves.
        V two = TLanes.Add(TLanes.Add(p1, p0), p2);
        V sum = TLanes.Add(TLanes.Add(TLanes.Add(two, two), TLanes.Add(p2, q0)), TLanes.Fill(4));
        Put(q - 2 * s, mask, sum, p1, 3);
        sum = TLanes.Add(sum, TLanes.Sub(TLanes.Add(q0, q1), TLanes.Add(p2, p2)));
        Put(q - s, mask, sum, p0, 3);
        sum = TLanes.Add(sum, TLanes.Sub(TLanes.Add(q1, q2), TLanes.Add(p2, p1)));
        Put(q, mask, sum, q0, 3);
        sum = TLanes.Add(sum, TLanes.Sub(TLanes.Add(q2, q2), TLanes.Add(p1, p0)));
        Put(q + s, mask, sum, q1, 3);
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    [SkipLocalsInit]
    private static void Thirteen(byte* q, nint s, V mask)
    {
        Samples storage;
        V* r = (V*)&storage;
        byte* p = q - 7 * s;
        for (int i = 0; i < 14; i++)
            r[i] = TLanes.Load(p + i * s);
        V first = r[0], two = TLanes.Add(TLanes.Add(r[1], r[2]), TLanes.Add(TLanes.Add(first, first), first));
        V sum = TLanes.Add(TLanes.Add(TLanes.Add(two, two), first), TLanes.Add(TLanes.Add(r[3], r[4]), TLanes.Add(r[5], r[6])));
        sum = TLanes.Add(sum, TLanes.Add(r[7], TLanes.Fill(8)));
        for (int t = 1; ; t++)
        {
            Put(p + t * s, mask, sum, r[t], 4);
            if (t == 12)
                return;
            sum = TLanes.Add(sum, TLanes.Sub(TLanes.Add(r[t < 6 ? t + 7 : 13], r[t + 2]), TLanes.Add(r[t < 6 ? 0 : t - 6], r[t - 1])));
        }
    }

    public static void LoadColumns(byte* source, nint stride, byte* window) => LoopFilterWords<V, TLanes>.LoadColumns(source, stride, window);

    public static void StoreColumns8(byte* window, byte* target, nint stride) => LoopFilterWords<V, TLanes>.StoreColumns8(window, target, stride);

    public static void StoreColumns4(byte* window, byte* target, nint stride) => LoopFilterWords<V, TLanes>.StoreColumns4(window, target, stride);
}
