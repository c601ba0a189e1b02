// SPDX-License-Identifier: LGPL-2.1-or-later
// An application that takes decoded pictures as file descriptors. usage: appsink_fds FILE
//   cc -o appsink_fds appsink_fds.c $(pkg-config --cflags --libs gstreamer-app-1.0 gstreamer-video-1.0 gstreamer-allocators-1.0)
#include <gst/allocators/allocators.h>
#include <gst/app/gstappsink.h>
#include <gst/gst.h>
#include <gst/video/video.h>
#include <sys/mman.h>
#include <unistd.h>

// appsink does not say by itself that we read strides and plane offsets from GstVideoMeta; without that, pictures may have to be copied.
static GstPadProbeReturn
offer_video_meta(GstPad *pad, GstPadProbeInfo *info, gpointer user)
{
    GstQuery *query = GST_PAD_PROBE_INFO_QUERY(info);
    (void)pad;
    (void)user;
    if (GST_QUERY_TYPE(query) != GST_QUERY_ALLOCATION)
        return GST_PAD_PROBE_OK;
    gst_query_add_allocation_meta(query, GST_VIDEO_META_API_TYPE, NULL);
    return GST_PAD_PROBE_HANDLED;
}

// A sum over the luma plane, read through a mapping of our own: what another process would do that was sent the fd.
static guint64
sum_luma(int fd, gsize size, const GstVideoMeta *meta)
{
    guint64 sum = 0;
    const guint8 *data = mmap(NULL, size, PROT_READ, MAP_SHARED, fd, 0);
    if (data == MAP_FAILED)
        g_error("mmap failed");
    for (guint y = 0; y < meta->height; y++)
        for (guint x = 0; x < meta->width; x++)
            sum += data[meta->offset[0] + (gsize)y * meta->stride[0] + x];
    munmap((void *)data, size);
    return sum;
}

int
main(int argc, char **argv)
{
    gst_init(&argc, &argv);
    if (argc != 2) {
        g_printerr("usage: %s FILE\n", argv[0]);
        return 2;
    }
    GError *error = NULL;
    // decodebin finds the decoder by its rank.
    GstElement *pipeline = gst_parse_launch("filesrc name=f ! decodebin ! appsink name=s sync=false max-buffers=4", &error);
    if (!pipeline) {
        g_printerr("%s\n", error->message);
        return 1;
    }
    GstElement *source = gst_bin_get_by_name(GST_BIN(pipeline), "f"), *sink = gst_bin_get_by_name(GST_BIN(pipeline), "s");
    g_object_set(source, "location", argv[1], NULL);
    GstPad *pad = gst_element_get_static_pad(sink, "sink");
    gst_pad_add_probe(pad, GST_PAD_PROBE_TYPE_QUERY_DOWNSTREAM, offer_video_meta, NULL, NULL);
    gst_object_unref(pad);
    gst_element_set_state(pipeline, GST_STATE_PLAYING);

    guint frames = 0, copied = 0;
    int kept = -1;
    gsize kept_size = 0;
    GstVideoMeta kept_meta = { 0 };
    for (GstSample *sample; (sample = gst_app_sink_pull_sample(GST_APP_SINK(sink))) != NULL; gst_sample_unref(sample)) {
        GstBuffer *buffer = gst_sample_get_buffer(sample);
        GstMemory *memory = gst_buffer_peek_memory(buffer, 0);
        GstVideoMeta *meta = gst_buffer_get_video_meta(buffer);
        if (!gst_is_fd_memory(memory) || !meta) {
            copied++;
            continue;
        }
        if (frames++ == 0) {
            // A dup outlives buffer, decoder and pipeline. The picture's memory is used again once the buffer is gone, so keep that as well
            // for as long as the content matters; here it is looked at right away and once more at the end.
            gsize offset, max;
            gst_memory_get_sizes(memory, &offset, &max);
            kept = dup(gst_fd_memory_get_fd(memory));
            kept_size = max;
            kept_meta = *meta;
            g_print("%s %d: %ux%u, stride %d, luma sum %" G_GUINT64_FORMAT "\n", gst_is_dmabuf_memory(memory) ? "dmabuf" : "memfd", kept,
                meta->width, meta->height, meta->stride[0], sum_luma(kept, kept_size, meta));
        }
    }
    GstMessage *message = gst_bus_pop_filtered(GST_ELEMENT_BUS(pipeline), GST_MESSAGE_ERROR);
    if (message) {
        gst_message_parse_error(message, &error, NULL);
        g_printerr("%s\n", error->message);
    }
    gst_element_set_state(pipeline, GST_STATE_NULL);
    gst_object_unref(source);
    gst_object_unref(sink);
    gst_object_unref(pipeline);
    if (kept >= 0) { // the pipeline is gone, the memory is not
        g_print("%u frames by fd, %u without; after the pipeline: luma sum %" G_GUINT64_FORMAT "\n", frames, copied, sum_luma(kept, kept_size, &kept_meta));
        close(kept);
    }
    return message || frames == 0;
}
