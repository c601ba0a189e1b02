// SPDX-License-Identifier: LGPL-2.1-or-later
using System.Runtime.InteropServices;
using Daedalus.V4L2.Controls;

namespace Daedalus.Engine.Vp9;

/// <summary>A motion vector pair as later frames and blocks see it (spec PrevMvs/PrevRefFrames): 12 bytes for each 8×8.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct MotionReference
{
    /// <summary>List 0 vector of the last 4×4 quarter, packed.</summary>
    public uint Mv0;
    /// <summary>List 1 vector.</summary>
    public uint Mv1;
    /// <summary>0 last, 1 golden, 2 altref, -1 intra.</summary>
    public sbyte Ref0;
    /// <summary>Second reference or -1.</summary>
    public sbyte Ref1;
}

/// <summary>
/// Everything the stages of one frame in flight share. Plain native memory and values: filled once before entropy decoding starts,
/// read by all stages; each stage writes only what its comment says.
/// </summary>
public unsafe struct Vp9FrameState
{
    /// <summary>The frame control as received, already validated.</summary>
    public V4L2CtrlVp9Frame Control;

    /// <summary>Frame size in luma samples.</summary>
    public int Width, Height;
    /// <summary>Size in 8×8 units (spec MiCols, MiRows).</summary>
    public int MiCols, MiRows;
    /// <summary>Size in superblocks (spec Sb64Cols, Sb64Rows).</summary>
    public int SbCols, SbRows;
    /// <summary>8, 10 or 12.</summary>
    public int BitDepth;
    /// <summary>Chroma subsampling shifts 0..1.</summary>
    public int SubsamplingX, SubsamplingY;
    /// <summary>1 for key and intra-only frames.</summary>
    public int IsIntra;
    /// <summary>base_q_idx 0 and no deltas.</summary>
    public int Lossless;
    /// <summary>Tiles.</summary>
    public int TileCols, TileRows;

    /// <summary>Dequantisation factors by segment: [segment * 4 + {Y dc, Y ac, UV dc, UV ac}].</summary>
    public fixed short Dequant[8 * 4];
    /// <summary>Loop filter levels: [segment * 8 + reference (0 intra, 1..3 last/golden/altref) * 2 + mode (0 ZEROMV, 1 other inter; intra uses 0)].</summary>
    public fixed byte FilterLevels[8 * 8];

    /// <summary>SbCols entries a row; row r at (r % SbRowsKept). Written by entropy decoding.</summary>
    public SuperblockEntry* Superblocks;
    /// <summary>How many superblock rows of records are kept (1 when stages alternate on one thread, SbRows otherwise).</summary>
    public int SbRowsKept;

    /// <summary>This frame's motion, MiCols a row. Written by entropy decoding; read by the next frame's.</summary>
    public MotionReference* Motion;
    /// <summary>Motion of the previous frame or null when it must not be used (spec UsePrevFrameMvs).</summary>
    public MotionReference* PreviousMotion;
    /// <summary>Segment ids of this frame, MiCols a row.</summary>
    public byte* SegmentMap;
    /// <summary>Segment ids of the previous frame or null (all zero).</summary>
    public byte* PreviousSegmentMap;

    /// <summary>Entry of a superblock.</summary>
    public readonly SuperblockEntry* Superblock(int sbRow, int sbCol) => Superblocks + (nint)(sbRow % SbRowsKept) * SbCols + sbCol;
}
