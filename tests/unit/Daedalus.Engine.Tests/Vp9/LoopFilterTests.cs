// SPDX-License-Identifier: LGPL-2.1-or-later
using System.Runtime.InteropServices;
using Daedalus.Engine.Pictures;
using Daedalus.Engine.Vp9;
using Daedalus.Kernels;
using Xunit;

namespace Daedalus.Engine.Tests.Vp9;

/// <summary>The loop filter stage against the specification's process on random block layouts.</summary>
public sealed unsafe class LoopFilterTests
{
    public static TheoryData<int, int, int, KernelLevel> Formats()
    {
        var data = new TheoryData<int, int, int, KernelLevel>();
        foreach (KernelLevel level in new[] { KernelLevel.Scalar, KernelLevel.Vector128, KernelLevel.Vector256 })
        {
            foreach (int depth in new[] { 8, 10, 12 })
            {
                foreach ((int x, int y) in new[] { (1, 1), (0, 0), (1, 0), (0, 1) })
                {
                    data.Add(depth, x, y, level);
                }
            }
        }
        return data;
    }

    [Theory]
    [MemberData(nameof(Formats))]
    public void Stage_equals_the_specification(int bitDepth, int ssX, int ssY, KernelLevel level)
    {
        if (!KernelLevels.IsSupported(level))
        {
            return;
        }
        using var filter = new Vp9LoopFilter(level);
        // Every remainder of the superblock size in both directions.
        (int Rows, int Cols)[] sizes = [(8, 8), (16, 24), (9, 17), (13, 11), (15, 10), (3, 21), (21, 5), (1, 1), (12, 14), (7, 12), (10, 15), (17, 9), (5, 13)];
        int seed = bitDepth * 100 + ssX * 10 + ssY;
        for (int i = 0; i < sizes.Length; i++)
        {
            Check(filter, new Random(seed * 1000 + i), sizes[i].Rows, sizes[i].Cols, ssX, ssY, bitDepth, i % 8, wavefront: (i & 1) != 0);
        }
    }

    [Fact]
    public void Level_zero_filters_nothing()
    {
        using var filter = new Vp9LoopFilter();
        Vp9FrameState frame = default;
        frame.SbCols = frame.SbRows = 1;
        frame.BitDepth = 8;
        filter.BeginFrame(&frame);
        Assert.False(filter.IsActive);
        filter.BuildMasks(0, 0);
        filter.FilterSuperblockRow(default, 0);
    }

    private static void Check(Vp9LoopFilter filter, Random random, int miRows, int miCols, int ssX, int ssY, int bitDepth, int sharpness, bool wavefront)
    {
        int sbRows = (miRows + 7) / 8, sbCols = (miCols + 7) / 8;
        var grid = new BlockRecord[miRows, miCols];
        List<BlockRecord>[,] blocks = LoopFilterReference.RandomBlocks(random, miRows, miCols, ssX, ssY, grid);
        int bytes = bitDepth > 8 ? 2 : 1;

        var planes = new int[3][,];
        for (int p = 0; p < 3; p++)
        {
            planes[p] = RandomPlane(random, (sbRows * 64) >> (p == 0 ? 0 : ssY), (sbCols * 64) >> (p == 0 ? 0 : ssX), bitDepth);
        }
        PictureView picture = default;
        picture.Width = miCols * 8;
        picture.Height = miRows * 8;
        picture.BitDepth = bitDepth;
        picture.SubsamplingX = ssX;
        picture.SubsamplingY = ssY;
        picture.StrideY = (sbCols * 64 + 64) * bytes;
        picture.StrideUv = ((sbCols * 64 >> ssX) + 64) * bytes;
        picture.Plane0 = Allocate(planes[0], picture.StrideY, bytes);
        picture.Plane1 = Allocate(planes[1], picture.StrideUv, bytes);
        picture.Plane2 = Allocate(planes[2], picture.StrideUv, bytes);

        Vp9FrameState frame = default;
        frame.Control.Lf.Level = 20;
        frame.Control.Lf.Sharpness = (byte)sharpness;
        frame.MiCols = miCols;
        frame.MiRows = miRows;
        frame.SbCols = sbCols;
        frame.SbRows = sbRows;
        frame.SbRowsKept = sbRows;
        frame.BitDepth = bitDepth;
        frame.SubsamplingX = ssX;
        frame.SubsamplingY = ssY;
        frame.Superblocks = (SuperblockEntry*)NativeMemory.AllocZeroed((nuint)(sbRows * sbCols * sizeof(SuperblockEntry)));
        var records = (BlockRecord*)NativeMemory.AllocZeroed((nuint)(sbRows * sbCols * 64 * sizeof(BlockRecord)));
        filter.BeginFrame(&frame);
        for (int r = 0; r < sbRows; r++)
        {
            for (int c = 0; c < sbCols; c++)
            {
                SuperblockEntry* entry = frame.Superblock(r, c);
                entry->Blocks = records + (r * sbCols + c) * 64;
                entry->Count = blocks[r, c].Count;
                for (int i = 0; i < entry->Count; i++)
                {
                    entry->Blocks[i] = blocks[r, c][i];
                }
                filter.BuildMasks(r, c);
            }
        }
        if (wavefront)
        {
            // Each row two superblocks behind the one above: the latest order the stage allows.
            for (int step = 0; step < sbCols + 2 * sbRows; step++)
            {
                for (int r = sbRows - 1; r >= 0; r--)
                {
                    int c = step - 2 * r;
                    if (c >= 0 && c < sbCols)
                    {
                        filter.FilterSuperblock(picture, r, c);
                    }
                }
            }
        }
        else
        {
            for (int r = 0; r < sbRows; r++)
            {
                filter.FilterSuperblockRow(picture, r);
            }
        }

        new LoopFilterReference(miRows, miCols, ssX, ssY, bitDepth, sharpness, grid) { Planes = planes }.Run();
        for (int p = 0; p < 3; p++)
        {
            int height = (miRows * 8) >> (p == 0 ? 0 : ssY), width = (miCols * 8) >> (p == 0 ? 0 : ssX);
            byte* plane = picture.Plane(p);
            for (int y = 0; y < height; y++)
            {
                for (int x = 0; x < width; x++)
                {
                    byte* s = plane + y * picture.Stride(p) + x * bytes;
                    int actual = bytes == 2 ? *(ushort*)s : *s;
                    if (actual != planes[p][y, x])
                    {
                        Assert.Fail($"plane {p} x {x} y {y} of {miCols}x{miRows} mi: {actual}, specification {planes[p][y, x]}");
                    }
                }
            }
        }
        for (int p = 0; p < 3; p++)
        {
            NativeMemory.Free(picture.Plane(p) - 64);
        }
        NativeMemory.Free(frame.Superblocks);
        NativeMemory.Free(records);
    }

    private static byte* Allocate(int[,] samples, nint stride, int bytes)
    {
        byte* plane = (byte*)NativeMemory.AllocZeroed((nuint)(samples.GetLength(0) * stride) + 128) + 64;
        for (int y = 0; y < samples.GetLength(0); y++)
        {
            for (int x = 0; x < samples.GetLength(1); x++)
            {
                if (bytes == 2)
                {
                    ((ushort*)(plane + y * stride))[x] = (ushort)samples[y, x];
                }
                else
                {
                    plane[y * stride + x] = (byte)samples[y, x];
                }
            }
        }
        return plane;
    }

    // Areas of every kind the filter tells apart: nearly flat, gently textured, noisy, and saturated ends.
    private static int[,] RandomPlane(Random random, int height, int width, int bitDepth)
    {
        var plane = new int[height, width];
        int max = (1 << bitDepth) - 1;
        for (int y = 0; y < height; y += 16)
        {
            for (int x = 0; x < width; x += 16)
            {
                int kind = random.Next(8);
                int noise = kind switch { < 3 => 2, < 5 => 4, 5 => 12, 6 => 40, _ => 256 } << (bitDepth - 8);
                int level = random.Next(10) switch { 0 => 0, 1 => max, _ => (120 << (bitDepth - 8)) + random.Next(10 << (bitDepth - 8)) };
                for (int i = y; i < Math.Min(y + 16, height); i++)
                {
                    for (int j = x; j < Math.Min(x + 16, width); j++)
                    {
                        plane[i, j] = Math.Clamp(level + random.Next(noise) - noise / 2, 0, max);
                    }
                }
            }
        }
        return plane;
    }
}
