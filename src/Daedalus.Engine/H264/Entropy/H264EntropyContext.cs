// SPDX-License-Identifier: LGPL-2.1-or-later
using System.Runtime.InteropServices;

namespace Daedalus.Engine.H264;

/// <summary>What later macroblocks of the slice need of a decoded one, beside its record.</summary>
[StructLayout(LayoutKind.Sequential)]
internal unsafe struct H264EntropyMb
{
    /// <summary>[plane * 16 + y * 4 + x]: total_coeff (CAVLC) or coded_block_flag (CABAC) of the 4×4 blocks; 4:2:0 and 4:2:2 chroma in the two first columns.</summary>
    public fixed byte NonZero[48];
    /// <summary>[list * 4 + x]: absolute mvd of the bottom row, x in the low, y in the high byte, both at most 70.</summary>
    public fixed ushort MvdBottom[8];
    /// <summary>[list * 4 + y]: the same of the right column.</summary>
    public fixed ushort MvdRight[8];
    /// <summary>Bit list * 4 + 8×8 block: refIdx above 0, and not direct.</summary>
    public byte RefAbove0;
    /// <summary>The same for refIdx above 1.</summary>
    public byte RefAbove1;
    /// <summary>1: B_Skip or B_Direct_16x16.</summary>
    public byte Direct;
    private fixed byte _padding[13];
}

/// <summary>State of one slice decoder in native memory.</summary>
[StructLayout(LayoutKind.Sequential)]
internal unsafe struct H264EntropyContext
{
    /// <summary>Places in <see cref="NonZero"/>: stride 8, first column at 4, first row at 1; a plane takes five rows.</summary>
    public const int PlaneStride = 40;

    /// <summary>CABAC.</summary>
    public H264Cabac Cabac;
    /// <summary>CAVLC: the slice or partition A, then B (intra residual), then C (inter residual).</summary>
    public H264BitWindow Bits, BitsB, BitsC;
    /// <summary>Context variables, (pStateIdx &lt;&lt; 1) | valMPS.</summary>
    public fixed byte States[1024];
    /// <summary>Counts of the macroblock and its neighbours, three planes.</summary>
    public fixed byte NonZero[3 * PlaneStride];
    /// <summary>Absolute mvds of the macroblock and its neighbours, [list * 40 + ...].</summary>
    public fixed ushort Mvd[2 * PlaneStride];
    /// <summary>refIdx above 0, [list * 12 + (y + 1) * 4 + x + 1] by 8×8 block.</summary>
    public fixed byte Ref[24];
    /// <summary>Intra prediction modes of the macroblock and its neighbours, as <see cref="NonZero"/>.</summary>
    public fixed sbyte Modes[PlaneStride];
    /// <summary>Scratch: places of significant coefficients.</summary>
    public fixed byte Index[64];
    /// <summary>Scratch: levels of a block.</summary>
    public fixed int Levels[64];
    /// <summary>QPC of QPY + QpBdOffsetY, for Cb and Cr.</summary>
    public fixed sbyte ChromaQp[2 * 96];
    /// <summary>Motion syntax of the macroblock.</summary>
    public H264InterSyntax Inter;
}
