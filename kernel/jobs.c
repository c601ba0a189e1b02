// SPDX-License-Identifier: GPL-2.0
/*
 * Jobs: one frame or field each, from a request and a CAPTURE buffer to the
 * daemon and back. Several of a context are out at a time; they complete in
 * decoding order, which is what clients expect of a M2M device.
 */
#include <linux/uaccess.h>

#include "daedalus.h"
#include "trace.h"

/* A picture's slices together. */
#define DAED_MAX_SLICES SZ_64M

/* How long a client that was woken may take to come. */
#define DAED_POLL_MS 2

static void daed_job_free(struct kref *kref)
{
	struct daed_job *job = container_of(kref, struct daed_job, kref);

	if (job->src_mem)
		daed_mem_put(job->src_mem);
	daed_mem_put(job->dst_mem);
	daed_ctx_put(job->ctx);
	kvfree(job->controls);
	kvfree(job->slices);
	kfree(job);
}

void daed_job_put(struct daed_job *job)
{
	kref_put(&job->kref, daed_job_free);
}

static struct media_request *daed_request_of(struct daed_buf *src)
{
	return src->vb.vb2_buf.req_obj.req;
}

static void daed_src_done(struct daed_ctx *ctx, struct daed_buf *src, bool ok)
{
	vb2_buffer_done(&src->vb.vb2_buf, ok ? VB2_BUF_STATE_DONE : VB2_BUF_STATE_ERROR);
}

static void daed_dst_done(struct daed_buf *dst)
{
	struct vb2_buffer *vb = &dst->vb.vb2_buf;

	if (dst->failed) {
		/* No timestamp: clients that ignore the flag notice this. */
		vb->timestamp = 0;
		vb2_set_plane_payload(vb, 0, 0);
	}
	vb2_buffer_done(vb, dst->failed || dst->corrupted ?
			VB2_BUF_STATE_ERROR : VB2_BUF_STATE_DONE);
}

/* Requests of slices: clients expect OUTPUT buffers in the order they gave them. */
static void daed_give_back_taken(struct daed_job *job, bool ok)
{
	struct daed_buf *src, *next;

	lockdep_assert_held(&job->ctx->lock);
	list_for_each_entry_safe(src, next, &job->taken, list) {
		list_del(&src->list);
		v4l2_ctrl_request_complete(daed_request_of(src), &job->ctx->hdl);
		daed_src_done(job->ctx, src, ok && !src->failed);
	}
}

/*
 * The picture, or the field, that takes slices has all of them. @last: of the
 * picture's last slice, goes back with the job; false: the job has ended before.
 */
static bool daed_gather_end(struct daed_ctx *ctx, struct daed_buf *last)
{
	struct daed_device *dev = ctx->dev;
	struct daed_job *job = ctx->gather;
	bool known, taken;

	if (!job)
		return false;
	ctx->gather = NULL;
	job->queued = ktime_get();
	spin_lock(&dev->lock);
	taken = job->state == DAED_JOB_GATHERING;
	if (taken) {
		job->src = last;
		job->last_of_picture = last;
		if (!job->status && dev->dead)
			job->status = -ENODEV;
		job->state = job->status ? DAED_JOB_DONE : DAED_JOB_PENDING;
		if (job->status && job->id)
			xa_erase(&dev->jobs, job->id);
	}
	known = ctx->known;
	spin_unlock(&dev->lock);
	wake_up(known ? &ctx->wait : &dev->wait);
	daed_job_put(job);
	return taken;
}

/* The picture that waits for another field or slice will get none. */
void daed_release_held(struct daed_ctx *ctx)
{
	struct daed_buf *dst = ctx->held.dst;
	struct daed_job *job = ctx->held.job;

	daed_gather_end(ctx, NULL);
	memset(&ctx->held, 0, sizeof(ctx->held));
	if (job)
		job->last_of_picture = true;
	else if (dst)
		daed_dst_done(dst);
}

static void daed_copy_metadata(const struct vb2_v4l2_buffer *src, struct vb2_v4l2_buffer *dst)
{
	const u32 mask = V4L2_BUF_FLAG_TIMECODE | V4L2_BUF_FLAG_TSTAMP_SRC_MASK |
		V4L2_BUF_FLAG_KEYFRAME | V4L2_BUF_FLAG_PFRAME | V4L2_BUF_FLAG_BFRAME;

	dst->vb2_buf.timestamp = src->vb2_buf.timestamp;
	dst->vb2_buf.copied_timestamp = 1;
	if (src->flags & V4L2_BUF_FLAG_TIMECODE)
		dst->timecode = src->timecode;
	dst->field = src->field;
	dst->flags = (dst->flags & ~mask) | (src->flags & mask);
}

/* Controls, CAPTURE, OUTPUT: the last one completes the request. */
static void daed_job_finish(struct daed_job *job)
{
	struct daed_ctx *ctx = job->ctx;
	struct daed_buf *src = job->src, *dst = job->dst;
	bool corrupted = job->flags & DAEDALUS_V4L2_DONE_CORRUPTED;

	lockdep_assert_held(&ctx->lock);
	if (src)
		v4l2_ctrl_request_complete(daed_request_of(src), &ctx->hdl);
	if (job->status) {
		dst->failed = true;
		atomic64_inc(&ctx->stats.failed);
	} else {
		if (src)
			daed_copy_metadata(&src->vb, &dst->vb);
		if (corrupted) {
			dst->corrupted = true;
			atomic64_inc(&ctx->stats.corrupted);
		}
		atomic64_inc(&ctx->stats.done);
	}
	trace_daedalus_done(job);
	if (job->last_of_picture)
		daed_dst_done(dst);
	else if (ctx->held.job == job)
		ctx->held.job = NULL;
	if (src)
		daed_src_done(ctx, src, !job->status && !corrupted);
	daed_job_put(job);
}

/*
 * A first field waits for the second if that is queued already: there are
 * clients (GStreamer 1.22) that show a frame when its first request is complete.
 */
static bool daed_may_finish(const struct daed_job *job)
{
	const struct daed_job *next = list_next_entry(job, list);

	if (job->state != DAED_JOB_DONE)
		return false;
	return job->last_of_picture || list_is_last(&job->list, &job->ctx->jobs) ||
		next->dst != job->dst || next->state == DAED_JOB_DONE;
}

void daed_finish_done(struct daed_ctx *ctx)
{
	struct daed_device *dev = ctx->dev;
	struct daed_job *job;

	do {
		/* Only this thread takes jobs from the list, under the context's lock. */
		job = list_first_entry_or_null(&ctx->jobs, struct daed_job, list);
		if (job)
			daed_give_back_taken(job, true);
		spin_lock(&dev->lock);
		if (job && daed_may_finish(job))
			list_del_init(&job->list);
		else
			job = NULL;
		spin_unlock(&dev->lock);
		if (job)
			daed_job_finish(job);
	} while (job);
}

void daed_ctx_work(struct work_struct *work)
{
	struct daed_ctx *ctx = container_of(work, struct daed_ctx, work.work);

	spin_lock(&ctx->dev->lock);
	ctx->poll = DAED_POLL_NONE;
	spin_unlock(&ctx->dev->lock);
	mutex_lock(&ctx->lock);
	daed_finish_done(ctx);
	if (READ_ONCE(ctx->dev->dead)) {
		vb2_queue_error(&ctx->src);
		vb2_queue_error(&ctx->dst);
	}
	mutex_unlock(&ctx->lock);
}

/*
 * What the daemon hands back is finished by the context's work, or by the
 * client itself where it sleeps in poll() of the video node: that saves the way
 * through another process. The work comes later then, should the client not.
 */
static void daed_finish_soon(struct daed_ctx *ctx)
{
	lockdep_assert_held(&ctx->dev->lock);
	/* Who says that it sleeps says so under this lock, when it is in the queue. */
	if (ctx->poll == DAED_POLL_SLEEPS && waitqueue_active(&ctx->dst.done_wq)) {
		ctx->poll = DAED_POLL_WOKEN;
		queue_delayed_work(daed_wq, &ctx->work, msecs_to_jiffies(DAED_POLL_MS));
		wake_up_poll(&ctx->dst.done_wq,
			     EPOLLIN | EPOLLRDNORM | EPOLLOUT | EPOLLWRNORM);
	} else if (ctx->poll != DAED_POLL_WOKEN) {
		mod_delayed_work(daed_wq, &ctx->work, 0);
	}
}

/* The client is in poll(): finishes what it was woken for. */
void daed_finish_woken(struct daed_ctx *ctx)
{
	struct daed_device *dev = ctx->dev;
	bool woken;

	spin_lock(&dev->lock);
	woken = ctx->poll == DAED_POLL_WOKEN && !dev->dead;
	ctx->poll = DAED_POLL_NONE;
	if (woken)
		cancel_delayed_work(&ctx->work);
	spin_unlock(&dev->lock);
	if (!woken)
		return;
	mutex_lock(&ctx->lock);
	daed_finish_done(ctx);
	mutex_unlock(&ctx->lock);
}

/* Nothing is there yet; until now the work is who finishes. */
void daed_will_sleep(struct daed_ctx *ctx)
{
	spin_lock(&ctx->dev->lock);
	if (ctx->poll == DAED_POLL_NONE)
		ctx->poll = DAED_POLL_SLEEPS;
	spin_unlock(&ctx->dev->lock);
}

/* The values in force for this frame, before a later request changes them. */
static int daed_snapshot(struct daed_ctx *ctx, struct daed_job *job)
{
	const struct daed_codec *codec = ctx->codec;
	struct v4l2_ctrl *ctrls[DAED_MAX_CONTROLS];
	unsigned int i, count = 0;
	u32 size = 0;
	u8 *to;

	for (i = 0; i < codec->count; i++) {
		struct v4l2_ctrl *ctrl = v4l2_ctrl_find(&ctx->hdl, codec->controls[i].id);

		if (ctrl && ctrl->is_ptr && !daed_is_per_slice(ctrl->id))
			ctrls[count++] = ctrl;
	}

	mutex_lock(ctx->hdl.lock);
	for (i = 0; i < count; i++)
		size += sizeof(struct daedalus_v4l2_control) +
			ALIGN(ctrls[i]->elems * ctrls[i]->elem_size, 8);
	job->controls = kvzalloc(size, GFP_KERNEL_ACCOUNT);
	if (!job->controls) {
		mutex_unlock(ctx->hdl.lock);
		return -ENOMEM;
	}
	for (i = 0, to = job->controls; i < count; i++) {
		struct daedalus_v4l2_control *head = (void *)to;

		head->id = ctrls[i]->id;
		head->size = ctrls[i]->elems * ctrls[i]->elem_size;
		memcpy(to + sizeof(*head), ctrls[i]->p_cur.p, head->size);
		to += sizeof(*head) + ALIGN(head->size, 8);
	}
	mutex_unlock(ctx->hdl.lock);
	job->controls_size = size;
	job->event.controls = count;
	return 0;
}

static struct daed_job *daed_job_create(struct daed_ctx *ctx, struct daed_buf *src,
					struct daed_buf *dst)
{
	struct daed_job *job = kzalloc(sizeof(*job), GFP_KERNEL_ACCOUNT);

	if (!job)
		return NULL;
	kref_init(&job->kref);
	INIT_LIST_HEAD(&job->taken);
	kref_get(&ctx->kref);
	job->ctx = ctx;
	job->src = src;
	job->dst = dst;
	job->src_mem = src->vb.vb2_buf.planes[0].mem_priv;
	job->dst_mem = dst->vb.vb2_buf.planes[0].mem_priv;
	refcount_inc(&job->src_mem->refs);
	refcount_inc(&job->dst_mem->refs);
	job->bytes = vb2_get_plane_payload(&src->vb.vb2_buf, 0);
	job->event.type = DAEDALUS_V4L2_FRAME;
	job->event.context = ctx->id;
	job->event.timestamp = src->vb.vb2_buf.timestamp;
	job->event.coded_format = ctx->codec->fourcc;
	daed_fill_layout(ctx->format, &ctx->decoded, &job->event);
	return job;
}

/* With the request's controls in force. */
static int daed_job_prepare(struct daed_job *job, int ret)
{
	struct daed_ctx *ctx = job->ctx;

	/* Queued before the format was set. */
	if (!ret && vb2_plane_size(&job->dst->vb.vb2_buf, 0) < job->event.buffer_size)
		ret = -EINVAL;
	if (!ret)
		ret = daed_snapshot(ctx, job);
	if (!ret)
		ret = daed_mem_name(job->dst_mem);
	if (!ret)
		ret = xa_alloc_cyclic(&ctx->dev->jobs, &job->id, job, xa_limit_31b,
				      &ctx->dev->next_job, GFP_KERNEL);
	return min(ret, 0);
}

static void daed_start(struct daed_ctx *ctx)
{
	struct daed_buf *src = list_first_entry(&ctx->src_ready, struct daed_buf, list);
	struct daed_device *dev = ctx->dev;
	struct daed_buf *dst = ctx->held.dst;
	struct daed_job *job;
	bool known;
	int ret;

	if (!dst)
		dst = list_first_entry(&ctx->dst_ready, struct daed_buf, list);
	list_del(&src->list);
	job = daed_job_create(ctx, src, dst);
	if (!job) {
		v4l2_ctrl_request_complete(daed_request_of(src), &ctx->hdl);
		daed_src_done(ctx, src, false);
		return;
	}
	if (!ctx->held.dst)
		list_del(&dst->list);

	job->last_of_picture = !(src->vb.flags & V4L2_BUF_FLAG_M2M_HOLD_CAPTURE_BUF);
	memset(&ctx->held, 0, sizeof(ctx->held));
	if (!job->last_of_picture) {
		ctx->held.dst = dst;
		ctx->held.job = job;
		ctx->held.timestamp = job->event.timestamp;
	}

	ret = v4l2_ctrl_request_setup(daed_request_of(job->src), &ctx->hdl);
	ret = daed_job_prepare(job, ret);
	job->queued = ktime_get();
	atomic64_inc(&ctx->stats.queued);
	trace_daedalus_queue(job);
	spin_lock(&dev->lock);
	if (!ret && dev->dead)
		ret = -ENODEV;
	job->event.buffer = job->dst_mem->id;
	job->event.job = job->id;
	job->state = ret ? DAED_JOB_DONE : DAED_JOB_PENDING;
	job->status = ret;
	if (ret && job->id)
		xa_erase(&dev->jobs, job->id);
	list_add_tail(&job->list, &ctx->jobs);
	known = ctx->known;
	spin_unlock(&dev->lock);
	if (!ret)
		wake_up(known ? &ctx->wait : &dev->wait);
}

/* A job for the slices of one picture or field; the first one's controls hold. */
static struct daed_job *daed_gather_begin(struct daed_ctx *ctx, struct daed_buf *src,
					  int status, u32 field)
{
	struct daed_device *dev = ctx->dev;
	struct daed_buf *dst = ctx->held.dst;
	struct daed_job *job;

	if (!dst)
		dst = list_first_entry(&ctx->dst_ready, struct daed_buf, list);
	job = daed_job_create(ctx, src, dst);
	if (!job)
		return NULL;
	if (!ctx->held.dst)
		list_del(&dst->list);
	job->src = NULL;
	daed_mem_put(job->src_mem);
	job->src_mem = NULL;
	job->bytes = 0;
	job->field = field;
	job->status = daed_job_prepare(job, status);
	daed_copy_metadata(&src->vb, &dst->vb);
	ctx->held.dst = dst;
	ctx->held.job = job;
	ctx->held.timestamp = job->event.timestamp;
	kref_get(&job->kref);
	ctx->gather = job;
	atomic64_inc(&ctx->stats.queued);
	trace_daedalus_queue(job);
	spin_lock(&dev->lock);
	job->event.buffer = job->dst_mem->id;
	job->event.job = job->id;
	job->state = DAED_JOB_GATHERING;
	list_add_tail(&job->list, &ctx->jobs);
	spin_unlock(&dev->lock);
	return job;
}

static int daed_gather_add(struct daed_job *job, struct daed_buf *src)
{
	struct vb2_buffer *vb = &src->vb.vb2_buf;
	u32 bytes = vb2_get_plane_payload(vb, 0);
	u32 need = job->bytes + bytes;
	int ret;

	if (bytes > DAED_MAX_SLICES || need > DAED_MAX_SLICES)
		return -E2BIG;
	if (need > job->room) {
		u32 room = max_t(u32, SZ_64K, need + need / 2);
		void *larger = kvmalloc(room, GFP_KERNEL_ACCOUNT);

		if (!larger)
			return -ENOMEM;
		memcpy(larger, job->slices, job->bytes);
		kvfree(job->slices);
		job->slices = larger;
		job->room = room;
	}
	ret = daed_mem_copy(vb->planes[0].mem_priv, job->slices + job->bytes, bytes);
	if (!ret)
		job->bytes = need;
	return ret;
}

/*
 * Slice by slice: the daemon gets the picture when it is whole, and reads the
 * slice headers by itself. Its last request completes with it, the others when
 * their slice is copied and the jobs before are done: a client may have fewer
 * buffers than a picture slices.
 */
static void daed_gather(struct daed_ctx *ctx)
{
	struct daed_buf *src = list_first_entry(&ctx->src_ready, struct daed_buf, list);
	bool more = src->vb.flags & V4L2_BUF_FLAG_M2M_HOLD_CAPTURE_BUF;
	struct daed_job *job;
	int ret, status;
	u32 field;

	list_del(&src->list);
	status = v4l2_ctrl_request_setup(daed_request_of(src), &ctx->hdl);
	field = daed_field_of(ctx);
	if (ctx->gather && ctx->gather->field != field)
		daed_gather_end(ctx, NULL);
	job = ctx->gather;
	if (!job)
		job = daed_gather_begin(ctx, src, status, field);
	ret = status;
	if (!job)
		ret = -ENOMEM;
	else if (!ret)
		ret = daed_gather_add(job, src);
	if (job && !job->status)
		job->status = ret;
	if (job)
		kref_get(&job->kref);
	if (!more && job && daed_gather_end(ctx, src)) {
		memset(&ctx->held, 0, sizeof(ctx->held));
		daed_job_put(job);
		return;
	}
	src->failed = ret || !more;
	/* daed_finish_done() gives it back, unless the job is gone. */
	if (job && !list_empty(&job->list)) {
		list_add_tail(&src->list, &job->taken);
	} else {
		v4l2_ctrl_request_complete(daed_request_of(src), &ctx->hdl);
		daed_src_done(ctx, src, !src->failed);
	}
	if (job)
		daed_job_put(job);
	if (!more)
		daed_release_held(ctx);
}

/* Pairs what is ready; under the context's lock. */
void daed_schedule(struct daed_ctx *ctx)
{
	lockdep_assert_held(&ctx->lock);
	while (ctx->src_streaming && ctx->dst_streaming && !list_empty(&ctx->src_ready)) {
		struct daed_buf *src = list_first_entry(&ctx->src_ready, struct daed_buf, list);

		if (ctx->held.dst && ctx->held.timestamp != src->vb.vb2_buf.timestamp)
			daed_release_held(ctx);
		if (!ctx->held.dst && list_empty(&ctx->dst_ready))
			break;
		if (daed_takes_slices(ctx)) {
			daed_gather(ctx);
			continue;
		}
		daed_gather_end(ctx, NULL);
		daed_start(ctx);
	}
	/* Jobs that failed at once. */
	daed_finish_done(ctx);
}

/* Takes everything back when a queue stops: nothing waits for the daemon. */
void daed_revoke(struct daed_ctx *ctx, bool output)
{
	struct daed_device *dev = ctx->dev;
	struct daed_buf *buf, *next_buf;
	struct daed_job *job, *next;
	LIST_HEAD(revoked);
	LIST_HEAD(back);
	bool wake = false;

	lockdep_assert_held(&ctx->lock);
	daed_finish_done(ctx);

	spin_lock(&dev->lock);
	list_for_each_entry(job, &ctx->jobs, list) {
		if (job->state != DAED_JOB_DONE)
			xa_erase(&dev->jobs, job->id);
		job->state = DAED_JOB_REVOKED;
	}
	list_splice_init(&ctx->jobs, &revoked);
	ctx->handed = 0;
	if (output && ctx->known) {
		ctx->flush = true;
		wake = true;
	}
	spin_unlock(&dev->lock);

	list_for_each_entry_safe(job, next, &revoked, list) {
		list_del_init(&job->list);
		atomic64_inc(&ctx->stats.revoked);
		trace_daedalus_revoke(job);
		daed_give_back_taken(job, false);
		/* Of two fields in flight only the second gives it back. */
		if (job->last_of_picture)
			list_add_tail(&job->dst->list, &back);
		if (job->src) {
			v4l2_ctrl_request_complete(daed_request_of(job->src), &ctx->hdl);
			daed_src_done(ctx, job->src, false);
		}
		daed_job_put(job);
	}
	if (ctx->gather)
		daed_job_put(ctx->gather);
	ctx->gather = NULL;
	if (ctx->held.dst)
		list_add_tail(&ctx->held.dst->list, &back);
	memset(&ctx->held, 0, sizeof(ctx->held));
	list_for_each_entry(buf, &back, list) {
		buf->failed = false;
		buf->corrupted = false;
	}
	list_splice(&back, &ctx->dst_ready);

	if (output) {
		list_for_each_entry_safe(buf, next_buf, &ctx->src_ready, list) {
			list_del(&buf->list);
			v4l2_ctrl_request_complete(daed_request_of(buf), &ctx->hdl);
			daed_src_done(ctx, buf, false);
		}
	} else {
		list_for_each_entry_safe(buf, next_buf, &ctx->dst_ready, list) {
			list_del(&buf->list);
			vb2_buffer_done(&buf->vb.vb2_buf, VB2_BUF_STATE_ERROR);
		}
	}
	if (wake)
		wake_up(&ctx->wait);
}

/* The daemon's side */

static void daed_job_end(struct daed_job *job, int status, u32 flags)
{
	struct daed_ctx *ctx = job->ctx;

	lockdep_assert_held(&ctx->dev->lock);
	xa_erase(&ctx->dev->jobs, job->id);
	if (job->state == DAED_JOB_HANDED) {
		ctx->handed--;
		atomic64_add(ktime_to_ns(ktime_sub(ktime_get(), job->handed)),
			     &ctx->stats.busy_ns);
	}
	job->state = DAED_JOB_DONE;
	job->status = status;
	job->flags = flags;
	daed_finish_soon(ctx);
}

int daed_job_done(struct daed_device *dev, const struct daedalus_v4l2_done *done)
{
	struct daed_ctx *more = NULL;
	struct daed_job *job = NULL;

	if (done->status > 0 || done->status < -MAX_ERRNO ||
	    (done->flags & ~DAEDALUS_V4L2_DONE_CORRUPTED))
		return -EINVAL;
	spin_lock(&dev->lock);
	dev->last_sign = ktime_get();
	if (done->job <= U32_MAX)
		job = xa_load(&dev->jobs, done->job);
	if (job && job->state == DAED_JOB_HANDED) {
		if (job->ctx->handed == dev->reg.max_in_flight) {
			more = job->ctx;
			kref_get(&more->kref);
		}
		daed_job_end(job, done->status, done->flags);
	} else {
		job = NULL;
	}
	spin_unlock(&dev->lock);
	if (more) {
		wake_up(&more->wait);
		daed_ctx_put(more);
	}
	return job ? 0 : -ENOENT;
}

static bool daed_is_new(const struct daed_ctx *ctx)
{
	return !ctx->known && !list_empty(&ctx->jobs);
}

/* A stream the daemon has not seen yet; NULL when there is none. */
static struct daed_ctx *daed_pick_new(struct daed_device *dev)
{
	struct daed_ctx *ctx;

	lockdep_assert_held(&dev->lock);
	list_for_each_entry(ctx, &dev->contexts, list)
		if (daed_is_new(ctx))
			return ctx;
	return NULL;
}

static bool daed_has_new(struct daed_device *dev)
{
	bool found;

	spin_lock(&dev->lock);
	found = dev->stopped || daed_pick_new(dev);
	spin_unlock(&dev->lock);
	return found;
}

static struct daed_job *daed_pick_job(struct daed_ctx *ctx)
{
	struct daed_job *job;

	lockdep_assert_held(&ctx->dev->lock);
	if (ctx->handed >= ctx->dev->reg.max_in_flight)
		return NULL;
	list_for_each_entry(job, &ctx->jobs, list)
		if (job->state == DAED_JOB_PENDING)
			return job;
	return NULL;
}

static bool daed_has_work(struct daed_ctx *ctx)
{
	bool found;

	spin_lock(&ctx->dev->lock);
	found = ctx->dev->stopped || !list_empty(&ctx->events) || ctx->flush ||
		ctx->closed || daed_pick_job(ctx);
	spin_unlock(&ctx->dev->lock);
	return found;
}

/* Copies a job's data and makes it handed; -EAGAIN when it was revoked. */
static int daed_hand_out(struct daed_device *dev, struct daed_job *job,
			 struct daedalus_v4l2_event *event)
{
	void __user *data = u64_to_user_ptr(event->data);
	u32 need = job->controls_size + job->bytes;
	struct daed_ctx *ctx = job->ctx;
	u64 address = event->data;
	int ret;

	lockdep_assert_held(&ctx->next_lock);
	if (event->data_size < need) {
		event->data_size = need;
		return -ENOSPC;
	}
	if (copy_to_user(data, job->controls, job->controls_size))
		return -EFAULT;
	data += job->controls_size;
	if (job->slices)
		ret = copy_to_user(data, job->slices, job->bytes) ? -EFAULT : 0;
	else
		ret = daed_mem_copy_to_user(job->src_mem, data, job->bytes);
	if (ret)
		return ret;

	spin_lock(&dev->lock);
	if (job->state == DAED_JOB_PENDING) {
		job->state = DAED_JOB_HANDED;
		job->handed = ktime_get();
		ctx->handed++;
		atomic64_inc(&ctx->stats.handed);
		atomic64_add(job->bytes, &ctx->stats.bytes);
	} else {
		ret = -EAGAIN;
	}
	spin_unlock(&dev->lock);
	if (ret)
		return ret;

	*event = job->event;
	event->data = address;
	event->data_size = need;
	event->done_job = 0;
	event->bitstream_offset = job->controls_size;
	event->bitstream_size = job->bytes;
	trace_daedalus_handout(job);
	return 0;
}

/* Announces a stream: the daemon's references to it end with CONTEXT_GONE. */
static int daed_next_new(struct daed_device *dev, struct daedalus_v4l2_event *event)
{
	struct daed_ctx *ctx;
	int ret = -EAGAIN;
	long left;

	left = wait_event_interruptible_timeout(dev->wait, daed_has_new(dev),
						msecs_to_jiffies(event->wait_ms));
	if (left < 0)
		return left;
	spin_lock(&dev->lock);
	dev->last_sign = ktime_get();
	ctx = daed_pick_new(dev);
	if (dev->stopped) {
		ret = -ESHUTDOWN;
	} else if (ctx) {
		ctx->known = true;
		kref_get(&ctx->kref);
		list_add_tail(&ctx->served, &dev->served);
		event->type = DAEDALUS_V4L2_CONTEXT_NEW;
		event->context = ctx->id;
		ret = 0;
	}
	spin_unlock(&dev->lock);
	return ret;
}

/* What is first in line; -EAGAIN: nothing, or a job that is gone by now. */
static int daed_next_of(struct daed_ctx *ctx, struct daedalus_v4l2_event *event)
{
	struct daed_device *dev = ctx->dev;
	struct daed_event *gone;
	struct daed_job *job = NULL;
	int ret = 0;

	lockdep_assert_held(&ctx->next_lock);
	spin_lock(&dev->lock);
	dev->last_sign = ktime_get();
	gone = list_first_entry_or_null(&ctx->events, struct daed_event, list);
	if (dev->stopped) {
		gone = NULL;
		ret = -ESHUTDOWN;
	} else if (gone) {
		list_del(&gone->list);
		event->type = DAEDALUS_V4L2_BUFFER_GONE;
		event->buffer = gone->buffer;
	} else if (ctx->flush) {
		ctx->flush = false;
		event->type = DAEDALUS_V4L2_FLUSH;
	} else {
		job = daed_pick_job(ctx);
		if (job) {
			kref_get(&job->kref);
		} else if (ctx->closed && !list_empty(&ctx->served)) {
			list_del_init(&ctx->served);
			event->type = DAEDALUS_V4L2_CONTEXT_GONE;
		} else {
			ret = ctx->closed ? -ENOENT : -EAGAIN;
		}
	}
	spin_unlock(&dev->lock);
	kfree(gone);
	if (job) {
		ret = daed_hand_out(dev, job, event);
		daed_job_put(job);
	} else if (!ret && event->type == DAEDALUS_V4L2_CONTEXT_GONE) {
		daed_ctx_put(ctx);
	}
	return ret;
}

static struct daed_ctx *daed_find_served(struct daed_device *dev, u32 id)
{
	struct daed_ctx *ctx, *found = NULL;

	spin_lock(&dev->lock);
	list_for_each_entry(ctx, &dev->served, served) {
		if (ctx->id == id) {
			kref_get(&ctx->kref);
			found = ctx;
			break;
		}
	}
	spin_unlock(&dev->lock);
	return found;
}

int daed_job_next(struct daed_device *dev, struct daedalus_v4l2_event *event)
{
	unsigned long end = jiffies + msecs_to_jiffies(event->wait_ms);
	struct daed_ctx *ctx;
	long left;
	int ret;

	event->type = 0;
	if (!event->context)
		return daed_next_new(dev, event);
	ctx = daed_find_served(dev, event->context);
	if (!ctx)
		return -ENOENT;
	do {
		left = max(0L, (long)(end - jiffies));
		left = wait_event_interruptible_timeout(ctx->wait, daed_has_work(ctx), left);
		if (left < 0) {
			ret = left;
			break;
		}
		if (mutex_lock_interruptible(&ctx->next_lock)) {
			ret = -ERESTARTSYS;
			break;
		}
		ret = daed_next_of(ctx, event);
		mutex_unlock(&ctx->next_lock);
	} while (ret == -EAGAIN && left);
	daed_ctx_put(ctx);
	return ret;
}

/* No thread of the daemon waits any more, nor gets anything. */
void daed_job_stop(struct daed_device *dev)
{
	struct daed_ctx *ctx;

	spin_lock(&dev->lock);
	dev->stopped = true;
	list_for_each_entry(ctx, &dev->served, served)
		wake_up(&ctx->wait);
	spin_unlock(&dev->lock);
	wake_up(&dev->wait);
}

/* The daemon is gone. */
void daed_fail_all(struct daed_device *dev)
{
	struct daed_ctx *ctx, *next;
	struct daed_job *job;
	LIST_HEAD(served);

	spin_lock(&dev->lock);
	dev->dead = true;
	list_splice_init(&dev->served, &served);
	list_for_each_entry(ctx, &dev->contexts, list) {
		list_for_each_entry(job, &ctx->jobs, list)
			if (job->state != DAED_JOB_DONE)
				daed_job_end(job, -EIO, 0);
		mod_delayed_work(daed_wq, &ctx->work, 0);
	}
	spin_unlock(&dev->lock);
	list_for_each_entry_safe(ctx, next, &served, served) {
		list_del_init(&ctx->served);
		daed_ctx_put(ctx);
	}
}

/* A frame the daemon does not finish, or does not even take, fails. */
void daed_watchdog(struct work_struct *work)
{
	struct daed_device *dev = container_of(work, struct daed_device, watchdog.work);
	unsigned int ms = READ_ONCE(daed_job_timeout_ms);
	ktime_t limit = ktime_sub_ms(ktime_get(), ms);
	struct daed_ctx *ctx;
	struct daed_job *job;
	unsigned int late = 0;
	bool dead;

	spin_lock(&dev->lock);
	dead = dev->dead;
	list_for_each_entry(ctx, &dev->contexts, list) {
		list_for_each_entry(job, &ctx->jobs, list) {
			bool expired = false;

			if (job->state == DAED_JOB_HANDED)
				expired = ktime_before(job->handed, limit);
			else if (job->state == DAED_JOB_PENDING)
				expired = ktime_before(job->queued, limit) &&
					ktime_before(dev->last_sign, limit);
			if (ms && expired) {
				atomic64_inc(&ctx->stats.timeouts);
				daed_job_end(job, -ETIMEDOUT, 0);
				late++;
			}
		}
	}
	spin_unlock(&dev->lock);
	if (late)
		dev_notice_ratelimited(daed_parent, "%u frames not decoded within %u ms\n",
				       late, ms);
	if (!dead)
		queue_delayed_work(daed_wq, &dev->watchdog, HZ);
}
