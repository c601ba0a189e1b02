// SPDX-License-Identifier: GPL-2.0
/* Module: parameters, the parent device, the workqueue. */
#include <linux/dma-mapping.h>
#include <linux/platform_device.h>

#include "daedalus.h"

unsigned int daed_max_context_mb = 2048;
module_param_named(max_context_mb, daed_max_context_mb, uint, 0644);
MODULE_PARM_DESC(max_context_mb, "most MiB of buffers one open file may allocate");

unsigned int daed_max_total_mb;
module_param_named(max_total_mb, daed_max_total_mb, uint, 0644);
MODULE_PARM_DESC(max_total_mb, "most MiB of buffers all open files may hold; 0: half of the memory");

unsigned int daed_job_timeout_ms = 10000;
module_param_named(job_timeout_ms, daed_job_timeout_ms, uint, 0644);
MODULE_PARM_DESC(job_timeout_ms, "how long the daemon may take for a frame before it fails");

bool daed_h264_slices;
module_param_named(h264_slices, daed_h264_slices, bool, 0644);
MODULE_PARM_DESC(h264_slices, "H.264 is taken slice by slice unless a client chooses; for tests");

struct device *daed_parent;
struct workqueue_struct *daed_wq;
static struct platform_device *daed_platform;

static int __init daed_init(void)
{
	const struct platform_device_info info = {
		.name = "daedalus-v4l2",
		.id = PLATFORM_DEVID_NONE,
		.dma_mask = DMA_BIT_MASK(64),
	};
	int ret;

	daed_wq = alloc_workqueue("daedalus-v4l2", WQ_UNBOUND, 0);
	if (!daed_wq)
		return -ENOMEM;
	daed_platform = platform_device_register_full(&info);
	if (IS_ERR(daed_platform)) {
		ret = PTR_ERR(daed_platform);
		goto err_wq;
	}
	daed_parent = &daed_platform->dev;
	daed_debugfs_init();
	ret = daed_control_init();
	if (ret)
		goto err_platform;
	return 0;

err_platform:
	daed_debugfs_exit();
	platform_device_unregister(daed_platform);
err_wq:
	destroy_workqueue(daed_wq);
	return ret;
}

static void __exit daed_exit(void)
{
	daed_control_exit();
	/* Works that run still hold the last references of what they free. */
	destroy_workqueue(daed_wq);
	daed_debugfs_exit();
	platform_device_unregister(daed_platform);
}

module_init(daed_init);
module_exit(daed_exit);

MODULE_DESCRIPTION("V4L2 stateless video decoder served by the Daedalus daemon");
MODULE_LICENSE("GPL");
MODULE_VERSION("0.1.0");
#if DAED_HAS_STRING_NAMESPACES
MODULE_IMPORT_NS("DMA_BUF");
#else
MODULE_IMPORT_NS(DMA_BUF);
#endif
