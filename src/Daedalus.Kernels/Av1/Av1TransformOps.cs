// SPDX-License-Identifier: LGPL-2.1-or-later
using System.Runtime.CompilerServices;

namespace Daedalus.Kernels.Av1;

/// <summary>Kind of a 1D transform.</summary>
internal enum TransformKind
{
    Dct,
    Adst,
    Identity,
}

/// <summary>What both passes of one transform block need to know.</summary>
internal unsafe struct TransformJob
{
    internal int Log2W;
    internal int Log2H;
    internal int RowShift;
    internal int BitDepth;
    /// <summary>Rows and columns of coefficients that may be other than zero.</summary>
    internal int Rows;
    internal int Columns;
    internal TransformKind RowKind;
    internal TransformKind ColumnKind;
    internal bool FlipX;
    internal bool FlipY;
    /// <summary>Scratch for 64 vectors.</summary>
    internal void* Outputs;
}

/// <summary>The passes of one bit depth and vector width: chooses the number of lanes by the size of the block.</summary>
internal unsafe interface ITransformLevel
{
    static abstract int CoefficientSize { get; }
    /// <summary>The whole transform; size * 16 + type last.</summary>
    static abstract void Transform(byte* dst, nint stride, byte* coefficients, int eob, int bitDepth, int sizeAndType);
    static abstract void Rows(TransformJob* job, byte* coefficients, byte* residual);
    static abstract void Columns(TransformJob* job, byte* residual, byte* dst, nint stride);
    static abstract void AddConstant(byte* dst, nint stride, int width, int height, int value, int bitDepth);
}

/// <summary>Operations of 7.13.2 on several rows or columns at once. Values are 16 bits wide and saturate at 8 bits per sample, else 32 bits.</summary>
internal unsafe interface ITransformOps<TVector>
    where TVector : unmanaged
{
    /// <summary>Lanes.</summary>
    static abstract int Count { get; }
    /// <summary>Bytes of a coefficient or residual.</summary>
    static abstract int ElementSize { get; }
    /// <summary>Bytes of a sample.</summary>
    static abstract int SampleSize { get; }
    /// <summary>The largest value of so many bits.</summary>
    static abstract TVector Limit(int bits);
    static abstract TVector Load(byte* p);
    /// <summary>B(): x and y may be where a and b came from.</summary>
    static abstract void Rotate(TVector a, TVector b, TVector* x, TVector* y, int angle);
    /// <summary>H().</summary>
    static abstract void Hadamard(TVector* a, TVector* b, TVector max);
    static abstract TVector Negate(TVector v);
    static abstract void Adst4(TVector* t);
    /// <summary>Round2(v * factor, 12) for factors below 4096.</summary>
    static abstract TVector Scale(TVector v, int factor);
    /// <summary>Identity transform of a row, row shift and clamp.</summary>
    static abstract TVector IdentityRow(TVector v, int log2, int shift, TVector max);
    /// <summary>Identity transform of a column; may saturate where the sample saturates as well.</summary>
    static abstract TVector IdentityColumn(TVector v, int log2);
    /// <summary>Row shift and clamp.</summary>
    static abstract TVector RoundRow(TVector v, int shift, TVector max);
    /// <summary>Stores Count vectors (rows[0], rows[step], ..) as Count lines, one of each lane.</summary>
    static abstract void Transpose(TVector* rows, int step, byte* dst, nint stride);
    /// <summary>Adds Round2(v, 4) to Count samples.</summary>
    static abstract void AddRounded(byte* dst, TVector v, int maxSample);
}

/// <summary>One lane, plain integers.</summary>
internal readonly unsafe struct TransformScalar<TSample, TCoefficient> : ITransformOps<int>
    where TSample : ISample
    where TCoefficient : unmanaged
{
    public static int Count => 1;
    public static int ElementSize => sizeof(TCoefficient);
    public static int SampleSize => TSample.Size;
    public static int Limit(int bits) => (1 << (bits - 1)) - 1;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static int Load(byte* p) => sizeof(TCoefficient) == 2 ? *(short*)p : *(int*)p;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static int Saturate(int v) => sizeof(TCoefficient) == 2 ? Math.Clamp(v, short.MinValue, short.MaxValue) : v;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Rotate(int a, int b, int* x, int* y, int angle)
    {
        int first = Av1TransformKernels.Rotation(angle);
        int second = Av1TransformKernels.Rotation(angle - 64);
        *x = Saturate((a * (short)first + b * (first >> 16) + 2048) >> 12);
        *y = Saturate((a * (short)second + b * (second >> 16) + 2048) >> 12);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Hadamard(int* a, int* b, int max)
    {
        int sum = *a + *b;
        int difference = *a - *b;
        *a = Math.Clamp(sum, ~max, max);
        *b = Math.Clamp(difference, ~max, max);
    }

    public static int Negate(int v) => Saturate(-v);

    public static void Adst4(int* t)
    {
        int a = t[0];
        int b = t[1];
        int c = t[2];
        int d = t[3];
        // Sums of 7.13.2.6 put together; equal modulo 2^32, and conforming streams stay within.
        t[0] = RoundSum(1321 * a + 3344 * b + 3803 * c + 2482 * d);
        t[1] = RoundSum(2482 * a + 3344 * b - 1321 * c - 3803 * d);
        t[2] = RoundSum(3344 * a - 3344 * c + 3344 * d);
        t[3] = RoundSum(3803 * a - 3344 * b + 2482 * c - 1321 * d);
    }

    // Round2(v, 12). Of rotations the rounded result fits (7.13.2.1), here the sum does: half of the rounding added to it would leave 32 bits.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static int RoundSum(int v) => Saturate(((v >> 11) + 1) >> 1);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static int Scale(int v, int factor) => (v * factor + 2048) >> 12;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static int IdentityRow(int v, int log2, int shift, int max) => RoundRow(IdentityColumn(v, log2), shift, max);

    /// <summary>5793 is 4096 + 1697 and 11586 is 8192 + 3394: the whole multiples kept apart, nothing leaves 32 bits.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static int IdentityColumn(int v, int log2) => log2 switch
    {
        2 => v + Scale(v, 1697),
        3 => v * 2,
        4 => v * 2 + Scale(v, 3394),
        _ => v * 4,
    };

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static int RoundRow(int v, int shift, int max) => Math.Clamp((v + ((1 << shift) >> 1)) >> shift, ~max, max);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Transpose(int* rows, int step, byte* dst, nint stride)
    {
        if (sizeof(TCoefficient) == 2)
        {
            *(short*)dst = (short)*rows;
        }
        else
        {
            *(int*)dst = *rows;
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void AddRounded(byte* dst, int v, int maxSample) => TSample.Store(dst, 0, Math.Clamp(TSample.Load(dst, 0) + ((v + 8) >> 4), 0, maxSample));
}

/// <summary>Scalar passes.</summary>
internal readonly unsafe struct TransformLevelScalar<TSample, TCoefficient> : ITransformLevel
    where TSample : ISample
    where TCoefficient : unmanaged
{
    public static int CoefficientSize => sizeof(TCoefficient);

    public static void Transform(byte* dst, nint stride, byte* coefficients, int eob, int bitDepth, int sizeAndType)
        => Av1TransformKernels.Transform<TransformLevelScalar<TSample, TCoefficient>>(dst, stride, coefficients, eob, bitDepth, sizeAndType);

    public static void Rows(TransformJob* job, byte* coefficients, byte* residual)
        => Av1TransformKernels.RowPass<TransformScalar<TSample, TCoefficient>, int>(job, coefficients, residual);

    public static void Columns(TransformJob* job, byte* residual, byte* dst, nint stride)
        => Av1TransformKernels.ColumnPass<TransformScalar<TSample, TCoefficient>, int>(job, residual, dst, stride);

    public static void AddConstant(byte* dst, nint stride, int width, int height, int value, int bitDepth)
    {
        var max = (1 << bitDepth) - 1;
        for (var y = 0; y < height; y++)
        {
            for (var x = 0; x < width; x++)
            {
                TSample.Store(dst, x, Math.Clamp(TSample.Load(dst, x) + value, 0, max));
            }
            dst += stride;
        }
    }
}

/// <summary>An index as a type argument: transform sizes and types.</summary>
internal interface INumber
{
    static abstract int Value { get; }
}

internal readonly struct N0 : INumber { public static int Value => 0; }
internal readonly struct N1 : INumber { public static int Value => 1; }
internal readonly struct N2 : INumber { public static int Value => 2; }
internal readonly struct N3 : INumber { public static int Value => 3; }
internal readonly struct N4 : INumber { public static int Value => 4; }
internal readonly struct N5 : INumber { public static int Value => 5; }
internal readonly struct N6 : INumber { public static int Value => 6; }
internal readonly struct N7 : INumber { public static int Value => 7; }
internal readonly struct N8 : INumber { public static int Value => 8; }
internal readonly struct N9 : INumber { public static int Value => 9; }
internal readonly struct N10 : INumber { public static int Value => 10; }
internal readonly struct N11 : INumber { public static int Value => 11; }
internal readonly struct N12 : INumber { public static int Value => 12; }
internal readonly struct N13 : INumber { public static int Value => 13; }
internal readonly struct N14 : INumber { public static int Value => 14; }
internal readonly struct N15 : INumber { public static int Value => 15; }
internal readonly struct N16 : INumber { public static int Value => 16; }
internal readonly struct N17 : INumber { public static int Value => 17; }
internal readonly struct N18 : INumber { public static int Value => 18; }
