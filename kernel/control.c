// SPDX-License-Identifier: GPL-2.0
/* /dev/daedalus-v4l2: the daemon's side. */
#include <linux/miscdevice.h>
#include <linux/uaccess.h>

#include "daedalus.h"

/* One daemon at a time. */
static DEFINE_MUTEX(daed_control_lock);
static struct file *daed_daemon;

static int daed_control_open(struct inode *inode, struct file *file)
{
	file->private_data = NULL;
	return 0;
}

static int daed_control_release(struct inode *inode, struct file *file)
{
	struct daed_device *dev = file->private_data;

	if (!dev)
		return 0;
	daed_device_destroy(dev);
	mutex_lock(&daed_control_lock);
	daed_daemon = NULL;
	mutex_unlock(&daed_control_lock);
	return 0;
}

static long daed_control_register(struct file *file, void __user *arg)
{
	struct daedalus_v4l2_register reg;
	struct daed_device *dev;
	long ret = 0;

	if (copy_from_user(&reg, arg, sizeof(reg)))
		return -EFAULT;
	if (reg.abi != DAEDALUS_V4L2_ABI)
		return -EPROTO;
	if (!reg.codecs || !reg.depths || !reg.chroma || reg.max_width < 64 ||
	    reg.max_width > 65536 || reg.max_height < 64 ||
	    reg.max_height > 65536 || reg.max_in_flight < 1 ||
	    reg.max_in_flight > 64)
		return -EINVAL;

	mutex_lock(&daed_control_lock);
	if (daed_daemon) {
		ret = -EBUSY;
		goto unlock;
	}
	dev = daed_device_create(&reg);
	if (IS_ERR(dev)) {
		ret = PTR_ERR(dev);
		goto unlock;
	}
	daed_daemon = file;
	/* Pairs with the acquire of calls that run beside this one. */
	smp_store_release(&file->private_data, dev);
	if (copy_to_user(arg, &reg, sizeof(reg)))
		ret = -EFAULT;
unlock:
	mutex_unlock(&daed_control_lock);
	return ret;
}

static long daed_control_next(struct daed_device *dev, void __user *arg)
{
	struct daedalus_v4l2_event event;
	struct daedalus_v4l2_done done;
	long ret;

	if (copy_from_user(&event, arg, sizeof(event)))
		return -EFAULT;
	if (event.done_job) {
		done.job = event.done_job;
		done.status = event.done_status;
		done.flags = event.done_flags;
		ret = daed_job_done(dev, &done);
		if (ret && ret != -ENOENT)
			return ret;
		/* Handed back once, also when the wait is interrupted. */
		event.done_job = 0;
		if (put_user(event.done_job, &((struct daedalus_v4l2_event __user *)arg)->done_job))
			return -EFAULT;
	}
	ret = daed_job_next(dev, &event);
	if ((!ret || ret == -ENOSPC) && copy_to_user(arg, &event, sizeof(event)))
		return -EFAULT;
	return ret;
}

static long daed_control_export(struct daed_device *dev, void __user *arg)
{
	struct daedalus_v4l2_export export;
	int fd;

	if (copy_from_user(&export, arg, sizeof(export)))
		return -EFAULT;
	fd = daed_mem_export(dev, export.buffer);
	if (fd < 0)
		return fd;
	export.fd = fd;
	/* The fd is the daemon's now, whether it learns of it or not. */
	return copy_to_user(arg, &export, sizeof(export)) ? -EFAULT : 0;
}

static long daed_control_done(struct daed_device *dev, void __user *arg)
{
	struct daedalus_v4l2_done done;

	if (copy_from_user(&done, arg, sizeof(done)))
		return -EFAULT;
	return daed_job_done(dev, &done);
}

static long daed_control_ioctl(struct file *file, unsigned int cmd, unsigned long p)
{
	/* Pairs with the release in daed_control_register(). */
	struct daed_device *dev = smp_load_acquire(&file->private_data);
	void __user *arg = (void __user *)p;

	if (cmd == DAEDALUS_V4L2_IOC_REGISTER)
		return dev ? -EBUSY : daed_control_register(file, arg);
	if (!dev)
		return -ENOTCONN;
	switch (cmd) {
	case DAEDALUS_V4L2_IOC_NEXT:
		return daed_control_next(dev, arg);
	case DAEDALUS_V4L2_IOC_EXPORT:
		return daed_control_export(dev, arg);
	case DAEDALUS_V4L2_IOC_DONE:
		return daed_control_done(dev, arg);
	case DAEDALUS_V4L2_IOC_STOP:
		daed_job_stop(dev);
		return 0;
	default:
		return -ENOTTY;
	}
}

static const struct file_operations daed_control_fops = {
	.owner = THIS_MODULE,
	.open = daed_control_open,
	.release = daed_control_release,
	.unlocked_ioctl = daed_control_ioctl,
	.compat_ioctl = compat_ptr_ioctl,
};

static struct miscdevice daed_control = {
	.minor = MISC_DYNAMIC_MINOR,
	.name = "daedalus-v4l2",
	.mode = 0600,
	.fops = &daed_control_fops,
};

int daed_control_init(void)
{
	return misc_register(&daed_control);
}

void daed_control_exit(void)
{
	misc_deregister(&daed_control);
}
