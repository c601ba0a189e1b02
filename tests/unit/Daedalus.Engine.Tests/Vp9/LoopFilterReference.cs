// SPDX-License-Identifier: LGPL-2.1-or-later
using Daedalus.Engine.Vp9;

namespace Daedalus.Engine.Tests.Vp9;

/// <summary>The loop filter written as the specification describes it (8.8): unit by unit, sample by sample, without any masks.</summary>
internal sealed class LoopFilterReference(int miRows, int miCols, int ssX, int ssY, int bitDepth, int sharpness, BlockRecord[,] grid)
{
    /// <summary>Planes as [row, column]; sizes cover whole superblocks.</summary>
    public required int[][,] Planes { get; init; }

    private static int Width8(BlockSize size) => size switch
    {
        BlockSize.Block16x8 or BlockSize.Block16x16 or BlockSize.Block16x32 => 2,
        BlockSize.Block32x16 or BlockSize.Block32x32 or BlockSize.Block32x64 => 4,
        BlockSize.Block64x32 or BlockSize.Block64x64 => 8,
        _ => 1,
    };

    public void Run()
    {
        for (int sbRow = 0; sbRow < miRows; sbRow += 8)
        {
            for (int sbCol = 0; sbCol < miCols; sbCol += 8)
            {
                for (int plane = 0; plane < 3; plane++)
                {
                    for (int pass = 0; pass < 2; pass++)
                    {
                        FilterPlane(plane, pass, sbRow, sbCol);
                    }
                }
            }
        }
    }

    private void FilterPlane(int plane, int pass, int sbRow, int sbCol)
    {
        int subX = plane == 0 ? 0 : ssX, subY = plane == 0 ? 0 : ssY;
        for (int row = sbRow; row < Math.Min(sbRow + 8, miRows); row += 1 << subY)
        {
            for (int col = sbCol; col < Math.Min(sbCol + 8, miCols); col += 1 << subX)
            {
                for (int inner = 0; inner < 2; inner++)
                {
                    FilterEdge(plane, pass, row, col, subX, subY, inner != 0);
                }
            }
        }
    }

    private void FilterEdge(int plane, int pass, int row, int col, int subX, int subY, bool inner)
    {
        BlockRecord block = grid[row, col];
        if (block.FilterLevel == 0)
        {
            return;
        }
        int txSize = plane == 0 ? block.TxSize : block.UvTxSize;
        bool noResidual = block.Skip != 0 && block.IsInter != 0;
        // An odd frame size leaves half a chroma unit.
        bool halfColumn = subX != 0 && col == miCols - 1, halfRow = subY != 0 && row == miRows - 1;
        int size;
        if (inner)
        {
            if (txSize != 0 || noResidual || halfColumn || (pass == 1 && halfRow))
            {
                return;
            }
            size = 4;
        }
        else
        {
            int unit = pass == 0 ? col >> subX : row >> subY;
            int blockStart = pass == 0 ? block.MiCol >> subX : block.MiRow >> subY;
            bool blockEdge = unit == blockStart;
            bool txEdge = unit * 8 % (4 << txSize) == 0;
            if (unit == 0 || !txEdge || (noResidual && !blockEdge))
            {
                return;
            }
            size = txSize switch { 0 => unit % 4 == 0 ? 8 : 4, 1 => 8, _ => 16 };
            if (size == 16 && (pass == 0 ? halfColumn : halfRow))
            {
                size = 8;
            }
        }
        int x = (col >> subX) * 8, y = (row >> subY) * 8;
        if (inner)
        {
            _ = pass == 0 ? x += 4 : y += 4;
        }
        for (int i = 0; i < 8; i++)
        {
            FilterSample(Planes[plane], x + (pass == 0 ? 0 : i), y + (pass == 0 ? i : 0), pass, size, block.FilterLevel);
        }
    }

    // 8.8.3
    private void FilterSample(int[,] s, int x, int y, int pass, int size, int level)
    {
        int shift = sharpness > 4 ? 2 : sharpness > 0 ? 1 : 0;
        int limit = sharpness > 0 ? Math.Clamp(level >> shift, 1, 9 - sharpness) : Math.Max(1, level >> shift);
        int blimit = 2 * (level + 2) + limit;
        int thresh = level >> 4;
        int up = bitDepth - 8;
        int At(int i) => pass == 0 ? s[y, x + i] : s[y + i, x];
        void Put(int i, int v) { if (pass == 0) { s[y, x + i] = v; } else { s[y + i, x] = v; } }
        int Diff(int a, int b) => Math.Abs(At(a) - At(b));

        bool hev = Diff(-2, -1) > thresh << up || Diff(1, 0) > thresh << up;
        bool mask = Diff(-1, 0) * 2 + Diff(-2, 1) / 2 <= blimit << up;
        for (int i = 0; i < 3; i++)
        {
            mask &= Diff(i, i + 1) <= limit << up && Diff(-1 - i, -2 - i) <= limit << up;
        }
        bool Flat(int from, int to)
        {
            for (int i = from; i <= to; i++)
            {
                if (Diff(i, 0) > 1 << up || Diff(-1 - i, -1) > 1 << up)
                {
                    return false;
                }
            }
            return true;
        }
        if (!mask)
        {
            return;
        }
        if (size == 4 || !Flat(1, 3))
        {
            Narrow(At, Put, hev);
        }
        else
        {
            Wide(At, Put, size == 16 && Flat(4, 7) ? 4 : 3);
        }
    }

    // 8.8.4
    private void Narrow(Func<int, int> at, Action<int, int> put, bool hev)
    {
        int half = 128 << (bitDepth - 8);
        int Clamp(int v) => Math.Clamp(v, -half, half - 1);
        int ps1 = at(-2) - half, ps0 = at(-1) - half, qs0 = at(0) - half, qs1 = at(1) - half;
        int filter = hev ? Clamp(ps1 - qs1) : 0;
        filter = Clamp(filter + 3 * (qs0 - ps0));
        int filter1 = Clamp(filter + 4) >> 3;
        int filter2 = Clamp(filter + 3) >> 3;
        put(0, Clamp(qs0 - filter1) + half);
        put(-1, Clamp(ps0 + filter2) + half);
        if (!hev)
        {
            filter = (filter1 + 1) >> 1;
            put(1, Clamp(qs1 - filter) + half);
            put(-2, Clamp(ps1 + filter) + half);
        }
    }

    // 8.8.5: 7 or 15 equal taps, the middle one twice; positions beyond the window repeat its outermost sample.
    private static void Wide(Func<int, int> at, Action<int, int> put, int log2Size)
    {
        int reach = log2Size == 4 ? 7 : 3;
        var result = new Dictionary<int, int>();
        for (int i = -reach; i < reach; i++)
        {
            int t = at(i);
            for (int j = -reach; j <= reach; j++)
            {
                t += at(Math.Clamp(i + j, -reach - 1, reach));
            }
            result[i] = (t + (1 << (log2Size - 1))) >> log2Size;
        }
        foreach ((int i, int value) in result)
        {
            put(i, value);
        }
    }

    /// <summary>A random partition of a frame into blocks, superblock by superblock in decode order.</summary>
    public static List<BlockRecord>[,] RandomBlocks(Random random, int miRows, int miCols, int ssX, int ssY, BlockRecord[,] grid)
    {
        var result = new List<BlockRecord>[(miRows + 7) / 8, (miCols + 7) / 8];
        int[] levels = [0, 1, 5, 12, 20, 33, 47, 63];
        int smallness = random.Next(4);
        for (int r = 0; r < miRows; r += 8)
        {
            for (int c = 0; c < miCols; c += 8)
            {
                var list = new List<BlockRecord>();
                result[r / 8, c / 8] = list;
                Partition(r, c, 8, list);
            }
        }
        return result;

        void Partition(int row, int col, int n, List<BlockRecord> list)
        {
            if (row >= miRows || col >= miCols)
            {
                return;
            }
            int half = n / 2;
            bool hasRows = row + half < miRows, hasCols = col + half < miCols;
            int kind = random.Next(4 + smallness);
            if (n == 1)
            {
                Add(row, col, (BlockSize)random.Next(4), list);
                return;
            }
            // At the frame's end only partitions whose blocks start inside are possible (spec 6.4.3).
            if (!hasRows && !hasCols) { kind = 3; }
            else if (!hasRows) { kind = kind < 2 ? 1 : 3; }
            else if (!hasCols) { kind = kind < 2 ? 2 : 3; }
            int square = n switch { 2 => (int)BlockSize.Block16x16, 4 => (int)BlockSize.Block32x32, _ => (int)BlockSize.Block64x64 };
            switch (kind)
            {
                case 0:
                    Add(row, col, (BlockSize)square, list);
                    break;
                case 1: // two wide blocks
                    Add(row, col, (BlockSize)(square - 1), list);
                    if (hasRows) { Add(row + half, col, (BlockSize)(square - 1), list); }
                    break;
                case 2: // two tall blocks
                    Add(row, col, (BlockSize)(square - 2), list);
                    if (hasCols) { Add(row, col + half, (BlockSize)(square - 2), list); }
                    break;
                default:
                    Partition(row, col, half, list);
                    Partition(row, col + half, half, list);
                    Partition(row + half, col, half, list);
                    Partition(row + half, col + half, half, list);
                    break;
            }
        }

        void Add(int row, int col, BlockSize size, List<BlockRecord> list)
        {
            int w = Width8(size);
            int h = size switch
            {
                BlockSize.Block8x16 or BlockSize.Block16x16 or BlockSize.Block32x16 => 2,
                BlockSize.Block16x32 or BlockSize.Block32x32 or BlockSize.Block64x32 => 4,
                BlockSize.Block32x64 or BlockSize.Block64x64 => 8,
                _ => 1,
            };
            int maxTx = size < BlockSize.Block8x8 ? 0 : Math.Min(w, h) switch { 1 => 1, 2 => 2, _ => 3 };
            int tx = random.Next(maxTx + 1);
            // get_uv_tx_size: no larger than the chroma block, whose size in samples is (8w >> ssX) × (8h >> ssY).
            int uvTx = size < BlockSize.Block8x8 ? 0 : tx;
            while (uvTx > 0 && (4 << uvTx) > Math.Min((8 * w) >> ssX, (8 * h) >> ssY))
            {
                uvTx--;
            }
            var record = new BlockRecord
            {
                MiRow = (ushort)row,
                MiCol = (ushort)col,
                Size = size,
                Skip = (byte)random.Next(2),
                IsInter = (byte)random.Next(2),
                TxSize = (byte)tx,
                UvTxSize = (byte)uvTx,
                FilterLevel = (byte)levels[random.Next(levels.Length)],
            };
            list.Add(record);
            for (int r = row; r < Math.Min(row + h, miRows); r++)
            {
                for (int c = col; c < Math.Min(col + w, miCols); c++)
                {
                    grid[r, c] = record;
                }
            }
        }
    }
}
