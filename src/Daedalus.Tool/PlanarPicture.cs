// SPDX-License-Identifier: LGPL-2.1-or-later
using Daedalus.V4L2;
using Daedalus.V4L2.Devices;

namespace Daedalus.Tool;

/// <summary>The visible samples of a picture, a plane for each component.</summary>
/// <param name="Width">Luma samples.</param>
/// <param name="Height">Luma rows.</param>
/// <param name="Bits">Of a sample.</param>
/// <param name="SubsamplingX">1: chroma has half the width.</param>
/// <param name="SubsamplingY">1: chroma has half the height.</param>
/// <param name="Planes">Rows without padding; one plane of monochrome.</param>
internal sealed record PlanarPicture(int Width, int Height, int Bits, int SubsamplingX, int SubsamplingY, ushort[][] Planes)
{
    /// <summary>Size of a plane.</summary>
    public (int Width, int Height) SizeOf(int plane) => plane == 0 ? (Width, Height) : ((Width + SubsamplingX) >> SubsamplingX, (Height + SubsamplingY) >> SubsamplingY);

    /// <summary>The decoded picture itself.</summary>
    public static PlanarPicture Of(in DecodedPicture output)
    {
        var bytes = new MemoryStream();
        FrameSink.Write(output, row => bytes.Write(row));
        return Of(output, bytes.GetBuffer());
    }

    /// <summary>A picture laid out as the decoded one.</summary>
    /// <param name="like">Says how.</param>
    /// <param name="bytes">What <see cref="FrameSink"/> writes.</param>
    public static PlanarPicture Of(in DecodedPicture like, ReadOnlySpan<byte> bytes)
    {
        CodedGeometry g = like.Geometry;
        uint format = like.Buffer.Layout.PixelFormat;
        // P010 has its ten bits at the top.
        var picture = new PlanarPicture(like.Width, like.Height, format == PixelFormat.P010 ? 16 : g.BitDepth, g.SubsamplingX, g.SubsamplingY, new ushort[like.Monochrome ? 1 : 3][]);
        bool pairs = format is PixelFormat.Nv12 or PixelFormat.P010;
        int size = g.BitDepth > 8 ? 2 : 1, at = 0;
        for (int plane = 0; plane < picture.Planes.Length; plane++)
        {
            (int width, int height) = picture.SizeOf(plane);
            ushort[] samples = picture.Planes[plane] = new ushort[width * height];
            int step = pairs && plane > 0 ? 2 * size : size, from = pairs && plane == 2 ? at + size : at;
            for (int i = 0; i < samples.Length; i++, from += step)
                samples[i] = size == 1 ? bytes[from] : (ushort)(bytes[from] | bytes[from + 1] << 8);
            if (!pairs || plane == 0)
                at += samples.Length * size;
        }
        return picture;
    }
}
