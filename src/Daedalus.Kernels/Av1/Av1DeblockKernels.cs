// SPDX-License-Identifier: LGPL-2.1-or-later
namespace Daedalus.Kernels.Av1;

/// <summary>Deblocking (7.14.6): fills Deblock.</summary>
public static unsafe class Av1DeblockKernels
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
        table->Deblock[0] = (nint)(delegate*<byte*, nint, byte*, int, Av1FilterLimits*, int, void>)&Av1DeblockScalar<TSample, SwitchOff, SwitchOff>.Run;
        table->Deblock[1] = (nint)(delegate*<byte*, nint, byte*, int, Av1FilterLimits*, int, void>)&Av1DeblockScalar<TSample, SwitchOff, SwitchOn>.Run;
        table->Deblock[2] = (nint)(delegate*<byte*, nint, byte*, int, Av1FilterLimits*, int, void>)&Av1DeblockScalar<TSample, SwitchOn, SwitchOff>.Run;
        table->Deblock[3] = (nint)(delegate*<byte*, nint, byte*, int, Av1FilterLimits*, int, void>)&Av1DeblockScalar<TSample, SwitchOn, SwitchOn>.Run;
    }
}
