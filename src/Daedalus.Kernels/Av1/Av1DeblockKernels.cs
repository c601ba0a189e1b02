// SPDX-License-Identifier: LGPL-2.1-or-later
using System.Runtime.Intrinsics;
using Daedalus.Kernels.Vp9;

namespace Daedalus.Kernels.Av1;

/// <summary>Deblocking (7.14.6): fills Deblock.</summary>
public static unsafe class Av1DeblockKernels
{
    /// <summary>Fills the table's entries.</summary>
    public static void Fill(Av1PostFilterTable* table, int bitDepth, KernelLevel level)
    {
        if (bitDepth == 8)
            FillPlane<SwitchOff, ByteSample>(table, 0, level);
        else
            FillPlane<SwitchOff, WordSample>(table, 0, level);
        if (bitDepth == 8)
            FillPlane<SwitchOn, ByteSample>(table, 2, level);
        else
            FillPlane<SwitchOn, WordSample>(table, 2, level);
    }

    private static void FillPlane<TChroma, TSample>(Av1PostFilterTable* table, int index, KernelLevel level) where TChroma : struct, IAv1Switch where TSample : struct, ISample
    {
        if (level == KernelLevel.Scalar)
        {
            Set(table, index, &Av1DeblockScalar<TSample, TChroma, SwitchOff>.Run, &Av1DeblockScalar<TSample, TChroma, SwitchOn>.Run);
        }
        else if (TSample.Size == 1 && level == KernelLevel.Vector128)
        {
            FillVector<Av1DeblockBytes<Vector128<byte>, LoopFilterBytes128, Av1EdgeBytes128, TChroma>, Av1DeblockBytes<Vector128<byte>, LoopFilterBytes128, Av1EdgeBytes128, TChroma>>(table, index);
        }
        else if (TSample.Size == 1)
        {
            FillVector<Av1DeblockBytes<Vector256<byte>, LoopFilterBytes256, Av1EdgeBytes256, TChroma>, Av1DeblockBytes<Vector128<byte>, LoopFilterBytes128, Av1EdgeBytes128, TChroma>>(table, index);
        }
        else if (level == KernelLevel.Vector128)
        {
            FillVector<Av1DeblockWords<Vector128<ushort>, LoopFilterWords128, Av1EdgeWords128, TChroma>, Av1DeblockWords<Vector128<ushort>, LoopFilterWords128, Av1EdgeWords128, TChroma>>(table, index);
        }
        else
        {
            FillVector<Av1DeblockWords<Vector256<ushort>, LoopFilterWords256, Av1EdgeWords256, TChroma>, Av1DeblockWords<Vector128<ushort>, LoopFilterWords128, Av1EdgeWords128, TChroma>>(table, index);
        }
    }

    private static void FillVector<TKernel, THalf>(Av1PostFilterTable* table, int index) where TKernel : struct, IAv1EdgeKernel where THalf : struct, IAv1EdgeKernel
        => Set(table, index, &Av1DeblockVector<TKernel, THalf>.Columns, &Av1DeblockVector<TKernel, THalf>.Rows);

    private static void Set(Av1PostFilterTable* table, int index, delegate*<byte*, nint, byte*, int, Av1FilterLimits*, int, void> columns, delegate*<byte*, nint, byte*, int, Av1FilterLimits*, int, void> rows)
    {
        table->Deblock[index] = (nint)columns;
        table->Deblock[index + 1] = (nint)rows;
    }
}
