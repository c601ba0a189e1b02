// SPDX-License-Identifier: LGPL-2.1-or-later
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace Daedalus.Kernels.Vp9;

/// <content>8-bit 32×32 prediction where a whole row fits one AVX2 vector.</content>
public static unsafe partial class Vp9IntraKernels
{
    private static void FillVector256(nint* entries)
    {
        var e = entries + 3 * Vp9KernelTable.IntraModes;
        Set(e, Dc, &Vector256Dc32);
        Set(e, Vertical, &Vector256Vertical32);
        Set(e, Horizontal, &Vector256Horizontal32);
        Set(e, TrueMotion, &Vector256TrueMotion32);
        Set(e, DcLeft, &Vector256DcLeft32);
        Set(e, DcAbove, &Vector256DcAbove32);
        Set(e, DcNone, &Vector256DcNone32);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void FillRows32(byte* dst, nint stride, Vector256<byte> v)
    {
        for (var y = 0; y < 32; y += 4, dst += 4 * stride)
        {
            v.Store(dst);
            v.Store(dst + stride);
            v.Store(dst + 2 * stride);
            v.Store(dst + 3 * stride);
        }
    }

    private static void Vector256Dc32(byte* dst, nint stride, byte* left, byte* above, int maxValue)
        => FillRows32(dst, stride, Vector256.Create((byte)((SumOf<Size32>(left) + SumOf<Size32>(above) + 32) >> 6)));

    private static void Vector256DcLeft32(byte* dst, nint stride, byte* left, byte* above, int maxValue)
        => FillRows32(dst, stride, Vector256.Create((byte)((SumOf<Size32>(left) + 16) >> 5)));

    private static void Vector256DcAbove32(byte* dst, nint stride, byte* left, byte* above, int maxValue)
        => FillRows32(dst, stride, Vector256.Create((byte)((SumOf<Size32>(above) + 16) >> 5)));

    private static void Vector256DcNone32(byte* dst, nint stride, byte* left, byte* above, int maxValue)
        => FillRows32(dst, stride, Vector256.Create((byte)128));

    private static void Vector256Vertical32(byte* dst, nint stride, byte* left, byte* above, int maxValue)
        => FillRows32(dst, stride, Vector256.Load(above));

    private static void Vector256Horizontal32(byte* dst, nint stride, byte* left, byte* above, int maxValue)
    {
        for (var half = 0; half < 32; half += 16)
        {
            var l = Avx2.BroadcastVector128ToVector256(left + half);
            var index = Vector256<byte>.Zero;
            for (var y = 0; y < 16; y++, dst += stride)
            {
                Avx2.Shuffle(l, index).Store(dst);
                index = Avx2.Add(index, Vector256<byte>.One);
            }
        }
    }

    private static void Vector256TrueMotion32(byte* dst, nint stride, byte* left, byte* above, int maxValue)
    {
        var corner = Vector256.Create(above[-1]);
        var a = Vector256.Load(above);
        for (var half = 0; half < 32; half += 16)
        {
            var l = Avx2.BroadcastVector128ToVector256(left + half);
            var plus = Avx2.SubtractSaturate(l, corner);
            var minus = Avx2.SubtractSaturate(corner, l);
            var index = Vector256<byte>.Zero;
            for (var y = 0; y < 16; y++, dst += stride)
            {
                Avx2.SubtractSaturate(Avx2.AddSaturate(a, Avx2.Shuffle(plus, index)), Avx2.Shuffle(minus, index)).Store(dst);
                index = Avx2.Add(index, Vector256<byte>.One);
            }
        }
    }
}
