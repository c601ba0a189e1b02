// SPDX-License-Identifier: LGPL-2.1-or-later
namespace Daedalus.Kernels.Av1;

/// <summary>Inter prediction (7.11.3): fills Predict, PredictIntermediate, PredictScaled, Warp and the blends.</summary>
public static unsafe class Av1InterKernels
{
    /// <summary>Fills the table's entries.</summary>
    public static void Fill(Av1KernelTable* table, int bitDepth, KernelLevel level)
    {
        if (bitDepth == 8)
            FillScalar<ByteSample>(table);
        else
            FillScalar<WordSample>(table);
    }

    private static void FillScalar<TSample>(Av1KernelTable* table) where TSample : struct, ISample
    {
        FillWidth<TSample, Length2>(table, 0);
        FillWidth<TSample, Length4>(table, 1);
        FillWidth<TSample, Length8>(table, 2);
        FillWidth<TSample, Length16>(table, 3);
        FillWidth<TSample, Length32>(table, 4);
        FillWidth<TSample, Length64>(table, 5);
        FillWidth<TSample, Length128>(table, 6);
        table->PredictScaled[0] = (nint)(delegate*<void*, nint, byte*, nint, int, int, int, int, int, int, int, int, void>)&Av1InterScalar<TSample>.Scaled;
        table->PredictScaled[1] = (nint)(delegate*<void*, nint, byte*, nint, int, int, int, int, int, int, int, int, void>)&Av1InterScalar<TSample>.ScaledIntermediate;
        table->Warp[0] = (nint)(delegate*<void*, nint, byte*, nint, short*, int, int, int, void>)&Av1InterScalar<TSample>.Warp;
        table->Warp[1] = (nint)(delegate*<void*, nint, byte*, nint, short*, int, int, int, void>)&Av1InterScalar<TSample>.WarpIntermediate;
        table->Average = (nint)(delegate*<byte*, nint, short*, short*, int, int, int, void>)&Av1BlendScalar<TSample>.Average;
        table->Distance = (nint)(delegate*<byte*, nint, short*, short*, int, int, int, int, int, void>)&Av1BlendScalar<TSample>.Distance;
        table->MaskBlend[0] = (nint)(delegate*<byte*, nint, short*, short*, byte*, nint, int, int, int, void>)&Av1BlendScalar<TSample>.Mask444;
        table->MaskBlend[1] = (nint)(delegate*<byte*, nint, short*, short*, byte*, nint, int, int, int, void>)&Av1BlendScalar<TSample>.Mask422;
        table->MaskBlend[2] = (nint)(delegate*<byte*, nint, short*, short*, byte*, nint, int, int, int, void>)&Av1BlendScalar<TSample>.Mask420;
        table->DifferenceMask = (nint)(delegate*<byte*, nint, short*, short*, int, int, int, int, void>)&Av1BlendScalar<TSample>.DifferenceMask;
        table->IntraBlend[0] = (nint)(delegate*<byte*, nint, byte*, nint, byte*, nint, int, int, void>)&Av1BlendScalar<TSample>.Intra444;
        table->IntraBlend[1] = (nint)(delegate*<byte*, nint, byte*, nint, byte*, nint, int, int, void>)&Av1BlendScalar<TSample>.Intra422;
        table->IntraBlend[2] = (nint)(delegate*<byte*, nint, byte*, nint, byte*, nint, int, int, void>)&Av1BlendScalar<TSample>.Intra420;
        table->OverlapBlend[0] = (nint)(delegate*<byte*, nint, byte*, nint, int, int, void>)&Av1BlendScalar<TSample>.OverlapAbove;
        table->OverlapBlend[1] = (nint)(delegate*<byte*, nint, byte*, nint, int, int, void>)&Av1BlendScalar<TSample>.OverlapLeft;
    }

    private static void FillWidth<TSample, TWidth>(Av1KernelTable* table, int index) where TSample : struct, ISample where TWidth : struct, IAv1Length
    {
        table->Predict[index] = (nint)(delegate*<byte*, nint, byte*, nint, int, int, int, int, int, void>)&Av1InterScalar<TSample, TWidth>.Predict;
        table->PredictIntermediate[index] = (nint)(delegate*<short*, byte*, nint, int, int, int, int, int, void>)&Av1InterScalar<TSample, TWidth>.PredictIntermediate;
    }
}
