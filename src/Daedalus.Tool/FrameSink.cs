// SPDX-License-Identifier: LGPL-2.1-or-later
using Daedalus.V4L2;
using Daedalus.V4L2.Devices;

namespace Daedalus.Tool;

/// <summary>Visible samples of a picture, plane by plane, row by row, without padding.</summary>
internal static unsafe class FrameSink
{
    /// <summary>Planes of a picture as rows: NV12 and P010 have two, their second holds both chroma components; of monochrome only luma counts.</summary>
    public static int PlaneCount(in DecodedPicture output) => output.Monochrome ? 1 : output.Buffer.Layout.PlaneCount;

    /// <summary>Bytes of a row and number of rows of a plane.</summary>
    public static (int RowBytes, int Rows) PlaneSize(in DecodedPicture output, int plane)
    {
        CodedGeometry g = output.Geometry;
        int bytes = g.BitDepth > 8 ? 2 : 1;
        if (plane == 0)
            return (output.Width * bytes, output.Height);
        int width = (output.Width + g.SubsamplingX) >> g.SubsamplingX;
        int height = (output.Height + g.SubsamplingY) >> g.SubsamplingY;
        return (width * bytes * (IsSemiPlanar(output) ? 2 : 1), height);
    }

    private static bool IsSemiPlanar(in DecodedPicture output) => output.Buffer.Layout.PixelFormat is PixelFormat.Nv12 or PixelFormat.P010;

    /// <summary>One visible row; between BeginCpuAccess and EndCpuAccess of the buffer.</summary>
    public static ReadOnlySpan<byte> Row(in DecodedPicture output, int plane, int row)
    {
        CaptureLayout l = output.Buffer.Layout;
        (uint offset, uint stride) = plane switch { 0 => (l.Offset0, l.Stride0), 1 => (l.Offset1, l.Stride1), _ => (l.Offset2, l.Stride2) };
        CodedGeometry g = output.Geometry;
        int x = plane == 0 ? output.Left : (output.Left >> g.SubsamplingX) * (IsSemiPlanar(output) ? 2 : 1);
        int y = plane == 0 ? output.Top : output.Top >> g.SubsamplingY;
        int bytes = g.BitDepth > 8 ? 2 : 1;
        return new ReadOnlySpan<byte>((byte*)output.Buffer.Map + offset + (nint)stride * (y + row) + x * bytes, PlaneSize(output, plane).RowBytes);
    }

    /// <summary>Gives every visible row to a consumer, in file order.</summary>
    public static void Write(in DecodedPicture output, Action<ReadOnlySpan<byte>> consumer)
    {
        output.Buffer.BeginCpuAccess(write: false);
        for (int plane = 0; plane < PlaneCount(output); plane++)
        {
            int rows = PlaneSize(output, plane).Rows;
            for (int row = 0; row < rows; row++)
                consumer(Row(output, plane, row));
        }
        output.Buffer.EndCpuAccess(write: false);
    }
}
