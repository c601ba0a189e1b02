// SPDX-License-Identifier: LGPL-2.1-or-later
using System.Runtime.Intrinsics;

namespace Daedalus.Kernels.Av1;

/// <summary>Film grain (7.18.3): fills AddLuma, AddChroma, NoiseRow, BlendRow and RowsAbove.</summary>
public static unsafe class Av1GrainKernels
{
    /// <summary>Fills the table's entries.</summary>
    public static void Fill(Av1GrainTable* table, int bitDepth, KernelLevel level)
    {
        if (bitDepth == 8)
            Fill<ByteSample>(table, level);
        else
            Fill<WordSample>(table, level);
    }

    private static void Fill<TSample>(Av1GrainTable* table, KernelLevel level) where TSample : struct, ISample
    {
        if (level == KernelLevel.Scalar)
            FillScalar<TSample>(table);
        else if (level == KernelLevel.Vector128)
            FillVector<Av1Ops128, Av1GrainOps128, Vector128<byte>, TSample>(table);
        else
            FillVector<Av1Ops256, Av1GrainOps256, Vector256<byte>, TSample>(table);
    }

    private static void FillVector<TOps, TGrain, TVector, TSample>(Av1GrainTable* table)
        where TOps : struct, IAv1Ops<TVector> where TGrain : struct, IAv1GrainOps<TVector> where TVector : struct where TSample : struct, ISample
    {
        table->AddLuma = (nint)(delegate*<byte*, nint, byte*, nint, short*, nint, int, int, Av1GrainParameters*, void>)&Av1GrainVector<TOps, TGrain, TVector, TSample>.AddLuma;
        table->AddChroma[0] = (nint)(delegate*<byte*, nint, byte*, nint, byte*, nint, short*, nint, int, int, Av1GrainParameters*, void>)&Av1GrainVector<TOps, TGrain, TVector, TSample>.AddChroma420;
        table->AddChroma[1] = (nint)(delegate*<byte*, nint, byte*, nint, byte*, nint, short*, nint, int, int, Av1GrainParameters*, void>)&Av1GrainVector<TOps, TGrain, TVector, TSample>.AddChroma422;
        table->AddChroma[2] = (nint)(delegate*<byte*, nint, byte*, nint, byte*, nint, short*, nint, int, int, Av1GrainParameters*, void>)&Av1GrainVector<TOps, TGrain, TVector, TSample>.AddChroma444;
        table->NoiseRow[0] = (nint)(delegate*<short*, short*, ushort*, int, int, int, int, void>)&Av1NoiseVector<TOps, TVector>.NoiseRow32;
        table->NoiseRow[1] = (nint)(delegate*<short*, short*, ushort*, int, int, int, int, void>)&Av1NoiseVector<TOps, TVector>.NoiseRow16;
        table->BlendRow = (nint)(delegate*<short*, short*, int, int, int, int, int, void>)&Av1NoiseVector<TOps, TVector>.BlendRow;
        table->RowsAbove = (nint)(delegate*<int*, short*, nint, int, short*, int, void>)&Av1NoiseVector<TOps, TVector>.RowsAbove;
    }

    private static void FillScalar<TSample>(Av1GrainTable* table) where TSample : struct, ISample
    {
        table->AddLuma = (nint)(delegate*<byte*, nint, byte*, nint, short*, nint, int, int, Av1GrainParameters*, void>)&Av1GrainScalar<TSample>.AddLuma;
        table->AddChroma[0] = (nint)(delegate*<byte*, nint, byte*, nint, byte*, nint, short*, nint, int, int, Av1GrainParameters*, void>)&Av1GrainScalar<TSample>.AddChroma420;
        table->AddChroma[1] = (nint)(delegate*<byte*, nint, byte*, nint, byte*, nint, short*, nint, int, int, Av1GrainParameters*, void>)&Av1GrainScalar<TSample>.AddChroma422;
        table->AddChroma[2] = (nint)(delegate*<byte*, nint, byte*, nint, byte*, nint, short*, nint, int, int, Av1GrainParameters*, void>)&Av1GrainScalar<TSample>.AddChroma444;
        table->NoiseRow[0] = (nint)(delegate*<short*, short*, ushort*, int, int, int, int, void>)&Av1NoiseScalar.NoiseRow32;
        table->NoiseRow[1] = (nint)(delegate*<short*, short*, ushort*, int, int, int, int, void>)&Av1NoiseScalar.NoiseRow16;
        table->BlendRow = (nint)(delegate*<short*, short*, int, int, int, int, int, void>)&Av1NoiseScalar.BlendRow;
        table->RowsAbove = (nint)(delegate*<int*, short*, nint, int, short*, int, void>)&Av1NoiseScalar.RowsAbove;
    }
}
