/* SPDX-License-Identifier: GPL-2.0 WITH Linux-syscall-note OR LGPL-2.1-or-later */
/*
 * /dev/daedalus-v4l2: how the daemon that decodes serves the V4L2 devices of
 * the daedalus_v4l2 module.
 *
 * One daemon at a time opens the node and registers; the video and media nodes
 * exist from then until it closes. NEXT hands back a job and takes work of one
 * stream, EXPORT gives a dmabuf of a CAPTURE buffer, DONE hands a job back, STOP
 * ends the taking. Calls may come from several threads; one for each stream is
 * what the module is made for.
 */
#ifndef DAEDALUS_V4L2_H
#define DAEDALUS_V4L2_H

#include <linux/ioctl.h>
#include <linux/types.h>

#define DAEDALUS_V4L2_ABI 2

/*
 * Controls of the video node beside V4L2's, for what those have no field for:
 * arrays of bytes, laid out as docs/private-controls.md says. A single zero, the
 * default, means none. The module passes them on unseen.
 */
#define DAEDALUS_CID_H264_PICTURE_PARAMETERS 0x00a41600
#define DAEDALUS_CID_AV1_FRAME 0x00a41601
#define DAEDALUS_H264_PICTURE_PARAMETERS_MAX (256 << 10)
#define DAEDALUS_AV1_FRAME_MAX 16

/* daedalus_v4l2_register.codecs */
#define DAEDALUS_V4L2_CODEC_VP9 0x1
#define DAEDALUS_V4L2_CODEC_H264 0x2
#define DAEDALUS_V4L2_CODEC_AV1 0x4

/* daedalus_v4l2_register.chroma */
#define DAEDALUS_V4L2_CHROMA_420 0x1
#define DAEDALUS_V4L2_CHROMA_422 0x2
#define DAEDALUS_V4L2_CHROMA_440 0x4
#define DAEDALUS_V4L2_CHROMA_444 0x8

/**
 * struct daedalus_v4l2_register - what the daemon decodes
 * @abi: DAEDALUS_V4L2_ABI, else -EPROTO
 * @codecs: DAEDALUS_V4L2_CODEC_*, at least one
 * @depths: bit n set: n + 1 bits a sample can be written
 * @chroma: DAEDALUS_V4L2_CHROMA_*
 * @max_width: in luma samples, 64..65536
 * @max_height: in luma samples, 64..65536
 * @max_in_flight: jobs of one context handed out at a time, 1..64
 * @video_minor: out: minor number of the video node
 * @media_minor: out: minor number of the media node
 * @reserved: 0
 */
struct daedalus_v4l2_register {
	__u32 abi;
	__u32 codecs;
	__u32 depths;
	__u32 chroma;
	__u32 max_width;
	__u32 max_height;
	__u32 max_in_flight;
	__u32 video_minor;
	__u32 media_minor;
	__u32 reserved[3];
};

/* daedalus_v4l2_event.type */
#define DAEDALUS_V4L2_FRAME 1		/* decode; answer with DONE */
#define DAEDALUS_V4L2_FLUSH 2		/* forget the context's references */
#define DAEDALUS_V4L2_BUFFER_GONE 3	/* @buffer is named no more */
#define DAEDALUS_V4L2_CONTEXT_GONE 4	/* @context is closed: the last of it */
#define DAEDALUS_V4L2_CONTEXT_NEW 5	/* @context has its first frame */

/**
 * struct daedalus_v4l2_control - one control of a frame, in the data
 * @id: V4L2 control id
 * @size: bytes of the payload that follows, before padding to 8
 */
struct daedalus_v4l2_control {
	__u32 id;
	__u32 size;
};

/**
 * struct daedalus_v4l2_event - one piece of work
 * @data: in: address of memory for controls and bitstream
 * @data_size: in: its size; out: bytes written, or bytes needed with -ENOSPC
 * @wait_ms: in: how long to wait for work
 * @done_job: in: a job to hand back first, as DONE does; 0: none, which is
 *            written here when it is done. That it was taken back is no error.
 * @done_status: in: as of DONE
 * @done_flags: in: as of DONE
 * @type: out: DAEDALUS_V4L2_*
 * @context: in: the stream, or 0 for streams that are new; out: the stream
 * @buffer: out: the CAPTURE buffer (FRAME, BUFFER_GONE)
 * @coded_format: out: V4L2_PIX_FMT_VP9_FRAME, …
 * @job: out: names the frame for DONE
 * @timestamp: out: names the picture for later references, in ns
 * @pixelformat: out: fourcc of the CAPTURE format
 * @width: out: width of the CAPTURE format in luma samples
 * @height: out: height of the CAPTURE format in luma samples
 * @planes: out: 2 (semi-planar) or 3
 * @offset: out: of the planes from the start of the buffer
 * @stride: out: bytes a row
 * @buffer_size: out: bytes of the buffer that hold the picture
 * @controls: out: number of controls, which lie at the start of the data, each
 *            a struct daedalus_v4l2_control and its payload, padded to 8
 * @bitstream_offset: out: of the bitstream in the data
 * @bitstream_size: out: its bytes
 * @reserved: 0
 *
 * With -ENOSPC nothing is taken; -EAGAIN: there is no work; -ENOENT: no such
 * stream was announced, or CONTEXT_GONE has been taken; -ESHUTDOWN: after STOP.
 */
struct daedalus_v4l2_event {
	__u64 data;
	__u32 data_size;
	__u32 wait_ms;
	__u64 done_job;
	__s32 done_status;
	__u32 done_flags;
	__u32 type;
	__u32 context;
	__u32 buffer;
	__u32 coded_format;
	__u64 job;
	__u64 timestamp;
	__u32 pixelformat;
	__u32 width;
	__u32 height;
	__u32 planes;
	__u32 offset[3];
	__u32 stride[3];
	__u32 buffer_size;
	__u32 controls;
	__u32 bitstream_offset;
	__u32 bitstream_size;
	__u32 reserved[2];
};

/**
 * struct daedalus_v4l2_export - a dmabuf of a CAPTURE buffer
 * @buffer: as in the event; -ENOENT when it is gone
 * @fd: out: read-write, close-on-exec
 */
struct daedalus_v4l2_export {
	__u32 buffer;
	__s32 fd;
};

/* daedalus_v4l2_done.flags */
#define DAEDALUS_V4L2_DONE_CORRUPTED 0x1 /* there is a picture, with errors */

/**
 * struct daedalus_v4l2_done - the end of a job
 * @job: as in the event; -ENOENT when the client took it back
 * @status: 0, or a negative errno: no picture
 * @flags: DAEDALUS_V4L2_DONE_*
 */
struct daedalus_v4l2_done {
	__u64 job;
	__s32 status;
	__u32 flags;
};

#define DAEDALUS_V4L2_IOC_REGISTER _IOWR('D', 0x40, struct daedalus_v4l2_register)
#define DAEDALUS_V4L2_IOC_NEXT _IOWR('D', 0x41, struct daedalus_v4l2_event)
#define DAEDALUS_V4L2_IOC_EXPORT _IOWR('D', 0x42, struct daedalus_v4l2_export)
#define DAEDALUS_V4L2_IOC_DONE _IOW('D', 0x43, struct daedalus_v4l2_done)
#define DAEDALUS_V4L2_IOC_STOP _IO('D', 0x44)

#endif
