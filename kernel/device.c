// SPDX-License-Identifier: GPL-2.0
/* The video and media nodes of one registration, and their lifetime. */
#include <linux/slab.h>

#include "daedalus.h"

/*
 * Who holds a reference: the daemon's open file, the video node (until the
 * last file on it is closed), the media node likewise, every request (its file
 * can outlive both nodes), every context.
 */
static void daed_device_free(struct kref *kref)
{
	struct daed_device *dev = container_of(kref, struct daed_device, kref);

	xa_destroy(&dev->jobs);
	xa_destroy(&dev->buffers);
	media_device_cleanup(&dev->mdev);
	v4l2_device_unregister(&dev->v4l2_dev);
	kfree(dev);
}

void daed_device_get(struct daed_device *dev)
{
	kref_get(&dev->kref);
}

void daed_device_put(struct daed_device *dev)
{
	kref_put(&dev->kref, daed_device_free);
}

/* Requests: a file of one pins module and device. */

static struct media_request *daed_request_alloc(struct media_device *mdev)
{
	struct daed_device *dev = container_of(mdev, struct daed_device, mdev);
	struct media_request *req;

	if (!try_module_get(THIS_MODULE))
		return NULL;
	req = kzalloc(sizeof(*req), GFP_KERNEL_ACCOUNT);
	if (!req) {
		module_put(THIS_MODULE);
		return NULL;
	}
	daed_device_get(dev);
	return req;
}

static void daed_request_free(struct media_request *req)
{
	struct daed_device *dev = container_of(req->mdev, struct daed_device, mdev);

	kfree(req);
	daed_device_put(dev);
	module_put(THIS_MODULE);
}

static const struct media_device_ops daed_media_ops = {
	.req_alloc = daed_request_alloc,
	.req_free = daed_request_free,
	.req_validate = daed_request_validate,
	.req_queue = daed_request_queue,
};

static void daed_vdev_release(struct video_device *vdev)
{
	daed_device_put(video_get_drvdata(vdev));
}

/* The media node's memory is the core's; its release finds us in this list. */
static DEFINE_MUTEX(daed_devnodes_lock);
static LIST_HEAD(daed_devnodes);

static void daed_devnode_release(struct media_devnode *devnode)
{
	struct daed_device *dev, *found = NULL;

	mutex_lock(&daed_devnodes_lock);
	list_for_each_entry(dev, &daed_devnodes, all) {
		if (dev->devnode == devnode) {
			found = dev;
			list_del(&dev->all);
			break;
		}
	}
	mutex_unlock(&daed_devnodes_lock);
	if (found)
		daed_device_put(found);
}

/* Entities: source (the video node's) -> decoder -> sink, as in all M2M. */

static int daed_add_entity(struct daed_device *dev, struct media_entity *entity,
			   const char *name, int function, int pads,
			   struct media_pad *pad)
{
	int ret;

	entity->obj_type = MEDIA_ENTITY_TYPE_BASE;
	entity->name = name;
	entity->function = function;
	if (function == MEDIA_ENT_F_IO_V4L) {
		entity->info.dev.major = VIDEO_MAJOR;
		entity->info.dev.minor = dev->vdev.minor;
	}
	ret = media_entity_pads_init(entity, pads, pad);
	return ret ? ret : media_device_register_entity(&dev->mdev, entity);
}

static int daed_add_entities(struct daed_device *dev)
{
	const u32 link = MEDIA_LNK_FL_IMMUTABLE | MEDIA_LNK_FL_ENABLED;
	struct media_entity *source = &dev->vdev.entity;
	int ret;

	dev->source_pad.flags = MEDIA_PAD_FL_SOURCE;
	dev->sink_pad.flags = MEDIA_PAD_FL_SINK;
	dev->proc_pads[0].flags = MEDIA_PAD_FL_SINK;
	dev->proc_pads[1].flags = MEDIA_PAD_FL_SOURCE;
	ret = daed_add_entity(dev, source, DAED_NAME "-source",
			      MEDIA_ENT_F_IO_V4L, 1, &dev->source_pad);
	if (ret)
		return ret;
	ret = daed_add_entity(dev, &dev->proc, DAED_NAME "-proc",
			      MEDIA_ENT_F_PROC_VIDEO_DECODER, 2, dev->proc_pads);
	if (ret)
		goto err_source;
	ret = daed_add_entity(dev, &dev->sink, DAED_NAME "-sink",
			      MEDIA_ENT_F_IO_V4L, 1, &dev->sink_pad);
	if (ret)
		goto err_proc;
	ret = media_create_pad_link(source, 0, &dev->proc, 0, link);
	if (!ret)
		ret = media_create_pad_link(&dev->proc, 1, &dev->sink, 0, link);
	if (ret)
		goto err_links;
	ret = -ENOMEM;
	dev->intf = media_devnode_create(&dev->mdev, MEDIA_INTF_T_V4L_VIDEO, 0,
					 VIDEO_MAJOR, dev->vdev.minor);
	if (!dev->intf)
		goto err_links;
	if (!media_create_intf_link(source, &dev->intf->intf, link) ||
	    !media_create_intf_link(&dev->sink, &dev->intf->intf, link))
		goto err_intf;
	dev->entities = true;
	return 0;

err_intf:
	media_remove_intf_links(&dev->intf->intf);
	media_devnode_remove(dev->intf);
err_links:
	media_entity_remove_links(&dev->sink);
	media_entity_remove_links(&dev->proc);
	media_entity_remove_links(source);
	media_device_unregister_entity(&dev->sink);
err_proc:
	media_device_unregister_entity(&dev->proc);
err_source:
	media_device_unregister_entity(source);
	return ret;
}

static void daed_remove_entities(struct daed_device *dev)
{
	if (!dev->entities)
		return;
	media_remove_intf_links(&dev->intf->intf);
	media_devnode_remove(dev->intf);
	media_entity_remove_links(&dev->vdev.entity);
	media_entity_remove_links(&dev->sink);
	media_entity_remove_links(&dev->proc);
	media_device_unregister_entity(&dev->vdev.entity);
	media_device_unregister_entity(&dev->sink);
	media_device_unregister_entity(&dev->proc);
	dev->entities = false;
}

static int daed_add_nodes(struct daed_device *dev)
{
	struct video_device *vdev = &dev->vdev;
	int ret;

	strscpy(vdev->name, DAED_NAME, sizeof(vdev->name));
	vdev->vfl_dir = VFL_DIR_M2M;
	vdev->fops = &daed_fops;
	vdev->ioctl_ops = &daed_ioctl_ops;
	vdev->release = daed_vdev_release;
	vdev->device_caps = V4L2_CAP_VIDEO_M2M_MPLANE | V4L2_CAP_STREAMING;
	vdev->v4l2_dev = &dev->v4l2_dev;
	video_set_drvdata(vdev, dev);
	ret = video_register_device(vdev, VFL_TYPE_VIDEO, -1);
	if (ret)
		return ret;
	/* From here on the release puts this. */
	daed_device_get(dev);

	ret = daed_add_entities(dev);
	if (ret)
		goto err_vdev;
	ret = media_device_register(&dev->mdev);
	if (ret)
		goto err_entities;
	/* The node may be held open after the device is gone. */
	daed_device_get(dev);
	mutex_lock(&daed_devnodes_lock);
	dev->devnode = dev->mdev.devnode;
	list_add(&dev->all, &daed_devnodes);
	dev->devnode->release = daed_devnode_release;
	mutex_unlock(&daed_devnodes_lock);
	return 0;

err_entities:
	daed_remove_entities(dev);
err_vdev:
	video_unregister_device(vdev);
	return ret;
}

struct daed_device *daed_device_create(struct daedalus_v4l2_register *reg)
{
	struct daed_device *dev = kzalloc(sizeof(*dev), GFP_KERNEL);
	int ret;

	if (!dev)
		return ERR_PTR(-ENOMEM);
	kref_init(&dev->kref);
	spin_lock_init(&dev->lock);
	INIT_LIST_HEAD(&dev->contexts);
	INIT_LIST_HEAD(&dev->served);
	init_waitqueue_head(&dev->wait);
	xa_init_flags(&dev->jobs, XA_FLAGS_ALLOC1);
	xa_init_flags(&dev->buffers, XA_FLAGS_ALLOC1);
	INIT_DELAYED_WORK(&dev->watchdog, daed_watchdog);
	dev->last_sign = ktime_get();
	dev->reg = *reg;

	strscpy(dev->v4l2_dev.name, DAED_NAME, sizeof(dev->v4l2_dev.name));
	ret = v4l2_device_register(daed_parent, &dev->v4l2_dev);
	if (ret) {
		kfree(dev);
		return ERR_PTR(ret);
	}
	dev->mdev.dev = daed_parent;
	strscpy(dev->mdev.driver_name, DAED_NAME, sizeof(dev->mdev.driver_name));
	strscpy(dev->mdev.model, DAED_NAME, sizeof(dev->mdev.model));
	strscpy(dev->mdev.bus_info, "platform:daedalus-v4l2",
		sizeof(dev->mdev.bus_info));
	media_device_init(&dev->mdev);
	dev->mdev.ops = &daed_media_ops;
	dev->v4l2_dev.mdev = &dev->mdev;

	ret = daed_add_nodes(dev);
	if (ret) {
		daed_device_put(dev);
		return ERR_PTR(ret);
	}
	reg->video_minor = dev->vdev.minor;
	reg->media_minor = dev->devnode->minor;
	daed_debugfs_add(dev);
	queue_delayed_work(daed_wq, &dev->watchdog, HZ);
	return dev;
}

/* The daemon is gone: so is the decoder. Files that are open stay harmless. */
void daed_device_destroy(struct daed_device *dev)
{
	daed_fail_all(dev);
	cancel_delayed_work_sync(&dev->watchdog);
	daed_debugfs_remove(dev);
	media_device_unregister(&dev->mdev);
	daed_remove_entities(dev);
	video_unregister_device(&dev->vdev);
	daed_device_put(dev);
}
