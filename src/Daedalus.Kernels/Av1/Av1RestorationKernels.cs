// SPDX-License-Identifier: LGPL-2.1-or-later
using System.Runtime.Intrinsics;

namespace Daedalus.Kernels.Av1;

/// <summary>Superres and loop restoration (7.16, 7.17): fills Upscale, Wiener and SelfGuided.</summary>
public static unsafe class Av1RestorationKernels
{
    /// <summary>Fills the table's entries.</summary>
    public static void Fill(Av1PostFilterTable* table, int bitDepth, KernelLevel level)
    {
        if (bitDepth == 8)
            Fill<ByteSample>(table, level);
        else
            Fill<WordSample>(table, level);
    }

    private static void Fill<TSample>(Av1PostFilterTable* table, KernelLevel level) where TSample : struct, ISample
    {
        if (level == KernelLevel.Scalar)
        {
            table->Upscale = (nint)(delegate*<byte*, nint, byte*, nint, int, int, int, int, int, void>)&Av1RestorationScalar<TSample>.Upscale;
            table->Wiener[0] = (nint)(delegate*<byte*, nint, byte*, nint, int, int, short*, int, void>)&Av1RestorationScalar<TSample>.Wiener;
            table->Wiener[1] = table->Wiener[0];
            table->SelfGuided = (nint)(delegate*<byte*, nint, byte*, nint, int, int, int, int, int, void*, int, void>)&Av1RestorationScalar<TSample>.SelfGuided;
            return;
        }
        table->Upscale = (nint)(delegate*<byte*, nint, byte*, nint, int, int, int, int, int, void>)&Av1UpscaleVector<TSample>.Run;
        if (level == KernelLevel.Vector128)
        {
            FillWiener<Av1Ops128, Vector128<byte>, TSample>(table);
            table->SelfGuided = (nint)(delegate*<byte*, nint, byte*, nint, int, int, int, int, int, void*, int, void>)&Av1SelfGuidedVector<Av1IntOps128, Vector128<int>, TSample>.Run;
        }
        else
        {
            FillWiener<Av1Ops256, Vector256<byte>, TSample>(table);
            table->SelfGuided = (nint)(delegate*<byte*, nint, byte*, nint, int, int, int, int, int, void*, int, void>)&Av1SelfGuidedVector<Av1IntOps256, Vector256<int>, TSample>.Run;
        }
    }

    private static void FillWiener<TOps, TVector, TSample>(Av1PostFilterTable* table) where TOps : struct, IAv1Ops<TVector> where TVector : unmanaged where TSample : struct, ISample
    {
        table->Wiener[0] = (nint)(delegate*<byte*, nint, byte*, nint, int, int, short*, int, void>)&Av1WienerVector<TOps, TVector, TSample, SwitchOff>.Run;
        table->Wiener[1] = (nint)(delegate*<byte*, nint, byte*, nint, int, int, short*, int, void>)&Av1WienerVector<TOps, TVector, TSample, SwitchOn>.Run;
    }
}
