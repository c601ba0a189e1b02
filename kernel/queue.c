// SPDX-License-Identifier: GPL-2.0
/* The two buffer queues of a context, and requests. */
#include <media/v4l2-ioctl.h>

#include "daedalus.h"

static struct v4l2_pix_format_mplane *daed_pix(struct daed_ctx *ctx, struct vb2_queue *q)
{
	return q == &ctx->src ? &ctx->coded : &ctx->decoded;
}

static int daed_queue_setup(struct vb2_queue *q, unsigned int *count,
			    unsigned int *planes, unsigned int sizes[],
			    struct device *devs[])
{
	struct daed_ctx *ctx = vb2_get_drv_priv(q);
	u32 size;

	if (q == &ctx->dst)
		daed_refresh_decoded(ctx);
	size = daed_pix(ctx, q)->plane_fmt[0].sizeimage;
	if (*planes)
		return *planes != 1 || sizes[0] < size ? -EINVAL : 0;
	*planes = 1;
	sizes[0] = size;
	return 0;
}

static int daed_buf_out_validate(struct vb2_buffer *vb)
{
	to_vb2_v4l2_buffer(vb)->field = V4L2_FIELD_NONE;
	return 0;
}

static int daed_buf_prepare(struct vb2_buffer *vb)
{
	struct daed_ctx *ctx = vb2_get_drv_priv(vb->vb2_queue);
	u32 size = daed_pix(ctx, vb->vb2_queue)->plane_fmt[0].sizeimage;

	if (vb->vb2_queue == &ctx->src)
		return vb2_get_plane_payload(vb, 0) ? 0 : -EINVAL;
	if (vb2_plane_size(vb, 0) < size)
		return -EINVAL;
	vb2_set_plane_payload(vb, 0, size);
	return 0;
}

static void daed_buf_queue(struct vb2_buffer *vb)
{
	struct daed_ctx *ctx = vb2_get_drv_priv(vb->vb2_queue);
	struct daed_buf *buf = to_daed_buf(vb);

	lockdep_assert_held(&ctx->lock);
	buf->failed = false;
	buf->corrupted = false;
	list_add_tail(&buf->list, vb->vb2_queue == &ctx->src ?
		      &ctx->src_ready : &ctx->dst_ready);
}

static void daed_buf_request_complete(struct vb2_buffer *vb)
{
	struct daed_ctx *ctx = vb2_get_drv_priv(vb->vb2_queue);

	v4l2_ctrl_request_complete(vb->req_obj.req, &ctx->hdl);
}

static int daed_start_streaming(struct vb2_queue *q, unsigned int count)
{
	struct daed_ctx *ctx = vb2_get_drv_priv(q);

	if (q == &ctx->src)
		ctx->src_streaming = true;
	else
		ctx->dst_streaming = true;
	return 0;
}

static void daed_stop_streaming(struct vb2_queue *q)
{
	struct daed_ctx *ctx = vb2_get_drv_priv(q);

	if (q == &ctx->src)
		ctx->src_streaming = false;
	else
		ctx->dst_streaming = false;
	daed_revoke(ctx, q == &ctx->src);
}

static const struct vb2_ops daed_queue_ops = {
	.queue_setup = daed_queue_setup,
	.buf_out_validate = daed_buf_out_validate,
	.buf_prepare = daed_buf_prepare,
	.buf_queue = daed_buf_queue,
	.buf_request_complete = daed_buf_request_complete,
	.start_streaming = daed_start_streaming,
	.stop_streaming = daed_stop_streaming,
#if !DAED_HAS_VB2_WAIT
	.wait_prepare = vb2_ops_wait_prepare,
	.wait_finish = vb2_ops_wait_finish,
#endif
};

static int daed_queue_init(struct daed_ctx *ctx, struct vb2_queue *q, u32 type)
{
	q->type = type;
	q->drv_priv = ctx;
	q->lock = &ctx->lock;
	q->dev = daed_parent;
	q->ops = &daed_queue_ops;
	q->mem_ops = &daed_mem_ops;
	q->buf_struct_size = sizeof(struct daed_buf);
	q->timestamp_flags = V4L2_BUF_FLAG_TIMESTAMP_COPY;
	q->bidirectional = 1;
	return vb2_queue_init(q);
}

int daed_queues_init(struct daed_ctx *ctx)
{
	int ret;

	ctx->src.io_modes = VB2_MMAP | VB2_DMABUF;
	ctx->src.supports_requests = true;
	ctx->src.requires_requests = true;
	ctx->src.subsystem_flags = VB2_V4L2_FL_SUPPORTS_M2M_HOLD_CAPTURE_BUF;
	ret = daed_queue_init(ctx, &ctx->src, V4L2_BUF_TYPE_VIDEO_OUTPUT_MPLANE);
	if (ret)
		return ret;

	ctx->dst.io_modes = VB2_MMAP | VB2_DMABUF;
#if DAED_HAS_MAX_NUM_BUFFERS
	/* References and what a display chain keeps. */
	ctx->dst.max_num_buffers = 128;
#endif
	return daed_queue_init(ctx, &ctx->dst, V4L2_BUF_TYPE_VIDEO_CAPTURE_MPLANE);
}

/* Requests */

int daed_request_validate(struct media_request *req)
{
	unsigned int count = vb2_request_buffer_cnt(req);

	if (!count)
		return -ENOENT;
	if (count > 1)
		return -EINVAL;
	return vb2_request_validate(req);
}

void daed_request_queue(struct media_request *req)
{
	struct media_request_object *obj, *next;
	struct daed_ctx *ctx = NULL;

	/* Buffers come last, and what is queued may be gone at once. */
	list_for_each_entry_safe(obj, next, &req->objects, list) {
		if (vb2_request_object_is_buffer(obj)) {
			struct vb2_buffer *vb = container_of(obj, struct vb2_buffer, req_obj);

			ctx = vb2_get_drv_priv(vb->vb2_queue);
		}
		if (obj->ops->queue)
			obj->ops->queue(obj);
	}
	if (!ctx)
		return;
	mutex_lock(&ctx->lock);
	daed_schedule(ctx);
	mutex_unlock(&ctx->lock);
}
