// SPDX-License-Identifier: LGPL-2.1-or-later
using System.Runtime.CompilerServices;
using Daedalus.V4L2.Controls;

namespace Daedalus.Engine.Av1;

/// <summary>Motion vectors packed into 32 bits: row in the low, column in the high half.</summary>
internal static class Av1MotionVector
{
    /// <summary>MAX_FRAME_DISTANCE.</summary>
    public const int MaxFrameDistance = 31;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static int Row(int mv) => (short)mv;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static int Col(int mv) => mv >> 16;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static int Pack(int row, int col) => (ushort)row | col << 16;

    /// <summary>Both components times -1.</summary>
    public static int Negate(int mv) => Pack(-Row(mv), -Col(mv));

    /// <summary>Round2Signed (4.7), <paramref name="n"/> may be 0.</summary>
    public static long Round2Signed(long x, int n)
    {
        if (n == 0)
            return x;
        long half = 1L << (n - 1);
        return x >= 0 ? (x + half) >> n : -((-x + half) >> n);
    }

    /// <summary>get_mv_projection (7.9.3).</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static int Project(int mv, int numerator, int denominator)
    {
        int factor = Math.Clamp(numerator, -MaxFrameDistance, MaxFrameDistance) * Av1MotionTables.DivMult[Math.Min(MaxFrameDistance, denominator)];
        return Pack(Scale(Row(mv), factor), Scale(Col(mv), factor));
    }

    // Stored vectors are at most REFMVS_LIMIT (7.19): the product with 31 * 16384 stays in 31 bits.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static int Scale(int v, int factor)
    {
        int product = v * factor;
        // Half of a negative product rounds away from 0 as well.
        int scaled = (product + 8192 + (product >> 31)) >> 14;
        return Math.Clamp(scaled, -(1 << 14) + 1, (1 << 14) - 1);
    }
}

/// <summary>What lower_mv_precision (7.10.2.10) does in a frame.</summary>
internal enum Av1MvPrecision : byte
{
    /// <summary>1/8 sample: nothing.</summary>
    Eighth,
    /// <summary>1/4 sample: the last bit goes, towards 0.</summary>
    Quarter,
    /// <summary>Whole samples.</summary>
    Integer,
}

internal static class Av1MvPrecisions
{
    public static Av1MvPrecision Of(in V4L2CtrlAv1Frame frame, bool isIntra)
        => isIntra || (frame.Flags & Av1FrameFlags.ForceIntegerMv) != 0 ? Av1MvPrecision.Integer
            : (frame.Flags & Av1FrameFlags.AllowHighPrecisionMv) != 0 ? Av1MvPrecision.Eighth : Av1MvPrecision.Quarter;

    /// <summary>lower_mv_precision (7.10.2.10).</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static int Lower(int mv, Av1MvPrecision precision)
        => precision == Av1MvPrecision.Eighth ? mv : LowerSlow(mv, precision);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static int LowerSlow(int mv, Av1MvPrecision precision)
    {
        int row = Av1MotionVector.Row(mv), col = Av1MotionVector.Col(mv);
        return precision == Av1MvPrecision.Integer ? Av1MotionVector.Pack(ToInteger(row), ToInteger(col)) : Av1MotionVector.Pack(ToQuarter(row), ToQuarter(col));
    }

    private static int ToInteger(int v)
    {
        int whole = (Math.Abs(v) + 3) >> 3 << 3;
        return v > 0 ? whole : -whole;
    }

    private static int ToQuarter(int v) => (v + (v >>> 31)) & ~1;
}
