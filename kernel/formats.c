// SPDX-License-Identifier: GPL-2.0
/* Coded and decoded formats, the layout of pictures, the controls of a codec. */
#include <media/v4l2-common.h>

#include "daedalus.h"

#define FOURCC_PRIVATE(sub, depth) v4l2_fourcc('D', sub, depth, 'P')

/* Bytes that only clients and daemon understand; a single zero means none. */
#define DAED_PRIVATE(cid, text, most) {			\
	.id = (cid),					\
	.name = (text),					\
	.type = V4L2_CTRL_TYPE_U8,			\
	.flags = V4L2_CTRL_FLAG_DYNAMIC_ARRAY,		\
	.dims = { (most) },				\
	.max = U8_MAX,					\
	.step = 1,					\
}

static const struct v4l2_ctrl_config daed_vp9_controls[] = {
	{ .id = V4L2_CID_STATELESS_VP9_FRAME },
	{ .id = V4L2_CID_STATELESS_VP9_COMPRESSED_HDR },
};

static const struct v4l2_ctrl_config daed_h264_controls[] = {
	{ .id = V4L2_CID_STATELESS_H264_SPS },
	{ .id = V4L2_CID_STATELESS_H264_PPS },
	{ .id = V4L2_CID_STATELESS_H264_SCALING_MATRIX },
	{ .id = V4L2_CID_STATELESS_H264_DECODE_PARAMS },
	/* Of the slice-based mode; what they say stands in the bitstream too. */
	{ .id = V4L2_CID_STATELESS_H264_SLICE_PARAMS },
	{ .id = V4L2_CID_STATELESS_H264_PRED_WEIGHTS },
	{
		.id = V4L2_CID_STATELESS_H264_DECODE_MODE,
		.min = V4L2_STATELESS_H264_DECODE_MODE_SLICE_BASED,
		.max = V4L2_STATELESS_H264_DECODE_MODE_FRAME_BASED,
		.def = V4L2_STATELESS_H264_DECODE_MODE_FRAME_BASED,
	},
	{
		.id = V4L2_CID_STATELESS_H264_START_CODE,
		.min = V4L2_STATELESS_H264_START_CODE_ANNEX_B,
		.max = V4L2_STATELESS_H264_START_CODE_ANNEX_B,
		.def = V4L2_STATELESS_H264_START_CODE_ANNEX_B,
	},
	DAED_PRIVATE(DAEDALUS_CID_H264_PICTURE_PARAMETERS, "H264 Picture Parameter Sets",
		     DAEDALUS_H264_PICTURE_PARAMETERS_MAX),
};

#ifdef V4L2_CID_STATELESS_AV1_FRAME
static const struct v4l2_ctrl_config daed_av1_controls[] = {
	{ .id = V4L2_CID_STATELESS_AV1_SEQUENCE },
	{ .id = V4L2_CID_STATELESS_AV1_FRAME },
	{
		.id = V4L2_CID_STATELESS_AV1_TILE_GROUP_ENTRY,
		.dims = { V4L2_AV1_MAX_TILE_COUNT },
	},
	{ .id = V4L2_CID_STATELESS_AV1_FILM_GRAIN },
	DAED_PRIVATE(DAEDALUS_CID_AV1_FRAME, "AV1 Frame Additions", DAEDALUS_AV1_FRAME_MAX),
};
#endif

static const struct daed_codec daed_codecs[] = {
	{
		.fourcc = V4L2_PIX_FMT_VP9_FRAME,
		.bit = DAEDALUS_V4L2_CODEC_VP9,
		.controls = daed_vp9_controls,
		.count = ARRAY_SIZE(daed_vp9_controls),
	},
	{
		.fourcc = V4L2_PIX_FMT_H264_SLICE,
		.bit = DAEDALUS_V4L2_CODEC_H264,
		.controls = daed_h264_controls,
		.count = ARRAY_SIZE(daed_h264_controls),
	},
#ifdef V4L2_CID_STATELESS_AV1_FRAME
	{
		.fourcc = V4L2_PIX_FMT_AV1_FRAME,
		.bit = DAEDALUS_V4L2_CODEC_AV1,
		.controls = daed_av1_controls,
		.count = ARRAY_SIZE(daed_av1_controls),
	},
#endif
};

/* In order of preference: what most clients know comes first. */
static const struct daed_format daed_formats[] = {
	{ V4L2_PIX_FMT_NV12, 8, 1, 1, true },
	{ V4L2_PIX_FMT_YUV420, 8, 1, 1, false },
	{ V4L2_PIX_FMT_P010, 10, 1, 1, true },
	{ FOURCC_PRIVATE('0', '9'), 9, 1, 1, false, "Planar YUV 4:2:0 9-bit" },
	{ FOURCC_PRIVATE('0', 'A'), 10, 1, 1, false, "Planar YUV 4:2:0 10-bit" },
	{ FOURCC_PRIVATE('0', 'C'), 12, 1, 1, false, "Planar YUV 4:2:0 12-bit" },
	{ FOURCC_PRIVATE('0', 'E'), 14, 1, 1, false, "Planar YUV 4:2:0 14-bit" },
	{ FOURCC_PRIVATE('2', '8'), 8, 1, 0, false, "Planar YUV 4:2:2 8-bit" },
	{ FOURCC_PRIVATE('2', '9'), 9, 1, 0, false, "Planar YUV 4:2:2 9-bit" },
	{ FOURCC_PRIVATE('2', 'A'), 10, 1, 0, false, "Planar YUV 4:2:2 10-bit" },
	{ FOURCC_PRIVATE('2', 'C'), 12, 1, 0, false, "Planar YUV 4:2:2 12-bit" },
	{ FOURCC_PRIVATE('2', 'E'), 14, 1, 0, false, "Planar YUV 4:2:2 14-bit" },
	{ FOURCC_PRIVATE('3', '8'), 8, 0, 1, false, "Planar YUV 4:4:0 8-bit" },
	{ FOURCC_PRIVATE('3', '9'), 9, 0, 1, false, "Planar YUV 4:4:0 9-bit" },
	{ FOURCC_PRIVATE('3', 'A'), 10, 0, 1, false, "Planar YUV 4:4:0 10-bit" },
	{ FOURCC_PRIVATE('3', 'C'), 12, 0, 1, false, "Planar YUV 4:4:0 12-bit" },
	{ FOURCC_PRIVATE('3', 'E'), 14, 0, 1, false, "Planar YUV 4:4:0 14-bit" },
	{ FOURCC_PRIVATE('4', '8'), 8, 0, 0, false, "Planar YUV 4:4:4 8-bit" },
	{ FOURCC_PRIVATE('4', '9'), 9, 0, 0, false, "Planar YUV 4:4:4 9-bit" },
	{ FOURCC_PRIVATE('4', 'A'), 10, 0, 0, false, "Planar YUV 4:4:4 10-bit" },
	{ FOURCC_PRIVATE('4', 'C'), 12, 0, 0, false, "Planar YUV 4:4:4 12-bit" },
	{ FOURCC_PRIVATE('4', 'E'), 14, 0, 0, false, "Planar YUV 4:4:4 14-bit" },
};

static u32 daed_chroma_bit(u8 hsub, u8 vsub)
{
	if (hsub)
		return vsub ? DAEDALUS_V4L2_CHROMA_420 : DAEDALUS_V4L2_CHROMA_422;
	return vsub ? DAEDALUS_V4L2_CHROMA_440 : DAEDALUS_V4L2_CHROMA_444;
}

static bool daed_offers(struct daed_device *dev, const struct daed_format *f)
{
	return (dev->reg.depths & BIT(f->depth - 1)) &&
	       (dev->reg.chroma & daed_chroma_bit(f->hsub, f->vsub));
}

const struct daed_codec *daed_codec_at(struct daed_device *dev, u32 index)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(daed_codecs); i++)
		if ((daed_codecs[i].bit & dev->reg.codecs) && !index--)
			return &daed_codecs[i];
	return NULL;
}

const struct daed_codec *daed_codec_find(struct daed_device *dev, u32 fourcc)
{
	const struct daed_codec *codec;
	unsigned int i;

	for (i = 0; (codec = daed_codec_at(dev, i)); i++)
		if (codec->fourcc == fourcc)
			return codec;
	return NULL;
}

/* What the client's controls say of the stream, as far as they are set. */
static struct daed_image daed_image(struct daed_ctx *ctx)
{
	struct daed_image image = { 8, 1, 1 };
	struct v4l2_ctrl *ctrl;

	switch (ctx->codec->fourcc) {
	case V4L2_PIX_FMT_VP9_FRAME:
		ctrl = v4l2_ctrl_find(&ctx->hdl, V4L2_CID_STATELESS_VP9_FRAME);
		break;
	case V4L2_PIX_FMT_H264_SLICE:
		ctrl = v4l2_ctrl_find(&ctx->hdl, V4L2_CID_STATELESS_H264_SPS);
		break;
#ifdef V4L2_CID_STATELESS_AV1_FRAME
	case V4L2_PIX_FMT_AV1_FRAME:
		ctrl = v4l2_ctrl_find(&ctx->hdl, V4L2_CID_STATELESS_AV1_SEQUENCE);
		break;
#endif
	default:
		return image;
	}
	if (!ctrl)
		return image;

	v4l2_ctrl_lock(ctrl);
	switch (ctrl->id) {
	case V4L2_CID_STATELESS_VP9_FRAME: {
		const struct v4l2_ctrl_vp9_frame *f = ctrl->p_cur.p;

		image.depth = f->bit_depth;
		image.hsub = !!(f->flags & V4L2_VP9_FRAME_FLAG_X_SUBSAMPLING);
		image.vsub = !!(f->flags & V4L2_VP9_FRAME_FLAG_Y_SUBSAMPLING);
		break;
	}
	case V4L2_CID_STATELESS_H264_SPS: {
		const struct v4l2_ctrl_h264_sps *s = ctrl->p_cur.p;

		image.depth = 8 + s->bit_depth_luma_minus8;
		image.hsub = s->chroma_format_idc < 3;
		image.vsub = s->chroma_format_idc < 2;
		break;
	}
#ifdef V4L2_CID_STATELESS_AV1_FRAME
	case V4L2_CID_STATELESS_AV1_SEQUENCE: {
		const struct v4l2_ctrl_av1_sequence *s = ctrl->p_cur.p;

		image.depth = s->bit_depth;
		image.hsub = !!(s->flags & V4L2_AV1_SEQUENCE_FLAG_SUBSAMPLING_X);
		image.vsub = !!(s->flags & V4L2_AV1_SEQUENCE_FLAG_SUBSAMPLING_Y);
		/*
		 * Profile 0 is 4:2:0, also where nothing was set yet. The chroma
		 * of a monochrome picture is grey.
		 */
		if (!s->seq_profile || (s->flags & V4L2_AV1_SEQUENCE_FLAG_MONO_CHROME)) {
			image.hsub = 1;
			image.vsub = 1;
		}
		break;
	}
#endif
	}
	v4l2_ctrl_unlock(ctrl);
	if (!image.depth)
		image.depth = 8;
	return image;
}

static bool daed_suits(struct daed_ctx *ctx, const struct daed_format *f,
		       const struct daed_image *image)
{
	return daed_offers(ctx->dev, f) && f->depth == image->depth &&
	       f->hsub == image->hsub && f->vsub == image->vsub;
}

/* Formats for the stream as the controls describe it; or all there are. */
const struct daed_format *daed_format_at(struct daed_ctx *ctx, bool all, u32 index)
{
	struct daed_image image = daed_image(ctx);
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(daed_formats); i++) {
		const struct daed_format *f = &daed_formats[i];

		if (all ? !daed_offers(ctx->dev, f) : !daed_suits(ctx, f, &image))
			continue;
		if (!index--)
			return f;
	}
	return NULL;
}

static const struct daed_format *daed_format_choose(struct daed_ctx *ctx, u32 fourcc)
{
	const struct daed_format *f, *first = NULL;
	unsigned int i;

	for (i = 0; (f = daed_format_at(ctx, false, i)); i++) {
		if (f->fourcc == fourcc)
			return f;
		if (!first)
			first = f;
	}
	/* A stream no format is offered for fails frame by frame, not here. */
	return first ? first : &daed_formats[0];
}

void daed_try_coded(struct daed_device *dev, struct v4l2_pix_format_mplane *pix)
{
	const struct daed_codec *codec = daed_codec_find(dev, pix->pixelformat);
	struct v4l2_plane_pix_format *plane = &pix->plane_fmt[0];
	u32 least;

	if (!codec)
		codec = daed_codec_at(dev, 0);
	pix->pixelformat = codec->fourcc;
	pix->width = clamp(pix->width, 1U, dev->reg.max_width);
	pix->height = clamp(pix->height, 1U, dev->reg.max_height);
	pix->field = V4L2_FIELD_NONE;
	pix->num_planes = 1;
	pix->flags = 0;
	memset(pix->reserved, 0, sizeof(pix->reserved));
	/* A frame that codes worse than raw samples is allowed for. */
	least = max_t(u64, SZ_64K, min_t(u64, (u64)pix->width * pix->height * 2, SZ_64M));
	plane->sizeimage = clamp_t(u32, plane->sizeimage, least, SZ_256M);
	plane->bytesperline = 0;
	memset(plane->reserved, 0, sizeof(plane->reserved));
}

/*
 * What the engine demands: width and height in whole 64 x 64 blocks, rows and
 * planes at multiples of 64 bytes, 64 bytes behind the last row.
 */
static void daed_layout(const struct daed_format *f, u32 width, u32 height,
			struct v4l2_pix_format_mplane *pix)
{
	u32 bytes = f->depth > 8 ? 2 : 1;
	u64 stride, chroma;

	pix->width = ALIGN(width, 64);
	pix->height = ALIGN(height, 64);
	stride = ALIGN(pix->width * bytes, f->semiplanar ? 64 : 64 << f->hsub);
	/* Rows 4096 bytes apart share cache sets: filters evict their own. */
	if (!f->semiplanar && !(stride & 4095))
		stride += 64 << f->hsub;
	chroma = 2 * (stride >> f->hsub) * (pix->height >> f->vsub);
	pix->plane_fmt[0].bytesperline = stride;
	pix->plane_fmt[0].sizeimage =
		min_t(u64, stride * pix->height + chroma + 64, U32_MAX & PAGE_MASK);
}

const struct daed_format *daed_try_decoded(struct daed_ctx *ctx,
					   struct v4l2_pix_format_mplane *pix)
{
	const struct daed_format *f = daed_format_choose(ctx, pix->pixelformat);

	pix->pixelformat = f->fourcc;
	daed_layout(f, ctx->coded.width, ctx->coded.height, pix);
	pix->field = V4L2_FIELD_NONE;
	pix->num_planes = 1;
	pix->flags = 0;
	memset(pix->reserved, 0, sizeof(pix->reserved));
	memset(pix->plane_fmt[0].reserved, 0, sizeof(pix->plane_fmt[0].reserved));
	pix->colorspace = ctx->coded.colorspace;
	pix->ycbcr_enc = ctx->coded.ycbcr_enc;
	pix->quantization = ctx->coded.quantization;
	pix->xfer_func = ctx->coded.xfer_func;
	return f;
}

/*
 * The CAPTURE format follows size and controls of the OUTPUT side as long as
 * there are no buffers; called before anybody looks at it.
 */
void daed_refresh_decoded(struct daed_ctx *ctx)
{
	if (vb2_is_busy(&ctx->dst))
		return;
	ctx->format = daed_try_decoded(ctx, &ctx->decoded);
}

void daed_fill_layout(const struct daed_format *f,
		      const struct v4l2_pix_format_mplane *pix,
		      struct daedalus_v4l2_event *event)
{
	u32 stride = pix->plane_fmt[0].bytesperline;
	u32 chroma = f->semiplanar ? stride : stride >> f->hsub;

	event->pixelformat = f->fourcc;
	event->width = pix->width;
	event->height = pix->height;
	event->buffer_size = pix->plane_fmt[0].sizeimage;
	event->planes = f->semiplanar ? 2 : 3;
	event->offset[0] = 0;
	event->stride[0] = stride;
	event->offset[1] = stride * pix->height;
	event->stride[1] = chroma;
	if (f->semiplanar) {
		event->offset[2] = 0;
		event->stride[2] = 0;
		return;
	}
	event->offset[2] = event->offset[1] + chroma * (pix->height >> f->vsub);
	event->stride[2] = chroma;
}

static void daed_new_control(struct daed_ctx *ctx, const struct v4l2_ctrl_config *control)
{
	struct v4l2_ctrl_config mode = *control;

	if (mode.id == V4L2_CID_STATELESS_H264_DECODE_MODE && READ_ONCE(daed_h264_slices))
		mode.def = V4L2_STATELESS_H264_DECODE_MODE_SLICE_BASED;
	v4l2_ctrl_new_custom(&ctx->hdl, &mode, NULL);
}

bool daed_takes_slices(struct daed_ctx *ctx)
{
	struct v4l2_ctrl *mode;

	if (ctx->codec->fourcc != V4L2_PIX_FMT_H264_SLICE)
		return false;
	mode = v4l2_ctrl_find(&ctx->hdl, V4L2_CID_STATELESS_H264_DECODE_MODE);
	return mode && v4l2_ctrl_g_ctrl(mode) == V4L2_STATELESS_H264_DECODE_MODE_SLICE_BASED;
}

/* The field that the controls in force describe; 0 for a frame. */
u32 daed_field_of(struct daed_ctx *ctx)
{
	const u32 flags = V4L2_H264_DECODE_PARAM_FLAG_FIELD_PIC |
			  V4L2_H264_DECODE_PARAM_FLAG_BOTTOM_FIELD;
	struct v4l2_ctrl *ctrl = v4l2_ctrl_find(&ctx->hdl, V4L2_CID_STATELESS_H264_DECODE_PARAMS);
	const struct v4l2_ctrl_h264_decode_params *params;
	u32 field;

	if (!ctrl)
		return 0;
	v4l2_ctrl_lock(ctrl);
	params = ctrl->p_cur.p;
	field = params->flags & flags;
	v4l2_ctrl_unlock(ctrl);
	return field;
}

/* What the daemon has no use for: it reads slice headers by itself. */
bool daed_is_per_slice(u32 id)
{
	return id == V4L2_CID_STATELESS_H264_SLICE_PARAMS ||
	       id == V4L2_CID_STATELESS_H264_PRED_WEIGHTS;
}

/* One handler for all codecs: controls may be set before the format is. */
int daed_init_controls(struct daed_ctx *ctx)
{
	const struct daed_codec *codec;
	unsigned int i, j;

	v4l2_ctrl_handler_init(&ctx->hdl, DAED_MAX_CONTROLS);
	for (i = 0; (codec = daed_codec_at(ctx->dev, i)); i++)
		for (j = 0; j < codec->count; j++)
			daed_new_control(ctx, &codec->controls[j]);
	if (ctx->hdl.error)
		return ctx->hdl.error;
	ctx->fh.ctrl_handler = &ctx->hdl;
	return v4l2_ctrl_handler_setup(&ctx->hdl);
}
