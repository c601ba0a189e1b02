// SPDX-License-Identifier: LGPL-2.1-or-later
using Daedalus.Engine.Tests.Scheduling;
using Daedalus.Engine.Vp9;
using Daedalus.V4L2.Controls;
using Xunit;

namespace Daedalus.Engine.Tests.Vp9;

public unsafe class Vp9FrameSetupTests
{
    private delegate void Change(ref V4L2CtrlVp9Frame f, ref V4L2CtrlVp9CompressedHdr h);

    private static bool Check(Change change, uint size = 1000)
    {
        V4L2CtrlVp9Frame f = SyntheticStream.KeyFrame(352, 288);
        V4L2CtrlVp9CompressedHdr h = default;
        change(ref f, ref h);
        return Vp9FrameSetup.IsValid(f, h, size);
    }

    [Fact]
    public void PlainFramesAreValid()
    {
        Assert.True(Check((ref V4L2CtrlVp9Frame f, ref V4L2CtrlVp9CompressedHdr h) => { }));
        Assert.True(Check((ref V4L2CtrlVp9Frame f, ref V4L2CtrlVp9CompressedHdr h) => (f.FrameWidthMinus1, f.TileColsLog2) = (65535, 4)));
        Assert.True(Check((ref V4L2CtrlVp9Frame f, ref V4L2CtrlVp9CompressedHdr h) => (f.FrameWidthMinus1, f.FrameHeightMinus1) = (0, 0)));
    }

    [Fact]
    public void EveryFieldIsChecked()
    {
        Change[] bad =
        [
            (ref V4L2CtrlVp9Frame f, ref V4L2CtrlVp9CompressedHdr h) => f.Profile = 4,
            (ref V4L2CtrlVp9Frame f, ref V4L2CtrlVp9CompressedHdr h) => f.Profile = 1,
            (ref V4L2CtrlVp9Frame f, ref V4L2CtrlVp9CompressedHdr h) => f.Flags &= ~Vp9FrameFlags.XSubsampling,
            (ref V4L2CtrlVp9Frame f, ref V4L2CtrlVp9CompressedHdr h) => f.BitDepth = 10,
            (ref V4L2CtrlVp9Frame f, ref V4L2CtrlVp9CompressedHdr h) => (f.Profile, f.BitDepth) = (2, 9),
            (ref V4L2CtrlVp9Frame f, ref V4L2CtrlVp9CompressedHdr h) => f.UncompressedHeaderSize = 0,
            (ref V4L2CtrlVp9Frame f, ref V4L2CtrlVp9CompressedHdr h) => f.CompressedHeaderSize = 0,
            (ref V4L2CtrlVp9Frame f, ref V4L2CtrlVp9CompressedHdr h) => f.CompressedHeaderSize = 990,
            (ref V4L2CtrlVp9Frame f, ref V4L2CtrlVp9CompressedHdr h) => f.InterpolationFilter = 5,
            (ref V4L2CtrlVp9Frame f, ref V4L2CtrlVp9CompressedHdr h) => f.ReferenceMode = 3,
            (ref V4L2CtrlVp9Frame f, ref V4L2CtrlVp9CompressedHdr h) => (f.Flags, f.ReferenceMode) = (f.Flags & ~Vp9FrameFlags.KeyFrame, 2),
            (ref V4L2CtrlVp9Frame f, ref V4L2CtrlVp9CompressedHdr h) => f.ResetFrameContext = 3,
            (ref V4L2CtrlVp9Frame f, ref V4L2CtrlVp9CompressedHdr h) => f.FrameContextIdx = 4,
            (ref V4L2CtrlVp9Frame f, ref V4L2CtrlVp9CompressedHdr h) => f.TileColsLog2 = 1, // 352 is one tile
            (ref V4L2CtrlVp9Frame f, ref V4L2CtrlVp9CompressedHdr h) => f.TileRowsLog2 = 3,
            (ref V4L2CtrlVp9Frame f, ref V4L2CtrlVp9CompressedHdr h) => f.FrameWidthMinus1 = 4096, // at least two tiles
            (ref V4L2CtrlVp9Frame f, ref V4L2CtrlVp9CompressedHdr h) => f.Lf.Level = 64,
            (ref V4L2CtrlVp9Frame f, ref V4L2CtrlVp9CompressedHdr h) => f.Lf.Sharpness = 8,
            (ref V4L2CtrlVp9Frame f, ref V4L2CtrlVp9CompressedHdr h) => f.Lf.RefDeltas[3] = 64,
            (ref V4L2CtrlVp9Frame f, ref V4L2CtrlVp9CompressedHdr h) => f.Lf.ModeDeltas[1] = -64,
            (ref V4L2CtrlVp9Frame f, ref V4L2CtrlVp9CompressedHdr h) => f.Quant.DeltaQYDc = 16,
            (ref V4L2CtrlVp9Frame f, ref V4L2CtrlVp9CompressedHdr h) => Segment(ref f, 0, 256),
            (ref V4L2CtrlVp9Frame f, ref V4L2CtrlVp9CompressedHdr h) => Segment(ref f, 1, -64),
            (ref V4L2CtrlVp9Frame f, ref V4L2CtrlVp9CompressedHdr h) => Segment(ref f, 2, 4),
            (ref V4L2CtrlVp9Frame f, ref V4L2CtrlVp9CompressedHdr h) => h.TxMode = 5,
        ];
        for (int i = 0; i < bad.Length; i++)
            Assert.False(Check(bad[i]), "case " + i);
    }

    private static void Segment(ref V4L2CtrlVp9Frame f, int feature, short value)
    {
        f.Seg.Flags = Vp9SegmentationFlags.Enabled;
        f.Seg.FeatureEnabled[5] = (byte)(1 << feature);
        f.Seg.FeatureData[5 * 4 + feature] = value;
    }

    [Theory] // the limits written out in spec 7.2.11: 256 and 4096 luma samples
    [InlineData(1, 0, 0)]
    [InlineData(448, 0, 0)]
    [InlineData(449, 0, 1)] // counted in superblocks
    [InlineData(512, 0, 1)]
    [InlineData(1920, 0, 2)]
    [InlineData(4096, 0, 4)]
    [InlineData(4097, 1, 4)]
    [InlineData(65536, 4, 6)]
    public void TileColumnLimits(int width, int min, int max)
    {
        Vp9FrameSetup.GetTileColsLog2Range((width + 63) / 64, out int a, out int b);
        Assert.Equal((min, max), (a, b));
    }

    [Fact]
    public void TilesCoverTheFrame()
    {
        foreach (int mis in new[] { 1, 7, 8, 9, 135, 240, 8192 })
        {
            for (int log2 = 0; log2 <= 2; log2++)
            {
                Assert.Equal(0, Vp9FrameSetup.TileOffset(0, mis, log2));
                Assert.Equal(mis, Vp9FrameSetup.TileOffset(1 << log2, mis, log2));
                for (int i = 0; i < 1 << log2; i++)
                    Assert.True(Vp9FrameSetup.TileOffset(i, mis, log2) <= Vp9FrameSetup.TileOffset(i + 1, mis, log2));
            }
        }
    }

    [Fact]
    public void TilesAreSplitAndTruncationIsSeen()
    {
        byte[] data = [0, 0, 0, 2, 1, 2, 0, 0, 0, 1, 3, 4, 5, 6];
        TileSpan* spans = stackalloc TileSpan[3];
        fixed (byte* p = data)
        {
            Assert.True(Vp9FrameSetup.SplitTiles(p, data.Length, 3, spans));
            Assert.Equal((2, 1, 3), (spans[0].Size, spans[1].Size, spans[2].Size));
            Assert.True(spans[1].Data == p + 10);
            Assert.True(spans[2].Data == p + 11);
            for (int size = 0; size < 12; size++)
            {
                Assert.False(Vp9FrameSetup.SplitTiles(p, size, 3, spans));
                for (int i = 0; i < 3; i++)
                    Assert.True(spans[i].Size == 0 || spans[i].Data + spans[i].Size <= p + size);
            }
        }
        byte[] huge = [0xff, 0xff, 0xff, 0xff, 1, 2];
        fixed (byte* p = huge)
            Assert.False(Vp9FrameSetup.SplitTiles(p, huge.Length, 2, spans));
    }

    [Fact] // steps from libvpx's vp9_quant_common.c; levels computed by hand from vp9_loop_filter_frame_init
    public void DequantisationAndFilterLevels()
    {
        V4L2CtrlVp9Frame f = SyntheticStream.KeyFrame(64, 64);
        f.Quant.BaseQIdx = 60;
        f.Quant.DeltaQUvAc = -3;
        f.Lf.Level = 40;
        f.Lf.Flags = Vp9LoopFilterFlags.DeltaEnabled;
        f.Lf.RefDeltas[0] = 1;
        f.Lf.RefDeltas[2] = -1;
        f.Lf.RefDeltas[3] = -1;
        f.Lf.ModeDeltas[1] = 5;
        f.Seg.Flags = Vp9SegmentationFlags.Enabled;
        f.Seg.FeatureEnabled[1] = 3;
        f.Seg.FeatureData[4] = -100; // index clamps to 0
        f.Seg.FeatureData[5] = -30; // level 10, deltas still doubled by the frame's 40
        Vp9FrameState s;
        Vp9FrameSetup.Fill(&s, f);
        Assert.Equal(57, s.Dequant[0]);
        Assert.Equal(67, s.Dequant[1]);
        Assert.Equal(64, s.Dequant[3]);
        Assert.Equal(4, s.Dequant[4]);
        Assert.Equal(4, s.Dequant[5]);
        Assert.Equal(42, s.FilterLevels[0]);
        Assert.Equal(40, s.FilterLevels[2]);
        Assert.Equal(50, s.FilterLevels[3]);
        Assert.Equal(38, s.FilterLevels[4]);
        Assert.Equal(48, s.FilterLevels[7]);
        Assert.Equal(12, s.FilterLevels[8]);
        Assert.Equal(18, s.FilterLevels[8 + 5]);
        f.Lf.Level = 0;
        Vp9FrameSetup.Fill(&s, f);
        for (int i = 0; i < 64; i++)
            Assert.Equal(0, s.FilterLevels[i]);
    }
}
