// SPDX-License-Identifier: LGPL-2.1-or-later
namespace Daedalus.Kernels.Av1;

/// <summary>Intra prediction (7.11.2, 7.11.4, 7.11.5): fills IntraPredict, IntraDirectional, IntraFilter, FilterEdge, UpsampleEdge, CflLuma, CflPredict and Palette.</summary>
public static unsafe class Av1IntraKernels
{
    /// <summary>Fills the table's entries; those that have no kernel yet stay 0.</summary>
    public static void Fill(Av1KernelTable* table, int bitDepth, KernelLevel level)
    {
    }
}
