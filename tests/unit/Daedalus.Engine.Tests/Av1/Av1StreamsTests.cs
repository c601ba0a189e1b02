// SPDX-License-Identifier: LGPL-2.1-or-later
using System.Runtime.InteropServices;
using Daedalus.Engine.Av1;
using Daedalus.V4L2.Controls;
using Xunit;

namespace Daedalus.Engine.Tests.Av1;

/// <summary>The rings of records: whatever order rows come and go in, those that are kept lie apart and inside.</summary>
public unsafe class Av1StreamsTests
{
    private const int SbCols = 5, SbRows = 40;

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void RowsThatAreKeptDoNotOverlap(bool screenContent)
    {
        Random random = new(screenContent ? 1 : 2);
        using var streams = new Av1Streams();
        var superblocks = (Av1Superblock*)NativeMemory.AllocZeroed(SbCols * SbRows, (nuint)sizeof(Av1Superblock));
        var state = (Av1FrameState*)NativeMemory.AllocZeroed((nuint)sizeof(Av1FrameState));
        try
        {
            state->Superblocks = superblocks;
            state->SbCols = SbCols;
            state->SbRows = state->SbRowsKept = SbRows;
            state->SbSizeLog2 = 4;
            state->NumPlanes = 3;
            state->SubsamplingX = state->SubsamplingY = 1;
            state->BitDepth = 8;
            state->Frame.Flags = screenContent ? Av1FrameFlags.AllowScreenContentTools : 0;
            int refused = 0;
            for (int round = 0; round < 300; round++)
            {
                streams.Reserve(state, 1, ahead: true);
                refused += RunFrame(random, streams, state, random.Next(30, 101));
            }
            Assert.True(refused > 100);
        }
        finally
        {
            NativeMemory.Free(superblocks);
            NativeMemory.Free(state);
        }
    }

    // Decodes and reconstructs a frame's rows in some order; returns how often there was no room.
    private static int RunFrame(Random random, Av1Streams streams, Av1FrameState* s, int percent)
    {
        const int Samples = 64 * 64 * 3 / 2;
        Av1Tile tile = new() { SbColEnd = SbCols, SbRowEnd = SbRows };
        var kept = new Queue<(nint Start, nint End)[]>();
        int decoded = 0, reconstructed = 0, refused = 0;
        nint least = nint.MaxValue, most = 0;
        while (reconstructed < SbRows)
        {
            if (decoded < SbRows && random.Next(6) != 0)
            {
                if (!streams.TryPlace(s, &tile, reconstructed < decoded ? reconstructed : -1))
                {
                    // With nothing kept there is always room.
                    Assert.NotEmpty(kept);
                    refused++;
                    kept.Dequeue();
                    reconstructed++;
                    continue;
                }
                (nint, nint)[] row = [((nint)tile.NextTransforms, 0), ((nint)tile.NextCoefficients, 0), ((nint)tile.NextPalettes, 0)];
                for (int col = 0; col < SbCols; col++)
                {
                    // As Av1TileDecoder does.
                    Av1Superblock* sb = s->Superblock(decoded, col);
                    sb->Transforms = tile.NextTransforms;
                    sb->Coefficients = tile.NextCoefficients;
                    sb->Palettes = tile.NextPalettes;
                    tile.NextTransforms += random.Next(Samples / 16 * percent / 200, Samples / 16 * percent / 100 + 1);
                    tile.NextCoefficients += random.Next(Samples * percent / 200, Samples * percent / 100 + 1) * 2 + 63 & ~63;
                    if (tile.NextPalettes != null)
                        tile.NextPalettes += random.Next((Samples + 48 * 64) * percent / 100 + 1) + 63 & ~63;
                }
                row = [(row[0].Item1, (nint)tile.NextTransforms), (row[1].Item1, (nint)tile.NextCoefficients), (row[2].Item1, (nint)tile.NextPalettes)];
                foreach ((nint Start, nint End)[] other in kept)
                {
                    for (int i = 0; i < 3; i++)
                        Assert.True(row[i].Item2 <= other[i].Start || row[i].Item1 >= other[i].End);
                }
                least = Math.Min(least, row[1].Item1);
                most = Math.Max(most, row[1].Item2);
                kept.Enqueue(row);
                decoded++;
            }
            else if (reconstructed < decoded)
            {
                kept.Dequeue();
                reconstructed++;
            }
        }
        Assert.True(most - least <= (SbRows + 2) / 3 * (nint)SbCols * Samples * 2);
        return refused;
    }
}
