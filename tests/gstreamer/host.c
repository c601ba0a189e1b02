/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A C application: decodes a file, then checks that the plugin left the process as it was.
 * usage: host FILE DEVICE → exit code 0 and a line "frames N".
 */
#include <gst/gst.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>

static int frames;

static void on_segv(int sig) { (void)sig; }
static void on_pipe(int sig) { (void)sig; }

static void handoff(GstElement *sink, GstBuffer *buffer, GstPad *pad, gpointer user)
{
    (void)sink; (void)buffer; (void)pad; (void)user;
    frames++;
}

int main(int argc, char **argv)
{
    /* Handlers of the application, set before the plugin is loaded into it. */
    static const int signals[] = { SIGPIPE, SIGINT, SIGTERM, SIGCHLD, SIGCONT, SIGWINCH, SIGHUP, SIGQUIT };
    struct sigaction before[G_N_ELEMENTS(signals)], after;
    struct sigaction mine = { .sa_handler = on_pipe };
    GstMessage *message;
    GstElement *pipeline, *sink;
    gchar *text;
    int failed = 0;

    gst_init(&argc, &argv);
    sigaction(SIGPIPE, &mine, NULL);
    mine.sa_handler = on_segv;
    sigaction(SIGCHLD, &mine, NULL);
    for (guint i = 0; i < G_N_ELEMENTS(signals); i++)
        sigaction(signals[i], NULL, &before[i]);

    text = g_strdup_printf("filesrc location=%s ! matroskademux ! daedalusvp9dec device=%s ! fakesink name=s signal-handoffs=true", argv[1], argv[2]);
    pipeline = gst_parse_launch(text, NULL);
    g_free(text);
    sink = gst_bin_get_by_name(GST_BIN(pipeline), "s");
    g_signal_connect(sink, "handoff", G_CALLBACK(handoff), NULL);
    gst_element_set_state(pipeline, GST_STATE_PLAYING);
    message = gst_bus_timed_pop_filtered(GST_ELEMENT_BUS(pipeline), GST_CLOCK_TIME_NONE, GST_MESSAGE_EOS | GST_MESSAGE_ERROR);
    failed |= GST_MESSAGE_TYPE(message) != GST_MESSAGE_EOS;
    gst_message_unref(message);
    gst_element_set_state(pipeline, GST_STATE_NULL);
    gst_object_unref(sink);
    gst_object_unref(pipeline);

    for (guint i = 0; i < G_N_ELEMENTS(signals); i++) {
        sigaction(signals[i], NULL, &after);
        if (after.sa_handler != before[i].sa_handler) {
            printf("signal %d changed\n", signals[i]);
            failed = 1;
        }
    }
    printf("frames %d\n", frames);
    return failed;
}
