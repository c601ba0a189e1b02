// SPDX-License-Identifier: LGPL-2.1-or-later
using Daedalus.Bitstream.H264;
using Daedalus.V4L2.Controls;
using Xunit;

namespace Daedalus.Bitstream.Tests.H264;

public unsafe class ParameterSetTests
{
    // Table 7-3 and 7-4 in raster order: both are symmetrical, the rows follow from the zig-zag lists.
    private static readonly byte[] s_intra4x4 = [6, 13, 20, 28, 13, 20, 28, 32, 20, 28, 32, 37, 28, 32, 37, 42];
    private static readonly byte[] s_inter4x4 = [10, 14, 20, 24, 14, 20, 24, 27, 20, 24, 27, 30, 24, 27, 30, 34];

    /// <summary>A set of a High profile up to and including the flag before the scaling lists.</summary>
    private static H264BitWriter High(int profile, int chroma, int depth = 8, int id = 0)
    {
        H264BitWriter w = H264BitWriter.Nal(7).U(8, profile).U(8, 0).U(8, 40).Ue(id, chroma);
        if (chroma == 3)
            w.U(1, 0);
        return w.Ue(depth - 8, depth - 8).U(1, 0);
    }

    /// <summary>frame_num of 4 bits, pic_order_cnt_type 2, 4 reference frames, 8 x 6 macroblocks.</summary>
    private static H264BitWriter Rest(H264BitWriter w) => w.Ue(0, 2, 4).U(1, 0).Ue(7, 5).U(1, 1).U(1, 1).U(1, 0).U(1, 0);

    private static byte[] Flat(int id = 0, int chroma = 1) => Rest(High(100, chroma, 8, id).U(1, 0)).Trailing();

    private static H264Sps Sps(byte[] nal)
    {
        Assert.True(H264Sps.TryParse(nal, out H264Sps? sps, out H264ParseError error), error.ToString());
        return sps;
    }

    private static H264Pps Pps(byte[] nal, H264Sps sps)
    {
        Assert.True(H264Pps.TryParse(nal, sps, out H264Pps? pps, out H264ParseError error), error.ToString());
        return pps;
    }

    private static byte[] List(in V4L2CtrlH264ScalingMatrix m, int i)
    {
        fixed (V4L2CtrlH264ScalingMatrix* p = &m)
            return i < 6 ? new Span<byte>(p->ScalingList4x4 + 16 * i, 16).ToArray() : new Span<byte>(p->ScalingList8x8 + 64 * (i - 6), 64).ToArray();
    }

    private static H264BitWriter PpsStart(int groups = 1, int id = 0, int sps = 0) => H264BitWriter.Nal(8).Ue(id, sps).U(1, 1).U(1, 0).Ue(groups - 1);

    private static H264BitWriter PpsRest(H264BitWriter w) => w.Ue(0, 0).U(1, 0).U(2, 0).Se(0, 0, 0).U(3, 0);

    [Theory]
    [InlineData(66)]
    [InlineData(77)]
    [InlineData(88)]
    [InlineData(144)]
    public void OldProfilesAre420OfEightBits(int profile)
    {
        H264Sps s = Sps(H264BitWriter.Nal(7).U(8, profile).U(8, 0b10100000).U(8, 30).Ue(3, 12, 0, 12, 16).U(1, 1).Ue(10, 8).U(1, 0).U(1, 1).U(1, 1).U(1, 1).Ue(1, 2, 3, 4).U(1, 0).Trailing());
        Assert.Equal((3, profile, 30, 0b101), (s.Id, s.ProfileIdc, s.LevelIdc, s.Control.ConstraintSetFlags));
        Assert.Equal((1, 8, 8), (s.ChromaArrayType, s.BitDepthLuma, s.BitDepthChroma));
        Assert.Equal((65536, 65536), (s.MaxFrameNum, s.MaxPicOrderCntLsb));
        Assert.Equal((176, 288, 11 * 9), (s.Width, s.Height, s.MapUnits));
        // Interlaced 4:2:0: units of 2 x 4 luma samples (7-20, 7-22).
        Assert.Equal((2, 4, 12, 16), (s.CropLeft, s.CropRight, s.CropTop, s.CropBottom));
        Assert.Equal(H264SpsFlags.GapsInFrameNumAllowed | H264SpsFlags.MbAdaptiveFrameField | H264SpsFlags.Direct8x8Inference, s.Control.Flags);
    }

    [Theory]
    [InlineData(100, 1, 8)]
    [InlineData(110, 1, 10)]
    [InlineData(122, 2, 9)]
    [InlineData(244, 3, 14)]
    [InlineData(44, 3, 12)]
    [InlineData(83, 1, 8)]
    [InlineData(86, 1, 8)]
    [InlineData(118, 1, 8)]
    [InlineData(128, 1, 8)]
    [InlineData(134, 1, 8)]
    [InlineData(135, 1, 8)]
    [InlineData(138, 0, 8)]
    [InlineData(139, 0, 8)]
    public void HighProfiles(int profile, int chroma, int depth)
    {
        H264Sps s = Sps(Rest(High(profile, chroma, depth).U(1, 0)).Trailing());
        Assert.Equal((chroma, depth, depth, 128, 96), (s.ChromaArrayType, s.BitDepthLuma, s.BitDepthChroma, s.Width, s.Height));
        Assert.All(List(s.ScalingMatrix, 0), v => Assert.Equal(16, v));
        Assert.All(List(s.ScalingMatrix, 11), v => Assert.Equal(16, v));
    }

    [Fact]
    public void SeparatePlanes()
    {
        H264Sps s = Sps(Rest(H264BitWriter.Nal(7).U(8, 244).U(8, 0).U(8, 40).Ue(0, 3).U(1, 1).Ue(0, 0).U(1, 1).U(1, 0)).Trailing());
        Assert.True(s.SeparateColourPlanes);
        Assert.Equal((0, 3), (s.ChromaArrayType, s.Control.ChromaFormatIdc));
        Assert.Equal(H264SpsFlags.QpPrimeYZeroTransformBypass, s.Control.Flags & H264SpsFlags.QpPrimeYZeroTransformBypass);
    }

    [Theory]
    // Table A-1: MaxDpbMbs over the frame's macroblocks.
    [InlineData(66, 0, 10, 99, 4)]
    [InlineData(66, 0, 11, 99, 9)]
    [InlineData(66, 0b00010000, 11, 99, 4)]
    [InlineData(100, 0b00010000, 11, 99, 9)]
    [InlineData(100, 0, 9, 99, 4)]
    [InlineData(100, 0, 40, 8160, 4)]
    [InlineData(100, 0, 42, 8160, 4)]
    [InlineData(100, 0, 51, 8160, 16)]
    [InlineData(100, 0, 31, 3600, 5)]
    [InlineData(100, 0, 62, 139264, 5)]
    public void DpbOfTheLevel(int profile, int constraints, int level, int mbs, int frames)
    {
        (int w, int h) = mbs switch { 99 => (11, 9), 8160 => (120, 68), 3600 => (80, 45), _ => (544, 256) };
        H264BitWriter b = H264BitWriter.Nal(7).U(8, profile).U(8, constraints).U(8, level).Ue(0);
        if (profile == 100)
            b.Ue(1, 0, 0).U(2, 0);
        Assert.Equal(frames, Sps(b.Ue(0, 2, 1).U(1, 0).Ue(w - 1, h - 1).U(1, 1).U(3, 0).Trailing()).MaxDpbFrames);
    }

    [Fact]
    public void PictureOrderTypeOne()
    {
        H264Sps s = Sps(H264BitWriter.Nal(7).U(8, 77).U(8, 0).U(8, 30).Ue(0, 4, 1).U(1, 1).Se(-5, 7).Ue(3).Se(1, -2, int.MaxValue).Ue(2).U(1, 0).Ue(0, 0).U(1, 1).U(3, 0).Trailing());
        V4L2CtrlH264Sps c = s.Control;
        Assert.Equal((-5, 7, 3, 1, -2, int.MaxValue), (c.OffsetForNonRefPic, c.OffsetForTopToBottomField, c.NumRefFramesInPicOrderCntCycle, c.OffsetForRefFrame[0], c.OffsetForRefFrame[1], c.OffsetForRefFrame[2]));
        Assert.True((c.Flags & H264SpsFlags.DeltaPicOrderAlwaysZero) != 0);
    }

    [Fact]
    public void FallBackRuleA()
    {
        // Lists 1 (own) and 4 (default by delta -8) are sent, of 8x8 Inter Y a constant one; the others fall back (table 7-2).
        H264BitWriter w = High(100, 1).U(1, 1).U(1, 0).U(1, 1).Se(2).Se([.. Enumerable.Repeat(1L, 15)]).U(1, 0).U(1, 0).U(1, 1).Se(-8).U(1, 0).U(1, 0).U(1, 1).Se(12, -20);
        H264Sps s = Sps(Rest(w).Trailing());
        Assert.Equal(s_intra4x4, List(s.ScalingMatrix, 0));
        // Values 10..25 in zig-zag order (figure 8-8).
        byte[] own = [10, 11, 15, 16, 12, 14, 17, 22, 13, 18, 21, 23, 19, 20, 24, 25];
        Assert.Equal(own, List(s.ScalingMatrix, 1));
        Assert.Equal(own, List(s.ScalingMatrix, 2));
        for (int i = 3; i < 6; i++)
            Assert.Equal(s_inter4x4, List(s.ScalingMatrix, i));
        Assert.Equal([6, 10, 13, 16, 18, 23, 25, 27], List(s.ScalingMatrix, 6)[..8]);
        Assert.Equal(42, List(s.ScalingMatrix, 6)[63]);
        // nextScale 0 after the first value: it lasts to the end.
        Assert.All(List(s.ScalingMatrix, 7), v => Assert.Equal(20, v));
        Assert.Equal(List(s.ScalingMatrix, 6), List(s.ScalingMatrix, 8));
        Assert.Equal(List(s.ScalingMatrix, 7), List(s.ScalingMatrix, 11));
    }

    [Fact]
    public void PictureListsFallBackToTheSequence()
    {
        // SPS: list 0 constant 20, the others by rule A.
        H264Sps s = Sps(Rest(High(100, 1).U(1, 1).U(1, 1).Se(12, -20).U(7, 0)).Trailing());
        // PPS: list 3 constant 30; rule B takes 0, 6, 7 from the SPS.
        H264Pps p = Pps(PpsRest(PpsStart()).U(1, 1).U(1, 1).U(3, 0).U(1, 1).Se(22, -30).U(4, 0).Se(-3).Trailing(), s);
        Assert.All(List(p.Parameters.ScalingMatrix, 0), v => Assert.Equal(20, v));
        Assert.All(List(p.Parameters.ScalingMatrix, 2), v => Assert.Equal(20, v));
        Assert.All(List(p.Parameters.ScalingMatrix, 5), v => Assert.Equal(30, v));
        Assert.Equal(List(s.ScalingMatrix, 6), List(p.Parameters.ScalingMatrix, 6));
        Assert.Equal(-3, p.Parameters.Pps.SecondChromaQpIndexOffset);
        // Without lists of its own a PPS has those of the SPS; with a flat SPS rule A holds.
        Assert.Equal(List(s.ScalingMatrix, 3), List(Pps(PpsRest(PpsStart()).Trailing(), s).Parameters.ScalingMatrix, 3));
        H264Pps a = Pps(PpsRest(PpsStart()).U(1, 0).U(1, 1).U(6, 0).Se(0).Trailing(), Sps(Flat()));
        Assert.Equal(s_intra4x4, List(a.Parameters.ScalingMatrix, 2));
        Assert.Equal(s_inter4x4, List(a.Parameters.ScalingMatrix, 5));
        Assert.True((a.Parameters.Pps.Flags & H264PpsFlags.ScalingMatrixPresent) != 0);
        Assert.False((Pps(PpsRest(PpsStart()).Trailing(), Sps(Flat())).Parameters.Pps.Flags & H264PpsFlags.ScalingMatrixPresent) != 0);
    }

    [Fact]
    public void TwelveListsWithFullChroma()
    {
        H264BitWriter w = High(244, 3).U(1, 1).U(6, 0).U(2, 0).U(1, 1).Se(12, -20).U(3, 0);
        H264Sps s = Sps(Rest(w).Trailing());
        Assert.All(List(s.ScalingMatrix, 8), v => Assert.Equal(20, v));
        Assert.All(List(s.ScalingMatrix, 10), v => Assert.Equal(20, v));
        Assert.Equal(List(s.ScalingMatrix, 7), List(s.ScalingMatrix, 11));
    }

    [Fact]
    public void SliceGroups()
    {
        H264Sps s = Sps(Flat());
        DaedalusCtrlH264PictureParameters d = Pps(PpsRest(PpsStart(3).Ue(0, 10, 20, 15)).Trailing(), s).Parameters;
        Assert.Equal((0, 10u, 20u, 15u), (d.SliceGroupMapType, d.RunLengthMinus1[0], d.RunLengthMinus1[1], d.RunLengthMinus1[2]));
        d = Pps(PpsRest(PpsStart(2).Ue(2, 9, 18)).Trailing(), s).Parameters;
        Assert.Equal((2, 9u, 18u), (d.SliceGroupMapType, d.TopLeft[0], d.BottomRight[0]));
        d = Pps(PpsRest(PpsStart(2).Ue(4).U(1, 1).Ue(7)).Trailing(), s).Parameters;
        Assert.Equal((4, 1, 7u), (d.SliceGroupMapType, d.SliceGroupChangeDirection, d.SliceGroupChangeRateMinus1));
        H264BitWriter w = PpsStart(5).Ue(6, 47);
        for (int i = 0; i < 48; i++)
            w.U(3, i % 5);
        H264Pps p = Pps(PpsRest(w).Trailing(), s);
        Assert.Equal(48u, p.Parameters.MapUnits);
        Assert.Equal([.. Enumerable.Range(0, 48).Select(i => (byte)(i % 5))], p.SliceGroupId);
        Assert.Equal(4, ((byte*)p.Parameters.SliceGroupId)[4]);
        GC.KeepAlive(p);
    }

    [Fact]
    public void SliceGroupsOutsideThePicture()
    {
        H264Sps s = Sps(Flat());
        (H264BitWriter W, string Element)[] bad =
        [
            (PpsRest(PpsStart(2).Ue(0, 48, 1)), "run_length_minus1"),
            (PpsRest(PpsStart(2).Ue(2, 3, 48)), "bottom_right"),
            (PpsRest(PpsStart(2).Ue(2, 9, 8)), "top_left"),
            (PpsRest(PpsStart(3).Ue(3).U(1, 0).Ue(0)), "num_slice_groups_minus1"),
            (PpsRest(PpsStart(2).Ue(6, 40)), "pic_size_in_map_units_minus1"),
            (PpsRest(PpsStart(2).Ue(7)), "slice_group_map_type"),
        ];
        foreach ((H264BitWriter w, string element) in bad)
        {
            Assert.False(H264Pps.TryParse(w.Trailing(), s, out _, out H264ParseError error), element);
            Assert.Equal(element, error.Element);
        }
    }

    [Fact]
    public void ASetMayComeLaterOrChange()
    {
        var sets = new H264ParameterSets();
        Assert.False(sets.TryGetPps(0, out _, out H264ParseError error));
        Assert.Equal((H264ParseReason.MissingParameterSet, "pic_parameter_set_id"), (error.Reason, error.Element));
        Assert.True(sets.Add(PpsRest(PpsStart()).U(1, 1).U(1, 0).Se(0).Trailing(), out _));
        Assert.False(sets.TryGetPps(0, out _, out error));
        Assert.Equal("seq_parameter_set_id", error.Element);
        Assert.True(sets.Add(Flat(), out _));
        Assert.True(sets.TryGetPps(0, out H264Pps? first, out _));
        // The same again changes nothing; another one resolves the PPS anew.
        byte[] again = Flat();
        again[0] = 0x27;
        Assert.True(sets.Add(again, out _));
        Assert.True(sets.TryGetPps(0, out H264Pps? second, out _));
        Assert.Same(first, second);
        Assert.True(sets.Add(Flat(chroma: 2), out _));
        Assert.True(sets.TryGetPps(0, out H264Pps? third, out _));
        Assert.NotSame(first, third);
        Assert.Equal(2, third.Sps.ChromaArrayType);
        // A damaged one leaves what there was.
        Assert.False(sets.Add(Flat()[..5], out error));
        Assert.Equal(H264ParseReason.Truncated, error.Reason);
        Assert.Same(third.Sps, sets.GetSps(0));
    }

    [Fact]
    public void EveryCutAndEveryFlippedBitIsSurvived()
    {
        byte[] sps = Rest(High(100, 1).U(1, 1).U(1, 0).U(1, 1).Se(2).Se([.. Enumerable.Repeat(1L, 15)]).U(6, 0)).Trailing();
        byte[] pps = PpsRest(PpsStart(2).Ue(2, 9, 18)).U(1, 1).U(1, 0).Se(2).Trailing();
        for (int i = 0; i < sps.Length * 8; i++)
        {
            byte[] flipped = [.. sps];
            flipped[i / 8] ^= (byte)(1 << (i & 7));
            if (!H264Sps.TryParse(flipped, out H264Sps? s, out H264ParseError error))
                Assert.NotEqual(H264ParseReason.None, error.Reason);
            else
            {
                Assert.InRange(s.MapUnits, 1, DaedalusCtrlH264PictureParameters.MaxMapUnits);
                for (int j = 0; j < pps.Length * 8; j++)
                {
                    byte[] other = [.. pps];
                    other[j / 8] ^= (byte)(1 << (j & 7));
                    H264Pps.TryParse(other, s, out _, out _);
                }
            }
        }
        for (int i = 0; i < sps.Length - 1; i++)
            Assert.False(H264Sps.TryParse(sps.AsSpan(0, i), out _, out _));
    }

    [Fact]
    public void ADamagedVuiDoesNotSpoilTheSet()
    {
        H264BitWriter w = High(100, 1).U(1, 0).Ue(0, 2, 4).U(1, 0).Ue(7, 5).U(1, 1).U(1, 1).U(1, 0).U(1, 1).U(1, 1).U(8, 255).U(16, 3).U(16, 2).U(4, 0).U(1, 1).U(1, 1);
        H264Sps s = Sps(w.Trailing());
        Assert.True(s.HasVui && s.Vui.Damaged);
        Assert.Equal((3, 2, -1), (s.Vui.SarWidth, s.Vui.SarHeight, s.Vui.NumReorderFrames));
    }
}
