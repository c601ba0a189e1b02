// SPDX-License-Identifier: LGPL-2.1-or-later
using System.Runtime.InteropServices;

namespace Daedalus.Engine.Av1;

/// <summary>Block sizes as in the specification (6.10.4): index into the size tables.</summary>
public enum Av1BlockSize : byte
{
#pragma warning disable CS1591 // names say it all
    Block4x4, Block4x8, Block8x4, Block8x8, Block8x16, Block16x8, Block16x16, Block16x32, Block32x16, Block32x32, Block32x64, Block64x32,
    Block64x64, Block64x128, Block128x64, Block128x128, Block4x16, Block16x4, Block8x32, Block32x8, Block16x64, Block64x16,
#pragma warning restore CS1591
}

/// <summary>Transform sizes as in the specification (6.10.16).</summary>
public enum Av1TxSize : byte
{
#pragma warning disable CS1591 // names say it all
    Tx4x4, Tx8x8, Tx16x16, Tx32x32, Tx64x64, Tx4x8, Tx8x4, Tx8x16, Tx16x8, Tx16x32, Tx32x16, Tx32x64, Tx64x32,
    Tx4x16, Tx16x4, Tx8x32, Tx32x8, Tx16x64, Tx64x16,
#pragma warning restore CS1591
}

/// <summary>Transform types as in the specification (section 3): rows' transform second in the name's pair of the spec's table, see there.</summary>
public enum Av1TxType : byte
{
#pragma warning disable CS1591 // names say it all
    DctDct, AdstDct, DctAdst, AdstAdst, FlipadstDct, DctFlipadst, FlipadstFlipadst, AdstFlipadst, FlipadstAdst,
    Identity, VDct, HDct, VAdst, HAdst, VFlipadst, HFlipadst,
#pragma warning restore CS1591
}

/// <summary>YMode and UVMode: intra modes 0..13, inter modes from 14 on (6.10.20, 6.10.22).</summary>
public enum Av1Mode : byte
{
#pragma warning disable CS1591 // names say it all
    Dc, V, H, D45, D135, D113, D157, D203, D67, Smooth, SmoothV, SmoothH, Paeth, UvCfl,
    NearestMv, NearMv, GlobalMv, NewMv,
    NearestNearestMv, NearNearMv, NearestNewMv, NewNearestMv, NearNewMv, NewNearMv, GlobalGlobalMv, NewNewMv,
#pragma warning restore CS1591
}

/// <summary>compound_type (6.10.24).</summary>
public enum Av1CompoundType : byte
{
    /// <summary>COMPOUND_WEDGE: two predictions, or interintra with wedge_interintra.</summary>
    Wedge,
    /// <summary>COMPOUND_DIFFWTD.</summary>
    DifferenceWeighted,
    /// <summary>COMPOUND_AVERAGE, and every block with one prediction.</summary>
    Average,
    /// <summary>COMPOUND_INTRA.</summary>
    Intra,
    /// <summary>COMPOUND_DISTANCE.</summary>
    Distance,
}

/// <summary>motion_mode (6.10.26).</summary>
public enum Av1MotionMode : byte
{
    /// <summary>SIMPLE.</summary>
    Simple,
    /// <summary>OBMC.</summary>
    Obmc,
    /// <summary>LOCALWARP.</summary>
    LocalWarp,
}

/// <summary>Properties of a block.</summary>
[Flags]
public enum Av1BlockFlags : ushort
{
    /// <summary>Nothing set.</summary>
    None = 0,
    /// <summary>skip.</summary>
    Skip = 0x0001,
    /// <summary>skip_mode.</summary>
    SkipMode = 0x0002,
    /// <summary>is_inter (also set with use_intrabc, as the spec does).</summary>
    Inter = 0x0004,
    /// <summary>use_intrabc.</summary>
    IntraBlockCopy = 0x0008,
    /// <summary>HasChroma.</summary>
    HasChroma = 0x0010,
    /// <summary>Lossless.</summary>
    Lossless = 0x0020,
    /// <summary>AvailU.</summary>
    AvailableAbove = 0x0040,
    /// <summary>AvailL.</summary>
    AvailableLeft = 0x0080,
    /// <summary>AvailUChroma.</summary>
    AvailableAboveChroma = 0x0100,
    /// <summary>AvailLChroma.</summary>
    AvailableLeftChroma = 0x0200,
    /// <summary>interintra.</summary>
    InterIntra = 0x0400,
    /// <summary>wedge_interintra.</summary>
    WedgeInterIntra = 0x0800,
    /// <summary>LocalValid: <see cref="Av1Block.LocalWarp"/> holds and its shear is valid (7.11.3.8, 7.11.3.6).</summary>
    LocalWarpValid = 0x1000,
    /// <summary>comp_group_idx (context of later blocks).</summary>
    CompGroupIdx = 0x2000,
    /// <summary>compound_idx.</summary>
    CompoundIdx = 0x4000,
    /// <summary>Made up: the tile's data is missing or broken.</summary>
    Concealed = 0x8000,
}

/// <summary>
/// What entropy decoding leaves of one block (decode_block, 5.11.5): 96 bytes. Lives until the frame is complete, with one thread until the superblock row after the next begins: <see cref="Av1FrameState.BlockGrid"/> leads every 4×4 unit to its block, for the contexts
/// and motion vectors of later blocks, overlapped prediction, deblocking, CDEF and the motion field.
/// </summary>
[StructLayout(LayoutKind.Sequential, Size = 96)]
public unsafe struct Av1Block
{
    /// <summary>MiRow, MiCol: position in 4×4 luma units.</summary>
    public ushort MiRow, MiCol;
    /// <summary>MiSize.</summary>
    public Av1BlockSize Size;
    /// <summary>YMode (DC for intra block copy).</summary>
    public Av1Mode YMode;
    /// <summary>UVMode; meaningful for intra blocks with HasChroma.</summary>
    public Av1Mode UvMode;
    /// <summary>segment_id 0..7.</summary>
    public byte SegmentId;
    /// <summary>Properties.</summary>
    public Av1BlockFlags Flags;
    /// <summary>RefFrame[0], RefFrame[1]: -1 NONE, 0 INTRA_FRAME, 1 LAST_FRAME .. 7 ALTREF_FRAME.</summary>
    public fixed sbyte RefFrame[2];
    /// <summary>Mv[0], Mv[1]: row in the low, column in the high 16 bits, 1/8 sample; 0 where there is none.</summary>
    public fixed int Mv[2];
    /// <summary>interp_filter[0] (vertical), [1] (horizontal): 0..3.</summary>
    public fixed byte InterpFilter[2];
    /// <summary>motion_mode.</summary>
    public Av1MotionMode MotionMode;
    /// <summary>compound_type.</summary>
    public Av1CompoundType CompoundType;
    /// <summary>interintra_mode 0..3.</summary>
    public byte InterIntraMode;
    /// <summary>wedge_index 0..15.</summary>
    public byte WedgeIndex;
    /// <summary>wedge_sign.</summary>
    public byte WedgeSign;
    /// <summary>mask_type.</summary>
    public byte MaskType;
    /// <summary>AngleDeltaY, AngleDeltaUV: -3..3.</summary>
    public sbyte AngleDeltaY, AngleDeltaUv;
    /// <summary>filter_intra_mode 0..4, or <see cref="NoFilterIntra"/>.</summary>
    public byte FilterIntraMode;
    /// <summary>PaletteSizeY, PaletteSizeUV: 0 or 2..8.</summary>
    public byte PaletteSizeY, PaletteSizeUv;
    /// <summary>CflAlphaU, CflAlphaV: -16..16.</summary>
    public sbyte CflAlphaU, CflAlphaV;
    /// <summary>TxSize as the spec leaves it after read_block_tx_size (context of later blocks; luma sizes of deblocking stand in <see cref="Av1FrameState.LumaTxSizes"/>).</summary>
    public Av1TxSize TxSize;
    /// <summary>get_tx_size(1, TxSize), TX_4X4 if lossless: chroma's transform size, of deblocking too. Meaningful with HasChroma.</summary>
    public Av1TxSize UvTxSize;
    /// <summary>Deblocking levels of this block (7.14.4, 7.14.5): luma pass 0, luma pass 1, U, V.</summary>
    public fixed byte FilterLevel[4];
    private fixed byte _reserved[3];
    /// <summary>First of the block's transform blocks, index into <see cref="Av1Superblock.Transforms"/>.</summary>
    public int FirstTransform;
    /// <summary>How many.</summary>
    public int TransformCount;
    /// <summary>First coefficient, index into <see cref="Av1Superblock.Coefficients"/>: transform blocks with eob > 0 follow one another, min(w,32) * min(h,32) coefficients each.</summary>
    public int FirstCoefficient;
    /// <summary>Palette, byte offset into <see cref="Av1Superblock.Palettes"/>: ushort colors[3][8], then ColorMapY (width × height of the block, one byte each, whole also beyond the frame's edge), then ColorMapUV of the chroma block.</summary>
    public int Palette;
    /// <summary>LocalWarpParams, when <see cref="Av1BlockFlags.LocalWarpValid"/>.</summary>
    public fixed int LocalWarp[6];

    /// <summary><see cref="FilterIntraMode"/> without recursive intra prediction.</summary>
    public const byte NoFilterIntra = 0xff;

    /// <summary>skip.</summary>
    public readonly bool IsSkip => (Flags & Av1BlockFlags.Skip) != 0;
    /// <summary>is_inter.</summary>
    public readonly bool IsInter => (Flags & Av1BlockFlags.Inter) != 0;
    /// <summary>HasChroma.</summary>
    public readonly bool HasChroma => (Flags & Av1BlockFlags.HasChroma) != 0;
    /// <summary>RefFrame[1] > INTRA_FRAME.</summary>
    public readonly bool IsCompound => RefFrame[1] > 0;
}

/// <summary>
/// One transform block in the order of residual() (5.11.34), 8 bytes. Every transform block that starts inside the frame has one: of intra blocks always (they are the steps of prediction), of inter blocks
/// unless skip is set.
/// </summary>
[StructLayout(LayoutKind.Sequential)]
public struct Av1TransformBlock
{
    /// <summary>Position in 4-sample units of the plane, relative to the block's first sample in that plane (baseX, baseY of 5.11.34).</summary>
    public byte X4, Y4;
    /// <summary>0..2.</summary>
    public byte Plane;
    /// <summary>Size.</summary>
    public Av1TxSize TxSize;
    /// <summary>PlaneTxType (irrelevant in lossless blocks and when Eob is 0).</summary>
    public Av1TxType TxType;
    private readonly byte _reserved;
    /// <summary>eob 0..1024; 0 = all_zero.</summary>
    public ushort Eob;
}

/// <summary>What one superblock's entropy decoding leaves. Records lie in <see cref="Av1FrameState.Blocks"/>; the streams are valid until the superblock is reconstructed.</summary>
[StructLayout(LayoutKind.Sequential)]
public unsafe struct Av1Superblock
{
    /// <summary>First of its blocks, in decode order.</summary>
    public Av1Block* Blocks;
    /// <summary>Number of blocks.</summary>
    public int BlockCount;
    /// <summary>Number of transform blocks.</summary>
    public int TransformCount;
    /// <summary>Transform blocks; room for one for every 4×4 of all planes.</summary>
    public Av1TransformBlock* Transforms;
    /// <summary>Coefficients; room for every sample of all planes. short at 8 bits, int above. All zero before entropy decoding and again after reconstruction. 64-byte aligned.</summary>
    public void* Coefficients;
    /// <summary>Palettes, 64-byte aligned; null unless allow_screen_content_tools. Room for luma + chroma samples + 48 bytes for each 8×8.</summary>
    public byte* Palettes;
}
