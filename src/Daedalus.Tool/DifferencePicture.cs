// SPDX-License-Identifier: LGPL-2.1-or-later
namespace Daedalus.Tool;

/// <summary>
/// Draws a difference: ours, the oracle's and the amplified difference side by side; whole pictures above, below the plane's samples around the first
/// differing block, which is boxed in both.
/// </summary>
internal static class DifferencePicture
{
    private const int Gap = 12, TextScale = 2, Line = Canvas.CellHeight * TextScale + 4;
    private static readonly (byte, byte, byte) s_paper = (24, 26, 30), s_ink = (230, 230, 230), s_dim = (150, 156, 168), s_box = (255, 64, 200), s_sample = (255, 208, 0);

    /// <param name="d">What to draw.</param>
    /// <param name="frame">The frame's number.</param>
    /// <param name="oracle">Who the other is.</param>
    public static Canvas Draw(Difference d, int frame, string oracle)
    {
        // Whole pictures at most 640 wide, small ones enlarged; each by a whole number.
        int shrink = (d.Ours.Width + 639) / 640, enlarge = Math.Max(1, 320 / d.Ours.Width);
        int pictureWidth = (d.Ours.Width + shrink - 1) / shrink * enlarge, pictureHeight = (d.Ours.Height + shrink - 1) / shrink * enlarge;

        // The block and eight samples around it, in samples of the plane.
        (int planeWidth, int planeHeight) = d.Ours.SizeOf(d.Plane);
        int ssx = d.Plane == 0 ? 0 : d.Ours.SubsamplingX, ssy = d.Plane == 0 ? 0 : d.Ours.SubsamplingY;
        int blockX = d.BlockCorner.X >> ssx, blockY = d.BlockCorner.Y >> ssy, blockWidth = d.BlockSize >> ssx, blockHeight = d.BlockSize >> ssy;
        int left = Math.Max(0, blockX - 8), top = Math.Max(0, blockY - 8);
        int right = Math.Min(planeWidth, blockX + blockWidth + 8), bottom = Math.Min(planeHeight, blockY + blockHeight + 8);
        int zoom = Math.Clamp(pictureWidth / (right - left), 4, 24);
        int cell = Math.Max(pictureWidth, (right - left) * zoom);

        int largest = LargestDifference(d);
        double gain = 255.0 / largest;
        string[] titles = ["ours", oracle, $"difference x{gain:0.#}, largest {largest}"];
        string zoomTitle = $"{d.PlaneName} ({left},{top})-({right - 1},{bottom - 1})";
        (int sx, int sy) = d.InFirstBlock;
        int at = sy * planeWidth + sx;
        string[] heading =
        [
            $"frame {frame}, plane {d.PlaneName}: {d.BlockName} row {d.Block.Row} column {d.Block.Column}, {d.BlockSize}x{d.BlockSize} at ({d.BlockCorner.X},{d.BlockCorner.Y})",
            $"sample ({sx},{sy}): ours {d.Ours.Planes[d.Plane][at]}, {oracle} {d.Theirs.Planes[d.Plane][at]}; {d.Count} of {planeWidth * planeHeight} samples differ".Replace(';', ','),
        ];
        cell = Math.Max(cell, titles.Append(zoomTitle).Max(t => t.Length) * Canvas.CellWidth * TextScale);
        int width = Math.Max(3 * cell + 4 * Gap, heading.Max(t => t.Length) * Canvas.CellWidth * TextScale + 2 * Gap);
        int pictureTop = Gap + 3 * Line + Gap, zoomTop = pictureTop + pictureHeight + Gap + Line;
        var canvas = new Canvas(width, zoomTop + (bottom - top) * zoom + Gap, s_paper);
        for (int i = 0; i < heading.Length; i++)
            canvas.Text(Gap, Gap + i * Line, heading[i], TextScale, i == 0 ? s_ink : s_dim);
        for (int panel = 0; panel < 3; panel++)
        {
            int x0 = Gap + panel * (cell + Gap);
            canvas.Text(x0, pictureTop - Line, titles[panel], TextScale, s_ink);
            for (int y = 0; y < pictureHeight; y++)
                for (int x = 0; x < pictureWidth; x++)
                    canvas.Set(x0 + x, pictureTop + y, panel == 2 ? Differing(d, x / enlarge * shrink, y / enlarge * shrink, shrink, gain) : Colour(panel == 0 ? d.Ours : d.Theirs, x / enlarge * shrink, y / enlarge * shrink));
            // Only what is seen of the block.
            int bx = Math.Max(0, d.BlockCorner.X), by = Math.Max(0, d.BlockCorner.Y);
            int bw = Math.Min(d.Ours.Width, d.BlockCorner.X + d.BlockSize) - bx, bh = Math.Min(d.Ours.Height, d.BlockCorner.Y + d.BlockSize) - by;
            canvas.Box(x0 + bx * enlarge / shrink, pictureTop + by * enlarge / shrink, bw * enlarge / shrink, bh * enlarge / shrink, 2, s_box);
            Label(canvas, x0, pictureTop, pictureWidth, pictureHeight, bx * enlarge / shrink, by * enlarge / shrink, bh * enlarge / shrink, $"{d.Block.Row},{d.Block.Column}");

            canvas.Text(x0, zoomTop - Line + 2, zoomTitle, TextScale, s_dim);
            for (int y = top; y < bottom; y++)
                for (int x = left; x < right; x++)
                    canvas.Fill(x0 + (x - left) * zoom, zoomTop + (y - top) * zoom, zoom, zoom, Sample(d, panel, y * planeWidth + x, gain));
            int zx = Math.Max(0, blockX), zy = Math.Max(0, blockY);
            canvas.Box(x0 + (zx - left) * zoom, zoomTop + (zy - top) * zoom, (Math.Min(planeWidth, blockX + blockWidth) - zx) * zoom, (Math.Min(planeHeight, blockY + blockHeight) - zy) * zoom, 2, s_box);
            canvas.Box(x0 + (sx - left) * zoom, zoomTop + (sy - top) * zoom, zoom, zoom, 1, s_sample);
        }
        return canvas;
    }

    // The position beside the box: above it, or below where there is no room.
    private static void Label(Canvas canvas, int x0, int y0, int width, int height, int x, int y, int boxHeight, string text)
    {
        int w = text.Length * Canvas.CellWidth * TextScale + 4, h = 7 * TextScale + 6;
        int labelY = y - 2 - h >= 0 ? y - 2 - h : y + boxHeight + 2 + h <= height ? y + boxHeight + 2 : y;
        int labelX = Math.Clamp(x - 2, 0, Math.Max(0, width - w));
        canvas.Fill(x0 + labelX, y0 + labelY, w, h, s_box);
        canvas.Text(x0 + labelX + 3, y0 + labelY + 3, text, TextScale, (0, 0, 0));
    }

    private static int LargestDifference(Difference d)
    {
        int largest = 1;
        for (int plane = 0; plane < d.Ours.Planes.Length; plane++)
            for (int i = 0; i < d.Ours.Planes[plane].Length; i++)
                largest = Math.Max(largest, Math.Abs(d.Ours.Planes[plane][i] - d.Theirs.Planes[plane][i]));
        return largest;
    }

    // What differs at all is seen: an error of one must not be black beside one of a hundred.
    private static byte Amplified(int difference, double gain) => difference == 0 ? (byte)0 : (byte)Math.Clamp(difference * gain, 64, 255);

    private static (byte, byte, byte) Sample(Difference d, int panel, int at, double gain)
    {
        int a = d.Ours.Planes[d.Plane][at], b = d.Theirs.Planes[d.Plane][at];
        byte v = panel == 2 ? Amplified(Math.Abs(a - b), gain) : (byte)((panel == 0 ? a : b) >> (d.Ours.Bits - 8));
        return (v, v, v);
    }

    // Luma white, U blue, V red; the largest of the samples that a pixel stands for.
    private static (byte, byte, byte) Differing(Difference d, int x, int y, int size, double gain)
    {
        Span<int> largest = stackalloc int[3];
        for (int plane = 0; plane < d.Ours.Planes.Length; plane++)
        {
            int ssx = plane == 0 ? 0 : d.Ours.SubsamplingX, ssy = plane == 0 ? 0 : d.Ours.SubsamplingY;
            (int width, int height) = d.Ours.SizeOf(plane);
            for (int j = y >> ssy; j <= Math.Min(height - 1, (y + size - 1) >> ssy); j++)
                for (int i = x >> ssx; i <= Math.Min(width - 1, (x + size - 1) >> ssx); i++)
                    largest[plane] = Math.Max(largest[plane], Math.Abs(d.Ours.Planes[plane][j * width + i] - d.Theirs.Planes[plane][j * width + i]));
        }
        byte luma = Amplified(largest[0], gain), u = Amplified(largest[1], gain), v = Amplified(largest[2], gain);
        return (Math.Max(luma, v), luma, Math.Max(luma, u));
    }

    // To look at only: limited range, BT.709 for high definition and BT.601 below.
    private static (byte, byte, byte) Colour(PlanarPicture p, int x, int y)
    {
        double scale = 1.0 / (1 << (p.Bits - 8));
        double luma = 1.164 * (p.Planes[0][y * p.Width + x] * scale - 16);
        if (p.Planes.Length == 1)
            return (Byte(luma), Byte(luma), Byte(luma));
        int at = (y >> p.SubsamplingY) * p.SizeOf(1).Width + (x >> p.SubsamplingX);
        double u = p.Planes[1][at] * scale - 128, v = p.Planes[2][at] * scale - 128;
        return p.Height >= 720
            ? (Byte(luma + 1.793 * v), Byte(luma - 0.213 * u - 0.533 * v), Byte(luma + 2.112 * u))
            : (Byte(luma + 1.596 * v), Byte(luma - 0.392 * u - 0.813 * v), Byte(luma + 2.017 * u));
    }

    private static byte Byte(double value) => (byte)Math.Clamp((int)Math.Round(value), 0, 255);
}
