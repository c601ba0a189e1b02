// SPDX-License-Identifier: LGPL-2.1-or-later
using Daedalus.Engine.Pictures;
using Daedalus.V4L2.Controls;

namespace Daedalus.Engine.Av1;

/// <summary>A loop restoration unit (5.11.58): 16 bytes.</summary>
public unsafe struct Av1RestorationUnit
{
    /// <summary>LrType: None, Wiener or Sgrproj.</summary>
    public byte Type;
    /// <summary>LrSgrSet.</summary>
    public byte SgrSet;
    /// <summary>LrWiener [pass * 3 + coefficient], pass 0 vertical, 1 horizontal.</summary>
    public fixed sbyte Wiener[6];
    /// <summary>LrSgrXqd.</summary>
    public fixed sbyte SgrXqd[2];
    private fixed byte _reserved[6];
}

/// <summary>
/// A motion vector kept for later frames (SavedMvs, SavedRefFrames; 7.19), one for each 8×8 luma unit (the odd row and column): 4 bytes, since every picture has them. Components are within REFMVS_LIMIT: 13 bits.
/// </summary>
public readonly struct Av1SavedMotion
{
    // The reference in 3 bits, row in 13, column in 16.
    private readonly uint _bits;

    /// <summary>A vector.</summary>
    /// <param name="refFrame">MfRefFrames: 1..7, 0 or less: none.</param>
    /// <param name="mv">MfMvs: row low, column high; each -4095..4095.</param>
    public Av1SavedMotion(int refFrame, int mv) => _bits = (uint)(mv & ~0xffff | mv << 3 & 0xfff8 | Math.Max(refFrame, 0));

    /// <summary>All of it: equal for equal motion.</summary>
    public uint Bits => _bits;
    /// <summary>MfMvs: row low, column high.</summary>
    public int Mv => (int)(_bits & ~0xffffu) | (ushort)((short)_bits >> 3);
    /// <summary>MfRefFrames: 1..7, 0: none.</summary>
    public int RefFrame => (int)(_bits & 7);
}

/// <summary>An entry of the projected motion field (7.9), one for each 8×8: the source vector and what it spans; MotionFieldMvs[ref] is get_mv_projection of it. 4 bytes.</summary>
public readonly struct Av1ProjectedMotion
{
    /// <summary><see cref="Offset"/> of a hole.</summary>
    public const byte None = 0;

    // Offset in 5 bits, row and column in 13 each.
    private readonly uint _bits;

    /// <summary>An entry.</summary>
    /// <param name="offset">refOffset 1..31.</param>
    /// <param name="mv">mv of the source frame, row low, column high; each -4095..4095.</param>
    public Av1ProjectedMotion(int offset, int mv) => _bits = (uint)offset | (uint)(mv & 0x1fff) << 5 | (uint)(mv >> 16 & 0x1fff) << 18;

    /// <summary>All of it: equal for equal motion.</summary>
    public uint Bits => _bits;
    /// <summary>mv of the source frame, row low, column high.</summary>
    public int Mv => (int)(_bits << 1) >> 19 << 16 | (ushort)((int)(_bits << 14) >> 19);
    /// <summary>refOffset 1..31; <see cref="None"/>: MotionFieldMvs is invalid here.</summary>
    public int Offset => (int)(_bits & 31);
}

/// <summary>
/// What is kept beside a picture for the frames that refer to it (7.20), in native memory of the picture. Written while the picture is decoded; the two progress cells say how far.
/// </summary>
public unsafe struct Av1SavedState
{
    /// <summary>Value of a progress cell when all is there.</summary>
    public const int Complete = int.MaxValue;
    /// <summary>frame_type.</summary>
    public Av1FrameType FrameType;
    /// <summary>RefUpscaledWidth, RefFrameWidth, RefFrameHeight.</summary>
    public int UpscaledWidth, FrameWidth, FrameHeight;
    /// <summary>RefMiRows, RefMiCols.</summary>
    public int MiRows, MiCols;
    /// <summary>BitDepth, subsampling_x, subsampling_y.</summary>
    public int BitDepth, SubsamplingX, SubsamplingY;
    /// <summary>RefOrderHint.</summary>
    public int OrderHint;
    /// <summary>SavedOrderHints [1..7].</summary>
    public fixed int OrderHints[8];
    /// <summary>(MiRows >> 1) × (MiCols >> 1) entries; of intra frames not filled (FrameType says so).</summary>
    public Av1SavedMotion* Motion;
    /// <summary>SavedSegmentIds, MiRows × MiCols (pitch <see cref="MiCols"/>). Null: all 0.</summary>
    public byte* SegmentIds;
    /// <summary>Saved CDFs: an Av1CdfContext ([entropy] owns its layout).</summary>
    public void* Cdfs;
    /// <summary>Rows of <see cref="Motion"/> and <see cref="SegmentIds"/> that are final, in 4×4 units; volatile.</summary>
    public int MiRowsReady;
    /// <summary>1 when <see cref="Cdfs"/> is final (also when the frame failed: then it holds what the frame began with); volatile.</summary>
    public int CdfsReady;
}

/// <summary>A reference of the frame, LAST_FRAME..ALTREF_FRAME.</summary>
public unsafe struct Av1Reference
{
    /// <summary>Samples. Width and Height are UpscaledWidth and FrameHeight of the reference.</summary>
    public PictureView View;
    /// <summary>Luma rows that are final (all filters done, no grain); null: complete. Volatile.</summary>
    public int* Progress;
    /// <summary>What is kept beside it; null for a stand-in.</summary>
    public Av1SavedState* Saved;
    /// <summary>There is no such picture or it cannot be used (other format, scaling out of bounds of 7.11.3.3): View is a stand-in.</summary>
    public bool IsMissing;
    /// <summary>is_scaled (7.11.3.3): XScale or YScale is not 1 &lt;&lt; 14.</summary>
    public bool IsScaled;
    /// <summary>xScale, yScale (7.11.3.3).</summary>
    public int XScale, YScale;
    /// <summary>OrderHints[ref].</summary>
    public int OrderHint;
    /// <summary>RefFrameSignBias.</summary>
    public int SignBias;
    /// <summary>GmType.</summary>
    public Av1WarpModel GlobalType;
    /// <summary>gm_params.</summary>
    public fixed int GlobalParams[6];
    /// <summary>Result of the shear setup of <see cref="GlobalParams"/> (7.11.3.6): warpValid, and alpha, beta, gamma, delta.</summary>
    public bool GlobalValid;
    /// <summary>alpha, beta, gamma, delta.</summary>
    public fixed short GlobalShear[4];
}

/// <summary>A tile of the frame.</summary>
public unsafe struct Av1Tile
{
    /// <summary>TileRow, TileCol.</summary>
    public int Row, Col;
    /// <summary>MiRowStart, MiRowEnd, MiColStart, MiColEnd.</summary>
    public int MiRowStart, MiRowEnd, MiColStart, MiColEnd;
    /// <summary>First superblock row and column and the ones after the last.</summary>
    public int SbRowStart, SbRowEnd, SbColStart, SbColEnd;
    /// <summary>Symbol data; null: missing. 16 bytes beyond the end must not be relied on.</summary>
    public byte* Data;
    /// <summary>Bytes.</summary>
    public int Size;
    /// <summary>Superblocks decoded, row by row; volatile.</summary>
    public int SuperblocksReady;
    /// <summary>First block record of the tile: (MiRowEnd - MiRowStart) * (MiColEnd - MiColStart) are its own. With <see cref="Av1FrameState.RowRecords"/> of the superblock row in decoding.</summary>
    public Av1Block* Blocks;
    /// <summary>Where the streams of the tile's next superblock begin; <see cref="NextCoefficients"/> null: where its <see cref="Av1Superblock"/> says already.</summary>
    public Av1TransformBlock* NextTransforms;
    /// <summary>See <see cref="NextTransforms"/>; 64-byte aligned.</summary>
    public byte* NextCoefficients;
    /// <summary>See <see cref="NextTransforms"/>; 64-byte aligned.</summary>
    public byte* NextPalettes;
}

/// <summary>
/// What the stages of one frame share. Native memory, filled by <c>Av1FrameSetup</c> before the first stage; who writes an array later stands with it. Mi arrays have the pitch <see cref="MiStride"/>
/// and are padded to whole superblocks: writing a block beyond the frame's edge is allowed everywhere, so no writer clips.
/// </summary>
public unsafe struct Av1FrameState
{
    /// <summary>REFS_PER_FRAME + 1: references are indexed by name, [0] is the current frame (intra block copy).</summary>
    public const int ReferenceCount = 8;

    /// <summary>Sequence header.</summary>
    public V4L2CtrlAv1Sequence Sequence;
    /// <summary>Frame header.</summary>
    public V4L2CtrlAv1Frame Frame;
    /// <summary>Private control or its defaults.</summary>
    public DaedalusCtrlAv1Frame Private;

    /// <summary>FrameWidth (coded), UpscaledWidth, FrameHeight.</summary>
    public int Width, UpscaledWidth, Height;
    /// <summary>MiCols, MiRows (always even).</summary>
    public int MiCols, MiRows;
    /// <summary>Entries between rows of mi arrays: MiCols rounded up to 32.</summary>
    public int MiStride;
    /// <summary>Superblock size as log2 of 4×4 units: 4 (64×64) or 5 (128×128).</summary>
    public int SbSizeLog2;
    /// <summary>Size in superblocks.</summary>
    public int SbCols, SbRows;
    /// <summary>Size in 64×64 units: CDEF, restoration stripes.</summary>
    public int Cols64, Rows64;
    /// <summary>8, 10, 12.</summary>
    public int BitDepth;
    /// <summary>1 (mono_chrome) or 3. Monochrome output has chroma planes of 1 &lt;&lt; (BitDepth - 1), written by the coordinator.</summary>
    public int NumPlanes;
    /// <summary>subsampling_x, subsampling_y (1, 1 when monochrome).</summary>
    public int SubsamplingX, SubsamplingY;
    /// <summary>FrameIsIntra.</summary>
    public bool IsIntra;
    /// <summary>CodedLossless, AllLossless.</summary>
    public bool CodedLossless, AllLossless;
    /// <summary>Deblocking runs (loop_filter_level[0] or [1] not 0), CDEF runs (enable_cdef, not CodedLossless, not allow_intrabc, some strength or bit), superres, some plane is restored.</summary>
    public bool HasDeblock, HasCdef, HasSuperres, HasRestoration;
    /// <summary>Bit s: LosslessArray[s].</summary>
    public byte LosslessSegments;
    /// <summary>qindex of each segment without delta (get_qindex(1, s), 7.12.2).</summary>
    public fixed byte SegmentQIndex[8];

    /// <summary>The picture in decoding before superres: FrameWidth × FrameHeight, memory as <see cref="PictureView"/> says (64-rounded). Equal to <see cref="Output"/> without superres.</summary>
    public PictureView Current;
    /// <summary>The reference picture: UpscaledWidth × FrameHeight, final samples without grain.</summary>
    public PictureView Output;

    /// <summary>Tiles, TileRows × TileCols, row by row.</summary>
    public Av1Tile* Tiles;
    /// <summary>Their number in each direction.</summary>
    public int TileCols, TileRows;

    /// <summary>
    /// Of <see cref="BlockGrid"/> and <see cref="LumaTxSizes"/> only two superblock rows are kept, as one thread needs them: the bits of a row's number that do not count. 0: all rows are.
    /// </summary>
    public int DroppedRowBits;
    /// <summary>Records of a superblock row of all tiles at most, where two rows' are kept: even and odd rows take turns. 0: every tile has room for all of its records.</summary>
    public int RowRecords;
    /// <summary>Block records (<see cref="Av1Tile.Blocks"/> points in). Written by entropy decoding.</summary>
    public Av1Block* Blocks;
    /// <summary>Index into <see cref="Blocks"/> of the block at each 4×4 unit. Written by entropy decoding when the block's mode info is complete (before its motion vectors are needed by others).</summary>
    public uint* BlockGrid;
    /// <summary>LoopfilterTxSizes[0] of each 4×4 unit (InterTxSizes of skipped inter blocks as well). Written by entropy decoding.</summary>
    public byte* LumaTxSizes;
    /// <summary>Superblock entries, SbCols a row; row r at (r % <see cref="SbRowsKept"/>).</summary>
    public Av1Superblock* Superblocks;
    /// <summary>Rows of superblocks whose streams are kept, a ring.</summary>
    public int SbRowsKept;

    /// <summary>SegmentIds of this frame, pitch MiCols: belongs to <see cref="Saved"/>. Written by entropy decoding; null without segmentation. With segmentation_update_map 0 entropy decoding copies the previous map row by row (7.4).</summary>
    public byte* SegmentIds;
    /// <summary>PrevSegmentIds (5.9.2 load_previous_segment_ids), pitch MiCols; null: all 0. Rows are final as the primary reference's MiRowsReady says.</summary>
    public byte* PrevSegmentIds;
    /// <summary>cdef_idx of each 64×64, Cols64 a row (padded to 128): -1 or 0..7. Written by entropy decoding.</summary>
    public sbyte* CdefIndex;
    /// <summary>Entries between rows of <see cref="CdefIndex"/>.</summary>
    public int CdefStride;
    /// <summary>Restoration units of planes 0..2, unitRows × unitCols. Written by entropy decoding (set to None by the setup).</summary>
    public Av1RestorationUnit* Restoration0, Restoration1, Restoration2;
    /// <summary>unitCols, unitRows of each plane; 0 where FrameRestorationType is NONE.</summary>
    public fixed int UnitCols[3], UnitRows[3];

    /// <summary>Motion field (7.9), (MiRows >> 1) × (MiCols >> 1), or null without use_ref_frame_mvs. Written by Av1MotionField.ProjectRow before the entropy decoding of a superblock row.</summary>
    public Av1ProjectedMotion* MotionField;
    /// <summary>CDFs the tiles begin with: an Av1CdfContext. Written by Av1CdfContexts.Begin in the setup step.</summary>
    public void* Cdfs;
    /// <summary>What is kept beside this frame.</summary>
    public Av1SavedState* Saved;
    /// <summary>[0]: the current frame (not scaled, no motion); 1..7 LAST_FRAME..ALTREF_FRAME.</summary>
    public Av1Reference* References;
    /// <summary>Saved state of the primary reference frame; null = PRIMARY_REF_NONE or not there.</summary>
    public Av1SavedState* Primary;

    /// <summary>
    /// Unfiltered bottom rows for intra prediction: [tileRow][plane], one row of Current's plane stride each. Reconstruction of a superblock row of a tile reads the row above it here
    /// (its own columns, corner and above-right: never outside the tile) and writes its own last row before it returns, so that deblocking need not wait for the next row.
    /// </summary>
    public byte* IntraLines;
    /// <summary>Bytes between planes of <see cref="IntraLines"/>; three planes make a tile row.</summary>
    public nint IntraLineStride;

    /// <summary>Deblocking levels without delta_lf (7.14.5): [((segment * 8 + ref) * 2 + modeType) * 4 + i]. Filled by Av1FilterLevels.Fill.</summary>
    public fixed byte FilterLevels[8 * 8 * 2 * 4];

    /// <summary>Block at a 4×4 unit that has been decoded.</summary>
    public readonly Av1Block* BlockAt(int miRow, int miCol) => Blocks + BlockGrid[Unit(miRow, miCol)];
    /// <summary>Where a 4×4 unit stands in <see cref="BlockGrid"/> and <see cref="LumaTxSizes"/>; rows of one superblock follow one another.</summary>
    public readonly nint Unit(int miRow, int miCol) => (nint)(miRow & ~DroppedRowBits) * MiStride + miCol;
    /// <summary>Entry of a superblock.</summary>
    public readonly Av1Superblock* Superblock(int sbRow, int sbCol) => Superblocks + (nint)(sbRow % SbRowsKept) * SbCols + sbCol;
    /// <summary>Unfiltered row for intra prediction.</summary>
    public readonly byte* IntraLine(int tileRow, int plane) => IntraLines + (tileRow * 3 + plane) * IntraLineStride;
    /// <summary>Restoration units of a plane.</summary>
    public readonly Av1RestorationUnit* Restoration(int plane) => plane == 0 ? Restoration0 : plane == 1 ? Restoration1 : Restoration2;

    /// <summary>get_relative_dist (5.9.3).</summary>
    public readonly int RelativeDistance(int a, int b)
    {
        if ((Sequence.Flags & Av1SequenceFlags.EnableOrderHint) == 0)
            return 0;
        int diff = a - b, m = 1 << (Sequence.OrderHintBits - 1);
        return (diff & (m - 1)) - (diff & m);
    }
}

/// <summary>Waits for references that are being decoded.</summary>
public interface IAv1ReferenceWaiter
{
    /// <summary>Returns once luma rows up to and including <paramref name="lastRow"/> of reference 1..7 are final, or never will be.</summary>
    void WaitRows(int reference, int lastRow);

    /// <summary>Waits until so many superblocks of a tile are decoded, whose row is reconstructed while it is decoded. False: they never will be.</summary>
    unsafe bool WaitSuperblocks(Av1Tile* tile, int count) => true;
}
