// SPDX-License-Identifier: LGPL-2.1-or-later
namespace Daedalus.Engine.Av1;

/// <summary>Result of the motion vector stack process (7.10.2), reused from block to block.</summary>
public unsafe struct Av1MvStack
{
    /// <summary>MAX_REF_MV_STACK_SIZE + room for the extra search.</summary>
    public const int Capacity = 10;
    /// <summary>NumMvFound.</summary>
    public int Count;
    /// <summary>NewMvCount.</summary>
    public int NewMvCount;
    /// <summary>RefStackMv [index * 2 + list], row low, column high; entries up to index 1 are valid even if Count is less (global vectors, 7.10.2.12).</summary>
    public fixed int Mv[Capacity * 2];
    /// <summary>WeightStack.</summary>
    public fixed int Weight[Capacity];
    /// <summary>GlobalMvs[0..1].</summary>
    public fixed int GlobalMv[2];
    /// <summary>NewMvContext, RefMvContext, ZeroMvContext.</summary>
    public int NewMvContext, RefMvContext, ZeroMvContext;
    /// <summary>DrlCtxStack.</summary>
    public fixed byte DrlContext[Capacity];
}

/// <summary>Result of the warp samples process (7.10.4).</summary>
public unsafe struct Av1WarpSamples
{
    /// <summary>NumSamples.</summary>
    public int Count;
    /// <summary>NumSamplesScanned.</summary>
    public int Scanned;
    /// <summary>CandList [8][4].</summary>
    public fixed int Candidates[8 * 4];
}

/// <summary>How decoding a superblock row of a tile ended.</summary>
public enum Av1TileStatus
{
    /// <summary>Done; the tile has more.</summary>
    More,
    /// <summary>Done; it was the tile's last.</summary>
    End,
    /// <summary>The data is broken from some superblock of this row on; what was decoded before is consistent, the rest of the row has been concealed.</summary>
    Corrupt,
}
