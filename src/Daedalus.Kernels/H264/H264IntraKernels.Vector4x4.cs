// SPDX-License-Identifier: LGPL-2.1-or-later
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using static Daedalus.Kernels.ByteVectors;

namespace Daedalus.Kernels.H264;

/// <content>
/// Intra_4x4 on 128-bit vectors, one body for both sample sizes. The line of neighbours from the lowest left sample to the last one above
/// needs eight lanes (and a ninth, which with 16-bit samples comes from a second vector).
/// </content>
public static unsafe partial class H264IntraKernels
{
    private static void FillVector4x4<TPixel>(H264KernelTable* table)
        where TPixel : unmanaged
    {
        var e = (nint*)&table->Intra4x4;
        Set4(e, 0, &Vector4x4Vertical<TPixel>);
        Set4(e, 1, &Vector4x4Horizontal<TPixel>);
        Set4(e, 2, &Vector4x4Dc<TPixel, DcBoth>);
        Set4(e, 3, &Vector4x4DownLeft<TPixel>);
        Set4(e, 4, &Vector4x4DownRight<TPixel>);
        Set4(e, 5, &Vector4x4VerticalRight<TPixel>);
        Set4(e, 6, &Vector4x4HorizontalDown<TPixel>);
        Set4(e, 7, &Vector4x4VerticalLeft<TPixel>);
        Set4(e, 8, &Vector4x4HorizontalUp<TPixel>);
        Set4(e, 9, &Vector4x4Dc<TPixel, DcLeft>);
        Set4(e, 10, &Vector4x4Dc<TPixel, DcAbove>);
        Set4(e, 11, &Vector4x4Dc<TPixel, DcNone>);
    }

    /// <summary>The line moved down by one sample; the first of next enters where the vector ends.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<byte> Next<TPixel>(Vector128<byte> v, Vector128<byte> next)
        where TPixel : unmanaged
        => sizeof(TPixel) == 1 ? Next1(v, next) : Next2(v, next);

    /// <summary>(a + b + 1) >> 1 of samples.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<byte> Mean2Of<TPixel>(Vector128<byte> a, Vector128<byte> b)
        where TPixel : unmanaged
        => sizeof(TPixel) == 1 ? Mean2(a, b) : HighMean2(a.AsUInt16(), b.AsUInt16()).AsByte();

    /// <summary>(a + 2b + c + 2) >> 2 of samples.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<byte> Mean3Of<TPixel>(Vector128<byte> a, Vector128<byte> b, Vector128<byte> c)
        where TPixel : unmanaged
        => sizeof(TPixel) == 1 ? Mean3(a, b, c) : HighMean3(a.AsUInt16(), b.AsUInt16(), c.AsUInt16()).AsByte();

    /// <summary>Samples of at most 14 bits: the sum of two has room.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<ushort> HighMean2(Vector128<ushort> a, Vector128<ushort> b)
        => (a + b + Vector128<ushort>.One) >>> 1;

    /// <summary>Samples of at most 14 bits: 4 * 16383 + 2 is below 2^16.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<ushort> HighMean3(Vector128<ushort> a, Vector128<ushort> b, Vector128<ushort> c)
        => (a + b + b + c + Vector128.Create((ushort)2)) >>> 2;

    /// <summary>Writes the vector's first four samples.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Store4<TPixel>(byte* dst, Vector128<byte> v)
        where TPixel : unmanaged
    {
        if (sizeof(TPixel) == 1)
        {
            *(uint*)dst = v.AsUInt32().ToScalar();
        }
        else
        {
            *(ulong*)dst = v.AsUInt64().ToScalar();
        }
    }

    /// <summary>Writes four times the same sample.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Fill4<TPixel>(byte* dst, int value)
        where TPixel : unmanaged
    {
        if (sizeof(TPixel) == 1)
        {
            *(uint*)dst = 0x01010101u * (uint)value;
        }
        else
        {
            *(ulong*)dst = 0x0001000100010001UL * (uint)value;
        }
    }

    /// <summary>The four samples to the left, the lowest first.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static ulong LeftUp4<TPixel>(byte* left, nint leftStride)
        where TPixel : unmanaged
    {
        var l1 = left + leftStride;
        var l2 = l1 + leftStride;
        var l3 = l2 + leftStride;
        return sizeof(TPixel) == 1
            ? (uint)(*l3 | *l2 << 8 | *l1 << 16 | *left << 24)
            : *(ushort*)l3 | (uint)(*(ushort*)l2 << 16) | (ulong)*(ushort*)l1 << 32 | (ulong)*(ushort*)left << 48;
    }

    /// <summary>The line l3 l2 l1 l0 corner a0 a1 a2, and moved down by one sample, to a3.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<byte> Line4<TPixel>(byte* above, byte* left, nint leftStride, out Vector128<byte> moved)
        where TPixel : unmanaged
    {
        var up = LeftUp4<TPixel>(left, leftStride);
        if (sizeof(TPixel) == 1)
        {
            var line = up | (ulong)*(uint*)(above - 1) << 32;
            moved = Vector128.CreateScalarUnsafe(line >> 8 | (ulong)above[3] << 56).AsByte();
            return Vector128.CreateScalarUnsafe(line).AsByte();
        }
        moved = Vector128.Create(up >> 16 | (ulong)*(ushort*)(above - 2) << 48, *(ulong*)above).AsByte();
        return Vector128.Create(up, *(ulong*)(above - 2)).AsByte();
    }

    private static void Vector4x4Vertical<TPixel>(byte* dst, nint stride, byte* above, byte* left, nint leftStride, int maxValue)
        where TPixel : unmanaged
    {
        var v = Vector128.CreateScalarUnsafe(sizeof(TPixel) == 1 ? *(uint*)above : *(ulong*)above).AsByte();
        Store4<TPixel>(dst, v);
        Store4<TPixel>(dst + stride, v);
        Store4<TPixel>(dst + 2 * stride, v);
        Store4<TPixel>(dst + 3 * stride, v);
    }

    private static void Vector4x4Horizontal<TPixel>(byte* dst, nint stride, byte* above, byte* left, nint leftStride, int maxValue)
        where TPixel : unmanaged
    {
        var l0 = Read<TPixel>(left, 0);
        var l1 = Read<TPixel>(left + leftStride, 0);
        var l2 = Read<TPixel>(left + 2 * leftStride, 0);
        var l3 = Read<TPixel>(left + 3 * leftStride, 0);
        Fill4<TPixel>(dst, l0);
        Fill4<TPixel>(dst + stride, l1);
        Fill4<TPixel>(dst + 2 * stride, l2);
        Fill4<TPixel>(dst + 3 * stride, l3);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static int Sum4<TPixel>(byte* p, nint step)
        where TPixel : unmanaged
        => Read<TPixel>(p, 0) + Read<TPixel>(p + step, 0) + Read<TPixel>(p + 2 * step, 0) + Read<TPixel>(p + 3 * step, 0);

    private static void Vector4x4Dc<TPixel, TEdges>(byte* dst, nint stride, byte* above, byte* left, nint leftStride, int maxValue)
        where TPixel : unmanaged
        where TEdges : struct, IDcEdges
    {
        var value = TEdges.Edges switch
        {
            Left | Above => (Sum4<TPixel>(above, sizeof(TPixel)) + Sum4<TPixel>(left, leftStride) + 4) >> 3,
            Left => (Sum4<TPixel>(left, leftStride) + 2) >> 2,
            Above => (Sum4<TPixel>(above, sizeof(TPixel)) + 2) >> 2,
            _ => (maxValue + 1) >> 1,
        };
        Fill4<TPixel>(dst, value);
        Fill4<TPixel>(dst + stride, value);
        Fill4<TPixel>(dst + 2 * stride, value);
        Fill4<TPixel>(dst + 3 * stride, value);
    }

    /// <summary>The eight samples above, and moved down by one and two with the last one repeated.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<byte> Above8<TPixel>(byte* above, out Vector128<byte> moved1, out Vector128<byte> moved2)
        where TPixel : unmanaged
    {
        if (sizeof(TPixel) == 1)
        {
            var line = *(ulong*)above;
            var line1 = line >> 8 | (line & 0xFF00000000000000);
            moved1 = Vector128.CreateScalarUnsafe(line1).AsByte();
            moved2 = Vector128.CreateScalarUnsafe(line1 >> 8).AsByte();
            return Vector128.CreateScalarUnsafe(line).AsByte();
        }
        var v = Vector128.Load(above);
        var last = Vector128.Create(((ushort*)above)[7]).AsByte();
        moved1 = Next2(v, last);
        moved2 = Next2(moved1, last);
        return v;
    }

    private static void Vector4x4DownLeft<TPixel>(byte* dst, nint stride, byte* above, byte* left, nint leftStride, int maxValue)
        where TPixel : unmanaged
    {
        var a = Above8<TPixel>(above, out var a1, out var a2);
        var r0 = Mean3Of<TPixel>(a, a1, a2);
        var r1 = Next<TPixel>(r0, r0);
        var r2 = Next<TPixel>(r1, r1);
        var r3 = Next<TPixel>(r2, r2);
        Store4<TPixel>(dst, r0);
        Store4<TPixel>(dst + stride, r1);
        Store4<TPixel>(dst + 2 * stride, r2);
        Store4<TPixel>(dst + 3 * stride, r3);
    }

    private static void Vector4x4VerticalLeft<TPixel>(byte* dst, nint stride, byte* above, byte* left, nint leftStride, int maxValue)
        where TPixel : unmanaged
    {
        var a = Above8<TPixel>(above, out var a1, out var a2);
        var r0 = Mean2Of<TPixel>(a, a1);
        var r1 = Mean3Of<TPixel>(a, a1, a2);
        Store4<TPixel>(dst, r0);
        Store4<TPixel>(dst + stride, r1);
        Store4<TPixel>(dst + 2 * stride, Next<TPixel>(r0, r0));
        Store4<TPixel>(dst + 3 * stride, Next<TPixel>(r1, r1));
    }

    private static void Vector4x4DownRight<TPixel>(byte* dst, nint stride, byte* above, byte* left, nint leftStride, int maxValue)
        where TPixel : unmanaged
    {
        var e = Line4<TPixel>(above, left, leftStride, out var e1);
        var r3 = Mean3Of<TPixel>(e, e1, Next<TPixel>(e1, e1));
        var r2 = Next<TPixel>(r3, r3);
        var r1 = Next<TPixel>(r2, r2);
        var r0 = Next<TPixel>(r1, r1);
        Store4<TPixel>(dst, r0);
        Store4<TPixel>(dst + stride, r1);
        Store4<TPixel>(dst + 2 * stride, r2);
        Store4<TPixel>(dst + 3 * stride, r3);
    }

    private static void Vector4x4VerticalRight<TPixel>(byte* dst, nint stride, byte* above, byte* left, nint leftStride, int maxValue)
        where TPixel : unmanaged
    {
        // Of l2 l1 l0 corner a0..a3: means of two from place 3 on are row 0, of three from place 2 on row 1; two left means of three begin rows 3 and 2.
        Line4<TPixel>(above, left, leftStride, out var e);
        var e1 = Next<TPixel>(e, e);
        var m2 = Mean2Of<TPixel>(e, e1);
        var m3 = Mean3Of<TPixel>(e, e1, Next<TPixel>(e1, e1));
        Vector128<byte> even;
        Vector128<byte> odd;
        if (sizeof(TPixel) == 1)
        {
            even = Select(m3, Vector128.Create((byte)1, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255))
                | Select(m2, Vector128.Create((byte)255, 3, 4, 5, 6, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255));
            odd = Select(m3, Vector128.Create((byte)0, 2, 3, 4, 5, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255));
        }
        else
        {
            even = Select(m3, Vector128.Create((byte)2, 3, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255))
                | Select(m2, Vector128.Create((byte)255, 255, 6, 7, 8, 9, 10, 11, 12, 13, 255, 255, 255, 255, 255, 255));
            odd = Select(m3, Vector128.Create((byte)0, 1, 4, 5, 6, 7, 8, 9, 10, 11, 255, 255, 255, 255, 255, 255));
        }
        Store4<TPixel>(dst, Next<TPixel>(even, even));
        Store4<TPixel>(dst + stride, Next<TPixel>(odd, odd));
        Store4<TPixel>(dst + 2 * stride, even);
        Store4<TPixel>(dst + 3 * stride, odd);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<byte> Interleave<TPixel>(Vector128<byte> a, Vector128<byte> b)
        where TPixel : unmanaged
        => sizeof(TPixel) == 1 ? InterleaveLow(a, b) : InterleaveLow(a.AsUInt16(), b.AsUInt16()).AsByte();

    private static void Vector4x4HorizontalDown<TPixel>(byte* dst, nint stride, byte* above, byte* left, nint leftStride, int maxValue)
        where TPixel : unmanaged
    {
        // Means of two and of three alternate upwards; from the corner on only means of three follow.
        var e = Line4<TPixel>(above, left, leftStride, out var e1);
        var m2 = Mean2Of<TPixel>(e, e1);
        var m3 = Mean3Of<TPixel>(e, e1, Next<TPixel>(e1, e1));
        var q3 = Interleave<TPixel>(m2, m3);
        Vector128<byte> q2;
        Vector128<byte> q1;
        Vector128<byte> q0;
        if (sizeof(TPixel) == 1)
        {
            q2 = Next2(q3, q3);
            q1 = Next2(q2, q2);
            q0 = Select(q3, Vector128.Create((byte)6, 7, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255))
                | Select(m3, Vector128.Create((byte)255, 255, 4, 5, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255));
        }
        else
        {
            q2 = Select(q3, Vector128.Create((byte)4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 255, 255, 255, 255));
            q1 = Select(q3, Vector128.Create((byte)8, 9, 10, 11, 12, 13, 14, 15, 255, 255, 255, 255, 255, 255, 255, 255));
            q0 = Select(q3, Vector128.Create((byte)12, 13, 14, 15, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255))
                | Select(m3, Vector128.Create((byte)255, 255, 255, 255, 8, 9, 10, 11, 255, 255, 255, 255, 255, 255, 255, 255));
        }
        Store4<TPixel>(dst, q0);
        Store4<TPixel>(dst + stride, q1);
        Store4<TPixel>(dst + 2 * stride, q2);
        Store4<TPixel>(dst + 3 * stride, q3);
    }

    private static void Vector4x4HorizontalUp<TPixel>(byte* dst, nint stride, byte* above, byte* left, nint leftStride, int maxValue)
        where TPixel : unmanaged
    {
        var up = LeftUp4<TPixel>(left, leftStride);
        var l3 = Read<TPixel>(left + 3 * leftStride, 0);
        // l0 l1 l2 l3 l3 l3 l3 l3 from l3 l2 l1 l0.
        var lanes = Vector128.CreateScalarUnsafe(up).AsByte();
        var e = Select(lanes, sizeof(TPixel) == 1
            ? Vector128.Create((byte)3, 2, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0)
            : Vector128.Create((byte)6, 7, 4, 5, 2, 3, 0, 1, 0, 1, 0, 1, 0, 1, 0, 1));
        var e1 = Next<TPixel>(e, e);
        var m2 = Mean2Of<TPixel>(e, e1);
        var m3 = Mean3Of<TPixel>(e, e1, Next<TPixel>(e1, e1));
        var q0 = Interleave<TPixel>(m2, m3);
        var q1 = Next<TPixel>(Next<TPixel>(q0, q0), q0);
        Store4<TPixel>(dst, q0);
        Store4<TPixel>(dst + stride, q1);
        Store4<TPixel>(dst + 2 * stride, Next<TPixel>(Next<TPixel>(q1, q1), q1));
        Fill4<TPixel>(dst + 3 * stride, l3);
    }
}
