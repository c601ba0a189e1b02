/* SPDX-License-Identifier: GPL-2.0 */
/*
 * daedalus_v4l2: V4L2 stateless decoder devices whose decoding a daemon does.
 *
 * Locks, in the order they are taken:
 *   media_device.req_queue_mutex (taken by the media and V4L2 cores)
 *   daed_ctx.lock        queues, formats, lists of buffers; the vb2 queues' lock
 *   the control handler's lock (taken by the control framework)
 *   daed_device.lock     spinlock: contexts, jobs, events
 * The daemon's NEXT takes daed_ctx.next_lock, under which it touches user
 * memory, and daed_device.lock.
 *
 * The daemon's calls never take a context's lock: a client that sits on it can
 * not stop the daemon. What a DONE leaves to do is done in the context's work,
 * or in the client's own poll().
 */
#ifndef DAEDALUS_INTERNAL_H
#define DAEDALUS_INTERNAL_H

#include <linux/kref.h>
#include <linux/list.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/spinlock.h>
#include <linux/wait.h>
#include <linux/workqueue.h>
#include <linux/xarray.h>
#include <media/media-device.h>
#include <media/v4l2-ctrls.h>
#include <media/v4l2-device.h>
#include <media/v4l2-fh.h>
#include <media/videobuf2-memops.h>
#include <media/videobuf2-v4l2.h>

#include "compat.h"
#include "daedalus-v4l2.h"

#define DAED_NAME "daedalus"
#define DAED_MAX_CONTROLS 16

struct daed_ctx;

/* memory.c: the pages of one buffer, ours or imported. */
struct daed_mem {
	refcount_t refs;
	struct vb2_vmarea_handler handler;
	struct daed_ctx *ctx;
	unsigned long size;
	unsigned int count;
	struct page **pages;
	struct dma_buf *imported;
	/* Attachments of all exports of this memory, and the kernel mapping. */
	struct mutex lock;	/* attachments, vaddr */
	struct list_head attachments;
	void *vaddr;
	unsigned int vaddr_users;
	/* The daemon's name for it, 0 = it knows nothing; under device lock. */
	u32 id;
	struct daed_event *gone;
};

/* A buffer the daemon is to forget. */
struct daed_event {
	struct list_head list;
	u32 buffer;
};

struct daed_buf {
	struct vb2_v4l2_buffer vb;
	struct list_head list;
	/* CAPTURE: an earlier field of this picture went wrong. */
	/* OUTPUT: the slice could not be taken. */
	bool failed;
	bool corrupted;
};

enum daed_job_state {
	DAED_JOB_GATHERING,	/* slices of the picture are still to come */
	DAED_JOB_PENDING,	/* waits for the daemon */
	DAED_JOB_HANDED,	/* the daemon works on it */
	DAED_JOB_DONE,		/* waits for the jobs before it */
	DAED_JOB_REVOKED,	/* belongs to nobody but who holds references */
};

struct daed_job {
	struct kref kref;
	struct list_head list;	/* daed_ctx.jobs, in decoding order */
	struct daed_ctx *ctx;
	u32 id;
	enum daed_job_state state;
	int status;
	u32 flags;
	ktime_t queued, handed;
	/* No src: the client has it back already. */
	struct daed_buf *src, *dst;
	struct daed_mem *src_mem, *dst_mem;
	/* Slice by slice: the bitstream so far, and flags that tell the field. */
	void *slices;
	u32 room;
	u32 field;
	struct list_head taken;	/* copied, go back after the jobs before it */
	bool last_of_picture;
	struct daedalus_v4l2_event event;
	void *controls;
	u32 controls_size;
	u32 bytes;
};

struct daed_stats {
	atomic64_t queued, handed, done, failed, corrupted, revoked, timeouts;
	atomic64_t bytes, busy_ns;
};

/* One registration of a daemon: lives until the last reference is gone. */
struct daed_device {
	struct kref kref;
	struct list_head all;
	struct daedalus_v4l2_register reg;

	struct v4l2_device v4l2_dev;
	struct video_device vdev;
	struct media_device mdev;
	struct media_devnode *devnode;
	struct media_entity sink, proc;
	struct media_pad source_pad, sink_pad, proc_pads[2];
	struct media_intf_devnode *intf;
	bool entities;

	spinlock_t lock;	/* from here to wait, and jobs */
	bool dead;
	u32 next_ctx;
	u32 next_job, next_buffer;
	bool stopped;		/* the daemon takes no more */
	struct list_head contexts;
	struct list_head served; /* contexts the daemon knows */
	struct xarray jobs;
	struct xarray buffers;
	wait_queue_head_t wait;	/* for contexts that are new */
	ktime_t last_sign;	/* of life: the daemon's last call */
	struct delayed_work watchdog;
	struct dentry *debugfs;
};

struct daed_format;
struct daed_codec;

/* Who finishes what the daemon has done: the work, or the client in its poll(). */
enum daed_poll {
	DAED_POLL_NONE,
	DAED_POLL_SLEEPS,	/* waits for buffers */
	DAED_POLL_WOKEN,	/* is to come; should it not, the work does it */
};

/* One open video node. */
struct daed_ctx {
	struct kref kref;
	struct v4l2_fh fh;
	struct daed_device *dev;
	struct list_head list;	/* daed_device.contexts */
	u32 id;
	pid_t pid;
	char comm[TASK_COMM_LEN];

	struct mutex lock;	/* from here to held; see above */
	struct vb2_queue src, dst;
	struct v4l2_ctrl_handler hdl;
	const struct daed_codec *codec;
	struct v4l2_pix_format_mplane coded, decoded;
	const struct daed_format *format;

	bool src_streaming, dst_streaming;
	struct list_head src_ready, dst_ready;
	/* The picture whose next field is still to come. */
	struct {
		struct daed_buf *dst;
		struct daed_job *job;
		u64 timestamp;
	} held;
	/* The job that takes slices, with a reference; it is held.job as well. */
	struct daed_job *gather;

	/* Under daed_device.lock. */
	struct list_head jobs;
	unsigned int handed;
	bool flush, closed;
	bool known;		/* in daed_device.served, with a reference */
	struct list_head served;
	struct list_head events;
	enum daed_poll poll;
	struct delayed_work work;

	wait_queue_head_t wait;	/* the daemon's thread for this stream */
	struct mutex next_lock;	/* one NEXT at a time: it copies */

	atomic_long_t bytes;
	struct daed_stats stats;
};

/* A CAPTURE format the daemon can fill. */
struct daed_format {
	u32 fourcc;
	u8 depth;
	u8 hsub, vsub;		/* shifts of chroma */
	bool semiplanar;
	const char *description;	/* of formats V4L2 does not know */
};

struct daed_codec {
	u32 fourcc;
	u32 bit;		/* DAEDALUS_V4L2_CODEC_* */
	const struct v4l2_ctrl_config *controls;
	unsigned int count;
	const char *description;
};

/* What the current controls say the pictures are. */
struct daed_image {
	u8 depth, hsub, vsub;
};

static inline struct daed_buf *to_daed_buf(struct vb2_buffer *vb)
{
	return container_of(to_vb2_v4l2_buffer(vb), struct daed_buf, vb);
}

static inline struct daed_ctx *file_to_ctx(struct file *file)
{
	return container_of((struct v4l2_fh *)file->private_data,
			    struct daed_ctx, fh);
}

extern struct device *daed_parent;
extern struct workqueue_struct *daed_wq;
extern unsigned int daed_max_context_mb;
extern unsigned int daed_max_total_mb;
extern unsigned int daed_job_timeout_ms;
extern bool daed_h264_slices;

/* control.c */
int daed_control_init(void);
void daed_control_exit(void);

/* device.c */
struct daed_device *daed_device_create(struct daedalus_v4l2_register *reg);
void daed_device_destroy(struct daed_device *dev);
void daed_device_get(struct daed_device *dev);
void daed_device_put(struct daed_device *dev);

/* formats.c */
const struct daed_codec *daed_codec_at(struct daed_device *dev, u32 index);
const struct daed_codec *daed_codec_find(struct daed_device *dev, u32 fourcc);
const struct daed_format *daed_format_at(struct daed_ctx *ctx, bool all, u32 index);
void daed_try_coded(struct daed_device *dev, struct v4l2_pix_format_mplane *pix);
const struct daed_format *daed_try_decoded(struct daed_ctx *ctx,
					   struct v4l2_pix_format_mplane *pix);
void daed_refresh_decoded(struct daed_ctx *ctx);
void daed_fill_layout(const struct daed_format *format,
		      const struct v4l2_pix_format_mplane *pix,
		      struct daedalus_v4l2_event *event);
int daed_init_controls(struct daed_ctx *ctx);
bool daed_takes_slices(struct daed_ctx *ctx);
u32 daed_field_of(struct daed_ctx *ctx);
bool daed_is_per_slice(u32 id);

/* video.c */
extern const struct v4l2_file_operations daed_fops;
extern const struct v4l2_ioctl_ops daed_ioctl_ops;
void daed_ctx_put(struct daed_ctx *ctx);

/* queue.c */
int daed_queues_init(struct daed_ctx *ctx);
int daed_request_validate(struct media_request *req);
void daed_request_queue(struct media_request *req);

/* jobs.c */
void daed_schedule(struct daed_ctx *ctx);
void daed_revoke(struct daed_ctx *ctx, bool output);
void daed_release_held(struct daed_ctx *ctx);
void daed_finish_done(struct daed_ctx *ctx);
void daed_ctx_work(struct work_struct *work);
void daed_finish_woken(struct daed_ctx *ctx);
void daed_will_sleep(struct daed_ctx *ctx);
void daed_job_put(struct daed_job *job);
int daed_job_done(struct daed_device *dev, const struct daedalus_v4l2_done *done);
int daed_job_next(struct daed_device *dev, struct daedalus_v4l2_event *event);
void daed_job_stop(struct daed_device *dev);
void daed_fail_all(struct daed_device *dev);
void daed_watchdog(struct work_struct *work);

/* memory.c */
extern const struct vb2_mem_ops daed_mem_ops;
int daed_mem_name(struct daed_mem *mem);
int daed_mem_export(struct daed_device *dev, u32 id);
int daed_mem_copy(struct daed_mem *mem, void *to, u32 bytes);
int daed_mem_copy_to_user(struct daed_mem *mem, void __user *to, u32 bytes);
void daed_mem_put(struct daed_mem *mem);
unsigned long daed_mem_held(void);
unsigned long daed_mem_limit(void);

/* debugfs.c */
void daed_debugfs_init(void);
void daed_debugfs_exit(void);
void daed_debugfs_add(struct daed_device *dev);
void daed_debugfs_remove(struct daed_device *dev);

#endif
