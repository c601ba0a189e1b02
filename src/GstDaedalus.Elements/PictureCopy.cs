// SPDX-License-Identifier: LGPL-2.1-or-later
using System.Runtime.CompilerServices;
using Daedalus.V4L2.Devices;

namespace GstDaedalus.Elements;

/// <summary>Copies a picture line by line, where the picture itself cannot go downstream.</summary>
internal static unsafe class PictureCopy
{
    /// <summary>Copies all planes.</summary>
    /// <param name="format">Layout of the source.</param>
    /// <param name="source">Start of the CAPTURE buffer.</param>
    /// <param name="planes">Start of each target plane.</param>
    /// <param name="strides">Bytes between target lines.</param>
    public static void Copy(PictureFormat format, byte* source, byte** planes, int* strides)
    {
        CodedGeometry g = format.Geometry;
        VisibleRectangle v = format.Visible;
        int bytes = g.BitDepth > 8 ? 2 : 1;
        bool semiPlanar = format.Layout.PlaneCount == 2;
        int chromaWidth = v.Width + g.SubsamplingX >> g.SubsamplingX;
        int chromaHeight = v.Height + g.SubsamplingY >> g.SubsamplingY;
        Plane(planes[0], strides[0], source + format.Offset(0), format.Stride(0), v.Width * bytes, v.Height, 0);
        if (format.PlaneCount == 1)
            return;
        if (semiPlanar)
        {
            Plane(planes[1], strides[1], source + format.Offset(1), format.Stride(1), 2 * chromaWidth * bytes, chromaHeight, 0);
            return;
        }
        int repeat = format.DoubleChromaLines ? 1 : 0;
        int lines = format.DoubleChromaLines ? v.Height : chromaHeight;
        Plane(planes[1], strides[1], source + format.Offset(1), format.Stride(1), chromaWidth * bytes, lines, repeat);
        Plane(planes[2], strides[2], source + format.Offset(2), format.Stride(2), chromaWidth * bytes, lines, repeat);
    }

    // repeat = 1: each source line serves two target lines.
    private static void Plane(byte* target, int targetStride, byte* source, uint sourceStride, int width, int lines, int repeat)
    {
        for (int y = 0; y < lines; y++)
            Unsafe.CopyBlockUnaligned(target + (nint)y * targetStride, source + (nint)(y >> repeat) * (nint)sourceStride, (uint)width);
    }
}
