// SPDX-License-Identifier: LGPL-2.1-or-later
using System.Runtime.InteropServices;

namespace Daedalus.Engine.H264;

/// <summary>Working memory of <see cref="H264MotionDeriver"/>, native so that hot code reaches it through one pointer.</summary>
[StructLayout(LayoutKind.Sequential)]
internal unsafe struct H264MotionContext
{
    /// <summary>RefIdx of a partition that is not available (-1: available, but not predicted from the list).</summary>
    public const int NotAvailable = -2;
    /// <summary>Entries of <see cref="Keys"/> for one list: refIdx -2..127, so that no sbyte leads outside.</summary>
    public const int KeyStride = 130;
    /// <summary>Position of block (0, 0) in the caches; rows are 8 apart, so that -1 is left, -8 above, -8 + width above right.</summary>
    public const int CacheBase = 12;
    /// <summary>Entries of a cache for one list.</summary>
    public const int CacheStride = 48;

    // Neighbouring macroblocks of the current one as far as predictions of whole macroblocks and halves look at them:
    // A: column 3, rows 0 and 2; B: row 3; C: block 12; D: block 15; Mid: block 7, location (-1, 7). They are records of the picture, or the
    // records below where nothing is available or where vectors have to be converted between frame and field macroblocks.
    public H264Motion* A, B, C, D, Mid;

    /// <summary>Some neighbour is a field macroblock beside a frame macroblock or the other way round.</summary>
    public bool Mixed;
    /// <summary>0: frame macroblock or field picture; 1, 2: top, bottom field macroblock of MBAFF.</summary>
    public int Kind;

    // Co-located macroblocks of the upper and lower half (spec 8.4.1.2.1) and the rows of 4×4 blocks in them.
    public H264Motion* Col0, Col1;
    public int ColRow0, ColRow1;
    /// <summary>vertMvScale: 0 One_To_One, 1 Frm_To_Fld, 2 Fld_To_Frm.</summary>
    public int ColScale;

    /// <summary>No macroblock there: every refIdx <see cref="NotAvailable"/>.</summary>
    public H264Motion Unavailable;
    /// <summary>Intra.</summary>
    public H264Motion NoMotion;
    /// <summary>Direct vectors of B_8x8 before they are mixed with the others.</summary>
    public H264Motion Direct;
    /// <summary>Neighbours converted to the kind of the current macroblock.</summary>
    public H264Motion ScaledA, ScaledB, ScaledC, ScaledD, ScaledMid;

    /// <summary>Mixed neighbours only, [list * 4 + row]: locations (-1, 4 * row).</summary>
    public fixed int LeftMv[8], LeftRef[8];
    /// <summary>Mixed neighbours only, [list * 4 + row], rows 1..3: locations (-1, 4 * row - 1).</summary>
    public fixed int DiagonalMv[8], DiagonalRef[8];

    /// <summary>[list * <see cref="CacheStride"/> + position]: vectors of the macroblock and its surroundings while 8×8 partitions are derived.</summary>
    public fixed int MvCache[2 * CacheStride];
    /// <summary>refIdx to them.</summary>
    public fixed int RefCache[2 * CacheStride];

    /// <summary>[(kind * 2 + list) * <see cref="KeyStride"/> + refIdx + 2]: key of the referenced picture, -1 none.</summary>
    public fixed int Keys[3 * 2 * KeyStride];
    /// <summary>[kind * 64 + refIdxL0]: DistScaleFactor; 256 (vectors as they are) for long-term references and pictures at the same time.</summary>
    public fixed int DistScale[3 * 64];
}
