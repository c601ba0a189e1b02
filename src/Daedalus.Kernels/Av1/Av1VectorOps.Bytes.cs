// SPDX-License-Identifier: LGPL-2.1-or-later
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace Daedalus.Kernels.Av1;

/// <summary>Filters over bytes: pairs of neighbours times pairs of taps.</summary>
internal unsafe partial interface IAv1Ops<TVector>
{
    /// <summary>16 bytes from p on, and in a wide vector 16 from p + 8 on beside them: what the filter of 8 words in each half reads.</summary>
    static abstract TVector Window(byte* p);
    /// <summary>Bytes low, high, low, high ….</summary>
    static abstract TVector BytePairs(int low, int high);
    /// <summary>Bytes n, n + 1, n + 1, n + 2, … of each half.</summary>
    static abstract TVector NeighbourPairs(int n);
    /// <summary>Bytes of each half by index.</summary>
    static abstract TVector ShuffleBytes(TVector v, TVector indices);
    /// <summary>Count bytes of a and of b by turns.</summary>
    static abstract TVector ZipBytes(byte* a, byte* b);
    /// <summary>Unsigned bytes of a times signed bytes of b, neighbours added to words.</summary>
    static abstract TVector MultiplyAddBytes(TVector a, TVector b);
}

internal readonly unsafe partial struct Av1Ops128
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<byte> Window(byte* p) => Vector128.Load(p);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<byte> BytePairs(int low, int high) => Vector128.Create((ushort)(low & 0xff | high << 8)).AsByte();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<byte> NeighbourPairs(int n) => Vector128.Create((byte)0, 1, 1, 2, 2, 3, 3, 4, 4, 5, 5, 6, 6, 7, 7, 8) + Vector128.Create((byte)n);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<byte> ShuffleBytes(Vector128<byte> v, Vector128<byte> indices) => Portable128.Shuffle(v, indices);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<byte> ZipBytes(byte* a, byte* b)
        => Portable128.ZipLow(Vector128.CreateScalarUnsafe(Unsafe.ReadUnaligned<ulong>(a)).AsByte(), Vector128.CreateScalarUnsafe(Unsafe.ReadUnaligned<ulong>(b)).AsByte());

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<byte> MultiplyAddBytes(Vector128<byte> a, Vector128<byte> b) => Portable128.MultiplyAdd8(a, b).AsByte();
}

internal readonly unsafe partial struct Av1Ops256
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<byte> Window(byte* p) => Avx2.InsertVector128(Vector128.Load(p).ToVector256Unsafe(), Vector128.Load(p + 8), 1);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<byte> BytePairs(int low, int high) => Vector256.Create((ushort)(low & 0xff | high << 8)).AsByte();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<byte> NeighbourPairs(int n)
        => Vector256.Create((byte)0, 1, 1, 2, 2, 3, 3, 4, 4, 5, 5, 6, 6, 7, 7, 8, 0, 1, 1, 2, 2, 3, 3, 4, 4, 5, 5, 6, 6, 7, 7, 8) + Vector256.Create((byte)n);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<byte> ShuffleBytes(Vector256<byte> v, Vector256<byte> indices) => Avx2.Shuffle(v, indices);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<byte> ZipBytes(byte* a, byte* b)
    {
        Vector128<byte> x = Vector128.Load(a), y = Vector128.Load(b);
        return Avx2.InsertVector128(Sse2.UnpackLow(x, y).ToVector256Unsafe(), Sse2.UnpackHigh(x, y), 1);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<byte> MultiplyAddBytes(Vector256<byte> a, Vector256<byte> b) => Avx2.MultiplyAddAdjacent(a, b.AsSByte()).AsByte();
}
