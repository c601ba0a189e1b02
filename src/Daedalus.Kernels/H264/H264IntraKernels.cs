// SPDX-License-Identifier: LGPL-2.1-or-later
namespace Daedalus.Kernels.H264;

/// <summary>H.264 kernels.</summary>
public static unsafe class H264IntraKernels
{
    /// <summary>Fills the table's entries.</summary>
    public static void Fill(H264KernelTable* table, int bitDepth, KernelLevel level)
    {
    }
}
