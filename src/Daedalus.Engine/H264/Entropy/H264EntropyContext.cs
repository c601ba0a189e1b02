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

    /// <summary>
    /// 128 packed rows of rangeTabLPS (for qCodIRangeIdx i at bit 23 + 8 * i of 64), then the state transitions. First, so that the context is the address of the tables; all
    /// tables stand here to be at constant offsets.
    /// </summary>
    public fixed byte CabacTables[1024 + 256];
    /// <summary>CABAC.</summary>
    public H264Cabac Cabac;
    /// <summary>End of the data of CABAC: nothing is loaded from here on.</summary>
    public byte* CabacLimit;
    /// <summary>CAVLC: the slice or partition A, then B (intra residual), then C (inter residual).</summary>
    public H264BitWindow Bits, BitsB, BitsC;
    /// <summary>Context variables, (pStateIdx &lt;&lt; 1) | valMPS.</summary>
    public fixed byte States[1024];
    /// <summary>Inverse scans, see <see cref="H264EntropyTables"/>.</summary>
    public fixed ushort Scans[176];
    /// <summary>64 entries 16 (scales nothing at 4×4: spec 8.5.12.1 with level * 16 >> 4), then 64 entries 64 (8×8).</summary>
    public fixed int FlatScale[128];
    /// <summary>Offset in the caches of each 4×4 block in decoding order.</summary>
    public fixed byte CacheOffset[16];
    /// <summary>8×8 significance offsets of frame macroblocks, of field macroblocks, last offsets: 64 each.</summary>
    public fixed byte Significant8x8[192];
    /// <summary>ctxIdxInc of significance of chroma DC of 4:2:2 (numDecod / NumC8x8).</summary>
    public fixed byte SignificantDc422[8];
    /// <summary>First contexts by ctxBlockCat 0..13: coded_block_flag, significance and last (14 of frame, 14 of field macroblocks), levels; numbers of levels less 1.</summary>
    public fixed short CodedBlockContext[14], SignificantContext[28], LastContext[28], LevelContext[14], LastIndex[14];
    /// <summary>14 for field macroblocks and macroblocks of fields.</summary>
    public int FieldCategory;
    /// <summary>Tables of <see cref="H264CavlcLookup"/>.</summary>
    public ushort* CoeffToken;
    /// <inheritdoc cref="CoeffToken"/>
    public byte* TotalZeros, TotalZerosDc420, TotalZerosDc422, RunBefore, TableOfCount;
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
