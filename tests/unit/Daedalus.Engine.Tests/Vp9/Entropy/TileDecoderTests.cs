// SPDX-License-Identifier: LGPL-2.1-or-later
using Daedalus.Engine.Vp9;
using Daedalus.V4L2.Controls;
using Xunit;

namespace Daedalus.Engine.Tests.Vp9.Entropy;

public unsafe class TileDecoderTests
{
    // A key frame of one skipped 64×64 block, the probabilities as printed in spec 10.5.
    [Fact]
    public void Key_frame_block_by_hand()
    {
        using var f = new TileFrame(64, 64, 8, 1, 1, intra: true);
        var w = new BoolWriter();
        w.Write(174, 0);                                        // PARTITION_NONE of 64×64, nothing split around
        w.Write(192, 1);                                        // skip
        // tx_mode ALLOW_32X32: no tx_size.
        w.WritePath((137, 1), (30, 1), (42, 0));                // default_intra_mode V_PRED, above and left DC_PRED
        w.WritePath((118, 1), (15, 0));                         // default_uv_mode TM_PRED after V_PRED
        Assert.True(f.Decode(w.Finish(), txMode: 3));

        SuperblockEntry* sb = f.State->Superblock(0, 0);
        Assert.Equal(1, sb->Count);
        BlockRecord* b = sb->Blocks;
        Assert.Equal((BlockSize.Block64x64, 1, 3, 3, 0), (b->Size, (int)b->Skip, (int)b->TxSize, (int)b->UvTxSize, (int)b->IsInter));
        Assert.Equal((1, 1, 9), ((int)b->YModes[0], (int)b->YModes[3], (int)b->UvMode));
        Assert.Equal((-1, -1), (b->RefFrame0, b->RefFrame1));
        Assert.Equal(-1, f.State->Motion[7 * 8 + 7].Ref0);
    }

    // An inter frame of one 64×64 block with a new vector, probabilities of the defaults (spec 10.5).
    [Fact]
    public void New_vector_by_hand()
    {
        using var f = new TileFrame(64, 64, 8, 1, 1, intra: false);
        f.State->Control.Flags |= Vp9FrameFlags.AllowHighPrecisionMv;
        f.State->Control.InterpolationFilter = 4;
        f.State->Control.ReferenceMode = 0;
        var w = new BoolWriter();
        w.Write(222, 0);                                        // PARTITION_NONE of 64×64, nothing split around
        w.Write(192, 1);                                        // skip
        w.Write(9, 1);                                          // is_inter: no neighbour, context 0
        // Skipped and inter: tx_size is not read even with TX_MODE_SELECT.
        w.WritePath((142, 1), (142, 1));                        // single_ref_p1, p2 in context 2: ALTREF
        w.WritePath((7, 1), (166, 1), (63, 1));                 // inter_mode NEWMV; no candidate is inside: context 2
        w.WritePath((149, 1), (144, 1));                        // interp_filter sharp, context 3
        w.WritePath((32, 1), (64, 1), (96, 1));                 // mv_joint: both components
        // Row -5: 5 = (0 << 3 | 2 << 1 | 0) + 1 in class 0.
        w.WritePath((128, 1), (224, 0), (216, 0), (128, 1), (128, 1), (64, 0), (160, 0));
        // Column 300 = (2 << 7) + (5 << 3 | 1 << 1 | 1) + 1 in class 5; the bits of 5 from the lowest.
        w.WritePath((128, 0), (216, 1), (128, 1), (176, 1), (176, 0), (176, 1));
        w.WritePath((136, 1), (140, 0), (148, 1), (160, 0), (176, 0));
        w.WritePath((64, 1), (96, 0), (128, 1));
        Vp9Counts counts = default;
        Assert.True(f.Decode(w.Finish(), txMode: 4, &counts));

        BlockRecord* b = f.State->Superblock(0, 0)->Blocks;
        Assert.Equal((2, -1, 2, 3), (b->RefFrame0, b->RefFrame1, (int)b->InterpFilter, (int)b->TxSize));
        for (int quarter = 0; quarter < 4; quarter++)
            Assert.Equal(new MotionVector(-5, 300), b->GetMv(quarter, 0));
        Assert.Equal((2, b->GetPackedMv(0, 0)), (f.State->Motion[63].Ref0, f.State->Motion[63].Mv0));
        Assert.Equal((1u, 1u, 1u), (counts.MvJoint[3], counts.MvSign[1], counts.MvSign[2]));
        Assert.Equal((1u, 1u, 1u), (counts.MvClass[0], counts.MvClass[11 + 5], counts.MvClass0Fr[2]));
        Assert.Equal((1u, 1u, 1u), (counts.MvClass0Hp[0], counts.MvHp[3], counts.MvFr[4 + 1]));
        Assert.Equal((1u, 1u, 0u), (counts.Skip[1], counts.InterpFilter[3 * 3 + 2], counts.Tx32[0] + counts.Tx32[3]));
        Assert.Equal(1u, counts.Partition[4 * 12]);
    }

    public static TheoryData<int, int, int, int, int, bool> Shapes => new()
    {
        { 64, 64, 8, 1, 1, true }, { 64, 64, 8, 1, 1, false }, { 1, 1, 8, 1, 1, false }, { 200, 136, 8, 1, 1, false }, { 72, 200, 10, 1, 1, false },
        { 130, 66, 12, 0, 0, false }, { 130, 66, 8, 0, 0, true }, { 90, 90, 8, 1, 0, false }, { 90, 90, 10, 0, 1, false }, { 8, 300, 8, 1, 1, true },
    };

    // Nearly every bit string is some tile: whatever it is, the records must be usable and nothing outside may be written.
    [Theory]
    [MemberData(nameof(Shapes))]
    public void Random_data_gives_consistent_records(int width, int height, int bitDepth, int ssX, int ssY, bool intra)
    {
        var random = new Random(width * 7 + height + bitDepth);
        for (int round = 0; round < 60; round++)
        {
            using var f = new TileFrame(width, height, bitDepth, ssX, ssY, intra);
            f.Randomise(random);
            var data = new byte[random.Next(1, round % 3 == 0 ? 40 : 6000)];
            random.NextBytes(data);
            data[0] &= 0x7F;
            Vp9Counts counts = default;
            bool good = f.Decode(data, (byte)random.Next(5), round % 2 == 0 ? &counts : null);
            f.CheckGuards();
            f.CheckRecords(good);
        }
    }

    [Fact]
    public void Tiles_without_data_or_marker_are_refused()
    {
        using var f = new TileFrame(64, 64, 8, 1, 1, intra: true);
        Assert.False(f.Decode([], 0));
        Assert.False(f.Decode([0xFF, 0, 0], 0));
    }

    [Fact]
    public void Data_that_ends_early_is_reported()
    {
        using var f = new TileFrame(512, 512, 8, 1, 1, intra: true);
        var data = new byte[20];
        new Random(3).NextBytes(data);
        data[0] = 0x10;
        Assert.False(f.Decode(data, 4));
        f.CheckGuards();
    }

    // Spec 8.6.1: segment quantisers replace or shift the frame's and are clamped; deltas come on top.
    [Fact]
    public void Dequantisation_follows_segments()
    {
        using var f = new TileFrame(64, 64, 8, 1, 1, intra: true);
        ref V4L2CtrlVp9Frame c = ref f.State->Control;
        c.Quant.BaseQIdx = 100;
        c.Quant.DeltaQUvAc = -5;
        c.Seg.Flags = Vp9SegmentationFlags.Enabled;
        c.Seg.FeatureEnabled[1] = 1;
        c.Seg.FeatureData[4] = 255;
        c.Seg.FeatureEnabled[2] = 1;
        c.Seg.FeatureData[8] = -120;
        Vp9Quantizer.FillDequant(f.State);
        Assert.Equal(0, f.State->Lossless);
        // ac_qlookup: 100 -> 102 + …; the ends are known values.
        Assert.Equal(Vp9QuantizerTables.Ac8[100], f.State->Dequant[1]);
        Assert.Equal(Vp9QuantizerTables.Ac8[95], f.State->Dequant[3]);
        Assert.Equal((1336, 1828), (f.State->Dequant[4], f.State->Dequant[5]));
        Assert.Equal((4, 4), (f.State->Dequant[8], f.State->Dequant[9]));
        c.Seg.Flags |= Vp9SegmentationFlags.AbsOrDeltaUpdate;
        c.Seg.FeatureData[4] = 7;
        Vp9Quantizer.FillDequant(f.State);
        Assert.Equal(Vp9QuantizerTables.Dc8[7], f.State->Dequant[4]);
    }
}
