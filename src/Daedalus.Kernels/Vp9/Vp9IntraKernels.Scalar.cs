// SPDX-License-Identifier: LGPL-2.1-or-later
using System.Runtime.CompilerServices;
using static Daedalus.Kernels.ByteVectors;

namespace Daedalus.Kernels.Vp9;

/// <content>
/// Plain C# for every mode, size and pixel type. The directional modes first compute the samples along the block's edge
/// that are distinct, then every row is a window into them: the same shape the vector code has.
/// </content>
public static unsafe partial class Vp9IntraKernels
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static int Get<TPixel>(byte* p, int i)
        => typeof(TPixel) == typeof(byte) ? p[i] : ((ushort*)p)[i];

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Put<TPixel>(byte* p, int i, int value)
    {
        if (typeof(TPixel) == typeof(byte))
        {
            p[i] = (byte)value;
        }
        else
        {
            ((ushort*)p)[i] = (ushort)value;
        }
    }

    private static void FillBlock<TPixel, TSize>(byte* dst, nint stride, int value)
        where TSize : struct, IBlockSize
    {
        for (var y = 0; y < TSize.N; y++, dst += stride)
        {
            for (var x = 0; x < TSize.N; x++)
            {
                Put<TPixel>(dst, x, value);
            }
        }
    }

    private static int Sum<TPixel, TSize>(byte* p)
        where TSize : struct, IBlockSize
    {
        var sum = 0;
        for (var i = 0; i < TSize.N; i++)
        {
            sum += Get<TPixel>(p, i);
        }
        return sum;
    }

    private static void ScalarDc<TPixel, TSize>(byte* dst, nint stride, byte* left, byte* above, int maxValue)
        where TSize : struct, IBlockSize
        => FillBlock<TPixel, TSize>(dst, stride, (Sum<TPixel, TSize>(left) + Sum<TPixel, TSize>(above) + TSize.N) / (2 * TSize.N));

    private static void ScalarDcLeft<TPixel, TSize>(byte* dst, nint stride, byte* left, byte* above, int maxValue)
        where TSize : struct, IBlockSize
        => FillBlock<TPixel, TSize>(dst, stride, (Sum<TPixel, TSize>(left) + TSize.N / 2) / TSize.N);

    private static void ScalarDcAbove<TPixel, TSize>(byte* dst, nint stride, byte* left, byte* above, int maxValue)
        where TSize : struct, IBlockSize
        => FillBlock<TPixel, TSize>(dst, stride, (Sum<TPixel, TSize>(above) + TSize.N / 2) / TSize.N);

    private static void ScalarDcNone<TPixel, TSize>(byte* dst, nint stride, byte* left, byte* above, int maxValue)
        where TSize : struct, IBlockSize
        => FillBlock<TPixel, TSize>(dst, stride, (maxValue + 1) >> 1);

    private static void ScalarVertical<TPixel, TSize>(byte* dst, nint stride, byte* left, byte* above, int maxValue)
        where TPixel : unmanaged
        where TSize : struct, IBlockSize
    {
        for (var y = 0; y < TSize.N; y++, dst += stride)
        {
            Unsafe.CopyBlockUnaligned(dst, above, (uint)(TSize.N * sizeof(TPixel)));
        }
    }

    private static void ScalarHorizontal<TPixel, TSize>(byte* dst, nint stride, byte* left, byte* above, int maxValue)
        where TSize : struct, IBlockSize
    {
        for (var y = 0; y < TSize.N; y++, dst += stride)
        {
            var value = Get<TPixel>(left, y);
            for (var x = 0; x < TSize.N; x++)
            {
                Put<TPixel>(dst, x, value);
            }
        }
    }

    private static void ScalarTrueMotion<TPixel, TSize>(byte* dst, nint stride, byte* left, byte* above, int maxValue)
        where TSize : struct, IBlockSize
    {
        var corner = Get<TPixel>(above, -1);
        for (var y = 0; y < TSize.N; y++, dst += stride)
        {
            var offset = Get<TPixel>(left, y) - corner;
            for (var x = 0; x < TSize.N; x++)
            {
                Put<TPixel>(dst, x, Math.Clamp(Get<TPixel>(above, x) + offset, 0, maxValue));
            }
        }
    }

    /// <summary>Sample i of the row above; see the class remark for what lies to the right of the block.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static int Above<TPixel, TSize>(byte* above, int i)
        where TSize : struct, IBlockSize
        => Get<TPixel>(above, TSize.N == 4 ? Math.Min(i, 7) : Math.Min(i, TSize.N - 1));

    private static void ScalarD45<TPixel, TSize>(byte* dst, nint stride, byte* left, byte* above, int maxValue)
        where TSize : struct, IBlockSize
    {
        var n = TSize.N;
        for (var y = 0; y < n; y++, dst += stride)
        {
            for (var x = 0; x < n; x++)
            {
                var i = x + y;
                // The last sample of the diagonal is not filtered (unlike VP8).
                Put<TPixel>(dst, x, i == 2 * n - 2
                    ? Above<TPixel, TSize>(above, 2 * n - 1)
                    : Mean3(Above<TPixel, TSize>(above, i), Above<TPixel, TSize>(above, i + 1), Above<TPixel, TSize>(above, i + 2)));
            }
        }
    }

    private static void ScalarD63<TPixel, TSize>(byte* dst, nint stride, byte* left, byte* above, int maxValue)
        where TSize : struct, IBlockSize
    {
        for (var y = 0; y < TSize.N; y++, dst += stride)
        {
            for (var x = 0; x < TSize.N; x++)
            {
                var i = x + y / 2;
                var a = Above<TPixel, TSize>(above, i);
                var b = Above<TPixel, TSize>(above, i + 1);
                Put<TPixel>(dst, x, (y & 1) == 0 ? Mean2(a, b) : Mean3(a, b, Above<TPixel, TSize>(above, i + 2)));
            }
        }
    }

    private static void ScalarD207<TPixel, TSize>(byte* dst, nint stride, byte* left, byte* above, int maxValue)
        where TSize : struct, IBlockSize
    {
        var last = TSize.N - 1;
        for (var y = 0; y < TSize.N; y++, dst += stride)
        {
            for (var x = 0; x < TSize.N; x++)
            {
                var i = y + x / 2;
                var a = Get<TPixel>(left, Math.Min(i, last));
                var b = Get<TPixel>(left, Math.Min(i + 1, last));
                Put<TPixel>(dst, x, (x & 1) == 0 ? Mean2(a, b) : Mean3(a, b, Get<TPixel>(left, Math.Min(i + 2, last))));
            }
        }
    }

    /// <summary>The edge as one line: 0 is the corner, positive to the right along the row above, negative down the left column.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static int Edge<TPixel>(byte* left, byte* above, int i)
        => i >= 0 ? Get<TPixel>(above, i - 1) : Get<TPixel>(left, -1 - i);

    private static void ScalarD135<TPixel, TSize>(byte* dst, nint stride, byte* left, byte* above, int maxValue)
        where TSize : struct, IBlockSize
    {
        for (var y = 0; y < TSize.N; y++, dst += stride)
        {
            for (var x = 0; x < TSize.N; x++)
            {
                Put<TPixel>(dst, x, EdgeMean3<TPixel>(left, above, x - y));
            }
        }
    }

    private static int EdgeMean3<TPixel>(byte* left, byte* above, int i)
        => Mean3(Edge<TPixel>(left, above, i - 1), Edge<TPixel>(left, above, i), Edge<TPixel>(left, above, i + 1));

    private static void ScalarD117<TPixel, TSize>(byte* dst, nint stride, byte* left, byte* above, int maxValue)
        where TSize : struct, IBlockSize
    {
        for (var y = 0; y < TSize.N; y++, dst += stride)
        {
            for (var x = 0; x < TSize.N; x++)
            {
                var i = x - (y >> 1);
                Put<TPixel>(dst, x,
                    i < 0 ? EdgeMean3<TPixel>(left, above, 2 * x + 1 - y)
                    : (y & 1) == 0 ? Mean2(Edge<TPixel>(left, above, i), Edge<TPixel>(left, above, i + 1))
                    : EdgeMean3<TPixel>(left, above, i));
            }
        }
    }

    private static void ScalarD153<TPixel, TSize>(byte* dst, nint stride, byte* left, byte* above, int maxValue)
        where TSize : struct, IBlockSize
    {
        for (var y = 0; y < TSize.N; y++, dst += stride)
        {
            for (var x = 0; x < TSize.N; x++)
            {
                var i = y - (x >> 1);
                Put<TPixel>(dst, x,
                    i < 0 ? EdgeMean3<TPixel>(left, above, x - 2 * y - 1)
                    : (x & 1) == 0 ? Mean2(Edge<TPixel>(left, above, -i), Edge<TPixel>(left, above, -i - 1))
                    : EdgeMean3<TPixel>(left, above, -i));
            }
        }
    }
}
