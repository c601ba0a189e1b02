// SPDX-License-Identifier: LGPL-2.1-or-later
using System.Runtime.Intrinsics;

namespace Daedalus.Kernels.Av1;

/// <summary>CDEF (7.15): fills CdefDirection, Cdef and CdefLoad.</summary>
public static unsafe class Av1CdefKernels
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
            table->CdefDirection = (nint)(delegate*<byte*, nint, int*, int, int>)&Av1CdefScalar<TSample>.Direction;
            table->Cdef = (nint)(delegate*<byte*, nint, ushort*, nint, int, int, int, int, int, void>)&Av1CdefScalar<TSample>.Filter8x8;
            table->CdefPair[0] = (nint)(delegate*<byte*, byte*, nint, ushort*, nint, int, int, int, int, int, void>)&Av1CdefScalar<TSample>.Pair4x4;
            table->CdefPair[1] = (nint)(delegate*<byte*, byte*, nint, ushort*, nint, int, int, int, int, int, void>)&Av1CdefScalar<TSample>.Pair4x8;
            table->CdefLoadPair = (nint)(delegate*<ushort*, nint, byte*, byte*, nint, int, int, void>)&Av1CdefScalar<TSample>.LoadPair;
            table->CdefLoad = (nint)(delegate*<ushort*, nint, byte*, nint, int, int, void>)&Av1CdefScalar<TSample>.Load;
            return;
        }
        if (level == KernelLevel.Vector128)
        {
            FillVector<Av1CdefOps128, Vector128<short>, TSample>(table);
            table->CdefDirection = (nint)(delegate*<byte*, nint, int*, int, int>)&Av1CdefDirection<TSample>.Direction;
        }
        else
        {
            FillVector<Av1CdefOps256, Vector256<short>, TSample>(table);
            table->CdefDirection = (nint)(delegate*<byte*, nint, int*, int, int>)&Av1CdefDirection256<TSample>.Direction;
        }
    }

    private static void FillVector<TOps, V, TSample>(Av1PostFilterTable* table) where TOps : struct, IAv1CdefOps<V> where V : struct where TSample : struct, ISample
    {
        table->Cdef = (nint)(delegate*<byte*, nint, ushort*, nint, int, int, int, int, int, void>)&Av1CdefVector<TOps, V, TSample>.Filter8x8;
        table->CdefPair[0] = (nint)(delegate*<byte*, byte*, nint, ushort*, nint, int, int, int, int, int, void>)&Av1CdefVector<TOps, V, TSample>.Pair4x4;
        table->CdefPair[1] = (nint)(delegate*<byte*, byte*, nint, ushort*, nint, int, int, int, int, int, void>)&Av1CdefVector<TOps, V, TSample>.Pair4x8;
        table->CdefLoad = (nint)(delegate*<ushort*, nint, byte*, nint, int, int, void>)&Av1CdefVector<TOps, V, TSample>.LoadWords;
        table->CdefLoadPair = (nint)(delegate*<ushort*, nint, byte*, byte*, nint, int, int, void>)&Av1CdefVector<TOps, V, TSample>.LoadPair;
    }
}
