// SPDX-License-Identifier: LGPL-2.1-or-later
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.Arm;
using System.Runtime.Intrinsics.X86;

namespace Daedalus.Kernels.H264;

/// <summary>The six-tap filter a - 5 b + 20 c on words (a, b, c: outer, middle, inner pair of samples or sums added).</summary>
internal static class H264SixTap128
{
    /// <summary>
    /// The filter over 16, rounded down: ((a - b) / 4 - b + c) / 4 + c, shifts in between. Fits words for pairs of 14-bit samples
    /// and of the sums of 8-bit samples but for saturation, which only strikes where the result clips anyway.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static Vector128<short> Sixteenth(Vector128<short> a, Vector128<short> b, Vector128<short> c)
    {
        Vector128<short> v = Portable128.AddSaturate((a - b) >> 2, c - b) >> 2;
        return Portable128.AddSaturate(v, c);
    }

    /// <summary>The filter itself, for 8-bit samples.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static Vector128<short> Sum(Vector128<short> a, Vector128<short> b, Vector128<short> c)
    {
        if (AdvSimd.IsSupported)
            return AdvSimd.MultiplySubtract(AdvSimd.MultiplyAdd(a, c, Vector128.Create((short)20)), b, Vector128.Create((short)5));
        return a + ((c << 2) - b) * Vector128.Create((short)5);
    }

    /// <summary>The filter on 32-bit sums.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static Vector128<int> Sum(Vector128<int> a, Vector128<int> b, Vector128<int> c)
    {
        Vector128<int> v = (c << 2) - b;
        return a + v + (v << 2);
    }
}

/// <summary>8-bit samples, 8 columns in 128-bit vectors; samples are in the low half.</summary>
internal readonly unsafe struct H264ByteOps128 : IH264WordOps<Vector128<byte>>
{
    public static int SampleSize => 1;

    public static int Columns => 8;

    public static int Rows => 1;

    public static int SumBytes => 16;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<byte> Max(int maxValue) => default;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<byte> Load(byte* p, nint stride) => Vector128.WidenLower(Samples(p, stride)).AsByte();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<byte> Samples(byte* p, nint stride) => Vector128.CreateScalarUnsafe(Unsafe.ReadUnaligned<ulong>(p)).AsByte();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<byte> Average(Vector128<byte> a, Vector128<byte> b) => Portable128.AverageBytes(a, b);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<byte> Down(Vector128<byte> r0, Vector128<byte> r1, Vector128<byte> r2, Vector128<byte> r3, Vector128<byte> r4, Vector128<byte> r5, Vector128<byte> max)
        => Round(H264SixTap128.Sum(r0.AsInt16() + r5.AsInt16(), r1.AsInt16() + r4.AsInt16(), r2.AsInt16() + r3.AsInt16()));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<byte> Across(byte* p, nint stride, Vector128<byte> max) => Round(RowSums(p));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void StoreSums(byte* sums, byte* p) => RowSums(p).AsByte().StoreAligned(sums);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<byte> Both(byte* sums, Vector128<byte> max)
    {
        Vector128<short>* t = (Vector128<short>*)sums;
        Vector128<short> v = Portable128.RoundShift(H264SixTap128.Sixteenth(t[0] + t[5], t[1] + t[4], t[2] + t[3]), 6);
        return Portable128.PackUnsigned(v, v);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<byte> Half(byte* sums, Vector128<byte> max) => Round(*(Vector128<short>*)sums);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Store<TStore, TWidth>(byte* dst, nint stride, Vector128<byte> v) where TStore : struct, IStore where TWidth : struct, ISampleCount
    {
        if (TWidth.Count >= 8)
            TStore.Store8(dst, v);
        else
            TStore.Store4(dst, v);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<byte> Round(Vector128<short> sum)
    {
        Vector128<short> v = Portable128.RoundShift(sum, 5);
        return Portable128.PackUnsigned(v, v);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<short> RowSums(byte* p)
    {
        if (Ssse3.IsSupported)
        {
            Vector128<byte> v = Vector128.Load(p - 2);
            return Ssse3.MultiplyAddAdjacent(
                    Ssse3.Shuffle(v, Vector128.Create((byte)0, 1, 1, 2, 2, 3, 3, 4, 4, 5, 5, 6, 6, 7, 7, 8)), Vector128.Create(unchecked((short)0xfb01)).AsSByte())
                + Ssse3.MultiplyAddAdjacent(
                    Ssse3.Shuffle(v, Vector128.Create((byte)4, 5, 5, 6, 6, 7, 7, 8, 8, 9, 9, 10, 10, 11, 11, 12)), Vector128.Create((short)0x01fb).AsSByte())
                + Ssse3.MultiplyAddAdjacent(
                    Ssse3.Shuffle(v, Vector128.Create((byte)2, 3, 3, 4, 4, 5, 5, 6, 6, 7, 7, 8, 8, 9, 9, 10)), Vector128.Create((short)0x1414).AsSByte());
        }
        return H264SixTap128.Sum(AddWide(p - 2, p + 3), AddWide(p - 1, p + 2), AddWide(p, p + 1));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<short> AddWide(byte* a, byte* b)
    {
        if (AdvSimd.IsSupported)
            return AdvSimd.AddWideningLower(Vector64.Load(a), Vector64.Load(b)).AsInt16();
        return Load(a, 0).AsInt16() + Load(b, 0).AsInt16();
    }
}

/// <summary>Samples of 9 to 14 bits, 8 columns in 128-bit vectors.</summary>
internal readonly unsafe struct H264WordOps128 : IH264WordOps<Vector128<byte>>
{
    public static int SampleSize => 2;

    public static int Columns => 8;

    public static int Rows => 1;

    public static int SumBytes => 32;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<byte> Max(int maxValue) => Vector128.Create((short)maxValue).AsByte();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<byte> Load(byte* p, nint stride) => Vector128.Load(p);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<byte> Samples(byte* p, nint stride) => Vector128.Load(p);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<byte> Average(Vector128<byte> a, Vector128<byte> b) => Portable128.AverageWords(a, b);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<byte> Down(Vector128<byte> r0, Vector128<byte> r1, Vector128<byte> r2, Vector128<byte> r3, Vector128<byte> r4, Vector128<byte> r5, Vector128<byte> max)
    {
        Vector128<short> v = H264SixTap128.Sixteenth(r0.AsInt16() + r5.AsInt16(), r1.AsInt16() + r4.AsInt16(), r2.AsInt16() + r3.AsInt16());
        return Vector128.Min(Vector128.Max(Portable128.RoundShift(v, 1), Vector128<short>.Zero), max.AsInt16()).AsByte();
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<byte> Across(byte* p, nint stride, Vector128<byte> max)
        => Down(Vector128.Load(p - 4), Vector128.Load(p - 2), Vector128.Load(p), Vector128.Load(p + 2), Vector128.Load(p + 4), Vector128.Load(p + 6), max);

    // Even samples' sums, then those of the odd ones: pairs of taps meet pairs of samples as they lie in memory.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void StoreSums(byte* sums, byte* p)
    {
        PairSums(p).StoreAligned((int*)sums);
        PairSums(p + 2).StoreAligned((int*)(sums + 16));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<byte> Both(byte* sums, Vector128<byte> max)
    {
        Vector128<int>* t = (Vector128<int>*)sums;
        Vector128<int> even = H264SixTap128.Sum(t[0] + t[10], t[2] + t[8], t[4] + t[6]);
        Vector128<int> odd = H264SixTap128.Sum(t[1] + t[11], t[3] + t[9], t[5] + t[7]);
        Vector128<int> round = Vector128.Create(512);
        return Join((even + round) >> 10, (odd + round) >> 10, max);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<byte> Half(byte* sums, Vector128<byte> max)
    {
        Vector128<int>* t = (Vector128<int>*)sums;
        Vector128<int> round = Vector128.Create(16);
        return Join((t[0] + round) >> 5, (t[1] + round) >> 5, max);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Store<TStore, TWidth>(byte* dst, nint stride, Vector128<byte> v) where TStore : struct, IStore where TWidth : struct, ISampleCount
    {
        if (TWidth.Count >= 8)
            TStore.Store16(dst, v);
        else
            TStore.Store8(dst, v);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<int> PairSums(byte* p)
        => Portable128.MultiplyAdd16(Vector128.Load(p - 4), Vector128.Create(unchecked((int)0xfffb0001)).AsByte())
            + Portable128.MultiplyAdd16(Vector128.Load(p + 4), Vector128.Create(0x0001fffb).AsByte())
            + Portable128.MultiplyAdd16(Vector128.Load(p), Vector128.Create(0x00140014).AsByte());

    /// <summary>Clips even and odd samples and brings them in order.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<byte> Join(Vector128<int> even, Vector128<int> odd, Vector128<byte> max)
    {
        Vector128<ushort> v = Vector128.Min(Portable128.PackUnsigned(even, odd), max.AsUInt16());
        return Portable128.Shuffle(v.AsByte(), Vector128.Create((byte)0, 1, 8, 9, 2, 3, 10, 11, 4, 5, 12, 13, 6, 7, 14, 15));
    }
}
