// SPDX-License-Identifier: LGPL-2.1-or-later
namespace Daedalus.Kernels.Av1;

/// <summary>Inter prediction (7.11.3): fills Predict, PredictIntermediate, PredictScaled, Warp and the blends.</summary>
public static unsafe class Av1InterKernels
{
    /// <summary>Fills the table's entries; those that have no kernel yet stay 0.</summary>
    public static void Fill(Av1KernelTable* table, int bitDepth, KernelLevel level)
    {
    }
}
