// SPDX-License-Identifier: LGPL-2.1-or-later
namespace Daedalus.Kernels.Av1;

/// <summary>Deblocking (7.14.6): fills Deblock.</summary>
public static unsafe class Av1DeblockKernels
{
    /// <summary>Fills the table's entries; those that have no kernel yet stay 0.</summary>
    public static void Fill(Av1PostFilterTable* table, int bitDepth, KernelLevel level)
    {
    }
}
