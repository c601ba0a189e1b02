// SPDX-License-Identifier: LGPL-2.1-or-later
namespace Daedalus.Kernels.Av1;

/// <summary>Film grain (7.18.3.5): fills AddLuma and AddChroma.</summary>
public static unsafe class Av1GrainKernels
{
    /// <summary>Fills the table's entries; those that have no kernel yet stay 0.</summary>
    public static void Fill(Av1GrainTable* table, int bitDepth, KernelLevel level)
    {
    }
}
