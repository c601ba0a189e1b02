// SPDX-License-Identifier: LGPL-2.1-or-later
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace Daedalus.Kernels;

/// <summary>How a finished row piece reaches the destination.</summary>
internal unsafe interface IStore
{
    static abstract void Store2(byte* dst, Vector128<byte> v);
    static abstract void Store4(byte* dst, Vector128<byte> v);
    static abstract void Store8(byte* dst, Vector128<byte> v);
    static abstract void Store16(byte* dst, Vector128<byte> v);
    static abstract void Store32(byte* dst, Vector256<byte> v);
}

/// <summary>Single prediction.</summary>
internal readonly unsafe struct StorePut : IStore
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Store2(byte* dst, Vector128<byte> v) => Unsafe.WriteUnaligned(dst, v.AsUInt16().ToScalar());

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Store4(byte* dst, Vector128<byte> v) => Unsafe.WriteUnaligned(dst, v.AsUInt32().ToScalar());

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Store8(byte* dst, Vector128<byte> v) => Unsafe.WriteUnaligned(dst, v.AsUInt64().ToScalar());

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Store16(byte* dst, Vector128<byte> v) => v.Store(dst);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Store32(byte* dst, Vector256<byte> v) => v.Store(dst);
}

/// <summary>Second prediction of a block, averaged with the first, 8-bit samples.</summary>
internal readonly unsafe struct StoreAverage8 : IStore
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Store2(byte* dst, Vector128<byte> v)
        => Unsafe.WriteUnaligned(dst, Portable128.AverageBytes(v, Vector128.CreateScalarUnsafe(Unsafe.ReadUnaligned<ushort>(dst)).AsByte()).AsUInt16().ToScalar());

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Store4(byte* dst, Vector128<byte> v)
        => Unsafe.WriteUnaligned(dst, Portable128.AverageBytes(v, Vector128.CreateScalarUnsafe(Unsafe.ReadUnaligned<uint>(dst)).AsByte()).AsUInt32().ToScalar());

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Store8(byte* dst, Vector128<byte> v)
        => Unsafe.WriteUnaligned(dst, Portable128.AverageBytes(v, Vector128.CreateScalarUnsafe(Unsafe.ReadUnaligned<ulong>(dst)).AsByte()).AsUInt64().ToScalar());

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Store16(byte* dst, Vector128<byte> v) => Portable128.AverageBytes(v, Vector128.Load(dst)).Store(dst);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Store32(byte* dst, Vector256<byte> v) => Avx2.Average(v, Vector256.Load(dst)).Store(dst);
}

/// <summary>Second prediction of a block, averaged with the first, samples above 8 bits.</summary>
internal readonly unsafe struct StoreAverage16 : IStore
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Store2(byte* dst, Vector128<byte> v)
        => Unsafe.WriteUnaligned(dst, Portable128.AverageWords(v, Vector128.CreateScalarUnsafe(Unsafe.ReadUnaligned<ushort>(dst)).AsByte()).AsUInt16().ToScalar());

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Store4(byte* dst, Vector128<byte> v)
        => Unsafe.WriteUnaligned(dst, Portable128.AverageWords(v, Vector128.CreateScalarUnsafe(Unsafe.ReadUnaligned<uint>(dst)).AsByte()).AsUInt32().ToScalar());

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Store8(byte* dst, Vector128<byte> v)
        => Unsafe.WriteUnaligned(dst, Portable128.AverageWords(v, Vector128.CreateScalarUnsafe(Unsafe.ReadUnaligned<ulong>(dst)).AsByte()).AsUInt64().ToScalar());

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Store16(byte* dst, Vector128<byte> v) => Portable128.AverageWords(v, Vector128.Load(dst)).Store(dst);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Store32(byte* dst, Vector256<byte> v)
        => Avx2.Average(v.AsUInt16(), Vector256.Load(dst).AsUInt16()).AsByte().Store(dst);
}
