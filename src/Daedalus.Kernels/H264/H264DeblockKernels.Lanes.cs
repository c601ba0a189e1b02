// SPDX-License-Identifier: LGPL-2.1-or-later
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.Arm;
using System.Runtime.Intrinsics.X86;
using Daedalus.Kernels.Vp9;

namespace Daedalus.Kernels.H264;

/// <summary>Spreads limits over lanes and moves narrow strips of columns between picture and vectors.</summary>
internal static unsafe class H264DeblockLanes
{
    /// <summary>Four bytes, each to 4 lanes.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<byte> Luma(uint four)
    {
        Vector128<byte> v = Vector128.CreateScalarUnsafe(four).AsByte();
        v = LoopFilterBytes128.UnpackLow(v, v);
        return LoopFilterWords128.UnpackLow(v.AsUInt16(), v.AsUInt16()).AsByte();
    }

    /// <summary>Eight bytes, each to 2 lanes.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<byte> Chroma(ulong eight)
    {
        Vector128<byte> v = Vector128.CreateScalarUnsafe(eight).AsByte();
        return LoopFilterBytes128.UnpackLow(v, v);
    }

    /// <summary>Each of two bytes to 8 lanes.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<byte> Halves(byte low, byte high) => Vector128.Create(low * 0x0101010101010101UL, high * 0x0101010101010101UL).AsByte();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<uint> UnpackLow(Vector128<uint> a, Vector128<uint> b) => Sse2.IsSupported ? Sse2.UnpackLow(a, b) : AdvSimd.Arm64.ZipLow(a, b);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<uint> UnpackHigh(Vector128<uint> a, Vector128<uint> b) => Sse2.IsSupported ? Sse2.UnpackHigh(a, b) : AdvSimd.Arm64.ZipHigh(a, b);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<uint> Quad(byte* p, nint stride)
        => Vector128.Create(*(uint*)p, *(uint*)(p + stride), *(uint*)(p + 2 * stride), *(uint*)(p + 3 * stride));

    /// <summary>4 columns of 8 rows of bytes at <paramref name="a"/> and 8 at <paramref name="b"/>: 16 lanes each.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void ColumnsIn(byte* a, byte* b, nint stride, out Vector128<byte> c0, out Vector128<byte> c1, out Vector128<byte> c2, out Vector128<byte> c3)
    {
        // Within each vector of 4 rows the 4×4 bytes change places, then the vectors' 4×4 quarters.
        Vector128<byte> order = Vector128.Create((byte)0, 4, 8, 12, 1, 5, 9, 13, 2, 6, 10, 14, 3, 7, 11, 15);
        Vector128<uint> v0 = Shuffle(Quad(a, stride), order), v1 = Shuffle(Quad(a + 4 * stride, stride), order);
        Vector128<uint> v2 = Shuffle(Quad(b, stride), order), v3 = Shuffle(Quad(b + 4 * stride, stride), order);
        Vector128<ulong> low01 = UnpackLow(v0, v1).AsUInt64(), low23 = UnpackLow(v2, v3).AsUInt64();
        Vector128<ulong> high01 = UnpackHigh(v0, v1).AsUInt64(), high23 = UnpackHigh(v2, v3).AsUInt64();
        c0 = Low(low01, low23);
        c1 = High(low01, low23);
        c2 = Low(high01, high23);
        c3 = High(high01, high23);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<uint> Shuffle(Vector128<uint> v, Vector128<byte> order)
        => Ssse3.IsSupported ? Ssse3.Shuffle(v.AsByte(), order).AsUInt32() : AdvSimd.Arm64.VectorTableLookup(v.AsByte(), order).AsUInt32();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<byte> Low(Vector128<ulong> a, Vector128<ulong> b) => (Sse2.IsSupported ? Sse2.UnpackLow(a, b) : AdvSimd.Arm64.ZipLow(a, b)).AsByte();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<byte> High(Vector128<ulong> a, Vector128<ulong> b) => (Sse2.IsSupported ? Sse2.UnpackHigh(a, b) : AdvSimd.Arm64.ZipHigh(a, b)).AsByte();

    /// <summary>Writes 4 columns back.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void ColumnsOut(byte* a, byte* b, nint stride, Vector128<byte> c0, Vector128<byte> c1, Vector128<byte> c2, Vector128<byte> c3)
    {
        Vector128<ushort> low01 = LoopFilterBytes128.UnpackLow(c0, c1).AsUInt16(), low23 = LoopFilterBytes128.UnpackLow(c2, c3).AsUInt16();
        Vector128<ushort> high01 = LoopFilterBytes128.UnpackHigh(c0, c1).AsUInt16(), high23 = LoopFilterBytes128.UnpackHigh(c2, c3).AsUInt16();
        LoopFilterBytes128.StoreQuad(a, stride, LoopFilterWords128.UnpackLow(low01, low23).AsByte());
        LoopFilterBytes128.StoreQuad(a + 4 * stride, stride, LoopFilterWords128.UnpackHigh(low01, low23).AsByte());
        LoopFilterBytes128.StoreQuad(b, stride, LoopFilterWords128.UnpackLow(high01, high23).AsByte());
        LoopFilterBytes128.StoreQuad(b + 4 * stride, stride, LoopFilterWords128.UnpackHigh(high01, high23).AsByte());
    }

    /// <summary>Writes 2 columns of bytes, 8 rows at <paramref name="a"/> and 8 at <paramref name="b"/>.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void MiddleOut(byte* a, byte* b, nint stride, Vector128<byte> c0, Vector128<byte> c1)
    {
        StorePairs(a, stride, LoopFilterBytes128.UnpackLow(c0, c1).AsUInt16());
        StorePairs(b, stride, LoopFilterBytes128.UnpackHigh(c0, c1).AsUInt16());
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void StorePairs(byte* p, nint stride, Vector128<ushort> v)
    {
        *(ushort*)p = v.GetElement(0);
        *(ushort*)(p + stride) = v.GetElement(1);
        *(ushort*)(p + 2 * stride) = v.GetElement(2);
        *(ushort*)(p + 3 * stride) = v.GetElement(3);
        p += 4 * stride;
        *(ushort*)p = v.GetElement(4);
        *(ushort*)(p + stride) = v.GetElement(5);
        *(ushort*)(p + 2 * stride) = v.GetElement(6);
        *(ushort*)(p + 3 * stride) = v.GetElement(7);
    }

    /// <summary>4 columns of 8 rows of words.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void ColumnsIn(byte* p, nint stride, out Vector128<ushort> c0, out Vector128<ushort> c1, out Vector128<ushort> c2, out Vector128<ushort> c3)
    {
        Vector128<ushort> u0 = LoopFilterWords128.UnpackLow(Half(p), Half(p + 4 * stride)), u1 = LoopFilterWords128.UnpackLow(Half(p + stride), Half(p + 5 * stride));
        Vector128<ushort> u2 = LoopFilterWords128.UnpackLow(Half(p + 2 * stride), Half(p + 6 * stride)), u3 = LoopFilterWords128.UnpackLow(Half(p + 3 * stride), Half(p + 7 * stride));
        Vector128<ushort> even = LoopFilterWords128.UnpackLow(u0, u2), odd = LoopFilterWords128.UnpackLow(u1, u3);
        c0 = LoopFilterWords128.UnpackLow(even, odd);
        c1 = LoopFilterWords128.UnpackHigh(even, odd);
        even = LoopFilterWords128.UnpackHigh(u0, u2);
        odd = LoopFilterWords128.UnpackHigh(u1, u3);
        c2 = LoopFilterWords128.UnpackLow(even, odd);
        c3 = LoopFilterWords128.UnpackHigh(even, odd);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<ushort> Half(byte* p) => Vector128.CreateScalarUnsafe(*(ulong*)p).AsUInt16();

    /// <summary>Writes 2 columns of 8 rows of words.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void MiddleOut(byte* p, nint stride, Vector128<ushort> c0, Vector128<ushort> c1)
    {
        LoopFilterBytes128.StoreQuad(p, stride, LoopFilterWords128.UnpackLow(c0, c1).AsByte());
        LoopFilterBytes128.StoreQuad(p + 4 * stride, stride, LoopFilterWords128.UnpackHigh(c0, c1).AsByte());
    }
}
