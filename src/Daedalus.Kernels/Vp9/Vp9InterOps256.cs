// SPDX-License-Identifier: LGPL-2.1-or-later
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace Daedalus.Kernels.Vp9;

/// <summary>The eight-tap filter on pairs with AVX2; see <see cref="IInterOps128"/>.</summary>
internal unsafe interface IInterOps256
{
    /// <summary>Bytes per sample.</summary>
    static abstract int SampleSize { get; }

    /// <summary>Taps 2k and 2k+1 in every pair.</summary>
    static abstract Vector256<byte> Taps(byte* taps, int k);

    /// <summary>Samples 2k, 2k+1 after the start of each lane's row; low is bytes 0..15 of the rows, high the 16 bytes 4 samples on.</summary>
    static abstract Vector256<byte> RowPairs(Vector256<byte> low, Vector256<byte> high, int k);

    /// <summary>Sums of four pairs with their taps.</summary>
    static abstract Vector256<byte> Filter(Vector256<byte> p0, Vector256<byte> p1, Vector256<byte> p2, Vector256<byte> p3,
        Vector256<byte> t0, Vector256<byte> t1, Vector256<byte> t2, Vector256<byte> t3);

    /// <summary>Clips sums to samples, a then b in each lane.</summary>
    static abstract Vector256<byte> Pack(Vector256<byte> a, Vector256<byte> b, Vector256<byte> max);

    /// <summary>Clips sums to samples, a then b.</summary>
    static abstract Vector128<byte> Pack(Vector128<byte> a, Vector128<byte> b, Vector128<byte> max);

    /// <summary>Pairs of the low 8 bytes of each lane.</summary>
    static abstract Vector256<byte> Zip(Vector256<byte> a, Vector256<byte> b);

    /// <summary>Even samples then odd samples → picture order.</summary>
    static abstract Vector128<byte> Reorder(Vector128<byte> v);

    /// <summary>Even samples then odd samples in each lane → picture order.</summary>
    static abstract Vector256<byte> Reorder(Vector256<byte> v);

    /// <summary>16 bytes, 8 in the low half of each lane.</summary>
    static abstract Vector256<byte> Spread(byte* p);

    /// <summary>High lane of a, low lane of b: rows n-1|n and n+1|n+2 → n|n+1.</summary>
    static abstract Vector256<byte> Between(Vector256<byte> a, Vector256<byte> b);
}

/// <summary>8-bit samples, AVX2.</summary>
internal readonly unsafe struct ByteOps256 : IInterOps256
{
    public static int SampleSize => 1;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<byte> Taps(byte* taps, int k) => Vector256.Create(((short*)taps)[k]).AsByte();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<byte> RowPairs(Vector256<byte> low, Vector256<byte> high, int k) => k switch
    {
        0 => Avx2.Shuffle(low, Vector256.Create((byte)0, 1, 1, 2, 2, 3, 3, 4, 4, 5, 5, 6, 6, 7, 7, 8, 0, 1, 1, 2, 2, 3, 3, 4, 4, 5, 5, 6, 6, 7, 7, 8)),
        1 => Avx2.Shuffle(low, Vector256.Create((byte)2, 3, 3, 4, 4, 5, 5, 6, 6, 7, 7, 8, 8, 9, 9, 10, 2, 3, 3, 4, 4, 5, 5, 6, 6, 7, 7, 8, 8, 9, 9, 10)),
        2 => Avx2.Shuffle(low, Vector256.Create((byte)4, 5, 5, 6, 6, 7, 7, 8, 8, 9, 9, 10, 10, 11, 11, 12, 4, 5, 5, 6, 6, 7, 7, 8, 8, 9, 9, 10, 10, 11, 11, 12)),
        _ => Avx2.Shuffle(low, Vector256.Create((byte)6, 7, 7, 8, 8, 9, 9, 10, 10, 11, 11, 12, 12, 13, 13, 14, 6, 7, 7, 8, 8, 9, 9, 10, 10, 11, 11, 12, 12, 13, 13, 14)),
    };

    // The order of the sums is that of ByteOps128: only the last can overflow, and it saturates.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<byte> Filter(Vector256<byte> p0, Vector256<byte> p1, Vector256<byte> p2, Vector256<byte> p3,
        Vector256<byte> t0, Vector256<byte> t1, Vector256<byte> t2, Vector256<byte> t3)
    {
        Vector256<short> a = Avx2.Add(Avx2.MultiplyAddAdjacent(p0, t0.AsSByte()), Avx2.MultiplyAddAdjacent(p2, t2.AsSByte()));
        Vector256<short> b = Avx2.Add(Avx2.MultiplyAddAdjacent(p1, t1.AsSByte()), Avx2.MultiplyAddAdjacent(p3, t3.AsSByte()));
        return Avx2.MultiplyHighRoundScale(Avx2.AddSaturate(a, b), Vector256.Create((short)256)).AsByte();
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<byte> Pack(Vector256<byte> a, Vector256<byte> b, Vector256<byte> max)
        => Avx2.PackUnsignedSaturate(a.AsInt16(), b.AsInt16());

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<byte> Pack(Vector128<byte> a, Vector128<byte> b, Vector128<byte> max)
        => Sse2.PackUnsignedSaturate(a.AsInt16(), b.AsInt16());

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<byte> Zip(Vector256<byte> a, Vector256<byte> b) => Avx2.UnpackLow(a, b);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<byte> Reorder(Vector128<byte> v)
        => Ssse3.Shuffle(v, Vector128.Create((byte)0, 8, 1, 9, 2, 10, 3, 11, 4, 12, 5, 13, 6, 14, 7, 15));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<byte> Reorder(Vector256<byte> v)
        => Avx2.Shuffle(v, Vector256.Create((byte)0, 8, 1, 9, 2, 10, 3, 11, 4, 12, 5, 13, 6, 14, 7, 15, 0, 8, 1, 9, 2, 10, 3, 11, 4, 12, 5, 13, 6, 14, 7, 15));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<byte> Spread(byte* p)
        => Avx2.Permute4x64(Vector128.Load(p).ToVector256Unsafe().AsUInt64(), 0b01_01_00_00).AsByte();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<byte> Between(Vector256<byte> a, Vector256<byte> b) => Avx2.Permute2x128(a, b, 0x21);
}

/// <summary>Samples of up to 12 bits in words, AVX2.</summary>
internal readonly unsafe struct WordOps256 : IInterOps256
{
    public static int SampleSize => 2;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<byte> Taps(byte* taps, int k) => Vector256.Create(((int*)taps)[k]).AsByte();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<byte> RowPairs(Vector256<byte> low, Vector256<byte> high, int k) => k switch
    {
        0 => Avx2.Shuffle(low, Vector256.Create((byte)0, 1, 2, 3, 2, 3, 4, 5, 4, 5, 6, 7, 6, 7, 8, 9, 0, 1, 2, 3, 2, 3, 4, 5, 4, 5, 6, 7, 6, 7, 8, 9)),
        1 => Avx2.Shuffle(low, Vector256.Create((byte)4, 5, 6, 7, 6, 7, 8, 9, 8, 9, 10, 11, 10, 11, 12, 13, 4, 5, 6, 7, 6, 7, 8, 9, 8, 9, 10, 11, 10, 11, 12, 13)),
        2 => Avx2.Shuffle(high, Vector256.Create((byte)0, 1, 2, 3, 2, 3, 4, 5, 4, 5, 6, 7, 6, 7, 8, 9, 0, 1, 2, 3, 2, 3, 4, 5, 4, 5, 6, 7, 6, 7, 8, 9)),
        _ => Avx2.Shuffle(high, Vector256.Create((byte)4, 5, 6, 7, 6, 7, 8, 9, 8, 9, 10, 11, 10, 11, 12, 13, 4, 5, 6, 7, 6, 7, 8, 9, 8, 9, 10, 11, 10, 11, 12, 13)),
    };

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<byte> Filter(Vector256<byte> p0, Vector256<byte> p1, Vector256<byte> p2, Vector256<byte> p3,
        Vector256<byte> t0, Vector256<byte> t1, Vector256<byte> t2, Vector256<byte> t3)
    {
        Vector256<int> a = Avx2.Add(Avx2.MultiplyAddAdjacent(p0.AsInt16(), t0.AsInt16()), Avx2.MultiplyAddAdjacent(p2.AsInt16(), t2.AsInt16()));
        Vector256<int> b = Avx2.Add(Avx2.MultiplyAddAdjacent(p1.AsInt16(), t1.AsInt16()), Avx2.MultiplyAddAdjacent(p3.AsInt16(), t3.AsInt16()));
        return Avx2.ShiftRightArithmetic(Avx2.Add(Avx2.Add(a, b), Vector256.Create(64)), 7).AsByte();
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<byte> Pack(Vector256<byte> a, Vector256<byte> b, Vector256<byte> max)
        => Avx2.Min(Avx2.PackUnsignedSaturate(a.AsInt32(), b.AsInt32()), max.AsUInt16()).AsByte();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<byte> Pack(Vector128<byte> a, Vector128<byte> b, Vector128<byte> max)
        => Sse41.Min(Sse41.PackUnsignedSaturate(a.AsInt32(), b.AsInt32()), max.AsUInt16()).AsByte();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<byte> Zip(Vector256<byte> a, Vector256<byte> b) => Avx2.UnpackLow(a.AsUInt16(), b.AsUInt16()).AsByte();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<byte> Reorder(Vector128<byte> v)
        => Ssse3.Shuffle(v, Vector128.Create((byte)0, 1, 8, 9, 2, 3, 10, 11, 4, 5, 12, 13, 6, 7, 14, 15));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<byte> Reorder(Vector256<byte> v)
        => Avx2.Shuffle(v, Vector256.Create((byte)0, 1, 8, 9, 2, 3, 10, 11, 4, 5, 12, 13, 6, 7, 14, 15, 0, 1, 8, 9, 2, 3, 10, 11, 4, 5, 12, 13, 6, 7, 14, 15));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<byte> Spread(byte* p) => ByteOps256.Spread(p);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<byte> Between(Vector256<byte> a, Vector256<byte> b) => Avx2.Permute2x128(a, b, 0x21);
}
