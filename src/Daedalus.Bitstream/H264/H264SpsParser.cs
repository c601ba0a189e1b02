// SPDX-License-Identifier: LGPL-2.1-or-later
using Daedalus.V4L2.Controls;

namespace Daedalus.Bitstream.H264;

/// <summary>seq_parameter_set_data() and vui_parameters() (spec 7.3.2.1.1, E.1.1).</summary>
internal static unsafe class H264SpsParser
{
    /// <summary>Widest and highest picture, in macroblocks: what the engine's picture layout takes.</summary>
    private const int MaxDimensionInMbs = 4096;

    public static H264Sps? Parse(ReadOnlySpan<byte> nal, out H264ParseError error)
    {
        var r = new H264SyntaxReader(nal);
        var s = new H264Sps();
        if (r.NalHeader(1u << 7, out _, out _))
        {
            ParseData(ref r, s);
            if (!r.Failed)
                ParseVui(ref r, s);
        }
        error = r.Error;
        return r.Failed ? null : s;
    }

    private static void ParseData(ref H264SyntaxReader r, H264Sps s)
    {
        ref V4L2CtrlH264Sps c = ref s.ControlValue;
        c.ProfileIdc = (byte)r.U(8, "profile_idc");
        // V4L2 has constraint_set0_flag in bit 0, the stream has it first.
        for (int i = 0; i < 6; i++)
            c.ConstraintSetFlags |= (byte)(r.U(1, "constraint_set_flag") << i);
        r.U(2, "reserved_zero_2bits");
        c.LevelIdc = (byte)r.U(8, "level_idc");
        c.SeqParameterSetId = (byte)r.Ue(31, "seq_parameter_set_id");
        c.ChromaFormatIdc = 1;
        H264ScalingLists.SetFlat(ref s.ScalingMatrixValue);
        if (HasHighSyntax(c.ProfileIdc))
        {
            c.ChromaFormatIdc = (byte)r.Ue(3, "chroma_format_idc");
            if (c.ChromaFormatIdc == 3 && r.Flag("separate_colour_plane_flag"))
                c.Flags |= H264SpsFlags.SeparateColourPlane;
            c.BitDepthLumaMinus8 = (byte)r.Ue(6, "bit_depth_luma_minus8");
            c.BitDepthChromaMinus8 = (byte)r.Ue(6, "bit_depth_chroma_minus8");
            if (r.Flag("qpprime_y_zero_transform_bypass_flag"))
                c.Flags |= H264SpsFlags.QpPrimeYZeroTransformBypass;
            s.HasScalingMatrix = r.Flag("seq_scaling_matrix_present_flag");
            if (s.HasScalingMatrix)
                H264ScalingLists.Read(ref r, ref s.ScalingMatrixValue, c.ChromaFormatIdc != 3 ? 8 : 12, null);
        }
        c.Log2MaxFrameNumMinus4 = (byte)r.Ue(12, "log2_max_frame_num_minus4");
        c.PicOrderCntType = (byte)r.Ue(2, "pic_order_cnt_type");
        if (c.PicOrderCntType == 0)
            c.Log2MaxPicOrderCntLsbMinus4 = (byte)r.Ue(12, "log2_max_pic_order_cnt_lsb_minus4");
        else if (c.PicOrderCntType == 1)
        {
            if (r.Flag("delta_pic_order_always_zero_flag"))
                c.Flags |= H264SpsFlags.DeltaPicOrderAlwaysZero;
            c.OffsetForNonRefPic = r.Se(-int.MaxValue, int.MaxValue, "offset_for_non_ref_pic");
            c.OffsetForTopToBottomField = r.Se(-int.MaxValue, int.MaxValue, "offset_for_top_to_bottom_field");
            c.NumRefFramesInPicOrderCntCycle = (byte)r.Ue(255, "num_ref_frames_in_pic_order_cnt_cycle");
            for (int i = 0; i < c.NumRefFramesInPicOrderCntCycle; i++)
                c.OffsetForRefFrame[i] = r.Se(-int.MaxValue, int.MaxValue, "offset_for_ref_frame");
        }
        c.MaxNumRefFrames = (byte)r.Ue(16, "max_num_ref_frames");
        if (r.Flag("gaps_in_frame_num_value_allowed_flag"))
            c.Flags |= H264SpsFlags.GapsInFrameNumAllowed;
        ParseSize(ref r, s);
    }

    private static void ParseSize(ref H264SyntaxReader r, H264Sps s)
    {
        ref V4L2CtrlH264Sps c = ref s.ControlValue;
        int at = r.Position;
        uint width = r.Ue(65535, "pic_width_in_mbs_minus1") + 1;
        uint height = r.Ue(65535, "pic_height_in_map_units_minus1") + 1;
        c.PicWidthInMbsMinus1 = (ushort)(width - 1);
        c.PicHeightInMapUnitsMinus1 = (ushort)(height - 1);
        if (r.Flag("frame_mbs_only_flag"))
            c.Flags |= H264SpsFlags.FrameMbsOnly;
        else if (r.Flag("mb_adaptive_frame_field_flag"))
            c.Flags |= H264SpsFlags.MbAdaptiveFrameField;
        if (r.Flag("direct_8x8_inference_flag"))
            c.Flags |= H264SpsFlags.Direct8x8Inference;
        if (r.Failed)
            return;
        if (width > MaxDimensionInMbs || s.HeightInMbs > MaxDimensionInMbs || (long)width * s.HeightInMbs > DaedalusCtrlH264PictureParameters.MaxMapUnits)
        {
            r.Fail(H264ParseReason.Unsupported, "pic_width_in_mbs_minus1", at);
            return;
        }
        s.MaxDpbFrames = MaxDpbFrames(c, (int)width * s.HeightInMbs);

        at = r.Position;
        if (!r.Flag("frame_cropping_flag"))
            return;
        // CropUnitX, CropUnitY (spec 7-19..7-22).
        long unitX = s.ChromaArrayType is 1 or 2 ? 2 : 1;
        long unitY = (s.ChromaArrayType == 1 ? 2 : 1) * (s.FrameMbsOnly ? 1 : 2);
        long left = r.Ue(65535, "frame_crop_left_offset") * unitX;
        long right = r.Ue(65535, "frame_crop_right_offset") * unitX;
        long top = r.Ue(65535, "frame_crop_top_offset") * unitY;
        long bottom = r.Ue(65535, "frame_crop_bottom_offset") * unitY;
        if (left + right >= s.Width || top + bottom >= s.Height)
        {
            r.Fail(H264ParseReason.OutOfRange, "frame_cropping_flag", at);
            return;
        }
        (s.CropLeft, s.CropRight, s.CropTop, s.CropBottom) = ((int)left, (int)right, (int)top, (int)bottom);
    }

    /// <summary>Profiles whose parameter sets have chroma_format_idc and what follows (spec 7.3.2.1.1).</summary>
    private static bool HasHighSyntax(int profile) => profile is 100 or 110 or 122 or 244 or 44 or 83 or 86 or 118 or 128 or 138 or 139 or 134 or 135;

    /// <summary>MaxDpbFrames: MaxDpbMbs of table A-1 over the frame's macroblocks, at most 16.</summary>
    private static int MaxDpbFrames(in V4L2CtrlH264Sps c, int frameMbs)
    {
        // Level 1b of the profiles without level_idc 9 is level_idc 11 with constraint_set3_flag.
        bool level1b = c.LevelIdc == 11 && c.ProfileIdc is 66 or 77 or 88 && (c.ConstraintSetFlags & 8) != 0;
        int mbs = level1b ? 396 : c.LevelIdc switch
        {
            <= 10 => 396,
            11 => 900,
            <= 20 => 2376,
            21 => 4752,
            <= 30 => 8100,
            31 => 18000,
            32 => 20480,
            <= 41 => 32768,
            42 => 34816,
            50 => 110400,
            <= 52 => 184320,
            <= 62 => 696320,
            _ => int.MaxValue,
        };
        return Math.Clamp(mbs / frameMbs, 1, 16);
    }

    private static void ParseVui(ref H264SyntaxReader r, H264Sps s)
    {
        // Encoders exist that leave out the end of the VUI or even the flag; pictures decode without it (spec E.2: it is not needed).
        int at = r.Position;
        if (!r.MoreRbspData() && at >= r.Length - 1)
            return;
        s.HasVui = r.Flag("vui_parameters_present_flag");
        if (!s.HasVui)
            return;
        // A reader of its own: an error in here does not spoil the parameter set.
        H264SyntaxReader vui = r;
        ParseVui(ref vui, s.Vui);
        s.Vui.Damaged = vui.Failed;
    }

    private static void ParseVui(ref H264SyntaxReader r, H264Vui v)
    {
        if (r.Flag("aspect_ratio_info_present_flag"))
            ParseAspectRatio(ref r, v);
        v.HasOverscan = r.Flag("overscan_info_present_flag");
        if (v.HasOverscan)
            v.OverscanAppropriate = r.Flag("overscan_appropriate_flag");
        v.HasVideoSignalType = r.Flag("video_signal_type_present_flag");
        if (v.HasVideoSignalType)
        {
            v.VideoFormat = (int)r.U(3, "video_format");
            v.FullRange = r.Flag("video_full_range_flag");
            if (r.Flag("colour_description_present_flag"))
            {
                int primaries = (int)r.U(8, "colour_primaries"), transfer = (int)r.U(8, "transfer_characteristics"), matrix = (int)r.U(8, "matrix_coefficients");
                if (!r.Failed)
                    (v.HasColourDescription, v.ColourPrimaries, v.TransferCharacteristics, v.MatrixCoefficients) = (true, primaries, transfer, matrix);
            }
        }
        v.HasChromaLocation = r.Flag("chroma_loc_info_present_flag");
        if (v.HasChromaLocation)
        {
            v.ChromaLocationTop = (int)r.Ue(5, "chroma_sample_loc_type_top_field");
            v.ChromaLocationBottom = (int)r.Ue(5, "chroma_sample_loc_type_bottom_field");
        }
        if (r.Failed)
            return;
        if (r.Flag("timing_info_present_flag"))
        {
            uint tick = r.U(32, "num_units_in_tick"), scale = r.U(32, "time_scale");
            bool isFixed = r.Flag("fixed_frame_rate_flag");
            if (!r.Failed && tick != 0 && scale != 0)
                (v.HasTiming, v.NumUnitsInTick, v.TimeScale, v.FixedFrameRate) = (true, tick, scale, isFixed);
        }
        v.HasNalHrd = r.Flag("nal_hrd_parameters_present_flag");
        if (v.HasNalHrd)
            ParseHrd(ref r, v);
        v.HasVclHrd = r.Flag("vcl_hrd_parameters_present_flag");
        if (v.HasVclHrd)
            ParseHrd(ref r, v);
        if (v.HasCpbDpbDelays)
            v.LowDelayHrd = r.Flag("low_delay_hrd_flag");
        v.PicStructPresent = r.Flag("pic_struct_present_flag");
        if (!r.Flag("bitstream_restriction_flag"))
            return;
        r.Flag("motion_vectors_over_pic_boundaries_flag");
        r.Ue(uint.MaxValue, "max_bytes_per_pic_denom");
        r.Ue(uint.MaxValue, "max_bits_per_mb_denom");
        r.Ue(uint.MaxValue, "log2_max_mv_length_horizontal");
        r.Ue(uint.MaxValue, "log2_max_mv_length_vertical");
        int reorder = (int)r.Ue(16, "max_num_reorder_frames");
        int buffering = (int)r.Ue(16, "max_dec_frame_buffering");
        if (!r.Failed && reorder > buffering)
            r.Fail(H264ParseReason.OutOfRange, "max_num_reorder_frames");
        if (!r.Failed)
            (v.HasBitstreamRestriction, v.NumReorderFrames, v.MaxDecFrameBuffering) = (true, reorder, buffering);
    }

    /// <summary>Table E-1, pairs of width and height for aspect_ratio_idc 1..16.</summary>
    private static ReadOnlySpan<byte> AspectRatios =>
    [
        1, 1, 12, 11, 10, 11, 16, 11, 40, 33, 24, 11, 20, 11, 32, 11,
        80, 33, 18, 11, 15, 11, 64, 33, 160, 99, 4, 3, 3, 2, 2, 1,
    ];

    private static void ParseAspectRatio(ref H264SyntaxReader r, H264Vui v)
    {
        int idc = (int)r.U(8, "aspect_ratio_idc");
        int width = 0, height = 0;
        if (idc == 255)
        {
            width = (int)r.U(16, "sar_width");
            height = (int)r.U(16, "sar_height");
        }
        else if (idc is >= 1 and <= 16)
            (width, height) = (AspectRatios[2 * idc - 2], AspectRatios[2 * idc - 1]);
        // Zero means unspecified (spec E.2.1).
        if (!r.Failed && width != 0 && height != 0)
            (v.HasAspectRatio, v.SarWidth, v.SarHeight) = (true, width, height);
    }

    private static void ParseHrd(ref H264SyntaxReader r, H264Vui v)
    {
        uint count = r.Ue(31, "cpb_cnt_minus1") + 1;
        r.U(8, "bit_rate_scale");
        for (uint i = 0; i < count && !r.Failed; i++)
        {
            r.Ue(uint.MaxValue, "bit_rate_value_minus1");
            r.Ue(uint.MaxValue, "cpb_size_value_minus1");
            r.Flag("cbr_flag");
        }
        r.U(5, "initial_cpb_removal_delay_length_minus1");
        int removal = (int)r.U(5, "cpb_removal_delay_length_minus1") + 1;
        int output = (int)r.U(5, "dpb_output_delay_length_minus1") + 1;
        int offset = (int)r.U(5, "time_offset_length");
        if (!r.Failed)
            (v.CpbRemovalDelayLength, v.DpbOutputDelayLength, v.TimeOffsetLength) = (removal, output, offset);
    }
}
