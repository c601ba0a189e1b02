// SPDX-License-Identifier: LGPL-2.1-or-later
using System.Runtime.Intrinsics;

namespace Daedalus.Kernels.Av1;

/// <summary>Inter prediction (7.11.3): fills Predict, PredictIntermediate, PredictScaled, Warp and the blends.</summary>
public static unsafe class Av1InterKernels
{
    /// <summary>Fills the table's entries.</summary>
    public static void Fill(Av1KernelTable* table, int bitDepth, KernelLevel level)
    {
        if (bitDepth == 8)
            Fill<ByteSample>(table, level);
        else
            Fill<WordSample>(table, level);
    }

    private static void Fill<TSample>(Av1KernelTable* table, KernelLevel level) where TSample : struct, ISample
    {
        FillScalar<TSample>(table);
        if (level == KernelLevel.Scalar)
            return;
        table->Warp[0] = (nint)(delegate*<void*, nint, byte*, nint, short*, int, int, int, void>)&Av1WarpVector<TSample>.Warp;
        table->Warp[1] = (nint)(delegate*<void*, nint, byte*, nint, short*, int, int, int, void>)&Av1WarpVector<TSample>.WarpIntermediate;
        // Blocks narrower than a wide vector keep the kernels of 128 bits.
        FillVector<Av1Ops128, Vector128<byte>, TSample>(table);
        if (level >= KernelLevel.Vector256)
            FillVector<Av1Ops256, Vector256<byte>, TSample>(table);
    }

    private static void FillVector<TOps, TVector, TSample>(Av1KernelTable* table) where TOps : struct, IAv1Ops<TVector> where TVector : struct where TSample : struct, ISample
    {
        if (TOps.Count == 8)
        {
            FillWidth<TOps, TVector, TSample, Length2>(table, 0);
            FillWidth<TOps, TVector, TSample, Length4>(table, 1);
            FillWidth<TOps, TVector, TSample, Length8>(table, 2);
        }
        FillWidth<TOps, TVector, TSample, Length16>(table, 3);
        FillWidth<TOps, TVector, TSample, Length32>(table, 4);
        FillWidth<TOps, TVector, TSample, Length64>(table, 5);
        FillWidth<TOps, TVector, TSample, Length128>(table, 6);
        table->Average = (nint)(delegate*<byte*, nint, short*, short*, int, int, int, void>)&Av1BlendVector<TOps, TVector, TSample>.Average;
        table->Distance = (nint)(delegate*<byte*, nint, short*, short*, int, int, int, int, int, void>)&Av1BlendVector<TOps, TVector, TSample>.Distance;
        table->MaskBlend[0] = (nint)(delegate*<byte*, nint, short*, short*, byte*, nint, int, int, int, void>)&Av1BlendVector<TOps, TVector, TSample>.Mask444;
        table->MaskBlend[1] = (nint)(delegate*<byte*, nint, short*, short*, byte*, nint, int, int, int, void>)&Av1BlendVector<TOps, TVector, TSample>.Mask422;
        table->MaskBlend[2] = (nint)(delegate*<byte*, nint, short*, short*, byte*, nint, int, int, int, void>)&Av1BlendVector<TOps, TVector, TSample>.Mask420;
        table->DifferenceMask = (nint)(delegate*<byte*, nint, short*, short*, int, int, int, int, void>)&Av1BlendVector<TOps, TVector, TSample>.DifferenceMask;
        table->IntraBlend[0] = (nint)(delegate*<byte*, nint, byte*, nint, byte*, nint, int, int, void>)&Av1BlendVector<TOps, TVector, TSample>.Intra444;
        table->IntraBlend[1] = (nint)(delegate*<byte*, nint, byte*, nint, byte*, nint, int, int, void>)&Av1BlendVector<TOps, TVector, TSample>.Intra422;
        table->IntraBlend[2] = (nint)(delegate*<byte*, nint, byte*, nint, byte*, nint, int, int, void>)&Av1BlendVector<TOps, TVector, TSample>.Intra420;
        table->OverlapBlend[0] = (nint)(delegate*<byte*, nint, byte*, nint, int, int, void>)&Av1BlendVector<TOps, TVector, TSample>.OverlapAbove;
        table->OverlapBlend[1] = (nint)(delegate*<byte*, nint, byte*, nint, int, int, void>)&Av1BlendVector<TOps, TVector, TSample>.OverlapLeft;
    }

    private static void FillWidth<TOps, TVector, TSample, TWidth>(Av1KernelTable* table, int index)
        where TOps : struct, IAv1Ops<TVector> where TVector : struct where TSample : struct, ISample where TWidth : struct, IAv1Length
    {
        table->Predict[index] = (nint)(delegate*<byte*, nint, byte*, nint, int, int, int, int, int, void>)&Av1InterVectorEntry<TOps, TVector, TSample, TWidth>.Predict;
        table->PredictIntermediate[index] = (nint)(delegate*<short*, byte*, nint, int, int, int, int, int, void>)&Av1InterVectorEntry<TOps, TVector, TSample, TWidth>.PredictIntermediate;
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
