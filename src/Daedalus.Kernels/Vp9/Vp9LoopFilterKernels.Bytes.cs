// SPDX-License-Identifier: LGPL-2.1-or-later
using System.Runtime.CompilerServices;

namespace Daedalus.Kernels.Vp9;

/// <summary>
/// 8-bit loop filter on vectors of samples along the edge (spec 8.8.3 to 8.8.5). Lanes that a step does not concern keep their samples,
/// so the steps (15 taps, 7 taps, narrow) follow each other in place, each on its own lanes.
/// </summary>
internal unsafe struct LoopFilterBytes<V, TLanes> : IVp9EdgeKernel
    where V : unmanaged
    where TLanes : struct, ILoopFilterBytes<V>
{
    [InlineArray(16)]
    private struct Rows
    {
        private V _e;
    }

    public static int SampleBytes => 1;

    public static int Segments => sizeof(V) / 8;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static V Difference(V a, V b) => TLanes.Sub(TLanes.Max(a, b), TLanes.Min(a, b));

    public static int Filter(byte* q, nint s, byte* levels, nint levelStep, Vp9LoopFilterLimits* limits, uint active, uint wide8, uint wide16)
    {
        V p3 = TLanes.Load(q - 4 * s), p2 = TLanes.Load(q - 3 * s), p1 = TLanes.Load(q - 2 * s), p0 = TLanes.Load(q - s);
        V q0 = TLanes.Load(q), q1 = TLanes.Load(q + s), q2 = TLanes.Load(q + 2 * s), q3 = TLanes.Load(q + 3 * s);
        V near = TLanes.Max(Difference(p1, p0), Difference(q1, q0));
        V inside = TLanes.Max(
            TLanes.Max(TLanes.Max(Difference(p3, p2), Difference(p2, p1)), near),
            TLanes.Max(Difference(q3, q2), Difference(q2, q1)));
        V across = Difference(p0, q0);
        across = TLanes.AddSaturate(across, across);
        across = TLanes.AddSaturate(across, TLanes.ShiftRight(TLanes.And(Difference(p1, q1), TLanes.Fill(0xfe)), 1));
        V over = TLanes.Or(
            TLanes.SubSaturate(inside, TLanes.Limits(limits, levels, levelStep, 1)),
            TLanes.SubSaturate(across, TLanes.Limits(limits, levels, levelStep, 0)));
        V filter = TLanes.And(TLanes.IsEqualZero(over), TLanes.LaneMask(active));
        if (TLanes.IsZero(filter))
        {
            return Vp9EdgeChange.None;
        }
        V calm = TLanes.IsEqualZero(TLanes.SubSaturate(near, TLanes.Limits(limits, levels, levelStep, 2)));
        if (wide8 != 0)
        {
            V around = TLanes.Max(
                TLanes.Max(TLanes.Max(Difference(p3, p0), Difference(p2, p0)), near),
                TLanes.Max(Difference(q3, q0), Difference(q2, q0)));
            V flat = TLanes.And(TLanes.IsEqualZero(TLanes.SubSaturate(around, TLanes.Fill(1))), TLanes.And(filter, TLanes.LaneMask(wide8)));
            if (!TLanes.IsZero(flat))
            {
                return Flat(q, s, filter, calm, flat, wide16);
            }
        }
        Narrow(q, s, filter, calm);
        return Vp9EdgeChange.Two;
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static int Flat(byte* q, nint s, V filter, V calm, V flat, uint wide16)
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
            V flat2 = TLanes.And(TLanes.IsEqualZero(TLanes.SubSaturate(around, TLanes.Fill(1))), TLanes.And(flat, TLanes.LaneMask(wide16)));
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
            Narrow(q, s, rest, calm);
        }
        return change;
    }

    // Samples as signed bytes around zero; saturation is the specification's clamp.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static void Narrow(byte* q, nint s, V filter, V calm)
    {
        V sign = TLanes.Fill(0x80);
        V p1 = TLanes.Xor(TLanes.Load(q - 2 * s), sign);
        V p0 = TLanes.Xor(TLanes.Load(q - s), sign);
        V q0 = TLanes.Xor(TLanes.Load(q), sign);
        V q1 = TLanes.Xor(TLanes.Load(q + s), sign);
        V f = TLanes.AndNot(TLanes.SubSigned(p1, q1), calm);
        V d = TLanes.SubSigned(q0, p0);
        f = TLanes.AddSigned(TLanes.AddSigned(TLanes.AddSigned(f, d), d), d);
        f = TLanes.And(f, filter);
        // There is no arithmetic byte shift: shift with an offset of 128, which is 16 after it.
        V low5 = TLanes.Fill(0x1f), sixteen = TLanes.Fill(16);
        V f1 = TLanes.And(TLanes.ShiftRight(TLanes.Xor(TLanes.AddSigned(f, TLanes.Fill(4)), sign), 3), low5);
        V f2 = TLanes.And(TLanes.ShiftRight(TLanes.Xor(TLanes.AddSigned(f, TLanes.Fill(3)), sign), 3), low5);
        V f3 = TLanes.And(TLanes.Sub(TLanes.HalfUp(f1), TLanes.Fill(8)), calm);
        f1 = TLanes.Sub(f1, sixteen);
        f2 = TLanes.Sub(f2, sixteen);
        TLanes.Store(q - 2 * s, TLanes.Xor(TLanes.AddSigned(p1, f3), sign));
        TLanes.Store(q - s, TLanes.Xor(TLanes.AddSigned(p0, f2), sign));
        TLanes.Store(q, TLanes.Xor(TLanes.SubSigned(q0, f1), sign));
        TLanes.Store(q + s, TLanes.Xor(TLanes.SubSigned(q1, f3), sign));
    }

    // A step of a running sum: entering and leaving samples side by side, times +1 and -1.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static V StepLow(V sum, V enter, V leave, V nextMiddle, V middle, V factors)
        => TLanes.AddWords(sum, TLanes.AddWords(
            TLanes.PairSum(TLanes.UnpackLow(enter, leave), factors),
            TLanes.PairSum(TLanes.UnpackLow(nextMiddle, middle), factors)));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static V StepHigh(V sum, V enter, V leave, V nextMiddle, V middle, V factors)
        => TLanes.AddWords(sum, TLanes.AddWords(
            TLanes.PairSum(TLanes.UnpackHigh(enter, leave), factors),
            TLanes.PairSum(TLanes.UnpackHigh(nextMiddle, middle), factors)));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Put(byte* p, V mask, V low, V high, V original, [System.Diagnostics.CodeAnalysis.ConstantExpected] byte shift)
        => TLanes.Store(p, TLanes.Select(mask, TLanes.Pack(TLanes.ShiftRight(low, shift), TLanes.ShiftRight(high, shift)), original));

    // 7 taps: 3 samples on each side change.
    [MethodImpl(MethodImplOptions.NoInlining)]
    internal static void Seven(byte* q, nint s, V mask)
    {
        V p3 = TLanes.Load(q - 4 * s), p2 = TLanes.Load(q - 3 * s), p1 = TLanes.Load(q - 2 * s), p0 = TLanes.Load(q - s);
        V q0 = TLanes.Load(q), q1 = TLanes.Load(q + s), q2 = TLanes.Load(q + 2 * s), q3 = TLanes.Load(q + 3 * s);
        V ones = TLanes.Factors(1, 1), step = TLanes.Factors(1, -1), first = TLanes.Factors(3, 2), last = TLanes.Factors(1, 0);
        V low = TLanes.AddWords(
            TLanes.AddWords(TLanes.PairSum(TLanes.UnpackLow(p3, p2), first), TLanes.PairSum(TLanes.UnpackLow(p1, p0), ones)),
            TLanes.AddWords(TLanes.PairSum(TLanes.UnpackLow(q0, q0), last), TLanes.FillWords(4)));
        V high = TLanes.AddWords(
            TLanes.AddWords(TLanes.PairSum(TLanes.UnpackHigh(p3, p2), first), TLanes.PairSum(TLanes.UnpackHigh(p1, p0), ones)),
            TLanes.AddWords(TLanes.PairSum(TLanes.UnpackHigh(q0, q0), last), TLanes.FillWords(4)));
        Put(q - 3 * s, mask, low, high, p2, 3);
        low = StepLow(low, q1, p3, p1, p2, step);
        high = StepHigh(high, q1, p3, p1, p2, step);
        Put(q - 2 * s, mask, low, high, p1, 3);
        low = StepLow(low, q2, p3, p0, p1, step);
        high = StepHigh(high, q2, p3, p0, p1, step);
        Put(q - s, mask, low, high, p0, 3);
        low = StepLow(low, q3, p3, q0, p0, step);
        high = StepHigh(high, q3, p3, q0, p0, step);
        Put(q, mask, low, high, q0, 3);
        low = StepLow(low, q3, p2, q1, q0, step);
        high = StepHigh(high, q3, p2, q1, q0, step);
        Put(q + s, mask, low, high, q1, 3);
        low = StepLow(low, q3, p1, q2, q1, step);
        high = StepHigh(high, q3, p1, q2, q1, step);
        Put(q + 2 * s, mask, low, high, q2, 3);
    }

    // 15 taps: 7 samples on each side change. The originals are kept aside, as those that leave the sum are overwritten by then.
    [MethodImpl(MethodImplOptions.NoInlining)]
    [SkipLocalsInit]
    private static void Fifteen(byte* q, nint s, V mask)
    {
        Rows storage;
        V* r = (V*)&storage;
        byte* p = q - 8 * s;
        V ones = TLanes.Factors(1, 1), step = TLanes.Factors(1, -1);
        V first = TLanes.Load(p), second = TLanes.Load(p + s);
        r[0] = first;
        r[1] = second;
        V low = TLanes.AddWords(TLanes.PairSum(TLanes.UnpackLow(first, second), TLanes.Factors(7, 2)), TLanes.FillWords(8));
        V high = TLanes.AddWords(TLanes.PairSum(TLanes.UnpackHigh(first, second), TLanes.Factors(7, 2)), TLanes.FillWords(8));
        for (int i = 2; i < 8; i += 2)
        {
            V a = TLanes.Load(p + i * s), b = TLanes.Load(p + (i + 1) * s);
            r[i] = a;
            r[i + 1] = b;
            low = TLanes.AddWords(low, TLanes.PairSum(TLanes.UnpackLow(a, b), ones));
            high = TLanes.AddWords(high, TLanes.PairSum(TLanes.UnpackHigh(a, b), ones));
        }
        V middle = TLanes.Load(q);
        r[8] = middle;
        low = TLanes.AddWords(low, TLanes.PairSum(TLanes.UnpackLow(middle, middle), TLanes.Factors(1, 0)));
        high = TLanes.AddWords(high, TLanes.PairSum(TLanes.UnpackHigh(middle, middle), TLanes.Factors(1, 0)));
        p += s;
        middle = second;
        for (int i = 1; i < 8; i++)
        {
            Put(p, mask, low, high, middle, 4);
            V enter = TLanes.Load(p + 8 * s);
            V next = r[i + 1];
            r[i + 8] = enter;
            low = StepLow(low, enter, first, next, middle, step);
            high = StepHigh(high, enter, first, next, middle, step);
            middle = next;
            p += s;
        }
        V end = r[15];
        for (int i = 8; i < 14; i++)
        {
            Put(p, mask, low, high, middle, 4);
            V next = r[i + 1];
            V leave = r[i - 7];
            low = StepLow(low, end, leave, next, middle, step);
            high = StepHigh(high, end, leave, next, middle, step);
            middle = next;
            p += s;
        }
        Put(p, mask, low, high, middle, 4);
    }

    public static void LoadColumns(byte* source, nint stride, byte* window)
        => LoopFilterTranspose.Run<V, TLanes, LoopFilterBytesIn<V, TLanes>>(source, stride, window, sizeof(V));

    public static void StoreColumns8(byte* window, byte* target, nint stride)
        => LoopFilterTranspose.Run<V, TLanes, LoopFilterBytesOut<V, TLanes>>(window, sizeof(V), target, stride);

    public static void StoreColumns4(byte* window, byte* target, nint stride)
    {
        V a = TLanes.Load(window), b = TLanes.Load(window + sizeof(V)), c = TLanes.Load(window + 2 * sizeof(V)), d = TLanes.Load(window + 3 * sizeof(V));
        V ac0 = TLanes.UnpackLow(a, c), ac1 = TLanes.UnpackHigh(a, c);
        V bd0 = TLanes.UnpackLow(b, d), bd1 = TLanes.UnpackHigh(b, d);
        TLanes.StoreQuad(target, stride, TLanes.UnpackLow(ac0, bd0));
        TLanes.StoreQuad(target + 4 * stride, stride, TLanes.UnpackHigh(ac0, bd0));
        TLanes.StoreQuad(target + 8 * stride, stride, TLanes.UnpackLow(ac1, bd1));
        TLanes.StoreQuad(target + 12 * stride, stride, TLanes.UnpackHigh(ac1, bd1));
    }
}
