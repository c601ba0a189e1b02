// SPDX-License-Identifier: LGPL-2.1-or-later
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace Daedalus.Kernels.H264;

/// <summary>The six-tap filter with AVX2; see <see cref="H264SixTap128"/>.</summary>
internal static class H264SixTap256
{
    /// <summary>Half samples of words: over 16 without leaving 16 bits, then over 2, rounded, and clipped.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static Vector256<byte> Half(Vector256<byte> r0, Vector256<byte> r1, Vector256<byte> r2, Vector256<byte> r3, Vector256<byte> r4, Vector256<byte> r5, Vector256<byte> max)
    {
        Vector256<short> a = Avx2.Add(r0.AsInt16(), r5.AsInt16()), b = Avx2.Add(r1.AsInt16(), r4.AsInt16()), c = Avx2.Add(r2.AsInt16(), r3.AsInt16());
        Vector256<short> v = Avx2.ShiftRightArithmetic(Avx2.Subtract(a, b), 2);
        v = Avx2.ShiftRightArithmetic(Avx2.AddSaturate(v, Avx2.Subtract(c, b)), 2);
        v = Avx2.MultiplyHighRoundScale(Avx2.AddSaturate(v, c), Vector256.Create((short)0x4000));
        return Avx2.Min(Avx2.Max(v, Vector256<short>.Zero), max.AsInt16()).AsByte();
    }

    /// <summary>32-bit sums of three pairs of words.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static Vector256<int> PairSums(Vector256<byte> p0, Vector256<byte> p1, Vector256<byte> p2)
        => Avx2.Add(
            Avx2.Add(
                Avx2.MultiplyAddAdjacent(p0.AsInt16(), Vector256.Create(unchecked((int)0xfffb0001)).AsInt16()),
                Avx2.MultiplyAddAdjacent(p2.AsInt16(), Vector256.Create(0x0001fffb).AsInt16())),
            Avx2.MultiplyAddAdjacent(p1.AsInt16(), Vector256.Create(0x00140014).AsInt16()));

    /// <summary>Centre samples of six rows of sums, not yet clipped.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static Vector256<int> Both(Vector256<int> t0, Vector256<int> t1, Vector256<int> t2, Vector256<int> t3, Vector256<int> t4, Vector256<int> t5)
    {
        Vector256<int> a = Avx2.Add(Avx2.Add(t0, t5), Vector256.Create(512)), b = Avx2.Add(t1, t4), c = Avx2.Add(t2, t3);
        Vector256<int> v = Avx2.Subtract(Avx2.ShiftLeftLogical(c, 2), b);
        return Avx2.ShiftRightArithmetic(Avx2.Add(Avx2.Add(a, v), Avx2.ShiftLeftLogical(v, 2)), 10);
    }

    /// <summary>Half samples of sums, not yet clipped.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static Vector256<int> Half(Vector256<int> sums) => Avx2.ShiftRightArithmetic(Avx2.Add(sums, Vector256.Create(16)), 5);

    /// <summary>Even samples then odd samples in each lane → picture order.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static Vector256<byte> Reorder(Vector256<ushort> v)
        => Avx2.Shuffle(v.AsByte(), Vector256.Create((byte)0, 1, 8, 9, 2, 3, 10, 11, 4, 5, 12, 13, 6, 7, 14, 15, 0, 1, 8, 9, 2, 3, 10, 11, 4, 5, 12, 13, 6, 7, 14, 15));
}

/// <summary>Samples of 9 to 14 bits with AVX2, 16 columns.</summary>
internal readonly unsafe struct H264WideOps256 : IH264WordOps<Vector256<byte>>
{
    public static int SampleSize => 2;

    public static int Columns => 16;

    public static int Rows => 1;

    public static int SumBytes => 64;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<byte> Max(int maxValue) => Vector256.Create((short)maxValue).AsByte();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<byte> Load(byte* p, nint stride) => Vector256.Load(p);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<byte> Samples(byte* p, nint stride) => Load(p, stride);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<byte> Average(Vector256<byte> a, Vector256<byte> b) => Avx2.Average(a.AsUInt16(), b.AsUInt16()).AsByte();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<byte> Down(Vector256<byte> r0, Vector256<byte> r1, Vector256<byte> r2, Vector256<byte> r3, Vector256<byte> r4, Vector256<byte> r5, Vector256<byte> max)
        => H264SixTap256.Half(r0, r1, r2, r3, r4, r5, max);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<byte> Across(byte* p, nint stride, Vector256<byte> max)
        => H264SixTap256.Half(Load(p - 4, stride), Load(p - 2, stride), Load(p, stride), Load(p + 2, stride), Load(p + 4, stride), Load(p + 6, stride), max);

    // Even samples' sums, then those of the odd ones: pairs of taps meet pairs of samples as they lie in memory.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void StoreSums(byte* sums, byte* p)
    {
        H264SixTap256.PairSums(Vector256.Load(p - 4), Vector256.Load(p), Vector256.Load(p + 4)).StoreAligned((int*)sums);
        H264SixTap256.PairSums(Vector256.Load(p - 2), Vector256.Load(p + 2), Vector256.Load(p + 6)).StoreAligned((int*)(sums + 32));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<byte> Both(byte* sums, Vector256<byte> max)
    {
        Vector256<int>* t = (Vector256<int>*)sums;
        Vector256<int> even = H264SixTap256.Both(t[0], t[2], t[4], t[6], t[8], t[10]);
        Vector256<int> odd = H264SixTap256.Both(t[1], t[3], t[5], t[7], t[9], t[11]);
        return Join(even, odd, max);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<byte> Half(byte* sums, Vector256<byte> max)
        => Join(H264SixTap256.Half(((Vector256<int>*)sums)[0]), H264SixTap256.Half(((Vector256<int>*)sums)[1]), max);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Store<TStore, TWidth>(byte* dst, nint stride, Vector256<byte> v) where TStore : struct, IStore where TWidth : struct, ISampleCount
        => TStore.Store32(dst, v);

    /// <summary>Clips even and odd samples and brings them in order.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<byte> Join(Vector256<int> even, Vector256<int> odd, Vector256<byte> max)
        => H264SixTap256.Reorder(Avx2.Min(Avx2.PackUnsignedSaturate(even, odd), max.AsUInt16()));
}

/// <summary>Samples of 9 to 14 bits with AVX2, two rows of 8 columns.</summary>
internal readonly unsafe struct H264PairOps256 : IH264WordOps<Vector256<byte>>
{
    public static int SampleSize => 2;

    public static int Columns => 8;

    public static int Rows => 2;

    public static int SumBytes => 32;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<byte> Max(int maxValue) => Vector256.Create((short)maxValue).AsByte();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<byte> Load(byte* p, nint stride) => Vector256.Create(Vector128.Load(p), Vector128.Load(p + stride));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<byte> Samples(byte* p, nint stride) => Load(p, stride);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<byte> Average(Vector256<byte> a, Vector256<byte> b) => Avx2.Average(a.AsUInt16(), b.AsUInt16()).AsByte();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<byte> Down(Vector256<byte> r0, Vector256<byte> r1, Vector256<byte> r2, Vector256<byte> r3, Vector256<byte> r4, Vector256<byte> r5, Vector256<byte> max)
        => H264SixTap256.Half(r0, r1, r2, r3, r4, r5, max);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<byte> Across(byte* p, nint stride, Vector256<byte> max)
        => H264SixTap256.Half(Load(p - 4, stride), Load(p - 2, stride), Load(p, stride), Load(p + 2, stride), Load(p + 4, stride), Load(p + 6, stride), max);

    // A row's even sums in the low lane, its odd ones in the high lane.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void StoreSums(byte* sums, byte* p)
        => H264SixTap256.PairSums(Load(p - 4, 2), Load(p, 2), Load(p + 4, 2)).StoreAligned((int*)sums);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<byte> Both(byte* sums, Vector256<byte> max)
    {
        Vector256<int>* t = (Vector256<int>*)sums;
        return Join(H264SixTap256.Both(t[0], t[1], t[2], t[3], t[4], t[5]), H264SixTap256.Both(t[1], t[2], t[3], t[4], t[5], t[6]), max);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<byte> Half(byte* sums, Vector256<byte> max)
        => Join(H264SixTap256.Half(((Vector256<int>*)sums)[0]), H264SixTap256.Half(((Vector256<int>*)sums)[1]), max);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Store<TStore, TWidth>(byte* dst, nint stride, Vector256<byte> v) where TStore : struct, IStore where TWidth : struct, ISampleCount
    {
        if (TWidth.Count == 8)
        {
            TStore.Store16(dst, v.GetLower());
            TStore.Store16(dst + stride, v.GetUpper());
        }
        else
        {
            TStore.Store8(dst, v.GetLower());
            TStore.Store8(dst + stride, v.GetUpper());
        }
    }

    /// <summary>Clips the samples of two rows, even in the low and odd in the high lane, and brings each row in order in its lane.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<byte> Join(Vector256<int> first, Vector256<int> second, Vector256<byte> max)
    {
        Vector256<ushort> v = Avx2.Min(Avx2.PackUnsignedSaturate(first, second), max.AsUInt16());
        return H264SixTap256.Reorder(Avx2.Permute4x64(v.AsUInt64(), 0b11_01_10_00).AsUInt16());
    }
}
