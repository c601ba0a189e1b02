// SPDX-License-Identifier: LGPL-2.1-or-later
using System.Runtime.InteropServices;

namespace Daedalus.Engine.Vp9;

/// <summary>Block sizes in the order of the specification (section 3): index into the size tables.</summary>
public enum BlockSize : byte
{
#pragma warning disable CS1591 // names say it all
    Block4x4, Block4x8, Block8x4, Block8x8, Block8x16, Block16x8, Block16x16,
    Block16x32, Block32x16, Block32x32, Block32x64, Block64x32, Block64x64,
#pragma warning restore CS1591
}

/// <summary>Motion vector in 1/8 luma sample (row, column), as in the spec's Mv[].</summary>
[StructLayout(LayoutKind.Sequential)]
public record struct MotionVector(short Row, short Col)
{
    /// <summary>Both components as one word, for comparisons.</summary>
    public readonly uint Packed => (ushort)Row | ((uint)(ushort)Col << 16);
}

/// <summary>
/// What entropy decoding of one block leaves for reconstruction and loop filter: 64 bytes, in decode order within its superblock.
/// </summary>
/// <remarks>
/// Residual: if <see cref="Skip"/> is 0 the block owns, in the superblock's eob stream, one ushort for each transform block that starts
/// inside the frame, plane by plane (Y, U, V), raster order within the plane (the order of the spec's residual()).
/// For each eob &gt; 0, in the same order, the coefficient stream holds n×n dequantised coefficients (column by column), zero elsewhere.
/// </remarks>
[StructLayout(LayoutKind.Sequential, Size = 64)]
public unsafe struct BlockRecord
{
    /// <summary>Position in 8×8 luma units.</summary>
    public ushort MiRow;
    /// <summary>Position in 8×8 luma units.</summary>
    public ushort MiCol;
    /// <summary>Block size.</summary>
    public BlockSize Size;
    /// <summary>1 when no residual is present (also set for inter blocks of 8×8 and more whose every eob is 0: those have no entry in the eob stream).</summary>
    public byte Skip;
    /// <summary>Luma transform size 0..3 (4×4 in lossless frames).</summary>
    public byte TxSize;
    /// <summary>Chroma transform size 0..3 (spec get_uv_tx_size).</summary>
    public byte UvTxSize;
    /// <summary>1 for inter prediction.</summary>
    public byte IsInter;
    /// <summary>segment_id 0..7.</summary>
    public byte SegmentId;
    /// <summary>Loop filter level 0..63 of this block (spec 8.8.1), 0 = not filtered.</summary>
    public byte FilterLevel;
    /// <summary>Interpolation filter, V4L2 numbering: 0 regular, 1 smooth, 2 sharp, 3 bilinear.</summary>
    public byte InterpFilter;
    /// <summary>Chroma intra mode 0..9.</summary>
    public byte UvMode;
    /// <summary>Reference slot 0 last, 1 golden, 2 altref.</summary>
    public sbyte RefFrame0;
    /// <summary>Second reference slot of compound prediction or -1.</summary>
    public sbyte RefFrame1;
    /// <summary>Lossless block (uses the WHT).</summary>
    public byte Lossless;
    /// <summary>Intra luma modes of the four 4×4 quarters (all equal for 8×8 and larger); inter: unused.</summary>
    public fixed byte YModes[4];
    private readonly uint _reserved;
    /// <summary>Motion vectors: [quarter * 2 + list]; for 8×8 and larger all quarters are equal. 8 vectors, see <see cref="GetMv"/>.</summary>
    private fixed uint _mv[8];

    /// <summary>Vector of a 4×4 quarter (0..3, raster) for list 0 or 1.</summary>
    public MotionVector GetMv(int quarter, int list)
    {
        uint v = _mv[quarter * 2 + list];
        return new MotionVector((short)v, (short)(v >> 16));
    }

    /// <summary>Sets the vector of a quarter.</summary>
    public void SetMv(int quarter, int list, MotionVector mv) => _mv[quarter * 2 + list] = mv.Packed;

    /// <summary>Vector as stored: row in the low, column in the high half.</summary>
    public uint GetPackedMv(int quarter, int list) => _mv[quarter * 2 + list];
}

/// <summary>Where one 64×64 superblock's records and residual lie.</summary>
[StructLayout(LayoutKind.Sequential)]
public unsafe struct SuperblockEntry
{
    /// <summary>First block record; at most 64.</summary>
    public BlockRecord* Blocks;
    /// <summary>End-of-block stream, see <see cref="BlockRecord"/>.</summary>
    public ushort* Eobs;
    /// <summary>Coefficient stream: short at 8 bits, int above; all zero before entropy decoding and again after reconstruction.</summary>
    public void* Coefficients;
    /// <summary>Number of block records.</summary>
    public int Count;
}
