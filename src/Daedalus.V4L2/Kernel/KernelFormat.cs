// SPDX-License-Identifier: LGPL-2.1-or-later
using Daedalus.V4L2.Devices;

namespace Daedalus.V4L2.Kernel;

/// <summary>A CAPTURE format as a driver has set it.</summary>
/// <param name="Geometry">The stream's pictures.</param>
/// <param name="Layout">Where their planes are.</param>
/// <param name="Raw">What VIDIOC_S_FMT said.</param>
internal sealed record KernelFormat(CodedGeometry Geometry, CaptureLayout Layout, V4L2Format Raw)
{
    /// <summary>Made for the same pictures in the same layout.</summary>
    public bool Suits(KernelFormat other) => ReferenceEquals(this, other) || (Geometry == other.Geometry && Layout == other.Layout);

    /// <summary>The layout that V4L2 defines for a format of one memory plane (kernel documentation, "YUV formats"); null for formats we do not read.</summary>
    public static CaptureLayout? LayoutOf(in V4L2Format f, in CodedGeometry g)
    {
        V4L2PlanePixFormats planes = f.PlaneFormats;
        uint stride = planes[0].BytesPerLine, size = planes[0].SizeImage;
        if (f.PlaneCount != 1 || f.Width < g.Width || f.Height < g.Height)
            return null;
        bool semiPlanar = f.PixelFormat is PixelFormat.Nv12 or PixelFormat.P010;
        if (!semiPlanar && f.PixelFormat != PixelFormat.Planar(g.SubsamplingX, g.SubsamplingY, g.BitDepth))
            return null;
        ulong luma = (ulong)stride * f.Height;
        uint chromaStride = semiPlanar ? stride : stride >> g.SubsamplingX;
        ulong chroma = (ulong)chromaStride * (f.Height + (uint)g.SubsamplingY >> g.SubsamplingY);
        if (luma + chroma * (semiPlanar ? 1u : 2u) > size || size > int.MaxValue)
            return null;
        return semiPlanar
            ? new CaptureLayout(f.PixelFormat, g.Width, g.Height, 2, 0, (uint)luma, 0, stride, chromaStride, 0, size)
            : new CaptureLayout(f.PixelFormat, g.Width, g.Height, 3, 0, (uint)luma, (uint)(luma + chroma), stride, chromaStride, chromaStride, size);
    }
}
