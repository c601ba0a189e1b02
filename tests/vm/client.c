/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A V4L2 client that does what well-behaved ones do not: client VIDEO MEDIA COMMAND [ARGUMENT].
 * Ends with 0 when what it expects is so, else says what was not.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#include <linux/dma-buf.h>
#include <linux/dma-heap.h>
#include <linux/media.h>
#include <linux/udmabuf.h>
#include <linux/videodev2.h>
#include "daedalus-v4l2.h"

#define OUT V4L2_BUF_TYPE_VIDEO_OUTPUT_MPLANE
#define CAP V4L2_BUF_TYPE_VIDEO_CAPTURE_MPLANE

static const char *video_path, *media_path;

static void fail(const char *format, ...)
{
	va_list list;

	va_start(list, format);
	vfprintf(stderr, format, list);
	va_end(list);
	fprintf(stderr, " (errno %d: %s)\n", errno, strerror(errno));
	exit(1);
}

static int open_or_fail(const char *path)
{
	int fd = open(path, O_RDWR | O_CLOEXEC);

	if (fd < 0)
		fail("open %s", path);
	return fd;
}

static int set_format(int fd, unsigned int width, unsigned int height)
{
	struct v4l2_format f = { .type = OUT };

	f.fmt.pix_mp.width = width;
	f.fmt.pix_mp.height = height;
	f.fmt.pix_mp.pixelformat = V4L2_PIX_FMT_VP9_FRAME;
	f.fmt.pix_mp.num_planes = 1;
	return ioctl(fd, VIDIOC_S_FMT, &f);
}

static int request_buffers(int fd, unsigned int type, unsigned int count, unsigned int memory)
{
	struct v4l2_requestbuffers rb = { .type = type, .count = count, .memory = memory };

	return ioctl(fd, VIDIOC_REQBUFS, &rb) ? -errno : (int)rb.count;
}

static int stream(int fd, unsigned int type, int on)
{
	return ioctl(fd, on ? VIDIOC_STREAMON : VIDIOC_STREAMOFF, &type);
}

static int queue(int fd, unsigned int type, unsigned int index, int request, int dmabuf)
{
	struct v4l2_plane plane = { 0 };
	struct v4l2_buffer b = { .type = type, .index = index, .memory = V4L2_MEMORY_MMAP, .length = 1, .m.planes = &plane };

	if (type == OUT) {
		plane.bytesused = 100;
		b.timestamp.tv_usec = index + 1;
		b.flags = V4L2_BUF_FLAG_REQUEST_FD;
		b.request_fd = request;
	}
	if (dmabuf >= 0) {
		b.memory = V4L2_MEMORY_DMABUF;
		plane.m.fd = dmabuf;
	}
	return ioctl(fd, VIDIOC_QBUF, &b);
}

static int dequeue(int fd, unsigned int type, unsigned int memory, unsigned int *flags)
{
	struct v4l2_plane plane = { 0 };
	struct v4l2_buffer b = { .type = type, .memory = memory, .length = 1, .m.planes = &plane };

	if (ioctl(fd, VIDIOC_DQBUF, &b))
		return -errno;
	*flags = b.flags;
	return b.index;
}

static int new_request(int media)
{
	int fd;

	if (ioctl(media, MEDIA_IOC_REQUEST_ALLOC, &fd))
		fail("MEDIA_IOC_REQUEST_ALLOC");
	return fd;
}

/* A frame whose controls are the defaults: every decoder refuses it. */
static int submit(int fd, int media, unsigned int index)
{
	int request = new_request(media);

	if (queue(fd, OUT, index, request, -1))
		fail("QBUF of OUTPUT %u", index);
	if (ioctl(request, MEDIA_REQUEST_IOC_QUEUE))
		fail("MEDIA_REQUEST_IOC_QUEUE");
	return request;
}

static int wait_request(int request, int ms)
{
	struct pollfd p = { .fd = request, .events = POLLPRI };

	return poll(&p, 1, ms) == 1 && (p.revents & POLLPRI);
}

static void begin(int fd, int count)
{
	int i;

	if (set_format(fd, 320, 240))
		fail("S_FMT");
	if (request_buffers(fd, OUT, count, V4L2_MEMORY_MMAP) < count || request_buffers(fd, CAP, count, V4L2_MEMORY_MMAP) < count)
		fail("REQBUFS");
	for (i = 0; i < count; i++)
		if (queue(fd, CAP, i, -1, -1))
			fail("QBUF of CAPTURE %d", i);
	if (stream(fd, OUT, 1) || stream(fd, CAP, 1))
		fail("STREAMON");
}

/* Bad frames come back in order, with the error flag, as fast as good ones. */
static void bad_frames(int fd, int media)
{
	int requests[8], i, got;
	unsigned int flags;

	begin(fd, 8);
	for (i = 0; i < 8; i++)
		requests[i] = submit(fd, media, i);
	for (i = 0; i < 8; i++) {
		if (!wait_request(requests[i], 5000))
			fail("request %d does not complete", i);
		got = dequeue(fd, CAP, V4L2_MEMORY_MMAP, &flags);
		if (got != i || !(flags & V4L2_BUF_FLAG_ERROR))
			fail("CAPTURE %d: got %d with flags %x", i, got, flags);
		got = dequeue(fd, OUT, V4L2_MEMORY_MMAP, &flags);
		if (got != i || !(flags & V4L2_BUF_FLAG_ERROR))
			fail("OUTPUT %d: got %d with flags %x", i, got, flags);
	}
}

/* The daemon is stopped: STREAMOFF and close come back at once, and a frame that nobody decodes fails in time. */
static void stalled(int fd, int media, int seconds)
{
	struct timespec from, to;
	int request;

	begin(fd, 4);
	submit(fd, media, 0);
	submit(fd, media, 1);
	clock_gettime(CLOCK_MONOTONIC, &from);
	if (stream(fd, OUT, 0) || stream(fd, CAP, 0))
		fail("STREAMOFF");
	clock_gettime(CLOCK_MONOTONIC, &to);
	if (to.tv_sec - from.tv_sec > 1)
		fail("STREAMOFF took %ld s", (long)(to.tv_sec - from.tv_sec));
	if (queue(fd, CAP, 0, -1, -1) || stream(fd, OUT, 1) || stream(fd, CAP, 1))
		fail("start again");
	request = submit(fd, media, 2);
	if (!wait_request(request, seconds * 1000))
		fail("the watchdog did not fail the frame");
	submit(fd, media, 3);
}

/* All that STREAMOFF in flight has to give back. */
static void restarts(int fd, int media)
{
	unsigned int flags;
	int round, i;

	begin(fd, 8);
	for (round = 0; round < 300; round++) {
		int requests[8];

		for (i = 0; i < 8; i++)
			requests[i] = submit(fd, media, i);
		if (round % 3 == 0)
			wait_request(requests[0], 1000);
		if (stream(fd, round & 1 ? OUT : CAP, 0))
			fail("STREAMOFF");
		if (stream(fd, round & 1 ? CAP : OUT, 0))
			fail("STREAMOFF");
		for (i = 0; i < 8; i++) {
			if (!wait_request(requests[i], 0))
				fail("request %d of round %d is not complete after STREAMOFF", i, round);
			close(requests[i]);
		}
		if (dequeue(fd, OUT, V4L2_MEMORY_MMAP, &flags) != -EINVAL)
			fail("DQBUF when not streaming");
		for (i = 0; i < 8; i++)
			if (queue(fd, CAP, i, -1, -1))
				fail("QBUF of CAPTURE %d", i);
		if (stream(fd, OUT, 1) || stream(fd, CAP, 1))
			fail("STREAMON");
	}
}

/* Requests queued before STREAMON go with their buffers; with controls and a mapping, which tie the locks lockdep watches together. */
static void unqueued(int fd, int media)
{
	static uint8_t payload[2040];
	struct v4l2_ext_control control = { .id = V4L2_CID_STATELESS_VP9_COMPRESSED_HDR, .size = sizeof(payload), .ptr = payload };
	struct v4l2_ext_controls list = { .count = 1, .controls = &control };
	struct v4l2_plane plane = { 0 };
	struct v4l2_buffer b = { .type = OUT, .memory = V4L2_MEMORY_MMAP, .length = 1, .m.planes = &plane };
	unsigned int count;
	int request;
	void *map;

	if (set_format(fd, 320, 240) || ioctl(fd, VIDIOC_S_EXT_CTRLS, &list))
		fail("format and controls");
	for (count = 0; count < 4; count++) {
		if (request_buffers(fd, OUT, 2, V4L2_MEMORY_MMAP) < 2 || ioctl(fd, VIDIOC_QUERYBUF, &b))
			fail("REQBUFS");
		map = mmap(NULL, plane.length, PROT_READ | PROT_WRITE, MAP_SHARED, fd, plane.m.mem_offset);
		if (map == MAP_FAILED)
			fail("mmap");
		munmap(map, plane.length);
		request = submit(fd, media, 1);
		if (request_buffers(fd, OUT, count & 1 ? 2 : 0, V4L2_MEMORY_MMAP) < 0)
			fail("REQBUFS with a request queued");
		if (!wait_request(request, 0))
			fail("the request is not complete after REQBUFS");
		close(request);
	}
}

/* Says "ready", waits for the daemon to die, then uses all that is left. */
static void orphan(int fd, int media)
{
	int requests[4], i, exported;
	struct v4l2_exportbuffer eb = { .type = CAP, .flags = O_RDWR | O_CLOEXEC };
	unsigned int flags;
	uint8_t *map;

	begin(fd, 4);
	if (ioctl(fd, VIDIOC_EXPBUF, &eb))
		fail("EXPBUF");
	exported = eb.fd;
	for (i = 0; i < 4; i++)
		requests[i] = i < 2 ? submit(fd, media, i) : new_request(media);
	puts("ready");
	fflush(stdout);
	while (stream(fd, OUT, 1) == 0)
		usleep(1000);
	if (errno != ENODEV)
		fail("STREAMON on a device that is gone");
	for (i = 0; i < 2; i++)
		if (!wait_request(requests[i], 5000))
			fail("request %d does not complete", i);
	if (dequeue(fd, CAP, V4L2_MEMORY_MMAP, &flags) != -ENODEV)
		fail("DQBUF on a device that is gone");
	close(fd);
	close(media);
	for (i = 0; i < 4; i++) {
		ioctl(requests[i], MEDIA_REQUEST_IOC_QUEUE);
		ioctl(requests[i], MEDIA_REQUEST_IOC_REINIT);
	}
	puts("closed");
	fflush(stdout);
	/* A line on standard input: until then the exported memory and the requests are all that lives. */
	getchar();
	map = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, exported, 0);
	if (map == MAP_FAILED)
		fail("mmap of an exported buffer");
	memset(map, 1, 4096);
	for (i = 0; i < 4; i++)
		close(requests[i]);
}

/* More memory than a parameter allows, with one file or several, which take turns: a clear ENOMEM, and what was had works. */
static void limit(int fd, unsigned int megabytes, unsigned int files)
{
	struct v4l2_create_buffers cb = { .count = 1, .memory = V4L2_MEMORY_MMAP, .format.type = CAP };
	unsigned int had = 0, i;
	unsigned long long bytes = 0;
	int fds[16] = { fd };

	for (i = 0; i < files; i++) {
		if (i)
			fds[i] = open_or_fail(video_path);
		if (set_format(fds[i], 1920, 1080) || ioctl(fds[i], VIDIOC_G_FMT, &cb.format))
			fail("format");
	}
	while (ioctl(fds[had % files], VIDIOC_CREATE_BUFS, &cb) == 0) {
		had++;
		bytes += cb.format.fmt.pix_mp.plane_fmt[0].sizeimage;
		cb.count = 1;
		if (bytes > (unsigned long long)megabytes << 20)
			fail("%u buffers, %llu bytes and no end", had, bytes);
	}
	if (errno != ENOMEM)
		fail("CREATE_BUFS after %u buffers", had);
	if (had < files)
		fail("%u buffers for %u files", had, files);
	printf("%u buffers, %llu MiB\n", had, bytes >> 20);
}

/* One H.264 picture of one macroblock whose samples stand in the stream; returns the bytes of the access unit. */
static unsigned int pcm_picture(uint8_t *to, const uint8_t samples[384])
{
	/*
	 * Start code, IDR; slice header: first_mb 0, I, PPS 0, frame_num 0, idr_pic_id 0, no marking, qp 26; mb_type I_PCM, aligned.
	 * The samples hold no zero, so that nothing needs emulation prevention.
	 */
	static const uint8_t head[] = { 0, 0, 1, 0x65, 0x88, 0x84, 0x86, 0x80 };

	memcpy(to, head, sizeof(head));
	memcpy(to + sizeof(head), samples, 384);
	to[sizeof(head) + 384] = 0x80;
	return sizeof(head) + 385;
}

static void set_pcm_controls(int fd, int request)
{
	struct v4l2_ctrl_h264_sps sps = {
		.profile_idc = 66, .level_idc = 10, .chroma_format_idc = 1, .pic_order_cnt_type = 2, .max_num_ref_frames = 1,
		.flags = V4L2_H264_SPS_FLAG_FRAME_MBS_ONLY | V4L2_H264_SPS_FLAG_DIRECT_8X8_INFERENCE,
	};
	struct v4l2_ctrl_h264_pps pps = { 0 };
	struct v4l2_ctrl_h264_decode_params params = { .nal_ref_idc = 3, .flags = V4L2_H264_DECODE_PARAM_FLAG_IDR_PIC };
	struct v4l2_ext_control controls[] = {
		{ .id = V4L2_CID_STATELESS_H264_SPS, .size = sizeof(sps), .ptr = &sps },
		{ .id = V4L2_CID_STATELESS_H264_PPS, .size = sizeof(pps), .ptr = &pps },
		{ .id = V4L2_CID_STATELESS_H264_DECODE_PARAMS, .size = sizeof(params), .ptr = &params },
	};
	struct v4l2_ext_controls list = { .which = V4L2_CTRL_WHICH_REQUEST_VAL, .request_fd = request, .count = 3, .controls = controls };

	if (ioctl(fd, VIDIOC_S_EXT_CTRLS, &list))
		fail("S_EXT_CTRLS");
}

/* A dmabuf of at least so many bytes that is none of the queue's: of a dma-heap, of pages of a memfd, of another client. */
static int foreign_dmabuf(const char *kind, size_t bytes)
{
	bytes = (bytes + 65535) & ~(size_t)65535;
	if (!strcmp(kind, "heap")) {
		struct dma_heap_allocation_data data = { .fd_flags = O_RDWR | O_CLOEXEC, .len = bytes };

		if (ioctl(open_or_fail("/dev/dma_heap/system"), DMA_HEAP_IOCTL_ALLOC, &data))
			fail("DMA_HEAP_IOCTL_ALLOC");
		return data.fd;
	}
	if (!strcmp(kind, "udmabuf")) {
		struct udmabuf_create create = { .memfd = memfd_create("pages", MFD_ALLOW_SEALING), .flags = UDMABUF_FLAGS_CLOEXEC, .size = bytes };
		int fd;

		if ((int)create.memfd < 0 || ftruncate(create.memfd, bytes) || fcntl(create.memfd, F_ADD_SEALS, F_SEAL_SHRINK))
			fail("memfd");
		fd = ioctl(open_or_fail("/dev/udmabuf"), UDMABUF_CREATE, &create);
		if (fd < 0)
			fail("UDMABUF_CREATE");
		return fd;
	}
	struct v4l2_exportbuffer eb = { .type = CAP, .flags = O_RDWR | O_CLOEXEC };
	int other = open_or_fail(video_path);

	if (set_format(other, 320, 240) || request_buffers(other, CAP, 1, V4L2_MEMORY_MMAP) < 1 || ioctl(other, VIDIOC_EXPBUF, &eb))
		fail("EXPBUF of another client");
	return eb.fd;
}

/* A picture is decoded into memory of somebody else, which the client reads through the dmabuf. */
static void import(int fd, int media, const char *kind)
{
	struct v4l2_format out = { .type = OUT, .fmt.pix_mp = { .width = 16, .height = 16, .pixelformat = V4L2_PIX_FMT_H264_SLICE, .num_planes = 1 } };
	struct v4l2_format f = { .type = CAP };
	struct dma_buf_sync sync = { .flags = DMA_BUF_SYNC_START | DMA_BUF_SYNC_READ };
	struct v4l2_plane plane = { 0 };
	struct v4l2_buffer b = { .type = OUT, .memory = V4L2_MEMORY_MMAP, .length = 1, .m.planes = &plane };
	int request, got, i, dmabuf;
	unsigned int flags, stride;
	uint8_t samples[384], *map;

	if (ioctl(fd, VIDIOC_S_FMT, &out) || ioctl(fd, VIDIOC_G_FMT, &f) || f.fmt.pix_mp.pixelformat != V4L2_PIX_FMT_NV12)
		fail("format");
	stride = f.fmt.pix_mp.plane_fmt[0].bytesperline;
	dmabuf = foreign_dmabuf(kind, f.fmt.pix_mp.plane_fmt[0].sizeimage);
	if (request_buffers(fd, OUT, 2, V4L2_MEMORY_MMAP) < 2 || request_buffers(fd, CAP, 2, V4L2_MEMORY_DMABUF) < 2)
		fail("REQBUFS");
	if (ioctl(fd, VIDIOC_QUERYBUF, &b))
		fail("QUERYBUF");
	map = mmap(NULL, plane.length, PROT_READ | PROT_WRITE, MAP_SHARED, fd, plane.m.mem_offset);
	if (map == MAP_FAILED)
		fail("mmap of OUTPUT");
	for (i = 0; i < 384; i++)
		samples[i] = 1 + i * 37 % 255;
	plane.bytesused = pcm_picture(map, samples);
	if (queue(fd, CAP, 0, -1, dmabuf))
		fail("QBUF of a dmabuf");
	if (stream(fd, OUT, 1) || stream(fd, CAP, 1))
		fail("STREAMON");
	request = new_request(media);
	set_pcm_controls(fd, request);
	b.timestamp.tv_usec = 1;
	b.flags = V4L2_BUF_FLAG_REQUEST_FD;
	b.request_fd = request;
	if (ioctl(fd, VIDIOC_QBUF, &b) || ioctl(request, MEDIA_REQUEST_IOC_QUEUE))
		fail("QBUF of OUTPUT");
	if (!wait_request(request, 5000))
		fail("the request does not complete");
	got = dequeue(fd, CAP, V4L2_MEMORY_DMABUF, &flags);
	if (got != 0 || flags & V4L2_BUF_FLAG_ERROR)
		fail("CAPTURE: got %d with flags %x", got, flags);
	map = mmap(NULL, f.fmt.pix_mp.plane_fmt[0].sizeimage, PROT_READ, MAP_SHARED, dmabuf, 0);
	if (map == MAP_FAILED || ioctl(dmabuf, DMA_BUF_IOCTL_SYNC, &sync))
		fail("mmap of the dmabuf");
	for (i = 0; i < 256; i++)
		if (map[i / 16 * stride + i % 16] != samples[i])
			fail("luma %d is %u and should be %u", i, map[i / 16 * stride + i % 16], samples[i]);
	/* NV12: both chroma planes in one, behind the luma of the whole buffer. */
	map += (size_t)stride * f.fmt.pix_mp.height;
	for (i = 0; i < 128; i++)
		if (map[i % 64 / 8 * stride + i % 8 * 2 + i / 64] != samples[256 + i])
			fail("chroma %d is wrong", i);
}

/* Whatever comes: random ioctls with random and half-right arguments. */
static void garbage(int seconds, unsigned int seed)
{
	static const unsigned long codes[] = {
		VIDIOC_QUERYCAP, VIDIOC_ENUM_FMT, VIDIOC_G_FMT, VIDIOC_S_FMT, VIDIOC_TRY_FMT, VIDIOC_REQBUFS, VIDIOC_QUERYBUF,
		VIDIOC_EXPBUF, VIDIOC_QBUF, VIDIOC_DQBUF, VIDIOC_STREAMON, VIDIOC_STREAMOFF, VIDIOC_CREATE_BUFS, VIDIOC_PREPARE_BUF,
		VIDIOC_DECODER_CMD, VIDIOC_TRY_DECODER_CMD, VIDIOC_ENUM_FRAMESIZES, VIDIOC_QUERY_EXT_CTRL, VIDIOC_S_EXT_CTRLS, VIDIOC_G_EXT_CTRLS,
		VIDIOC_SUBSCRIBE_EVENT, VIDIOC_DQEVENT,
	};
	static const unsigned int controls[] = {
		V4L2_CID_STATELESS_VP9_FRAME, V4L2_CID_STATELESS_VP9_COMPRESSED_HDR, V4L2_CID_STATELESS_H264_SPS,
		V4L2_CID_STATELESS_H264_PPS, V4L2_CID_STATELESS_H264_SCALING_MATRIX, V4L2_CID_STATELESS_H264_DECODE_PARAMS,
		V4L2_CID_STATELESS_H264_DECODE_MODE, DAEDALUS_CID_H264_PICTURE_PARAMETERS, DAEDALUS_CID_AV1_FRAME,
	};
	static const unsigned int sizes[] = { 168, 2040, 1048, 12, 480, 560, 0, 1, 16 };
	static uint8_t payload[4096], argument[1024];
	time_t end = time(NULL) + seconds;
	unsigned long calls = 0, worked = 0;

	srandom(seed);
	while (time(NULL) < end) {
		int fd = open_or_fail(video_path), media = open_or_fail(media_path), requests[4] = { -1, -1, -1, -1 }, i;

		fcntl(fd, F_SETFL, O_NONBLOCK);
		if (random() & 3)
			set_format(fd, 1 + random() % 700, 1 + random() % 500);
		if (random() & 3) {
			request_buffers(fd, OUT, 1 + random() % 6, V4L2_MEMORY_MMAP);
			request_buffers(fd, CAP, 1 + random() % 6, V4L2_MEMORY_MMAP);
			if (random() & 3) {
				stream(fd, OUT, 1);
				stream(fd, CAP, 1);
			}
		}
		for (i = 0; i < 200; i++, calls++) {
			int *request = &requests[random() & 3], which = random() % 12, ok = -1;
			unsigned int c = random() % 9, n;

			if (which < 2) {
				if (*request >= 0 && random() & 1) {
					ok = ioctl(*request, random() & 1 ? MEDIA_REQUEST_IOC_QUEUE : MEDIA_REQUEST_IOC_REINIT);
				} else {
					if (*request >= 0)
						close(*request);
					*request = new_request(media);
				}
			} else if (which < 4) {
				ok = queue(fd, random() & 1 ? OUT : CAP, random() % 6, *request, -1);
			} else if (which < 6) {
				struct v4l2_ext_control control = { .id = controls[c], .size = sizes[c], .ptr = payload };
				struct v4l2_ext_controls list = { .count = 1, .controls = &control };

				for (n = 0; n < sizeof(payload); n++)
					payload[n] = random() & 7 ? 0 : random();
				if (controls[c] == DAEDALUS_CID_H264_PICTURE_PARAMETERS) {
					control.size = 1 + random() % sizeof(payload);
					payload[0] = random() & 3;
				}
				if (controls[c] == V4L2_CID_STATELESS_VP9_FRAME) {
					payload[156] = 8;
					payload[112] |= 0x60;
				}
				if (*request >= 0 && random() & 1) {
					list.which = V4L2_CTRL_WHICH_REQUEST_VAL;
					list.request_fd = *request;
				}
				ok = ioctl(fd, VIDIOC_S_EXT_CTRLS, &list);
			} else if (which < 8) {
				unsigned int flags;

				ok = dequeue(fd, random() & 1 ? OUT : CAP, V4L2_MEMORY_MMAP, &flags) >= 0 ? 0 : -1;
			} else if (which == 8) {
				size_t length = 4096 << random() % 8;
				void *map = mmap(NULL, length, PROT_READ, MAP_SHARED, fd, (off_t)(random() % 64) << 12 | (random() & 1 ? 1 << 30 : 0));

				/* What stays mapped keeps its file open. */
				if (map != MAP_FAILED)
					munmap(map, random() & 7 ? length : 4096);
			} else {
				unsigned long code = codes[random() % (sizeof(codes) / sizeof(*codes))];
				uint32_t *words = (uint32_t *)argument;

				for (n = 0; n < sizeof(argument); n++)
					argument[n] = random() & 15 ? 0 : random();
				words[0] = random() & 3 ? (random() & 1 ? OUT : CAP) : words[0];
				if (code == VIDIOC_REQBUFS || code == VIDIOC_CREATE_BUFS) {
					words[code == VIDIOC_REQBUFS ? 0 : 1] = random() % 8;
					if (code == VIDIOC_REQBUFS) {
						words[1] = random() & 1 ? OUT : CAP;
						words[2] = 1 + random() % 4;
					}
				}
				ok = ioctl(fd, code, argument);
				if (code == VIDIOC_EXPBUF && ok == 0)
					close(((struct v4l2_exportbuffer *)argument)->fd);
			}
			worked += ok == 0;
		}
		if (random() & 1)
			close(fd);
		for (i = 0; i < 4; i++)
			if (requests[i] >= 0 && random() & 1)
				close(requests[i]);
		/* The rest goes with the process: a child's end closes in another order. */
		if (calls > 4000 && fork() == 0)
			_exit(0);
		while (waitpid(-1, NULL, WNOHANG) > 0)
			;
		close(fd);
		close(media);
		for (i = 0; i < 4; i++)
			close(requests[i]);
	}
	printf("%lu calls, %lu of them succeeded\n", calls, worked);
	if (worked < calls / 20)
		fail("hardly a call succeeded");
}

int main(int argc, char **argv)
{
	const char *command;
	int fd, media, number;

	if (argc < 4)
		return 2;
	video_path = argv[1];
	media_path = argv[2];
	command = argv[3];
	number = argc > 4 ? atoi(argv[4]) : 0;
	if (!strcmp(command, "garbage")) {
		garbage(number, argc > 5 ? strtoul(argv[5], NULL, 10) : 1);
		return 0;
	}
	fd = open_or_fail(video_path);
	media = open_or_fail(media_path);
	if (!strcmp(command, "bad-frames"))
		bad_frames(fd, media);
	else if (!strcmp(command, "stalled"))
		stalled(fd, media, number);
	else if (!strcmp(command, "restarts"))
		restarts(fd, media);
	else if (!strcmp(command, "unqueued"))
		unqueued(fd, media);
	else if (!strcmp(command, "orphan"))
		orphan(fd, media);
	else if (!strcmp(command, "limit"))
		limit(fd, number, argc > 5 ? atoi(argv[5]) % 17 : 1);
	else if (!strcmp(command, "import"))
		import(fd, media, argc > 4 ? argv[4] : "client");
	else
		return 2;
	return 0;
}
