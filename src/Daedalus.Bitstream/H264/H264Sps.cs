// SPDX-License-Identifier: LGPL-2.1-or-later
using System.Diagnostics.CodeAnalysis;
using Daedalus.V4L2.Controls;

namespace Daedalus.Bitstream.H264;

/// <summary>vui_parameters() (spec E.1.1), with the values to be inferred when they are absent.</summary>
public sealed class H264Vui
{
    /// <summary>aspect_ratio_info_present_flag, with a known ratio.</summary>
    public bool HasAspectRatio { get; internal set; }
    /// <summary>Sample aspect ratio, numerator; 1 without one.</summary>
    public int SarWidth { get; internal set; } = 1;
    /// <summary>Sample aspect ratio, denominator; 1 without one.</summary>
    public int SarHeight { get; internal set; } = 1;
    /// <summary>overscan_info_present_flag.</summary>
    public bool HasOverscan { get; internal set; }
    /// <summary>overscan_appropriate_flag.</summary>
    public bool OverscanAppropriate { get; internal set; }
    /// <summary>video_signal_type_present_flag.</summary>
    public bool HasVideoSignalType { get; internal set; }
    /// <summary>video_format; 5 = unspecified.</summary>
    public int VideoFormat { get; internal set; } = 5;
    /// <summary>video_full_range_flag.</summary>
    public bool FullRange { get; internal set; }
    /// <summary>colour_description_present_flag.</summary>
    public bool HasColourDescription { get; internal set; }
    /// <summary>colour_primaries; 2 = unspecified.</summary>
    public int ColourPrimaries { get; internal set; } = 2;
    /// <summary>transfer_characteristics; 2 = unspecified.</summary>
    public int TransferCharacteristics { get; internal set; } = 2;
    /// <summary>matrix_coefficients; 2 = unspecified.</summary>
    public int MatrixCoefficients { get; internal set; } = 2;
    /// <summary>chroma_loc_info_present_flag.</summary>
    public bool HasChromaLocation { get; internal set; }
    /// <summary>chroma_sample_loc_type_top_field 0..5.</summary>
    public int ChromaLocationTop { get; internal set; }
    /// <summary>chroma_sample_loc_type_bottom_field 0..5.</summary>
    public int ChromaLocationBottom { get; internal set; }
    /// <summary>timing_info_present_flag, with both values non-zero.</summary>
    public bool HasTiming { get; internal set; }
    /// <summary>num_units_in_tick.</summary>
    public uint NumUnitsInTick { get; internal set; }
    /// <summary>time_scale: field rate is time_scale / num_units_in_tick, frame rate half of it.</summary>
    public uint TimeScale { get; internal set; }
    /// <summary>fixed_frame_rate_flag.</summary>
    public bool FixedFrameRate { get; internal set; }
    /// <summary>nal_hrd_parameters_present_flag.</summary>
    public bool HasNalHrd { get; internal set; }
    /// <summary>vcl_hrd_parameters_present_flag.</summary>
    public bool HasVclHrd { get; internal set; }
    /// <summary>low_delay_hrd_flag.</summary>
    public bool LowDelayHrd { get; internal set; }
    /// <summary>CpbDpbDelaysPresentFlag.</summary>
    public bool HasCpbDpbDelays => HasNalHrd || HasVclHrd;
    /// <summary>cpb_removal_delay_length_minus1 + 1.</summary>
    public int CpbRemovalDelayLength { get; internal set; } = 24;
    /// <summary>dpb_output_delay_length_minus1 + 1.</summary>
    public int DpbOutputDelayLength { get; internal set; } = 24;
    /// <summary>time_offset_length.</summary>
    public int TimeOffsetLength { get; internal set; } = 24;
    /// <summary>pic_struct_present_flag.</summary>
    public bool PicStructPresent { get; internal set; }
    /// <summary>bitstream_restriction_flag.</summary>
    public bool HasBitstreamRestriction { get; internal set; }
    /// <summary>max_num_reorder_frames; -1 when not sent.</summary>
    public int NumReorderFrames { get; internal set; } = -1;
    /// <summary>max_dec_frame_buffering; -1 when not sent.</summary>
    public int MaxDecFrameBuffering { get; internal set; } = -1;
    /// <summary>The structure broke off or held values out of range; what came before that is kept.</summary>
    public bool Damaged { get; internal set; }
}

/// <summary>A sequence parameter set (spec 7.3.2.1.1). Does not change once parsed.</summary>
public sealed class H264Sps
{
    internal V4L2CtrlH264Sps ControlValue;
    internal V4L2CtrlH264ScalingMatrix ScalingMatrixValue;

    internal H264Sps()
    {
    }

    /// <summary>The V4L2 control.</summary>
    public ref readonly V4L2CtrlH264Sps Control => ref ControlValue;

    /// <summary>Scaling lists after fall-back rule set A; flat 16 without seq_scaling_matrix_present_flag.</summary>
    public ref readonly V4L2CtrlH264ScalingMatrix ScalingMatrix => ref ScalingMatrixValue;

    /// <summary>seq_scaling_matrix_present_flag.</summary>
    public bool HasScalingMatrix { get; internal set; }

    /// <summary>seq_parameter_set_id 0..31.</summary>
    public int Id => ControlValue.SeqParameterSetId;
    /// <summary>profile_idc.</summary>
    public int ProfileIdc => ControlValue.ProfileIdc;
    /// <summary>level_idc.</summary>
    public int LevelIdc => ControlValue.LevelIdc;
    /// <summary>frame_mbs_only_flag.</summary>
    public bool FrameMbsOnly => (ControlValue.Flags & H264SpsFlags.FrameMbsOnly) != 0;
    /// <summary>separate_colour_plane_flag.</summary>
    public bool SeparateColourPlanes => (ControlValue.Flags & H264SpsFlags.SeparateColourPlane) != 0;
    /// <summary>ChromaArrayType 0..3.</summary>
    public int ChromaArrayType => SeparateColourPlanes ? 0 : ControlValue.ChromaFormatIdc;
    /// <summary>Bits of a luma sample, 8..14.</summary>
    public int BitDepthLuma => 8 + ControlValue.BitDepthLumaMinus8;
    /// <summary>Bits of a chroma sample, 8..14; of luma for monochrome.</summary>
    public int BitDepthChroma => ControlValue.ChromaFormatIdc == 0 ? BitDepthLuma : 8 + ControlValue.BitDepthChromaMinus8;
    /// <summary>PicWidthInMbs.</summary>
    public int WidthInMbs => ControlValue.PicWidthInMbsMinus1 + 1;
    /// <summary>FrameHeightInMbs.</summary>
    public int HeightInMbs => (ControlValue.PicHeightInMapUnitsMinus1 + 1) * (FrameMbsOnly ? 1 : 2);
    /// <summary>PicSizeInMapUnits.</summary>
    public int MapUnits => WidthInMbs * (ControlValue.PicHeightInMapUnitsMinus1 + 1);
    /// <summary>Coded width in luma samples.</summary>
    public int Width => WidthInMbs * 16;
    /// <summary>Coded height of a frame in luma samples.</summary>
    public int Height => HeightInMbs * 16;
    /// <summary>Luma samples cut off at the left.</summary>
    public int CropLeft { get; internal set; }
    /// <summary>Luma samples cut off at the top.</summary>
    public int CropTop { get; internal set; }
    /// <summary>Luma samples cut off at the right.</summary>
    public int CropRight { get; internal set; }
    /// <summary>Luma samples cut off at the bottom.</summary>
    public int CropBottom { get; internal set; }
    /// <summary>Width after cropping.</summary>
    public int DisplayWidth => Width - CropLeft - CropRight;
    /// <summary>Height after cropping.</summary>
    public int DisplayHeight => Height - CropTop - CropBottom;
    /// <summary>MaxFrameNum (spec 7-10).</summary>
    public int MaxFrameNum => 1 << (4 + ControlValue.Log2MaxFrameNumMinus4);
    /// <summary>MaxPicOrderCntLsb (spec 7-11).</summary>
    public int MaxPicOrderCntLsb => 1 << (4 + ControlValue.Log2MaxPicOrderCntLsbMinus4);
    /// <summary>MaxDpbFrames of the level (spec A.3.1), 1..16; an unknown level gives 16.</summary>
    public int MaxDpbFrames { get; internal set; }
    /// <summary>All pictures are IDR pictures (spec A.2.8..A.2.11: constraint_set3_flag of the High profiles, CAVLC 4:4:4 Intra): no reordering.</summary>
    public bool IntraOnly => ProfileIdc == 44 || (ProfileIdc is 86 or 100 or 110 or 122 or 244 && (ControlValue.ConstraintSetFlags & 8) != 0);
    /// <summary>vui_parameters_present_flag.</summary>
    public bool HasVui { get; internal set; }
    /// <summary>VUI; inferred values without one.</summary>
    public H264Vui Vui { get; } = new();

    /// <summary>Parses a sequence parameter set.</summary>
    /// <param name="nal">Unescaped, from the NAL header byte.</param>
    /// <param name="sps">The set, or null.</param>
    /// <param name="error">What is wrong, when false is returned.</param>
    public static bool TryParse(ReadOnlySpan<byte> nal, [NotNullWhen(true)] out H264Sps? sps, out H264ParseError error)
    {
        sps = H264SpsParser.Parse(nal, out error);
        return sps != null;
    }
}
