// SPDX-License-Identifier: LGPL-2.1-or-later
using System.Diagnostics.CodeAnalysis;

namespace Daedalus.Kernels.Vp9;

/// <summary>What 8-bit and deeper samples have in common as vectors. 256-bit vectors are two independent 128-bit halves.</summary>
internal unsafe interface ILoopFilterLanes<V>
    where V : unmanaged
{
    static abstract V Load(byte* p);
    static abstract void Store(byte* p, V v);
    static abstract V Or(V a, V b);
    static abstract V And(V a, V b);
    /// <summary>a &amp; ~b.</summary>
    static abstract V AndNot(V a, V b);
    static abstract V Select(V mask, V a, V b);
    static abstract V Max(V a, V b);
    static abstract V Min(V a, V b);
    static abstract V Add(V a, V b);
    static abstract V Sub(V a, V b);
    static abstract bool IsZero(V v);
    /// <summary>Interleaves the samples of the lower halves.</summary>
    static abstract V UnpackLow(V a, V b);
    /// <summary>Interleaves the samples of the upper halves.</summary>
    static abstract V UnpackHigh(V a, V b);
    /// <summary>All ones in the 8 samples of segment i when bit i is set.</summary>
    static abstract V LaneMask(uint segments);
    /// <summary>Limit <paramref name="kind"/> (0 edge, 1 inner, 2 variance) of each segment's level.</summary>
    static abstract V Limits(Vp9LoopFilterLimits* limits, byte* levels, nint step, int kind);
}

/// <summary>Vectors of 8-bit samples.</summary>
internal unsafe interface ILoopFilterBytes<V> : ILoopFilterLanes<V>
    where V : unmanaged
{
    static abstract V Fill(byte value);
    static abstract V Xor(V a, V b);
    static abstract V AddSaturate(V a, V b);
    static abstract V SubSaturate(V a, V b);
    static abstract V AddSigned(V a, V b);
    static abstract V SubSigned(V a, V b);
    /// <summary>(a + 1) >> 1.</summary>
    static abstract V HalfUp(V a);
    static abstract V IsEqualZero(V a);
    /// <summary>Shifts 16-bit lanes right without sign.</summary>
    static abstract V ShiftRight(V a, [ConstantExpected] byte count);
    static abstract V AddWords(V a, V b);
    /// <summary>Words of <c>even * low + odd * high</c> of neighbouring bytes, with signed factors.</summary>
    static abstract V PairSum(V bytes, V factors);
    static abstract V Factors(sbyte low, sbyte high);
    static abstract V FillWords(short value);
    /// <summary>Words to bytes with unsigned saturation.</summary>
    static abstract V Pack(V low, V high);
    /// <summary>8 bytes of a row in the lower half of each 128 bits; the second 128 bits take the row 16 below.</summary>
    static abstract V LoadRow(byte* p, nint stride);
    /// <summary>Writes 8-byte halves as rows 0 and 1 (second 128 bits: rows 16 and 17).</summary>
    static abstract void StorePair(byte* p, nint stride, V v);
    /// <summary>Writes 4-byte quarters as rows 0 to 3 (second 128 bits: rows 16 to 19).</summary>
    static abstract void StoreQuad(byte* p, nint stride, V v);
}

/// <summary>Vectors of 16-bit samples.</summary>
internal unsafe interface ILoopFilterWords<V> : ILoopFilterLanes<V>
    where V : unmanaged
{
    static abstract V Fill(int value);
    static abstract V Greater(V a, V b);
    static abstract V ShiftRight(V a, [ConstantExpected] byte count);
    static abstract V ShiftRightSigned(V a, [ConstantExpected] byte count);
    /// <summary>8 samples of a row; the second 128 bits take the row 8 below.</summary>
    static abstract V LoadRow(byte* p, nint stride);
    /// <summary>Writes row 0 (second 128 bits: row 8).</summary>
    static abstract void StoreRow(byte* p, nint stride, V v);
    /// <summary>Writes 4-sample halves as rows 0 and 1 (second 128 bits: rows 8 and 9).</summary>
    static abstract void StorePair(byte* p, nint stride, V v);
}
