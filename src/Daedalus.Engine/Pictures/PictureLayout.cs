// SPDX-License-Identifier: LGPL-2.1-or-later
using Daedalus.Engine.Interop;
using Daedalus.V4L2;

namespace Daedalus.Engine.Pictures;

/// <summary>What a picture format of the engine stores.</summary>
/// <param name="BitDepth">8, 9, 10, 12 or 14.</param>
/// <param name="SubsamplingX">Chroma shift 0..1.</param>
/// <param name="SubsamplingY">Chroma shift 0..1.</param>
/// <param name="SemiPlanar">Two planes with interleaved chroma (NV12, P010).</param>
public readonly record struct FormatInfo(int BitDepth, int SubsamplingX, int SubsamplingY, bool SemiPlanar);

/// <summary>
/// Memory layout of CAPTURE buffers: planes for width and height rounded up to 64 luma samples (a superblock is always written whole),
/// rows and planes 64-byte aligned, 64 readable bytes after the last plane.
/// </summary>
public static unsafe class PictureLayout
{
    /// <summary>Alignment of planes and rows in bytes.</summary>
    public const int Alignment = 64;
    /// <summary>Readable bytes after the last plane.</summary>
    public const int TailBytes = 64;
    /// <summary>Largest width and height (16 bits + 1 in VP9, spec 7.2.3).</summary>
    public const int MaxDimension = 65536;

    /// <summary>Describes a fourcc; false when the engine does not write that format.</summary>
    public static bool TryGetInfo(uint pixelFormat, out FormatInfo info)
    {
        if (pixelFormat == PixelFormat.Nv12)
        {
            info = new FormatInfo(8, 1, 1, true);
            return true;
        }
        if (pixelFormat == PixelFormat.P010)
        {
            info = new FormatInfo(10, 1, 1, true);
            return true;
        }
        for (int depth = 8; depth <= 14; depth++)
        {
            if (depth is 11 or 13)
                continue;
            for (int ss = 0; ss < 4; ss++)
            {
                if (PixelFormat.Planar(ss & 1, ss >> 1, depth) != pixelFormat)
                    continue;
                info = new FormatInfo(depth, ss & 1, ss >> 1, false);
                return true;
            }
        }
        info = default;
        return false;
    }

    /// <summary>Fills the layout of a frame size; false when the format or the size is not supported or 4 GiB do not hold it.</summary>
    public static bool Fill(uint pixelFormat, uint width, uint height, AbiLayout* layout)
    {
        *layout = default;
        if (width is 0 or > MaxDimension || height is 0 or > MaxDimension || !TryGetInfo(pixelFormat, out FormatInfo info))
            return false;

        int bytesPerSample = info.BitDepth > 8 ? 2 : 1;
        long rows = RoundUp(height, 64);
        long stride = Pitch(RoundUp(width, 64) * bytesPerSample);
        long chromaRows = rows >> info.SubsamplingY;
        long chromaStride = Pitch((RoundUp(width, 64) >> info.SubsamplingX) * bytesPerSample * (info.SemiPlanar ? 2 : 1));
        int chromaPlanes = info.SemiPlanar ? 1 : 2;

        long offset1 = stride * rows;
        long chromaBytes = RoundUp(chromaStride * chromaRows, Alignment);
        long size = offset1 + chromaPlanes * chromaBytes + TailBytes;
        if (size > uint.MaxValue)
            return false;

        layout->PixelFormat = pixelFormat;
        layout->Width = width;
        layout->Height = height;
        layout->PlaneCount = (uint)(1 + chromaPlanes);
        layout->Offset[1] = (uint)offset1;
        layout->Stride[0] = (uint)stride;
        layout->Stride[1] = (uint)chromaStride;
        if (!info.SemiPlanar)
        {
            layout->Offset[2] = (uint)(offset1 + chromaBytes);
            layout->Stride[2] = (uint)chromaStride;
        }
        layout->Size = (uint)size;
        return true;
    }

    /// <summary>
    /// Whether a frame of <paramref name="width"/> × <paramref name="height"/> can be written, superblocks whole, into a buffer of
    /// this layout: planes large enough, apart, aligned, inside the buffer. Equal chroma strides are demanded of planar formats.
    /// </summary>
    public static bool Holds(AbiLayout* layout, int width, int height)
    {
        if (!TryGetInfo(layout->PixelFormat, out FormatInfo info))
            return false;
        int planes = info.SemiPlanar ? 2 : 3;
        if (layout->PlaneCount != planes)
            return false;
        int bytesPerSample = info.BitDepth > 8 ? 2 : 1;
        long end = 0;
        for (int p = 0; p < planes; p++)
        {
            long row = RoundUp(width, 64) * bytesPerSample;
            long rows = RoundUp(height, 64);
            if (p > 0)
            {
                row = (row >> info.SubsamplingX) * (info.SemiPlanar ? 2 : 1);
                rows >>= info.SubsamplingY;
            }
            long offset = layout->Offset[p], stride = layout->Stride[p];
            if (offset < end || offset % Alignment != 0 || stride < row || stride % Alignment != 0 || stride > int.MaxValue)
                return false;
            end = offset + stride * rows;
        }
        return end + TailBytes <= layout->Size && (planes == 2 || layout->Stride[1] == layout->Stride[2]);
    }

    /// <summary>The planar picture in a buffer.</summary>
    public static PictureView View(AbiLayout* layout, byte* buffer, int width, int height, in FormatInfo info) => new()
    {
        Plane0 = buffer + layout->Offset[0],
        Plane1 = buffer + layout->Offset[1],
        Plane2 = buffer + layout->Offset[2],
        StrideY = (nint)layout->Stride[0],
        StrideUv = (nint)layout->Stride[1],
        Width = width,
        Height = height,
        BitDepth = info.BitDepth,
        SubsamplingX = info.SubsamplingX,
        SubsamplingY = info.SubsamplingY,
    };

    // Rows a multiple of 4096 bytes apart share cache sets: vertical filters would evict their own rows.
    private static long Pitch(long bytes)
    {
        long stride = RoundUp(bytes, Alignment);
        return stride % 4096 == 0 ? stride + Alignment : stride;
    }

    private static long RoundUp(long value, int to) => (value + to - 1) / to * to;
}
