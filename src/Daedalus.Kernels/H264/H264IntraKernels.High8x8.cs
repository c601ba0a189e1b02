// SPDX-License-Identifier: LGPL-2.1-or-later
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using static Daedalus.Kernels.ByteVectors;

namespace Daedalus.Kernels.H264;

/// <content>
/// Intra_8x8 of 9 to 14 bits: the line of neighbours, filtered, goes to scratch; so does the line of distinct samples a mode makes of it,
/// and every row is a copy of a window of that.
/// </content>
public static unsafe partial class H264IntraKernels
{
    private static void FillHigh8x8(H264KernelTable* table)
    {
        var e = (nint*)&table->Intra8x8;
        Set(e, 0, &High8x8Vertical);
        Set(e, 1, &High8x8Horizontal);
        Set(e, 2, &High8x8Dc);
        Set(e, 3, &High8x8DownLeft);
        Set(e, 4, &High8x8DownRight);
        Set(e, 5, &High8x8VerticalRight);
        Set(e, 6, &High8x8HorizontalDown);
        Set(e, 7, &High8x8VerticalLeft);
        Set(e, 8, &High8x8HorizontalUp);
    }

    /// <summary>Room for 64 samples: a line, with whole vectors beyond.</summary>
    [StructLayout(LayoutKind.Sequential, Size = 128)]
    internal struct HighLine
    {
        private readonly ushort _first;
    }

    /// <summary>The 16 samples above, filtered, in two vectors.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<ushort> HighAbove(byte* above, int available, out Vector128<ushort> second)
    {
        var a = (ushort*)above;
        var v0 = Vector128.Load(a);
        var v1 = (available & AboveRight) != 0 ? Vector128.Load(a + 8) : Vector128.Create(a[7]);
        var first = (available & AboveLeft) != 0 ? a[-1] : a[0];
        var last = Vector128.Create(v1.GetElement(7));
        second = HighMean3(Push2(v1.AsByte(), v0.AsByte()).AsUInt16(), v1, Next2(v1.AsByte(), last.AsByte()).AsUInt16());
        return HighMean3(Push2(v0.AsByte(), Vector128.Create(first).AsByte()).AsUInt16(), v0, Next2(v0.AsByte(), v1.AsByte()).AsUInt16());
    }

    /// <summary>The 8 samples above, filtered.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<ushort> HighAbove8(byte* above, int available)
    {
        var a = (ushort*)above;
        var v = Vector128.Load(a);
        var first = (available & AboveLeft) != 0 ? a[-1] : a[0];
        var next = (available & AboveRight) != 0 ? a[8] : a[7];
        return HighMean3(Push2(v.AsByte(), Vector128.Create(first).AsByte()).AsUInt16(), v, Next2(v.AsByte(), Vector128.Create(next).AsByte()).AsUInt16());
    }

    /// <summary>The 8 samples to the left, filtered, from the top.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<ushort> HighLeft8(byte* above, byte* left, nint leftStride, int available)
    {
        var l4 = left + 4 * leftStride;
        var low = *(ushort*)left | (uint)(*(ushort*)(left + leftStride) << 16)
            | (ulong)*(ushort*)(left + 2 * leftStride) << 32 | (ulong)*(ushort*)(left + 3 * leftStride) << 48;
        var high = *(ushort*)l4 | (uint)(*(ushort*)(l4 + leftStride) << 16)
            | (ulong)*(ushort*)(l4 + 2 * leftStride) << 32 | (ulong)*(ushort*)(l4 + 3 * leftStride) << 48;
        var v = Vector128.Create(low, high);
        var first = (available & AboveLeft) != 0 ? *(ushort*)(above - 2) : (ushort)low;
        var before = Push2(v.AsByte(), Vector128.Create(first).AsByte()).AsUInt16();
        return HighMean3(before, v.AsUInt16(), Next2(v.AsByte(), Vector128.Create((ushort)(high >> 48)).AsByte()).AsUInt16());
    }

    /// <summary>Writes the filtered line l7..l0 corner a0..a7.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void HighLine8(ushort* line, byte* above, byte* left, nint leftStride, int available)
    {
        var corner = *(ushort*)(above - 2);
        var before = (available & Above) != 0 ? *(ushort*)above : corner;
        var after = (available & Left) != 0 ? *(ushort*)left : corner;
        var reversed = Select(HighLeft8(above, left, leftStride, available).AsByte(), Vector128.Create((byte)14, 15, 12, 13, 10, 11, 8, 9, 6, 7, 4, 5, 2, 3, 0, 1));
        reversed.AsUInt16().Store(line);
        line[8] = (ushort)Mean3(before, corner, after);
        HighAbove8(above, available).Store(line + 9);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<ushort> Mean2At(ushort* line) => HighMean2(Vector128.Load(line), Vector128.Load(line + 1));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<ushort> Mean3At(ushort* line) => HighMean3(Vector128.Load(line), Vector128.Load(line + 1), Vector128.Load(line + 2));

    private static void High8x8Vertical(byte* dst, nint stride, byte* above, byte* left, nint leftStride, int available, int maxValue)
        => HighFill8(dst, stride, HighAbove8(above, available), 8);

    /// <summary>The same row n times.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void HighFill8(byte* dst, nint stride, Vector128<ushort> row, int n)
    {
        for (var y = 0; y < n; y += 2, dst += 2 * stride)
        {
            row.Store((ushort*)dst);
            row.Store((ushort*)(dst + stride));
        }
    }

    [SkipLocalsInit]
    private static void High8x8Horizontal(byte* dst, nint stride, byte* above, byte* left, nint leftStride, int available, int maxValue)
    {
        HighLine scratch;
        var line = (ushort*)&scratch;
        HighLeft8(above, left, leftStride, available).Store(line);
        for (var y = 0; y < 8; y++, dst += stride)
        {
            Vector128.Create(line[y]).Store((ushort*)dst);
        }
    }

    /// <summary>Sum of eight samples of at most 14 bits.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static int HighSum8(Vector128<ushort> v) => (int)Vector128.Sum(Vector128.WidenLower(v) + Vector128.WidenUpper(v));

    private static void High8x8Dc(byte* dst, nint stride, byte* above, byte* left, nint leftStride, int available, int maxValue)
    {
        var value = (maxValue + 1) >> 1;
        if ((available & (Left | Above)) == (Left | Above))
        {
            value = (HighSum8(HighAbove8(above, available)) + HighSum8(HighLeft8(above, left, leftStride, available)) + 8) >> 4;
        }
        else if ((available & Left) != 0)
        {
            value = (HighSum8(HighLeft8(above, left, leftStride, available)) + 4) >> 3;
        }
        else if ((available & Above) != 0)
        {
            value = (HighSum8(HighAbove8(above, available)) + 4) >> 3;
        }
        HighFill8(dst, stride, Vector128.Create((ushort)value), 8);
    }

    [SkipLocalsInit]
    private static void High8x8DownLeft(byte* dst, nint stride, byte* above, byte* left, nint leftStride, int available, int maxValue)
    {
        HighLine scratch;
        HighLine distinct;
        var line = (ushort*)&scratch;
        var rows = (ushort*)&distinct;
        HighAbove(above, available, out var second).Store(line);
        second.Store(line + 8);
        line[16] = line[15];
        line[17] = line[15];
        Mean3At(line).Store(rows);
        Mean3At(line + 8).Store(rows + 8);
        for (var y = 0; y < 8; y++, dst += stride)
        {
            Vector128.Load(rows + y).Store((ushort*)dst);
        }
    }

    [SkipLocalsInit]
    private static void High8x8VerticalLeft(byte* dst, nint stride, byte* above, byte* left, nint leftStride, int available, int maxValue)
    {
        HighLine scratch;
        var line = (ushort*)&scratch;
        HighAbove(above, available, out var second).Store(line);
        second.Store(line + 8);
        for (var y = 0; y < 4; y++, dst += 2 * stride)
        {
            Mean2At(line + y).Store((ushort*)dst);
            Mean3At(line + y).Store((ushort*)(dst + stride));
        }
    }

    [SkipLocalsInit]
    private static void High8x8DownRight(byte* dst, nint stride, byte* above, byte* left, nint leftStride, int available, int maxValue)
    {
        HighLine scratch;
        HighLine distinct;
        var line = (ushort*)&scratch;
        var rows = (ushort*)&distinct;
        HighLine8(line, above, left, leftStride, available);
        Mean3At(line).Store(rows);
        Mean3At(line + 8).Store(rows + 8);
        for (var y = 0; y < 8; y++, dst += stride)
        {
            Vector128.Load(rows + 7 - y).Store((ushort*)dst);
        }
    }

    [SkipLocalsInit]
    private static void High8x8VerticalRight(byte* dst, nint stride, byte* above, byte* left, nint leftStride, int available, int maxValue)
    {
        // Every second mean of three of the left samples enters the even rows from the left, the others the odd ones; from the bottom up.
        HighLine scratch;
        HighLine distinct;
        HighLine other;
        var line = (ushort*)&scratch;
        var even = (ushort*)&distinct;
        var odd = (ushort*)&other;
        HighLine8(line, above, left, leftStride, available);
        var m3 = Mean3At(line).AsByte();
        Select(m3, Vector128.Create((byte)4, 5, 8, 9, 12, 13, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255)).AsUInt16().Store(even);
        Mean2At(line + 8).Store(even + 3);
        Select(m3, Vector128.Create((byte)2, 3, 6, 7, 10, 11, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255)).AsUInt16().Store(odd);
        Mean3At(line + 7).Store(odd + 3);
        for (var y = 0; y < 4; y++, dst += 2 * stride)
        {
            Vector128.Load(even + 3 - y).Store((ushort*)dst);
            Vector128.Load(odd + 3 - y).Store((ushort*)(dst + stride));
        }
    }

    [SkipLocalsInit]
    private static void High8x8HorizontalDown(byte* dst, nint stride, byte* above, byte* left, nint leftStride, int available, int maxValue)
    {
        // Means of two and of three alternate from the bottom up to the corner; then means of three follow.
        HighLine scratch;
        HighLine distinct;
        var line = (ushort*)&scratch;
        var rows = (ushort*)&distinct;
        HighLine8(line, above, left, leftStride, available);
        var m2 = Mean2At(line);
        var m3 = Mean3At(line);
        InterleaveLow(m2, m3).Store(rows);
        InterleaveHigh(m2, m3).Store(rows + 8);
        Mean3At(line + 8).Store(rows + 16);
        for (var y = 0; y < 8; y++, dst += stride)
        {
            Vector128.Load(rows + 14 - 2 * y).Store((ushort*)dst);
        }
    }

    [SkipLocalsInit]
    private static void High8x8HorizontalUp(byte* dst, nint stride, byte* above, byte* left, nint leftStride, int available, int maxValue)
    {
        HighLine scratch;
        HighLine distinct;
        var line = (ushort*)&scratch;
        var rows = (ushort*)&distinct;
        var v = HighLeft8(above, left, leftStride, available);
        var last = Vector128.Create(v.GetElement(7));
        v.Store(line);
        last.Store(line + 8);
        var m2 = Mean2At(line);
        var m3 = Mean3At(line);
        InterleaveLow(m2, m3).Store(rows);
        InterleaveHigh(m2, m3).Store(rows + 8);
        last.Store(rows + 16);
        for (var y = 0; y < 8; y++, dst += stride)
        {
            Vector128.Load(rows + 2 * y).Store((ushort*)dst);
        }
    }
}
