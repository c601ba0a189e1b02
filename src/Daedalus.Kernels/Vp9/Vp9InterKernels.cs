// SPDX-License-Identifier: LGPL-2.1-or-later
namespace Daedalus.Kernels.Vp9;

/// <summary>
/// Motion compensation (spec 8.5.2.3): fills the Predict and PredictScaled entries.
/// Each entry only picks the taps and the direction; the work is in the Vp9Inter* classes of the level.
/// </summary>
public static unsafe partial class Vp9InterKernels
{
    /// <summary>Writes this group's entries into the table.</summary>
    internal static void Fill(Vp9KernelTable* table, int bitDepth, KernelLevel level)
    {
        if (bitDepth == 8)
        {
            if (level == KernelLevel.Scalar)
                FillScalar<ByteSample>(table);
            else if (level == KernelLevel.Vector128)
                Fill128<ByteOps128, StoreAverage8, ByteSample>(table);
            else
                Fill256<ByteOps256, StoreAverage8, ByteSample>(table);
        }
        else if (level == KernelLevel.Scalar)
            FillScalar<WordSample>(table);
        else if (level == KernelLevel.Vector128)
            Fill128<WordOps128, StoreAverage16, WordSample>(table);
        else
            Fill256<WordOps256, StoreAverage16, WordSample>(table);
    }

    private static void FillScalar<TSample>(Vp9KernelTable* table)
        where TSample : struct, ISample
    {
        FillEntries<ScalarBodies<TSample, AverageOff>, ScalarBodies<TSample, AverageOn>, TSample>(table);
    }

    private static void Fill128<TOps, TAverage, TSample>(Vp9KernelTable* table)
        where TOps : struct, IInterOps128 where TAverage : struct, IStore where TSample : struct, ISample
    {
        FillEntries<Bodies128<TOps, StorePut>, Bodies128<TOps, TAverage>, TSample>(table);
    }

    private static void Fill256<TOps, TAverage, TSample>(Vp9KernelTable* table)
        where TOps : struct, IInterOps256 where TAverage : struct, IStore where TSample : struct, ISample
    {
        FillEntries<Bodies256<TOps, StorePut>, Bodies256<TOps, TAverage>, TSample>(table);
    }

    private static void FillEntries<TPut, TAverage, TSample>(Vp9KernelTable* table)
        where TPut : struct, IInterBodies where TAverage : struct, IInterBodies where TSample : struct, ISample
    {
        FillFilter<TPut, FilterRegular, TSample>(table, 0);
        FillFilter<TPut, FilterSmooth, TSample>(table, 1);
        FillFilter<TPut, FilterSharp, TSample>(table, 2);
        FillFilter<TPut, FilterBilinear, TSample>(table, 3);
        FillFilter<TAverage, FilterRegular, TSample>(table, 4);
        FillFilter<TAverage, FilterSmooth, TSample>(table, 5);
        FillFilter<TAverage, FilterSharp, TSample>(table, 6);
        FillFilter<TAverage, FilterBilinear, TSample>(table, 7);
    }

    private static void FillFilter<TBodies, TFilter, TSample>(Vp9KernelTable* table, int row)
        where TBodies : struct, IInterBodies where TFilter : struct, IFilter where TSample : struct, ISample
    {
        int i = row * 5;
        if (TSample.Size == 1)
            table->Predict[i] = (nint)(delegate*<byte*, nint, byte*, nint, int, int, int, int, void>)&Entry<TBodies, TFilter, TSample, Bytes4>.Predict;
        else
            table->Predict[i + 4] = (nint)(delegate*<byte*, nint, byte*, nint, int, int, int, int, void>)&Entry<TBodies, TFilter, TSample, Bytes128>.Predict;
        i += TSample.Size == 1 ? 1 : 0;
        table->Predict[i] = (nint)(delegate*<byte*, nint, byte*, nint, int, int, int, int, void>)&Entry<TBodies, TFilter, TSample, Bytes8>.Predict;
        table->Predict[i + 1] = (nint)(delegate*<byte*, nint, byte*, nint, int, int, int, int, void>)&Entry<TBodies, TFilter, TSample, Bytes16>.Predict;
        table->Predict[i + 2] = (nint)(delegate*<byte*, nint, byte*, nint, int, int, int, int, void>)&Entry<TBodies, TFilter, TSample, Bytes32>.Predict;
        table->Predict[i + 3] = (nint)(delegate*<byte*, nint, byte*, nint, int, int, int, int, void>)&Entry<TBodies, TFilter, TSample, Bytes64>.Predict;
        table->PredictScaled[row] = (nint)(delegate*<byte*, nint, byte*, nint, int, int, int, int, int, int, int, void>)&ScaledEntry<TBodies, TFilter>.Predict;
    }

    /// <summary>One entry of the table: direction and taps.</summary>
    private static class Entry<TBodies, TFilter, TSample, TWidth>
        where TBodies : struct, IInterBodies where TFilter : struct, IFilter where TSample : struct, ISample where TWidth : struct, IWidth
    {
        internal static void Predict(byte* dst, nint dstStride, byte* src, nint srcStride, int height, int mx, int my, int maxValue)
        {
            byte* taps = TSample.Size == 1
                ? (byte*)(Vp9InterFilterTables.Bytes + TFilter.Index * Vp9InterFilterTables.FilterSize)
                : (byte*)(Vp9InterFilterTables.Words + TFilter.Index * Vp9InterFilterTables.FilterSize);
            byte* tapsX = taps + mx * (Vp9InterFilterTables.TapCount * TSample.Size);
            byte* tapsY = taps + my * (Vp9InterFilterTables.TapCount * TSample.Size);
            if (mx != 0)
            {
                if (my != 0)
                    TBodies.Both<TWidth>(dst, dstStride, src, srcStride, height, tapsX, tapsY, maxValue);
                else
                    TBodies.Horizontal<TWidth>(dst, dstStride, src, srcStride, height, tapsX, maxValue);
            }
            else if (my != 0)
                TBodies.Vertical<TWidth>(dst, dstStride, src, srcStride, height, tapsY, maxValue);
            else
                TBodies.Copy<TWidth>(dst, dstStride, src, srcStride, height);
        }
    }

    private static class ScaledEntry<TBodies, TFilter>
        where TBodies : struct, IInterBodies where TFilter : struct, IFilter
    {
        internal static void Predict(byte* dst, nint dstStride, byte* src, nint srcStride, int width, int height, int mx, int my, int xStep, int yStep, int maxValue)
            => TBodies.Scaled(dst, dstStride, src, srcStride, width, height, mx, my, xStep, yStep, maxValue,
                Vp9InterFilterTables.Words + TFilter.Index * Vp9InterFilterTables.FilterSize);
    }
}

/// <summary>
/// The kernels of one level, sample type and store. Taps point at 8 taps of the sample's size; widths are bytes of a row.
/// </summary>
internal unsafe interface IInterBodies
{
    static abstract void Copy<TWidth>(byte* dst, nint dstStride, byte* src, nint srcStride, int height) where TWidth : struct, IWidth;
    static abstract void Horizontal<TWidth>(byte* dst, nint dstStride, byte* src, nint srcStride, int height, byte* taps, int maxValue) where TWidth : struct, IWidth;
    static abstract void Vertical<TWidth>(byte* dst, nint dstStride, byte* src, nint srcStride, int height, byte* taps, int maxValue) where TWidth : struct, IWidth;
    static abstract void Both<TWidth>(byte* dst, nint dstStride, byte* src, nint srcStride, int height, byte* tapsX, byte* tapsY, int maxValue) where TWidth : struct, IWidth;
    static abstract void Scaled(byte* dst, nint dstStride, byte* src, nint srcStride, int width, int height, int mx, int my, int xStep, int yStep, int maxValue, short* filter);
}

/// <summary>Interpolation filter number, V4L2 order.</summary>
internal interface IFilter
{
    static abstract int Index { get; }
}

internal readonly struct FilterRegular : IFilter { public static int Index => 0; }
internal readonly struct FilterSmooth : IFilter { public static int Index => 1; }
internal readonly struct FilterSharp : IFilter { public static int Index => 2; }
internal readonly struct FilterBilinear : IFilter { public static int Index => 3; }

/// <summary>Bytes of a block row, a constant to the compiler.</summary>
internal interface IWidth
{
    static abstract int Bytes { get; }
}

internal readonly struct Bytes4 : IWidth { public static int Bytes => 4; }
internal readonly struct Bytes8 : IWidth { public static int Bytes => 8; }
internal readonly struct Bytes16 : IWidth { public static int Bytes => 16; }
internal readonly struct Bytes32 : IWidth { public static int Bytes => 32; }
internal readonly struct Bytes64 : IWidth { public static int Bytes => 64; }
internal readonly struct Bytes128 : IWidth { public static int Bytes => 128; }
