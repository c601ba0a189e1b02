/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A host that is built with AddressSanitizer: loads the plugin by a fresh registry, plays a file with the element, reads every byte,
 * and follows metadata that upstream attached. usage: scanner ELEMENT FILE; prints "N pictures, M with the metadata of their frame" */
#include <gst/gst.h>

static guint pictures, stamped;
static guint64 sum;
static GstCaps *stamp;

static GstPadProbeReturn attach(GstPad *pad, GstPadProbeInfo *info, gpointer data)
{
	GstBuffer *frame = gst_buffer_make_writable(GST_PAD_PROBE_INFO_BUFFER(info));

	(void)pad;
	(void)data;
	gst_buffer_add_reference_timestamp_meta(frame, stamp, GST_BUFFER_PTS(frame) + 7, GST_CLOCK_TIME_NONE);
	GST_PAD_PROBE_INFO_DATA(info) = frame;
	return GST_PAD_PROBE_OK;
}

static GstPadProbeReturn look(GstPad *pad, GstPadProbeInfo *info, gpointer data)
{
	GstBuffer *picture = GST_PAD_PROBE_INFO_BUFFER(info);
	GstReferenceTimestampMeta *meta = gst_buffer_get_reference_timestamp_meta(picture, stamp);
	GstMapInfo map;

	(void)pad;
	(void)data;
	stamped += meta && meta->timestamp == GST_BUFFER_PTS(picture) + 7;
	if (gst_buffer_map(picture, &map, GST_MAP_READ)) {
		for (gsize i = 0; i < map.size; i++)
			sum += map.data[i];
		gst_buffer_unmap(picture, &map);
		pictures++;
	}
	return GST_PAD_PROBE_OK;
}

int main(int argc, char **argv)
{
	gst_init(&argc, &argv);
	if (argc != 3)
		return 2;
	gchar *line = g_strdup_printf("filesrc location=%s ! matroskademux ! %s name=d ! fakesink name=s sync=false", argv[2], argv[1]);
	GstElement *pipeline = gst_parse_launch(line, NULL);
	g_free(line);
	if (!pipeline)
		return 3;
	stamp = gst_caps_new_empty_simple("timestamp/x-test");
	GstElement *element = gst_bin_get_by_name(GST_BIN(pipeline), "d");
	GstPad *input = gst_element_get_static_pad(element, "sink");
	gst_pad_add_probe(input, GST_PAD_PROBE_TYPE_BUFFER, attach, NULL, NULL);
	GstElement *sink = gst_bin_get_by_name(GST_BIN(pipeline), "s");
	GstPad *pad = gst_element_get_static_pad(sink, "sink");
	gst_pad_add_probe(pad, GST_PAD_PROBE_TYPE_BUFFER, look, NULL, NULL);
	gst_element_set_state(pipeline, GST_STATE_PLAYING);
	GstBus *bus = gst_element_get_bus(pipeline);
	GstMessage *end = gst_bus_timed_pop_filtered(bus, 60 * GST_SECOND, GST_MESSAGE_EOS | GST_MESSAGE_ERROR);
	gboolean fine = end && GST_MESSAGE_TYPE(end) == GST_MESSAGE_EOS;
	if (end)
		gst_message_unref(end);
	gst_object_unref(bus);
	gst_element_set_state(pipeline, GST_STATE_NULL);
	gst_object_unref(input);
	gst_object_unref(element);
	gst_object_unref(pad);
	gst_object_unref(sink);
	gst_object_unref(pipeline);
	gst_caps_unref(stamp);
	gst_deinit();
	g_print("%u pictures, %u with the metadata of their frame, sum %" G_GUINT64_FORMAT "\n", pictures, stamped, sum);
	return fine ? 0 : 1;
}
