// SPDX-License-Identifier: LGPL-2.1-or-later
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.Arm;
using System.Runtime.Intrinsics.X86;
using static Daedalus.Kernels.ByteVectors;

namespace Daedalus.Kernels.H264;

/// <content>Intra_16x16 and chroma prediction on 128- and 256-bit vectors.</content>
public static unsafe partial class H264IntraKernels
{
    private static void FillVectorPlanes<TPixel>(H264KernelTable* table)
        where TPixel : unmanaged
    {
        var e16 = (nint*)&table->Intra16x16;
        Set(e16, 0, &VectorVertical<TPixel, Luma16>);
        Set(e16, 1, &VectorHorizontal<TPixel, Luma16>);
        Set(e16, 2, &Vector16x16Dc<TPixel>);
        FillVectorChroma<TPixel, Chroma8>((nint*)&table->IntraChroma);
        FillVectorChroma<TPixel, Chroma16>((nint*)&table->IntraChroma + 4);
        if (sizeof(TPixel) == 1)
        {
            Set(e16, 3, &Vector16x16Plane);
        }
        else
        {
            Set(e16, 3, &HighPlane<Luma16>);
        }
    }

    private static void FillVectorChroma<TPixel, TShape>(nint* entries)
        where TPixel : unmanaged
        where TShape : struct, IShape
    {
        Set(entries, 0, &VectorChromaDc<TPixel, TShape>);
        Set(entries, 1, &VectorHorizontal<TPixel, TShape>);
        Set(entries, 2, &VectorVertical<TPixel, TShape>);
        if (sizeof(TPixel) == 1)
        {
            Set(entries, 3, &VectorChromaPlane<TShape>);
        }
        else
        {
            Set(entries, 3, &HighPlane<TShape>);
        }
    }

    private static void FillVector256<TPixel>(H264KernelTable* table)
        where TPixel : unmanaged
    {
        var e16 = (nint*)&table->Intra16x16;
        if (sizeof(TPixel) == 1)
        {
            Set(e16, 3, &Vector256Plane);
            return;
        }
        Set(e16, 0, &High256Vertical);
        Set(e16, 1, &High256Horizontal);
        Set(e16, 3, &High256Plane<Luma16>);
        Set((nint*)&table->IntraChroma, 3, &High256Plane<Chroma8>);
        Set((nint*)&table->IntraChroma + 4, 3, &High256Plane<Chroma16>);
    }

    /// <summary>Writes a row of a plane whose samples all are in v (in v twice, if it is two vectors long).</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void StoreRow<TPixel, TShape>(byte* dst, Vector128<byte> v, Vector128<byte> second)
        where TPixel : unmanaged
        where TShape : struct, IShape
    {
        if (sizeof(TPixel) * TShape.Width == 8)
        {
            *(ulong*)dst = v.AsUInt64().ToScalar();
            return;
        }
        v.Store(dst);
        if (sizeof(TPixel) * TShape.Width == 32)
        {
            second.Store(dst + 16);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<byte> Broadcast<TPixel>(byte* p)
        where TPixel : unmanaged
        => sizeof(TPixel) == 1 ? Vector128.Create(*p) : Vector128.Create(*(ushort*)p).AsByte();

    private static void VectorVertical<TPixel, TShape>(byte* dst, nint stride, byte* above, byte* left, nint leftStride, int available, int maxValue)
        where TPixel : unmanaged
        where TShape : struct, IShape
    {
        var v = sizeof(TPixel) * TShape.Width == 8 ? Vector128.CreateScalarUnsafe(*(ulong*)above).AsByte() : Vector128.Load(above);
        var second = sizeof(TPixel) * TShape.Width == 32 ? Vector128.Load(above + 16) : v;
        for (var y = 0; y < TShape.Height; y += 2, dst += 2 * stride)
        {
            StoreRow<TPixel, TShape>(dst, v, second);
            StoreRow<TPixel, TShape>(dst + stride, v, second);
        }
    }

    private static void VectorHorizontal<TPixel, TShape>(byte* dst, nint stride, byte* above, byte* left, nint leftStride, int available, int maxValue)
        where TPixel : unmanaged
        where TShape : struct, IShape
    {
        for (var y = 0; y < TShape.Height; y += 2, dst += 2 * stride, left += 2 * leftStride)
        {
            var v0 = Broadcast<TPixel>(left);
            var v1 = Broadcast<TPixel>(left + leftStride);
            StoreRow<TPixel, TShape>(dst, v0, v0);
            StoreRow<TPixel, TShape>(dst + stride, v1, v1);
        }
    }

    /// <summary>Sum of the 16 samples to the left.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static int LeftSum16<TPixel>(byte* left, nint leftStride)
        where TPixel : unmanaged
    {
        var sum = 0;
        for (var i = 0; i < 4; i++, left += 4 * leftStride)
        {
            sum += Sum4<TPixel>(left, leftStride);
        }
        return sum;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static int AboveSum16<TPixel>(byte* above)
        where TPixel : unmanaged
        => sizeof(TPixel) == 1
            ? Sum16(Vector128.Load(above))
            : HighSum8(Vector128.Load((ushort*)above) + Vector128.Load((ushort*)above + 8));

    private static void Vector16x16Dc<TPixel>(byte* dst, nint stride, byte* above, byte* left, nint leftStride, int available, int maxValue)
        where TPixel : unmanaged
    {
        var value = (maxValue + 1) >> 1;
        if ((available & (Left | Above)) == (Left | Above))
        {
            value = (AboveSum16<TPixel>(above) + LeftSum16<TPixel>(left, leftStride) + 16) >> 5;
        }
        else if ((available & Left) != 0)
        {
            value = (LeftSum16<TPixel>(left, leftStride) + 8) >> 4;
        }
        else if ((available & Above) != 0)
        {
            value = (AboveSum16<TPixel>(above) + 8) >> 4;
        }
        var v = sizeof(TPixel) == 1 ? Vector128.Create((byte)value) : Vector128.Create((ushort)value).AsByte();
        for (var y = 0; y < 16; y += 2, dst += 2 * stride)
        {
            StoreRow<TPixel, Luma16>(dst, v, v);
            StoreRow<TPixel, Luma16>(dst + stride, v, v);
        }
    }

    /// <summary>Spec 8.3.4.1 to 8.3.4.3: blocks of the left column prefer the left edge, of the first row the upper one, but the first block takes both.</summary>
    private static void VectorChromaDc<TPixel, TShape>(byte* dst, nint stride, byte* above, byte* left, nint leftStride, int available, int maxValue)
        where TPixel : unmanaged
        where TShape : struct, IShape
    {
        var hasAbove = (available & Above) != 0;
        var a0 = hasAbove ? Sum4<TPixel>(above, sizeof(TPixel)) : 0;
        var a1 = hasAbove ? Sum4<TPixel>(above + 4 * sizeof(TPixel), sizeof(TPixel)) : 0;
        var middle = (maxValue + 1) >> 1;
        for (var y = 0; y < TShape.Height; y += 4, dst += 4 * stride, left += 4 * leftStride)
        {
            int v0;
            int v1;
            if ((available & (2 * y < TShape.Height ? Left : LeftLower)) != 0)
            {
                var l = Sum4<TPixel>(left, leftStride);
                var onlyLeft = (l + 2) >> 2;
                v0 = y == 0 && hasAbove ? (a0 + l + 4) >> 3 : onlyLeft;
                v1 = !hasAbove ? onlyLeft : y == 0 ? (a1 + 2) >> 2 : (a1 + l + 4) >> 3;
            }
            else
            {
                v0 = hasAbove ? (a0 + 2) >> 2 : middle;
                v1 = hasAbove ? (a1 + 2) >> 2 : middle;
            }
            if (sizeof(TPixel) == 1)
            {
                var row = 0x01010101u * (uint)v0 | (ulong)(0x01010101u * (uint)v1) << 32;
                *(ulong*)dst = row;
                *(ulong*)(dst + stride) = row;
                *(ulong*)(dst + 2 * stride) = row;
                *(ulong*)(dst + 3 * stride) = row;
            }
            else
            {
                HighFill8(dst, stride, Vector128.Create(0x0001000100010001UL * (uint)v0, 0x0001000100010001UL * (uint)v1).AsUInt16(), 4);
            }
        }
    }

    /// <summary>V of 8.3.3.4 and 8.3.4.4: weighted differences of the left samples around the middle; the corner lies at above[-1].</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static int LeftSlope<TPixel>(byte* above, byte* left, nint leftStride, int n)
        where TPixel : unmanaged
    {
        var up = left + (n / 2 - 2) * leftStride;
        var down = left + (n / 2) * leftStride;
        var sum = 0;
        for (var i = 1; i < n / 2; i++, up -= leftStride, down += leftStride)
        {
            sum += i * (Read<TPixel>(down, 0) - Read<TPixel>(up, 0));
        }
        return sum + n / 2 * (Read<TPixel>(down, 0) - Read<TPixel>(above, -1));
    }

    /// <summary>H of 8.3.3.4 and 8.3.4.4.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static int AboveSlope<TPixel>(byte* above, int n)
        where TPixel : unmanaged
    {
        var sum = 0;
        for (var i = 1; i <= n / 2; i++)
        {
            sum += i * (Read<TPixel>(above, n / 2 - 1 + i) - Read<TPixel>(above, n / 2 - 1 - i));
        }
        return sum;
    }

    /// <summary>The same from bytes: products stay within 2040, their sum within 9180.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static int ByteSlope16(byte* above)
    {
        var right = Widen(*(ulong*)(above + 8));
        var mirrored = Widen(*(ulong*)(above - 1));
        return Vector128.Sum(Multiply(right, Vector128.Create((short)1, 2, 3, 4, 5, 6, 7, 8)) - Multiply(mirrored, Vector128.Create((short)8, 7, 6, 5, 4, 3, 2, 1)));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static int ByteSlope8(byte* above)
        => Vector128.Sum(Multiply(Widen(*(uint*)(above - 1) | (ulong)*(uint*)(above + 4) << 32), Vector128.Create((short)-4, -3, -2, -1, 1, 2, 3, 4)));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<short> Widen(ulong samples)
        => Vector128.WidenLower(Vector128.CreateScalarUnsafe(samples).AsByte()).AsInt16();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<short> Multiply(Vector128<short> a, Vector128<short> b)
        => Sse2.IsSupported ? Sse2.MultiplyLow(a, b) : AdvSimd.Multiply(a, b);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<byte> Clip(Vector128<short> a, Vector128<short> b)
        => Portable128.PackUnsigned(a >> 5, b >> 5);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<ushort> Clip(Vector128<int> a, Vector128<int> b, Vector128<ushort> max)
        => Vector128.Min(Portable128.PackUnsigned(a >> 5, b >> 5), max);

    /// <summary>16 bits suffice for bytes: |a| &lt;= 8160, |b|, |c| &lt;= 717.</summary>
    private static void Vector16x16Plane(byte* dst, nint stride, byte* above, byte* left, nint leftStride, int available, int maxValue)
    {
        var b = Slope(ByteSlope16(above), 16);
        var c = Slope(LeftSlope<byte>(above, left, leftStride, 16), 16);
        var a = 16 * (left[15 * leftStride] + above[15]) + 16 - 7 * (b + c);
        var ramp = Multiply(Vector128.Create((short)b), Vector128.Create((short)0, 1, 2, 3, 4, 5, 6, 7));
        var row0 = ramp + Vector128.Create((short)a);
        var row1 = ramp + Vector128.Create((short)(a + 8 * b));
        var step = Vector128.Create((short)c);
        for (var y = 0; y < 16; y++, dst += stride)
        {
            Clip(row0, row1).Store(dst);
            row0 += step;
            row1 += step;
        }
    }

    private static void Vector256Plane(byte* dst, nint stride, byte* above, byte* left, nint leftStride, int available, int maxValue)
    {
        var b = Slope(ByteSlope16(above), 16);
        var c = Slope(LeftSlope<byte>(above, left, leftStride, 16), 16);
        var a = 16 * (left[15 * leftStride] + above[15]) + 16 - 7 * (b + c);
        var ramp = Avx2.MultiplyLow(Vector256.Create((short)b), Vector256.Create((short)0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15));
        var row0 = ramp + Vector256.Create((short)a);
        var row1 = ramp + Vector256.Create((short)(a + c));
        var step = Vector256.Create((short)(2 * c));
        for (var y = 0; y < 16; y += 2, dst += 2 * stride)
        {
            // The pack interleaves the halves of both rows.
            var packed = Avx2.Permute4x64(Avx2.PackUnsignedSaturate(row0 >> 5, row1 >> 5).AsUInt64(), 0xD8).AsByte();
            packed.GetLower().Store(dst);
            packed.GetUpper().Store(dst + stride);
            row0 += step;
            row1 += step;
        }
    }

    private static void VectorChromaPlane<TShape>(byte* dst, nint stride, byte* above, byte* left, nint leftStride, int available, int maxValue)
        where TShape : struct, IShape
    {
        var b = Slope(ByteSlope8(above), 8);
        var c = Slope(LeftSlope<byte>(above, left, leftStride, TShape.Height), TShape.Height);
        var a = 16 * (left[(TShape.Height - 1) * leftStride] + above[7]) + 16 - 3 * b - (TShape.Height / 2 - 1) * c;
        var row0 = Multiply(Vector128.Create((short)b), Vector128.Create((short)0, 1, 2, 3, 4, 5, 6, 7)) + Vector128.Create((short)a);
        var row1 = row0 + Vector128.Create((short)c);
        var step = Vector128.Create((short)(2 * c));
        for (var y = 0; y < TShape.Height; y += 2, dst += 2 * stride)
        {
            var rows = Clip(row0, row1).AsUInt64();
            *(ulong*)dst = rows.ToScalar();
            *(ulong*)(dst + stride) = rows.GetElement(1);
            row0 += step;
            row1 += step;
        }
    }

    private static void HighPlane<TShape>(byte* dst, nint stride, byte* above, byte* left, nint leftStride, int available, int maxValue)
        where TShape : struct, IShape
    {
        var b = Slope(AboveSlope<ushort>(above, TShape.Width), TShape.Width);
        var c = Slope(LeftSlope<ushort>(above, left, leftStride, TShape.Height), TShape.Height);
        var a = 16 * (*(ushort*)(left + (TShape.Height - 1) * leftStride) + ((ushort*)above)[TShape.Width - 1]) + 16
            - (TShape.Width / 2 - 1) * b - (TShape.Height / 2 - 1) * c;
        var max = Vector128.Create((ushort)maxValue);
        var row0 = Vector128.Create(a, a + b, a + 2 * b, a + 3 * b);
        var row1 = row0 + Vector128.Create(4 * b);
        var row2 = row0 + Vector128.Create(8 * b);
        var row3 = row1 + Vector128.Create(8 * b);
        var step = Vector128.Create(c);
        for (var y = 0; y < TShape.Height; y++, dst += stride)
        {
            Clip(row0, row1, max).Store((ushort*)dst);
            row0 += step;
            row1 += step;
            if (TShape.Width == 16)
            {
                Clip(row2, row3, max).Store((ushort*)dst + 8);
                row2 += step;
                row3 += step;
            }
        }
    }

    private static void High256Plane<TShape>(byte* dst, nint stride, byte* above, byte* left, nint leftStride, int available, int maxValue)
        where TShape : struct, IShape
    {
        var b = Slope(AboveSlope<ushort>(above, TShape.Width), TShape.Width);
        var c = Slope(LeftSlope<ushort>(above, left, leftStride, TShape.Height), TShape.Height);
        var a = 16 * (*(ushort*)(left + (TShape.Height - 1) * leftStride) + ((ushort*)above)[TShape.Width - 1]) + 16
            - (TShape.Width / 2 - 1) * b - (TShape.Height / 2 - 1) * c;
        var max = Vector256.Create((ushort)maxValue);
        var row0 = Avx2.MultiplyLow(Vector256.Create(b), Vector256.Create(0, 1, 2, 3, 4, 5, 6, 7)) + Vector256.Create(a);
        // The second vector is the right half of the row, or the next row.
        var row1 = row0 + Vector256.Create(TShape.Width == 16 ? 8 * b : c);
        var step = Vector256.Create(TShape.Width == 16 ? c : 2 * c);
        for (var y = 0; y < TShape.Height; y += TShape.Width == 16 ? 1 : 2)
        {
            var clipped = Vector256.Min(Avx2.PackUnsignedSaturate(row0 >> 5, row1 >> 5), max);
            var packed = Avx2.Permute4x64(clipped.AsUInt64(), 0xD8).AsUInt16();
            if (TShape.Width == 16)
            {
                packed.Store((ushort*)dst);
                dst += stride;
            }
            else
            {
                packed.GetLower().Store((ushort*)dst);
                packed.GetUpper().Store((ushort*)(dst + stride));
                dst += 2 * stride;
            }
            row0 += step;
            row1 += step;
        }
    }

    private static void High256Vertical(byte* dst, nint stride, byte* above, byte* left, nint leftStride, int available, int maxValue)
    {
        var v = Vector256.Load(above);
        for (var y = 0; y < 16; y += 2, dst += 2 * stride)
        {
            v.Store(dst);
            v.Store(dst + stride);
        }
    }

    private static void High256Horizontal(byte* dst, nint stride, byte* above, byte* left, nint leftStride, int available, int maxValue)
    {
        for (var y = 0; y < 16; y += 2, dst += 2 * stride, left += 2 * leftStride)
        {
            Vector256.Create(*(ushort*)left).Store((ushort*)dst);
            Vector256.Create(*(ushort*)(left + leftStride)).Store((ushort*)(dst + stride));
        }
    }
}
