// SPDX-License-Identifier: LGPL-2.1-or-later
namespace Daedalus.Tool;

/// <summary>Where a picture differs from an oracle's: the first plane that does.</summary>
internal sealed class Difference
{
    private Difference(PlanarPicture ours, PlanarPicture theirs) => (Ours, Theirs) = (ours, theirs);

    public PlanarPicture Ours { get; }

    public PlanarPicture Theirs { get; }

    /// <summary>0, 1 or 2.</summary>
    public int Plane { get; private init; }

    /// <summary>Samples of the plane that differ.</summary>
    public int Count { get; private set; }

    /// <summary>What they span.</summary>
    public (int Left, int Top, int Right, int Bottom) Span { get; private set; }

    /// <summary>The first sample in raster order.</summary>
    public (int X, int Y) First { get; private set; }

    /// <summary>
    /// The first sample of the block that is decoded first. An error may have spread to rows above it, by filtering and prediction.
    /// </summary>
    public (int X, int Y) InFirstBlock { get; private set; }

    /// <summary>Edge of a block in luma samples: superblock or macroblock.</summary>
    public int BlockSize { get; private init; }

    /// <summary>Row and column of the first block, counted in the coded picture.</summary>
    public (int Row, int Column) Block { get; private set; }

    /// <summary>The first block's corner in luma samples of the visible picture; negative where cropping cuts it.</summary>
    public (int X, int Y) BlockCorner { get; private set; }

    /// <summary>Y, U or V.</summary>
    public char PlaneName => "YUV"[Plane];

    /// <summary>What the codec calls its blocks.</summary>
    public required string BlockName { get; init; }

    /// <summary>Compares; null: equal.</summary>
    public static Difference? Find(PlanarPicture ours, PlanarPicture theirs, in DecodedPicture output)
    {
        for (int plane = 0; plane < ours.Planes.Length; plane++)
        {
            if (ours.Planes[plane].AsSpan().SequenceEqual(theirs.Planes[plane]))
                continue;
            var difference = new Difference(ours, theirs) { Plane = plane, BlockSize = output.BlockSize, BlockName = output.BlockName };
            difference.Locate(output.Left, output.Top);
            return difference;
        }
        return null;
    }

    private void Locate(int cropLeft, int cropTop)
    {
        (int width, int height) = Ours.SizeOf(Plane);
        ushort[] a = Ours.Planes[Plane], b = Theirs.Planes[Plane];
        int ssx = Plane == 0 ? 0 : Ours.SubsamplingX, ssy = Plane == 0 ? 0 : Ours.SubsamplingY;
        int columns = (cropLeft + Ours.Width + BlockSize - 1) / BlockSize, firstBlock = int.MaxValue;
        int minX = width, maxX = 0, minY = height, maxY = 0;
        for (int y = 0; y < height; y++)
        {
            for (int x = 0; x < width; x++)
            {
                if (a[y * width + x] == b[y * width + x])
                    continue;
                if (Count++ == 0)
                    First = (x, y);
                (minX, maxX, minY, maxY) = (Math.Min(minX, x), Math.Max(maxX, x), Math.Min(minY, y), Math.Max(maxY, y));
                int block = ((y << ssy) + cropTop) / BlockSize * columns + ((x << ssx) + cropLeft) / BlockSize;
                if (block < firstBlock)
                    (firstBlock, InFirstBlock) = (block, (x, y));
            }
        }
        Span = (minX, minY, maxX, maxY);
        Block = (firstBlock / columns, firstBlock % columns);
        BlockCorner = (Block.Column * BlockSize - cropLeft, Block.Row * BlockSize - cropTop);
    }
}
