// SPDX-License-Identifier: LGPL-2.1-or-later
using System.Runtime.InteropServices;

namespace Daedalus.V4L2.Controls;

/// <summary>V4L2_H264_SPS_FLAG_*.</summary>
[Flags]
public enum H264SpsFlags : uint
{
    /// <summary>Nothing set.</summary>
    None = 0,
    /// <summary>separate_colour_plane_flag.</summary>
    SeparateColourPlane = 0x01,
    /// <summary>qpprime_y_zero_transform_bypass_flag.</summary>
    QpPrimeYZeroTransformBypass = 0x02,
    /// <summary>delta_pic_order_always_zero_flag.</summary>
    DeltaPicOrderAlwaysZero = 0x04,
    /// <summary>gaps_in_frame_num_value_allowed_flag.</summary>
    GapsInFrameNumAllowed = 0x08,
    /// <summary>frame_mbs_only_flag.</summary>
    FrameMbsOnly = 0x10,
    /// <summary>mb_adaptive_frame_field_flag.</summary>
    MbAdaptiveFrameField = 0x20,
    /// <summary>direct_8x8_inference_flag.</summary>
    Direct8x8Inference = 0x40,
}

/// <summary>struct v4l2_ctrl_h264_sps: sequence parameter set (spec 7.3.2.1.1). Fields as in the specification.</summary>
[StructLayout(LayoutKind.Sequential)]
public unsafe struct V4L2CtrlH264Sps
{
    /// <summary>V4L2_CID_STATELESS_H264_SPS.</summary>
    public const uint ControlId = 0x00a40902;
    /// <summary>profile_idc.</summary>
    public byte ProfileIdc;
    /// <summary>Bit n: constraint_set<i>n</i>_flag.</summary>
    public byte ConstraintSetFlags;
    /// <summary>level_idc.</summary>
    public byte LevelIdc;
    /// <summary>seq_parameter_set_id 0..31.</summary>
    public byte SeqParameterSetId;
    /// <summary>chroma_format_idc 0..3.</summary>
    public byte ChromaFormatIdc;
    /// <summary>bit_depth_luma_minus8 0..6.</summary>
    public byte BitDepthLumaMinus8;
    /// <summary>bit_depth_chroma_minus8 0..6.</summary>
    public byte BitDepthChromaMinus8;
    /// <summary>log2_max_frame_num_minus4 0..12.</summary>
    public byte Log2MaxFrameNumMinus4;
    /// <summary>pic_order_cnt_type 0..2.</summary>
    public byte PicOrderCntType;
    /// <summary>log2_max_pic_order_cnt_lsb_minus4 0..12.</summary>
    public byte Log2MaxPicOrderCntLsbMinus4;
    /// <summary>max_num_ref_frames 0..16.</summary>
    public byte MaxNumRefFrames;
    /// <summary>num_ref_frames_in_pic_order_cnt_cycle 0..255.</summary>
    public byte NumRefFramesInPicOrderCntCycle;
    /// <summary>offset_for_ref_frame[].</summary>
    public fixed int OffsetForRefFrame[255];
    /// <summary>offset_for_non_ref_pic.</summary>
    public int OffsetForNonRefPic;
    /// <summary>offset_for_top_to_bottom_field.</summary>
    public int OffsetForTopToBottomField;
    /// <summary>pic_width_in_mbs_minus1.</summary>
    public ushort PicWidthInMbsMinus1;
    /// <summary>pic_height_in_map_units_minus1.</summary>
    public ushort PicHeightInMapUnitsMinus1;
    /// <summary>Flags.</summary>
    public H264SpsFlags Flags;
}

/// <summary>V4L2_H264_PPS_FLAG_*.</summary>
[Flags]
public enum H264PpsFlags : ushort
{
    /// <summary>Nothing set.</summary>
    None = 0,
    /// <summary>entropy_coding_mode_flag: CABAC.</summary>
    EntropyCodingMode = 0x01,
    /// <summary>bottom_field_pic_order_in_frame_present_flag.</summary>
    BottomFieldPicOrderInFramePresent = 0x02,
    /// <summary>weighted_pred_flag.</summary>
    WeightedPred = 0x04,
    /// <summary>deblocking_filter_control_present_flag.</summary>
    DeblockingFilterControlPresent = 0x08,
    /// <summary>constrained_intra_pred_flag.</summary>
    ConstrainedIntraPred = 0x10,
    /// <summary>redundant_pic_cnt_present_flag.</summary>
    RedundantPicCntPresent = 0x20,
    /// <summary>transform_8x8_mode_flag.</summary>
    Transform8x8Mode = 0x40,
    /// <summary>The scaling matrix control holds lists that are not flat.</summary>
    ScalingMatrixPresent = 0x80,
}

/// <summary>struct v4l2_ctrl_h264_pps: picture parameter set (spec 7.3.2.2).</summary>
[StructLayout(LayoutKind.Sequential)]
public struct V4L2CtrlH264Pps
{
    /// <summary>V4L2_CID_STATELESS_H264_PPS.</summary>
    public const uint ControlId = 0x00a40903;
    /// <summary>pic_parameter_set_id 0..255.</summary>
    public byte PicParameterSetId;
    /// <summary>seq_parameter_set_id 0..31.</summary>
    public byte SeqParameterSetId;
    /// <summary>num_slice_groups_minus1 0..7.</summary>
    public byte NumSliceGroupsMinus1;
    /// <summary>num_ref_idx_l0_default_active_minus1 0..31.</summary>
    public byte NumRefIdxL0DefaultActiveMinus1;
    /// <summary>num_ref_idx_l1_default_active_minus1 0..31.</summary>
    public byte NumRefIdxL1DefaultActiveMinus1;
    /// <summary>weighted_bipred_idc 0..2.</summary>
    public byte WeightedBipredIdc;
    /// <summary>pic_init_qp_minus26 -(26 + QpBdOffset)..25.</summary>
    public sbyte PicInitQpMinus26;
    /// <summary>pic_init_qs_minus26 -26..25.</summary>
    public sbyte PicInitQsMinus26;
    /// <summary>chroma_qp_index_offset -12..12.</summary>
    public sbyte ChromaQpIndexOffset;
    /// <summary>second_chroma_qp_index_offset -12..12.</summary>
    public sbyte SecondChromaQpIndexOffset;
    /// <summary>Flags.</summary>
    public H264PpsFlags Flags;
}

/// <summary>struct v4l2_ctrl_h264_scaling_matrix: after the fall-back rules, values in raster order.</summary>
[StructLayout(LayoutKind.Sequential)]
public unsafe struct V4L2CtrlH264ScalingMatrix
{
    /// <summary>V4L2_CID_STATELESS_H264_SCALING_MATRIX.</summary>
    public const uint ControlId = 0x00a40904;
    /// <summary>[6][16]: Intra Y, Cb, Cr, Inter Y, Cb, Cr.</summary>
    public fixed byte ScalingList4x4[6 * 16];
    /// <summary>[6][64]: Intra Y, Inter Y, Intra Cb, Inter Cb, Intra Cr, Inter Cr.</summary>
    public fixed byte ScalingList8x8[6 * 64];
}

/// <summary>struct v4l2_h264_weight_factors: of one list (spec 7.4.3.2).</summary>
[StructLayout(LayoutKind.Sequential)]
public unsafe struct V4L2H264WeightFactors
{
    /// <summary>luma_weight_lX; 2^denom where the flag is 0.</summary>
    public fixed short LumaWeight[32];
    /// <summary>luma_offset_lX in units of 8-bit samples.</summary>
    public fixed short LumaOffset[32];
    /// <summary>[32][2] chroma_weight_lX.</summary>
    public fixed short ChromaWeight[64];
    /// <summary>[32][2] chroma_offset_lX.</summary>
    public fixed short ChromaOffset[64];
}

/// <summary>struct v4l2_ctrl_h264_pred_weights.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct V4L2CtrlH264PredWeights
{
    /// <summary>V4L2_CID_STATELESS_H264_PRED_WEIGHTS.</summary>
    public const uint ControlId = 0x00a40905;
    /// <summary>luma_log2_weight_denom 0..7.</summary>
    public ushort LumaLog2WeightDenom;
    /// <summary>chroma_log2_weight_denom 0..7.</summary>
    public ushort ChromaLog2WeightDenom;
    /// <summary>List 0.</summary>
    public V4L2H264WeightFactors Factors0;
    /// <summary>List 1.</summary>
    public V4L2H264WeightFactors Factors1;
}

/// <summary>V4L2_H264_TOP_FIELD_REF …: which fields of a DPB entry are meant.</summary>
[Flags]
public enum H264Fields : byte
{
    /// <summary>Neither.</summary>
    None = 0,
    /// <summary>Top field.</summary>
    Top = 1,
    /// <summary>Bottom field.</summary>
    Bottom = 2,
    /// <summary>Both.</summary>
    Frame = 3,
}

/// <summary>struct v4l2_h264_reference: an entry of a reference picture list.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct V4L2H264Reference
{
    /// <summary>How the picture is referenced.</summary>
    public H264Fields Fields;
    /// <summary>Index into the decode parameters' DPB; 0xff = no such picture.</summary>
    public byte Index;
}

/// <summary>Inline array of 32 list entries.</summary>
[System.Runtime.CompilerServices.InlineArray(32)]
public struct V4L2H264ReferenceList { private V4L2H264Reference _e; }

/// <summary>V4L2_H264_SLICE_TYPE_* (slice_type % 5).</summary>
public enum H264SliceType : byte
{
    /// <summary>P.</summary>
    P = 0,
    /// <summary>B.</summary>
    B = 1,
    /// <summary>I.</summary>
    I = 2,
    /// <summary>SP.</summary>
    SP = 3,
    /// <summary>SI.</summary>
    SI = 4,
}

/// <summary>V4L2_H264_SLICE_FLAG_*.</summary>
[Flags]
public enum H264SliceFlags : uint
{
    /// <summary>Nothing set.</summary>
    None = 0,
    /// <summary>direct_spatial_mv_pred_flag.</summary>
    DirectSpatialMvPred = 1,
    /// <summary>sp_for_switch_flag.</summary>
    SpForSwitch = 2,
}

/// <summary>struct v4l2_ctrl_h264_slice_params (slice-based mode).</summary>
[StructLayout(LayoutKind.Sequential)]
public struct V4L2CtrlH264SliceParams
{
    /// <summary>V4L2_CID_STATELESS_H264_SLICE_PARAMS.</summary>
    public const uint ControlId = 0x00a40906;
    /// <summary>Bits from the beginning of the slice NAL unit's header byte to slice_data(), emulation prevention bytes not counted.</summary>
    public uint HeaderBitSize;
    /// <summary>first_mb_in_slice.</summary>
    public uint FirstMbInSlice;
    /// <summary>slice_type % 5.</summary>
    public H264SliceType SliceType;
    /// <summary>colour_plane_id.</summary>
    public byte ColourPlaneId;
    /// <summary>redundant_pic_cnt.</summary>
    public byte RedundantPicCnt;
    /// <summary>cabac_init_idc.</summary>
    public byte CabacInitIdc;
    /// <summary>slice_qp_delta.</summary>
    public sbyte SliceQpDelta;
    /// <summary>slice_qs_delta.</summary>
    public sbyte SliceQsDelta;
    /// <summary>disable_deblocking_filter_idc.</summary>
    public byte DisableDeblockingFilterIdc;
    /// <summary>slice_alpha_c0_offset_div2.</summary>
    public sbyte SliceAlphaC0OffsetDiv2;
    /// <summary>slice_beta_offset_div2.</summary>
    public sbyte SliceBetaOffsetDiv2;
    /// <summary>num_ref_idx_l0_active_minus1.</summary>
    public byte NumRefIdxL0ActiveMinus1;
    /// <summary>num_ref_idx_l1_active_minus1.</summary>
    public byte NumRefIdxL1ActiveMinus1;
    /// <summary>Zero.</summary>
    public byte Reserved;
    /// <summary>List 0 after modification.</summary>
    public V4L2H264ReferenceList RefPicList0;
    /// <summary>List 1 after modification.</summary>
    public V4L2H264ReferenceList RefPicList1;
    /// <summary>Flags.</summary>
    public H264SliceFlags Flags;
}

/// <summary>V4L2_H264_DPB_ENTRY_FLAG_*.</summary>
[Flags]
public enum H264DpbEntryFlags : uint
{
    /// <summary>Empty entry.</summary>
    None = 0,
    /// <summary>The entry holds a picture.</summary>
    Valid = 1,
    /// <summary>It is marked "used for reference".</summary>
    Active = 2,
    /// <summary>It is a long-term reference.</summary>
    LongTerm = 4,
    /// <summary>It was coded as field(s).</summary>
    Field = 8,
}

/// <summary>struct v4l2_h264_dpb_entry.</summary>
[StructLayout(LayoutKind.Sequential)]
public unsafe struct V4L2H264DpbEntry
{
    /// <summary>Timestamp of the CAPTURE buffer, ns. A "non-existing" frame (frame_num gap, spec 8.2.5.2) has one that names no picture.</summary>
    public ulong ReferenceTs;
    /// <summary>PicNum (FrameNumWrap) or LongTermFrameIdx.</summary>
    public uint PicNum;
    /// <summary>frame_num.</summary>
    public ushort FrameNum;
    /// <summary>Fields marked as reference.</summary>
    public H264Fields Fields;
    /// <summary>Zero.</summary>
    public fixed byte Reserved[5];
    /// <summary>TopFieldOrderCnt.</summary>
    public int TopFieldOrderCnt;
    /// <summary>BottomFieldOrderCnt.</summary>
    public int BottomFieldOrderCnt;
    /// <summary>Flags.</summary>
    public H264DpbEntryFlags Flags;
}

/// <summary>Inline array of 16 DPB entries.</summary>
[System.Runtime.CompilerServices.InlineArray(16)]
public struct V4L2H264Dpb { private V4L2H264DpbEntry _e; }

/// <summary>V4L2_H264_DECODE_PARAM_FLAG_*.</summary>
[Flags]
public enum H264DecodeParamFlags : uint
{
    /// <summary>Nothing set.</summary>
    None = 0,
    /// <summary>IDR picture.</summary>
    IdrPic = 1,
    /// <summary>field_pic_flag.</summary>
    FieldPic = 2,
    /// <summary>bottom_field_flag.</summary>
    BottomField = 4,
    /// <summary>The picture's slices are P (or I).</summary>
    PFrame = 8,
    /// <summary>The picture has B slices.</summary>
    BFrame = 16,
}

/// <summary>struct v4l2_ctrl_h264_decode_params.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct V4L2CtrlH264DecodeParams
{
    /// <summary>V4L2_CID_STATELESS_H264_DECODE_PARAMS.</summary>
    public const uint ControlId = 0x00a40907;
    /// <summary>Reference frames. For the second field of a frame the entry of the first field has the timestamp of the current CAPTURE buffer.</summary>
    public V4L2H264Dpb Dpb;
    /// <summary>nal_ref_idc.</summary>
    public ushort NalRefIdc;
    /// <summary>frame_num.</summary>
    public ushort FrameNum;
    /// <summary>TopFieldOrderCnt.</summary>
    public int TopFieldOrderCnt;
    /// <summary>BottomFieldOrderCnt.</summary>
    public int BottomFieldOrderCnt;
    /// <summary>idr_pic_id.</summary>
    public ushort IdrPicId;
    /// <summary>pic_order_cnt_lsb.</summary>
    public ushort PicOrderCntLsb;
    /// <summary>delta_pic_order_cnt_bottom.</summary>
    public int DeltaPicOrderCntBottom;
    /// <summary>delta_pic_order_cnt[0].</summary>
    public int DeltaPicOrderCnt0;
    /// <summary>delta_pic_order_cnt[1].</summary>
    public int DeltaPicOrderCnt1;
    /// <summary>Bits of dec_ref_pic_marking().</summary>
    public uint DecRefPicMarkingBitSize;
    /// <summary>Bits of the picture order count syntax.</summary>
    public uint PicOrderCntBitSize;
    /// <summary>slice_group_change_cycle.</summary>
    public uint SliceGroupChangeCycle;
    /// <summary>Zero.</summary>
    public uint Reserved;
    /// <summary>Flags.</summary>
    public H264DecodeParamFlags Flags;
}

/// <summary>
/// Private control of the daedalus routes: one of the picture parameter sets a picture's slices use, with what V4L2 has no field for.
/// The payload is an array of these, one for each pic_parameter_set_id the picture refers to; without it the PPS and
/// scaling matrix controls hold for all slices and there is one slice group. Documented in docs/private-controls.md.
/// </summary>
[StructLayout(LayoutKind.Sequential)]
public unsafe struct DaedalusCtrlH264PictureParameters
{
    /// <summary>Base of the private controls: V4L2_CID_CODEC_STATELESS_BASE + 0xd00.</summary>
    public const uint ControlId = 0x00a40900 + 0xd00;
    /// <summary>Largest slice group map, in map units (spec A.3.1: MaxFS of level 6.2).</summary>
    public const int MaxMapUnits = 139264;
    /// <summary>The parameter set.</summary>
    public V4L2CtrlH264Pps Pps;
    /// <summary>slice_group_map_type 0..6.</summary>
    public byte SliceGroupMapType;
    /// <summary>slice_group_change_direction_flag.</summary>
    public byte SliceGroupChangeDirection;
    /// <summary>Zero.</summary>
    public fixed byte Reserved[2];
    /// <summary>run_length_minus1 (type 0).</summary>
    public fixed uint RunLengthMinus1[8];
    /// <summary>top_left (type 2).</summary>
    public fixed uint TopLeft[8];
    /// <summary>bottom_right (type 2).</summary>
    public fixed uint BottomRight[8];
    /// <summary>slice_group_change_rate_minus1 (types 3..5).</summary>
    public uint SliceGroupChangeRateMinus1;
    /// <summary>pic_size_in_map_units_minus1 + 1 of type 6, else 0.</summary>
    public uint MapUnits;
    /// <summary>Type 6: address of MapUnits bytes, slice_group_id of each map unit; valid during the submission. 0 otherwise.</summary>
    public ulong SliceGroupId;
    /// <summary>Scaling lists of this parameter set after the fall-back rules (flat 16 without lists).</summary>
    public V4L2CtrlH264ScalingMatrix ScalingMatrix;
}
