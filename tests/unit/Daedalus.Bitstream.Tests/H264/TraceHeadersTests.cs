// SPDX-License-Identifier: LGPL-2.1-or-later
using Daedalus.Bitstream.H264;
using Daedalus.V4L2.Controls;
using Xunit;

namespace Daedalus.Bitstream.Tests.H264;

/// <summary>Every header of real streams against what ffmpeg's coded bitstream reader says about it.</summary>
public sealed unsafe class TraceHeadersTests : IDisposable
{
    private readonly string _file = Path.Combine(Path.GetTempPath(), $"daedalus-{Guid.NewGuid():N}.264");

    public void Dispose() => File.Delete(_file);

    [Theory]
    [InlineData("yuv420p", "profile=baseline", "slices=3:ref=4:no-deblock=1")]
    [InlineData("yuv420p", "profile=high", "weightp=2:bframes=3:b-pyramid=normal:ref=5:keyint=12:open-gop=1")]
    [InlineData("yuv420p", "profile=main", "interlaced=1:weightb=1:ref=4:nal-hrd=vbr:vbv-maxrate=500:vbv-bufsize=500:pic-struct=1")]
    [InlineData("yuv420p", "profile=high", "cqm=jvt:deblock=-2,3:sar=12/11:fullrange=on:colorprim=bt709:transfer=bt709:colormatrix=bt709:overscan=show:chromaloc=2:crop-rect=2,4,6,8")]
    [InlineData("yuv422p10le", "profile=high422", "intra-refresh=1:constrained-intra=1:cqm4i=9,8,7,6,5,4,3,2,1,9,9,9,9,9,9,9")]
    [InlineData("yuv444p", "profile=high444", "qp=0:chroma-qp-offset=-3")]
    [InlineData("yuv444p", "profile=high444", "cqm=jvt:crop-rect=1,3,5,7")]
    [InlineData("gray", "profile=high", "bframes=2")]
    [InlineData("yuv420p", "profile=high", "fake-interlaced=1:direct=temporal:weightp=1")]
    public void EncodedStreams(string format, string profile, string options)
    {
        if (!TraceHeaders.Available)
            return;
        string log = TraceHeaders.Run("-f", "lavfi", "-i", "testsrc=s=176x144:r=25:d=1,fade=in:0:20", "-pix_fmt", format, "-c:v", "libx264", "-profile:v", profile["profile=".Length..], "-x264-params", options, _file);
        Assert.True(File.Exists(_file) && new FileInfo(_file).Length > 0, log);
        Assert.True(Compare(_file, 25) > 20);
    }

    public static TheoryData<string> Vectors()
    {
        string? directory = Environment.GetEnvironmentVariable("DAEDALUS_VECTORS");
        var data = new TheoryData<string>();
        if (directory != null && Directory.Exists(Path.Combine(directory, "h264")))
        {
            foreach (string file in Directory.GetFiles(Path.Combine(directory, "h264")).Order(StringComparer.Ordinal))
                data.Add(file);
        }
        if (data.Count == 0)
            data.Add("");
        return data;
    }

    [Theory]
    [MemberData(nameof(Vectors))]
    public void ConformanceStreams(string file)
    {
        if (!TraceHeaders.Available || file.Length == 0)
            return;
        Compare(file, 30);
    }

    /// <summary>Compares the units both saw, in order; returns how many.</summary>
    private static int Compare(string file, int frames)
    {
        byte[] data = File.ReadAllBytes(file);
        var sets = new H264ParameterSets();
        List<TracedUnit> trace = TraceHeaders.Trace(file, frames);
        int next = 0, position = 0, compared = 0;
        while (H264NalUnits.TryNext(data, ref position, out int start, out int length) && next < trace.Count)
        {
            ReadOnlySpan<byte> nal = data.AsSpan(start, length);
            byte[] plain = new byte[nal.Length];
            plain = plain[..H264NalUnits.Unescape(nal, plain)];
            H264NalUnitType type = H264NalUnits.Type(nal);
            string? kind = type switch
            {
                H264NalUnitType.Slice or H264NalUnitType.IdrSlice => "Slice Header",
                H264NalUnitType.Sps => "Sequence Parameter Set",
                H264NalUnitType.Pps => "Picture Parameter Set",
                _ => null,
            };
            if (kind == null)
                continue;
            while (next < trace.Count && trace[next].Kind is not ("Slice Header" or "Sequence Parameter Set" or "Picture Parameter Set"))
                next++;
            if (next == trace.Count)
                break;
            TracedUnit unit = trace[next++];
            Assert.Equal(unit.Kind, kind);
            var fields = new Fields(unit);
            switch (type)
            {
                case H264NalUnitType.Sps:
                    Assert.True(sets.Add(nal, out H264ParseError error), error.ToString());
                    Sps(sets.GetSps((int)unit.Get("seq_parameter_set_id"))!, fields);
                    break;
                case H264NalUnitType.Pps:
                    Assert.True(sets.Add(nal, out error), error.ToString());
                    Assert.True(sets.TryGetPps((int)unit.Get("pic_parameter_set_id"), out H264Pps? pps, out error), error.ToString());
                    Pps(pps, fields);
                    break;
                default:
                    Assert.True(H264SliceHeaderParser.TryReadPpsId(plain, out _, out int id));
                    Assert.True(sets.TryGetPps(id, out pps, out error), error.ToString());
                    Assert.True(H264SliceHeaderParser.TryParse(plain, pps.Sps.Control, pps.Parameters, out H264SliceHeader header, out error), error.ToString());
                    Slice(header, pps, fields);
                    break;
            }
            fields.Done();
            compared++;
        }
        Assert.Equal(trace.Count(u => u.Kind is "Slice Header" or "Sequence Parameter Set" or "Picture Parameter Set"), compared);
        return compared;
    }

    /// <summary>The elements of a unit; each is asked for, so that none is forgotten.</summary>
    private sealed class Fields(TracedUnit unit)
    {
        private readonly HashSet<string> _seen = ["forbidden_zero_bit", "nal_ref_idc", "nal_unit_type", "cabac_alignment_one_bit", "rbsp_stop_one_bit", "rbsp_alignment_zero_bit"];

        public TracedUnit Unit => unit;

        public void Is(string name, long ours, long absent = 0)
        {
            _seen.Add(name);
            Assert.Equal($"{name}={unit.Get(name, absent)}", $"{name}={ours}");
        }

        public void Is(string name, bool ours) => Is(name, ours ? 1 : 0);

        public void Pass(params string[] names) => _seen.UnionWith(names);

        public void Done()
        {
            foreach (TracedElement e in unit.Elements)
                Assert.True(_seen.Contains(e.Name) || e.Name.Contains("scaling_list", StringComparison.Ordinal) || e.Name.StartsWith("delta_scale", StringComparison.Ordinal), $"{e.Name} was not compared");
        }
    }

    private static void Sps(H264Sps s, Fields f)
    {
        V4L2CtrlH264Sps c = s.Control;
        f.Is("profile_idc", c.ProfileIdc);
        for (int i = 0; i < 6; i++)
            f.Is($"constraint_set{i}_flag", c.ConstraintSetFlags >> i & 1);
        f.Pass("reserved_zero_2bits");
        f.Is("level_idc", c.LevelIdc);
        f.Is("seq_parameter_set_id", c.SeqParameterSetId);
        f.Is("chroma_format_idc", c.ChromaFormatIdc, 1);
        f.Is("separate_colour_plane_flag", s.SeparateColourPlanes);
        f.Is("bit_depth_luma_minus8", c.BitDepthLumaMinus8);
        f.Is("bit_depth_chroma_minus8", c.BitDepthChromaMinus8);
        f.Is("qpprime_y_zero_transform_bypass_flag", (c.Flags & H264SpsFlags.QpPrimeYZeroTransformBypass) != 0);
        f.Is("seq_scaling_matrix_present_flag", s.HasScalingMatrix);
        f.Is("log2_max_frame_num_minus4", c.Log2MaxFrameNumMinus4);
        f.Is("pic_order_cnt_type", c.PicOrderCntType);
        f.Is("log2_max_pic_order_cnt_lsb_minus4", c.Log2MaxPicOrderCntLsbMinus4);
        f.Is("delta_pic_order_always_zero_flag", (c.Flags & H264SpsFlags.DeltaPicOrderAlwaysZero) != 0);
        f.Is("offset_for_non_ref_pic", c.OffsetForNonRefPic);
        f.Is("offset_for_top_to_bottom_field", c.OffsetForTopToBottomField);
        f.Is("num_ref_frames_in_pic_order_cnt_cycle", c.NumRefFramesInPicOrderCntCycle);
        for (int i = 0; i < c.NumRefFramesInPicOrderCntCycle; i++)
            f.Is($"offset_for_ref_frame[{i}]", c.OffsetForRefFrame[i]);
        f.Is("max_num_ref_frames", c.MaxNumRefFrames);
        f.Is("gaps_in_frame_num_allowed_flag", (c.Flags & H264SpsFlags.GapsInFrameNumAllowed) != 0);
        f.Is("pic_width_in_mbs_minus1", c.PicWidthInMbsMinus1);
        f.Is("pic_height_in_map_units_minus1", c.PicHeightInMapUnitsMinus1);
        f.Is("frame_mbs_only_flag", s.FrameMbsOnly);
        f.Is("mb_adaptive_frame_field_flag", (c.Flags & H264SpsFlags.MbAdaptiveFrameField) != 0);
        f.Is("direct_8x8_inference_flag", (c.Flags & H264SpsFlags.Direct8x8Inference) != 0);
        f.Pass("frame_cropping_flag");
        int unitX = s.ChromaArrayType is 1 or 2 ? 2 : 1, unitY = (s.ChromaArrayType == 1 ? 2 : 1) * (s.FrameMbsOnly ? 1 : 2);
        f.Is("frame_crop_left_offset", s.CropLeft / unitX);
        f.Is("frame_crop_right_offset", s.CropRight / unitX);
        f.Is("frame_crop_top_offset", s.CropTop / unitY);
        f.Is("frame_crop_bottom_offset", s.CropBottom / unitY);
        Vui(s, f);
    }

    private static void Vui(H264Sps s, Fields f)
    {
        H264Vui v = s.Vui;
        f.Is("vui_parameters_present_flag", s.HasVui);
        Assert.False(v.Damaged);
        f.Pass("aspect_ratio_info_present_flag", "aspect_ratio_idc");
        if (f.Unit.Find("aspect_ratio_idc") == 255)
        {
            f.Is("sar_width", v.SarWidth);
            f.Is("sar_height", v.SarHeight);
        }
        else
            Assert.Equal(f.Unit.Get("aspect_ratio_idc") != 0, v.HasAspectRatio);
        f.Is("overscan_info_present_flag", v.HasOverscan);
        f.Is("overscan_appropriate_flag", v.OverscanAppropriate);
        f.Is("video_signal_type_present_flag", v.HasVideoSignalType);
        f.Is("video_format", v.VideoFormat, 5);
        f.Is("video_full_range_flag", v.FullRange);
        f.Is("colour_description_present_flag", v.HasColourDescription);
        f.Is("colour_primaries", v.ColourPrimaries, 2);
        f.Is("transfer_characteristics", v.TransferCharacteristics, 2);
        f.Is("matrix_coefficients", v.MatrixCoefficients, 2);
        f.Is("chroma_loc_info_present_flag", v.HasChromaLocation);
        f.Is("chroma_sample_loc_type_top_field", v.ChromaLocationTop);
        f.Is("chroma_sample_loc_type_bottom_field", v.ChromaLocationBottom);
        f.Is("timing_info_present_flag", v.HasTiming);
        f.Is("num_units_in_tick", v.NumUnitsInTick);
        f.Is("time_scale", v.TimeScale);
        f.Is("fixed_frame_rate_flag", v.FixedFrameRate);
        f.Is("nal_hrd_parameters_present_flag", v.HasNalHrd);
        f.Is("vcl_hrd_parameters_present_flag", v.HasVclHrd);
        f.Is("cpb_removal_delay_length_minus1", v.CpbRemovalDelayLength - 1, 23);
        f.Is("dpb_output_delay_length_minus1", v.DpbOutputDelayLength - 1, 23);
        f.Is("time_offset_length", v.TimeOffsetLength, 24);
        f.Is("low_delay_hrd_flag", v.LowDelayHrd);
        f.Is("pic_struct_present_flag", v.PicStructPresent);
        f.Is("bitstream_restriction_flag", v.HasBitstreamRestriction);
        f.Is("max_num_reorder_frames", v.NumReorderFrames, -1);
        f.Is("max_dec_frame_buffering", v.MaxDecFrameBuffering, -1);
        f.Pass("cpb_cnt_minus1", "bit_rate_scale", "cpb_size_scale", "bit_rate_value_minus1[0]", "cpb_size_value_minus1[0]", "cbr_flag[0]", "initial_cpb_removal_delay_length_minus1");
        f.Pass("motion_vectors_over_pic_boundaries_flag", "max_bytes_per_pic_denom", "max_bits_per_mb_denom", "log2_max_mv_length_horizontal", "log2_max_mv_length_vertical");
    }

    private static void SliceGroups(H264Pps set, Fields f)
    {
        DaedalusCtrlH264PictureParameters d = set.Parameters;
        f.Is("slice_group_map_type", d.SliceGroupMapType);
        for (int i = 0; i < 8; i++)
        {
            f.Is($"run_length_minus1[{i}]", d.RunLengthMinus1[i]);
            f.Is($"top_left[{i}]", d.TopLeft[i]);
            f.Is($"bottom_right[{i}]", d.BottomRight[i]);
        }
        f.Is("slice_group_change_direction_flag", d.SliceGroupChangeDirection);
        f.Is("slice_group_change_rate_minus1", d.SliceGroupChangeRateMinus1);
        f.Is("pic_size_in_map_units_minus1", d.MapUnits - 1L, -1);
        for (int i = 0; i < d.MapUnits; i++)
            f.Is($"slice_group_id[{i}]", ((byte*)d.SliceGroupId)[i]);
        GC.KeepAlive(set);
    }

    private static void Pps(H264Pps set, Fields f)
    {
        V4L2CtrlH264Pps c = set.Parameters.Pps;
        f.Is("pic_parameter_set_id", c.PicParameterSetId);
        f.Is("seq_parameter_set_id", c.SeqParameterSetId);
        f.Is("entropy_coding_mode_flag", (c.Flags & H264PpsFlags.EntropyCodingMode) != 0);
        f.Is("bottom_field_pic_order_in_frame_present_flag", (c.Flags & H264PpsFlags.BottomFieldPicOrderInFramePresent) != 0);
        f.Is("num_slice_groups_minus1", c.NumSliceGroupsMinus1);
        SliceGroups(set, f);
        f.Is("num_ref_idx_l0_default_active_minus1", c.NumRefIdxL0DefaultActiveMinus1);
        f.Is("num_ref_idx_l1_default_active_minus1", c.NumRefIdxL1DefaultActiveMinus1);
        f.Is("weighted_pred_flag", (c.Flags & H264PpsFlags.WeightedPred) != 0);
        f.Is("weighted_bipred_idc", c.WeightedBipredIdc);
        f.Is("pic_init_qp_minus26", c.PicInitQpMinus26);
        f.Is("pic_init_qs_minus26", c.PicInitQsMinus26);
        f.Is("chroma_qp_index_offset", c.ChromaQpIndexOffset);
        f.Is("deblocking_filter_control_present_flag", (c.Flags & H264PpsFlags.DeblockingFilterControlPresent) != 0);
        f.Is("constrained_intra_pred_flag", (c.Flags & H264PpsFlags.ConstrainedIntraPred) != 0);
        f.Is("redundant_pic_cnt_present_flag", (c.Flags & H264PpsFlags.RedundantPicCntPresent) != 0);
        f.Is("transform_8x8_mode_flag", (c.Flags & H264PpsFlags.Transform8x8Mode) != 0);
        f.Pass("pic_scaling_matrix_present_flag");
        f.Is("second_chroma_qp_index_offset", c.SecondChromaQpIndexOffset, c.ChromaQpIndexOffset);
    }

    private static void Slice(H264SliceHeader h, H264Pps set, Fields f)
    {
        ref readonly V4L2CtrlH264Pps pps = ref set.Parameters.Pps;
        f.Is("first_mb_in_slice", h.FirstMbInSlice);
        f.Is("slice_type", (int)h.SliceType + (f.Unit.Get("slice_type") >= 5 ? 5 : 0));
        f.Is("pic_parameter_set_id", h.PicParameterSetId);
        f.Is("colour_plane_id", h.ColourPlaneId);
        f.Is("frame_num", h.FrameNum);
        f.Is("field_pic_flag", h.FieldPic);
        f.Is("bottom_field_flag", h.BottomField);
        f.Is("idr_pic_id", h.IdrPicId);
        f.Is("pic_order_cnt_lsb", h.PicOrderCntLsb);
        f.Is("delta_pic_order_cnt_bottom", h.DeltaPicOrderCntBottom);
        f.Is("delta_pic_order_cnt[0]", h.DeltaPicOrderCnt0);
        f.Is("delta_pic_order_cnt[1]", h.DeltaPicOrderCnt1);
        f.Is("redundant_pic_cnt", h.RedundantPicCnt);
        f.Is("direct_spatial_mv_pred_flag", h.DirectSpatialMvPred);
        bool isB = h.SliceType == H264SliceType.B, isP = h.SliceType is H264SliceType.P or H264SliceType.SP;
        f.Pass("num_ref_idx_active_override_flag");
        f.Is("num_ref_idx_l0_active_minus1", h.NumRefIdxActive0 - 1, isB || isP ? pps.NumRefIdxL0DefaultActiveMinus1 : -1);
        f.Is("num_ref_idx_l1_active_minus1", h.NumRefIdxActive1 - 1, isB ? pps.NumRefIdxL1DefaultActiveMinus1 : -1);
        Modification(h, f);
        Marking(h, f);
        Weights(h, f);
        f.Is("cabac_init_idc", h.CabacInitIdc);
        f.Is("slice_qp_delta", h.SliceQpDelta);
        Assert.Equal(26 + pps.PicInitQpMinus26 + h.SliceQpDelta, h.SliceQp);
        f.Is("sp_for_switch_flag", h.SpForSwitch);
        f.Is("slice_qs_delta", h.SliceQsDelta);
        f.Is("disable_deblocking_filter_idc", h.DisableDeblockingFilterIdc);
        f.Is("slice_alpha_c0_offset_div2", h.FilterOffsetA / 2);
        f.Is("slice_beta_offset_div2", h.FilterOffsetB / 2);
        f.Is("slice_group_change_cycle", h.SliceGroupChangeCycle);
        TracedElement last = f.Unit.Elements.Last(e => e.Name is not ("cabac_alignment_one_bit" or "rbsp_alignment_zero_bit" or "rbsp_stop_one_bit"));
        Assert.Equal(last.Position + last.Bits, (int)h.HeaderBitSize);
    }

    private static void Modification(H264SliceHeader h, Fields f)
    {
        var idc = new List<long>();
        var values = new List<long>();
        for (int list = 0; list < 2; list++)
        {
            int count = list == 0 ? h.ModificationCount0 : h.ModificationCount1;
            for (int i = 0; i < count; i++)
            {
                idc.Add(list == 0 ? h.ModificationIdc0[i] : h.ModificationIdc1[i]);
                values.Add(list == 0 ? h.ModificationValue0[i] : h.ModificationValue1[i]);
            }
            if (f.Unit.Get($"ref_pic_list_modification_flag_l{list}") != 0)
                idc.Add(3);
        }
        Assert.Equal(f.Unit.All("modification_of_pic_nums_idc"), idc);
        // The trace has the values of both kinds in order, as the coded numbers.
        bool marking = h.AdaptiveRefPicMarking;
        Assert.Equal([.. f.Unit.Elements.Where(e => e.Name == "abs_diff_pic_num_minus1" || (e.Name == "long_term_pic_num" && !marking)).Select(e => e.Value)], values.Where((_, i) => !marking || idc.Where(v => v != 3).ElementAt(i) != 2));
        f.Pass("ref_pic_list_modification_flag_l0", "ref_pic_list_modification_flag_l1", "modification_of_pic_nums_idc", "abs_diff_pic_num_minus1", "long_term_pic_num");
    }

    private static void Marking(H264SliceHeader h, Fields f)
    {
        f.Is("no_output_of_prior_pics_flag", h.NoOutputOfPriorPics);
        f.Is("long_term_reference_flag", h.LongTermReference);
        f.Is("adaptive_ref_pic_marking_mode_flag", h.AdaptiveRefPicMarking);
        var operations = new List<long>();
        for (int i = 0; i < h.MarkingCount; i++)
            operations.Add(h.MarkingOperation[i]);
        if (h.AdaptiveRefPicMarking)
            operations.Add(0);
        Assert.Equal(f.Unit.All("memory_management_control_operation"), operations);
        var differences = new List<long>();
        var longTerm = new List<long>();
        var limits = new List<long>();
        for (int i = 0; i < h.MarkingCount; i++)
        {
            if (h.MarkingOperation[i] is 1 or 3)
                differences.Add(h.MarkingValue[i]);
            if (h.MarkingOperation[i] == 3)
                longTerm.Add(h.MarkingLongTermFrameIdx[i]);
            if (h.MarkingOperation[i] == 6)
                longTerm.Add(h.MarkingValue[i]);
            if (h.MarkingOperation[i] == 4)
                limits.Add(h.MarkingValue[i]);
        }
        Assert.Equal(f.Unit.All("difference_of_pic_nums_minus1"), differences);
        Assert.Equal(f.Unit.All("long_term_frame_idx"), longTerm);
        Assert.Equal(f.Unit.All("max_long_term_frame_idx_plus1"), limits);
        f.Pass("memory_management_control_operation", "difference_of_pic_nums_minus1", "long_term_frame_idx", "max_long_term_frame_idx_plus1");
        List<TracedElement> all = f.Unit.Elements;
        int first = all.FindIndex(e => e.Name is "no_output_of_prior_pics_flag" or "adaptive_ref_pic_marking_mode_flag");
        if (first >= 0)
        {
            int last = all.FindLastIndex(e => e.Name is "long_term_reference_flag" or "adaptive_ref_pic_marking_mode_flag" or "memory_management_control_operation");
            Assert.Equal(all[last].Position + all[last].Bits - all[first].Position, (int)h.MarkingBitSize);
        }
    }

    private static void Weights(H264SliceHeader h, Fields f)
    {
        Assert.Equal(f.Unit.Find("luma_log2_weight_denom") != null, h.HasWeights);
        f.Is("luma_log2_weight_denom", h.Weights.LumaLog2WeightDenom);
        f.Is("chroma_log2_weight_denom", h.Weights.ChromaLog2WeightDenom);
        if (!h.HasWeights)
            return;
        for (int list = 0; list < 2; list++)
        {
            V4L2H264WeightFactors w = list == 0 ? h.Weights.Factors0 : h.Weights.Factors1;
            for (int i = 0; i < (list == 0 ? h.NumRefIdxActive0 : h.NumRefIdxActive1); i++)
            {
                f.Pass($"luma_weight_l{list}_flag[{i}]", $"chroma_weight_l{list}_flag[{i}]");
                f.Is($"luma_weight_l{list}[{i}]", w.LumaWeight[i], 1 << h.Weights.LumaLog2WeightDenom);
                f.Is($"luma_offset_l{list}[{i}]", w.LumaOffset[i]);
                for (int j = 0; j < 2; j++)
                {
                    f.Is($"chroma_weight_l{list}[{i}][{j}]", w.ChromaWeight[2 * i + j], 1 << h.Weights.ChromaLog2WeightDenom);
                    f.Is($"chroma_offset_l{list}[{i}][{j}]", w.ChromaOffset[2 * i + j]);
                }
            }
        }
    }
}
