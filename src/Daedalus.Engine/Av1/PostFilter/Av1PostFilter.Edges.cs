// SPDX-License-Identifier: LGPL-2.1-or-later
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;
using Daedalus.Kernels.Av1;

namespace Daedalus.Engine.Av1;

/// <summary>
/// Which edges are filtered (7.14.2 to 7.14.4). First each block of a superblock row is drawn into maps of one byte for each 4×4 samples of a plane: its levels, its transform size, and its own size
/// where inner edges do not count (skip and inter). From these the edges of 16 units at once follow.
/// </summary>
public sealed unsafe partial class Av1PostFilter
{
    // Rows of a map: the row above the superblock row, then up to 32.
    private const int MapRows = 33;
    private const int MapMargin = 64;

    // Levels: luma of vertical and horizontal edges, U, V. Sizes: log2 of width | log2 of height << 4, in units; of the transform, and of the block if only its outline counts, else 0.
    private byte* _level0, _level1, _levelU, _levelV, _transform, _outline, _transformUv, _outlineUv;
    // The edges of one plane: direction 0 row by row, then column by column with 32 rows each; direction 1 row by row.
    private byte* _edges0, _columns, _edges1;
    private nint _mapPitch;
    private Vector128<byte>* _transpose;
    // Width in units of the block at a unit that is its left edge below its first row: the walk over blocks passes it without a look at the block. 0: look.
    private byte* _passed;
    // Which 8×8 blocks CDEF filters if its strengths say so: a bit each, a byte for 64 columns.
    private byte* _cdefBlocks;
    private nint _cdefPitch;

    private void LayoutDeblock()
    {
        var s = _s;
        _mapPitch = s->MiStride + 2 * MapMargin;
        nint map = MapRows * _mapPitch;
        _level0 = TakeMap(map);
        _level1 = TakeMap(map);
        _levelU = TakeMap(map);
        _levelV = TakeMap(map);
        _transform = TakeMap(map);
        _outline = TakeMap(map);
        _transformUv = TakeMap(map);
        _outlineUv = TakeMap(map);
        _edges0 = TakeMap(map);
        _edges1 = TakeMap(map);
        _columns = Take((s->MiStride + 32) * 32);
        _transpose = (Vector128<byte>*)Take(32 * 16);
        _passed = Take(32 * s->MiStride);
        _cdefPitch = s->Cols64 + 2;
        _cdefBlocks = Take(((s->MiRows >> 1) + 32) * _cdefPitch);
    }

    // Points at column 0 of the first row of the superblock row.
    private byte* TakeMap(nint bytes) => Take(bytes) + _mapPitch + MapMargin;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Draw(byte* p, nint pitch, int width, int height, byte value)
    {
        uint four = value * 0x01010101u;
        switch (width)
        {
            case 1:
                for (; height > 0; height--, p += pitch)
                    *p = value;
                break;
            case 2:
                for (; height > 0; height--, p += pitch)
                    *(ushort*)p = (ushort)four;
                break;
            case 4:
                for (; height > 0; height--, p += pitch)
                    *(uint*)p = four;
                break;
            case 8:
                for (; height > 0; height--, p += pitch)
                    *(ulong*)p = four | (ulong)four << 32;
                break;
            default:
                for (; height > 0; height--, p += pitch)
                {
                    for (int x = 0; x < width; x += 16)
                        Vector128.Create(value).Store(p + x);
                }
                break;
        }
    }

    // Draws the blocks of a superblock row.
    private void CollectRow(int sbRow)
    {
        var s = _s;
        int size4 = 1 << s->SbSizeLog2, start = sbRow * size4, end = Math.Min(start + size4, s->MiRows);
        if (s->HasCdef)
            new Span<byte>(_cdefBlocks + (start >> 1) * _cdefPitch, (int)((size4 >> 1) * _cdefPitch)).Clear();
        if (s->HasDeblock && sbRow > 0)
            KeepLastRow(size4);
        new Span<byte>(_passed, size4 * s->MiStride).Clear();
        for (int row = start; row < end; row++)
        {
            uint* grid = s->BlockGrid + s->Unit(row, 0);
            byte* passed = _passed + (row - start) * s->MiStride;
            for (int col = 0; col < s->MiCols;)
            {
                int width = passed[col];
                if (width == 0)
                {
                    Av1Block* b = s->Blocks + grid[col];
                    width = Math.Min(Av1Tables.Num4x4BlocksWide[(int)b->Size], s->MiStride - col);
                    int height = Math.Min(Av1Tables.Num4x4BlocksHigh[(int)b->Size], start + size4 - row);
                    for (int i = 1; i < height; i++)
                        passed[i * s->MiStride + col] = (byte)width;
                    if (s->HasCdef && !b->IsSkip)
                        MarkCdef(row, col, width, height);
                    if (s->HasDeblock)
                        DrawBlock(b, row - start, col, width, height);
                }
                col += width;
            }
        }
    }

    private void MarkCdef(int row, int col, int width, int height)
    {
        byte* p = _cdefBlocks + (row >> 1) * _cdefPitch + (col >> 4);
        height = height + 1 >> 1;
        if (width > 16)
        {
            for (; height > 0; height--, p += _cdefPitch)
                *(ushort*)p = 0xffff;
            return;
        }
        byte bits = (byte)(((1 << (width + 1 >> 1)) - 1) << (col >> 1 & 7));
        for (; height > 0; height--, p += _cdefPitch)
            *p |= bits;
    }

    private static byte Sizes(int widthLog2, int heightLog2) => (byte)(widthLog2 | heightLog2 << 4);

    private void DrawBlock(Av1Block* b, int localRow, int col, int width, int height)
    {
        var s = _s;
        nint pitch = _mapPitch, at = localRow * pitch + col;
        // 7.14.2: inner edges of skipped inter blocks do not count.
        bool outlineOnly = b->IsSkip && b->RefFrame[0] > 0;
        Draw(_level0 + at, pitch, width, height, b->FilterLevel[0]);
        Draw(_level1 + at, pitch, width, height, b->FilterLevel[1]);
        byte outline = outlineOnly ? Sizes(Av1Tables.MiWidthLog2[(int)b->Size], Av1Tables.MiHeightLog2[(int)b->Size]) : (byte)0;
        Draw(_outline + at, pitch, width, height, outline);
        if (s->NumPlanes == 1 || !b->HasChroma)
            return;
        int subX = s->SubsamplingX, subY = s->SubsamplingY;
        at = (localRow >> subY) * pitch + (col >> subX);
        int uvSize = Av1Tables.SubsampledSize[((int)b->Size * 2 + subX) * 2 + subY];
        if (uvSize >= 22 || (int)b->UvTxSize >= 19)
            return;
        width = Math.Min(Av1Tables.Num4x4BlocksWide[uvSize], Math.Max(1, width >> subX));
        height = Math.Min(Av1Tables.Num4x4BlocksHigh[uvSize], Math.Max(1, height >> subY));
        outline = outlineOnly ? Sizes(Av1Tables.MiWidthLog2[uvSize], Av1Tables.MiHeightLog2[uvSize]) : (byte)0;
        Draw(_levelU + at, pitch, width, height, b->FilterLevel[2]);
        Draw(_levelV + at, pitch, width, height, b->FilterLevel[3]);
        Draw(_outlineUv + at, pitch, width, height, outline);
        Draw(_transformUv + at, pitch, width, height, Sizes(Av1Tables.TxWidthLog2[(int)b->UvTxSize] - 2, Av1Tables.TxHeightLog2[(int)b->UvTxSize] - 2));
    }

    // The last row of the superblock row before is the first map row of this one.
    private void KeepLastRow(int size4)
    {
        CopyRow(_level0, size4);
        CopyRow(_level1, size4);
        CopyRow(_transform, size4);
        if (_s->NumPlanes == 1)
            return;
        size4 >>= _s->SubsamplingY;
        CopyRow(_levelU, size4);
        CopyRow(_levelV, size4);
        CopyRow(_transformUv, size4);
    }

    private void CopyRow(byte* map, int rows)
        => Buffer.MemoryCopy(map + (rows - 1) * _mapPitch, map - _mapPitch, _s->MiStride, _s->MiStride);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<byte> Look(Vector128<byte> table, Vector128<byte> index)
        => Ssse3.IsSupported ? Ssse3.Shuffle(table, index) : Vector128.Shuffle(table, index);

    // LumaTxSizes of a row as pairs of logarithms.
    private void DrawLumaTransforms(int row, int localRow)
    {
        var s = _s;
        byte* source = s->LumaTxSizes + s->Unit(row, 0), target = _transform + localRow * _mapPitch;
        Vector128<byte> low = Vector128.Create((byte)0x00, 0x11, 0x22, 0x33, 0x44, 0x10, 0x01, 0x21, 0x12, 0x32, 0x23, 0x43, 0x34, 0x20, 0x02, 0x31);
        Vector128<byte> high = Vector128.Create((byte)0x13, 0x42, 0x24, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0);
        Vector128<byte> fifteen = Vector128.Create((byte)15);
        for (int x = 0; x < s->MiCols; x += 16)
        {
            Vector128<byte> size = Vector128.Load(source + x), index = size & fifteen;
            Vector128.ConditionalSelect(Vector128.GreaterThan(size.AsSByte(), fifteen.AsSByte()).AsByte(), Look(high, index), Look(low, index)).Store(target + x);
        }
    }

    // Edges of 16 units, as Av1PostFilterTable.Deblock takes them. position: the units' coordinates across the edges.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<byte> Edges(Vector128<byte> position, Vector128<byte> size, Vector128<byte> before, Vector128<byte> outline, Vector128<byte> level, Vector128<byte> levelBefore, Vector128<byte> longest)
    {
        Vector128<byte> masks = Vector128.Create((byte)0, 1, 3, 7, 15, 31, 31, 31, 0, 0, 0, 0, 0, 0, 0, 0);
        Vector128<byte> mask = Look(masks, size) | Look(masks, outline);
        Vector128<byte> edge = Vector128.Equals(position & mask, Vector128<byte>.Zero);
        Vector128<byte> own = Vector128.ConditionalSelect(Vector128.Equals(level, Vector128<byte>.Zero), levelBefore, level);
        Vector128<byte> length = Vector128.Min(Vector128.Min(size, before), longest);
        return Vector128.AndNot((own | Vector128.ShiftLeft(length.AsUInt16(), 6).AsByte()) & edge, Vector128.Equals(own, Vector128<byte>.Zero));
    }

    // Fills the edges of a plane: rows map rows, units columns that are in the frame.
    private void BuildEdges(byte* transform, byte* outline, byte* level0, byte* level1, int firstRow, int rows, int units, int longest)
    {
        nint pitch = _mapPitch;
        Vector128<byte> low = Vector128.Create((byte)15), limit = Vector128.Create((byte)longest);
        Vector128<byte> lanes = Vector128.Create((byte)0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15);
        int padded = units + 15 & ~15;
        for (int r = 0; r < rows; r++)
        {
            nint at = r * pitch;
            Vector128<byte> position = Vector128.Create((byte)(firstRow + r));
            for (int x = 0; x < padded; x += 16, at += 16)
            {
                Vector128<byte> size = Vector128.Load(transform + at), shape = Vector128.Load(outline + at);
                Vector128<byte> left = Vector128.Load(transform + at - 1), above = Vector128.Load(transform + at - pitch);
                Edges(lanes + Vector128.Create((byte)x), size & low, left & low, shape & low, Vector128.Load(level0 + at), Vector128.Load(level0 + at - 1), limit).Store(_edges0 + at);
                Edges(position, Half(size), Half(above), Half(shape), Vector128.Load(level1 + at), Vector128.Load(level1 + at - pitch), limit).Store(_edges1 + at);
            }
            byte* row0 = _edges0 + r * pitch, row1 = _edges1 + r * pitch;
            row0[0] = 0;
            if (firstRow + r == 0)
                new Span<byte>(row1, padded).Clear();
            for (int x = units; x < padded; x++)
                row0[x] = row1[x] = 0;
        }
        for (int r = rows; (r & 15) != 0; r++)
            new Span<byte>(_edges0 + r * pitch, padded).Clear();
        for (int r = 0; r < rows; r += 16)
        {
            for (int x = 0; x < padded; x += 16)
                Transpose(_edges0 + r * pitch + x, pitch, _columns + x * 32 + r);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<byte> Half(Vector128<byte> sizes) => Vector128.ShiftRightLogical(sizes, 4);

    // 16 × 16 bytes; rows of the target are 32 apart.
    private void Transpose(byte* source, nint pitch, byte* target)
    {
        Vector128<byte>* a = _transpose, b = a + 16;
        for (int i = 0; i < 16; i++)
            a[i] = Vector128.Load(source + i * pitch);
        // Each round takes one bit of the row number into the lane's.
        for (int round = 0; round < 2; round++)
        {
            for (int i = 0; i < 8; i++)
            {
                b[2 * i] = Low(a[i], a[i + 8]);
                b[2 * i + 1] = High(a[i], a[i + 8]);
            }
            for (int i = 0; i < 8; i++)
            {
                a[2 * i] = Low(b[i], b[i + 8]);
                a[2 * i + 1] = High(b[i], b[i + 8]);
            }
        }
        for (int i = 0; i < 16; i++)
            a[i].Store(target + i * 32);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<byte> Low(Vector128<byte> a, Vector128<byte> b)
        => Sse2.IsSupported ? Sse2.UnpackLow(a, b) : System.Runtime.Intrinsics.Arm.AdvSimd.Arm64.ZipLow(a, b);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<byte> High(Vector128<byte> a, Vector128<byte> b)
        => Sse2.IsSupported ? Sse2.UnpackHigh(a, b) : System.Runtime.Intrinsics.Arm.AdvSimd.Arm64.ZipHigh(a, b);
}
