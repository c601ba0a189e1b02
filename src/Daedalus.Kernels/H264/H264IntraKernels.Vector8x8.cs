// SPDX-License-Identifier: LGPL-2.1-or-later
using System.Buffers.Binary;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using static Daedalus.Kernels.ByteVectors;

namespace Daedalus.Kernels.H264;

/// <content>8-bit Intra_8x8 on 128-bit vectors, one body for SSE4.1 and AdvSimd: the filtered line of neighbours stays in registers.</content>
public static unsafe partial class H264IntraKernels
{
    private static void FillVector8x8(H264KernelTable* table)
    {
        var e = (nint*)&table->Intra8x8;
        Set(e, 0, &Vector8x8Vertical);
        Set(e, 1, &Vector8x8Horizontal);
        Set(e, 2, &Vector8x8Dc);
        Set(e, 3, &Vector8x8DownLeft);
        Set(e, 4, &Vector8x8DownRight);
        Set(e, 5, &Vector8x8VerticalRight);
        Set(e, 6, &Vector8x8HorizontalDown);
        Set(e, 7, &Vector8x8VerticalLeft);
        Set(e, 8, &Vector8x8HorizontalUp);
    }

    /// <summary>The 16 samples above, filtered (8.3.2.2.1).</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<byte> FilteredAbove16(byte* above, int available)
    {
        var a = (available & AboveRight) != 0 ? Vector128.Load(above) : Vector128.Create(*(ulong*)above, 0x0101010101010101UL * above[7]).AsByte();
        var first = (available & AboveLeft) != 0 ? above[-1] : above[0];
        return Mean3(Push1(a, Vector128.Create(first)), a, Next1(a, Select(a, Vector128.Create((byte)15))));
    }

    /// <summary>The 8 samples above, filtered.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static ulong FilteredAbove8(byte* above, int available)
    {
        var a = *(ulong*)above;
        var first = (available & AboveLeft) != 0 ? above[-1] : (byte)a;
        var next = (available & AboveRight) != 0 ? above[8] : a >> 56;
        return Mean3Of8(a << 8 | first, a, a >> 8 | next << 56);
    }

    /// <summary>The 8 samples to the left, filtered, from the top.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static ulong FilteredLeft8(byte* above, byte* left, nint leftStride, int available)
    {
        var l2 = left + 2 * leftStride;
        var l4 = l2 + 2 * leftStride;
        var l6 = l4 + 2 * leftStride;
        var low = (uint)(*left | left[leftStride] << 8 | *l2 << 16 | l2[leftStride] << 24);
        var high = (uint)(*l4 | l4[leftStride] << 8 | *l6 << 16 | l6[leftStride] << 24);
        var l = low | (ulong)high << 32;
        var first = (available & AboveLeft) != 0 ? above[-1] : (byte)l;
        return Mean3Of8(l << 8 | first, l, l >> 8 | (l & 0xFF00000000000000));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static ulong Mean3Of8(ulong a, ulong b, ulong c)
        => Mean3(Vector128.CreateScalarUnsafe(a).AsByte(), Vector128.CreateScalarUnsafe(b).AsByte(), Vector128.CreateScalarUnsafe(c).AsByte()).AsUInt64().ToScalar();

    /// <summary>The filtered line l7..l0 corner a0..a6, and moved down by one (to a7) and two. Three edges are needed for it.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<byte> Line8(byte* above, byte* left, nint leftStride, int available, out Vector128<byte> moved1, out Vector128<byte> moved2)
    {
        var up = BinaryPrimitives.ReverseEndianness(FilteredLeft8(above, left, leftStride, available));
        var a = FilteredAbove8(above, available);
        var before = (available & Above) != 0 ? above[0] : above[-1];
        var after = (available & Left) != 0 ? *left : above[-1];
        var corner = (ulong)(uint)Mean3(before, above[-1], after);
        moved1 = Vector128.Create(up >> 8 | corner << 56, a).AsByte();
        moved2 = Next1(moved1, moved1);
        return Vector128.Create(up, a << 8 | corner).AsByte();
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Store8(byte* dst, Vector128<byte> v) => *(ulong*)dst = v.AsUInt64().ToScalar();

    private static void Vector8x8Vertical(byte* dst, nint stride, byte* above, byte* left, nint leftStride, int available, int maxValue)
        => Fill8x8(dst, stride, FilteredAbove8(above, available));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Fill8x8(byte* dst, nint stride, ulong row)
    {
        var d4 = dst + 4 * stride;
        *(ulong*)dst = row;
        *(ulong*)(dst + stride) = row;
        *(ulong*)(dst + 2 * stride) = row;
        *(ulong*)(dst + 3 * stride) = row;
        *(ulong*)d4 = row;
        *(ulong*)(d4 + stride) = row;
        *(ulong*)(d4 + 2 * stride) = row;
        *(ulong*)(d4 + 3 * stride) = row;
    }

    private static void Vector8x8Horizontal(byte* dst, nint stride, byte* above, byte* left, nint leftStride, int available, int maxValue)
    {
        var l = FilteredLeft8(above, left, leftStride, available);
        for (var y = 0; y < 8; y++, dst += stride)
        {
            *(ulong*)dst = 0x0101010101010101UL * (byte)l;
            l >>= 8;
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static int SumOf8(ulong samples) => Sum16(Vector128.CreateScalar(samples).AsByte());

    private static void Vector8x8Dc(byte* dst, nint stride, byte* above, byte* left, nint leftStride, int available, int maxValue)
    {
        var value = 128;
        if ((available & (Left | Above)) == (Left | Above))
        {
            value = (SumOf8(FilteredAbove8(above, available)) + SumOf8(FilteredLeft8(above, left, leftStride, available)) + 8) >> 4;
        }
        else if ((available & Left) != 0)
        {
            value = (SumOf8(FilteredLeft8(above, left, leftStride, available)) + 4) >> 3;
        }
        else if ((available & Above) != 0)
        {
            value = (SumOf8(FilteredAbove8(above, available)) + 4) >> 3;
        }
        Fill8x8(dst, stride, 0x0101010101010101UL * (uint)value);
    }

    private static void Vector8x8DownLeft(byte* dst, nint stride, byte* above, byte* left, nint leftStride, int available, int maxValue)
    {
        var a = FilteredAbove16(above, available);
        var last = Select(a, Vector128.Create((byte)15));
        var a1 = Next1(a, last);
        var row = Mean3(a, a1, Next1(a1, last));
        for (var y = 0; y < 8; y++, dst += stride)
        {
            Store8(dst, row);
            row = Next1(row, row);
        }
    }

    private static void Vector8x8VerticalLeft(byte* dst, nint stride, byte* above, byte* left, nint leftStride, int available, int maxValue)
    {
        var a = FilteredAbove16(above, available);
        var a1 = Next1(a, a);
        var even = Mean2(a, a1);
        var odd = Mean3(a, a1, Next1(a1, a1));
        for (var y = 0; y < 8; y += 2, dst += 2 * stride)
        {
            Store8(dst, even);
            Store8(dst + stride, odd);
            even = Next1(even, even);
            odd = Next1(odd, odd);
        }
    }

    private static void Vector8x8DownRight(byte* dst, nint stride, byte* above, byte* left, nint leftStride, int available, int maxValue)
    {
        var e = Line8(above, left, leftStride, available, out var e1, out var e2);
        var row = Mean3(e, e1, e2);
        var d = dst + 7 * stride;
        for (var y = 0; y < 8; y++, d -= stride)
        {
            Store8(d, row);
            row = Next1(row, row);
        }
    }

    private static void Vector8x8VerticalRight(byte* dst, nint stride, byte* above, byte* left, nint leftStride, int available, int maxValue)
    {
        // Every second mean of three of the left samples enters the even rows from the left, the others the odd ones; from the bottom up.
        var e = Line8(above, left, leftStride, available, out var e1, out var e2);
        var m2 = Mean2(e, e1);
        var m3 = Mean3(e, e1, e2);
        var even = Select(m3, Vector128.Create((byte)2, 4, 6, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255))
            | Select(m2, Vector128.Create((byte)255, 255, 255, 8, 9, 10, 11, 12, 13, 14, 15, 255, 255, 255, 255, 255));
        var odd = Select(m3, Vector128.Create((byte)1, 3, 5, 7, 8, 9, 10, 11, 12, 13, 14, 255, 255, 255, 255, 255));
        var d = dst + 6 * stride;
        for (var y = 0; y < 8; y += 2, d -= 2 * stride)
        {
            Store8(d, even);
            Store8(d + stride, odd);
            even = Next1(even, even);
            odd = Next1(odd, odd);
        }
    }

    private static void Vector8x8HorizontalDown(byte* dst, nint stride, byte* above, byte* left, nint leftStride, int available, int maxValue)
    {
        // Means of two and of three alternate from the bottom up to the corner; then means of three follow.
        var e = Line8(above, left, leftStride, available, out var e1, out var e2);
        var m3 = Mean3(e, e1, e2);
        var row = InterleaveLow(Mean2(e, e1), m3);
        var rest = Vector128.CreateScalarUnsafe(m3.AsUInt64().GetElement(1)).AsByte();
        var d = dst + 7 * stride;
        for (var y = 0; y < 8; y++, d -= stride)
        {
            Store8(d, row);
            row = Next2(row, rest);
            rest = Next2(rest, rest);
        }
    }

    private static void Vector8x8HorizontalUp(byte* dst, nint stride, byte* above, byte* left, nint leftStride, int available, int maxValue)
    {
        var l = FilteredLeft8(above, left, leftStride, available);
        var last = 0x0101010101010101UL * (l >> 56);
        var e = Vector128.Create(l, last).AsByte();
        var e1 = Next1(e, e);
        var row = InterleaveLow(Mean2(e, e1), Mean3(e, e1, Next1(e1, e1)));
        var rest = Vector128.Create(last).AsByte();
        for (var y = 0; y < 8; y++, dst += stride)
        {
            Store8(dst, row);
            row = Next2(row, rest);
        }
    }
}
