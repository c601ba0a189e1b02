// SPDX-License-Identifier: LGPL-2.1-or-later
using System.Diagnostics.CodeAnalysis;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.Arm;
using System.Runtime.Intrinsics.X86;

namespace Daedalus.Kernels.Av1;

/// <summary>
/// The CDEF direction (7.15.2). A line's sum is a lane of the sum of rows moved against each other by as many lanes as the direction slopes; where lines are steeper than 45 degrees, of the transposed block's rows.
/// The lanes that leave on one side make a second vector: lines 8 and up.
/// </summary>
internal static unsafe class Av1CdefDirection<TSample> where TSample : struct, ISample
{
    // Lanes moved up by count / 2 words, zeros enter; rest is 16 - count.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<short> Up(Vector128<short> v, [ConstantExpected(Min = 1, Max = 15)] byte count, [ConstantExpected(Min = 1, Max = 15)] byte rest)
        => Sse2.IsSupported ? Sse2.ShiftLeftLogical128BitLane(v.AsByte(), count).AsInt16() : AdvSimd.ExtractVector128(Vector128<byte>.Zero, v.AsByte(), rest).AsInt16();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<short> Down(Vector128<short> v, [ConstantExpected(Min = 1, Max = 15)] byte count)
        => Sse2.IsSupported ? Sse2.ShiftRightLogical128BitLane(v.AsByte(), count).AsInt16() : AdvSimd.ExtractVector128(v.AsByte(), Vector128<byte>.Zero, count).AsInt16();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static Vector128<short> Row(byte* p, int bitDepth)
    {
        if (TSample.Size == 1)
            return Vector128.WidenLower(Vector128.CreateScalarUnsafe(*(ulong*)p).AsByte()).AsInt16() - Vector128.Create((short)128);
        return Vector128.ShiftRightLogical(Vector128.Load((ushort*)p), bitDepth - 8).AsInt16() - Vector128.Create((short)128);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<int> Square(Vector128<short> v) => Portable128.MultiplyAdd16(v.AsByte(), v.AsByte());

    // Lines b and (last - b) share a weight: low holds lines 0..7, high lines 8 and up, mirror brings line last - b of high into lane b.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<int> Cost(Vector128<short> low, Vector128<short> high, Vector128<byte> mirror, Vector128<int> weights0, Vector128<int> weights1)
    {
        high = Portable128.Shuffle(high.AsByte(), mirror).AsInt16();
        return Square(Portable128.ZipLow(low.AsUInt16(), high.AsUInt16()).AsInt16()) * weights0 + Square(Portable128.ZipHigh(low.AsUInt16(), high.AsUInt16()).AsInt16()) * weights1;
    }

    // Lines that fall (rise) by one row in two columns: sums of row pairs, moved by one lane each.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<int> Slope(Vector128<short> t0, Vector128<short> t1, Vector128<short> t2, Vector128<short> t3)
    {
        Vector128<short> low = t0 + Up(t1, 2, 14) + (Up(t2, 4, 12) + Up(t3, 6, 10)), high = Down(t1, 14) + Down(t2, 12) + Down(t3, 10);
        // Lines 8, 9, 10 pair with 2, 1, 0.
        Vector128<byte> mirror = Vector128.Create((byte)4, 5, 2, 3, 0, 1, 14, 15, 14, 15, 14, 15, 14, 15, 14, 15);
        return Cost(low, high, mirror, Vector128.Create(420, 210, 140, 105), Vector128.Create(105));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<int> Diagonal(Vector128<short> r0, Vector128<short> r1, Vector128<short> r2, Vector128<short> r3, Vector128<short> r4, Vector128<short> r5, Vector128<short> r6, Vector128<short> r7)
    {
        Vector128<short> low = r0 + Up(r1, 2, 14) + (Up(r2, 4, 12) + Up(r3, 6, 10)) + (Up(r4, 8, 8) + Up(r5, 10, 6) + (Up(r6, 12, 4) + Up(r7, 14, 2)));
        Vector128<short> high = Down(r1, 14) + Down(r2, 12) + Down(r3, 10) + (Down(r4, 8) + Down(r5, 6)) + (Down(r6, 4) + Down(r7, 2));
        Vector128<byte> mirror = Vector128.Create((byte)12, 13, 10, 11, 8, 9, 6, 7, 4, 5, 2, 3, 0, 1, 14, 15);
        return Cost(low, high, mirror, Vector128.Create(840, 420, 280, 210), Vector128.Create(168, 140, 120, 105));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<int> PairSums(Vector128<int> a, Vector128<int> b)
        => Ssse3.IsSupported ? Ssse3.HorizontalAdd(a, b) : AdvSimd.Arm64.AddPairwise(a, b);

    /// <summary>Entry of <see cref="Av1PostFilterTable.CdefDirection"/>.</summary>
    internal static int Direction(byte* src, nint stride, int* variance, int bitDepth)
    {
        Vector128<short> r0 = Row(src, bitDepth), r1 = Row(src + stride, bitDepth), r2 = Row(src + 2 * stride, bitDepth), r3 = Row(src + 3 * stride, bitDepth);
        src += 4 * stride;
        Vector128<short> r4 = Row(src, bitDepth), r5 = Row(src + stride, bitDepth), r6 = Row(src + 2 * stride, bitDepth), r7 = Row(src + 3 * stride, bitDepth);
        Vector128<int> cost0 = Diagonal(r0, r1, r2, r3, r4, r5, r6, r7);
        // Direction 4's lines are numbered the other way round, which the weights do not notice.
        Vector128<int> cost4 = Diagonal(r7, r6, r5, r4, r3, r2, r1, r0);
        Vector128<short> t0 = r0 + r1, t1 = r2 + r3, t2 = r4 + r5, t3 = r6 + r7;
        Vector128<int> cost7 = Slope(t0, t1, t2, t3), cost5 = Slope(t3, t2, t1, t0);
        Vector128<int> cost6 = Square(t0 + t1 + (t2 + t3)) * Vector128.Create(105);
        // Transposed: column pairs.
        Transpose(ref r0, ref r1, ref r2, ref r3, ref r4, ref r5, ref r6, ref r7);
        t0 = r0 + r1;
        t1 = r2 + r3;
        t2 = r4 + r5;
        t3 = r6 + r7;
        Vector128<int> cost1 = Slope(t0, t1, t2, t3), cost3 = Slope(t3, t2, t1, t0);
        Vector128<int> cost2 = Square(t0 + t1 + (t2 + t3)) * Vector128.Create(105);
        Vector128<int> low = PairSums(PairSums(cost0, cost1), PairSums(cost2, cost3)), high = PairSums(PairSums(cost4, cost5), PairSums(cost6, cost7));
        return Best(low, high, variance);
    }

    // The first of the largest costs, and its distance from the cost across.
    internal static int Best(Vector128<int> low, Vector128<int> high, int* variance)
    {
        Vector128<int> max = Vector128.Max(low, high);
        max = Vector128.Max(max, Vector128.Shuffle(max, Vector128.Create(2, 3, 0, 1)));
        max = Vector128.Max(max, Vector128.Shuffle(max, Vector128.Create(1, 0, 3, 2)));
        uint bits = Vector128.ExtractMostSignificantBits(Vector128.Equals(low, max)) | Vector128.ExtractMostSignificantBits(Vector128.Equals(high, max)) << 4;
        int direction = System.Numerics.BitOperations.TrailingZeroCount(bits);
        Vector128<int> across = direction < 4 ? high : low;
        *variance = (max.ToScalar() - across.GetElement(direction & 3)) >> 10;
        return direction;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<short> Low16(Vector128<short> a, Vector128<short> b) => Portable128.ZipLow(a.AsUInt16(), b.AsUInt16()).AsInt16();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<short> High16(Vector128<short> a, Vector128<short> b) => Portable128.ZipHigh(a.AsUInt16(), b.AsUInt16()).AsInt16();

    // Three rounds of interleaving i with i + 4 take the row number's bits into the lane's.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static void Transpose(ref Vector128<short> r0, ref Vector128<short> r1, ref Vector128<short> r2, ref Vector128<short> r3, ref Vector128<short> r4, ref Vector128<short> r5, ref Vector128<short> r6, ref Vector128<short> r7)
    {
        Vector128<short> a0 = Low16(r0, r4), a1 = High16(r0, r4), a2 = Low16(r1, r5), a3 = High16(r1, r5), a4 = Low16(r2, r6), a5 = High16(r2, r6), a6 = Low16(r3, r7), a7 = High16(r3, r7);
        Vector128<short> b0 = Low16(a0, a4), b1 = High16(a0, a4), b2 = Low16(a1, a5), b3 = High16(a1, a5), b4 = Low16(a2, a6), b5 = High16(a2, a6), b6 = Low16(a3, a7), b7 = High16(a3, a7);
        r0 = Low16(b0, b4);
        r1 = High16(b0, b4);
        r2 = Low16(b1, b5);
        r3 = High16(b1, b5);
        r4 = Low16(b2, b6);
        r5 = High16(b2, b6);
        r6 = Low16(b3, b7);
        r7 = High16(b3, b7);
    }
}

/// <summary>The same with two directions in each vector: rows from below in the upper half for the diagonals, the transposed block for the others.</summary>
internal static unsafe class Av1CdefDirection256<TSample> where TSample : struct, ISample
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<short> Up(Vector256<short> v, [ConstantExpected(Min = 1, Max = 15)] byte count) => Avx2.ShiftLeftLogical128BitLane(v, count);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<short> Down(Vector256<short> v, [ConstantExpected(Min = 1, Max = 15)] byte count) => Avx2.ShiftRightLogical128BitLane(v, count);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<int> Square(Vector256<short> v) => Avx2.MultiplyAddAdjacent(v, v);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<int> Cost(Vector256<short> low, Vector256<short> high, Vector128<byte> mirror, Vector128<int> weights0, Vector128<int> weights1)
    {
        high = Avx2.Shuffle(high.AsByte(), Vector256.Create(mirror, mirror)).AsInt16();
        return Avx2.MultiplyLow(Square(Avx2.UnpackLow(low, high)), Vector256.Create(weights0, weights0)) + Avx2.MultiplyLow(Square(Avx2.UnpackHigh(low, high)), Vector256.Create(weights1, weights1));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<int> Slope(Vector256<short> t0, Vector256<short> t1, Vector256<short> t2, Vector256<short> t3)
    {
        Vector256<short> low = t0 + Up(t1, 2) + (Up(t2, 4) + Up(t3, 6)), high = Down(t1, 14) + Down(t2, 12) + Down(t3, 10);
        return Cost(low, high, Vector128.Create((byte)4, 5, 2, 3, 0, 1, 14, 15, 14, 15, 14, 15, 14, 15, 14, 15), Vector128.Create(420, 210, 140, 105), Vector128.Create(105));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<int> Diagonal(Vector256<short> r0, Vector256<short> r1, Vector256<short> r2, Vector256<short> r3, Vector256<short> r4, Vector256<short> r5, Vector256<short> r6, Vector256<short> r7)
    {
        Vector256<short> low = r0 + Up(r1, 2) + (Up(r2, 4) + Up(r3, 6)) + (Up(r4, 8) + Up(r5, 10) + (Up(r6, 12) + Up(r7, 14)));
        Vector256<short> high = Down(r1, 14) + Down(r2, 12) + Down(r3, 10) + (Down(r4, 8) + Down(r5, 6)) + (Down(r6, 4) + Down(r7, 2));
        return Cost(low, high, Vector128.Create((byte)12, 13, 10, 11, 8, 9, 6, 7, 4, 5, 2, 3, 0, 1, 14, 15), Vector128.Create(840, 420, 280, 210), Vector128.Create(168, 140, 120, 105));
    }

    /// <summary>Entry of <see cref="Av1PostFilterTable.CdefDirection"/>.</summary>
    internal static int Direction(byte* src, nint stride, int* variance, int bitDepth)
    {
        Vector128<short> r0 = Row(src, bitDepth), r1 = Row(src + stride, bitDepth), r2 = Row(src + 2 * stride, bitDepth), r3 = Row(src + 3 * stride, bitDepth);
        src += 4 * stride;
        Vector128<short> r4 = Row(src, bitDepth), r5 = Row(src + stride, bitDepth), r6 = Row(src + 2 * stride, bitDepth), r7 = Row(src + 3 * stride, bitDepth);
        Vector256<short> a = Vector256.Create(r0, r7), b = Vector256.Create(r1, r6), c = Vector256.Create(r2, r5), d = Vector256.Create(r3, r4);
        Vector256<int> cost04 = Diagonal(a, b, c, d, Swap(d), Swap(c), Swap(b), Swap(a));
        Vector128<short> t0 = r0 + r1, t1 = r2 + r3, t2 = r4 + r5, t3 = r6 + r7;
        Av1CdefDirection<TSample>.Transpose(ref r0, ref r1, ref r2, ref r3, ref r4, ref r5, ref r6, ref r7);
        a = Vector256.Create(t0, r0 + r1);
        b = Vector256.Create(t1, r2 + r3);
        c = Vector256.Create(t2, r4 + r5);
        d = Vector256.Create(t3, r6 + r7);
        Vector256<int> cost71 = Slope(a, b, c, d), cost53 = Slope(d, c, b, a), cost62 = Avx2.MultiplyLow(Square(a + b + (c + d)), Vector256.Create(105));
        // Costs 0 7 5 6 and 4 1 3 2.
        Vector256<int> costs = Avx2.HorizontalAdd(Avx2.HorizontalAdd(cost04, cost71), Avx2.HorizontalAdd(cost53, cost62));
        costs = Avx2.PermuteVar8x32(costs, Vector256.Create(0, 5, 7, 6, 4, 2, 3, 1));
        return Av1CdefDirection<TSample>.Best(costs.GetLower(), costs.GetUpper(), variance);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<short> Row(byte* p, int bitDepth) => Av1CdefDirection<TSample>.Row(p, bitDepth);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<short> Swap(Vector256<short> v) => Avx2.Permute2x128(v, v, 1);
}
