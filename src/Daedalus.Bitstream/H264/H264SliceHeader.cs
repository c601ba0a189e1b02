// SPDX-License-Identifier: LGPL-2.1-or-later
using System.Runtime.InteropServices;
using Daedalus.V4L2.Controls;

namespace Daedalus.Bitstream.H264;

/// <summary>
/// A slice header (spec 7.3.3), blittable. The element reads it for picture order and marking, the engine for decoding in frame-based mode.
/// </summary>
[StructLayout(LayoutKind.Sequential)]
public unsafe struct H264SliceHeader
{
    /// <summary>Most commands of one ref_pic_list_modification or dec_ref_pic_marking that are kept (spec limits: 32 + 1, and well below).</summary>
    public const int MaxCommands = 66;

    /// <summary>nal_unit_type 1, 2 (partition A), 5, 20 is not parsed here.</summary>
    public byte NalUnitType;
    /// <summary>nal_ref_idc.</summary>
    public byte NalRefIdc;
    /// <summary>slice_type % 5.</summary>
    public H264SliceType SliceType;
    /// <summary>pic_parameter_set_id.</summary>
    public byte PicParameterSetId;
    /// <summary>colour_plane_id 0..2.</summary>
    public byte ColourPlaneId;
    /// <summary>field_pic_flag.</summary>
    public bool FieldPic;
    /// <summary>bottom_field_flag.</summary>
    public bool BottomField;
    /// <summary>MbaffFrameFlag.</summary>
    public bool MbaffFrame;
    /// <summary>first_mb_in_slice as coded (in MBAFF frames: pairs).</summary>
    public int FirstMbInSlice;
    /// <summary>frame_num.</summary>
    public int FrameNum;
    /// <summary>idr_pic_id.</summary>
    public int IdrPicId;
    /// <summary>pic_order_cnt_lsb.</summary>
    public int PicOrderCntLsb;
    /// <summary>delta_pic_order_cnt_bottom.</summary>
    public int DeltaPicOrderCntBottom;
    /// <summary>delta_pic_order_cnt[0].</summary>
    public int DeltaPicOrderCnt0;
    /// <summary>delta_pic_order_cnt[1].</summary>
    public int DeltaPicOrderCnt1;
    /// <summary>redundant_pic_cnt; 0 = primary.</summary>
    public int RedundantPicCnt;
    /// <summary>direct_spatial_mv_pred_flag.</summary>
    public bool DirectSpatialMvPred;
    /// <summary>sp_for_switch_flag.</summary>
    public bool SpForSwitch;
    /// <summary>no_output_of_prior_pics_flag.</summary>
    public bool NoOutputOfPriorPics;
    /// <summary>long_term_reference_flag.</summary>
    public bool LongTermReference;
    /// <summary>adaptive_ref_pic_marking_mode_flag.</summary>
    public bool AdaptiveRefPicMarking;
    /// <summary>cabac_init_idc 0..2.</summary>
    public byte CabacInitIdc;
    /// <summary>disable_deblocking_filter_idc 0..2.</summary>
    public byte DisableDeblockingFilterIdc;
    /// <summary>num_ref_idx_l0_active_minus1 + 1; 0 for I and SI.</summary>
    public byte NumRefIdxActive0;
    /// <summary>num_ref_idx_l1_active_minus1 + 1; 0 unless B.</summary>
    public byte NumRefIdxActive1;
    /// <summary>FilterOffsetA: slice_alpha_c0_offset_div2 * 2.</summary>
    public sbyte FilterOffsetA;
    /// <summary>FilterOffsetB.</summary>
    public sbyte FilterOffsetB;
    /// <summary>SliceQPY = 26 + pic_init_qp_minus26 + slice_qp_delta; -QpBdOffset..51.</summary>
    public sbyte SliceQp;
    /// <summary>QSY = 26 + pic_init_qs_minus26 + slice_qs_delta; 0..51 (SP and SI).</summary>
    public sbyte SliceQs;
    /// <summary>slice_qp_delta as coded.</summary>
    public sbyte SliceQpDelta;
    /// <summary>slice_qs_delta as coded.</summary>
    public sbyte SliceQsDelta;
    /// <summary>Commands of ref_pic_list_modification for list 0, end marker not counted.</summary>
    public byte ModificationCount0;
    /// <summary>The same for list 1.</summary>
    public byte ModificationCount1;
    /// <summary>Commands of dec_ref_pic_marking.</summary>
    public byte MarkingCount;
    /// <summary>Explicit weights were sent (pred_weight_table).</summary>
    public bool HasWeights;
    /// <summary>slice_group_change_cycle.</summary>
    public uint SliceGroupChangeCycle;
    /// <summary>Bits from the first bit of the NAL unit (its header byte) to slice_data(), emulation prevention bytes not counted.</summary>
    public uint HeaderBitSize;
    /// <summary>Bits of dec_ref_pic_marking().</summary>
    public uint MarkingBitSize;
    /// <summary>Bits of the picture order count syntax.</summary>
    public uint PicOrderCntBitSize;
    /// <summary>slice_id of data partition A (spec 7.3.2.9.1).</summary>
    public uint SliceId;
    /// <summary>modification_of_pic_nums_idc of list 0: 0..3.</summary>
    public fixed byte ModificationIdc0[MaxCommands];
    /// <summary>Of list 1.</summary>
    public fixed byte ModificationIdc1[MaxCommands];
    /// <summary>abs_diff_pic_num_minus1 or long_term_pic_num of list 0.</summary>
    public fixed uint ModificationValue0[MaxCommands];
    /// <summary>Of list 1.</summary>
    public fixed uint ModificationValue1[MaxCommands];
    /// <summary>memory_management_control_operation 1..6.</summary>
    public fixed byte MarkingOperation[MaxCommands];
    /// <summary>difference_of_pic_nums_minus1 (1, 3), long_term_pic_num (2), long_term_frame_idx (6), max_long_term_frame_idx_plus1 (4).</summary>
    public fixed uint MarkingValue[MaxCommands];
    /// <summary>long_term_frame_idx of operation 3.</summary>
    public fixed uint MarkingLongTermFrameIdx[MaxCommands];
    /// <summary>pred_weight_table(); entries without a flag hold the default weight 2^denom and offset 0.</summary>
    public V4L2CtrlH264PredWeights Weights;
}
