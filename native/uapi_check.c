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
