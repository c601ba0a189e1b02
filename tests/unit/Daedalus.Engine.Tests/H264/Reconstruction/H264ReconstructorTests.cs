// SPDX-License-Identifier: LGPL-2.1-or-later
using Daedalus.Engine.H264;
using Daedalus.Kernels;
using Daedalus.V4L2.Controls;
using Xunit;

namespace Daedalus.Engine.Tests.H264.Reconstruction;

/// <summary>Random pictures against the model of the specification.</summary>
public sealed unsafe class H264ReconstructorTests
{
    private const int Pictures = 12;

    private static void Check(CaseOptions options)
    {
        for (int seed = 0; seed < Pictures; seed++)
        {
            using var c = new ReconstructionCase(options with { Seed = options.Seed + seed }, KernelLevels.Best);
            var model = new ReconstructionModel(c);
            model.Decode();
            using var reconstructor = new H264Reconstructor();
            for (int row = 0; row < c.P->HeightInMbs; row += c.P->IsMbaff ? 2 : 1)
                reconstructor.ReconstructRow(c.P, c.Kernels, null, row);
            Assert.False(reconstructor.Corrupted);
            Compare(c, model, seed);
            for (int i = 0; i < c.P->WidthInMbs * c.P->HeightInMbs * c.P->CoefficientBytes; i++)
                Assert.True(c.P->Coefficients[i] == 0, $"picture {seed}: coefficients left in macroblock {i / c.P->CoefficientBytes}, byte {i % c.P->CoefficientBytes}");
        }
    }

    private static void Compare(ReconstructionCase c, ReconstructionModel model, int seed)
    {
        for (int plane = 0; plane < model.Planes.Length; plane++)
        {
            int width = model.WidthOf(plane);
            for (int i = 0; i < model.Planes[plane].Length; i++)
            {
                byte* row = c.P->Picture.Plane(plane) + (i / width) * c.P->Picture.Stride(plane);
                int actual = c.Options.BitDepth > 8 ? ((ushort*)row)[i % width] : row[i % width];
                if (actual == model.Planes[plane][i])
                    continue;
                int mbW = width / c.P->WidthInMbs, mbH = model.Planes[plane].Length / width / c.P->HeightInMbs;
                int x = i % width, y = i / width, mbX = x / mbW, mbY = y / mbH;
                H264Macroblock* mb = c.P->Macroblocks + mbY * c.P->WidthInMbs + mbX;
                Assert.Fail($"picture {seed}, plane {plane}, sample ({x}, {y}), macroblock ({mbX}, {mbY}) {mb->Type} {mb->Flags} partition {mb->Partition} modes {mb->IntraModes[0]} {mb->IntraModes[4]} {mb->IntraModes[8]} {mb->IntraModes[12]} left {(mbX > 0 ? mb[-1].Slice == mb->Slice : false)} above {(mbY > 0 ? mb[-c.P->WidthInMbs].Slice == mb->Slice : false)} cip {c.Options.ConstrainedIntra}: {actual}, expected {model.Planes[plane][i]}");
            }
        }
    }

    public static TheoryData<int, int, string> Formats()
    {
        var data = new TheoryData<int, int, string>();
        foreach (int cat in new[] { 0, 1, 2, 3 })
        {
            foreach (int depth in new[] { 8, 10 })
            {
                foreach (string kind in new[] { "frame", "field", "mbaff" })
                    data.Add(cat, depth, kind);
            }
        }
        return data;
    }

    private static CaseOptions Options(int cat, int depth, string kind)
        => new() { ChromaArrayType = cat, BitDepth = depth, Field = kind == "field", Mbaff = kind == "mbaff", Seed = cat * 1000 + depth * 100 + kind.Length };

    [Theory]
    [MemberData(nameof(Formats))]
    public void IntraPictures(int cat, int depth, string kind) => Check(Options(cat, depth, kind) with { Inter = false });

    [Theory]
    [MemberData(nameof(Formats))]
    public void MixedPictures(int cat, int depth, string kind) => Check(Options(cat, depth, kind) with { ConstrainedIntra = true });

    [Theory]
    [MemberData(nameof(Formats))]
    public void ExplicitWeights(int cat, int depth, string kind) => Check(Options(cat, depth, kind) with { Weights = 1 });

    [Theory]
    [MemberData(nameof(Formats))]
    public void ImplicitWeights(int cat, int depth, string kind) => Check(Options(cat, depth, kind) with { Weights = 2 });

    [Theory]
    [MemberData(nameof(Formats))]
    public void Lossless(int cat, int depth, string kind) => Check(Options(cat, depth, kind) with { Lossless = true });

    [Theory]
    [InlineData(H264SliceType.SP, false, "frame")]
    [InlineData(H264SliceType.SP, true, "frame")]
    [InlineData(H264SliceType.SP, false, "mbaff")]
    [InlineData(H264SliceType.SI, false, "frame")]
    [InlineData(H264SliceType.SI, false, "field")]
    public void SwitchingPictures(H264SliceType type, bool switching, string kind)
        => Check(Options(1, 8, kind) with { SliceType = type, Switching = switching, ConstrainedIntra = true, Inter = type == H264SliceType.SP });

    [Fact]
    public void DepthsAboveTen()
    {
        Check(Options(1, 14, "frame"));
        Check(Options(3, 12, "mbaff"));
        Check(Options(2, 9, "field"));
    }

    private sealed class Waiter : IH264ReferenceWaiter
    {
        public readonly List<(int Reference, int Line)> Calls = [];

        public void Wait(int reference, int lastFrameLine) => Calls.Add((reference, lastFrameLine));
    }

    [Theory]
    [InlineData("frame")]
    [InlineData("field")]
    [InlineData("mbaff")]
    public void WaitsForTheLinesItReads(string kind)
    {
        using var c = new ReconstructionCase(Options(1, 8, kind) with { Seed = 5 }, KernelLevels.Best);
        new ReconstructionModel(c).Decode();
        int progress = 0;
        for (int i = 0; i < H264PictureState.ReferenceCount; i++)
            c.P->References[i].Progress = &progress;
        var waiter = new Waiter();
        using var reconstructor = new H264Reconstructor();
        reconstructor.ReconstructRow(c.P, c.Kernels, waiter, 2);
        int lines = c.P->HeightInMbs * 16 * (kind == "field" ? 2 : 1);
        Assert.NotEmpty(waiter.Calls);
        Assert.All(waiter.Calls, call => Assert.InRange(call.Line, 0, lines - 1));
        Assert.All(waiter.Calls, call => Assert.InRange(call.Reference, 0, ReconstructionCase.Entries * 3 - 1));
        if (kind != "frame")
        {
            // A bottom field's lines are the odd ones of the frame, a top field's the even ones.
            Assert.All(waiter.Calls.Where(call => call.Reference % 3 == 1), call => Assert.Equal(0, call.Line & 1));
            Assert.All(waiter.Calls.Where(call => call.Reference % 3 == 2), call => Assert.Equal(1, call.Line & 1));
        }

        progress = lines;
        waiter.Calls.Clear();
        reconstructor.ReconstructRow(c.P, c.Kernels, waiter, 3 & (kind == "mbaff" ? 2 : 3));
        Assert.Empty(waiter.Calls);
    }

    [Fact]
    public void MissingReferencesAreGreyAndReported()
    {
        using var c = new ReconstructionCase(Options(1, 8, "frame"), KernelLevels.Best);
        for (int i = 0; i < H264PictureState.ReferenceCount; i++)
        {
            c.P->References[i].View.Plane0 = null;
            c.P->References[i].IsMissing = true;
        }
        H264Macroblock* mb = c.P->Macroblocks;
        *mb = new H264Macroblock { Type = H264MbType.Inter };
        mb[1] = new H264Macroblock { Type = H264MbType.Inter, Slice = H264Macroblock.NoSlice };
        for (int x = 2; x < c.P->WidthInMbs; x++)
            mb[x] = new H264Macroblock { Type = H264MbType.Inter, Slice = H264Macroblock.NoSlice };
        using var reconstructor = new H264Reconstructor();
        reconstructor.ReconstructRow(c.P, c.Kernels, null, 0);
        Assert.True(reconstructor.Corrupted);
        for (int y = 0; y < 16; y++)
        {
            for (int x = 0; x < c.P->WidthInMbs * 16; x++)
                Assert.Equal(128, c.P->Picture.Plane0[y * c.P->Picture.StrideY + x]);
        }
        Assert.Equal(128, c.P->Picture.Plane2[7 * c.P->Picture.StrideUv + 8]);
    }

    [Fact]
    public void BrokenModesStayInsideThePicture()
    {
        // Modes that ask for neighbours which do not exist: any samples, a flag, and no access outside the picture's memory.
        using var c = new ReconstructionCase(Options(1, 8, "frame") with { Inter = false }, KernelLevels.Best);
        for (int i = 0; i < c.P->WidthInMbs * c.P->HeightInMbs; i++)
        {
            H264Macroblock* mb = c.P->Macroblocks + i;
            for (int b = 0; b < 16; b++)
                mb->IntraModes[b] = (byte)c.Random.Next(9);
            mb->Intra16x16Mode = (byte)c.Random.Next(4);
            mb->IntraChromaMode = (byte)c.Random.Next(4);
        }
        using var reconstructor = new H264Reconstructor();
        for (int row = 0; row < c.P->HeightInMbs; row++)
            reconstructor.ReconstructRow(c.P, c.Kernels, null, row);
        Assert.True(reconstructor.Corrupted);
    }
}
