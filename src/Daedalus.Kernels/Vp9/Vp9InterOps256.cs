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

    /// <summary>Two taps of every pair.</summary>
    static abstract Vector256<byte> Multiply(Vector256<byte> pairs, Vector256<byte> taps);

    /// <summary>The same with taps from memory, which costs no register.</summary>
    static abstract Vector256<byte> Multiply(Vector256<byte> pairs, Vector256<byte>* taps);

    /// <summary>Sum of products 0 and 2, or 1 and 3.</summary>
    static abstract Vector256<byte> Add(Vector256<byte> a, Vector256<byte> b);

    /// <summary>Sum of both halves, rounded and shifted.</summary>
    static abstract Vector256<byte> Finish(Vector256<byte> a, Vector256<byte> b);

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

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<byte> Multiply(Vector256<byte> pairs, Vector256<byte> taps)
        => Avx2.MultiplyAddAdjacent(pairs, taps.AsSByte()).AsByte();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<byte> Multiply(Vector256<byte> pairs, Vector256<byte>* taps)
        => Avx2.MultiplyAddAdjacent(pairs, Avx.LoadAlignedVector256((sbyte*)taps)).AsByte();

    // The order of the sums is that of ByteOps128: only the last can overflow, and it saturates.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<byte> Add(Vector256<byte> a, Vector256<byte> b) => Avx2.Add(a.AsInt16(), b.AsInt16()).AsByte();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<byte> Finish(Vector256<byte> a, Vector256<byte> b)
        => Avx2.MultiplyHighRoundScale(Avx2.AddSaturate(a.AsInt16(), b.AsInt16()), Vector256.Create((short)256)).AsByte();

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
    public static Vector256<byte> Multiply(Vector256<byte> pairs, Vector256<byte> taps)
        => Avx2.MultiplyAddAdjacent(pairs.AsInt16(), taps.AsInt16()).AsByte();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<byte> Multiply(Vector256<byte> pairs, Vector256<byte>* taps)
        => Avx2.MultiplyAddAdjacent(pairs.AsInt16(), Avx.LoadAlignedVector256((short*)taps)).AsByte();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<byte> Add(Vector256<byte> a, Vector256<byte> b) => Avx2.Add(a.AsInt32(), b.AsInt32()).AsByte();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<byte> Finish(Vector256<byte> a, Vector256<byte> b)
        => Avx2.ShiftRightArithmetic(Avx2.Add(Avx2.Add(a.AsInt32(), b.AsInt32()), Vector256.Create(64)), 7).AsByte();

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
