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

/* Buffers of a dma-heap as CAPTURE buffers; where the kernel has none, those of another client. */
static void import(int fd, int media)
{
	struct dma_heap_allocation_data data = { .fd_flags = O_RDWR | O_CLOEXEC };
	struct v4l2_format f = { .type = CAP };
	int heap = open("/dev/dma_heap/system", O_RDWR | O_CLOEXEC), request, got;
	unsigned int flags;

	if (set_format(fd, 320, 240) || ioctl(fd, VIDIOC_G_FMT, &f))
		fail("format");
	data.len = f.fmt.pix_mp.plane_fmt[0].sizeimage;
	if (heap < 0 && errno == ENOENT) {
		struct v4l2_exportbuffer eb = { .type = CAP, .flags = O_RDWR | O_CLOEXEC };
		int other = open_or_fail(video_path);

		if (set_format(other, 320, 240) || request_buffers(other, CAP, 1, V4L2_MEMORY_MMAP) < 1 || ioctl(other, VIDIOC_EXPBUF, &eb))
			fail("EXPBUF of another client");
		data.fd = eb.fd;
	} else if (ioctl(heap, DMA_HEAP_IOCTL_ALLOC, &data)) {
		fail("DMA_HEAP_IOCTL_ALLOC");
	}
	if (request_buffers(fd, OUT, 2, V4L2_MEMORY_MMAP) < 2 || request_buffers(fd, CAP, 2, V4L2_MEMORY_DMABUF) < 2)
		fail("REQBUFS");
	if (queue(fd, CAP, 0, -1, data.fd))
		fail("QBUF of a dmabuf");
	if (stream(fd, OUT, 1) || stream(fd, CAP, 1))
		fail("STREAMON");
	request = submit(fd, media, 0);
	if (!wait_request(request, 5000))
		fail("the request does not complete");
	got = dequeue(fd, CAP, V4L2_MEMORY_DMABUF, &flags);
	if (got != 0 || !(flags & V4L2_BUF_FLAG_ERROR))
		fail("CAPTURE: got %d with flags %x", got, flags);
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
		import(fd, media);
	else
		return 2;
	return 0;
}
