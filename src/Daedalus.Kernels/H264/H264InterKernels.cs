// SPDX-License-Identifier: LGPL-2.1-or-later
using System.Runtime.Intrinsics;

namespace Daedalus.Kernels.H264;

/// <summary>
/// Inter prediction (spec 8.4.2.2 and 8.4.2.3): fills the PredictLuma, PredictChroma, Weight and WeightBi entries.
/// Here positions are sorted into the five ways of interpolation; the work is in the H264Inter* structs of the level.
/// </summary>
public static unsafe class H264InterKernels
{
    /// <summary>Fills the table's entries.</summary>
    public static void Fill(H264KernelTable* table, int bitDepth, KernelLevel level)
    {
        if (level == KernelLevel.Scalar)
        {
            if (bitDepth == 8)
                FillScalar<ByteSample>(table);
            else
                FillScalar<WordSample>(table);
        }
        else if (bitDepth == 8)
        {
            if (level == KernelLevel.Vector256)
            {
                FillLuma<H264LumaBytes256<StorePut>, H264LumaBytes256<StorePut>>(table, 0);
                FillLuma<H264LumaBytes256<StoreAverage8>, H264LumaBytes256<StoreAverage8>>(table, 3);
                FillChromaVectors<H264ChromaByteOps256, Vector256<byte>, StoreAverage8>(table);
                FillWeight<H264WeightBytes<H264Wide>>(table);
            }
            else
            {
                FillLumaWords<H264ByteOps128, H264ByteOps128, Vector128<byte>, StoreAverage8>(table);
                FillChromaVectors<H264ChromaByteOps128, Vector128<byte>, StoreAverage8>(table);
                FillWeight<H264WeightBytes<H264Narrow>>(table);
            }
        }
        else if (level == KernelLevel.Vector256)
        {
            FillLumaWords<H264WideOps256, H264PairOps256, Vector256<byte>, StoreAverage16>(table);
            if (bitDepth <= 10)
                FillChromaVectors<H264ChromaTenOps256, Vector256<byte>, StoreAverage16>(table);
            else
                FillChromaVectors<H264ChromaWordOps256, Vector256<byte>, StoreAverage16>(table);
            FillWeight<H264WeightWords<H264Wide>>(table);
        }
        else
        {
            FillLumaWords<H264WordOps128, H264WordOps128, Vector128<byte>, StoreAverage16>(table);
            if (bitDepth <= 10)
                FillChromaVectors<H264ChromaTenOps128, Vector128<byte>, StoreAverage16>(table);
            else
                FillChromaVectors<H264ChromaWordOps128, Vector128<byte>, StoreAverage16>(table);
            FillWeight<H264WeightWords<H264Narrow>>(table);
        }
    }

    private static void FillScalar<TSample>(H264KernelTable* table) where TSample : struct, ISample
    {
        FillLuma<H264ScalarLuma<TSample, AverageOff>, H264ScalarLuma<TSample, AverageOff>>(table, 0);
        FillLuma<H264ScalarLuma<TSample, AverageOn>, H264ScalarLuma<TSample, AverageOn>>(table, 3);
        FillChroma<H264ScalarChroma<TSample, AverageOff>>(table, 0);
        FillChroma<H264ScalarChroma<TSample, AverageOn>>(table, 3);
        FillWeight<H264ScalarWeight<TSample>>(table);
    }

    private static void FillLumaWords<TWide, TNarrow, TVector, TAverage>(H264KernelTable* table)
        where TWide : struct, IH264WordOps<TVector> where TNarrow : struct, IH264WordOps<TVector> where TVector : struct where TAverage : struct, IStore
    {
        FillLuma<H264LumaWords<TWide, TVector, StorePut>, H264LumaWords<TNarrow, TVector, StorePut>>(table, 0);
        FillLuma<H264LumaWords<TWide, TVector, TAverage>, H264LumaWords<TNarrow, TVector, TAverage>>(table, 3);
    }

    private static void FillChromaVectors<TOps, TVector, TAverage>(H264KernelTable* table)
        where TOps : struct, IH264ChromaOps<TVector> where TVector : struct where TAverage : struct, IStore
    {
        FillChroma<H264ChromaVectors<TOps, TVector, StorePut>>(table, 0);
        FillChroma<H264ChromaVectors<TOps, TVector, TAverage>>(table, 3);
    }

    /// <summary>16 samples wide with TWide, 8 and 4 with TNarrow.</summary>
    private static void FillLuma<TWide, TNarrow>(H264KernelTable* table, int row)
        where TWide : struct, IH264LumaBodies where TNarrow : struct, IH264LumaBodies
    {
        FillLumaWidth<TWide, Samples16>(table, row);
        FillLumaWidth<TNarrow, Samples8>(table, row + 1);
        FillLumaWidth<TNarrow, Samples4>(table, row + 2);
    }

    private static void FillLumaWidth<TBodies, TWidth>(H264KernelTable* table, int row)
        where TBodies : struct, IH264LumaBodies where TWidth : struct, ISampleCount
    {
        FillLumaRow<TBodies, TWidth, Quarter0>(table, row * 16);
        FillLumaRow<TBodies, TWidth, Quarter1>(table, row * 16 + 4);
        FillLumaRow<TBodies, TWidth, Quarter2>(table, row * 16 + 8);
        FillLumaRow<TBodies, TWidth, Quarter3>(table, row * 16 + 12);
    }

    private static void FillLumaRow<TBodies, TWidth, TY>(H264KernelTable* table, int i)
        where TBodies : struct, IH264LumaBodies where TWidth : struct, ISampleCount where TY : struct, IQuarter
    {
        table->PredictLuma[i] = (nint)(delegate*<byte*, nint, byte*, nint, int, int, void>)&LumaEntry<TBodies, TWidth, Quarter0, TY>.Predict;
        table->PredictLuma[i + 1] = (nint)(delegate*<byte*, nint, byte*, nint, int, int, void>)&LumaEntry<TBodies, TWidth, Quarter1, TY>.Predict;
        table->PredictLuma[i + 2] = (nint)(delegate*<byte*, nint, byte*, nint, int, int, void>)&LumaEntry<TBodies, TWidth, Quarter2, TY>.Predict;
        table->PredictLuma[i + 3] = (nint)(delegate*<byte*, nint, byte*, nint, int, int, void>)&LumaEntry<TBodies, TWidth, Quarter3, TY>.Predict;
    }

    private static void FillChroma<TBodies>(H264KernelTable* table, int i) where TBodies : struct, IH264ChromaBodies
    {
        table->PredictChroma[i] = (nint)(delegate*<byte*, nint, byte*, nint, int, int, int, int, void>)&ChromaEntry<TBodies, Samples8>.Predict;
        table->PredictChroma[i + 1] = (nint)(delegate*<byte*, nint, byte*, nint, int, int, int, int, void>)&ChromaEntry<TBodies, Samples4>.Predict;
        table->PredictChroma[i + 2] = (nint)(delegate*<byte*, nint, byte*, nint, int, int, int, int, void>)&ChromaEntry<TBodies, Samples2>.Predict;
    }

    private static void FillWeight<TBodies>(H264KernelTable* table) where TBodies : struct, IH264WeightBodies
    {
        table->Weight[0] = (nint)(delegate*<byte*, nint, int, int, int, int, int, void>)&WeightEntry<TBodies, Samples16>.One;
        table->Weight[1] = (nint)(delegate*<byte*, nint, int, int, int, int, int, void>)&WeightEntry<TBodies, Samples8>.One;
        table->Weight[2] = (nint)(delegate*<byte*, nint, int, int, int, int, int, void>)&WeightEntry<TBodies, Samples4>.One;
        table->Weight[3] = (nint)(delegate*<byte*, nint, int, int, int, int, int, void>)&WeightEntry<TBodies, Samples2>.One;
        table->WeightBi[0] = (nint)(delegate*<byte*, nint, byte*, nint, int, int, int, int, int, int, void>)&WeightEntry<TBodies, Samples16>.Two;
        table->WeightBi[1] = (nint)(delegate*<byte*, nint, byte*, nint, int, int, int, int, int, int, void>)&WeightEntry<TBodies, Samples8>.Two;
        table->WeightBi[2] = (nint)(delegate*<byte*, nint, byte*, nint, int, int, int, int, int, int, void>)&WeightEntry<TBodies, Samples4>.Two;
        table->WeightBi[3] = (nint)(delegate*<byte*, nint, byte*, nint, int, int, int, int, int, int, void>)&WeightEntry<TBodies, Samples2>.Two;
    }

    /// <summary>One luma entry: the way its position is interpolated.</summary>
    private static class LumaEntry<TBodies, TWidth, TX, TY>
        where TBodies : struct, IH264LumaBodies where TWidth : struct, ISampleCount where TX : struct, IQuarter where TY : struct, IQuarter
    {
        internal static void Predict(byte* dst, nint dstStride, byte* src, nint srcStride, int height, int maxValue)
        {
            if (TX.Value == 0 && TY.Value == 0)
                TBodies.Copy<TWidth>(dst, dstStride, src, srcStride, height, maxValue);
            else if (TY.Value == 0)
                TBodies.Horizontal<TWidth, TX>(dst, dstStride, src, srcStride, height, maxValue);
            else if (TX.Value == 0)
                TBodies.Vertical<TWidth, TY>(dst, dstStride, src, srcStride, height, maxValue);
            else if (TX.Value == 2 || TY.Value == 2)
                TBodies.Centre<TWidth, TX, TY>(dst, dstStride, src, srcStride, height, maxValue);
            else
                TBodies.Diagonal<TWidth, TX, TY>(dst, dstStride, src, srcStride, height, maxValue);
        }
    }

    private static class ChromaEntry<TBodies, TWidth>
        where TBodies : struct, IH264ChromaBodies where TWidth : struct, ISampleCount
    {
        internal static void Predict(byte* dst, nint dstStride, byte* src, nint srcStride, int height, int mx, int my, int maxValue)
            => TBodies.Predict<TWidth>(dst, dstStride, src, srcStride, height, mx, my, maxValue);
    }

    private static class WeightEntry<TBodies, TWidth>
        where TBodies : struct, IH264WeightBodies where TWidth : struct, ISampleCount
    {
        internal static void One(byte* dst, nint stride, int height, int log2Denominator, int weight, int offset, int maxValue)
            => TBodies.One<TWidth>(dst, stride, height, log2Denominator, weight, offset, maxValue);

        internal static void Two(byte* dst, nint dstStride, byte* src, nint srcStride, int height, int log2Denominator, int weight0, int weight1, int offset, int maxValue)
            => TBodies.Two<TWidth>(dst, dstStride, src, srcStride, height, log2Denominator, weight0, weight1, offset, maxValue);
    }
}

/// <summary>
/// Luma interpolation of one level, sample type and store (spec 8.4.2.2.1), by kind of position: whole samples; only across; only
/// down; both fractions odd (mean of a horizontal and a vertical half sample); the centre j alone or averaged with a half sample.
/// </summary>
internal unsafe interface IH264LumaBodies
{
    static abstract void Copy<TWidth>(byte* dst, nint dstStride, byte* src, nint srcStride, int height, int maxValue)
        where TWidth : struct, ISampleCount;
    static abstract void Horizontal<TWidth, TX>(byte* dst, nint dstStride, byte* src, nint srcStride, int height, int maxValue)
        where TWidth : struct, ISampleCount where TX : struct, IQuarter;
    static abstract void Vertical<TWidth, TY>(byte* dst, nint dstStride, byte* src, nint srcStride, int height, int maxValue)
        where TWidth : struct, ISampleCount where TY : struct, IQuarter;
    static abstract void Diagonal<TWidth, TX, TY>(byte* dst, nint dstStride, byte* src, nint srcStride, int height, int maxValue)
        where TWidth : struct, ISampleCount where TX : struct, IQuarter where TY : struct, IQuarter;
    static abstract void Centre<TWidth, TX, TY>(byte* dst, nint dstStride, byte* src, nint srcStride, int height, int maxValue)
        where TWidth : struct, ISampleCount where TX : struct, IQuarter where TY : struct, IQuarter;
}

/// <summary>Chroma interpolation of one level, sample type and store (spec 8.4.2.2.2).</summary>
internal unsafe interface IH264ChromaBodies
{
    static abstract void Predict<TWidth>(byte* dst, nint dstStride, byte* src, nint srcStride, int height, int mx, int my, int maxValue)
        where TWidth : struct, ISampleCount;
}

/// <summary>Weighted prediction of one level and sample type (spec 8.4.2.3.2).</summary>
internal unsafe interface IH264WeightBodies
{
    static abstract void One<TWidth>(byte* dst, nint stride, int height, int log2Denominator, int weight, int offset, int maxValue)
        where TWidth : struct, ISampleCount;
    static abstract void Two<TWidth>(byte* dst, nint dstStride, byte* src, nint srcStride, int height, int log2Denominator, int weight0, int weight1, int offset, int maxValue)
        where TWidth : struct, ISampleCount;
}

/// <summary>Samples of a block row, a constant to the compiler.</summary>
internal interface ISampleCount
{
    static abstract int Count { get; }
}

internal readonly struct Samples2 : ISampleCount { public static int Count => 2; }
internal readonly struct Samples4 : ISampleCount { public static int Count => 4; }
internal readonly struct Samples8 : ISampleCount { public static int Count => 8; }
internal readonly struct Samples16 : ISampleCount { public static int Count => 16; }

/// <summary>A fraction of the motion vector in quarter samples, a constant to the compiler.</summary>
internal interface IQuarter
{
    static abstract int Value { get; }
}

internal readonly struct Quarter0 : IQuarter { public static int Value => 0; }
internal readonly struct Quarter1 : IQuarter { public static int Value => 1; }
internal readonly struct Quarter2 : IQuarter { public static int Value => 2; }
internal readonly struct Quarter3 : IQuarter { public static int Value => 3; }
