// SPDX-License-Identifier: LGPL-2.1-or-later
namespace Daedalus.Kernels.Av1;

/// <summary>Superres and loop restoration (7.16, 7.17): fills Upscale, Wiener and SelfGuided.</summary>
public static unsafe class Av1RestorationKernels
{
    /// <summary>Fills the table's entries; those that have no kernel yet stay 0.</summary>
    public static void Fill(Av1PostFilterTable* table, int bitDepth, KernelLevel level)
    {
    }
}
