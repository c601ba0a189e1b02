// SPDX-License-Identifier: LGPL-2.1-or-later
using Daedalus.V4L2;
using Daedalus.V4L2.Controls;
using Daedalus.V4L2.Devices;

namespace Daedalus.Bitstream.H264;

/// <summary>Frames of which only one field came.</summary>
public static unsafe class H264MissingField
{
    /// <summary>
    /// Copies the rows of the field that is there over those of the other, so that the frame can be shown. Nothing but that frame's output
    /// may depend on those rows: a field that was not decoded is no reference.
    /// </summary>
    /// <param name="map">The picture's memory.</param>
    /// <param name="layout">Its layout.</param>
    /// <param name="geometry">Coded geometry.</param>
    /// <param name="decoded">Top or Bottom; other values do nothing.</param>
    public static void Fill(nint map, in CaptureLayout layout, in CodedGeometry geometry, H264Fields decoded)
    {
        if (map == 0 || decoded is not (H264Fields.Top or H264Fields.Bottom))
            return;
        int from = decoded == H264Fields.Top ? 0 : 1;
        bool semiPlanar = layout.PixelFormat is PixelFormat.Nv12 or PixelFormat.P010;
        int bytes = geometry.BitDepth > 8 ? 2 : 1;
        for (int plane = 0; plane < layout.PlaneCount; plane++)
        {
            (uint offset, uint stride) = plane switch { 0 => (layout.Offset0, layout.Stride0), 1 => (layout.Offset1, layout.Stride1), _ => (layout.Offset2, layout.Stride2) };
            int rows = plane == 0 ? geometry.Height : geometry.Height >> geometry.SubsamplingY;
            int width = plane == 0 ? geometry.Width : geometry.Width >> geometry.SubsamplingX;
            long size = (long)width * bytes * (plane > 0 && semiPlanar ? 2 : 1);
            byte* start = (byte*)map + offset;
            for (int y = 0; y + 1 < rows; y += 2)
            {
                byte* source = start + (long)stride * (y + from);
                byte* target = start + (long)stride * (y + (from ^ 1));
                Buffer.MemoryCopy(source, target, size, size);
            }
        }
    }
}
