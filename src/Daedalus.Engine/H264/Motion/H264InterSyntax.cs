// SPDX-License-Identifier: LGPL-2.1-or-later
using System.Runtime.InteropServices;

namespace Daedalus.Engine.H264;

/// <summary>What entropy decoding parsed of one inter macroblock.</summary>
[StructLayout(LayoutKind.Sequential)]
public unsafe struct H264InterSyntax
{
    /// <summary><see cref="MbKind"/>: partitions as <see cref="Partition"/> says.</summary>
    public const byte KindPartitions = 0;
    /// <summary><see cref="MbKind"/>: P_Skip.</summary>
    public const byte KindPSkip = 1;
    /// <summary><see cref="MbKind"/>: B_Skip or B_Direct_16x16.</summary>
    public const byte KindDirect = 2;

    /// <summary>One of the Kind constants.</summary>
    public byte MbKind;
    /// <summary>0: 16×16, 1: 16×8, 2: 8×16, 3: 8×8.</summary>
    public byte Partition;
    /// <summary>Shape of each 8×8 of partition 3: 0: 8×8, 1: 8×4, 2: 4×8, 3: 4×4.</summary>
    public fixed byte SubPartition[4];
    /// <summary>1: B_8x8 sub-macroblock of type B_Direct_8x8.</summary>
    public fixed byte SubDirect[4];
    /// <summary>[list * 4 + 8×8 block]: 1: predicted from that list.</summary>
    public fixed byte UsesList[8];
    /// <summary>[list * 4 + 8×8 block]: ref_idx as the macroblock counts (field macroblocks of MBAFF: fields), -1 where the list is not used or the block is direct.</summary>
    public fixed sbyte RefIdx[8];
    /// <summary>[list * 16 + raster 4×4 block of the (sub-)partition's top-left]: mvd, x in the low, y in the high 16 bits.</summary>
    public fixed int Mvd[32];
}
