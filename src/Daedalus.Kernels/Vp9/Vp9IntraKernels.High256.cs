// SPDX-License-Identifier: LGPL-2.1-or-later
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace Daedalus.Kernels.Vp9;

/// <content>The common modes above 8 bits for 16×16 and 32×32 with AVX2: a row is one or two vectors.</content>
public static unsafe partial class Vp9IntraKernels
{
    private static void FillHigh256(nint* entries)
    {
        FillHigh256<Size16>(entries + 2 * Vp9KernelTable.IntraModes);
        FillHigh256<Size32>(entries + 3 * Vp9KernelTable.IntraModes);
    }

    private static void FillHigh256<TSize>(nint* e)
        where TSize : struct, IBlockSize
    {
        Set(e, Dc, &High256Dc<TSize>);
        Set(e, Vertical, &High256Vertical<TSize>);
        Set(e, Horizontal, &High256Horizontal<TSize>);
        Set(e, TrueMotion, &High256TrueMotion<TSize>);
        Set(e, DcLeft, &High256DcLeft<TSize>);
        Set(e, DcAbove, &High256DcAbove<TSize>);
        Set(e, DcNone, &High256DcNone<TSize>);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void FillRows256<TSize>(byte* dst, nint stride, Vector256<ushort> a, Vector256<ushort> b)
        where TSize : struct, IBlockSize
    {
        for (var y = 0; y < TSize.N; y += 2, dst += 2 * stride)
        {
            a.Store((ushort*)dst);
            if (TSize.N == 32)
            {
                b.Store((ushort*)dst + 16);
            }
            a.Store((ushort*)(dst + stride));
            if (TSize.N == 32)
            {
                b.Store((ushort*)(dst + stride) + 16);
            }
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void FillValue256<TSize>(byte* dst, nint stride, uint value)
        where TSize : struct, IBlockSize
    {
        var v = Vector256.Create((ushort)value);
        FillRows256<TSize>(dst, stride, v, v);
    }

    private static void High256Dc<TSize>(byte* dst, nint stride, byte* left, byte* above, int maxValue)
        where TSize : struct, IBlockSize
        => FillValue256<TSize>(dst, stride, (uint)(HighSum<TSize>(left) + HighSum<TSize>(above) + TSize.N) / (uint)(2 * TSize.N));

    private static void High256DcLeft<TSize>(byte* dst, nint stride, byte* left, byte* above, int maxValue)
        where TSize : struct, IBlockSize
        => FillValue256<TSize>(dst, stride, (uint)(HighSum<TSize>(left) + TSize.N / 2) / (uint)TSize.N);

    private static void High256DcAbove<TSize>(byte* dst, nint stride, byte* left, byte* above, int maxValue)
        where TSize : struct, IBlockSize
        => FillValue256<TSize>(dst, stride, (uint)(HighSum<TSize>(above) + TSize.N / 2) / (uint)TSize.N);

    private static void High256DcNone<TSize>(byte* dst, nint stride, byte* left, byte* above, int maxValue)
        where TSize : struct, IBlockSize
        => FillValue256<TSize>(dst, stride, (uint)(maxValue + 1) >> 1);

    private static void High256Vertical<TSize>(byte* dst, nint stride, byte* left, byte* above, int maxValue)
        where TSize : struct, IBlockSize
    {
        var a = Vector256.Load((ushort*)above);
        FillRows256<TSize>(dst, stride, a, TSize.N == 32 ? Vector256.Load((ushort*)above + 16) : a);
    }

    private static void High256Horizontal<TSize>(byte* dst, nint stride, byte* left, byte* above, int maxValue)
        where TSize : struct, IBlockSize
    {
        for (var y = 0; y < TSize.N; y++, dst += stride)
        {
            var v = Avx2.BroadcastScalarToVector256((ushort*)left + y);
            v.Store((ushort*)dst);
            if (TSize.N == 32)
            {
                v.Store((ushort*)dst + 16);
            }
        }
    }

    private static void High256TrueMotion<TSize>(byte* dst, nint stride, byte* left, byte* above, int maxValue)
        where TSize : struct, IBlockSize
    {
        var corner = Vector256.Create(((short*)above)[-1]);
        var limit = Vector256.Create((short)maxValue);
        var zero = Vector256<short>.Zero;
        var a = Avx2.Subtract(Vector256.Load((short*)above), corner);
        var b = TSize.N == 32 ? Avx2.Subtract(Vector256.Load((short*)above + 16), corner) : a;
        for (var y = 0; y < TSize.N; y++, dst += stride)
        {
            var l = Avx2.BroadcastScalarToVector256((short*)left + y);
            Avx2.Max(Avx2.Min(Avx2.Add(a, l), limit), zero).Store((short*)dst);
            if (TSize.N == 32)
            {
                Avx2.Max(Avx2.Min(Avx2.Add(b, l), limit), zero).Store((short*)dst + 16);
            }
        }
    }
}
