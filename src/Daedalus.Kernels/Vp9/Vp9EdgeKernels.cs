// SPDX-License-Identifier: LGPL-2.1-or-later
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Daedalus.Kernels.Vp9;

/// <summary>Reference blocks that reach over the edge of their picture (spec 8.5.2.3: coordinates are clamped to the last sample).</summary>
public static unsafe class Vp9EdgeKernels
{
    /// <summary>
    /// Copies the block at (<paramref name="x"/>, <paramref name="y"/>) of <paramref name="w"/>×<paramref name="h"/> samples into
    /// scratch, each coordinate clamped to [0, lastX] × [0, lastY]. Exactly w×h samples are written.
    /// </summary>
    /// <param name="dst">Scratch.</param>
    /// <param name="dstStride">Bytes between scratch rows.</param>
    /// <param name="plane">Sample (0, 0) of the plane.</param>
    /// <param name="stride">Bytes between plane rows.</param>
    /// <param name="x">Left column, may be negative or beyond lastX.</param>
    /// <param name="y">Top row, may be negative or beyond lastY.</param>
    /// <param name="w">Width in samples.</param>
    /// <param name="h">Height in samples.</param>
    /// <param name="lastX">Last valid column.</param>
    /// <param name="lastY">Last valid row.</param>
    /// <param name="bytesPerSample">1, or 2 above 8 bits.</param>
    public static void Emulate(byte* dst, nint dstStride, byte* plane, nint stride, int x, int y, int w, int h, int lastX, int lastY, int bytesPerSample)
    {
        // Columns left of the picture, inside, right of it.
        int left = Math.Clamp(-x, 0, w);
        int right = (int)Math.Clamp((long)x + w - 1 - lastX, 0, w - left);
        int middle = w - left - right;
        // Rows that have a picture row of their own; those above and below repeat the first and last of these.
        int first = Math.Clamp(-y, 0, h - 1);
        int last = (int)Math.Clamp((long)lastY - y, first, h - 1);

        int shift = bytesPerSample - 1;
        nint leftBytes = (nint)left << shift, middleBytes = (nint)middle << shift, rightBytes = (nint)right << shift;
        nint column = (nint)Math.Clamp((long)x + left, 0, lastX) << shift;
        byte* s = plane + Math.Clamp((long)y + first, 0, lastY) * stride + column;
        byte* d = dst + first * dstStride;
        for (int row = first; row <= last; row++, s += stride, d += dstStride)
        {
            if (leftBytes != 0)
                FillRow(d, s, leftBytes, shift);
            CopyRow(d + leftBytes, s, middleBytes);
            if (rightBytes != 0)
            {
                // Without a middle the whole row is one repeated sample, at s.
                FillRow(d + leftBytes + middleBytes, middle == 0 ? s : s + middleBytes - bytesPerSample, rightBytes, shift);
            }
        }
        nint rowBytes = (nint)w << shift;
        byte* top = dst + first * dstStride;
        for (int row = 0; row < first; row++)
            CopyRow(dst + row * dstStride, top, rowBytes);
        byte* bottom = dst + last * dstStride;
        for (int row = last + 1; row < h; row++)
            CopyRow(dst + row * dstStride, bottom, rowBytes);
    }

    /// <summary>Copies exactly count bytes; the last vector overlaps the one before it.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void CopyRow(byte* dst, byte* src, nint count)
    {
        if (count >= 16)
        {
            nint i = 0;
            for (; i < count - 16; i += 16)
                Vector128.Store(Vector128.Load(src + i), dst + i);
            Vector128.Store(Vector128.Load(src + count - 16), dst + count - 16);
        }
        else if (count >= 8)
        {
            ulong a = Unsafe.ReadUnaligned<ulong>(src), b = Unsafe.ReadUnaligned<ulong>(src + count - 8);
            Unsafe.WriteUnaligned(dst, a);
            Unsafe.WriteUnaligned(dst + count - 8, b);
        }
        else
        {
            for (nint i = 0; i < count; i++)
                dst[i] = src[i];
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void FillRow(byte* dst, byte* sample, nint count, int shift)
    {
        ulong pattern = shift == 0 ? sample[0] * 0x0101010101010101UL : *(ushort*)sample * 0x0001000100010001UL;
        if (count >= 16)
        {
            Vector128<byte> v = Vector128.Create(pattern).AsByte();
            nint i = 0;
            for (; i < count - 16; i += 16)
                v.Store(dst + i);
            v.Store(dst + count - 16);
        }
        else if (count >= 8)
        {
            Unsafe.WriteUnaligned(dst, pattern);
            Unsafe.WriteUnaligned(dst + count - 8, pattern);
        }
        else
        {
            for (nint i = 0; i < count; i++)
                dst[i] = (byte)(pattern >> (int)((i & shift) * 8));
        }
    }
}
