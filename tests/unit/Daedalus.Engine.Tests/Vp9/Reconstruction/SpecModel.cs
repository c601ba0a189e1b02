// SPDX-License-Identifier: LGPL-2.1-or-later
using Daedalus.Engine.Vp9;

namespace Daedalus.Engine.Tests.Vp9.Reconstruction;

/// <summary>Size and format of a test frame.</summary>
internal sealed record Format(int Width, int Height, int BitDepth, int SsX, int SsY)
{
    public int MiCols => (Width + 7) / 8;

    public int MiRows => (Height + 7) / 8;

    public int PlaneWidth(int plane) => plane > 0 ? (Width + SsX) >> SsX : Width;

    public int PlaneHeight(int plane) => plane > 0 ? (Height + SsY) >> SsY : Height;
}

/// <summary>Residual of one transform block: eob and coefficients, column by column.</summary>
internal sealed record Residual(int Eob, int[] Coefficients);

/// <summary>
/// Prediction sample by sample, written from the specification's formulas (8.5.1, 8.5.2) without any thought of speed.
/// Planes are <c>[plane][y, x]</c> with sizes rounded up to whole superblocks.
/// </summary>
internal sealed class SpecModel
{
    private static readonly int[] BlockWidth = [4, 4, 8, 8, 8, 16, 16, 16, 32, 32, 32, 64, 64];
    private static readonly int[] BlockHeight = [4, 8, 4, 8, 16, 8, 16, 32, 16, 32, 64, 32, 64];

    // DCT_DCT 0, ADST_DCT 1, DCT_ADST 2, ADST_ADST 3, for DC V H D45 D135 D117 D153 D207 D63 TM.
    private static readonly int[] TypeOfMode = [0, 1, 2, 0, 3, 1, 2, 2, 1, 3];

    private readonly Format _format;
    private readonly int[][,] _current;
    private readonly (Format Format, int[][,] Planes)[] _references;
    private readonly int[] _tileStarts;

    public SpecModel(Format format, (Format Format, int[][,] Planes)[] references, int[] tileStarts)
    {
        _format = format;
        _references = references;
        _tileStarts = tileStarts;
        _current = NewPlanes(format);
    }

    public int[][,] Current => _current;

    public static int[][,] NewPlanes(Format f)
    {
        int w = (f.Width + 63) & ~63, h = (f.Height + 63) & ~63;
        return [new int[h, w], new int[h >> f.SsY, w >> f.SsX], new int[h >> f.SsY, w >> f.SsX]];
    }

    /// <summary>Reconstructs a block, taking the residual of its transform blocks from <paramref name="residual"/> in order of asking.</summary>
    public void Block(in BlockRecord record, Func<int, Residual> residual)
    {
        if (record.IsInter != 0)
        {
            for (int plane = 0; plane < 3; plane++)
            {
                Inter(record, plane);
            }
        }

        for (int plane = 0; plane < 3; plane++)
        {
            int ssX = plane > 0 ? _format.SsX : 0, ssY = plane > 0 ? _format.SsY : 0;
            int x0 = record.MiCol * 8 >> ssX, y0 = record.MiRow * 8 >> ssY;
            int w = Math.Max(8, BlockWidth[(int)record.Size]) >> ssX, h = Math.Max(8, BlockHeight[(int)record.Size]) >> ssY;
            int tx = plane > 0 ? record.UvTxSize : record.TxSize, n = 4 << tx;
            for (int y = y0; y < y0 + h; y += n)
            {
                for (int x = x0; x < x0 + w; x += n)
                {
                    if (x >= _format.MiCols * 8 >> ssX || y >= _format.MiRows * 8 >> ssY)
                    {
                        continue;
                    }

                    int mode = 0;
                    if (record.IsInter == 0)
                    {
                        mode = plane > 0 ? record.UvMode : Mode(record, (x - x0) / 4, (y - y0) / 4);
                        Intra(record, plane, x, y, n, mode, x + n < x0 + w, x == x0);
                    }

                    if (record.Skip != 0)
                    {
                        continue;
                    }

                    Residual r = residual(n);
                    if (r.Eob != 0)
                    {
                        int type = plane == 0 && record.IsInter == 0 && tx < 3 ? TypeOfMode[mode] : 0;
                        int index = record.Lossless != 0 ? 16 : tx * 4 + type;
                        for (int i = 0; i < n; i++)
                        {
                            for (int j = 0; j < n; j++)
                            {
                                ref int p = ref _current[plane][y + i, x + j];
                                p = Math.Clamp(p + StandInKernels.ResidualAt(index, r.Coefficients[j * n + i]), 0, (1 << _format.BitDepth) - 1);
                            }
                        }
                    }
                }
            }
        }
    }

    private static unsafe int Mode(BlockRecord record, int x4, int y4) => record.YModes[record.Size < BlockSize.Block8x8 ? y4 * 2 + x4 : 0];

    private void Intra(in BlockRecord record, int plane, int x, int y, int n, int mode, bool haveRight, bool blockLeft)
    {
        int ssX = plane > 0 ? _format.SsX : 0, ssY = plane > 0 ? _format.SsY : 0;
        int maxX = (_format.MiCols * 8 >> ssX) - 1, maxY = (_format.MiRows * 8 >> ssY) - 1;
        int half = 1 << (_format.BitDepth - 1);
        bool haveAbove = y > 0, haveLeft = !(blockLeft && _tileStarts.Contains(record.MiCol));
        int[,] p = _current[plane];
        int[,] result = new int[n, n];

        int Above(int i) =>
            !haveAbove ? half - 1
            : i < 0 ? (haveLeft ? p[y - 1, x - 1] : half + 1)
            : i < n || (n == 4 && haveRight) ? p[y - 1, Math.Min(x + i, maxX)]
            : p[y - 1, Math.Min(x + n - 1, maxX)];
        int Left(int i) => haveLeft ? p[Math.Min(y + i, maxY), x - 1] : half + 1;

        int variant = mode != 0 ? mode : haveAbove ? (haveLeft ? 0 : 11) : haveLeft ? 10 : 12;
        for (int i = 0; i < n; i++)
        {
            for (int j = 0; j < n; j++)
            {
                result[i, j] = StandInKernels.IntraSample(variant, n, i, j, Left, Above, 2 * half - 1);
            }
        }

        for (int i = 0; i < n; i++)
        {
            for (int j = 0; j < n; j++)
            {
                p[y + i, x + j] = result[i, j];
            }
        }
    }

    private void Inter(in BlockRecord record, int plane)
    {
        int ssX = plane > 0 ? _format.SsX : 0, ssY = plane > 0 ? _format.SsY : 0;
        int x0 = record.MiCol * 8 >> ssX, y0 = record.MiRow * 8 >> ssY;
        int w = Math.Max(8, BlockWidth[(int)record.Size]) >> ssX, h = Math.Max(8, BlockHeight[(int)record.Size]) >> ssY;
        bool sub8X8 = record.Size < BlockSize.Block8x8;
        int pieceW = sub8X8 ? 4 : w, pieceH = sub8X8 ? 4 : h;
        int index = 0;
        for (int y = 0; y < h; y += pieceH)
        {
            for (int x = 0; x < w; x += pieceW, index++)
            {
                for (int list = 0; list < (record.RefFrame1 >= 0 ? 2 : 1); list++)
                {
                    (int row, int col) = Vector(record, list, index, plane);
                    Piece(record, plane, list, x0 + x, y0 + y, pieceW, pieceH, w, h, row, col);
                }
            }
        }
    }

    private (int Row, int Col) Vector(BlockRecord record, int list, int index, int plane)
    {
        MotionVector Mv(int q) => record.GetMv(q, list);
        if (record.Size >= BlockSize.Block8x8 || plane == 0 || (_format.SsX == 0 && _format.SsY == 0))
        {
            MotionVector mv = Mv(record.Size >= BlockSize.Block8x8 ? 0 : index);
            return (mv.Row, mv.Col);
        }

        int[] quarters = (_format.SsX, _format.SsY) switch
        {
            (1, 1) => [0, 1, 2, 3],
            (1, 0) => [index, index + 1],
            _ => [index, index + 2],
        };
        int Round(int sum) => (sum < 0 ? sum - quarters.Length / 2 : sum + quarters.Length / 2) / quarters.Length;
        return (Round(quarters.Sum(q => Mv(q).Row)), Round(quarters.Sum(q => Mv(q).Col)));
    }

    private void Piece(in BlockRecord record, int plane, int list, int x, int y, int w, int h, int blockW, int blockH, int mvRow, int mvCol)
    {
        (Format rf, int[][,] planes) = _references[list == 0 ? record.RefFrame0 : record.RefFrame1];
        int[,] reference = planes[plane];
        int ssX = plane > 0 ? _format.SsX : 0, ssY = plane > 0 ? _format.SsY : 0;
        int lastX = rf.PlaneWidth(plane) - 1, lastY = rf.PlaneHeight(plane) - 1;

        // 8.5.2.2: the vector is limited relative to the whole block, in 1/16 sample.
        int size8X = Math.Max(1, BlockWidth[(int)record.Size] / 8), size8Y = Math.Max(1, BlockHeight[(int)record.Size] / 8);
        int col = Clamp(mvCol, ssX, record.MiCol, _format.MiCols, size8X, blockW);
        int row = Clamp(mvRow, ssY, record.MiRow, _format.MiRows, size8Y, blockH);

        // 8.5.2.3
        int xScale = (rf.Width << 14) / _format.Width, yScale = (rf.Height << 14) / _format.Height;
        long baseX = ((long)x * xScale) >> 14, baseY = ((long)y * yScale) >> 14;
        long lumaX = x << ssX, lumaY = y << ssY;
        long startX = (baseX << 4) + (((long)col * xScale) >> 14) + (((16 * lumaX * xScale) >> 14) & 15);
        long startY = (baseY << 4) + (((long)row * yScale) >> 14) + (((16 * lumaY * yScale) >> 14) & 15);
        int stepX = (16 * xScale) >> 14, stepY = (16 * yScale) >> 14;
        int max = (1 << _format.BitDepth) - 1, filter = record.InterpFilter;

        int Intermediate(long ry, int c)
        {
            long px = startX + (long)stepX * c;
            int sum = 64;
            for (int t = 0; t < 8; t++)
            {
                sum += StandInKernels.Tap(filter, (int)(px & 15), t)
                    * reference[Math.Clamp(ry, 0, lastY), Math.Clamp((px >> 4) + t - 3, 0, lastX)];
            }

            return Math.Clamp(sum >> 7, 0, max);
        }

        for (int r = 0; r < h; r++)
        {
            for (int c = 0; c < w; c++)
            {
                if (x + c >= _format.MiCols * 8 >> ssX || y + r >= _format.MiRows * 8 >> ssY)
                {
                    continue;
                }

                long py = startY + (long)stepY * r;
                int sum = 64;
                for (int t = 0; t < 8; t++)
                {
                    int tap = StandInKernels.Tap(filter, (int)(py & 15), t);
                    if (tap != 0)
                    {
                        sum += tap * Intermediate((py >> 4) + t - 3, c);
                    }
                }

                int value = Math.Clamp(sum >> 7, 0, max);
                ref int p = ref _current[plane][y + r, x + c];
                p = list == 0 ? value : (p + value + 1) >> 1;
            }
        }
    }

    private static int Clamp(int value, int ss, int mi, int miCount, int size8, int size)
    {
        int scale = 2 >> ss;
        int toStart = -mi * 64 * scale, toEnd = (miCount - size8 - mi) * 64 * scale;
        int reach = (4 + size) * 16;
        return Math.Clamp(value * scale, toStart - reach, toEnd + reach - 16);
    }
}
