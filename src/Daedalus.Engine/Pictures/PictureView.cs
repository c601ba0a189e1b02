// SPDX-License-Identifier: LGPL-2.1-or-later
namespace Daedalus.Engine.Pictures;

/// <summary>
/// A planar picture in memory as kernels see it. Planes are allocated for width and height rounded up to 64 luma samples
/// (so a whole superblock may be written), plus 64 readable bytes after the last row.
/// </summary>
public unsafe struct PictureView
{
    /// <summary>Plane addresses: Y, U, V.</summary>
    public byte* Plane0, Plane1, Plane2;
    /// <summary>Bytes between rows of luma and chroma.</summary>
    public nint StrideY, StrideUv;
    /// <summary>Frame size in luma samples (not rounded).</summary>
    public int Width, Height;
    /// <summary>8, 9, 10, 12 or 14.</summary>
    public int BitDepth;
    /// <summary>Chroma subsampling shifts.</summary>
    public int SubsamplingX, SubsamplingY;

    /// <summary>Plane 0..2.</summary>
    public readonly byte* Plane(int i) => i == 0 ? Plane0 : i == 1 ? Plane1 : Plane2;
    /// <summary>Stride of plane 0..2.</summary>
    public readonly nint Stride(int i) => i == 0 ? StrideY : StrideUv;
}
