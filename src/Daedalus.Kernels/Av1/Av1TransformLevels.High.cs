// SPDX-License-Identifier: LGPL-2.1-or-later
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace Daedalus.Kernels.Av1;

/// <summary>10- and 12-bit samples, AVX2.</summary>
internal readonly unsafe struct TransformLevelInt256 : ITransformLevel
{
    public static int CoefficientSize => 4;

    public static void Transform(byte* dst, nint stride, byte* coefficients, int eob, int bitDepth, int sizeAndType)
        => Av1TransformKernels.IntTransform<TransformLevelInt256>(dst, stride, coefficients, eob, bitDepth, sizeAndType);

    public static void Rows(TransformJob* job, byte* coefficients, byte* residual)
    {
        if (job->Log2H > 2)
        {
            Av1TransformKernels.VectorRows<Int8, Vector256<int>>(job, coefficients, residual);
        }
        else
        {
            TransformLevelInt128.Rows(job, coefficients, residual);
        }
    }

    public static void Columns(TransformJob* job, byte* residual, byte* dst, nint stride)
    {
        if (job->Log2W > 2)
        {
            Av1TransformKernels.VectorColumns<Int8, Vector256<int>>(job, residual, dst, stride);
        }
        else
        {
            TransformLevelInt128.Columns(job, residual, dst, stride);
        }
    }

    public static void AddConstant(byte* dst, nint stride, int width, int height, int value, int bitDepth)
    {
        if (width < 16)
        {
            TransformLevelInt128.AddConstant(dst, stride, width, height, value, bitDepth);
            return;
        }
        // Residuals fit 16 bits before and after: saturation is that of the sample or beyond it.
        var add = Vector256.Create((short)Math.Clamp(value, -4096, 4095));
        var limit = Vector256.Create((short)((1 << bitDepth) - 1));
        for (var y = 0; y < height; y++)
        {
            for (var x = 0; x < 2 * width; x += 32)
            {
                Avx2.Max(Avx2.Min(Avx2.Add(Vector256.Load((short*)(dst + x)), add), limit), Vector256<short>.Zero).Store((short*)(dst + x));
            }
            dst += stride;
        }
    }
}

/// <summary>10- and 12-bit samples, 128-bit vectors.</summary>
internal readonly unsafe struct TransformLevelInt128 : ITransformLevel
{
    public static int CoefficientSize => 4;

    public static void Transform(byte* dst, nint stride, byte* coefficients, int eob, int bitDepth, int sizeAndType)
        => Av1TransformKernels.IntTransform<TransformLevelInt128>(dst, stride, coefficients, eob, bitDepth, sizeAndType);

    public static void Rows(TransformJob* job, byte* coefficients, byte* residual)
        => Av1TransformKernels.VectorRows<Int4, Vector128<int>>(job, coefficients, residual);

    public static void Columns(TransformJob* job, byte* residual, byte* dst, nint stride)
        => Av1TransformKernels.VectorColumns<Int4, Vector128<int>>(job, residual, dst, stride);

    public static void AddConstant(byte* dst, nint stride, int width, int height, int value, int bitDepth)
    {
        var add = Vector128.Create((short)Math.Clamp(value, -4096, 4095));
        var limit = Vector128.Create((short)((1 << bitDepth) - 1));
        if (width == 4)
        {
            for (var y = 0; y < height; y++)
            {
                var v = Vector128.CreateScalarUnsafe(*(ulong*)dst).AsInt16() + add;
                *(ulong*)dst = Vector128.Max(Vector128.Min(v, limit), Vector128<short>.Zero).AsUInt64().ToScalar();
                dst += stride;
            }
            return;
        }
        for (var y = 0; y < height; y++)
        {
            for (var x = 0; x < 2 * width; x += 16)
            {
                Vector128.Max(Vector128.Min(Vector128.Load((short*)(dst + x)) + add, limit), Vector128<short>.Zero).Store((short*)(dst + x));
            }
            dst += stride;
        }
    }
}
