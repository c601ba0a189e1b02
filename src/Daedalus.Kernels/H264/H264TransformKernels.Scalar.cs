// SPDX-License-Identifier: LGPL-2.1-or-later
using System.Numerics;
using System.Runtime.CompilerServices;

namespace Daedalus.Kernels.H264;

/// <content>Plain C#: the reference of the vector code, and the DC transforms and the transform bypass at every level.</content>
public static unsafe partial class H264TransformKernels
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static int Read<T>(void* p, int i)
        where T : unmanaged
        => sizeof(T) == 1 ? ((byte*)p)[i] : sizeof(T) == 4 ? ((int*)p)[i] : typeof(T) == typeof(short) ? ((short*)p)[i] : ((ushort*)p)[i];

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Write<T>(void* p, int i, int value)
        where T : unmanaged
    {
        if (sizeof(T) == 1)
        {
            ((byte*)p)[i] = (byte)value;
        }
        else if (sizeof(T) == 4)
        {
            ((int*)p)[i] = value;
        }
        else
        {
            ((short*)p)[i] = (short)value;
        }
    }

    /// <summary>One step's result at the width of the coefficients.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static int Wrap<TCoefficient>(int value)
        where TCoefficient : unmanaged
        => sizeof(TCoefficient) == 2 ? (short)value : value;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void AddClipped<TPixel>(byte* p, int residual, int maxValue)
        where TPixel : unmanaged
        => Write<TPixel>(p, 0, Math.Clamp(Read<TPixel>(p, 0) + residual, 0, maxValue));

    private static void ScalarLuma4x4<TPixel, TCoefficient>(byte* dst, nint stride, void* coefficients, uint mask, int maxValue)
        where TPixel : unmanaged
        where TCoefficient : unmanaged
    {
        for (; mask != 0; mask &= mask - 1)
        {
            var b = BitOperations.TrailingZeroCount(mask);
            ScalarTransform4x4<TPixel, TCoefficient>(LumaBlock<TPixel>(dst, stride, b), stride, (TCoefficient*)coefficients + b * 16, maxValue);
        }
    }

    private static void ScalarChroma4x4<TPixel, TCoefficient>(byte* dst, nint stride, void* coefficients, uint mask, int maxValue)
        where TPixel : unmanaged
        where TCoefficient : unmanaged
    {
        for (; mask != 0; mask &= mask - 1)
        {
            var b = BitOperations.TrailingZeroCount(mask);
            var block = dst + (b >> 1) * 4 * stride + (b & 1) * 4 * sizeof(TPixel);
            ScalarTransform4x4<TPixel, TCoefficient>(block, stride, (TCoefficient*)coefficients + b * 16, maxValue);
        }
    }

    /// <summary>Spec 8.5.12.2 and the addition of 8.5.14.</summary>
    private static void ScalarTransform4x4<TPixel, TCoefficient>(byte* dst, nint stride, void* coefficients, int maxValue)
        where TPixel : unmanaged
        where TCoefficient : unmanaged
    {
        var c = (TCoefficient*)coefficients;
        // Rows first, in place; the order matters because of the halved terms.
        for (var y = 0; y < 4; y++)
        {
            ScalarPass4<TCoefficient>(c + y, 4);
        }
        for (var x = 0; x < 4; x++)
        {
            ScalarPass4<TCoefficient>(c + 4 * x, 1);
            for (var y = 0; y < 4; y++)
            {
                AddClipped<TPixel>(dst + y * stride + x * sizeof(TPixel), Wrap<TCoefficient>(Read<TCoefficient>(c, 4 * x + y) + 32) >> 6, maxValue);
                Write<TCoefficient>(c, 4 * x + y, 0);
            }
        }
    }

    private static void ScalarPass4<TCoefficient>(TCoefficient* c, int step)
        where TCoefficient : unmanaged
    {
        var d0 = Read<TCoefficient>(c, 0);
        var d1 = Read<TCoefficient>(c, step);
        var d2 = Read<TCoefficient>(c, 2 * step);
        var d3 = Read<TCoefficient>(c, 3 * step);
        var e0 = Wrap<TCoefficient>(d0 + d2);
        var e1 = Wrap<TCoefficient>(d0 - d2);
        var e2 = Wrap<TCoefficient>((d1 >> 1) - d3);
        var e3 = Wrap<TCoefficient>(d1 + (d3 >> 1));
        Write<TCoefficient>(c, 0, e0 + e3);
        Write<TCoefficient>(c, step, e1 + e2);
        Write<TCoefficient>(c, 2 * step, e1 - e2);
        Write<TCoefficient>(c, 3 * step, e0 - e3);
    }

    /// <summary>Spec 8.5.13.2 and the addition of 8.5.14.</summary>
    private static void ScalarTransform8x8<TPixel, TCoefficient>(byte* dst, nint stride, void* coefficients, int maxValue)
        where TPixel : unmanaged
        where TCoefficient : unmanaged
    {
        var c = (TCoefficient*)coefficients;
        for (var y = 0; y < 8; y++)
        {
            ScalarPass8<TCoefficient>(c + y, 8);
        }
        for (var x = 0; x < 8; x++)
        {
            ScalarPass8<TCoefficient>(c + 8 * x, 1);
            for (var y = 0; y < 8; y++)
            {
                AddClipped<TPixel>(dst + y * stride + x * sizeof(TPixel), Wrap<TCoefficient>(Read<TCoefficient>(c, 8 * x + y) + 32) >> 6, maxValue);
                Write<TCoefficient>(c, 8 * x + y, 0);
            }
        }
    }

    private static void ScalarPass8<TCoefficient>(TCoefficient* c, int step)
        where TCoefficient : unmanaged
    {
        var d0 = Read<TCoefficient>(c, 0);
        var d1 = Read<TCoefficient>(c, step);
        var d2 = Read<TCoefficient>(c, 2 * step);
        var d3 = Read<TCoefficient>(c, 3 * step);
        var d4 = Read<TCoefficient>(c, 4 * step);
        var d5 = Read<TCoefficient>(c, 5 * step);
        var d6 = Read<TCoefficient>(c, 6 * step);
        var d7 = Read<TCoefficient>(c, 7 * step);
        var e0 = Wrap<TCoefficient>(d0 + d4);
        var e1 = Wrap<TCoefficient>(d5 - d3 - d7 - (d7 >> 1));
        var e2 = Wrap<TCoefficient>(d0 - d4);
        var e3 = Wrap<TCoefficient>(d1 + d7 - d3 - (d3 >> 1));
        var e4 = Wrap<TCoefficient>((d2 >> 1) - d6);
        var e5 = Wrap<TCoefficient>(d7 - d1 + d5 + (d5 >> 1));
        var e6 = Wrap<TCoefficient>(d2 + (d6 >> 1));
        var e7 = Wrap<TCoefficient>(d3 + d5 + d1 + (d1 >> 1));
        var f0 = Wrap<TCoefficient>(e0 + e6);
        var f1 = Wrap<TCoefficient>(e1 + (e7 >> 2));
        var f2 = Wrap<TCoefficient>(e2 + e4);
        var f3 = Wrap<TCoefficient>(e3 + (e5 >> 2));
        var f4 = Wrap<TCoefficient>(e2 - e4);
        var f5 = Wrap<TCoefficient>((e3 >> 2) - e5);
        var f6 = Wrap<TCoefficient>(e0 - e6);
        var f7 = Wrap<TCoefficient>(e7 - (e1 >> 2));
        Write<TCoefficient>(c, 0, f0 + f7);
        Write<TCoefficient>(c, step, f2 + f5);
        Write<TCoefficient>(c, 2 * step, f4 + f3);
        Write<TCoefficient>(c, 3 * step, f6 + f1);
        Write<TCoefficient>(c, 4 * step, f6 - f1);
        Write<TCoefficient>(c, 5 * step, f4 - f3);
        Write<TCoefficient>(c, 6 * step, f2 - f5);
        Write<TCoefficient>(c, 7 * step, f0 - f7);
    }

    /// <summary>Scaling of luma and 4:2:2 chroma DC (spec 8.5.10, 8.5.11.2).</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static int ScaleDc(int f, int scale, int shift)
        => shift >= 6 ? (f * scale) << (shift - 6) : (f * scale + (1 << (5 - shift))) >> (6 - shift);

    private static void LumaDc<TCoefficient>(void* coefficients, void* dc, int scale, int qp)
        where TCoefficient : unmanaged
    {
        var shift = qp / 6;
        // The matrix is symmetric and integer: the order of the passes is free. Down the columns first, in place.
        for (var x = 0; x < 4; x++)
        {
            var c0 = Read<TCoefficient>(dc, 4 * x);
            var c1 = Read<TCoefficient>(dc, 4 * x + 1);
            var c2 = Read<TCoefficient>(dc, 4 * x + 2);
            var c3 = Read<TCoefficient>(dc, 4 * x + 3);
            var a = c0 + c1;
            var b = c0 - c1;
            var d = c2 + c3;
            var e = c2 - c3;
            Write<TCoefficient>(dc, 4 * x, a + d);
            Write<TCoefficient>(dc, 4 * x + 1, a - d);
            Write<TCoefficient>(dc, 4 * x + 2, b - e);
            Write<TCoefficient>(dc, 4 * x + 3, b + e);
        }
        for (var y = 0; y < 4; y++)
        {
            var c0 = Read<TCoefficient>(dc, y);
            var c1 = Read<TCoefficient>(dc, 4 + y);
            var c2 = Read<TCoefficient>(dc, 8 + y);
            var c3 = Read<TCoefficient>(dc, 12 + y);
            var a = c0 + c1;
            var b = c0 - c1;
            var d = c2 + c3;
            var e = c2 - c3;
            // Block (x, y) lies at 8 * (y / 2) + 4 * (x / 2) + 2 * (y % 2) + x % 2 (6.4.3).
            var row = (TCoefficient*)coefficients + 16 * (8 * (y >> 1) + 2 * (y & 1));
            Write<TCoefficient>(row, 0, ScaleDc(a + d, scale, shift));
            Write<TCoefficient>(row, 16, ScaleDc(a - d, scale, shift));
            Write<TCoefficient>(row, 64, ScaleDc(b - e, scale, shift));
            Write<TCoefficient>(row, 80, ScaleDc(b + e, scale, shift));
        }
        Unsafe.InitBlockUnaligned(dc, 0, (uint)(16 * sizeof(TCoefficient)));
    }

    private static void ChromaDc420<TCoefficient>(void* coefficients, void* dc, int scale, int qp)
        where TCoefficient : unmanaged
    {
        var shift = qp / 6;
        var c0 = Read<TCoefficient>(dc, 0);
        var c1 = Read<TCoefficient>(dc, 1);
        var c2 = Read<TCoefficient>(dc, 2);
        var c3 = Read<TCoefficient>(dc, 3);
        var a = c0 + c1;
        var b = c0 - c1;
        var d = c2 + c3;
        var e = c2 - c3;
        Write<TCoefficient>(coefficients, 0, (((a + d) * scale) << shift) >> 5);
        Write<TCoefficient>(coefficients, 16, (((b + e) * scale) << shift) >> 5);
        Write<TCoefficient>(coefficients, 32, (((a - d) * scale) << shift) >> 5);
        Write<TCoefficient>(coefficients, 48, (((b - e) * scale) << shift) >> 5);
        Unsafe.InitBlockUnaligned(dc, 0, (uint)(4 * sizeof(TCoefficient)));
    }

    private static void ChromaDc422<TCoefficient>(void* coefficients, void* dc, int scale, int qp)
        where TCoefficient : unmanaged
    {
        var shift = qp / 6;
        for (var x = 0; x < 2; x++)
        {
            // Column 0 carries the sums of the two columns, column 1 their differences.
            var c0 = Pair<TCoefficient>(dc, 0, x);
            var c1 = Pair<TCoefficient>(dc, 2, x);
            var c2 = Pair<TCoefficient>(dc, 4, x);
            var c3 = Pair<TCoefficient>(dc, 6, x);
            var a = c0 + c1;
            var b = c0 - c1;
            var d = c2 + c3;
            var e = c2 - c3;
            var column = (TCoefficient*)coefficients + 16 * x;
            Write<TCoefficient>(column, 0, ScaleDc(a + d, scale, shift));
            Write<TCoefficient>(column, 32, ScaleDc(a - d, scale, shift));
            Write<TCoefficient>(column, 64, ScaleDc(b - e, scale, shift));
            Write<TCoefficient>(column, 96, ScaleDc(b + e, scale, shift));
        }
        Unsafe.InitBlockUnaligned(dc, 0, (uint)(8 * sizeof(TCoefficient)));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static int Pair<TCoefficient>(void* dc, int i, int x)
        where TCoefficient : unmanaged
        => x == 0 ? Read<TCoefficient>(dc, i) + Read<TCoefficient>(dc, i + 1) : Read<TCoefficient>(dc, i) - Read<TCoefficient>(dc, i + 1);

    private static void AddBypass<TPixel, TCoefficient>(byte* dst, nint stride, void* coefficients, int size, int mode, int maxValue)
        where TPixel : unmanaged
        where TCoefficient : unmanaged
    {
        var c = (TCoefficient*)coefficients;
        for (var x = 0; x < size; x++)
        {
            for (var y = 0; y < size; y++)
            {
                var p = dst + y * stride + x * sizeof(TPixel);
                var i = x * size + y;
                var residual = Read<TCoefficient>(c, i);
                // The sums of 8.5.15, in place.
                if ((mode is 1 or 3) && y > 0)
                {
                    residual = Wrap<TCoefficient>(residual + Read<TCoefficient>(c, i - 1));
                }
                else if ((mode is 2 or 4) && x > 0)
                {
                    residual = Wrap<TCoefficient>(residual + Read<TCoefficient>(c, i - size));
                }
                Write<TCoefficient>(c, i, residual);
                var prediction = mode switch
                {
                    3 => Read<TPixel>(dst - stride, x),
                    4 => Read<TPixel>(dst + y * stride - sizeof(TPixel), 0),
                    _ => Read<TPixel>(p, 0),
                };
                Write<TPixel>(p, 0, Math.Clamp(prediction + residual, 0, maxValue));
            }
        }
        Unsafe.InitBlockUnaligned(c, 0, (uint)(size * size * sizeof(TCoefficient)));
    }
}
