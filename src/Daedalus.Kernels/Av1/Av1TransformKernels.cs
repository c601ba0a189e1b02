// SPDX-License-Identifier: LGPL-2.1-or-later
namespace Daedalus.Kernels.Av1;

/// <summary>Inverse transforms (7.13): fills InverseTransform.</summary>
public static unsafe class Av1TransformKernels
{
    /// <summary>Fills the table's entries; those that have no kernel yet stay 0.</summary>
    public static void Fill(Av1KernelTable* table, int bitDepth, KernelLevel level)
    {
    }
}
