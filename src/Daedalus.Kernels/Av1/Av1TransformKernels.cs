// SPDX-License-Identifier: LGPL-2.1-or-later
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics.Arm;
using System.Runtime.Intrinsics.X86;

namespace Daedalus.Kernels.Av1;

/// <summary>
/// Inverse transforms (7.13) with addition to the prediction (7.12.3 step 3): fills InverseTransform. At 8 bits both passes clamp to 16 bits, and so does every butterfly here:
/// conforming streams never leave that range (7.13.2.1), for others all vector widths agree on the same harmless result.
/// </summary>
public static unsafe partial class Av1TransformKernels
{
    /// <summary>Fills the table's entries.</summary>
    public static void Fill(Av1KernelTable* table, int bitDepth, KernelLevel level)
    {
        if (bitDepth == 8)
        {
            if (level == KernelLevel.Vector256 && Avx2.IsSupported)
            {
                FillLevel<TransformLevelShort256>(table);
            }
            else if (level >= KernelLevel.Vector128 && (Sse41.IsSupported || AdvSimd.Arm64.IsSupported))
            {
                FillLevel<TransformLevelShort128>(table);
            }
            else
            {
                FillLevel<TransformLevelScalar<ByteSample, short>>(table);
            }
            table->InverseTransform[Av1KernelTable.Lossless] = (nint)(delegate*<byte*, nint, void*, int, int, void>)&WalshHadamard<ByteSample, short>;
            return;
        }
        if (level == KernelLevel.Vector256 && Avx2.IsSupported)
        {
            FillLevel<TransformLevelInt256>(table);
        }
        else if (level >= KernelLevel.Vector128 && (Sse41.IsSupported || AdvSimd.Arm64.IsSupported))
        {
            FillLevel<TransformLevelInt128>(table);
        }
        else
        {
            FillLevel<TransformLevelScalar<WordSample, int>>(table);
        }
        table->InverseTransform[Av1KernelTable.Lossless] = (nint)(delegate*<byte*, nint, void*, int, int, void>)&WalshHadamard<WordSample, int>;
    }

    private static void FillLevel<TLevel>(Av1KernelTable* table)
        where TLevel : ITransformLevel
    {
        FillAll<TLevel, N0>(table);
        FillAll<TLevel, N1>(table);
        FillAll<TLevel, N2>(table);
        FillTwo<TLevel, N3>(table);
        Set<TLevel, N4, N0>(table);
        FillAll<TLevel, N5>(table);
        FillAll<TLevel, N6>(table);
        FillAll<TLevel, N7>(table);
        FillAll<TLevel, N8>(table);
        FillTwo<TLevel, N9>(table);
        FillTwo<TLevel, N10>(table);
        Set<TLevel, N11, N0>(table);
        Set<TLevel, N12, N0>(table);
        FillAll<TLevel, N13>(table);
        FillAll<TLevel, N14>(table);
        FillTwo<TLevel, N15>(table);
        FillTwo<TLevel, N16>(table);
        Set<TLevel, N17, N0>(table);
        Set<TLevel, N18, N0>(table);
    }

    /// <summary>Sizes up to 16: all types.</summary>
    private static void FillAll<TLevel, TSize>(Av1KernelTable* table)
        where TLevel : ITransformLevel
        where TSize : INumber
    {
        FillTwo<TLevel, TSize>(table);
        Set<TLevel, TSize, N1>(table);
        Set<TLevel, TSize, N2>(table);
        Set<TLevel, TSize, N3>(table);
        Set<TLevel, TSize, N4>(table);
        Set<TLevel, TSize, N5>(table);
        Set<TLevel, TSize, N6>(table);
        Set<TLevel, TSize, N7>(table);
        Set<TLevel, TSize, N8>(table);
        Set<TLevel, TSize, N10>(table);
        Set<TLevel, TSize, N11>(table);
        Set<TLevel, TSize, N12>(table);
        Set<TLevel, TSize, N13>(table);
        Set<TLevel, TSize, N14>(table);
        Set<TLevel, TSize, N15>(table);
    }

    /// <summary>Sizes with a side of 32: DCT_DCT and IDTX.</summary>
    private static void FillTwo<TLevel, TSize>(Av1KernelTable* table)
        where TLevel : ITransformLevel
        where TSize : INumber
    {
        Set<TLevel, TSize, N0>(table);
        Set<TLevel, TSize, N9>(table);
    }

    private static void Set<TLevel, TSize, TType>(Av1KernelTable* table)
        where TLevel : ITransformLevel
        where TSize : INumber
        where TType : INumber
        => table->InverseTransform[TSize.Value * Av1KernelTable.TransformTypes + TType.Value] = (nint)(delegate*<byte*, nint, void*, int, int, void>)&Entry<TLevel, TSize, TType>;

    private static void Entry<TLevel, TSize, TType>(byte* dst, nint stride, void* coefficients, int eob, int bitDepth)
        where TLevel : ITransformLevel
        where TSize : INumber
        where TType : INumber
        => TLevel.Transform(dst, stride, (byte*)coefficients, eob, bitDepth, (TSize.Value << 4) | TType.Value);

    /// <summary>The 2D inverse transform (7.13.3): rows first, then columns, which add to the prediction.</summary>
    [SkipLocalsInit]
    [MethodImpl(MethodImplOptions.NoInlining)]
    internal static void Transform<TLevel>(byte* dst, nint stride, byte* coefficients, int eob, int bitDepth, int sizeAndType)
        where TLevel : ITransformLevel
    {
        var size = sizeAndType >> 4;
        var type = sizeAndType & 15;
        if (sizeAndType == size << 4 && eob == 1)
        {
            DcOnly<TLevel>(dst, stride, coefficients, bitDepth, size);
            return;
        }
        TransformJob job;
        job.Log2W = LogSizes[size] >> 4;
        job.Log2H = LogSizes[size] & 15;
        job.RowShift = RowShifts[size];
        job.RowKind = (TransformKind)(TypeKinds[type] & 3);
        job.ColumnKind = (TransformKind)((TypeKinds[type] >> 2) & 3);
        job.FlipX = (TypeKinds[type] & 16) != 0;
        job.FlipY = (TypeKinds[type] & 32) != 0;
        job.BitDepth = bitDepth;
        var width = Math.Min(1 << job.Log2W, 32);
        var height = Math.Min(1 << job.Log2H, 32);
        job.Rows = height;
        job.Columns = width;
        if (type < 10)
        {
            // The default scans go diagonal by diagonal: positions on the first n of them have both coordinates below n.
            var shorter = Math.Min(width, height);
            var diagonals = 0;
            for (var count = 0; count < eob && diagonals < width + height; diagonals++)
            {
                count += Math.Min(diagonals + 1, shorter);
                if (diagonals >= Math.Max(width, height))
                {
                    break;
                }
            }
            job.Rows = Math.Min(height, diagonals);
            job.Columns = Math.Min(width, diagonals);
        }
        else if ((type & 1) == 0)
        {
            // V_*: row by row (Mrow_Scan).
            job.Rows = Math.Min(height, (eob + width - 1) >> job.Log2W);
        }
        else
        {
            job.Columns = Math.Min(width, (eob + height - 1) >> job.Log2H);
        }
        // 32 rows of 64 residuals: rows further down are zero.
        var memory = stackalloc int[32 * 64 + 16];
        var residual = Align(memory);
        TLevel.Rows(&job, coefficients, residual);
        Unsafe.InitBlockUnaligned(coefficients, 0, (uint)(job.Columns * height * TLevel.CoefficientSize));
        TLevel.Columns(&job, residual, dst, stride);
    }

    /// <summary>DCT_DCT of the first coefficient alone: one value for the whole block.</summary>
    private static void DcOnly<TLevel>(byte* dst, nint stride, byte* coefficients, int bitDepth, int size)
        where TLevel : ITransformLevel
    {
        int log2W = LogSizes[size] >> 4;
        var log2H = LogSizes[size] & 15;
        int value;
        if (TLevel.CoefficientSize == 2)
        {
            value = *(short*)coefficients;
            *(short*)coefficients = 0;
        }
        else
        {
            value = *(int*)coefficients;
            *(int*)coefficients = 0;
        }
        if (Math.Abs(log2W - log2H) == 1)
        {
            value = (value * 2896 + 2048) >> 12;
        }
        value = (value * 2896 + 2048) >> 12;
        int shift = RowShifts[size];
        value = (value + ((1 << shift) >> 1)) >> shift;
        var limit = (1 << (Math.Max(bitDepth + 6, 16) - 1)) - 1;
        value = Math.Clamp(value, ~limit, limit);
        value = (value * 2896 + 2048) >> 12;
        TLevel.AddConstant(dst, stride, 1 << log2W, 1 << log2H, (value + 8) >> 4, bitDepth);
    }

    /// <summary>The 32- or 64-byte aligned address in a scratch with 64 bytes to spare.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static byte* Align(void* p) => (byte*)(((nuint)p + 63) & ~(nuint)63);

    /// <summary>Lossless blocks: the Walsh–Hadamard transform (7.13.2.10) of 4 rows, then 4 columns.</summary>
    [SkipLocalsInit]
    private static void WalshHadamard<TSample, TCoefficient>(byte* dst, nint stride, void* coefficients, int eob, int bitDepth)
        where TSample : ISample
        where TCoefficient : unmanaged
    {
        var t = stackalloc int[16];
        var limit = (1 << (Math.Max(bitDepth + 6, 16) - 1)) - 1;
        for (var i = 0; i < 4; i++)
        {
            var a = Take<TCoefficient>(coefficients, i) >> 2;
            var c = Take<TCoefficient>(coefficients, 4 + i) >> 2;
            var d = Take<TCoefficient>(coefficients, 8 + i) >> 2;
            var b = Take<TCoefficient>(coefficients, 12 + i) >> 2;
            HadamardStep(ref a, ref b, ref c, ref d);
            t[i * 4] = Math.Clamp(a, ~limit, limit);
            t[i * 4 + 1] = Math.Clamp(b, ~limit, limit);
            t[i * 4 + 2] = Math.Clamp(c, ~limit, limit);
            t[i * 4 + 3] = Math.Clamp(d, ~limit, limit);
        }
        var max = (1 << bitDepth) - 1;
        for (var j = 0; j < 4; j++)
        {
            var a = t[j];
            var c = t[4 + j];
            var d = t[8 + j];
            var b = t[12 + j];
            HadamardStep(ref a, ref b, ref c, ref d);
            TSample.Store(dst, j, Math.Clamp(TSample.Load(dst, j) + a, 0, max));
            TSample.Store(dst + stride, j, Math.Clamp(TSample.Load(dst + stride, j) + b, 0, max));
            TSample.Store(dst + 2 * stride, j, Math.Clamp(TSample.Load(dst + 2 * stride, j) + c, 0, max));
            TSample.Store(dst + 3 * stride, j, Math.Clamp(TSample.Load(dst + 3 * stride, j) + d, 0, max));
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void HadamardStep(ref int a, ref int b, ref int c, ref int d)
    {
        a += c;
        d -= b;
        var e = (a - d) >> 1;
        b = e - b;
        c = e - c;
        a -= b;
        d += c;
    }

    /// <summary>Reads a coefficient and leaves zero.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static int Take<TCoefficient>(void* coefficients, int index)
        where TCoefficient : unmanaged
    {
        if (sizeof(TCoefficient) == 2)
        {
            int value = ((short*)coefficients)[index];
            ((short*)coefficients)[index] = 0;
            return value;
        }
        var wide = ((int*)coefficients)[index];
        ((int*)coefficients)[index] = 0;
        return wide;
    }
}
