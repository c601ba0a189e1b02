// SPDX-License-Identifier: LGPL-2.1-or-later
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace Daedalus.Kernels.Av1;

/// <summary>8-bit samples, AVX2.</summary>
internal readonly unsafe struct TransformLevelShort256 : ITransformLevel
{
    public static int CoefficientSize => 2;

    public static void Transform(byte* dst, nint stride, byte* coefficients, int eob, int bitDepth, int sizeAndType)
        => Av1TransformKernels.ShortTransform<TransformLevelShort256>(dst, stride, coefficients, eob, bitDepth, sizeAndType);

    public static void Rows(TransformJob* job, byte* coefficients, byte* residual)
    {
        if (job->Rows > 8)
        {
            Av1TransformKernels.VectorRows<Short16, Vector256<short>>(job, coefficients, residual);
        }
        else
        {
            TransformLevelShort128.Rows(job, coefficients, residual);
        }
    }

    public static void Columns(TransformJob* job, byte* residual, byte* dst, nint stride)
    {
        if (job->Log2W > 3)
        {
            Av1TransformKernels.VectorColumns<Short16, Vector256<short>>(job, residual, dst, stride);
        }
        else
        {
            TransformLevelShort128.Columns(job, residual, dst, stride);
        }
    }

    public static void AddConstant(byte* dst, nint stride, int width, int height, int value, int bitDepth)
    {
        if (width < 32)
        {
            TransformLevelShort128.AddConstant(dst, stride, width, height, value, bitDepth);
            return;
        }
        var plus = Vector256.Create((byte)Math.Clamp(value, 0, 255));
        var minus = Vector256.Create((byte)Math.Clamp(-value, 0, 255));
        for (var y = 0; y < height; y++)
        {
            for (var x = 0; x < width; x += 32)
            {
                Avx2.SubtractSaturate(Avx2.AddSaturate(Vector256.Load(dst + x), plus), minus).Store(dst + x);
            }
            dst += stride;
        }
    }
}

/// <summary>8-bit samples, 128-bit vectors.</summary>
internal readonly unsafe struct TransformLevelShort128 : ITransformLevel
{
    public static int CoefficientSize => 2;

    public static void Transform(byte* dst, nint stride, byte* coefficients, int eob, int bitDepth, int sizeAndType)
        => Av1TransformKernels.ShortTransform<TransformLevelShort128>(dst, stride, coefficients, eob, bitDepth, sizeAndType);

    public static void Rows(TransformJob* job, byte* coefficients, byte* residual)
    {
        if (job->Log2H == 2)
        {
            Av1TransformKernels.VectorRows<Short4, Vector128<short>>(job, coefficients, residual);
        }
        else
        {
            Av1TransformKernels.VectorRows<Short8, Vector128<short>>(job, coefficients, residual);
        }
    }

    public static void Columns(TransformJob* job, byte* residual, byte* dst, nint stride)
    {
        if (job->Log2W == 2)
        {
            Av1TransformKernels.VectorColumns<Short4, Vector128<short>>(job, residual, dst, stride);
        }
        else
        {
            Av1TransformKernels.VectorColumns<Short8, Vector128<short>>(job, residual, dst, stride);
        }
    }

    public static void AddConstant(byte* dst, nint stride, int width, int height, int value, int bitDepth)
    {
        var plus = Vector128.Create((byte)Math.Clamp(value, 0, 255));
        var minus = Vector128.Create((byte)Math.Clamp(-value, 0, 255));
        if (width >= 16)
        {
            for (var y = 0; y < height; y++)
            {
                for (var x = 0; x < width; x += 16)
                {
                    ByteVectors.SubtractClip(ByteVectors.AddClip(Vector128.Load(dst + x), plus), minus).Store(dst + x);
                }
                dst += stride;
            }
        }
        else if (width == 8)
        {
            for (var y = 0; y < height; y++)
            {
                *(ulong*)dst = ByteVectors.SubtractClip(ByteVectors.AddClip(Vector128.CreateScalarUnsafe(*(ulong*)dst).AsByte(), plus), minus).AsUInt64().ToScalar();
                dst += stride;
            }
        }
        else
        {
            for (var y = 0; y < height; y++)
            {
                *(uint*)dst = ByteVectors.SubtractClip(ByteVectors.AddClip(Vector128.CreateScalarUnsafe(*(uint*)dst).AsByte(), plus), minus).AsUInt32().ToScalar();
                dst += stride;
            }
        }
    }
}
