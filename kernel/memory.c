// SPDX-License-Identifier: GPL-2.0
/*
 * Memory of the buffers: cached pages, charged to the memory cgroup of who
 * allocates them, exported with all that importers need. The "device" that
 * fills them is a CPU, so preparing a buffer means to hand it to the CPU and
 * finishing it means to hand it to the devices that imported it.
 */
#include <linux/dma-buf.h>
#include <linux/dma-mapping.h>
#include <linux/highmem.h>
#include <linux/iosys-map.h>
#include <linux/mm.h>
#include <linux/scatterlist.h>
#include <linux/uaccess.h>
#include <linux/vmalloc.h>

#include "daedalus.h"

/* 64 KiB: few entries in tables, rarely hard to get. */
#define DAED_ORDER 4

/* Bytes of all buffers that live, also of those whose files are closed. */
static atomic_long_t daed_held;

struct daed_attachment {
	struct list_head list;
	struct device *dev;
	struct sg_table sgt;
	enum dma_data_direction dir;
	bool mapped;
};

static void daed_mem_free_pages(struct daed_mem *mem)
{
	unsigned int i;

	for (i = 0; i < mem->count; i++)
		__free_page(mem->pages[i]);
	kvfree(mem->pages);
}

static int daed_mem_alloc_pages(struct daed_mem *mem)
{
	unsigned int total = mem->size >> PAGE_SHIFT, i;
	const gfp_t gfp = GFP_HIGHUSER | __GFP_ZERO | __GFP_ACCOUNT;

	mem->pages = kvcalloc(total, sizeof(*mem->pages), GFP_KERNEL_ACCOUNT);
	if (!mem->pages)
		return -ENOMEM;

	while (mem->count < total) {
		unsigned int order = DAED_ORDER;
		struct page *page;

		while (order && (1U << order) > total - mem->count)
			order--;
		page = order ? alloc_pages((gfp | __GFP_NORETRY | __GFP_NOWARN) &
					   ~__GFP_DIRECT_RECLAIM, order) : NULL;
		if (!page) {
			/* At a cgroup's limit: -ENOMEM, not its OOM killer. */
			order = 0;
			page = alloc_page(gfp | __GFP_NOWARN | __GFP_RETRY_MAYFAIL);
		}
		if (!page) {
			daed_mem_free_pages(mem);
			return -ENOMEM;
		}
		if (order)
			split_page(page, order);
		for (i = 0; i < 1U << order; i++)
			mem->pages[mem->count++] = page + i;
	}
	return 0;
}

unsigned long daed_mem_held(void)
{
	return atomic_long_read(&daed_held);
}

/* The most of it; a client may have any number of files. */
unsigned long daed_mem_limit(void)
{
	u64 limit = (u64)READ_ONCE(daed_max_total_mb) << 20;

	if (!limit)
		limit = (u64)totalram_pages() / 2 << PAGE_SHIFT;
	return min_t(u64, limit, LONG_MAX);
}

static int daed_mem_charge(struct daed_ctx *ctx, unsigned long size)
{
	long limit = min_t(u64, (u64)READ_ONCE(daed_max_context_mb) << 20, LONG_MAX);

	if (atomic_long_add_return(size, &ctx->bytes) > limit) {
		dev_notice_ratelimited(daed_parent,
				       "%s (pid %d): no buffer of %lu bytes beside %ld bytes: parameter max_context_mb is %u\n",
				       ctx->comm, ctx->pid, size,
				       atomic_long_read(&ctx->bytes) - (long)size,
				       daed_max_context_mb);
		goto err_ctx;
	}
	limit = daed_mem_limit();
	if (atomic_long_add_return(size, &daed_held) > limit) {
		dev_notice_ratelimited(daed_parent,
				       "%s (pid %d): no buffer of %lu bytes beside %ld bytes of all clients: parameter max_total_mb allows %lu MiB\n",
				       ctx->comm, ctx->pid, size,
				       atomic_long_read(&daed_held) - (long)size,
				       limit >> 20);
		goto err_held;
	}
	return 0;

err_held:
	atomic_long_sub(size, &daed_held);
err_ctx:
	atomic_long_sub(size, &ctx->bytes);
	return -ENOMEM;
}

static void daed_mem_uncharge(struct daed_ctx *ctx, unsigned long size)
{
	atomic_long_sub(size, &daed_held);
	atomic_long_sub(size, &ctx->bytes);
}

void daed_mem_put(struct daed_mem *mem)
{
	if (!refcount_dec_and_test(&mem->refs))
		return;
	if (mem->imported) {
		dma_buf_put(mem->imported);
	} else {
		daed_mem_free_pages(mem);
		daed_mem_uncharge(mem->ctx, mem->size);
	}
	kfree(mem->gone);
	daed_ctx_put(mem->ctx);
	kfree(mem);
}

static void daed_mem_put_handler(void *priv)
{
	daed_mem_put(priv);
}

static struct daed_mem *daed_mem_create(struct vb2_buffer *vb, unsigned long size)
{
	struct daed_ctx *ctx = vb2_get_drv_priv(vb->vb2_queue);
	struct daed_mem *mem = kzalloc(sizeof(*mem), GFP_KERNEL_ACCOUNT);

	if (!mem)
		return NULL;
	refcount_set(&mem->refs, 1);
	mem->handler.refcount = &mem->refs;
	mem->handler.put = daed_mem_put_handler;
	mem->handler.arg = mem;
	mem->size = size;
	mutex_init(&mem->lock);
	INIT_LIST_HEAD(&mem->attachments);
	kref_get(&ctx->kref);
	mem->ctx = ctx;
	return mem;
}

static void *daed_mem_alloc(struct vb2_buffer *vb, struct device *dev,
			    unsigned long size)
{
	struct daed_ctx *ctx = vb2_get_drv_priv(vb->vb2_queue);
	struct daed_mem *mem;
	int ret;

	ret = daed_mem_charge(ctx, size);
	if (ret)
		return ERR_PTR(ret);
	mem = daed_mem_create(vb, size);
	if (!mem) {
		daed_mem_uncharge(ctx, size);
		return ERR_PTR(-ENOMEM);
	}
	ret = daed_mem_alloc_pages(mem);
	if (ret) {
		daed_mem_uncharge(ctx, size);
		daed_ctx_put(ctx);
		kfree(mem);
		return ERR_PTR(ret);
	}
	return mem;
}

/* The queue gives the buffer up: the daemon is to forget its name. */
static void daed_mem_retire(struct daed_mem *mem)
{
	struct daed_device *dev = mem->ctx->dev;
	struct daed_event *gone = NULL;

	spin_lock(&dev->lock);
	if (mem->id) {
		xa_erase(&dev->buffers, mem->id);
		if (!dev->dead) {
			gone = mem->gone;
			mem->gone = NULL;
			gone->buffer = mem->id;
			list_add_tail(&gone->list, &mem->ctx->events);
		}
		mem->id = 0;
	}
	spin_unlock(&dev->lock);
	if (gone)
		wake_up(&mem->ctx->wait);
}

static void daed_mem_vb2_put(void *priv)
{
	struct daed_mem *mem = priv;

	daed_mem_retire(mem);
	daed_mem_put(mem);
}

static unsigned int daed_mem_num_users(void *priv)
{
	struct daed_mem *mem = priv;

	return refcount_read(&mem->refs);
}

static int daed_mem_map_pages(struct daed_mem *mem, struct vm_area_struct *vma)
{
	unsigned long first = vma->vm_pgoff, pages = vma_pages(vma), i, run;
	pgprot_t prot = vma->vm_page_prot;
	int ret;

	if (first >= mem->count || pages > mem->count - first)
		return -EINVAL;
	if (vma->vm_flags & VM_WRITE)
		prot = DAED_PROT_DIRTY(prot);
	for (i = 0; i < pages; i += run) {
		unsigned long pfn = page_to_pfn(mem->pages[first + i]);

		for (run = 1; i + run < pages; run++)
			if (page_to_pfn(mem->pages[first + i + run]) != pfn + run)
				break;
		ret = remap_pfn_range(vma, vma->vm_start + (i << PAGE_SHIFT), pfn,
				      run << PAGE_SHIFT, prot);
		if (ret)
			return ret;
	}
	return 0;
}

static int daed_mem_mmap(void *priv, struct vm_area_struct *vma)
{
	struct daed_mem *mem = priv;
	int ret;

	/* vb2 has found the buffer by the offset, which says no more now. */
	vma->vm_pgoff = 0;
	ret = daed_mem_map_pages(mem, vma);
	if (ret)
		return ret;
	vma->vm_private_data = &mem->handler;
	vma->vm_ops = &vb2_common_vm_ops;
	vma->vm_ops->open(vma);
	return 0;
}

static void daed_mem_for_cpu(struct daed_mem *mem, enum dma_data_direction dir)
{
	struct daed_attachment *a;

	mutex_lock(&mem->lock);
	if (mem->vaddr)
		invalidate_kernel_vmap_range(mem->vaddr, mem->size);
	list_for_each_entry(a, &mem->attachments, list)
		if (a->mapped)
			dma_sync_sgtable_for_cpu(a->dev, &a->sgt, dir);
	mutex_unlock(&mem->lock);
}

static void daed_mem_for_device(struct daed_mem *mem, enum dma_data_direction dir)
{
	struct daed_attachment *a;

	mutex_lock(&mem->lock);
	if (mem->vaddr)
		flush_kernel_vmap_range(mem->vaddr, mem->size);
	list_for_each_entry(a, &mem->attachments, list)
		if (a->mapped)
			dma_sync_sgtable_for_device(a->dev, &a->sgt, dir);
	mutex_unlock(&mem->lock);
}

static void daed_mem_prepare(void *priv)
{
	struct daed_mem *mem = priv;

	if (mem->imported)
		dma_buf_begin_cpu_access(mem->imported, DMA_BIDIRECTIONAL);
	else
		daed_mem_for_cpu(mem, DMA_BIDIRECTIONAL);
}

static void daed_mem_finish(void *priv)
{
	struct daed_mem *mem = priv;

	if (mem->imported)
		dma_buf_end_cpu_access(mem->imported, DMA_BIDIRECTIONAL);
	else
		daed_mem_for_device(mem, DMA_BIDIRECTIONAL);
}

/* Export */

static int daed_dmabuf_attach(struct dma_buf *dbuf, struct dma_buf_attachment *att)
{
	struct daed_mem *mem = dbuf->priv;
	struct daed_attachment *a = kzalloc(sizeof(*a), GFP_KERNEL);
	int ret;

	if (!a)
		return -ENOMEM;
	ret = sg_alloc_table_from_pages(&a->sgt, mem->pages, mem->count, 0,
					mem->size, GFP_KERNEL);
	if (ret) {
		kfree(a);
		return ret;
	}
	a->dev = att->dev;
	att->priv = a;
	mutex_lock(&mem->lock);
	list_add(&a->list, &mem->attachments);
	mutex_unlock(&mem->lock);
	return 0;
}

static void daed_dmabuf_detach(struct dma_buf *dbuf, struct dma_buf_attachment *att)
{
	struct daed_mem *mem = dbuf->priv;
	struct daed_attachment *a = att->priv;

	mutex_lock(&mem->lock);
	list_del(&a->list);
	mutex_unlock(&mem->lock);
	sg_free_table(&a->sgt);
	kfree(a);
}

static struct sg_table *daed_dmabuf_map(struct dma_buf_attachment *att,
					enum dma_data_direction dir)
{
	struct daed_mem *mem = att->dmabuf->priv;
	struct daed_attachment *a = att->priv;
	int ret;

	mutex_lock(&mem->lock);
	ret = dma_map_sgtable(att->dev, &a->sgt, dir, 0);
	if (!ret)
		a->mapped = true;
	mutex_unlock(&mem->lock);
	return ret ? ERR_PTR(ret) : &a->sgt;
}

static void daed_dmabuf_unmap(struct dma_buf_attachment *att,
			      struct sg_table *sgt, enum dma_data_direction dir)
{
	struct daed_mem *mem = att->dmabuf->priv;
	struct daed_attachment *a = att->priv;

	mutex_lock(&mem->lock);
	a->mapped = false;
	dma_unmap_sgtable(att->dev, sgt, dir, 0);
	mutex_unlock(&mem->lock);
}

static int daed_dmabuf_begin(struct dma_buf *dbuf, enum dma_data_direction dir)
{
	daed_mem_for_cpu(dbuf->priv, dir);
	return 0;
}

static int daed_dmabuf_end(struct dma_buf *dbuf, enum dma_data_direction dir)
{
	daed_mem_for_device(dbuf->priv, dir);
	return 0;
}

static int daed_dmabuf_mmap(struct dma_buf *dbuf, struct vm_area_struct *vma)
{
	return daed_mem_map_pages(dbuf->priv, vma);
}

static int daed_dmabuf_vmap(struct dma_buf *dbuf, struct iosys_map *map)
{
	struct daed_mem *mem = dbuf->priv;
	int ret = 0;

	mutex_lock(&mem->lock);
	if (!mem->vaddr)
		mem->vaddr = vmap(mem->pages, mem->count, VM_MAP, PAGE_KERNEL);
	if (mem->vaddr) {
		mem->vaddr_users++;
		iosys_map_set_vaddr(map, mem->vaddr);
	} else {
		ret = -ENOMEM;
	}
	mutex_unlock(&mem->lock);
	return ret;
}

static void daed_dmabuf_vunmap(struct dma_buf *dbuf, struct iosys_map *map)
{
	struct daed_mem *mem = dbuf->priv;

	mutex_lock(&mem->lock);
	if (!--mem->vaddr_users) {
		vunmap(mem->vaddr);
		mem->vaddr = NULL;
	}
	mutex_unlock(&mem->lock);
	iosys_map_clear(map);
}

static void daed_dmabuf_release(struct dma_buf *dbuf)
{
	daed_mem_put(dbuf->priv);
}

static const struct dma_buf_ops daed_dmabuf_ops = {
	.attach = daed_dmabuf_attach,
	.detach = daed_dmabuf_detach,
	.map_dma_buf = daed_dmabuf_map,
	.unmap_dma_buf = daed_dmabuf_unmap,
	.begin_cpu_access = daed_dmabuf_begin,
	.end_cpu_access = daed_dmabuf_end,
	.mmap = daed_dmabuf_mmap,
	.vmap = daed_dmabuf_vmap,
	.vunmap = daed_dmabuf_vunmap,
	.release = daed_dmabuf_release,
};

static struct dma_buf *daed_mem_get_dmabuf(struct vb2_buffer *vb, void *priv,
					   unsigned long flags)
{
	DEFINE_DMA_BUF_EXPORT_INFO(info);
	struct daed_mem *mem = priv;
	struct dma_buf *dbuf;

	info.ops = &daed_dmabuf_ops;
	info.size = mem->size;
	info.flags = flags;
	info.priv = mem;
	refcount_inc(&mem->refs);
	dbuf = dma_buf_export(&info);
	if (IS_ERR(dbuf))
		daed_mem_put(mem);
	return dbuf;
}

/* Import: the pages stay the exporter's, the daemon maps its dmabuf. */

static void *daed_mem_attach_dmabuf(struct vb2_buffer *vb, struct device *dev,
				    struct dma_buf *dbuf, unsigned long size)
{
	struct daed_mem *mem;

	if (dbuf->size < size)
		return ERR_PTR(-EFAULT);
	mem = daed_mem_create(vb, size);
	if (!mem)
		return ERR_PTR(-ENOMEM);
	get_dma_buf(dbuf);
	mem->imported = dbuf;
	return mem;
}

static void daed_mem_detach_dmabuf(void *priv)
{
	daed_mem_vb2_put(priv);
}

static int daed_mem_map_dmabuf(void *priv)
{
	return 0;
}

static void daed_mem_unmap_dmabuf(void *priv)
{
}

const struct vb2_mem_ops daed_mem_ops = {
	.alloc = daed_mem_alloc,
	.put = daed_mem_vb2_put,
	.get_dmabuf = daed_mem_get_dmabuf,
	.prepare = daed_mem_prepare,
	.finish = daed_mem_finish,
	.attach_dmabuf = daed_mem_attach_dmabuf,
	.detach_dmabuf = daed_mem_detach_dmabuf,
	.map_dmabuf = daed_mem_map_dmabuf,
	.unmap_dmabuf = daed_mem_unmap_dmabuf,
	.num_users = daed_mem_num_users,
	.mmap = daed_mem_mmap,
};

/* For the daemon */

/* Sees that the buffer has a name; the queue's lock keeps callers apart. */
int daed_mem_name(struct daed_mem *mem)
{
	struct daed_device *dev = mem->ctx->dev;
	u32 id;
	int ret;

	if (mem->id)
		return 0;
	if (!mem->gone)
		mem->gone = kzalloc(sizeof(*mem->gone), GFP_KERNEL_ACCOUNT);
	if (!mem->gone)
		return -ENOMEM;
	ret = xa_alloc_cyclic(&dev->buffers, &id, mem, xa_limit_31b,
			      &dev->next_buffer, GFP_KERNEL);
	if (ret < 0)
		return ret;
	spin_lock(&dev->lock);
	mem->id = id;
	spin_unlock(&dev->lock);
	return 0;
}

int daed_mem_export(struct daed_device *dev, u32 id)
{
	struct daed_mem *mem;
	struct dma_buf *dbuf;
	int fd;

	spin_lock(&dev->lock);
	mem = xa_load(&dev->buffers, id);
	if (mem)
		refcount_inc(&mem->refs);
	spin_unlock(&dev->lock);
	if (!mem)
		return -ENOENT;

	if (mem->imported) {
		dbuf = mem->imported;
		get_dma_buf(dbuf);
	} else {
		dbuf = daed_mem_get_dmabuf(NULL, mem, O_RDWR);
	}
	daed_mem_put(mem);
	if (IS_ERR(dbuf))
		return PTR_ERR(dbuf);
	fd = dma_buf_fd(dbuf, O_CLOEXEC);
	if (fd < 0)
		dma_buf_put(dbuf);
	return fd;
}

/* To user memory, or to ours where there is none. */
static int daed_mem_copy_imported(struct daed_mem *mem, void *to, void __user *user, u32 bytes)
{
	struct iosys_map map;
	int ret;

#if DAED_HAS_VMAP_UNLOCKED
	ret = dma_buf_vmap_unlocked(mem->imported, &map);
#else
	ret = dma_buf_vmap(mem->imported, &map);
#endif
	if (ret)
		return ret;
	if (map.is_iomem)
		ret = -EOPNOTSUPP;
	else if (to)
		memcpy(to, map.vaddr, bytes);
	else if (copy_to_user(user, map.vaddr, bytes))
		ret = -EFAULT;
#if DAED_HAS_VMAP_UNLOCKED
	dma_buf_vunmap_unlocked(mem->imported, &map);
#else
	dma_buf_vunmap(mem->imported, &map);
#endif
	return ret;
}

int daed_mem_copy(struct daed_mem *mem, void *to, u32 bytes)
{
	u32 done = 0;

	if (bytes > mem->size)
		return -EINVAL;
	if (mem->imported)
		return daed_mem_copy_imported(mem, to, NULL, bytes);
	while (done < bytes) {
		u32 n = min_t(u32, bytes - done, PAGE_SIZE);

		memcpy_from_page(to + done, mem->pages[done >> PAGE_SHIFT], 0, n);
		done += n;
	}
	return 0;
}

int daed_mem_copy_to_user(struct daed_mem *mem, void __user *to, u32 bytes)
{
	u32 done = 0;

	if (bytes > mem->size)
		return -EINVAL;
	if (mem->imported)
		return daed_mem_copy_imported(mem, NULL, to, bytes);
	while (done < bytes) {
		u32 n = min_t(u32, bytes - done, PAGE_SIZE);
		void *from = kmap_local_page(mem->pages[done >> PAGE_SHIFT]);
		unsigned long left = copy_to_user(to + done, from, n);

		kunmap_local(from);
		if (left)
			return -EFAULT;
		done += n;
	}
	return 0;
}
