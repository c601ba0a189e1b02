// SPDX-License-Identifier: LGPL-2.1-or-later
namespace Daedalus.Kernels.Av1;

/// <summary>Superres and loop restoration (7.16, 7.17): fills Upscale, Wiener and SelfGuided.</summary>
public static unsafe class Av1RestorationKernels
{
    /// <summary>Fills the table's entries.</summary>
    public static void Fill(Av1PostFilterTable* table, int bitDepth, KernelLevel level)
    {
        if (bitDepth == 8)
            FillScalar<ByteSample>(table);
        else
            FillScalar<WordSample>(table);
    }

    private static void FillScalar<TSample>(Av1PostFilterTable* table) where TSample : struct, ISample
    {
        table->Upscale = (nint)(delegate*<byte*, nint, byte*, nint, int, int, int, int, int, void>)&Av1RestorationScalar<TSample>.Upscale;
        table->Wiener[0] = (nint)(delegate*<byte*, nint, byte*, nint, int, int, short*, int, void>)&Av1RestorationScalar<TSample>.Wiener;
        table->Wiener[1] = table->Wiener[0];
        table->SelfGuided = (nint)(delegate*<byte*, nint, byte*, nint, int, int, int, int, int, void*, int, void>)&Av1RestorationScalar<TSample>.SelfGuided;
    }
}
