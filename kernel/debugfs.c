// SPDX-License-Identifier: GPL-2.0
/* /sys/kernel/debug/daedalus-v4l2/videoN/contexts: counters by open file; memory of all buffers. */
#include <linux/debugfs.h>
#include <linux/seq_file.h>

#include "daedalus.h"

static struct dentry *daed_root;

static int daed_contexts_show(struct seq_file *s, void *unused)
{
	struct daed_device *dev = s->private;
	struct daed_ctx *ctx;

	seq_puts(s, "context pid comm coded decoded memory queued handed done failed corrupted revoked timeouts bytes busy_us\n");
	spin_lock(&dev->lock);
	list_for_each_entry(ctx, &dev->contexts, list) {
		u32 coded = ctx->coded.pixelformat, decoded = ctx->decoded.pixelformat;
		struct daed_stats *st = &ctx->stats;

		seq_printf(s, "%u %d %s %.4s %.4s %ld %lld %lld %lld %lld %lld %lld %lld %lld %lld\n",
			   ctx->id, ctx->pid, ctx->comm, (char *)&coded, (char *)&decoded,
			   atomic_long_read(&ctx->bytes), atomic64_read(&st->queued),
			   atomic64_read(&st->handed), atomic64_read(&st->done),
			   atomic64_read(&st->failed), atomic64_read(&st->corrupted),
			   atomic64_read(&st->revoked), atomic64_read(&st->timeouts),
			   atomic64_read(&st->bytes),
			   div_s64(atomic64_read(&st->busy_ns), NSEC_PER_USEC));
	}
	spin_unlock(&dev->lock);
	return 0;
}
DEFINE_SHOW_ATTRIBUTE(daed_contexts);

static int daed_memory_show(struct seq_file *s, void *unused)
{
	seq_printf(s, "held %lu\nlimit %lu\n", daed_mem_held(), daed_mem_limit());
	return 0;
}
DEFINE_SHOW_ATTRIBUTE(daed_memory);

void daed_debugfs_init(void)
{
	daed_root = debugfs_create_dir("daedalus-v4l2", NULL);
	debugfs_create_file("memory", 0400, daed_root, NULL, &daed_memory_fops);
}

void daed_debugfs_exit(void)
{
	debugfs_remove_recursive(daed_root);
}

void daed_debugfs_add(struct daed_device *dev)
{
	dev->debugfs = debugfs_create_dir(video_device_node_name(&dev->vdev), daed_root);
	debugfs_create_file("contexts", 0400, dev->debugfs, dev, &daed_contexts_fops);
}

/* Waits for readers. */
void daed_debugfs_remove(struct daed_device *dev)
{
	debugfs_remove_recursive(dev->debugfs);
}
