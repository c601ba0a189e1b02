// SPDX-License-Identifier: LGPL-2.1-or-later
namespace Daedalus.Kernels.Vp9;

/// <summary>VP9 Intra kernels.</summary>
public static unsafe partial class Vp9IntraKernels
{
    /// <summary>Writes this group's entries into the table.</summary>
    internal static void Fill(Vp9KernelTable* table, int bitDepth, KernelLevel level)
    {
        _ = table; _ = bitDepth; _ = level;
    }
}
