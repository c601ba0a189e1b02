// SPDX-License-Identifier: LGPL-2.1-or-later
using System.Runtime.CompilerServices;

namespace Daedalus.Kernels.Vp9;

/// <content>The two-dimensional walk over the scalar passes, for both pixel types.</content>
public static unsafe partial class Vp9InverseTransformKernels
{
    /// <summary>Above 8 bits libvpx gives a zero result for a row or column that holds a value of this magnitude.</summary>
    private const int HighRangeLimit = 1 << 25;

    /// <summary>A one-dimensional transform of <see cref="Size"/> values.</summary>
    internal interface IScalarPass
    {
        /// <summary>Number of values.</summary>
        static abstract int Size { get; }

        /// <summary>Transforms x into y.</summary>
        static abstract void Run(int* x, int* y);
    }

    internal readonly struct ScalarDct4 : IScalarPass
    {
        public static int Size => 4;
        public static void Run(int* x, int* y) => ScalarPasses.Dct4(x, y);
    }

    internal readonly struct ScalarDct8 : IScalarPass
    {
        public static int Size => 8;
        public static void Run(int* x, int* y) => ScalarPasses.Dct8(x, y);
    }

    internal readonly struct ScalarDct16 : IScalarPass
    {
        public static int Size => 16;
        public static void Run(int* x, int* y) => ScalarPasses.Dct16(x, y);
    }

    internal readonly struct ScalarDct32 : IScalarPass
    {
        public static int Size => 32;
        public static void Run(int* x, int* y) => ScalarPasses.Dct32(x, y);
    }

    internal readonly struct ScalarAdst4 : IScalarPass
    {
        public static int Size => 4;
        public static void Run(int* x, int* y) => ScalarPasses.Adst4(x, y);
    }

    internal readonly struct ScalarAdst8 : IScalarPass
    {
        public static int Size => 8;
        public static void Run(int* x, int* y) => ScalarPasses.Adst8(x, y);
    }

    internal readonly struct ScalarAdst16 : IScalarPass
    {
        public static int Size => 16;
        public static void Run(int* x, int* y) => ScalarPasses.Adst16(x, y);
    }

    /// <summary>Rows first, then columns (spec 8.7.2), then rounding and addition with clipping (spec 8.6.2).</summary>
    [SkipLocalsInit]
    internal static void ScalarTransform<TPixel, TCoefficient, TRow, TColumn>(byte* dst, nint stride, void* coefficients, int eob, int maxValue)
        where TPixel : unmanaged
        where TCoefficient : unmanaged
        where TRow : struct, IScalarPass
        where TColumn : struct, IScalarPass
    {
        var n = TRow.Size;
        var shift = n == 4 ? 4 : n == 8 ? 5 : 6;
        var c = (TCoefficient*)coefficients;
        if (eob == 1 && typeof(TRow) == typeof(TColumn) && typeof(TRow) != typeof(ScalarAdst4)
            && typeof(TRow) != typeof(ScalarAdst8) && typeof(TRow) != typeof(ScalarAdst16))
        {
            // Not only quicker: with one coefficient libvpx does not look at its range.
            var residual = DcResidual(ReadCoefficient(c), shift);
            *c = default;
            for (var y = 0; y < n; y++, dst += stride)
            {
                for (var x = 0; x < n; x++)
                {
                    AddClipped<TPixel>(dst, x, residual, maxValue);
                }
            }
            return;
        }

        Scratch scratch;
        var rows = (int*)&scratch;
        var input = stackalloc int[32];
        var output = stackalloc int[32];
        for (var y = 0; y < n; y++)
        {
            for (var x = 0; x < n; x++)
            {
                input[x] = ReadCoefficient(c + x * n + y);
                c[x * n + y] = default;
            }
            RunChecked<TCoefficient, TRow>(input, rows + y * n);
        }
        for (var x = 0; x < n; x++)
        {
            for (var y = 0; y < n; y++)
            {
                input[y] = rows[y * n + x];
            }
            RunChecked<TCoefficient, TColumn>(input, output);
            for (var y = 0; y < n; y++)
            {
                AddClipped<TPixel>(dst + y * stride, x, (output[y] + (1 << (shift - 1))) >> shift, maxValue);
            }
        }
    }

    private static void RunChecked<TCoefficient, TPass>(int* x, int* y)
        where TPass : struct, IScalarPass
    {
        if (typeof(TCoefficient) == typeof(int))
        {
            for (var i = 0; i < TPass.Size; i++)
            {
                if (x[i] is >= HighRangeLimit or <= -HighRangeLimit)
                {
                    new Span<int>(y, TPass.Size).Clear();
                    return;
                }
            }
        }
        TPass.Run(x, y);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static int ReadCoefficient<TCoefficient>(TCoefficient* c)
        where TCoefficient : unmanaged
        => typeof(TCoefficient) == typeof(short) ? *(short*)c : *(int*)c;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void AddClipped<TPixel>(byte* row, int x, int residual, int maxValue)
    {
        if (typeof(TPixel) == typeof(byte))
        {
            row[x] = (byte)Math.Clamp(row[x] + residual, 0, maxValue);
        }
        else
        {
            ((ushort*)row)[x] = (ushort)Math.Clamp(((ushort*)row)[x] + residual, 0, maxValue);
        }
    }

    /// <summary>4×4 Walsh–Hadamard transform of lossless blocks (spec 8.7.1.10): coefficients are scaled by 4, no final rounding.</summary>
    [SkipLocalsInit]
    internal static void Lossless<TPixel, TCoefficient>(byte* dst, nint stride, void* coefficients, int eob, int maxValue)
        where TPixel : unmanaged
        where TCoefficient : unmanaged
    {
        var c = (TCoefficient*)coefficients;
        var rows = stackalloc int[16];
        for (var y = 0; y < 4; y++)
        {
            var a = ReadCoefficient(c + y) >> 2;
            var b = ReadCoefficient(c + 4 + y) >> 2;
            var d = ReadCoefficient(c + 8 + y) >> 2;
            var e = ReadCoefficient(c + 12 + y) >> 2;
            c[y] = c[4 + y] = c[8 + y] = c[12 + y] = default;
            Hadamard(ref a, ref b, ref d, ref e);
            rows[y * 4] = a;
            rows[y * 4 + 1] = b;
            rows[y * 4 + 2] = d;
            rows[y * 4 + 3] = e;
        }
        for (var x = 0; x < 4; x++)
        {
            var a = rows[x];
            var b = rows[4 + x];
            var d = rows[8 + x];
            var e = rows[12 + x];
            Hadamard(ref a, ref b, ref d, ref e);
            AddClipped<TPixel>(dst, x, a, maxValue);
            AddClipped<TPixel>(dst + stride, x, b, maxValue);
            AddClipped<TPixel>(dst + 2 * stride, x, d, maxValue);
            AddClipped<TPixel>(dst + 3 * stride, x, e, maxValue);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Hadamard(ref int a, ref int b, ref int c, ref int d)
    {
        // In: coefficients 0..3. Names follow the spec's a, c, d, b order of inputs.
        var s = a + b;
        var t = c - d;
        var m = (s - t) >> 1;
        var u = m - d;
        var v = m - b;
        a = s - u;
        b = u;
        c = v;
        d = t + v;
    }
}
