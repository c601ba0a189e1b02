// SPDX-License-Identifier: LGPL-2.1-or-later
namespace Daedalus.V4L2.Devices;

/// <summary>Layout rule of picture memory for devices that have no engine to ask.</summary>
public static class CaptureLayouts
{
    private const int Alignment = 64;

    /// <summary>
    /// Planes one after the other, width and height rounded up to 64 luma samples, strides to 64 bytes, 64 readable bytes behind the last row.
    /// </summary>
    /// <param name="geometry">The stream's pictures.</param>
    /// <param name="pixelFormat">A planar format, NV12 or P010.</param>
    /// <exception cref="DeviceException">The buffer would be larger than 2 GiB.</exception>
    public static CaptureLayout Compute(in CodedGeometry geometry, uint pixelFormat)
    {
        bool semiPlanar = pixelFormat is PixelFormat.Nv12 or PixelFormat.P010;
        long bytes = geometry.BitDepth > 8 ? 2 : 1;
        long width = Align(geometry.Width), height = Align(geometry.Height);
        long stride = width * bytes;
        long chromaStride = semiPlanar ? stride : Align((width >> geometry.SubsamplingX) * bytes);
        long luma = stride * height;
        long chroma = chromaStride * (height >> geometry.SubsamplingY);
        long size = luma + chroma * (semiPlanar ? 1 : 2) + Alignment;
        if (size > int.MaxValue)
            throw new DeviceException($"A picture of {geometry.Width}x{geometry.Height} needs {size} bytes: too large.", -12);
        return semiPlanar
            ? new CaptureLayout(pixelFormat, geometry.Width, geometry.Height, 2, 0, (uint)luma, 0, (uint)stride, (uint)chromaStride, 0, (uint)size)
            : new CaptureLayout(pixelFormat, geometry.Width, geometry.Height, 3, 0, (uint)luma, (uint)(luma + chroma),
                (uint)stride, (uint)chromaStride, (uint)chromaStride, (uint)size);
    }

    private static long Align(long value) => (value + Alignment - 1) & -Alignment;
}
