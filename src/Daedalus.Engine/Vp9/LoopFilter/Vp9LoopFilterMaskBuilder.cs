// SPDX-License-Identifier: LGPL-2.1-or-later
using System.Runtime.InteropServices;
using Daedalus.Kernels.Vp9;

namespace Daedalus.Engine.Vp9;

/// <summary>Shape of a block in 8×8 units of a plane, as superblock masks at position 0.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct Vp9BlockShape
{
    /// <summary>Leftmost units.</summary>
    public ulong Left;
    /// <summary>Topmost units.</summary>
    public ulong Above;
    /// <summary>All units.</summary>
    public ulong All;
    /// <summary>Size in units, at least 1.</summary>
    public int Columns, Rows;
}

/// <summary>
/// Turns block records into edge masks (spec 8.8.2, the conditions on edges), for luma and for chroma of any subsampling.
/// </summary>
internal unsafe struct Vp9LoopFilterMaskBuilder
{
    private const int BlockSizes = 13;
    private const ulong Column0 = 0x0101010101010101;
    // Edges at multiples of 32 samples of the plane.
    private const ulong Columns32 = 0x1111111111111111;
    private const ulong Rows32 = 0x000000ff000000ff;

    // [0..12] luma, [13..25] chroma.
    private Vp9BlockShape* _shapes;
    private int _subsamplingX, _subsamplingY;
    private int _miCols, _miRows;

    // Width and height in 8×8 luma units as two hexadecimal digits.
    private static ReadOnlySpan<byte> Sizes => [0x11, 0x11, 0x11, 0x11, 0x12, 0x21, 0x22, 0x24, 0x42, 0x44, 0x48, 0x84, 0x88];

    // Unit columns on a transform grid, by transform size; rows alike.
    private static ulong TransformColumns(int txSize) => txSize switch
    {
        0 or 1 => ~0UL,
        2 => 0x5555555555555555,
        _ => Columns32,
    };

    private static ulong TransformRows(int txSize) => txSize switch
    {
        0 or 1 => ~0UL,
        2 => 0x00ff00ff00ff00ff,
        _ => Rows32,
    };

    /// <summary>Bytes of native memory for the block shapes.</summary>
    public static int ShapeBytes => 2 * BlockSizes * sizeof(Vp9BlockShape);

    /// <summary>Sets the frame; fills <paramref name="shapes"/>.</summary>
    public void Begin(Vp9FrameState* frame, Vp9BlockShape* shapes)
    {
        _shapes = shapes;
        _subsamplingX = frame->SubsamplingX;
        _subsamplingY = frame->SubsamplingY;
        _miCols = frame->MiCols;
        _miRows = frame->MiRows;
        for (int i = 0; i < BlockSizes; i++)
        {
            int columns = Sizes[i] >> 4, rows = Sizes[i] & 15;
            shapes[i] = Shape(columns, rows);
            shapes[BlockSizes + i] = Shape(Math.Max(columns >> _subsamplingX, 1), Math.Max(rows >> _subsamplingY, 1));
        }
    }

    private static Vp9BlockShape Shape(int columns, int rows)
    {
        Vp9BlockShape shape;
        shape.Columns = columns;
        shape.Rows = rows;
        shape.Left = Column0 & (ulong.MaxValue >> (64 - 8 * rows));
        shape.Above = (1UL << columns) - 1;
        // No carries: a row of the product holds a copy of Above.
        shape.All = shape.Left * shape.Above;
        return shape;
    }

    /// <summary>Builds the masks of a superblock. <paramref name="chroma"/> null: luma only (4:4:4 chroma has luma's masks).</summary>
    public readonly void Build(SuperblockEntry* superblock, int sbRow, int sbCol, Vp9LoopFilterPlane* luma, Vp9LoopFilterPlane* chroma)
    {
        luma->Vertical = default;
        luma->Horizontal = default;
        if (chroma != null)
        {
            chroma->Vertical = default;
            chroma->Horizontal = default;
        }
        BlockRecord* block = superblock->Blocks;
        for (int i = superblock->Count; i > 0; i--, block++)
        {
            int level = block->FilterLevel & 63;
            if (level == 0)
            {
                continue;
            }
            int row = block->MiRow & 7, column = block->MiCol & 7;
            int size = Math.Min((int)block->Size, BlockSizes - 1);
            bool inside = block->Skip == 0 || block->IsInter == 0;
            Add(luma, _shapes + size, row * 8 + column, level, block->TxSize, inside);
            // A chroma unit covers several blocks below 16×16: the one at its even position speaks for all.
            if (chroma != null && ((row & _subsamplingY) | (column & _subsamplingX)) == 0)
            {
                Add(chroma, _shapes + BlockSizes + size, (row >> _subsamplingY) * 8 + (column >> _subsamplingX), level, block->UvTxSize, inside);
            }
        }
        Trim(luma, sbRow, sbCol, 0, 0);
        if (chroma != null)
        {
            Trim(chroma, sbRow, sbCol, _subsamplingX, _subsamplingY);
        }
    }

    private static void Add(Vp9LoopFilterPlane* plane, Vp9BlockShape* shape, int position, int level, int txSize, bool inside)
    {
        ulong left = shape->Left, above = shape->Above;
        if (inside)
        {
            left |= shape->All & TransformColumns(txSize);
            above |= shape->All & TransformRows(txSize);
        }
        left <<= position;
        above <<= position;
        switch (txSize)
        {
            case 0:
                plane->Vertical.Wide4 |= left;
                plane->Horizontal.Wide4 |= above;
                if (inside)
                {
                    ulong all = shape->All << position;
                    plane->Vertical.Inner4 |= all;
                    plane->Horizontal.Inner4 |= all;
                }
                break;
            case 1:
                plane->Vertical.Wide8 |= left;
                plane->Horizontal.Wide8 |= above;
                break;
            default:
                plane->Vertical.Wide16 |= left;
                plane->Horizontal.Wide16 |= above;
                break;
        }
        FillLevels(plane->Levels + position, level, shape->Columns, shape->Rows);
    }

    private static void FillLevels(byte* levels, int level, int columns, int rows)
    {
        ulong fill = (ulong)level * Column0;
        byte* end = levels + rows * 8;
        switch (columns)
        {
            case 1:
                for (; levels != end; levels += 8) { *levels = (byte)fill; }
                break;
            case 2:
                for (; levels != end; levels += 8) { *(ushort*)levels = (ushort)fill; }
                break;
            case 4:
                for (; levels != end; levels += 8) { *(uint*)levels = (uint)fill; }
                break;
            default:
                for (; levels != end; levels += 8) { *(ulong*)levels = fill; }
                break;
        }
    }

    // What depends on the place in the frame, not on a block.
    private readonly void Trim(Vp9LoopFilterPlane* plane, int sbRow, int sbCol, int subsamplingX, int subsamplingY)
    {
        ref Vp9EdgeMasks vertical = ref plane->Vertical;
        ref Vp9EdgeMasks horizontal = ref plane->Horizontal;

        // 4×4 transforms use the 7-tap filter on the 32-sample grid.
        vertical.Wide8 |= vertical.Wide4 & Columns32;
        vertical.Wide4 &= ~Columns32;
        horizontal.Wide8 |= horizontal.Wide4 & Rows32;
        horizontal.Wide4 &= ~Rows32;

        int miRows = _miRows - sbRow * 8, miCols = _miCols - sbCol * 8;
        ulong visible = ulong.MaxValue;
        if (miRows < 8)
        {
            visible >>= 64 - 8 * ((miRows + subsamplingY) >> subsamplingY);
            if ((miRows & subsamplingY) != 0)
            {
                // The last chroma units show 4 rows only: no wide filter at their upper edge, no edge after those 4 rows.
                ulong last = 0xffUL << (8 * (miRows >> 1));
                horizontal.Wide8 |= horizontal.Wide16 & last;
                horizontal.Wide16 &= ~last;
                horizontal.Inner4 &= ~last;
            }
        }
        if (miCols < 8)
        {
            visible &= Column0 * ((1UL << ((miCols + subsamplingX) >> subsamplingX)) - 1);
            if ((miCols & subsamplingX) != 0)
            {
                // The same for columns, with one addition every decoder has to follow: these units lose both inner edges.
                ulong last = Column0 << (miCols >> 1);
                vertical.Wide8 |= vertical.Wide16 & last;
                vertical.Wide16 &= ~last;
                vertical.Inner4 &= ~last;
                horizontal.Inner4 &= ~last;
            }
        }

        // The picture's own border is no edge.
        ulong verticalVisible = sbCol == 0 ? visible & ~Column0 : visible;
        ulong horizontalVisible = sbRow == 0 ? visible & ~0xffUL : visible;
        vertical.Wide16 &= verticalVisible;
        vertical.Wide8 &= verticalVisible;
        vertical.Wide4 &= verticalVisible;
        vertical.Inner4 &= visible;
        horizontal.Wide16 &= horizontalVisible;
        horizontal.Wide8 &= horizontalVisible;
        horizontal.Wide4 &= horizontalVisible;
        horizontal.Inner4 &= visible;
    }
}
