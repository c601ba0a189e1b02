// SPDX-License-Identifier: LGPL-2.1-or-later
using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace Daedalus.Kernels.Av1;

/// <summary>The 2D inverse transform (7.13.3) on vectors: rows in lanes, one transposition, columns in lanes.</summary>
public static unsafe partial class Av1TransformKernels
{
    /// <summary>Room for 32 lines of 64 residuals, 64 vectors and alignment.</summary>
    [StructLayout(LayoutKind.Sequential, Size = 32 * 64 * 2 + 64 * 32 + 64)]
    private struct ShortScratch
    {
        private readonly byte _first;
    }

    /// <summary>The same for residuals of 32 bits.</summary>
    [StructLayout(LayoutKind.Sequential, Size = 32 * 64 * 4 + 64 * 32 + 64)]
    private struct IntScratch
    {
        private readonly byte _first;
    }

    [SkipLocalsInit]
    internal static void ShortTransform<TLevel>(byte* dst, nint stride, byte* coefficients, int eob, int bitDepth, int sizeAndType)
        where TLevel : ITransformLevel
    {
        if (eob == 1 && (sizeAndType & 15) == 0)
        {
            DcOnly<TLevel>(dst, stride, coefficients, bitDepth, sizeAndType >> 4);
            return;
        }
        ShortScratch scratch;
        var residual = Align(&scratch);
        TransformJob job;
        Describe(&job, eob, bitDepth, sizeAndType);
        job.Outputs = residual + 32 * 64 * 2;
        TLevel.Rows(&job, coefficients, residual);
        TLevel.Columns(&job, residual, dst, stride);
    }

    [SkipLocalsInit]
    internal static void IntTransform<TLevel>(byte* dst, nint stride, byte* coefficients, int eob, int bitDepth, int sizeAndType)
        where TLevel : ITransformLevel
    {
        if (eob == 1 && (sizeAndType & 15) == 0)
        {
            DcOnly<TLevel>(dst, stride, coefficients, bitDepth, sizeAndType >> 4);
            return;
        }
        IntScratch scratch;
        var residual = Align(&scratch);
        TransformJob job;
        Describe(&job, eob, bitDepth, sizeAndType);
        job.Outputs = residual + 32 * 64 * 4;
        TLevel.Rows(&job, coefficients, residual);
        TLevel.Columns(&job, residual, dst, stride);
    }

    /// <summary>Rows and Columns become powers of two: what the 1D transforms have variants for.</summary>
    private static void Describe(TransformJob* job, int eob, int bitDepth, int sizeAndType)
    {
        var size = sizeAndType >> 4;
        var type = sizeAndType & 15;
        int kinds = TypeKinds[type];
        job->Log2W = LogSizes[size] >> 4;
        job->Log2H = LogSizes[size] & 15;
        job->RowShift = RowShifts[size];
        job->RowKind = (TransformKind)(kinds & 3);
        job->ColumnKind = (TransformKind)((kinds >> 2) & 3);
        job->FlipX = (kinds & 16) != 0;
        job->FlipY = (kinds & 32) != 0;
        job->BitDepth = bitDepth;
        var width = Math.Min(1 << job->Log2W, 32);
        var height = Math.Min(1 << job->Log2H, 32);
        if (type < 10)
        {
            var diagonals = Diagonals(Math.Min(width, height), eob);
            // The DCT of 64 reads 8 lines at least.
            job->Rows = Math.Min(height, job->Log2H == 6 ? Math.Max(diagonals, 8) : diagonals);
            job->Columns = Math.Min(width, diagonals);
            return;
        }
        job->Rows = height;
        job->Columns = width;
        if ((type & 1) == 0)
        {
            // V_*: row by row (Mrow_Scan).
            job->Rows = Math.Min(height, (int)BitOperations.RoundUpToPowerOf2((uint)(eob + width - 1) >> job->Log2W));
        }
        else
        {
            job->Columns = Math.Min(width, (int)BitOperations.RoundUpToPowerOf2((uint)(eob + height - 1) >> job->Log2H));
        }
    }

    /// <summary>A power of two n so that the first eob positions of a default scan lie on the first n diagonals; there both coordinates are below n.</summary>
    private static int Diagonals(int shorter, int eob)
    {
        if (eob <= 10)
        {
            return eob <= 1 ? 1 : eob <= 3 ? 2 : 4;
        }
        for (var n = 8; n < 32; n *= 2)
        {
            if (eob <= (n <= shorter ? n * (n + 1) / 2 : shorter * (shorter + 1) / 2 + (n - shorter) * shorter))
            {
                return n;
            }
        }
        return 32;
    }

    /// <summary>Row transforms: coefficients (column by column) to residuals (line by line); the coefficients in use become zero.</summary>
    internal static void VectorRows<TOps, TVector>(TransformJob* job, byte* coefficients, byte* residual)
        where TOps : ITransformVector<TVector>
        where TVector : unmanaged
    {
        var log2 = job->Log2W;
        var width = 1 << log2;
        var kind = job->RowKind;
        var columnBytes = (nint)(Math.Min(1 << job->Log2H, 32) * TOps.ElementSize);
        var lineBytes = (nint)(width * TOps.ElementSize);
        var limit = (1 << (job->BitDepth + 7)) - 1;
        var columnLimit = (1 << (Math.Max(job->BitDepth + 6, 16) - 1)) - 1;
        var outputs = (TVector*)job->Outputs;
        var columns = job->Columns;
        var rectangle = Math.Abs(log2 - job->Log2H) == 1;
        for (var row = 0; row < job->Rows; row += TOps.Lanes)
        {
            var source = coefficients + row * TOps.ElementSize;
            if (rectangle)
            {
                var p = source;
                for (var x = 0; x < columns; x++)
                {
                    TOps.Store(p, TOps.Scale(TOps.Load(p), 2896));
                    p += columnBytes;
                }
            }
            var target = residual + row * lineBytes;
            if (kind == TransformKind.Identity)
            {
                var used = UsedColumns<TOps, TVector>(job);
                var p = source;
                for (var x = 0; x < columns; x++)
                {
                    outputs[x] = TOps.IdentityRow(TOps.Load(p), log2, job->RowShift, columnLimit);
                    p += columnBytes;
                }
                for (var x = columns; x < used; x++)
                {
                    outputs[x] = default;
                }
                TOps.StoreLines(outputs, 1, used, target, lineBytes, 0, columnLimit);
            }
            else
            {
                if (kind == TransformKind.Dct)
                {
                    VectorDct<TOps, TVector>(log2, columns, source, columnBytes, outputs, limit);
                }
                else
                {
                    VectorAdst<TOps, TVector>(log2, columns, source, columnBytes, outputs, limit);
                }
                // flipLR: taken from the other end.
                TOps.StoreLines(job->FlipX ? outputs + width - 1 : outputs, job->FlipX ? -1 : 1, width, target, lineBytes, job->RowShift, columnLimit);
            }
            for (var x = 0; x < columns; x++)
            {
                TOps.Store(source, default);
                source += columnBytes;
            }
        }
    }

    /// <summary>Columns of residuals that are written: without a transform in rows none beyond the coefficients but to fill vectors.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static int UsedColumns<TOps, TVector>(TransformJob* job)
        where TOps : ITransformVector<TVector>
        where TVector : unmanaged
        => job->RowKind == TransformKind.Identity ? Math.Min(1 << job->Log2W, Math.Max(job->Columns, 16)) : 1 << job->Log2W;

    /// <summary>Column transforms and the addition to the prediction.</summary>
    internal static void VectorColumns<TOps, TVector>(TransformJob* job, byte* residual, byte* dst, nint stride)
        where TOps : ITransformVector<TVector>
        where TVector : unmanaged
    {
        var log2 = job->Log2H;
        var height = 1 << log2;
        var kind = job->ColumnKind;
        var lineBytes = (nint)((1 << job->Log2W) * TOps.ElementSize);
        var limit = (1 << (Math.Max(job->BitDepth + 6, 16) - 1)) - 1;
        var maxSample = (1 << job->BitDepth) - 1;
        var outputs = (TVector*)job->Outputs;
        var lines = job->Rows;
        var used = UsedColumns<TOps, TVector>(job);
        if (job->FlipY)
        {
            dst += (height - 1) * stride;
            stride = -stride;
        }
        for (var x = 0; x < used; x += TOps.Lanes)
        {
            var source = residual + x * TOps.ElementSize;
            if (kind == TransformKind.Identity)
            {
                // Lines without residual stay as they are.
                for (var i = 0; i < lines; i++)
                {
                    outputs[i] = TOps.IdentityColumn(TOps.Load(source), log2);
                    source += lineBytes;
                }
                outputs[lines] = default;
                TOps.AddLines(dst + x * TOps.SampleSize, stride, outputs, (lines + 1) & ~1, maxSample);
                continue;
            }
            if (kind == TransformKind.Dct)
            {
                VectorDct<TOps, TVector>(log2, lines, source, lineBytes, outputs, limit);
            }
            else
            {
                VectorAdst<TOps, TVector>(log2, lines, source, lineBytes, outputs, limit);
            }
            TOps.AddLines(dst + x * TOps.SampleSize, stride, outputs, height, maxSample);
        }
    }

    /// <summary>DCT of 2^log2 points of which the first so many inputs may be other than zero.</summary>
    private static void VectorDct<TOps, TVector>(int log2, int inputs, byte* x, nint stride, TVector* y, int limit)
        where TOps : ITransformVector<TVector>
        where TVector : unmanaged
    {
        switch (log2)
        {
            case 2:
                VectorDct4<TOps, TVector>(inputs, x, stride, y, limit);
                break;
            case 3:
                VectorDct8<TOps, TVector>(inputs, x, stride, y, limit);
                break;
            case 4:
                VectorDct16<TOps, TVector>(inputs, x, stride, y, limit);
                break;
            case 5:
                VectorDct32<TOps, TVector>(inputs, x, stride, y, limit);
                break;
            default:
                VectorDct64<TOps, TVector>(inputs, x, stride, y, limit);
                break;
        }
    }

    private static void VectorDct4<TOps, TVector>(int inputs, byte* x, nint stride, TVector* y, int limit)
        where TOps : ITransformVector<TVector>
        where TVector : unmanaged
    {
        if (inputs <= 1)
        {
            Av1TransformSteps<TOps, TVector>.Dct4K1(x, stride, y, limit);
        }
        else if (inputs <= 2)
        {
            Av1TransformSteps<TOps, TVector>.Dct4K2(x, stride, y, limit);
        }
        else
        {
            Av1TransformSteps<TOps, TVector>.Dct4K4(x, stride, y, limit);
        }
    }

    private static void VectorDct8<TOps, TVector>(int inputs, byte* x, nint stride, TVector* y, int limit)
        where TOps : ITransformVector<TVector>
        where TVector : unmanaged
    {
        if (inputs <= 1)
        {
            Av1TransformSteps<TOps, TVector>.Dct8K1(x, stride, y, limit);
        }
        else if (inputs <= 2)
        {
            Av1TransformSteps<TOps, TVector>.Dct8K2(x, stride, y, limit);
        }
        else if (inputs <= 4)
        {
            Av1TransformSteps<TOps, TVector>.Dct8K4(x, stride, y, limit);
        }
        else
        {
            Av1TransformSteps<TOps, TVector>.Dct8K8(x, stride, y, limit);
        }
    }

    private static void VectorDct16<TOps, TVector>(int inputs, byte* x, nint stride, TVector* y, int limit)
        where TOps : ITransformVector<TVector>
        where TVector : unmanaged
    {
        VectorDct8<TOps, TVector>((inputs + 1) >> 1, x, stride * 2, y, limit);
        if (inputs <= 2)
        {
            Av1TransformSteps<TOps, TVector>.Odd16K2(x, stride, y, limit);
        }
        else if (inputs <= 4)
        {
            Av1TransformSteps<TOps, TVector>.Odd16K4(x, stride, y, limit);
        }
        else if (inputs <= 8)
        {
            Av1TransformSteps<TOps, TVector>.Odd16K8(x, stride, y, limit);
        }
        else
        {
            Av1TransformSteps<TOps, TVector>.Odd16K16(x, stride, y, limit);
        }
    }

    private static void VectorDct32<TOps, TVector>(int inputs, byte* x, nint stride, TVector* y, int limit)
        where TOps : ITransformVector<TVector>
        where TVector : unmanaged
    {
        VectorDct16<TOps, TVector>((inputs + 1) >> 1, x, stride * 2, y, limit);
        if (inputs <= 4)
        {
            Av1TransformSteps<TOps, TVector>.Odd32K4(x, stride, y, limit);
        }
        else if (inputs <= 8)
        {
            Av1TransformSteps<TOps, TVector>.Odd32K8(x, stride, y, limit);
        }
        else if (inputs <= 16)
        {
            Av1TransformSteps<TOps, TVector>.Odd32K16(x, stride, y, limit);
        }
        else
        {
            Av1TransformSteps<TOps, TVector>.Odd32K32(x, stride, y, limit);
        }
        Av1TransformSteps<TOps, TVector>.Last32(y, limit);
    }

    /// <summary>At most 32 of 64 inputs are ever there (7.13.3).</summary>
    private static void VectorDct64<TOps, TVector>(int inputs, byte* x, nint stride, TVector* y, int limit)
        where TOps : ITransformVector<TVector>
        where TVector : unmanaged
    {
        VectorDct32<TOps, TVector>((inputs + 1) >> 1, x, stride * 2, y, limit);
        if (inputs <= 8)
        {
            Av1TransformSteps<TOps, TVector>.Odd64K8(x, stride, y, limit);
        }
        else if (inputs <= 16)
        {
            Av1TransformSteps<TOps, TVector>.Odd64K16(x, stride, y, limit);
        }
        else
        {
            Av1TransformSteps<TOps, TVector>.Odd64K32(x, stride, y, limit);
        }
        Av1TransformSteps<TOps, TVector>.Middle64(y, limit);
        Av1TransformSteps<TOps, TVector>.Last64(y, limit);
    }

    /// <summary>ADST of 4, 8 or 16 points.</summary>
    private static void VectorAdst<TOps, TVector>(int log2, int inputs, byte* x, nint stride, TVector* y, int limit)
        where TOps : ITransformVector<TVector>
        where TVector : unmanaged
    {
        switch (log2)
        {
            case 2:
                Av1TransformSteps<TOps, TVector>.Adst4(x, stride, y, limit);
                break;
            case 3 when inputs <= 4:
                Av1TransformSteps<TOps, TVector>.Adst8K4(x, stride, y, limit);
                break;
            case 3:
                Av1TransformSteps<TOps, TVector>.Adst8K8(x, stride, y, limit);
                break;
            default:
                if (inputs <= 4)
                {
                    Av1TransformSteps<TOps, TVector>.Adst16K4(x, stride, y, limit);
                }
                else if (inputs <= 8)
                {
                    Av1TransformSteps<TOps, TVector>.Adst16K8(x, stride, y, limit);
                }
                else
                {
                    Av1TransformSteps<TOps, TVector>.Adst16K16(x, stride, y, limit);
                }
                break;
        }
    }
}
