/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The control structs of the kernel's uAPI, as numbers. The compiler checks them against linux/v4l2-controls.h
 * (gcc -fsyntax-only native/uapi_check.c, on every architecture); a unit test reads the same lines and checks the C# structs.
 */
#include <stddef.h>
#include <linux/v4l2-controls.h>

#define CHECK_SIZE(type, size) \
    _Static_assert(sizeof(struct type) == (size), "size of " #type)
#define CHECK_FIELD(type, field, offset, size) \
    _Static_assert(offsetof(struct type, field) == (offset), "offset of " #type "." #field); \
    _Static_assert(sizeof(((struct type *)0)->field) == (size), "size of " #type "." #field)
#define CHECK_CONSTANT(name, value) \
    _Static_assert((name) == (value), #name)

CHECK_SIZE(v4l2_vp9_loop_filter, 16);
CHECK_FIELD(v4l2_vp9_loop_filter, ref_deltas, 0, 4);
CHECK_FIELD(v4l2_vp9_loop_filter, mode_deltas, 4, 2);
CHECK_FIELD(v4l2_vp9_loop_filter, level, 6, 1);
CHECK_FIELD(v4l2_vp9_loop_filter, sharpness, 7, 1);
CHECK_FIELD(v4l2_vp9_loop_filter, flags, 8, 1);
CHECK_FIELD(v4l2_vp9_loop_filter, reserved, 9, 7);

CHECK_SIZE(v4l2_vp9_quantization, 8);
CHECK_FIELD(v4l2_vp9_quantization, base_q_idx, 0, 1);
CHECK_FIELD(v4l2_vp9_quantization, delta_q_y_dc, 1, 1);
CHECK_FIELD(v4l2_vp9_quantization, delta_q_uv_dc, 2, 1);
CHECK_FIELD(v4l2_vp9_quantization, delta_q_uv_ac, 3, 1);
CHECK_FIELD(v4l2_vp9_quantization, reserved, 4, 4);

CHECK_SIZE(v4l2_vp9_segmentation, 88);
CHECK_FIELD(v4l2_vp9_segmentation, feature_data, 0, 64);
CHECK_FIELD(v4l2_vp9_segmentation, feature_enabled, 64, 8);
CHECK_FIELD(v4l2_vp9_segmentation, tree_probs, 72, 7);
CHECK_FIELD(v4l2_vp9_segmentation, pred_probs, 79, 3);
CHECK_FIELD(v4l2_vp9_segmentation, flags, 82, 1);
CHECK_FIELD(v4l2_vp9_segmentation, reserved, 83, 5);

CHECK_SIZE(v4l2_ctrl_vp9_frame, 168);
CHECK_FIELD(v4l2_ctrl_vp9_frame, lf, 0, 16);
CHECK_FIELD(v4l2_ctrl_vp9_frame, quant, 16, 8);
CHECK_FIELD(v4l2_ctrl_vp9_frame, seg, 24, 88);
CHECK_FIELD(v4l2_ctrl_vp9_frame, flags, 112, 4);
CHECK_FIELD(v4l2_ctrl_vp9_frame, compressed_header_size, 116, 2);
CHECK_FIELD(v4l2_ctrl_vp9_frame, uncompressed_header_size, 118, 2);
CHECK_FIELD(v4l2_ctrl_vp9_frame, frame_width_minus_1, 120, 2);
CHECK_FIELD(v4l2_ctrl_vp9_frame, frame_height_minus_1, 122, 2);
CHECK_FIELD(v4l2_ctrl_vp9_frame, render_width_minus_1, 124, 2);
CHECK_FIELD(v4l2_ctrl_vp9_frame, render_height_minus_1, 126, 2);
CHECK_FIELD(v4l2_ctrl_vp9_frame, last_frame_ts, 128, 8);
CHECK_FIELD(v4l2_ctrl_vp9_frame, golden_frame_ts, 136, 8);
CHECK_FIELD(v4l2_ctrl_vp9_frame, alt_frame_ts, 144, 8);
CHECK_FIELD(v4l2_ctrl_vp9_frame, ref_frame_sign_bias, 152, 1);
CHECK_FIELD(v4l2_ctrl_vp9_frame, reset_frame_context, 153, 1);
CHECK_FIELD(v4l2_ctrl_vp9_frame, frame_context_idx, 154, 1);
CHECK_FIELD(v4l2_ctrl_vp9_frame, profile, 155, 1);
CHECK_FIELD(v4l2_ctrl_vp9_frame, bit_depth, 156, 1);
CHECK_FIELD(v4l2_ctrl_vp9_frame, interpolation_filter, 157, 1);
CHECK_FIELD(v4l2_ctrl_vp9_frame, tile_cols_log2, 158, 1);
CHECK_FIELD(v4l2_ctrl_vp9_frame, tile_rows_log2, 159, 1);
CHECK_FIELD(v4l2_ctrl_vp9_frame, reference_mode, 160, 1);
CHECK_FIELD(v4l2_ctrl_vp9_frame, reserved, 161, 7);

CHECK_SIZE(v4l2_vp9_mv_probs, 69);
CHECK_FIELD(v4l2_vp9_mv_probs, joint, 0, 3);
CHECK_FIELD(v4l2_vp9_mv_probs, sign, 3, 2);
CHECK_FIELD(v4l2_vp9_mv_probs, classes, 5, 20);
CHECK_FIELD(v4l2_vp9_mv_probs, class0_bit, 25, 2);
CHECK_FIELD(v4l2_vp9_mv_probs, bits, 27, 20);
CHECK_FIELD(v4l2_vp9_mv_probs, class0_fr, 47, 12);
CHECK_FIELD(v4l2_vp9_mv_probs, fr, 59, 6);
CHECK_FIELD(v4l2_vp9_mv_probs, class0_hp, 65, 2);
CHECK_FIELD(v4l2_vp9_mv_probs, hp, 67, 2);

CHECK_SIZE(v4l2_ctrl_vp9_compressed_hdr, 2040);
CHECK_FIELD(v4l2_ctrl_vp9_compressed_hdr, tx_mode, 0, 1);
CHECK_FIELD(v4l2_ctrl_vp9_compressed_hdr, tx8, 1, 2);
CHECK_FIELD(v4l2_ctrl_vp9_compressed_hdr, tx16, 3, 4);
CHECK_FIELD(v4l2_ctrl_vp9_compressed_hdr, tx32, 7, 6);
CHECK_FIELD(v4l2_ctrl_vp9_compressed_hdr, coef, 13, 1728);
CHECK_FIELD(v4l2_ctrl_vp9_compressed_hdr, skip, 1741, 3);
CHECK_FIELD(v4l2_ctrl_vp9_compressed_hdr, inter_mode, 1744, 21);
CHECK_FIELD(v4l2_ctrl_vp9_compressed_hdr, interp_filter, 1765, 8);
CHECK_FIELD(v4l2_ctrl_vp9_compressed_hdr, is_inter, 1773, 4);
CHECK_FIELD(v4l2_ctrl_vp9_compressed_hdr, comp_mode, 1777, 5);
CHECK_FIELD(v4l2_ctrl_vp9_compressed_hdr, single_ref, 1782, 10);
CHECK_FIELD(v4l2_ctrl_vp9_compressed_hdr, comp_ref, 1792, 5);
CHECK_FIELD(v4l2_ctrl_vp9_compressed_hdr, y_mode, 1797, 36);
CHECK_FIELD(v4l2_ctrl_vp9_compressed_hdr, uv_mode, 1833, 90);
CHECK_FIELD(v4l2_ctrl_vp9_compressed_hdr, partition, 1923, 48);
CHECK_FIELD(v4l2_ctrl_vp9_compressed_hdr, mv, 1971, 69);

CHECK_CONSTANT(V4L2_CID_STATELESS_VP9_FRAME, 0xa40a2c);
CHECK_CONSTANT(V4L2_CID_STATELESS_VP9_COMPRESSED_HDR, 0xa40a2d);
CHECK_CONSTANT(V4L2_VP9_FRAME_FLAG_KEY_FRAME, 0x001);
CHECK_CONSTANT(V4L2_VP9_FRAME_FLAG_SHOW_FRAME, 0x002);
CHECK_CONSTANT(V4L2_VP9_FRAME_FLAG_ERROR_RESILIENT, 0x004);
CHECK_CONSTANT(V4L2_VP9_FRAME_FLAG_INTRA_ONLY, 0x008);
CHECK_CONSTANT(V4L2_VP9_FRAME_FLAG_ALLOW_HIGH_PREC_MV, 0x010);
CHECK_CONSTANT(V4L2_VP9_FRAME_FLAG_REFRESH_FRAME_CTX, 0x020);
CHECK_CONSTANT(V4L2_VP9_FRAME_FLAG_PARALLEL_DEC_MODE, 0x040);
CHECK_CONSTANT(V4L2_VP9_FRAME_FLAG_X_SUBSAMPLING, 0x080);
CHECK_CONSTANT(V4L2_VP9_FRAME_FLAG_Y_SUBSAMPLING, 0x100);
CHECK_CONSTANT(V4L2_VP9_FRAME_FLAG_COLOR_RANGE_FULL_SWING, 0x200);
CHECK_CONSTANT(V4L2_VP9_INTERP_FILTER_EIGHTTAP, 0);
CHECK_CONSTANT(V4L2_VP9_INTERP_FILTER_EIGHTTAP_SMOOTH, 1);
CHECK_CONSTANT(V4L2_VP9_INTERP_FILTER_EIGHTTAP_SHARP, 2);
CHECK_CONSTANT(V4L2_VP9_INTERP_FILTER_BILINEAR, 3);
CHECK_CONSTANT(V4L2_VP9_INTERP_FILTER_SWITCHABLE, 4);
CHECK_CONSTANT(V4L2_VP9_RESET_FRAME_CTX_SPEC, 1);
CHECK_CONSTANT(V4L2_VP9_RESET_FRAME_CTX_ALL, 2);

CHECK_SIZE(v4l2_ctrl_h264_sps, 1048);
CHECK_FIELD(v4l2_ctrl_h264_sps, profile_idc, 0, 1);
CHECK_FIELD(v4l2_ctrl_h264_sps, constraint_set_flags, 1, 1);
CHECK_FIELD(v4l2_ctrl_h264_sps, level_idc, 2, 1);
CHECK_FIELD(v4l2_ctrl_h264_sps, seq_parameter_set_id, 3, 1);
CHECK_FIELD(v4l2_ctrl_h264_sps, chroma_format_idc, 4, 1);
CHECK_FIELD(v4l2_ctrl_h264_sps, bit_depth_luma_minus8, 5, 1);
CHECK_FIELD(v4l2_ctrl_h264_sps, bit_depth_chroma_minus8, 6, 1);
CHECK_FIELD(v4l2_ctrl_h264_sps, log2_max_frame_num_minus4, 7, 1);
CHECK_FIELD(v4l2_ctrl_h264_sps, pic_order_cnt_type, 8, 1);
CHECK_FIELD(v4l2_ctrl_h264_sps, log2_max_pic_order_cnt_lsb_minus4, 9, 1);
CHECK_FIELD(v4l2_ctrl_h264_sps, max_num_ref_frames, 10, 1);
CHECK_FIELD(v4l2_ctrl_h264_sps, num_ref_frames_in_pic_order_cnt_cycle, 11, 1);
CHECK_FIELD(v4l2_ctrl_h264_sps, offset_for_ref_frame, 12, 1020);
CHECK_FIELD(v4l2_ctrl_h264_sps, offset_for_non_ref_pic, 1032, 4);
CHECK_FIELD(v4l2_ctrl_h264_sps, offset_for_top_to_bottom_field, 1036, 4);
CHECK_FIELD(v4l2_ctrl_h264_sps, pic_width_in_mbs_minus1, 1040, 2);
CHECK_FIELD(v4l2_ctrl_h264_sps, pic_height_in_map_units_minus1, 1042, 2);
CHECK_FIELD(v4l2_ctrl_h264_sps, flags, 1044, 4);

CHECK_SIZE(v4l2_ctrl_h264_pps, 12);
CHECK_FIELD(v4l2_ctrl_h264_pps, pic_parameter_set_id, 0, 1);
CHECK_FIELD(v4l2_ctrl_h264_pps, seq_parameter_set_id, 1, 1);
CHECK_FIELD(v4l2_ctrl_h264_pps, num_slice_groups_minus1, 2, 1);
CHECK_FIELD(v4l2_ctrl_h264_pps, num_ref_idx_l0_default_active_minus1, 3, 1);
CHECK_FIELD(v4l2_ctrl_h264_pps, num_ref_idx_l1_default_active_minus1, 4, 1);
CHECK_FIELD(v4l2_ctrl_h264_pps, weighted_bipred_idc, 5, 1);
CHECK_FIELD(v4l2_ctrl_h264_pps, pic_init_qp_minus26, 6, 1);
CHECK_FIELD(v4l2_ctrl_h264_pps, pic_init_qs_minus26, 7, 1);
CHECK_FIELD(v4l2_ctrl_h264_pps, chroma_qp_index_offset, 8, 1);
CHECK_FIELD(v4l2_ctrl_h264_pps, second_chroma_qp_index_offset, 9, 1);
CHECK_FIELD(v4l2_ctrl_h264_pps, flags, 10, 2);

CHECK_SIZE(v4l2_ctrl_h264_scaling_matrix, 480);
CHECK_FIELD(v4l2_ctrl_h264_scaling_matrix, scaling_list_4x4, 0, 96);
CHECK_FIELD(v4l2_ctrl_h264_scaling_matrix, scaling_list_8x8, 96, 384);

CHECK_SIZE(v4l2_h264_weight_factors, 384);
CHECK_FIELD(v4l2_h264_weight_factors, luma_weight, 0, 64);
CHECK_FIELD(v4l2_h264_weight_factors, luma_offset, 64, 64);
CHECK_FIELD(v4l2_h264_weight_factors, chroma_weight, 128, 128);
CHECK_FIELD(v4l2_h264_weight_factors, chroma_offset, 256, 128);

CHECK_SIZE(v4l2_ctrl_h264_pred_weights, 772);
CHECK_FIELD(v4l2_ctrl_h264_pred_weights, luma_log2_weight_denom, 0, 2);
CHECK_FIELD(v4l2_ctrl_h264_pred_weights, chroma_log2_weight_denom, 2, 2);
CHECK_FIELD(v4l2_ctrl_h264_pred_weights, weight_factors[0], 4, 384);
CHECK_FIELD(v4l2_ctrl_h264_pred_weights, weight_factors[1], 388, 384);

CHECK_SIZE(v4l2_h264_reference, 2);
CHECK_FIELD(v4l2_h264_reference, fields, 0, 1);
CHECK_FIELD(v4l2_h264_reference, index, 1, 1);

CHECK_SIZE(v4l2_ctrl_h264_slice_params, 152);
CHECK_FIELD(v4l2_ctrl_h264_slice_params, header_bit_size, 0, 4);
CHECK_FIELD(v4l2_ctrl_h264_slice_params, first_mb_in_slice, 4, 4);
CHECK_FIELD(v4l2_ctrl_h264_slice_params, slice_type, 8, 1);
CHECK_FIELD(v4l2_ctrl_h264_slice_params, colour_plane_id, 9, 1);
CHECK_FIELD(v4l2_ctrl_h264_slice_params, redundant_pic_cnt, 10, 1);
CHECK_FIELD(v4l2_ctrl_h264_slice_params, cabac_init_idc, 11, 1);
CHECK_FIELD(v4l2_ctrl_h264_slice_params, slice_qp_delta, 12, 1);
CHECK_FIELD(v4l2_ctrl_h264_slice_params, slice_qs_delta, 13, 1);
CHECK_FIELD(v4l2_ctrl_h264_slice_params, disable_deblocking_filter_idc, 14, 1);
CHECK_FIELD(v4l2_ctrl_h264_slice_params, slice_alpha_c0_offset_div2, 15, 1);
CHECK_FIELD(v4l2_ctrl_h264_slice_params, slice_beta_offset_div2, 16, 1);
CHECK_FIELD(v4l2_ctrl_h264_slice_params, num_ref_idx_l0_active_minus1, 17, 1);
CHECK_FIELD(v4l2_ctrl_h264_slice_params, num_ref_idx_l1_active_minus1, 18, 1);
CHECK_FIELD(v4l2_ctrl_h264_slice_params, reserved, 19, 1);
CHECK_FIELD(v4l2_ctrl_h264_slice_params, ref_pic_list0, 20, 64);
CHECK_FIELD(v4l2_ctrl_h264_slice_params, ref_pic_list1, 84, 64);
CHECK_FIELD(v4l2_ctrl_h264_slice_params, flags, 148, 4);

CHECK_SIZE(v4l2_h264_dpb_entry, 32);
CHECK_FIELD(v4l2_h264_dpb_entry, reference_ts, 0, 8);
CHECK_FIELD(v4l2_h264_dpb_entry, pic_num, 8, 4);
CHECK_FIELD(v4l2_h264_dpb_entry, frame_num, 12, 2);
CHECK_FIELD(v4l2_h264_dpb_entry, fields, 14, 1);
CHECK_FIELD(v4l2_h264_dpb_entry, reserved, 15, 5);
CHECK_FIELD(v4l2_h264_dpb_entry, top_field_order_cnt, 20, 4);
CHECK_FIELD(v4l2_h264_dpb_entry, bottom_field_order_cnt, 24, 4);
CHECK_FIELD(v4l2_h264_dpb_entry, flags, 28, 4);

CHECK_SIZE(v4l2_ctrl_h264_decode_params, 560);
CHECK_FIELD(v4l2_ctrl_h264_decode_params, dpb, 0, 512);
CHECK_FIELD(v4l2_ctrl_h264_decode_params, nal_ref_idc, 512, 2);
CHECK_FIELD(v4l2_ctrl_h264_decode_params, frame_num, 514, 2);
CHECK_FIELD(v4l2_ctrl_h264_decode_params, top_field_order_cnt, 516, 4);
CHECK_FIELD(v4l2_ctrl_h264_decode_params, bottom_field_order_cnt, 520, 4);
CHECK_FIELD(v4l2_ctrl_h264_decode_params, idr_pic_id, 524, 2);
CHECK_FIELD(v4l2_ctrl_h264_decode_params, pic_order_cnt_lsb, 526, 2);
CHECK_FIELD(v4l2_ctrl_h264_decode_params, delta_pic_order_cnt_bottom, 528, 4);
CHECK_FIELD(v4l2_ctrl_h264_decode_params, delta_pic_order_cnt0, 532, 4);
CHECK_FIELD(v4l2_ctrl_h264_decode_params, delta_pic_order_cnt1, 536, 4);
CHECK_FIELD(v4l2_ctrl_h264_decode_params, dec_ref_pic_marking_bit_size, 540, 4);
CHECK_FIELD(v4l2_ctrl_h264_decode_params, pic_order_cnt_bit_size, 544, 4);
CHECK_FIELD(v4l2_ctrl_h264_decode_params, slice_group_change_cycle, 548, 4);
CHECK_FIELD(v4l2_ctrl_h264_decode_params, reserved, 552, 4);
CHECK_FIELD(v4l2_ctrl_h264_decode_params, flags, 556, 4);

CHECK_CONSTANT(V4L2_CID_STATELESS_H264_SPS, 0xa40902);
CHECK_CONSTANT(V4L2_CID_STATELESS_H264_PPS, 0xa40903);
CHECK_CONSTANT(V4L2_CID_STATELESS_H264_SCALING_MATRIX, 0xa40904);
CHECK_CONSTANT(V4L2_CID_STATELESS_H264_PRED_WEIGHTS, 0xa40905);
CHECK_CONSTANT(V4L2_CID_STATELESS_H264_SLICE_PARAMS, 0xa40906);
CHECK_CONSTANT(V4L2_CID_STATELESS_H264_DECODE_PARAMS, 0xa40907);
CHECK_CONSTANT(V4L2_H264_SPS_FLAG_SEPARATE_COLOUR_PLANE, 0x1);
CHECK_CONSTANT(V4L2_H264_SPS_FLAG_QPPRIME_Y_ZERO_TRANSFORM_BYPASS, 0x2);
CHECK_CONSTANT(V4L2_H264_SPS_FLAG_DELTA_PIC_ORDER_ALWAYS_ZERO, 0x4);
CHECK_CONSTANT(V4L2_H264_SPS_FLAG_GAPS_IN_FRAME_NUM_VALUE_ALLOWED, 0x8);
CHECK_CONSTANT(V4L2_H264_SPS_FLAG_FRAME_MBS_ONLY, 0x10);
CHECK_CONSTANT(V4L2_H264_SPS_FLAG_MB_ADAPTIVE_FRAME_FIELD, 0x20);
CHECK_CONSTANT(V4L2_H264_SPS_FLAG_DIRECT_8X8_INFERENCE, 0x40);
CHECK_CONSTANT(V4L2_H264_PPS_FLAG_ENTROPY_CODING_MODE, 0x1);
CHECK_CONSTANT(V4L2_H264_PPS_FLAG_BOTTOM_FIELD_PIC_ORDER_IN_FRAME_PRESENT, 0x2);
CHECK_CONSTANT(V4L2_H264_PPS_FLAG_WEIGHTED_PRED, 0x4);
CHECK_CONSTANT(V4L2_H264_PPS_FLAG_DEBLOCKING_FILTER_CONTROL_PRESENT, 0x8);
CHECK_CONSTANT(V4L2_H264_PPS_FLAG_CONSTRAINED_INTRA_PRED, 0x10);
CHECK_CONSTANT(V4L2_H264_PPS_FLAG_REDUNDANT_PIC_CNT_PRESENT, 0x20);
CHECK_CONSTANT(V4L2_H264_PPS_FLAG_TRANSFORM_8X8_MODE, 0x40);
CHECK_CONSTANT(V4L2_H264_PPS_FLAG_SCALING_MATRIX_PRESENT, 0x80);
CHECK_CONSTANT(V4L2_H264_SLICE_TYPE_P, 0x0);
CHECK_CONSTANT(V4L2_H264_SLICE_TYPE_B, 0x1);
CHECK_CONSTANT(V4L2_H264_SLICE_TYPE_I, 0x2);
CHECK_CONSTANT(V4L2_H264_SLICE_TYPE_SP, 0x3);
CHECK_CONSTANT(V4L2_H264_SLICE_TYPE_SI, 0x4);
CHECK_CONSTANT(V4L2_H264_SLICE_FLAG_DIRECT_SPATIAL_MV_PRED, 0x1);
CHECK_CONSTANT(V4L2_H264_SLICE_FLAG_SP_FOR_SWITCH, 0x2);
CHECK_CONSTANT(V4L2_H264_TOP_FIELD_REF, 0x1);
CHECK_CONSTANT(V4L2_H264_BOTTOM_FIELD_REF, 0x2);
CHECK_CONSTANT(V4L2_H264_FRAME_REF, 0x3);
CHECK_CONSTANT(V4L2_H264_NUM_DPB_ENTRIES, 0x10);
CHECK_CONSTANT(V4L2_H264_REF_LIST_LEN, 0x20);
CHECK_CONSTANT(V4L2_H264_DPB_ENTRY_FLAG_VALID, 0x1);
CHECK_CONSTANT(V4L2_H264_DPB_ENTRY_FLAG_ACTIVE, 0x2);
CHECK_CONSTANT(V4L2_H264_DPB_ENTRY_FLAG_LONG_TERM, 0x4);
CHECK_CONSTANT(V4L2_H264_DPB_ENTRY_FLAG_FIELD, 0x8);
CHECK_CONSTANT(V4L2_H264_DECODE_PARAM_FLAG_IDR_PIC, 0x1);
CHECK_CONSTANT(V4L2_H264_DECODE_PARAM_FLAG_FIELD_PIC, 0x2);
CHECK_CONSTANT(V4L2_H264_DECODE_PARAM_FLAG_BOTTOM_FIELD, 0x4);
CHECK_CONSTANT(V4L2_H264_DECODE_PARAM_FLAG_PFRAME, 0x8);
CHECK_CONSTANT(V4L2_H264_DECODE_PARAM_FLAG_BFRAME, 0x10);
