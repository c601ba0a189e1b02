// SPDX-License-Identifier: LGPL-2.1-or-later
using Daedalus.Bitstream.H264;
using Daedalus.V4L2.Controls;
using Xunit;

namespace Daedalus.Bitstream.Tests.H264;

/// <summary>What encoders at hand do not make: switching slices, partitions, slice groups, separate planes, limits.</summary>
public unsafe class SliceHeaderTests
{
    // 8 x 6 macroblocks (map units), frame_num of 4 bits, pic_order_cnt_type 2, CAVLC, one reference by default.
    private V4L2CtrlH264Sps _sps = new()
    {
        ProfileIdc = 88,
        ChromaFormatIdc = 1,
        PicOrderCntType = 2,
        MaxNumRefFrames = 4,
        PicWidthInMbsMinus1 = 7,
        PicHeightInMapUnitsMinus1 = 5,
        Flags = H264SpsFlags.FrameMbsOnly | H264SpsFlags.Direct8x8Inference,
    };

    private DaedalusCtrlH264PictureParameters _pps;

    /// <summary>first_mb, slice_type, PPS 0, frame_num 3.</summary>
    private static H264BitWriter Start(int nalType, int refIdc, int firstMb, H264SliceType type) => H264BitWriter.Nal(nalType, refIdc).Ue(firstMb, (int)type + 5, 0).U(4, 3);

    private H264SliceHeader Good(H264BitWriter w)
    {
        int bits = w.Position;
        Assert.True(H264SliceHeaderParser.TryParse(w.U(8, 0xa5).Bytes(), _sps, _pps, out H264SliceHeader h, out H264ParseError error), error.ToString());
        Assert.Equal(bits, (int)h.HeaderBitSize);
        return h;
    }

    private H264ParseError Bad(H264BitWriter w)
    {
        Assert.False(H264SliceHeaderParser.TryParse(w.U(32, 0xa5a5a5a5).Bytes(), _sps, _pps, out _, out H264ParseError error));
        return error;
    }

    [Fact]
    public void SwitchingSlices()
    {
        _pps.Pps.PicInitQsMinus26 = 4;
        _pps.Pps.PicInitQpMinus26 = -6;
        // Override to 2 references, no modification, sliding window, slice_qp_delta 3, sp_for_switch_flag, slice_qs_delta -5.
        H264SliceHeader h = Good(Start(1, 2, 5, H264SliceType.SP).U(1, 1).Ue(1).U(1, 0).U(1, 0).Se(3).U(1, 1).Se(-5));
        Assert.Equal((H264SliceType.SP, 5, 3, 2, 23, 25, true), (h.SliceType, h.FirstMbInSlice, h.FrameNum, h.NumRefIdxActive0, h.SliceQp, h.SliceQs, h.SpForSwitch));
        h = Good(Start(1, 0, 0, H264SliceType.SI).Se(3).Se(21));
        Assert.Equal((H264SliceType.SI, 0, 23, 51, false), (h.SliceType, h.NumRefIdxActive0, h.SliceQp, h.SliceQs, h.SpForSwitch));
        Assert.Equal("slice_qs_delta", Bad(Start(1, 0, 0, H264SliceType.SI).Se(3).Se(22)).Element);
        Assert.Equal("slice_qs_delta", Bad(Start(1, 0, 0, H264SliceType.SI).Se(3).Se(-31)).Element);
    }

    [Fact]
    public void Partitions()
    {
        _pps.Pps.Flags = H264PpsFlags.RedundantPicCntPresent;
        H264SliceHeader h = Good(Start(2, 0, 9, H264SliceType.I).Ue(4).Se(-1).Ue(17));
        Assert.Equal((17u, 4, 25), (h.SliceId, h.RedundantPicCnt, h.SliceQp));

        H264BitWriter w = H264BitWriter.Nal(4, 0).Ue(17, 4);
        int bits = w.Position;
        Assert.True(H264SliceHeaderParser.TryParsePartition(w.U(8, 1).Bytes(), _sps, _pps, out H264PartitionHeader p, out _));
        Assert.Equal((4, 17u, 4, 0, bits), (p.NalUnitType, p.SliceId, p.RedundantPicCnt, p.ColourPlaneId, (int)p.HeaderBitSize));

        _pps = default;
        _sps.ChromaFormatIdc = 3;
        _sps.Flags |= H264SpsFlags.SeparateColourPlane;
        w = H264BitWriter.Nal(3, 0).Ue(2).U(2, 2);
        bits = w.Position;
        Assert.True(H264SliceHeaderParser.TryParsePartition(w.U(8, 1).Bytes(), _sps, _pps, out p, out _));
        Assert.Equal((3, 2u, 0, 2, bits), (p.NalUnitType, p.SliceId, p.RedundantPicCnt, p.ColourPlaneId, (int)p.HeaderBitSize));
        Assert.False(H264SliceHeaderParser.TryParsePartition(H264BitWriter.Nal(3, 0).Ue(2).U(2, 3).Bytes(), _sps, _pps, out _, out H264ParseError error));
        Assert.Equal(("colour_plane_id", H264ParseReason.OutOfRange), (error.Element, error.Reason));
        Assert.False(H264SliceHeaderParser.TryParsePartition(H264BitWriter.Nal(1, 0).Ue(2).Bytes(), _sps, _pps, out _, out error));
        Assert.Equal(H264ParseReason.WrongNalUnit, error.Reason);
    }

    [Fact]
    public void ColourPlaneComesBeforeFrameNum()
    {
        _sps.ChromaFormatIdc = 3;
        _sps.Flags |= H264SpsFlags.SeparateColourPlane;
        H264SliceHeader h = Good(H264BitWriter.Nal(5).Ue(0, 7, 0).U(2, 1).U(4, 0).Ue(65535).U(2, 0b01).Se(0));
        Assert.Equal((1, 65535, false, true), (h.ColourPlaneId, h.IdrPicId, h.NoOutputOfPriorPics, h.LongTermReference));
        Assert.Equal(2u, h.MarkingBitSize);
    }

    [Theory]
    // 48 map units: Ceil(Log2(48 ÷ rate + 1)) bits, values up to Ceil(48 ÷ rate) (spec 7.4.3).
    [InlineData(1, 6, 48)]
    [InlineData(7, 3, 7)]
    [InlineData(8, 3, 6)]
    [InlineData(16, 2, 3)]
    [InlineData(40, 2, 2)]
    [InlineData(48, 1, 1)]
    public void SliceGroupChangeCycle(int rate, int bits, int largest)
    {
        _pps.Pps.NumSliceGroupsMinus1 = 1;
        _pps.SliceGroupMapType = 4;
        _pps.SliceGroupChangeRateMinus1 = (uint)rate - 1;
        Assert.Equal((uint)largest, Good(Start(1, 0, 0, H264SliceType.I).Se(0).U(bits, largest)).SliceGroupChangeCycle);
        if (largest + 1 < 1 << bits)
            Assert.Equal("slice_group_change_cycle", Bad(Start(1, 0, 0, H264SliceType.I).Se(0).U(bits, largest + 1)).Element);
        _pps.SliceGroupMapType = 2;
        Good(Start(1, 0, 0, H264SliceType.I).Se(0));
    }

    [Fact]
    public void FirstMacroblockIsInThePicture()
    {
        Good(Start(1, 0, 47, H264SliceType.I).Se(0));
        Assert.Equal(("first_mb_in_slice", 8), (Bad(Start(1, 0, 48, H264SliceType.I).Se(0)).Element, Bad(Start(1, 0, 48, H264SliceType.I).Se(0)).BitOffset));
        // Interlaced: 96 macroblocks in a frame, 48 in a field, 48 pairs in an MBAFF frame.
        _sps.Flags = H264SpsFlags.Direct8x8Inference;
        Good(Start(1, 0, 95, H264SliceType.I).U(1, 0).Se(0));
        Assert.Equal("first_mb_in_slice", Bad(Start(1, 0, 96, H264SliceType.I).U(1, 0).Se(0)).Element);
        Assert.True(Good(Start(1, 0, 47, H264SliceType.I).U(2, 0b11).Se(0)).BottomField);
        Assert.Equal("first_mb_in_slice", Bad(Start(1, 0, 48, H264SliceType.I).U(2, 0b10).Se(0)).Element);
        _sps.Flags |= H264SpsFlags.MbAdaptiveFrameField;
        Assert.True(Good(Start(1, 0, 47, H264SliceType.I).U(1, 0).Se(0)).MbaffFrame);
        Assert.Equal("first_mb_in_slice", Bad(Start(1, 0, 48, H264SliceType.I).U(1, 0).Se(0)).Element);
    }

    [Fact]
    public void ReferenceCountsOfFramesAndFields()
    {
        _sps.Flags = H264SpsFlags.Direct8x8Inference;
        Assert.Equal(16, Good(Start(1, 0, 0, H264SliceType.P).U(1, 0).U(1, 1).Ue(15).U(1, 0).Se(0)).NumRefIdxActive0);
        Assert.Equal("num_ref_idx_l0_active_minus1", Bad(Start(1, 0, 0, H264SliceType.P).U(1, 0).U(1, 1).Ue(16)).Element);
        H264SliceHeader h = Good(Start(1, 0, 0, H264SliceType.B).U(2, 0b10).U(1, 1).U(1, 1).Ue(31, 30).U(2, 0).Se(0));
        Assert.Equal((32, 31, true), (h.NumRefIdxActive0, h.NumRefIdxActive1, h.DirectSpatialMvPred));
        // The default of the parameter set may be for fields only.
        _pps.Pps.NumRefIdxL0DefaultActiveMinus1 = 20;
        Assert.Equal(21, Good(Start(1, 0, 0, H264SliceType.P).U(2, 0b10).U(1, 0).U(1, 0).Se(0)).NumRefIdxActive0);
        Assert.Equal("num_ref_idx_active_override_flag", Bad(Start(1, 0, 0, H264SliceType.P).U(1, 0).U(1, 0)).Element);
    }

    [Fact]
    public void Modification()
    {
        H264SliceHeader h = Good(Start(1, 0, 0, H264SliceType.P).U(1, 1).Ue(2).U(1, 1).Ue(0, 5, 2, 3, 1, 15, 3).Se(0));
        Assert.Equal(3, h.ModificationCount0);
        Assert.Equal((0, 2, 1), (h.ModificationIdc0[0], h.ModificationIdc0[1], h.ModificationIdc0[2]));
        Assert.Equal((5u, 3u, 15u), (h.ModificationValue0[0], h.ModificationValue0[1], h.ModificationValue0[2]));
        // More commands than entries, an unknown one, a difference of MaxPicNum.
        Assert.Equal("modification_of_pic_nums_idc", Bad(Start(1, 0, 0, H264SliceType.P).U(1, 0).U(1, 1).Ue(0, 5, 0, 5, 3)).Element);
        Assert.Equal("modification_of_pic_nums_idc", Bad(Start(1, 0, 0, H264SliceType.P).U(1, 0).U(1, 1).Ue(4)).Element);
        Assert.Equal("abs_diff_pic_num_minus1", Bad(Start(1, 0, 0, H264SliceType.P).U(1, 0).U(1, 1).Ue(0, 16)).Element);
    }

    [Fact]
    public void Marking()
    {
        H264BitWriter w = Start(1, 1, 0, H264SliceType.I);
        int at = w.Position;
        w.U(1, 1).Ue(1, 7, 2, 3, 3, 4, 5, 4, 2, 5, 6, 15, 0);
        int bits = w.Position - at;
        H264SliceHeader h = Good(w.Se(0));
        Assert.Equal((6, (uint)bits), (h.MarkingCount, h.MarkingBitSize));
        Assert.Equal([1, 2, 3, 4, 5, 6], new Span<byte>(h.MarkingOperation, 6).ToArray());
        Assert.Equal([7u, 3, 4, 2, 0, 15], new Span<uint>(h.MarkingValue, 6).ToArray());
        Assert.Equal(5u, h.MarkingLongTermFrameIdx[2]);
        H264BitWriter endless = Start(1, 1, 0, H264SliceType.I).U(1, 1);
        for (int i = 0; i < 100; i++)
            endless.Ue(5);
        Assert.Equal("memory_management_control_operation", Bad(endless.Ue(0)).Element);
    }

    [Fact]
    public void WeightsWithoutFlagAreTheDefault()
    {
        _pps.Pps.Flags = H264PpsFlags.WeightedPred;
        H264SliceHeader h = Good(Start(1, 0, 0, H264SliceType.P).U(1, 1).Ue(1).U(1, 0).Ue(5, 3).U(2, 0).U(1, 1).Se(-128, 127).U(1, 1).Se(1, 2, 3, 4).Se(0));
        Assert.True(h.HasWeights);
        V4L2H264WeightFactors f = h.Weights.Factors0;
        Assert.Equal((32, 0, -128, 127), (f.LumaWeight[0], f.LumaOffset[0], f.LumaWeight[1], f.LumaOffset[1]));
        Assert.Equal((8, 8, 1, 2, 3, 4), (f.ChromaWeight[0], f.ChromaWeight[1], f.ChromaWeight[2], f.ChromaOffset[2], f.ChromaWeight[3], f.ChromaOffset[3]));
        // Monochrome has no chroma weights (ChromaArrayType 0).
        _sps.ChromaFormatIdc = 0;
        h = Good(Start(1, 0, 0, H264SliceType.P).U(1, 0).U(1, 0).Ue(5).U(1, 0).Se(0));
        Assert.Equal(32, h.Weights.Factors0.LumaWeight[0]);
    }

    [Fact]
    public void QuantiserRange()
    {
        Assert.Equal(51, Good(Start(1, 0, 0, H264SliceType.I).Se(25)).SliceQp);
        Assert.Equal("slice_qp_delta", Bad(Start(1, 0, 0, H264SliceType.I).Se(26)).Element);
        Assert.Equal(0, Good(Start(1, 0, 0, H264SliceType.I).Se(-26)).SliceQp);
        Assert.Equal("slice_qp_delta", Bad(Start(1, 0, 0, H264SliceType.I).Se(-27)).Element);
        _sps.BitDepthLumaMinus8 = 2;
        Assert.Equal(-12, Good(Start(1, 0, 0, H264SliceType.I).Se(-38)).SliceQp);
    }

    [Fact]
    public void OtherUnitsAndSetsAreRefused()
    {
        Assert.Equal(H264ParseReason.WrongNalUnit, Bad(Start(3, 0, 0, H264SliceType.I).Se(0)).Reason);
        Assert.Equal(H264ParseReason.WrongNalUnit, Bad(new H264BitWriter().U(8, 0x81).Ue(0, 7, 0)).Reason);
        Assert.Equal(H264ParseReason.OutOfRange, Bad(H264BitWriter.Nal(1).Ue(0, 10, 0)).Reason);
        _pps.Pps.PicParameterSetId = 3;
        Assert.Equal(H264ParseReason.MissingParameterSet, Bad(Start(1, 0, 0, H264SliceType.I).Se(0)).Reason);
        Assert.True(H264SliceHeaderParser.TryReadPpsId(H264BitWriter.Nal(1).Ue(17, 2, 200).Bytes(), out int first, out int pps));
        Assert.Equal((17, 200), (first, pps));
        Assert.False(H264SliceHeaderParser.TryReadPpsId(H264BitWriter.Nal(1).Ue(17, 2, 256).Bytes(), out _, out _));
    }

    [Fact]
    public void CutsAndFlippedBitsStayInRange()
    {
        _pps.Pps.Flags = H264PpsFlags.WeightedPred | H264PpsFlags.DeblockingFilterControlPresent | H264PpsFlags.EntropyCodingMode;
        byte[] good = Start(1, 1, 3, H264SliceType.P).U(1, 1).Ue(1).U(1, 1).Ue(0, 5, 2, 3, 3).Ue(5, 3).U(2, 0).U(1, 1).Se(-9, 7).U(1, 1).Se(1, 2, 3, 4).U(1, 1).Ue(1, 7, 3, 4, 5, 0).Ue(2).Se(3).Ue(0).Se(-2, 3).Bytes();
        Assert.True(H264SliceHeaderParser.TryParse(good, _sps, _pps, out _, out H264ParseError error), error.ToString());
        for (int i = 0; i < good.Length - 1; i++)
        {
            Assert.False(H264SliceHeaderParser.TryParse(good.AsSpan(0, i), _sps, _pps, out _, out error));
            Assert.Equal(H264ParseReason.Truncated, error.Reason);
        }
        for (int i = 8; i < good.Length * 8; i++)
        {
            byte[] flipped = [.. good, .. new byte[16]];
            flipped[i / 8] ^= (byte)(0x80 >> (i & 7));
            if (!H264SliceHeaderParser.TryParse(flipped, _sps, _pps, out H264SliceHeader h, out _))
                continue;
            Assert.InRange(h.FirstMbInSlice, 0, 47);
            Assert.InRange(h.NumRefIdxActive0, 0, 16);
            Assert.InRange(h.SliceQp, 0, 51);
            Assert.InRange(h.CabacInitIdc, 0, 2);
            Assert.InRange(h.ModificationCount0, 0, h.NumRefIdxActive0);
        }
    }
}
