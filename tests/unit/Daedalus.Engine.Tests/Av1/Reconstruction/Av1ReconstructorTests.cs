// SPDX-License-Identifier: LGPL-2.1-or-later
using System.Runtime.InteropServices;
using Daedalus.Engine.Av1;
using Daedalus.Kernels;
using Daedalus.Kernels.Av1;
using Xunit;

namespace Daedalus.Engine.Tests.Av1;

/// <summary>The reconstructor against the specification's processes on random frames.</summary>
public sealed unsafe class Av1ReconstructorTests
{
    private sealed class NoWaiter : IAv1ReferenceWaiter
    {
        public void WaitRows(int reference, int lastRow) => Assert.Fail("waits for a complete reference");
    }

    /// <summary>Intra frames, with and without intra block copy, and inter frames in all formats.</summary>
    [Theory]
    [InlineData(8, 1, 1, false)]
    [InlineData(10, 1, 1, false)]
    [InlineData(12, 1, 0, false)]
    [InlineData(8, 1, 0, false)]
    [InlineData(10, 0, 0, false)]
    [InlineData(8, 0, 0, false)]
    [InlineData(8, 1, 1, true)]
    [InlineData(12, 1, 1, false)]
    public void RandomFramesAreAsTheSpecificationSays(int depth, int subX, int subY, bool mono)
    {
        for (int seed = 0; seed < 24; seed++)
        {
            foreach (var level in new[] { KernelLevel.Scalar, KernelLevels.Best })
                RandomFrame(seed, depth, subX, subY, mono, seed % 3, level);
        }
    }

    private static void RandomFrame(int seed, int depth, int subX, int subY, bool mono, int kind, KernelLevel level)
    {
        using var scene = new Av1ReconstructionScene(seed * 1000 + depth, depth, subX, subY, mono, kind);
        Av1FrameState* s = scene.State;
        var kernels = (Av1KernelTable*)NativeMemory.AllocZeroed((nuint)sizeof(Av1KernelTable));
        using var reconstructor = new Av1Reconstructor();
        try
        {
            Av1KernelTable.Create(kernels, depth, level);
            Model(scene);
            string name = $"seed {seed}, {depth} bits, {subX}{subY}, kind {kind}, {level}, {s->Width}x{s->Height}";
            int sbSize = 4 << s->SbSizeLog2;
            for (int row = 0; row < s->SbRows; row++)
            {
                for (int t = 0; t < s->TileRows * s->TileCols; t++)
                {
                    Av1Tile* tile = s->Tiles + t;
                    if (row < tile->SbRowStart || row >= tile->SbRowEnd)
                        continue;
                    // Another tile's frame in between, as it happens when one object serves several.
                    reconstructor.BeginFrame(s, kernels, new NoWaiter());
                    reconstructor.ReconstructRow(tile, row);
                }
                Compare(scene, row * sbSize, Math.Min(s->MiRows * 4, (row + 1) * sbSize), name);
                // The row may be filtered now: nothing of it must be read again but its last line, which was kept. Intra block copy reads it: such frames have no filters.
                if (kind != 1)
                    Scramble(s, row * sbSize, Math.Min(s->Height + 63 & ~63, (row + 1) * sbSize));
            }
            for (int i = 0; i < s->SbRows * s->SbCols; i++)
            {
                var coefficients = new ReadOnlySpan<byte>(s->Superblocks[i].Coefficients, sbSize * sbSize * 3 * 2);
                Assert.True(coefficients.IndexOfAnyExcept((byte)0) < 0, name + ": coefficients are not zero");
            }
            scene.CheckGuards();
        }
        finally
        {
            NativeMemory.Free(kernels);
        }
    }

    private static void Model(Av1ReconstructionScene scene)
    {
        Av1FrameState* s = scene.State;
        for (int t = 0; t < s->TileRows * s->TileCols; t++)
        {
            Av1Tile* tile = s->Tiles + t;
            for (int row = tile->SbRowStart; row < tile->SbRowEnd; row++)
            {
                for (int col = tile->SbColStart; col < tile->SbColEnd; col++)
                {
                    // The kernels zero them.
                    byte[] coefficients = scene.Coefficients[(nint)s->Superblock(row, col)];
                    void* copy = NativeMemory.AlignedAlloc((nuint)coefficients.Length + 64, 64);
                    coefficients.CopyTo(new Span<byte>(copy, coefficients.Length));
                    scene.Model.Superblock(tile, row, col, (byte*)copy);
                    NativeMemory.AlignedFree(copy);
                }
            }
        }
    }

    private static void Compare(Av1ReconstructionScene scene, int first, int end, string name)
    {
        Av1FrameState* s = scene.State;
        for (int plane = 0; plane < s->NumPlanes; plane++)
        {
            int subX = plane > 0 ? s->SubsamplingX : 0, subY = plane > 0 ? s->SubsamplingY : 0;
            for (int y = first >> subY; y < end >> subY; y++)
            {
                for (int x = 0; x < s->MiCols * 4 >> subX; x++)
                {
                    int expected = scene.Model.Frame[plane][x, y], actual = scene.Sample(s->Current, plane, x, y);
                    if (expected == actual)
                        continue;
                    Av1Block* b = s->BlockAt(y << subY >> 2, x << subX >> 2);
                    Assert.Fail($"{name}: plane {plane} ({x}, {y}) is {actual}, not {expected}; block {b->Size} at ({b->MiCol * 4}, {b->MiRow * 4}) {b->Flags} {b->YMode} {b->UvMode} " +
                        $"{b->RefFrame[0]} {b->RefFrame[1]} {b->MotionMode} {b->CompoundType} mv {(short)b->Mv[0]} {b->Mv[0] >> 16} palette {b->PaletteSizeY} {b->PaletteSizeUv} filter {b->FilterIntraMode}");
                }
            }
        }
    }

    private static void Scramble(Av1FrameState* s, int first, int end)
    {
        for (int plane = 0; plane < s->NumPlanes; plane++)
        {
            int subY = plane > 0 ? s->SubsamplingY : 0;
            byte* from = s->Current.Plane(plane) + (first >> subY) * s->Current.Stride(plane);
            new Span<byte>(from, (int)(((end >> subY) - (first >> subY)) * s->Current.Stride(plane))).Fill(0x5a);
        }
    }
}
