// SPDX-License-Identifier: LGPL-2.1-or-later
namespace Daedalus.Kernels.Av1;

/// <summary>CDEF (7.15): fills CdefDirection, Cdef and CdefLoad.</summary>
public static unsafe class Av1CdefKernels
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
        table->CdefDirection = (nint)(delegate*<byte*, nint, int*, int, int>)&Av1CdefScalar<TSample>.Direction;
        table->Cdef[0] = (nint)(delegate*<byte*, nint, ushort*, nint, int, int, int, int, int, void>)&Av1CdefScalar<TSample>.Filter8x8;
        table->Cdef[1] = (nint)(delegate*<byte*, nint, ushort*, nint, int, int, int, int, int, void>)&Av1CdefScalar<TSample>.Filter4x8;
        table->Cdef[2] = (nint)(delegate*<byte*, nint, ushort*, nint, int, int, int, int, int, void>)&Av1CdefScalar<TSample>.Filter4x4;
        table->CdefLoad = (nint)(delegate*<ushort*, nint, byte*, nint, int, int, void>)&Av1CdefScalar<TSample>.Load;
    }
}
