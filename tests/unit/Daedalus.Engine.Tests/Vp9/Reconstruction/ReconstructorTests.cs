// SPDX-License-Identifier: LGPL-2.1-or-later
using System.Runtime.InteropServices;
using Daedalus.Engine.Pictures;
using Daedalus.Engine.Vp9;
using Daedalus.Kernels.Vp9;
using Xunit;

namespace Daedalus.Engine.Tests.Vp9.Reconstruction;

/// <summary>Random block records through <see cref="Vp9Reconstructor"/> against <see cref="SpecModel"/>.</summary>
public sealed unsafe class ReconstructorTests
{
    private static readonly int[] Width8 = [1, 1, 1, 1, 1, 2, 2, 2, 4, 4, 4, 8, 8];
    private static readonly int[] Height8 = [1, 1, 1, 1, 2, 1, 2, 4, 2, 4, 8, 4, 8];

    /// <summary>Which blocks a frame is made of.</summary>
    private enum Blocks
    {
        Intra,
        Inter,
        Mixed,
    }

    [Theory]
    [InlineData(100, 76, 8, 1, 1, 1)]
    [InlineData(64, 64, 8, 1, 1, 2)]
    [InlineData(130, 10, 10, 1, 1, 3)]
    [InlineData(73, 139, 8, 0, 0, 4)]
    [InlineData(90, 70, 12, 1, 0, 5)]
    [InlineData(90, 70, 8, 0, 1, 6)]
    [InlineData(8, 8, 8, 1, 1, 7)]
    [InlineData(1, 1, 8, 1, 1, 8)]
    public void IntraMatchesSpecification(int width, int height, int bitDepth, int ssX, int ssY, int seed)
        => Run(new Format(width, height, bitDepth, ssX, ssY), Blocks.Intra, seed, 1, 0, []);

    [Fact]
    public void LeftSamplesStopAtTileColumns()
        => Run(new Format(530, 72, 8, 1, 1), Blocks.Mixed, 11, 2, 60, [new Format(530, 72, 8, 1, 1)]);

    [Theory]
    [InlineData(100, 76, 8, 1, 1, 40)]
    [InlineData(100, 76, 8, 1, 1, 700)]
    [InlineData(100, 76, 10, 1, 1, 9000)]
    [InlineData(77, 93, 8, 0, 0, 900)]
    [InlineData(77, 93, 8, 1, 0, 900)]
    [InlineData(77, 93, 12, 0, 1, 900)]
    [InlineData(17, 15, 8, 1, 1, 32767)]
    public void InterMatchesSpecification(int width, int height, int bitDepth, int ssX, int ssY, int reach)
    {
        Format format = new(width, height, bitDepth, ssX, ssY);
        Run(format, Blocks.Inter, reach, 1, reach, [format, format, format]);
        Run(format, Blocks.Mixed, reach + 1, 1, reach, [format, format, format]);
    }

    [Theory]
    [InlineData(100, 76, 57, 151, 8, 1, 1, 200)]
    [InlineData(100, 76, 200, 152, 8, 1, 1, 3000)]
    [InlineData(160, 96, 10, 6, 8, 1, 1, 500)]
    [InlineData(100, 76, 101, 76, 10, 1, 1, 100)]
    [InlineData(77, 93, 99, 50, 8, 0, 0, 300)]
    [InlineData(77, 93, 60, 101, 8, 1, 0, 300)]
    [InlineData(77, 93, 140, 30, 8, 0, 1, 300)]
    [InlineData(70, 66, 80, 90, 8, 1, 1, 16000)]
    public void ScaledReferencesMatchSpecification(
        int width, int height, int refWidth, int refHeight, int bitDepth, int ssX, int ssY, int reach)
    {
        Format format = new(width, height, bitDepth, ssX, ssY);
        Format scaled = new(refWidth, refHeight, bitDepth, ssX, ssY);
        Run(format, Blocks.Mixed, width + reach, 1, reach, [scaled, format, scaled]);
    }

    [Theory]
    [InlineData(100, 76, 201, 76)]
    [InlineData(100, 76, 100, 153)]
    [InlineData(170, 76, 10, 76)]
    public void ReferencesOutsideTheScaleLimitsAreRefused(int width, int height, int refWidth, int refHeight)
    {
        using TestPicture current = new(new Format(width, height, 8, 1, 1));
        using TestPicture reference = new(new Format(refWidth, refHeight, 8, 1, 1));
        Vp9ReferenceView view = default;
        Assert.False(view.Set(reference.View, current.View, null));
        Assert.Equal(0, view.Valid);
    }

    [Theory]
    [InlineData(8)]
    [InlineData(10)]
    public void MissingReferencesGiveGreyAndMarkTheFrame(int bitDepth)
    {
        Format format = new(24, 20, bitDepth, 1, 1);
        using TestPicture picture = new(format);
        using TestFrame frame = new(format, 1);
        Vp9KernelTable table = StandInKernels.Create(bitDepth > 8);
        using Vp9FrameContext context = new();
        using Vp9Reconstructor reconstructor = new();
        context.Prepare(frame.State, picture.View, &table);
        BlockRecord record = new() { Size = BlockSize.Block32x32, Skip = 1, IsInter = 1, RefFrame0 = 1, RefFrame1 = -1 };
        *frame.State->Superblocks->Blocks = record;
        frame.State->Superblocks->Count = 1;
        reconstructor.ReconstructSuperblock(context, 0, 0);
        Assert.True(context.Corrupted);
        for (int plane = 0; plane < 3; plane++)
        {
            Assert.All(Enumerable.Range(0, 10), i => Assert.Equal(1 << (bitDepth - 1), picture.Get(plane, i, i)));
        }
    }

    [Fact]
    public void WaitsForTheRowsItReads()
    {
        Format format = new(64, 128, 8, 1, 1);
        using TestPicture picture = new(format);
        using TestPicture reference = new(format);
        using TestFrame frame = new(format, 1);
        Vp9KernelTable table = StandInKernels.Create(false);
        using Vp9FrameContext context = new();
        using Vp9Reconstructor reconstructor = new();
        int progress = 0;
        Waiter waiter = new(&progress);
        context.Waiter = waiter;
        BlockRecord record = new() { Size = BlockSize.Block8x8, Skip = 1, IsInter = 1, RefFrame0 = 0, RefFrame1 = -1 };

        // Above the picture: only its first row. Then the middle: rows and taps, chroma's twice as far. Then far below: the last.
        foreach ((int row, int least, int most) in ((int, int, int)[])[(-400, 0, 0), (30 * 8 + 1, 41, 48), (4000, 127, 127)])
        {
            progress = 0;
            context.Prepare(frame.State, picture.View, &table);
            Assert.True(context.References[0].Set(reference.View, picture.View, &progress));
            for (int i = 0; i < 4; i++)
            {
                record.SetMv(i, 0, new MotionVector((short)row, 3));
            }

            *frame.State->Superblocks->Blocks = record;
            frame.State->Superblocks->Count = 1;
            waiter.Last = -1;
            reconstructor.ReconstructSuperblock(context, 0, 0);
            Assert.InRange(waiter.Last, least, most);
        }
    }

    private static void Run(Format format, Blocks blocks, int seed, int tileCols, int reach, Format[] referenceFormats)
    {
        Random random = new(seed);
        using TestPicture picture = new(format);
        using TestFrame frame = new(format, tileCols);
        Vp9FrameState* state = frame.State;
        TestPicture[] references = [.. referenceFormats.Select(f => new TestPicture(f))];
        var referencePlanes = references.Select(r => (r.Format, r.Fill(random))).ToArray();
        int log2 = tileCols == 1 ? 0 : 1;
        int[] tileStarts = [.. Enumerable.Range(0, tileCols).Select(i => ((i * state->SbCols) >> log2) * 8)];
        SpecModel model = new(format, referencePlanes, tileStarts);

        Vp9KernelTable table = StandInKernels.Create(format.BitDepth > 8);
        using Vp9FrameContext context = new();
        using Vp9Reconstructor reconstructor = new();
        context.Prepare(state, picture.View, &table);
        for (int i = 0; i < references.Length; i++)
        {
            Assert.True(context.References[i].Set(references[i].View, picture.View, null));
        }

        for (int sbRow = 0; sbRow < state->SbRows; sbRow++)
        {
            for (int sbCol = 0; sbCol < state->SbCols; sbCol++)
            {
                SuperblockEntry* entry = state->Superblock(sbRow, sbCol);
                entry->Count = 0;
                ushort* eobs = entry->Eobs;
                byte* coefficients = (byte*)entry->Coefficients;
                Partition(sbRow * 8, sbCol * 8, 8);
                reconstructor.ReconstructSuperblock(context, sbRow, sbCol);
                Assert.True(new ReadOnlySpan<byte>(entry->Coefficients, (int)(coefficients - (byte*)entry->Coefficients)).IndexOfAnyExcept((byte)0) < 0);

                void Partition(int miRow, int miCol, int size8)
                {
                    if (miRow >= format.MiRows || miCol >= format.MiCols)
                    {
                        return;
                    }

                    if (size8 == 1)
                    {
                        Block((BlockSize)random.Next(4), miRow, miCol);
                        return;
                    }

                    int half = size8 / 2, size = size8 == 8 ? 12 : size8 == 4 ? 9 : 6;
                    switch (random.Next(5))
                    {
                        case 0:
                            Block((BlockSize)size, miRow, miCol);
                            break;
                        case 1:
                            Block((BlockSize)(size - 1), miRow, miCol);
                            Block((BlockSize)(size - 1), miRow + half, miCol);
                            break;
                        case 2:
                            Block((BlockSize)(size - 2), miRow, miCol);
                            Block((BlockSize)(size - 2), miRow, miCol + half);
                            break;
                        default:
                            for (int i = 0; i < 4; i++)
                            {
                                Partition(miRow + half * (i >> 1), miCol + half * (i & 1), half);
                            }

                            break;
                    }
                }

                void Block(BlockSize size, int miRow, int miCol)
                {
                    if (miRow >= format.MiRows || miCol >= format.MiCols)
                    {
                        return;
                    }

                    bool inter = blocks == Blocks.Inter || (blocks == Blocks.Mixed && random.Next(3) != 0);
                    BlockRecord record = RandomRecord(random, size, miRow, miCol, inter, reach, references.Length, format);
                    model.Block(record, n =>
                    {
                        Residual residual = RandomResidual(random, n);
                        *eobs++ = (ushort)residual.Eob;
                        if (residual.Eob != 0)
                        {
                            foreach (int c in residual.Coefficients)
                            {
                                if (format.BitDepth == 8)
                                {
                                    *(short*)coefficients = (short)c;
                                    coefficients += 2;
                                }
                                else
                                {
                                    *(int*)coefficients = c;
                                    coefficients += 4;
                                }
                            }
                        }

                        return residual;
                    });
                    entry->Blocks[entry->Count++] = record;
                }
            }

            picture.CompareAndScramble(model.Current, sbRow, random);
        }

        foreach (TestPicture reference in references)
        {
            reference.Dispose();
        }
    }

    private static Residual RandomResidual(Random random, int n)
    {
        int[] coefficients = new int[n * n];
        if (random.Next(2) == 0)
        {
            return new Residual(0, coefficients);
        }

        for (int i = 0; i < coefficients.Length; i++)
        {
            coefficients[i] = random.Next(-20, 21);
        }

        return new Residual(random.Next(1, n * n + 1), coefficients);
    }

    private static BlockRecord RandomRecord(Random random, BlockSize size, int miRow, int miCol, bool inter, int reach, int references, Format format)
    {
        BlockRecord record = new()
        {
            MiRow = (ushort)miRow,
            MiCol = (ushort)miCol,
            Size = size,
            Skip = (byte)(random.Next(3) == 0 ? 1 : 0),
            IsInter = (byte)(inter ? 1 : 0),
            InterpFilter = (byte)random.Next(4),
            UvMode = (byte)random.Next(10),
            RefFrame0 = (sbyte)random.Next(Math.Max(references, 1)),
            RefFrame1 = (sbyte)(references > 1 && random.Next(2) == 0 ? random.Next(references) : -1),
        };
        int side = 4 << (size < BlockSize.Block8x8 ? 0 : 1 + int.Log2(Math.Min(Width8[(int)size], Height8[(int)size])));
        int maxTx = Math.Min(3, int.Log2(side) - 2);
        record.TxSize = (byte)random.Next(maxTx + 1);
        record.Lossless = (byte)(record.TxSize == 0 && random.Next(4) == 0 ? 1 : 0);
        int uvSide = Math.Min(Width8[(int)size] * 8 >> format.SsX, Height8[(int)size] * 8 >> format.SsY);
        record.UvTxSize = (byte)(size < BlockSize.Block8x8 ? 0 : Math.Min(record.TxSize, int.Log2(uvSide) - 2));
        bool still = random.Next(6) == 0;
        for (int q = 0; q < 4; q++)
        {
            // The first quarter that shares a vector with this one.
            int source = size switch
            {
                BlockSize.Block4x4 => q,
                BlockSize.Block4x8 => q & 1,
                BlockSize.Block8x4 => q & 2,
                _ => 0,
            };
            record.YModes[q] = source == q ? (byte)random.Next(10) : record.YModes[source];
            for (int list = 0; list < 2; list++)
            {
                MotionVector mv = still ? default : new((short)random.Next(-reach, reach + 1), (short)random.Next(-reach, reach + 1));
                if (random.Next(5) == 0)
                {
                    mv.Row &= ~15;
                }

                if (random.Next(5) == 0)
                {
                    mv.Col &= ~15;
                }

                record.SetMv(q, list, source == q ? mv : record.GetMv(source, list));
            }
        }

        return record;
    }

    private sealed class Waiter(int* progress) : IVp9ReferenceWaiter
    {
        public int Last { get; set; }

        public void Wait(int slot, int lastLumaRow)
        {
            Assert.Equal(0, slot);
            Last = lastLumaRow;
            *progress = lastLumaRow + 1;
        }
    }
}
