// SPDX-License-Identifier: LGPL-2.1-or-later
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Daedalus.Kernels.Vp9;

/// <summary>
/// The eight-tap filter on pairs: each half lane of a vector holds a sample and its neighbour (in row or column), so one
/// multiply-add does two taps. "Sums" are half as many results, twice as wide, already rounded and shifted but not clipped.
/// </summary>
internal unsafe interface IInterOps128
{
    /// <summary>Bytes per sample.</summary>
    static abstract int SampleSize { get; }

    /// <summary>Taps 2k and 2k+1 in every pair.</summary>
    static abstract Vector128<byte> Taps(byte* taps, int k);

    /// <summary>Samples 2k, 2k+1 after src for 8 bytes of results; low is src[0..15], high the 16 bytes 4 samples on.</summary>
    static abstract Vector128<byte> RowPairs(Vector128<byte> low, Vector128<byte> high, int k);

    /// <summary>Two taps of every pair.</summary>
    static abstract Vector128<byte> Multiply(Vector128<byte> pairs, Vector128<byte> taps);

    /// <summary>The same with taps from memory, which costs no register.</summary>
    static abstract Vector128<byte> Multiply(Vector128<byte> pairs, Vector128<byte>* taps);

    /// <summary>Sum of products 0 and 2, or 1 and 3.</summary>
    static abstract Vector128<byte> Add(Vector128<byte> a, Vector128<byte> b);

    /// <summary>Sum of both halves, rounded and shifted.</summary>
    static abstract Vector128<byte> Finish(Vector128<byte> a, Vector128<byte> b);

    /// <summary>Clips sums to samples, a then b.</summary>
    static abstract Vector128<byte> Pack(Vector128<byte> a, Vector128<byte> b, Vector128<byte> max);

    /// <summary>Pairs of the low 8 bytes of a and b.</summary>
    static abstract Vector128<byte> Zip(Vector128<byte> a, Vector128<byte> b);
}

/// <summary>8-bit samples, 128-bit vectors.</summary>
internal readonly unsafe struct ByteOps128 : IInterOps128
{
    public static int SampleSize => 1;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<byte> Taps(byte* taps, int k) => Vector128.Create(((short*)taps)[k]).AsByte();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<byte> RowPairs(Vector128<byte> low, Vector128<byte> high, int k) => k switch
    {
        0 => Portable128.Shuffle(low, Vector128.Create((byte)0, 1, 1, 2, 2, 3, 3, 4, 4, 5, 5, 6, 6, 7, 7, 8)),
        1 => Portable128.Shuffle(low, Vector128.Create((byte)2, 3, 3, 4, 4, 5, 5, 6, 6, 7, 7, 8, 8, 9, 9, 10)),
        2 => Portable128.Shuffle(low, Vector128.Create((byte)4, 5, 5, 6, 6, 7, 7, 8, 8, 9, 9, 10, 10, 11, 11, 12)),
        _ => Portable128.Shuffle(low, Vector128.Create((byte)6, 7, 7, 8, 8, 9, 9, 10, 10, 11, 11, 12, 12, 13, 13, 14)),
    };

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<byte> Multiply(Vector128<byte> pairs, Vector128<byte> taps) => Portable128.MultiplyAdd8(pairs, taps).AsByte();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<byte> Multiply(Vector128<byte> pairs, Vector128<byte>* taps) => Portable128.MultiplyAdd8(pairs, *taps).AsByte();

    // Grouped so that no 16-bit sum but the last can overflow: for every filter the positive taps among {0,1,4,5} and among
    // {2,3,6,7} add up to at most 128. The last sum saturates, and only where the result clips to 255 anyway.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<byte> Add(Vector128<byte> a, Vector128<byte> b) => (a.AsInt16() + b.AsInt16()).AsByte();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<byte> Finish(Vector128<byte> a, Vector128<byte> b)
        => Portable128.RoundShift(Portable128.AddSaturate(a.AsInt16(), b.AsInt16()), 7).AsByte();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<byte> Pack(Vector128<byte> a, Vector128<byte> b, Vector128<byte> max)
        => Portable128.PackUnsigned(a.AsInt16(), b.AsInt16());

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<byte> Zip(Vector128<byte> a, Vector128<byte> b) => Portable128.ZipLow(a, b);
}

/// <summary>Samples of up to 12 bits in words, 128-bit vectors.</summary>
internal readonly unsafe struct WordOps128 : IInterOps128
{
    public static int SampleSize => 2;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<byte> Taps(byte* taps, int k) => Vector128.Create(((int*)taps)[k]).AsByte();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<byte> RowPairs(Vector128<byte> low, Vector128<byte> high, int k) => k switch
    {
        0 => Portable128.Shuffle(low, Vector128.Create((byte)0, 1, 2, 3, 2, 3, 4, 5, 4, 5, 6, 7, 6, 7, 8, 9)),
        1 => Portable128.Shuffle(low, Vector128.Create((byte)4, 5, 6, 7, 6, 7, 8, 9, 8, 9, 10, 11, 10, 11, 12, 13)),
        2 => Portable128.Shuffle(high, Vector128.Create((byte)0, 1, 2, 3, 2, 3, 4, 5, 4, 5, 6, 7, 6, 7, 8, 9)),
        _ => Portable128.Shuffle(high, Vector128.Create((byte)4, 5, 6, 7, 6, 7, 8, 9, 8, 9, 10, 11, 10, 11, 12, 13)),
    };

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<byte> Multiply(Vector128<byte> pairs, Vector128<byte> taps) => Portable128.MultiplyAdd16(pairs, taps).AsByte();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<byte> Multiply(Vector128<byte> pairs, Vector128<byte>* taps) => Portable128.MultiplyAdd16(pairs, *taps).AsByte();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<byte> Add(Vector128<byte> a, Vector128<byte> b) => (a.AsInt32() + b.AsInt32()).AsByte();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<byte> Finish(Vector128<byte> a, Vector128<byte> b)
        => ((a.AsInt32() + b.AsInt32() + Vector128.Create(64)) >> 7).AsByte();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<byte> Pack(Vector128<byte> a, Vector128<byte> b, Vector128<byte> max)
        => Vector128.Min(Portable128.PackUnsigned(a.AsInt32(), b.AsInt32()), max.AsUInt16()).AsByte();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<byte> Zip(Vector128<byte> a, Vector128<byte> b) => Portable128.ZipLow(a.AsUInt16(), b.AsUInt16()).AsByte();
}
