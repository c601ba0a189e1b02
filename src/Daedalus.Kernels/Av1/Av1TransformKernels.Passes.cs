// SPDX-License-Identifier: LGPL-2.1-or-later
using System.Runtime.CompilerServices;

namespace Daedalus.Kernels.Av1;

/// <summary>The two passes of the 2D inverse transform (7.13.3) on vectors of any width: each lane is a row, then a column.</summary>
public static unsafe partial class Av1TransformKernels
{
    /// <summary>Row transforms: coefficients (column by column) to residuals (row by row), <see cref="TransformJob.Rows"/> rows rounded up to the number of lanes.</summary>
    [SkipLocalsInit]
    [MethodImpl(MethodImplOptions.NoInlining)]
    internal static void RowPass<TOps, TVector>(TransformJob* job, byte* coefficients, byte* residual)
        where TOps : ITransformOps<TVector>
        where TVector : unmanaged
    {
        var memory = stackalloc byte[2 * 64 * sizeof(TVector) + 64];
        var t = (TVector*)Align(memory);
        var log2 = job->Log2W;
        var width = 1 << log2;
        var kind = job->RowKind;
        var columnBytes = (nint)(Math.Min(1 << job->Log2H, 32) * TOps.ElementSize);
        var rowBytes = (nint)(width * TOps.ElementSize);
        var rectangle = Math.Abs(log2 - job->Log2H) == 1;
        var max = TOps.Limit(job->BitDepth + 8);
        var columnMax = TOps.Limit(Math.Max(job->BitDepth + 6, 16));
        for (var y = 0; y < job->Rows; y += TOps.Count)
        {
            var source = coefficients + y * TOps.ElementSize;
            for (var x = 0; x < job->Columns; x++)
            {
                var v = TOps.Load(source);
                if (rectangle)
                {
                    v = TOps.Scale(v, 2896);
                }
                t[Place(kind, log2, x)] = v;
                source += columnBytes;
            }
            for (var x = job->Columns; x < width; x++)
            {
                t[Place(kind, log2, x)] = default;
            }
            var output = t;
            if (kind == TransformKind.Identity)
            {
                for (var x = 0; x < width; x++)
                {
                    t[x] = TOps.IdentityRow(t[x], log2, job->RowShift, columnMax);
                }
            }
            else
            {
                output = kind == TransformKind.Dct ? Dct<TOps, TVector>(t, log2, max) : Adst<TOps, TVector>(t, log2, max);
                for (var x = 0; x < width; x++)
                {
                    output[x] = TOps.RoundRow(output[x], job->RowShift, columnMax);
                }
            }
            var target = residual + y * rowBytes;
            for (var x = 0; x < width; x += TOps.Count)
            {
                // flipLR: taken from the other end.
                TOps.Transpose(job->FlipX ? output + (width - 1 - x) : output + x, job->FlipX ? -1 : 1, target + x * TOps.ElementSize, rowBytes);
            }
        }
    }

    /// <summary>Column transforms and the addition to the prediction.</summary>
    [SkipLocalsInit]
    [MethodImpl(MethodImplOptions.NoInlining)]
    internal static void ColumnPass<TOps, TVector>(TransformJob* job, byte* residual, byte* dst, nint stride)
        where TOps : ITransformOps<TVector>
        where TVector : unmanaged
    {
        var memory = stackalloc byte[2 * 64 * sizeof(TVector) + 64];
        var t = (TVector*)Align(memory);
        var log2 = job->Log2H;
        var width = 1 << job->Log2W;
        var height = 1 << log2;
        var kind = job->ColumnKind;
        var rowBytes = (nint)(width * TOps.ElementSize);
        var max = TOps.Limit(Math.Max(job->BitDepth + 6, 16));
        var maxSample = (1 << job->BitDepth) - 1;
        if (job->FlipY)
        {
            dst += (height - 1) * stride;
            stride = -stride;
        }
        for (var x = 0; x < width; x += TOps.Count)
        {
            var source = residual + x * TOps.ElementSize;
            for (var y = 0; y < job->Rows; y++)
            {
                t[Place(kind, log2, y)] = TOps.Load(source);
                source += rowBytes;
            }
            for (var y = job->Rows; y < height; y++)
            {
                t[Place(kind, log2, y)] = default;
            }
            var output = t;
            if (kind == TransformKind.Identity)
            {
                for (var y = 0; y < height; y++)
                {
                    t[y] = TOps.IdentityColumn(t[y], log2);
                }
            }
            else
            {
                output = kind == TransformKind.Dct ? Dct<TOps, TVector>(t, log2, max) : Adst<TOps, TVector>(t, log2, max);
            }
            var target = dst + x * TOps.SampleSize;
            for (var y = 0; y < height; y++)
            {
                TOps.AddRounded(target, output[y], maxSample);
                target += stride;
            }
        }
    }

    /// <summary>Where an input of a 1D transform goes: the permutations of 7.13.2.2 and 7.13.2.4.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static int Place(TransformKind kind, int log2, int i)
    {
        if (kind == TransformKind.Dct)
        {
            return Reversed6[i] >> (6 - log2);
        }
        if (kind == TransformKind.Adst && log2 != 2)
        {
            return (i & 1) == 0 ? i + 1 : (1 << log2) - 1 - i;
        }
        return i;
    }
}
