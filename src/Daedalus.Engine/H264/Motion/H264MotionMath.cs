// SPDX-License-Identifier: LGPL-2.1-or-later
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Daedalus.Engine.H264;

/// <summary>Arithmetic on motion vectors packed as x in the low, y in the high 16 bits.</summary>
internal static unsafe class H264MotionMath
{
    /// <summary>Both components in the packed form; they wrap at 16 bits.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static int Pack(int x, int y) => (x & 0xffff) | (y << 16);

    /// <summary>Sum by component, wrapping at 16 bits.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static int Add(int a, int b) => ((a + b) & 0xffff) | ((a & ~0xffff) + (b & ~0xffff));

    /// <summary>Median by component.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static int Median(int a, int b, int c)
    {
        Vector128<short> va = Vector128.CreateScalarUnsafe(a).AsInt16();
        Vector128<short> vb = Vector128.CreateScalarUnsafe(b).AsInt16();
        Vector128<short> vc = Vector128.CreateScalarUnsafe(c).AsInt16();
        Vector128<short> low = Vector128.Min(va, vb);
        Vector128<short> high = Vector128.Max(va, vb);
        return Vector128.Max(low, Vector128.Min(high, vc)).AsInt32().ToScalar();
    }

    /// <summary>Luma motion vector prediction (spec 8.4.1.3); C has been replaced by D where it was not available.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static int Predict(int reference, int refA, int mvA, int refB, int mvB, int refC, int mvC)
    {
        // Neither B nor C: A stands for all three (spec 8.4.1.3.1); without A all vectors are zero anyway.
        if (refB + refC == 2 * H264MotionContext.NotAvailable)
            return mvA;
        bool a = refA == reference, b = refB == reference, c = refC == reference;
        if (a)
            return b | c ? Median(mvA, mvB, mvC) : mvA;
        if (b != c)
            return b ? mvB : mvC;
        return Median(mvA, mvB, mvC);
    }

    /// <summary>Whether both components lie in -1..1.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static bool IsStill(int mv) => (uint)((short)mv + 1) <= 2 && (uint)((mv >> 16) + 1) <= 2;

    /// <summary>DistScaleFactor (spec 8.4.1.2.3) without the long-term rule; 256 when both references have the same order count.</summary>
    public static int DistScaleFactor(int current, int poc0, int poc1)
    {
        int td = (int)Math.Clamp((long)poc1 - poc0, -128, 127);
        if (td == 0)
            return 256;
        int tb = (int)Math.Clamp((long)current - poc0, -128, 127);
        int tx = (16384 + Math.Abs(td / 2)) / td;
        return Math.Clamp((tb * tx + 32) >> 6, -1024, 1023);
    }
}
