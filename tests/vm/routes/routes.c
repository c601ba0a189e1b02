// SPDX-License-Identifier: GPL-2.0
/* A sub-device with streams that has no hardware: two pads in, one out, and three routes that never change. */
#include <linux/module.h>
#include <linux/platform_device.h>
#include <media/media-device.h>
#include <media/v4l2-device.h>
#include <media/v4l2-subdev.h>

static struct media_device mdev;
static struct v4l2_device v4l2;
static struct v4l2_subdev sd;
static struct media_pad pads[] = {
	{ .flags = MEDIA_PAD_FL_SINK },
	{ .flags = MEDIA_PAD_FL_SINK },
	{ .flags = MEDIA_PAD_FL_SOURCE },
};

static int routes_init_state(struct v4l2_subdev *sub, struct v4l2_subdev_state *state)
{
	static struct v4l2_subdev_route routes[] = {
		{ .sink_pad = 0, .sink_stream = 0, .source_pad = 2, .source_stream = 0, .flags = V4L2_SUBDEV_ROUTE_FL_ACTIVE },
		{ .sink_pad = 0, .sink_stream = 1, .source_pad = 2, .source_stream = 1 },
		{ .sink_pad = 1, .sink_stream = 0, .source_pad = 2, .source_stream = 7, .flags = V4L2_SUBDEV_ROUTE_FL_ACTIVE },
	};
	struct v4l2_subdev_krouting routing = { .num_routes = ARRAY_SIZE(routes), .routes = routes };

	return v4l2_subdev_set_routing(sub, state, &routing);
}

static const struct v4l2_subdev_internal_ops routes_internal = { .init_state = routes_init_state };
static const struct v4l2_subdev_pad_ops routes_pad;
static const struct v4l2_subdev_ops routes_ops = { .pad = &routes_pad };

static int routes_probe(struct platform_device *pdev)
{
	int ret;

	mdev.dev = &pdev->dev;
	strscpy(mdev.model, "routes", sizeof(mdev.model));
	media_device_init(&mdev);
	v4l2.mdev = &mdev;
	ret = v4l2_device_register(&pdev->dev, &v4l2);
	if (ret)
		goto no_v4l2;
	v4l2_subdev_init(&sd, &routes_ops);
	sd.internal_ops = &routes_internal;
	sd.owner = THIS_MODULE;
	sd.dev = &pdev->dev;
	sd.flags = V4L2_SUBDEV_FL_HAS_DEVNODE | V4L2_SUBDEV_FL_STREAMS;
	sd.entity.function = MEDIA_ENT_F_VID_MUX;
	strscpy(sd.name, "crossing", sizeof(sd.name));
	ret = media_entity_pads_init(&sd.entity, ARRAY_SIZE(pads), pads);
	if (ret)
		goto no_subdev;
	ret = v4l2_subdev_init_finalize(&sd);
	if (ret)
		goto no_subdev;
	ret = v4l2_device_register_subdev(&v4l2, &sd);
	if (!ret)
		ret = v4l2_device_register_subdev_nodes(&v4l2);
	if (!ret)
		ret = media_device_register(&mdev);
	if (!ret)
		return 0;
	v4l2_device_unregister_subdev(&sd);
	v4l2_subdev_cleanup(&sd);
no_subdev:
	v4l2_device_unregister(&v4l2);
no_v4l2:
	media_device_cleanup(&mdev);
	return ret;
}

static void routes_remove(struct platform_device *pdev)
{
	media_device_unregister(&mdev);
	v4l2_device_unregister_subdev(&sd);
	v4l2_subdev_cleanup(&sd);
	v4l2_device_unregister(&v4l2);
	media_device_cleanup(&mdev);
}

static struct platform_device *device;
static struct platform_driver driver = {
	.probe = routes_probe,
	.remove = routes_remove,
	.driver.name = "routes",
};

static int __init routes_init(void)
{
	int ret = platform_driver_register(&driver);

	if (ret)
		return ret;
	device = platform_device_register_simple("routes", -1, NULL, 0);
	if (!IS_ERR(device))
		return 0;
	platform_driver_unregister(&driver);
	return PTR_ERR(device);
}

static void __exit routes_exit(void)
{
	platform_device_unregister(device);
	platform_driver_unregister(&driver);
}

module_init(routes_init);
module_exit(routes_exit);
MODULE_DESCRIPTION("A sub-device with stream routes, for the tests");
MODULE_LICENSE("GPL");
