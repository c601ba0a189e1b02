// SPDX-License-Identifier: LGPL-2.1-or-later
using System.Runtime.Intrinsics;

namespace Daedalus.Kernels.Av1;

/// <summary>Intra prediction (7.11.2, 7.11.4, 7.11.5): fills IntraPredict, IntraDirectional, IntraFilter, FilterEdge, UpsampleEdge, CflLuma, CflPredict and Palette.</summary>
public static unsafe class Av1IntraKernels
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
        if (level == KernelLevel.Scalar)
        {
            FillScalar<TSample>(table);
            return;
        }
        // Blocks narrower than a wide vector keep the kernels of 128 bits.
        FillVector<Av1Ops128, Vector128<byte>, TSample>(table);
        if (level >= KernelLevel.Vector256)
            FillVector<Av1Ops256, Vector256<byte>, TSample>(table);
    }

    private static void FillVector<TOps, TVector, TSample>(Av1KernelTable* table) where TOps : struct, IAv1Ops<TVector> where TVector : struct where TSample : struct, ISample
    {
        FillPredict<Av1IntraVector<TOps, TVector, TSample>>(table);
        table->IntraDirectional[0] = (nint)(delegate*<byte*, nint, byte*, byte*, int, int, int, int, int, int, void>)&Av1IntraDirectionalVector<TOps, TVector, TSample>.Zone1;
        table->IntraDirectional[1] = (nint)(delegate*<byte*, nint, byte*, byte*, int, int, int, int, int, int, void>)&Av1IntraDirectionalVector<TOps, TVector, TSample>.Zone2;
        table->IntraDirectional[2] = (nint)(delegate*<byte*, nint, byte*, byte*, int, int, int, int, int, int, void>)&Av1IntraDirectionalVector<TOps, TVector, TSample>.Zone3;
        table->IntraFilter = (nint)(delegate*<byte*, nint, byte*, byte*, int, int, int, int, void>)&Av1IntraFilterVector<TSample>.Filter;
        table->FilterEdge = (nint)(delegate*<byte*, int, int, void>)&Av1IntraEdgeVector<TOps, TVector, TSample>.FilterEdge;
        table->UpsampleEdge = (nint)(delegate*<byte*, int, int, void>)&Av1IntraEdgeVector<TOps, TVector, TSample>.UpsampleEdge;
        table->CflLuma[0] = (nint)(delegate*<short*, byte*, nint, int, int, int, int, int, void>)&Av1CflVector<TOps, TVector, TSample>.Luma420;
        table->CflLuma[1] = (nint)(delegate*<short*, byte*, nint, int, int, int, int, int, void>)&Av1CflVector<TOps, TVector, TSample>.Luma422;
        table->CflLuma[2] = (nint)(delegate*<short*, byte*, nint, int, int, int, int, int, void>)&Av1CflVector<TOps, TVector, TSample>.Luma444;
        table->CflPredict = (nint)(delegate*<byte*, nint, short*, int, int, int, int, void>)&Av1CflVector<TOps, TVector, TSample>.CflPredict;
        table->Palette = (nint)(delegate*<byte*, nint, ushort*, byte*, nint, int, int, void>)&Av1CflVector<TOps, TVector, TSample>.Palette;
    }

    private static void FillScalar<TSample>(Av1KernelTable* table) where TSample : struct, ISample
    {
        FillPredict<Av1IntraScalar<TSample>>(table);
        table->IntraDirectional[0] = (nint)(delegate*<byte*, nint, byte*, byte*, int, int, int, int, int, int, void>)&Av1IntraEdgeScalar<TSample>.Zone1;
        table->IntraDirectional[1] = (nint)(delegate*<byte*, nint, byte*, byte*, int, int, int, int, int, int, void>)&Av1IntraEdgeScalar<TSample>.Zone2;
        table->IntraDirectional[2] = (nint)(delegate*<byte*, nint, byte*, byte*, int, int, int, int, int, int, void>)&Av1IntraEdgeScalar<TSample>.Zone3;
        table->IntraFilter = (nint)(delegate*<byte*, nint, byte*, byte*, int, int, int, int, void>)&Av1IntraEdgeScalar<TSample>.Filter;
        table->FilterEdge = (nint)(delegate*<byte*, int, int, void>)&Av1IntraEdgeScalar<TSample>.FilterEdge;
        table->UpsampleEdge = (nint)(delegate*<byte*, int, int, void>)&Av1IntraEdgeScalar<TSample>.UpsampleEdge;
        table->CflLuma[0] = (nint)(delegate*<short*, byte*, nint, int, int, int, int, int, void>)&Av1IntraEdgeScalar<TSample>.Luma420;
        table->CflLuma[1] = (nint)(delegate*<short*, byte*, nint, int, int, int, int, int, void>)&Av1IntraEdgeScalar<TSample>.Luma422;
        table->CflLuma[2] = (nint)(delegate*<short*, byte*, nint, int, int, int, int, int, void>)&Av1IntraEdgeScalar<TSample>.Luma444;
        table->CflPredict = (nint)(delegate*<byte*, nint, short*, int, int, int, int, void>)&Av1IntraEdgeScalar<TSample>.CflPredict;
        table->Palette = (nint)(delegate*<byte*, nint, ushort*, byte*, nint, int, int, void>)&Av1IntraEdgeScalar<TSample>.Palette;
    }

    /// <summary>All sizes in the order of TX_4X4 .. TX_64X16.</summary>
    private static void FillPredict<TBodies>(Av1KernelTable* table) where TBodies : struct, IAv1IntraBodies
    {
        FillSize<TBodies, Length4, Length4>(table, 0);
        FillSize<TBodies, Length8, Length8>(table, 1);
        FillSize<TBodies, Length16, Length16>(table, 2);
        FillSize<TBodies, Length32, Length32>(table, 3);
        FillSize<TBodies, Length64, Length64>(table, 4);
        FillSize<TBodies, Length4, Length8>(table, 5);
        FillSize<TBodies, Length8, Length4>(table, 6);
        FillSize<TBodies, Length8, Length16>(table, 7);
        FillSize<TBodies, Length16, Length8>(table, 8);
        FillSize<TBodies, Length16, Length32>(table, 9);
        FillSize<TBodies, Length32, Length16>(table, 10);
        FillSize<TBodies, Length32, Length64>(table, 11);
        FillSize<TBodies, Length64, Length32>(table, 12);
        FillSize<TBodies, Length4, Length16>(table, 13);
        FillSize<TBodies, Length16, Length4>(table, 14);
        FillSize<TBodies, Length8, Length32>(table, 15);
        FillSize<TBodies, Length32, Length8>(table, 16);
        FillSize<TBodies, Length16, Length64>(table, 17);
        FillSize<TBodies, Length64, Length16>(table, 18);
    }

    private static void FillSize<TBodies, TWidth, THeight>(Av1KernelTable* table, int txSize)
        where TBodies : struct, IAv1IntraBodies where TWidth : struct, IAv1Length where THeight : struct, IAv1Length
    {
        if (TWidth.Value < TBodies.MinWidth)
            return;
        Set(table, txSize, Av1IntraPredictor.Dc, &Av1IntraEntry<TBodies, TWidth, THeight>.Dc);
        Set(table, txSize, Av1IntraPredictor.Vertical, &Av1IntraEntry<TBodies, TWidth, THeight>.Vertical);
        Set(table, txSize, Av1IntraPredictor.Horizontal, &Av1IntraEntry<TBodies, TWidth, THeight>.Horizontal);
        Set(table, txSize, Av1IntraPredictor.Paeth, &Av1IntraEntry<TBodies, TWidth, THeight>.Paeth);
        Set(table, txSize, Av1IntraPredictor.Smooth, &Av1IntraEntry<TBodies, TWidth, THeight>.Smooth);
        Set(table, txSize, Av1IntraPredictor.SmoothVertical, &Av1IntraEntry<TBodies, TWidth, THeight>.SmoothVertical);
        Set(table, txSize, Av1IntraPredictor.SmoothHorizontal, &Av1IntraEntry<TBodies, TWidth, THeight>.SmoothHorizontal);
        Set(table, txSize, Av1IntraPredictor.DcLeft, &Av1IntraEntry<TBodies, TWidth, THeight>.DcLeft);
        Set(table, txSize, Av1IntraPredictor.DcAbove, &Av1IntraEntry<TBodies, TWidth, THeight>.DcAbove);
        Set(table, txSize, Av1IntraPredictor.DcNone, &Av1IntraEntry<TBodies, TWidth, THeight>.DcNone);
    }

    private static void Set(Av1KernelTable* table, int txSize, Av1IntraPredictor predictor, delegate*<byte*, nint, byte*, byte*, int, void> kernel)
        => table->IntraPredict[txSize * Av1KernelTable.IntraPredictors + (int)predictor] = (nint)kernel;
}
