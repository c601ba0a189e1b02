// SPDX-License-Identifier: LGPL-2.1-or-later
using System.Numerics;
using Daedalus.V4L2.Controls;

namespace Daedalus.Bitstream.H264;

/// <summary>What precedes slice_data() in data partitions B and C (spec 7.3.2.9.2, 7.3.2.9.3).</summary>
public struct H264PartitionHeader
{
    /// <summary>nal_unit_type 3 or 4.</summary>
    public byte NalUnitType;
    /// <summary>colour_plane_id.</summary>
    public byte ColourPlaneId;
    /// <summary>redundant_pic_cnt.</summary>
    public int RedundantPicCnt;
    /// <summary>slice_id: that of the partition A it belongs to.</summary>
    public uint SliceId;
    /// <summary>Bits from the NAL unit's header byte to slice_data(), emulation prevention bytes not counted.</summary>
    public uint HeaderBitSize;
}

/// <summary>Slice headers (spec 7.3.3), without allocation. What is let through is safe to index with.</summary>
public static unsafe class H264SliceHeaderParser
{
    /// <summary>Unescaped bytes that hold any slice header.</summary>
    public const int MaxHeaderBytes = 4096;

    private const uint SliceTypes = 1 << 1 | 1 << 2 | 1 << 5;
    private const uint PartitionTypes = 1 << 3 | 1 << 4;

    /// <summary>Reads what is needed to find the parameter sets.</summary>
    /// <param name="nal">Unescaped, from the NAL header byte; types 1, 2 and 5.</param>
    /// <param name="firstMb">first_mb_in_slice.</param>
    /// <param name="ppsId">pic_parameter_set_id.</param>
    public static bool TryReadPpsId(ReadOnlySpan<byte> nal, out int firstMb, out int ppsId)
    {
        var r = new H264SyntaxReader(nal);
        r.NalHeader(SliceTypes, out _, out _);
        firstMb = (int)r.Ue(DaedalusCtrlH264PictureParameters.MaxMapUnits, "first_mb_in_slice");
        r.Ue(9, "slice_type");
        ppsId = (int)r.Ue(255, "pic_parameter_set_id");
        return !r.Failed;
    }

    /// <summary>Parses a slice header; for partition A slice_id, too.</summary>
    /// <param name="nal">Unescaped, from the NAL header byte; a prefix is enough. Types 1, 2 and 5.</param>
    /// <param name="sps">Active sequence parameter set.</param>
    /// <param name="pps">Picture parameter set of the slice.</param>
    /// <param name="header">The header.</param>
    /// <param name="error">What is wrong, when false is returned.</param>
    public static bool TryParse(ReadOnlySpan<byte> nal, in V4L2CtrlH264Sps sps, in DaedalusCtrlH264PictureParameters pps, out H264SliceHeader header, out H264ParseError error)
    {
        header = default;
        var r = new H264SyntaxReader(nal);
        if (r.NalHeader(SliceTypes, out header.NalRefIdc, out header.NalUnitType))
            Parse(ref r, sps, pps, ref header);
        error = r.Error;
        return !r.Failed;
    }

    /// <summary>Parses what precedes slice_data() in a data partition B or C.</summary>
    /// <param name="nal">Unescaped, from the NAL header byte; types 3 and 4.</param>
    /// <param name="sps">Active sequence parameter set.</param>
    /// <param name="pps">Picture parameter set of the partition A.</param>
    /// <param name="header">The header.</param>
    /// <param name="error">What is wrong, when false is returned.</param>
    public static bool TryParsePartition(ReadOnlySpan<byte> nal, in V4L2CtrlH264Sps sps, in DaedalusCtrlH264PictureParameters pps, out H264PartitionHeader header, out H264ParseError error)
    {
        header = default;
        var r = new H264SyntaxReader(nal);
        if (r.NalHeader(PartitionTypes, out _, out header.NalUnitType))
        {
            header.SliceId = r.Ue(DaedalusCtrlH264PictureParameters.MaxMapUnits, "slice_id");
            if ((sps.Flags & H264SpsFlags.SeparateColourPlane) != 0)
                header.ColourPlaneId = ColourPlane(ref r);
            if ((pps.Pps.Flags & H264PpsFlags.RedundantPicCntPresent) != 0)
                header.RedundantPicCnt = (int)r.Ue(127, "redundant_pic_cnt");
            header.HeaderBitSize = (uint)r.Position;
        }
        error = r.Error;
        return !r.Failed;
    }

    private static byte ColourPlane(ref H264SyntaxReader r)
    {
        int at = r.Position;
        uint plane = r.U(2, "colour_plane_id");
        if (plane > 2)
            r.Fail(H264ParseReason.OutOfRange, "colour_plane_id", at);
        return (byte)plane;
    }

    private static void Parse(ref H264SyntaxReader r, in V4L2CtrlH264Sps sps, in DaedalusCtrlH264PictureParameters parameters, ref H264SliceHeader h)
    {
        ref readonly V4L2CtrlH264Pps pps = ref parameters.Pps;
        bool frameMbsOnly = (sps.Flags & H264SpsFlags.FrameMbsOnly) != 0;
        bool separatePlanes = (sps.Flags & H264SpsFlags.SeparateColourPlane) != 0;
        bool picOrderPresent = (pps.Flags & H264PpsFlags.BottomFieldPicOrderInFramePresent) != 0;
        int log2MaxFrameNum = sps.Log2MaxFrameNumMinus4 + 4;

        int firstMbAt = r.Position;
        h.FirstMbInSlice = (int)r.Ue(DaedalusCtrlH264PictureParameters.MaxMapUnits, "first_mb_in_slice");
        h.SliceType = (H264SliceType)(r.Ue(9, "slice_type") % 5);
        int ppsAt = r.Position;
        h.PicParameterSetId = (byte)r.Ue(255, "pic_parameter_set_id");
        // The caller looked the set up by TryReadPpsId; with another one everything below would be read wrongly.
        if (h.PicParameterSetId != pps.PicParameterSetId)
            r.Fail(H264ParseReason.MissingParameterSet, "pic_parameter_set_id", ppsAt);
        if (separatePlanes)
            h.ColourPlaneId = ColourPlane(ref r);
        h.FrameNum = (int)r.U(log2MaxFrameNum, "frame_num");
        if (!frameMbsOnly)
        {
            h.FieldPic = r.Flag("field_pic_flag");
            if (h.FieldPic)
                h.BottomField = r.Flag("bottom_field_flag");
        }
        h.MbaffFrame = (sps.Flags & H264SpsFlags.MbAdaptiveFrameField) != 0 && !frameMbsOnly && !h.FieldPic;

        // Map units are macroblock pairs (or field macroblocks) unless frame_mbs_only_flag: in a frame twice as many macroblocks, but
        // first_mb_in_slice of an MBAFF frame counts pairs (spec 7.4.3).
        int mapUnits = (sps.PicWidthInMbsMinus1 + 1) * (sps.PicHeightInMapUnitsMinus1 + 1);
        int firstMbLimit = frameMbsOnly || h.FieldPic || h.MbaffFrame ? mapUnits : mapUnits * 2;
        if (h.FirstMbInSlice >= firstMbLimit)
            r.Fail(H264ParseReason.OutOfRange, "first_mb_in_slice", firstMbAt);

        if (h.NalUnitType == 5)
            h.IdrPicId = (int)r.Ue(65535, "idr_pic_id");

        int orderAt = r.Position;
        if (sps.PicOrderCntType == 0)
        {
            h.PicOrderCntLsb = (int)r.U(sps.Log2MaxPicOrderCntLsbMinus4 + 4, "pic_order_cnt_lsb");
            if (picOrderPresent && !h.FieldPic)
                h.DeltaPicOrderCntBottom = r.Se(-int.MaxValue, int.MaxValue, "delta_pic_order_cnt_bottom");
        }
        else if (sps.PicOrderCntType == 1 && (sps.Flags & H264SpsFlags.DeltaPicOrderAlwaysZero) == 0)
        {
            h.DeltaPicOrderCnt0 = r.Se(-int.MaxValue, int.MaxValue, "delta_pic_order_cnt[0]");
            if (picOrderPresent && !h.FieldPic)
                h.DeltaPicOrderCnt1 = r.Se(-int.MaxValue, int.MaxValue, "delta_pic_order_cnt[1]");
        }
        h.PicOrderCntBitSize = (uint)(r.Position - orderAt);

        if ((pps.Flags & H264PpsFlags.RedundantPicCntPresent) != 0)
            h.RedundantPicCnt = (int)r.Ue(127, "redundant_pic_cnt");

        bool isP = h.SliceType is H264SliceType.P or H264SliceType.SP, isB = h.SliceType == H264SliceType.B;
        if (isB)
            h.DirectSpatialMvPred = r.Flag("direct_spatial_mv_pred_flag");
        if (isP || isB)
        {
            ReadReferenceCounts(ref r, pps, isB, ref h);
            if (r.Failed)
                return;
            int maxPicNum = 1 << (log2MaxFrameNum + (h.FieldPic ? 1 : 0));
            fixed (H264SliceHeader* p = &h)
            {
                h.ModificationCount0 = ReadModification(ref r, p->ModificationIdc0, p->ModificationValue0, h.NumRefIdxActive0, maxPicNum);
                if (isB)
                    h.ModificationCount1 = ReadModification(ref r, p->ModificationIdc1, p->ModificationValue1, h.NumRefIdxActive1, maxPicNum);
            }
            if (r.Failed)
                return;
            if (isP ? (pps.Flags & H264PpsFlags.WeightedPred) != 0 : pps.WeightedBipredIdc == 1)
                ReadWeights(ref r, hasChroma: sps.ChromaFormatIdc != 0 && !separatePlanes, isB, ref h);
        }
        if (h.NalRefIdc != 0)
        {
            int at = r.Position;
            ReadMarking(ref r, 1 << (log2MaxFrameNum + (h.FieldPic ? 1 : 0)), ref h);
            h.MarkingBitSize = (uint)(r.Position - at);
        }
        if (r.Failed)
            return;
        ReadQuantiserAndFilter(ref r, sps, pps, ref h);

        if (pps.NumSliceGroupsMinus1 > 0 && parameters.SliceGroupMapType is >= 3 and <= 5)
        {
            // Ceil(Log2(PicSizeInMapUnits ÷ SliceGroupChangeRate + 1)) bits (spec 7.4.3); the division is exact.
            long rate = parameters.SliceGroupChangeRateMinus1 + 1L;
            long cycles = (mapUnits + rate - 1) / rate;
            int bits = 64 - BitOperations.LeadingZeroCount((ulong)cycles);
            int at = r.Position;
            h.SliceGroupChangeCycle = r.U(bits, "slice_group_change_cycle");
            if (h.SliceGroupChangeCycle > cycles)
                r.Fail(H264ParseReason.OutOfRange, "slice_group_change_cycle", at);
        }
        if (h.NalUnitType == 2)
            h.SliceId = r.Ue(DaedalusCtrlH264PictureParameters.MaxMapUnits, "slice_id");
        h.HeaderBitSize = (uint)r.Position;
    }

    private static void ReadReferenceCounts(ref H264SyntaxReader r, in V4L2CtrlH264Pps pps, bool isB, ref H264SliceHeader h)
    {
        // Field pictures may have 32 entries, frames 16 (in MBAFF frames, too: field macroblocks double them; spec 7.4.3).
        uint max = h.FieldPic ? 31u : 15u;
        uint count0 = pps.NumRefIdxL0DefaultActiveMinus1, count1 = pps.NumRefIdxL1DefaultActiveMinus1;
        int at = r.Position;
        if (r.Flag("num_ref_idx_active_override_flag"))
        {
            count0 = r.Ue(max, "num_ref_idx_l0_active_minus1");
            if (isB)
                count1 = r.Ue(max, "num_ref_idx_l1_active_minus1");
        }
        if (count0 > max || (isB && count1 > max))
            r.Fail(H264ParseReason.OutOfRange, "num_ref_idx_active_override_flag", at);
        h.NumRefIdxActive0 = (byte)(Math.Min(count0, max) + 1);
        h.NumRefIdxActive1 = (byte)(isB ? Math.Min(count1, max) + 1 : 0);
    }

    /// <summary>ref_pic_list_modification() of one list (spec 7.3.3.1, 7.4.3.1).</summary>
    private static byte ReadModification(ref H264SyntaxReader r, byte* idc, uint* value, int active, int maxPicNum)
    {
        int count = 0;
        if (!r.Flag("ref_pic_list_modification_flag"))
            return 0;
        while (!r.Failed)
        {
            int at = r.Position;
            // 4 and 5 are MVC's.
            uint command = r.Ue(3, "modification_of_pic_nums_idc");
            if (command == 3)
                break;
            if (count == active)
            {
                r.Fail(H264ParseReason.OutOfRange, "modification_of_pic_nums_idc", at);
                break;
            }
            idc[count] = (byte)command;
            value[count] = command == 2 ? r.Ue(31, "long_term_pic_num") : r.Ue((uint)maxPicNum - 1, "abs_diff_pic_num_minus1");
            count++;
        }
        return (byte)count;
    }

    /// <summary>pred_weight_table() (spec 7.3.3.2).</summary>
    private static void ReadWeights(ref H264SyntaxReader r, bool hasChroma, bool isB, ref H264SliceHeader h)
    {
        h.HasWeights = true;
        h.Weights.LumaLog2WeightDenom = (ushort)r.Ue(7, "luma_log2_weight_denom");
        if (hasChroma)
            h.Weights.ChromaLog2WeightDenom = (ushort)r.Ue(7, "chroma_log2_weight_denom");
        ReadWeights(ref r, hasChroma, h.NumRefIdxActive0, h.Weights, ref h.Weights.Factors0);
        if (isB)
            ReadWeights(ref r, hasChroma, h.NumRefIdxActive1, h.Weights, ref h.Weights.Factors1);
    }

    private static void ReadWeights(ref H264SyntaxReader r, bool hasChroma, int count, in V4L2CtrlH264PredWeights w, ref V4L2H264WeightFactors f)
    {
        short luma = (short)(1 << w.LumaLog2WeightDenom), chroma = (short)(1 << w.ChromaLog2WeightDenom);
        for (int i = 0; i < count && !r.Failed; i++)
        {
            f.LumaWeight[i] = luma;
            if (r.Flag("luma_weight_flag"))
            {
                f.LumaWeight[i] = (short)r.Se(-128, 127, "luma_weight");
                f.LumaOffset[i] = (short)r.Se(-128, 127, "luma_offset");
            }
            f.ChromaWeight[2 * i] = f.ChromaWeight[2 * i + 1] = chroma;
            if (!hasChroma || !r.Flag("chroma_weight_flag"))
                continue;
            for (int j = 2 * i; j < 2 * i + 2; j++)
            {
                f.ChromaWeight[j] = (short)r.Se(-128, 127, "chroma_weight");
                f.ChromaOffset[j] = (short)r.Se(-128, 127, "chroma_offset");
            }
        }
    }

    /// <summary>dec_ref_pic_marking() (spec 7.3.3.3, 7.4.3.3).</summary>
    private static void ReadMarking(ref H264SyntaxReader r, int maxPicNum, ref H264SliceHeader h)
    {
        if (h.NalUnitType == 5)
        {
            h.NoOutputOfPriorPics = r.Flag("no_output_of_prior_pics_flag");
            h.LongTermReference = r.Flag("long_term_reference_flag");
            return;
        }
        h.AdaptiveRefPicMarking = r.Flag("adaptive_ref_pic_marking_mode_flag");
        if (!h.AdaptiveRefPicMarking)
            return;
        while (!r.Failed)
        {
            int at = r.Position;
            uint operation = r.Ue(6, "memory_management_control_operation");
            if (operation == 0)
                break;
            if (h.MarkingCount == H264SliceHeader.MaxCommands)
            {
                r.Fail(H264ParseReason.OutOfRange, "memory_management_control_operation", at);
                break;
            }
            int n = h.MarkingCount++;
            h.MarkingOperation[n] = (byte)operation;
            h.MarkingValue[n] = operation switch
            {
                1 or 3 => r.Ue((uint)maxPicNum - 1, "difference_of_pic_nums_minus1"),
                2 => r.Ue(31, "long_term_pic_num"),
                4 => r.Ue(16, "max_long_term_frame_idx_plus1"),
                6 => r.Ue(15, "long_term_frame_idx"),
                _ => 0,
            };
            if (operation == 3)
                h.MarkingLongTermFrameIdx[n] = r.Ue(15, "long_term_frame_idx");
        }
    }

    private static void ReadQuantiserAndFilter(ref H264SyntaxReader r, in V4L2CtrlH264Sps sps, in V4L2CtrlH264Pps pps, ref H264SliceHeader h)
    {
        if ((pps.Flags & H264PpsFlags.EntropyCodingMode) != 0 && h.SliceType is not (H264SliceType.I or H264SliceType.SI))
            h.CabacInitIdc = (byte)r.Ue(2, "cabac_init_idc");

        // slice_qp_delta may not take SliceQPY out of -QpBdOffsetY..51 (spec 7-30).
        int initQp = 26 + pps.PicInitQpMinus26;
        h.SliceQpDelta = (sbyte)r.Se(-6 * sps.BitDepthLumaMinus8 - initQp, 51 - initQp, "slice_qp_delta");
        h.SliceQp = (sbyte)(initQp + h.SliceQpDelta);
        if (h.SliceType is H264SliceType.SP or H264SliceType.SI)
        {
            if (h.SliceType == H264SliceType.SP)
                h.SpForSwitch = r.Flag("sp_for_switch_flag");
            int initQs = 26 + pps.PicInitQsMinus26;
            h.SliceQsDelta = (sbyte)r.Se(-initQs, 51 - initQs, "slice_qs_delta");
            h.SliceQs = (sbyte)(initQs + h.SliceQsDelta);
        }
        if ((pps.Flags & H264PpsFlags.DeblockingFilterControlPresent) != 0)
        {
            h.DisableDeblockingFilterIdc = (byte)r.Ue(2, "disable_deblocking_filter_idc");
            if (h.DisableDeblockingFilterIdc != 1)
            {
                h.FilterOffsetA = (sbyte)(2 * r.Se(-6, 6, "slice_alpha_c0_offset_div2"));
                h.FilterOffsetB = (sbyte)(2 * r.Se(-6, 6, "slice_beta_offset_div2"));
            }
        }
    }
}
