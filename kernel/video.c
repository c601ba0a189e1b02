// SPDX-License-Identifier: GPL-2.0
/*
 * File and ioctl operations of the video node. There is no lock for the node:
 * each operation takes its context's, so that clients do not wait for others.
 */
#include <media/v4l2-event.h>
#include <media/v4l2-ioctl.h>

#include "daedalus.h"

/* mmap offsets of CAPTURE buffers begin here, as in all M2M drivers. */
#define DAED_DST_OFFSET BIT(30)

static void daed_ctx_free(struct kref *kref)
{
	struct daed_ctx *ctx = container_of(kref, struct daed_ctx, kref);
	struct daed_event *event, *next;

	list_for_each_entry_safe(event, next, &ctx->events, list)
		kfree(event);
	daed_device_put(ctx->dev);
	kfree(ctx);
}

void daed_ctx_put(struct daed_ctx *ctx)
{
	kref_put(&ctx->kref, daed_ctx_free);
}

static void daed_fh_add(struct daed_ctx *ctx, struct file *file)
{
#if DAED_HAS_FH_FILE
	v4l2_fh_add(&ctx->fh, file);
#else
	file->private_data = &ctx->fh;
	v4l2_fh_add(&ctx->fh);
#endif
}

static void daed_fh_del(struct daed_ctx *ctx, struct file *file)
{
#if DAED_HAS_FH_FILE
	v4l2_fh_del(&ctx->fh, file);
#else
	v4l2_fh_del(&ctx->fh);
#endif
	v4l2_fh_exit(&ctx->fh);
}

static int daed_open(struct file *file)
{
	struct daed_device *dev = video_drvdata(file);
	struct daed_ctx *ctx = kzalloc(sizeof(*ctx), GFP_KERNEL_ACCOUNT);
	int ret;

	if (!ctx)
		return -ENOMEM;
	kref_init(&ctx->kref);
	mutex_init(&ctx->lock);
	mutex_init(&ctx->next_lock);
	init_waitqueue_head(&ctx->wait);
	INIT_LIST_HEAD(&ctx->events);
	INIT_LIST_HEAD(&ctx->src_ready);
	INIT_LIST_HEAD(&ctx->dst_ready);
	INIT_LIST_HEAD(&ctx->jobs);
	INIT_DELAYED_WORK(&ctx->work, daed_ctx_work);
	ctx->pid = task_tgid_nr(current);
	get_task_comm(ctx->comm, current);
	ctx->dev = dev;
	v4l2_fh_init(&ctx->fh, video_devdata(file));
	ret = daed_init_controls(ctx);
	if (ret)
		goto err_hdl;
	ret = daed_queues_init(ctx);
	if (ret)
		goto err_hdl;

	ctx->codec = daed_codec_at(dev, 0);
	ctx->coded.pixelformat = ctx->codec->fourcc;
	ctx->coded.width = 64;
	ctx->coded.height = 64;
	ctx->coded.colorspace = V4L2_COLORSPACE_REC709;
	daed_try_coded(dev, &ctx->coded);
	ctx->format = daed_try_decoded(ctx, &ctx->decoded);

	daed_device_get(dev);
	spin_lock(&dev->lock);
	ret = dev->dead ? -ENODEV : 0;
	if (!ret) {
		ctx->id = ++dev->next_ctx;
		list_add_tail(&ctx->list, &dev->contexts);
	}
	spin_unlock(&dev->lock);
	if (ret) {
		daed_device_put(dev);
		goto err_hdl;
	}
	daed_fh_add(ctx, file);
	return 0;

err_hdl:
	v4l2_ctrl_handler_free(&ctx->hdl);
	v4l2_fh_exit(&ctx->fh);
	kfree(ctx);
	return ret;
}

static int daed_release(struct file *file)
{
	struct daed_ctx *ctx = file_to_ctx(file);
	struct daed_device *dev = ctx->dev;

	mutex_lock(&ctx->lock);
	vb2_queue_release(&ctx->dst);
	vb2_queue_release(&ctx->src);
	mutex_unlock(&ctx->lock);

	spin_lock(&dev->lock);
	list_del(&ctx->list);
	ctx->closed = true;
	spin_unlock(&dev->lock);
	/* Nothing is in the list that could queue it again. */
	cancel_delayed_work_sync(&ctx->work);
	wake_up(&ctx->wait);

	daed_fh_del(ctx, file);
	v4l2_ctrl_handler_free(&ctx->hdl);
	daed_ctx_put(ctx);
	return 0;
}

static __poll_t daed_poll(struct file *file, struct poll_table_struct *wait)
{
	struct daed_ctx *ctx = file_to_ctx(file);
	struct vb2_queue *src = &ctx->src, *dst = &ctx->dst;
	__poll_t wanted = poll_requested_events(wait), ready = 0;

	poll_wait(file, &src->done_wq, wait);
	poll_wait(file, &dst->done_wq, wait);
	poll_wait(file, &ctx->fh.wait, wait);
	if (v4l2_event_pending(&ctx->fh))
		ready |= EPOLLPRI;
	if (!(wanted & (EPOLLIN | EPOLLRDNORM | EPOLLOUT | EPOLLWRNORM)))
		return ready;
	daed_finish_woken(ctx);

	if ((!vb2_is_streaming(src) || src->error || list_empty(&src->queued_list)) &&
	    (!vb2_is_streaming(dst) || dst->error || list_empty(&dst->queued_list)))
		return ready | EPOLLERR;
	spin_lock_irq(&src->done_lock);
	if (!list_empty(&src->done_list))
		ready |= EPOLLOUT | EPOLLWRNORM;
	spin_unlock_irq(&src->done_lock);
	spin_lock_irq(&dst->done_lock);
	if (!list_empty(&dst->done_list))
		ready |= EPOLLIN | EPOLLRDNORM;
	spin_unlock_irq(&dst->done_lock);
	if (!ready)
		daed_will_sleep(ctx);
	return ready;
}

static int daed_mmap(struct file *file, struct vm_area_struct *vma)
{
	struct daed_ctx *ctx = file_to_ctx(file);

	if (vma->vm_pgoff < DAED_DST_OFFSET >> PAGE_SHIFT)
		return vb2_mmap(&ctx->src, vma);
	vma->vm_pgoff -= DAED_DST_OFFSET >> PAGE_SHIFT;
	return vb2_mmap(&ctx->dst, vma);
}

const struct v4l2_file_operations daed_fops = {
	.owner = THIS_MODULE,
	.open = daed_open,
	.release = daed_release,
	.poll = daed_poll,
	.unlocked_ioctl = video_ioctl2,
	.mmap = daed_mmap,
};

/* Formats */

static int daed_querycap(struct file *file, void *fh, struct v4l2_capability *cap)
{
	strscpy(cap->driver, DAED_NAME, sizeof(cap->driver));
	strscpy(cap->card, "Daedalus software decoder", sizeof(cap->card));
	strscpy(cap->bus_info, "platform:daedalus-v4l2", sizeof(cap->bus_info));
	return 0;
}

static int daed_enum_out(struct file *file, void *fh, struct v4l2_fmtdesc *f)
{
	const struct daed_codec *codec = daed_codec_at(file_to_ctx(file)->dev, f->index);

	if (!codec)
		return -EINVAL;
	f->pixelformat = codec->fourcc;
	return 0;
}

static int daed_enum_cap(struct file *file, void *fh, struct v4l2_fmtdesc *f)
{
	struct daed_ctx *ctx = file_to_ctx(file);
	const struct daed_format *format;
	u32 index = f->index;
	bool all = false;

#ifdef V4L2_FMTDESC_FLAG_ENUM_ALL
	all = index & V4L2_FMTDESC_FLAG_ENUM_ALL;
	index &= ~V4L2_FMTDESC_FLAG_ENUM_ALL;
#endif
	mutex_lock(&ctx->lock);
	format = daed_format_at(ctx, all, index);
	mutex_unlock(&ctx->lock);
	if (!format)
		return -EINVAL;
	f->pixelformat = format->fourcc;
	if (format->description)
		strscpy(f->description, format->description, sizeof(f->description));
	return 0;
}

static int daed_enum_framesizes(struct file *file, void *fh,
				struct v4l2_frmsizeenum *f)
{
	struct daed_device *dev = file_to_ctx(file)->dev;

	if (f->index || !daed_codec_find(dev, f->pixel_format))
		return -EINVAL;
	f->type = V4L2_FRMSIZE_TYPE_STEPWISE;
	f->stepwise.min_width = 1;
	f->stepwise.max_width = dev->reg.max_width;
	f->stepwise.step_width = 1;
	f->stepwise.min_height = 1;
	f->stepwise.max_height = dev->reg.max_height;
	f->stepwise.step_height = 1;
	return 0;
}

static int daed_g_fmt(struct file *file, void *fh, struct v4l2_format *f)
{
	struct daed_ctx *ctx = file_to_ctx(file);

	mutex_lock(&ctx->lock);
	if (f->type == V4L2_BUF_TYPE_VIDEO_OUTPUT_MPLANE) {
		f->fmt.pix_mp = ctx->coded;
	} else {
		daed_refresh_decoded(ctx);
		f->fmt.pix_mp = ctx->decoded;
	}
	mutex_unlock(&ctx->lock);
	return 0;
}

static int daed_try_fmt(struct file *file, void *fh, struct v4l2_format *f)
{
	struct daed_ctx *ctx = file_to_ctx(file);

	mutex_lock(&ctx->lock);
	if (f->type == V4L2_BUF_TYPE_VIDEO_OUTPUT_MPLANE)
		daed_try_coded(ctx->dev, &f->fmt.pix_mp);
	else
		daed_try_decoded(ctx, &f->fmt.pix_mp);
	mutex_unlock(&ctx->lock);
	return 0;
}

static int daed_s_fmt_out(struct file *file, void *fh, struct v4l2_format *f)
{
	struct daed_ctx *ctx = file_to_ctx(file);
	struct v4l2_pix_format_mplane *pix = &f->fmt.pix_mp;
	int ret = 0;

	mutex_lock(&ctx->lock);
	daed_try_coded(ctx->dev, pix);
	/*
	 * With OUTPUT buffers only the size may change, for streams that do so
	 * between frames; CAPTURE buffers keep theirs until they are freed.
	 */
	if (vb2_is_busy(&ctx->src)) {
		pix->plane_fmt[0].sizeimage = ctx->coded.plane_fmt[0].sizeimage;
		if (pix->pixelformat != ctx->coded.pixelformat ||
		    (vb2_is_streaming(&ctx->src) && ctx->src.queued_count))
			ret = -EBUSY;
	}
	if (vb2_is_busy(&ctx->dst) && pix->pixelformat != ctx->coded.pixelformat)
		ret = -EBUSY;
	if (!ret) {
		ctx->coded = *pix;
		ctx->codec = daed_codec_find(ctx->dev, pix->pixelformat);
		daed_refresh_decoded(ctx);
	}
	mutex_unlock(&ctx->lock);
	return ret;
}

static int daed_s_fmt_cap(struct file *file, void *fh, struct v4l2_format *f)
{
	struct daed_ctx *ctx = file_to_ctx(file);
	const struct daed_format *format;
	int ret = 0;

	mutex_lock(&ctx->lock);
	format = daed_try_decoded(ctx, &f->fmt.pix_mp);
	/*
	 * Buffers of another format remain, so that what they hold can be referred
	 * to; each frame is checked against the size of its buffer.
	 */
	if (vb2_is_streaming(&ctx->dst) || ctx->dst.queued_count) {
		ret = -EBUSY;
	} else {
		ctx->decoded = f->fmt.pix_mp;
		ctx->format = format;
	}
	mutex_unlock(&ctx->lock);
	return ret;
}

/* Buffers */

static struct vb2_queue *daed_queue(struct daed_ctx *ctx, u32 type)
{
	switch (type) {
	case V4L2_BUF_TYPE_VIDEO_OUTPUT_MPLANE:
		return &ctx->src;
	case V4L2_BUF_TYPE_VIDEO_CAPTURE_MPLANE:
		return &ctx->dst;
	default:
		return NULL;
	}
}

static void daed_adjust_offset(struct daed_ctx *ctx, struct v4l2_buffer *b)
{
	if (b->memory == V4L2_MEMORY_MMAP && b->length &&
	    b->type == V4L2_BUF_TYPE_VIDEO_CAPTURE_MPLANE)
		b->m.planes[0].m.mem_offset += DAED_DST_OFFSET;
}

static int daed_reqbufs(struct file *file, void *fh, struct v4l2_requestbuffers *rb)
{
	struct daed_ctx *ctx = file_to_ctx(file);
	struct vb2_queue *q = daed_queue(ctx, rb->type);
	int ret;

	if (!q)
		return -EINVAL;
	mutex_lock(&ctx->lock);
	/*
	 * What requests have queued before STREAMON is given back here: REQBUFS
	 * would do so under the queue's mmap_lock, and to complete the controls
	 * takes their handler's lock, under which user memory is touched.
	 */
	if (vb2_is_busy(q) && !vb2_is_streaming(q) &&
	    !vb2_verify_memory_type(q, rb->memory, rb->type))
		vb2_core_streamoff(q, rb->type);
	ret = vb2_reqbufs(q, rb);
	mutex_unlock(&ctx->lock);
	return ret;
}

static int daed_create_bufs(struct file *file, void *fh, struct v4l2_create_buffers *cb)
{
	struct daed_ctx *ctx = file_to_ctx(file);
	struct vb2_queue *q = daed_queue(ctx, cb->format.type);
	int ret;

	if (!q)
		return -EINVAL;
	mutex_lock(&ctx->lock);
	ret = vb2_create_bufs(q, cb);
	mutex_unlock(&ctx->lock);
	return ret;
}

#if DAED_HAS_REMOVE_BUFS
static int daed_remove_bufs(struct file *file, void *fh, struct v4l2_remove_buffers *rb)
{
	struct daed_ctx *ctx = file_to_ctx(file);
	struct vb2_queue *q = daed_queue(ctx, rb->type);
	int ret;

	if (!q)
		return -EINVAL;
	mutex_lock(&ctx->lock);
	ret = rb->count ? vb2_core_remove_bufs(q, rb->index, rb->count) : 0;
	mutex_unlock(&ctx->lock);
	return ret;
}
#endif

static int daed_querybuf(struct file *file, void *fh, struct v4l2_buffer *b)
{
	struct daed_ctx *ctx = file_to_ctx(file);
	struct vb2_queue *q = daed_queue(ctx, b->type);
	int ret;

	if (!q)
		return -EINVAL;
	mutex_lock(&ctx->lock);
	ret = vb2_querybuf(q, b);
	mutex_unlock(&ctx->lock);
	if (!ret)
		daed_adjust_offset(ctx, b);
	return ret;
}

static int daed_qbuf(struct file *file, void *fh, struct v4l2_buffer *b)
{
	struct daed_ctx *ctx = file_to_ctx(file);
	struct vb2_queue *q = daed_queue(ctx, b->type);
	int ret;

	if (!q)
		return -EINVAL;
	if (q == &ctx->dst && (b->flags & V4L2_BUF_FLAG_REQUEST_FD))
		return -EPERM;
	mutex_lock(&ctx->lock);
	ret = vb2_qbuf(q, &ctx->dev->mdev, b);
	if (!ret)
		daed_schedule(ctx);
	mutex_unlock(&ctx->lock);
	if (!ret)
		daed_adjust_offset(ctx, b);
	return ret;
}

static int daed_dqbuf(struct file *file, void *fh, struct v4l2_buffer *b)
{
	struct daed_ctx *ctx = file_to_ctx(file);
	struct vb2_queue *q = daed_queue(ctx, b->type);
	int ret;

	if (!q)
		return -EINVAL;
	mutex_lock(&ctx->lock);
	ret = vb2_dqbuf(q, b, file->f_flags & O_NONBLOCK);
	mutex_unlock(&ctx->lock);
	if (!ret)
		daed_adjust_offset(ctx, b);
	return ret;
}

static int daed_prepare_buf(struct file *file, void *fh, struct v4l2_buffer *b)
{
	struct daed_ctx *ctx = file_to_ctx(file);
	struct vb2_queue *q = daed_queue(ctx, b->type);
	int ret;

	if (!q)
		return -EINVAL;
	mutex_lock(&ctx->lock);
	ret = vb2_prepare_buf(q, &ctx->dev->mdev, b);
	mutex_unlock(&ctx->lock);
	if (!ret)
		daed_adjust_offset(ctx, b);
	return ret;
}

static int daed_expbuf(struct file *file, void *fh, struct v4l2_exportbuffer *eb)
{
	struct daed_ctx *ctx = file_to_ctx(file);
	struct vb2_queue *q = daed_queue(ctx, eb->type);
	int ret;

	if (!q)
		return -EINVAL;
	mutex_lock(&ctx->lock);
	ret = vb2_expbuf(q, eb);
	mutex_unlock(&ctx->lock);
	return ret;
}

static int daed_streamon(struct file *file, void *fh, enum v4l2_buf_type type)
{
	struct daed_ctx *ctx = file_to_ctx(file);
	struct vb2_queue *q = daed_queue(ctx, type);
	int ret;

	if (!q)
		return -EINVAL;
	mutex_lock(&ctx->lock);
	ret = vb2_streamon(q, type);
	if (!ret)
		daed_schedule(ctx);
	mutex_unlock(&ctx->lock);
	return ret;
}

static int daed_streamoff(struct file *file, void *fh, enum v4l2_buf_type type)
{
	struct daed_ctx *ctx = file_to_ctx(file);
	struct vb2_queue *q = daed_queue(ctx, type);
	int ret;

	if (!q)
		return -EINVAL;
	mutex_lock(&ctx->lock);
	ret = vb2_streamoff(q, type);
	mutex_unlock(&ctx->lock);
	return ret;
}

/* The one command of stateless decoders: let go of a held CAPTURE buffer. */

static int daed_try_decoder_cmd(struct file *file, void *fh, struct v4l2_decoder_cmd *cmd)
{
	if (cmd->cmd != V4L2_DEC_CMD_FLUSH)
		return -EINVAL;
	cmd->flags = 0;
	return 0;
}

static int daed_decoder_cmd(struct file *file, void *fh, struct v4l2_decoder_cmd *cmd)
{
	struct daed_ctx *ctx = file_to_ctx(file);
	int ret = daed_try_decoder_cmd(file, fh, cmd);

	if (ret)
		return ret;
	mutex_lock(&ctx->lock);
	if (!list_empty(&ctx->src_ready))
		list_last_entry(&ctx->src_ready, struct daed_buf, list)->vb.flags &=
			~V4L2_BUF_FLAG_M2M_HOLD_CAPTURE_BUF;
	else
		daed_release_held(ctx);
	mutex_unlock(&ctx->lock);
	return 0;
}

const struct v4l2_ioctl_ops daed_ioctl_ops = {
	.vidioc_querycap = daed_querycap,
	.vidioc_enum_fmt_vid_out = daed_enum_out,
	.vidioc_enum_fmt_vid_cap = daed_enum_cap,
	.vidioc_enum_framesizes = daed_enum_framesizes,
	.vidioc_g_fmt_vid_out_mplane = daed_g_fmt,
	.vidioc_g_fmt_vid_cap_mplane = daed_g_fmt,
	.vidioc_try_fmt_vid_out_mplane = daed_try_fmt,
	.vidioc_try_fmt_vid_cap_mplane = daed_try_fmt,
	.vidioc_s_fmt_vid_out_mplane = daed_s_fmt_out,
	.vidioc_s_fmt_vid_cap_mplane = daed_s_fmt_cap,
	.vidioc_reqbufs = daed_reqbufs,
	.vidioc_create_bufs = daed_create_bufs,
#if DAED_HAS_REMOVE_BUFS
	.vidioc_remove_bufs = daed_remove_bufs,
#endif
	.vidioc_querybuf = daed_querybuf,
	.vidioc_qbuf = daed_qbuf,
	.vidioc_dqbuf = daed_dqbuf,
	.vidioc_prepare_buf = daed_prepare_buf,
	.vidioc_expbuf = daed_expbuf,
	.vidioc_streamon = daed_streamon,
	.vidioc_streamoff = daed_streamoff,
	.vidioc_try_decoder_cmd = daed_try_decoder_cmd,
	.vidioc_decoder_cmd = daed_decoder_cmd,
	.vidioc_subscribe_event = v4l2_ctrl_subscribe_event,
	.vidioc_unsubscribe_event = v4l2_event_unsubscribe,
};
