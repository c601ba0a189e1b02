// SPDX-License-Identifier: LGPL-2.1-or-later
namespace Daedalus.Engine.Vp9;

/// <summary>What reconstruction needs of one plane of the frame being decoded.</summary>
internal unsafe struct Vp9PlaneGeometry
{
    /// <summary>First sample.</summary>
    public byte* Base;
    /// <summary>Bytes between rows.</summary>
    public nint Stride;
    /// <summary>Subsampling shifts of this plane.</summary>
    public int SubsamplingX, SubsamplingY;
    /// <summary>Frame size in samples rounded up to whole 8×8 luma blocks: beyond it nothing is ever read (MiCols * 8 &gt;&gt; SubsamplingX).</summary>
    public int CodedWidth, CodedHeight;
    /// <summary>Superblock height of this plane - 1.</summary>
    public int SuperblockMask;
    /// <summary>Unfiltered lines: sample 0 of the line above superblock row 0; row r is at r * <see cref="AboveStride"/>.</summary>
    public byte* Above;
    /// <summary>Bytes between the unfiltered lines.</summary>
    public nint AboveStride;
}
