// SPDX-License-Identifier: LGPL-2.1-or-later
using System.Runtime.CompilerServices;

namespace Daedalus.Kernels.Vp9;

/// <summary>
/// 10 and 12-bit loop filter on vectors of samples along the edge (spec 8.8.3 to 8.8.5), steps as in the 8-bit one.
/// Everything fits 16 bits: the largest sum is 16 * 4095 + 8.
/// </summary>
internal unsafe struct LoopFilterWords<V, TLanes> : IVp9EdgeKernel
    where V : unmanaged
    where TLanes : struct, ILoopFilterWords<V>
{
    [InlineArray(16)]
    private struct Rows
    {
        private V _e;
    }

    public static int SampleBytes => 2;

    public static int Segments => sizeof(V) / 16;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static V Difference(V a, V b) => TLanes.Sub(TLanes.Max(a, b), TLanes.Min(a, b));

    public static int Filter(byte* q, nint s, byte* levels, nint levelStep, Vp9LoopFilterLimits* limits, uint active, uint wide8, uint wide16)
    {
        int shift = limits->Depth - 8;
        V p3 = TLanes.Load(q - 4 * s), p2 = TLanes.Load(q - 3 * s), p1 = TLanes.Load(q - 2 * s), p0 = TLanes.Load(q - s);
        V q0 = TLanes.Load(q), q1 = TLanes.Load(q + s), q2 = TLanes.Load(q + 2 * s), q3 = TLanes.Load(q + 3 * s);
        V near = TLanes.Max(Difference(p1, p0), Difference(q1, q0));
        V inside = TLanes.Max(
            TLanes.Max(TLanes.Max(Difference(p3, p2), Difference(p2, p1)), near),
            TLanes.Max(Difference(q3, q2), Difference(q2, q1)));
        V across = Difference(p0, q0);
        across = TLanes.Add(TLanes.Add(across, across), TLanes.ShiftRight(Difference(p1, q1), 1));
        V over = TLanes.Or(
            TLanes.Greater(inside, TLanes.Limits(limits, levels, levelStep, 1)),
            TLanes.Greater(across, TLanes.Limits(limits, levels, levelStep, 0)));
        V filter = TLanes.AndNot(TLanes.LaneMask(active), over);
        if (TLanes.IsZero(filter))
        {
            return Vp9EdgeChange.None;
        }
        V variance = TLanes.Greater(near, TLanes.Limits(limits, levels, levelStep, 2));
        if (wide8 != 0)
        {
            V around = TLanes.Max(
                TLanes.Max(TLanes.Max(Difference(p3, p0), Difference(p2, p0)), near),
                TLanes.Max(Difference(q3, q0), Difference(q2, q0)));
            V flat = TLanes.AndNot(TLanes.And(filter, TLanes.LaneMask(wide8)), TLanes.Greater(around, TLanes.Fill(1 << shift)));
            if (!TLanes.IsZero(flat))
            {
                return Flat(q, s, filter, variance, flat, wide16, shift);
            }
        }
        Narrow(q, s, filter, variance, shift);
        return Vp9EdgeChange.Two;
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static int Flat(byte* q, nint s, V filter, V variance, V flat, uint wide16, int shift)
    {
        int change = Vp9EdgeChange.Three;
        V seven = flat;
        if (wide16 != 0)
        {
            V p0 = TLanes.Load(q - s), q0 = TLanes.Load(q);
            V around = TLanes.Max(
                TLanes.Max(
                    TLanes.Max(Difference(TLanes.Load(q - 8 * s), p0), Difference(TLanes.Load(q - 7 * s), p0)),
                    TLanes.Max(Difference(TLanes.Load(q - 6 * s), p0), Difference(TLanes.Load(q - 5 * s), p0))),
                TLanes.Max(
                    TLanes.Max(Difference(TLanes.Load(q + 4 * s), q0), Difference(TLanes.Load(q + 5 * s), q0)),
                    TLanes.Max(Difference(TLanes.Load(q + 6 * s), q0), Difference(TLanes.Load(q + 7 * s), q0))));
            V flat2 = TLanes.AndNot(TLanes.And(flat, TLanes.LaneMask(wide16)), TLanes.Greater(around, TLanes.Fill(1 << shift)));
            if (!TLanes.IsZero(flat2))
            {
                Fifteen(q, s, flat2);
                change = Vp9EdgeChange.Seven;
                seven = TLanes.AndNot(flat, flat2);
            }
        }
        if (!TLanes.IsZero(seven))
        {
            Seven(q, s, seven);
        }
        V rest = TLanes.AndNot(filter, flat);
        if (!TLanes.IsZero(rest))
        {
            Narrow(q, s, rest, variance, shift);
        }
        return change;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static V Clamp(V v, V low, V high) => TLanes.Min(TLanes.Max(v, low), high);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static void Narrow(byte* q, nint s, V filter, V variance, int shift)
    {
        V p1 = TLanes.Load(q - 2 * s), p0 = TLanes.Load(q - s), q0 = TLanes.Load(q), q1 = TLanes.Load(q + s);
        V low = TLanes.Fill(-(128 << shift)), high = TLanes.Fill((128 << shift) - 1);
        V zero = TLanes.Fill(0), max = TLanes.Fill((256 << shift) - 1);
        V f = TLanes.And(Clamp(TLanes.Sub(p1, q1), low, high), variance);
        V d = TLanes.Sub(q0, p0);
        f = TLanes.And(Clamp(TLanes.Add(f, TLanes.Add(d, TLanes.Add(d, d))), low, high), filter);
        V f1 = TLanes.ShiftRightSigned(TLanes.Min(TLanes.Add(f, TLanes.Fill(4)), high), 3);
        V f2 = TLanes.ShiftRightSigned(TLanes.Min(TLanes.Add(f, TLanes.Fill(3)), high), 3);
        V f3 = TLanes.AndNot(TLanes.ShiftRightSigned(TLanes.Add(f1, TLanes.Fill(1)), 1), variance);
        TLanes.Store(q - 2 * s, Clamp(TLanes.Add(p1, f3), zero, max));
        TLanes.Store(q - s, Clamp(TLanes.Add(p0, f2), zero, max));
        TLanes.Store(q, Clamp(TLanes.Sub(q0, f1), zero, max));
        TLanes.Store(q + s, Clamp(TLanes.Sub(q1, f3), zero, max));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static V Step(V sum, V enter, V leave, V nextMiddle, V middle)
        => TLanes.Add(TLanes.Add(sum, TLanes.Sub(enter, leave)), TLanes.Sub(nextMiddle, middle));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Put(byte* p, V mask, V sum, V original, [System.Diagnostics.CodeAnalysis.ConstantExpected] byte shift)
        => TLanes.Store(p, TLanes.Select(mask, TLanes.ShiftRight(sum, shift), original));

    [MethodImpl(MethodImplOptions.NoInlining)]
    internal static void Seven(byte* q, nint s, V mask)
    {
        V p3 = TLanes.Load(q - 4 * s), p2 = TLanes.Load(q - 3 * s), p1 = TLanes.Load(q - 2 * s), p0 = TLanes.Load(q - s);
        V q0 = TLanes.Load(q), q1 = TLanes.Load(q + s), q2 = TLanes.Load(q + 2 * s), q3 = TLanes.Load(q + 3 * s);
        V sum = TLanes.Add(TLanes.Add(TLanes.Add(p3, p3), TLanes.Add(p3, p2)), TLanes.Add(TLanes.Add(p2, p1), TLanes.Add(p0, q0)));
        sum = TLanes.Add(sum, TLanes.Fill(4));
        Put(q - 3 * s, mask, sum, p2, 3);
        sum = Step(sum, q1, p3, p1, p2);
        Put(q - 2 * s, mask, sum, p1, 3);
        sum = Step(sum, q2, p3, p0, p1);
        Put(q - s, mask, sum, p0, 3);
        sum = Step(sum, q3, p3, q0, p0);
        Put(q, mask, sum, q0, 3);
        sum = Step(sum, q3, p2, q1, q0);
        Put(q + s, mask, sum, q1, 3);
        sum = Step(sum, q3, p1, q2, q1);
        Put(q + 2 * s, mask, sum, q2, 3);
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    [SkipLocalsInit]
    private static void Fifteen(byte* q, nint s, V mask)
    {
        Rows storage;
        V* r = (V*)&storage;
        byte* p = q - 8 * s;
        V first = TLanes.Load(p);
        r[0] = first;
        V two = TLanes.Add(first, first);
        V sum = TLanes.Add(TLanes.Add(TLanes.Add(two, two), TLanes.Add(two, first)), TLanes.Fill(8));
        for (int i = 1; i < 9; i++)
        {
            V a = TLanes.Load(p + i * s);
            r[i] = a;
            sum = TLanes.Add(sum, a);
        }
        V middle = r[1];
        sum = TLanes.Add(sum, middle);
        p += s;
        for (int i = 1; i < 8; i++)
        {
            Put(p, mask, sum, middle, 4);
            V enter = TLanes.Load(p + 8 * s);
            V next = r[i + 1];
            r[i + 8] = enter;
            sum = Step(sum, enter, first, next, middle);
            middle = next;
            p += s;
        }
        V end = r[15];
        for (int i = 8; i < 14; i++)
        {
            Put(p, mask, sum, middle, 4);
            V next = r[i + 1];
            sum = Step(sum, end, r[i - 7], next, middle);
            middle = next;
            p += s;
        }
        Put(p, mask, sum, middle, 4);
    }

    public static void LoadColumns(byte* source, nint stride, byte* window)
        => LoopFilterTranspose.Run<V, TLanes, LoopFilterWordsIn<V, TLanes>>(source, stride, window, sizeof(V));

    public static void StoreColumns8(byte* window, byte* target, nint stride)
        => LoopFilterTranspose.Run<V, TLanes, LoopFilterWordsOut<V, TLanes>>(window, sizeof(V), target, stride);

    public static void StoreColumns4(byte* window, byte* target, nint stride)
    {
        V a = TLanes.Load(window), b = TLanes.Load(window + sizeof(V)), c = TLanes.Load(window + 2 * sizeof(V)), d = TLanes.Load(window + 3 * sizeof(V));
        V ac0 = TLanes.UnpackLow(a, c), ac1 = TLanes.UnpackHigh(a, c);
        V bd0 = TLanes.UnpackLow(b, d), bd1 = TLanes.UnpackHigh(b, d);
        TLanes.StorePair(target, stride, TLanes.UnpackLow(ac0, bd0));
        TLanes.StorePair(target + 2 * stride, stride, TLanes.UnpackHigh(ac0, bd0));
        TLanes.StorePair(target + 4 * stride, stride, TLanes.UnpackLow(ac1, bd1));
        TLanes.StorePair(target + 6 * stride, stride, TLanes.UnpackHigh(ac1, bd1));
    }
}
