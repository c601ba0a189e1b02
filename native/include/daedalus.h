/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * C ABI of libdaedalus-engine.so: a stateless video decoder.
 *
 * The caller parses headers and keeps the reference bookkeeping; the engine sees requests in decode order, each made of
 * V4L2 stateless controls, one frame's bitstream, a CAPTURE picture to fill and a timestamp that names the result for
 * later reference. Pictures are the caller's memory.
 */
#ifndef DAEDALUS_H
#define DAEDALUS_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define DAEDALUS_ABI_VERSION 1

/* Status of calls and of completed requests: 0 or a negative errno value. */
#define DAEDALUS_OK 0
/* Flags of a completed request. */
#define DAEDALUS_DONE_CORRUPTED 1u /* pixels were concealed or a reference was missing */

#define DAEDALUS_FOURCC(a, b, c, d) \
    ((uint32_t)(a) | ((uint32_t)(b) << 8) | ((uint32_t)(c) << 16) | ((uint32_t)(d) << 24))

/* Picture formats. The first three are V4L2's; the others are private: 'D', subsampling, depth, layout. */
#define DAEDALUS_PIX_YUV420 DAEDALUS_FOURCC('Y', 'U', '1', '2')
#define DAEDALUS_PIX_NV12   DAEDALUS_FOURCC('N', 'V', '1', '2')
#define DAEDALUS_PIX_P010   DAEDALUS_FOURCC('P', '0', '1', '0')
#define DAEDALUS_PIX_YUV422 DAEDALUS_FOURCC('D', '2', '8', 'P')
#define DAEDALUS_PIX_YUV440 DAEDALUS_FOURCC('D', '3', '8', 'P')
#define DAEDALUS_PIX_YUV444 DAEDALUS_FOURCC('D', '4', '8', 'P')
#define DAEDALUS_PIX_YUV420_10 DAEDALUS_FOURCC('D', '0', 'A', 'P')
#define DAEDALUS_PIX_YUV422_10 DAEDALUS_FOURCC('D', '2', 'A', 'P')
#define DAEDALUS_PIX_YUV440_10 DAEDALUS_FOURCC('D', '3', 'A', 'P')
#define DAEDALUS_PIX_YUV444_10 DAEDALUS_FOURCC('D', '4', 'A', 'P')
#define DAEDALUS_PIX_YUV420_12 DAEDALUS_FOURCC('D', '0', 'C', 'P')
#define DAEDALUS_PIX_YUV422_12 DAEDALUS_FOURCC('D', '2', 'C', 'P')
#define DAEDALUS_PIX_YUV440_12 DAEDALUS_FOURCC('D', '3', 'C', 'P')
#define DAEDALUS_PIX_YUV444_12 DAEDALUS_FOURCC('D', '4', 'C', 'P')
#define DAEDALUS_PIX_YUV420_9 DAEDALUS_FOURCC('D', '0', '9', 'P')
#define DAEDALUS_PIX_YUV422_9 DAEDALUS_FOURCC('D', '2', '9', 'P')
#define DAEDALUS_PIX_YUV440_9 DAEDALUS_FOURCC('D', '3', '9', 'P')
#define DAEDALUS_PIX_YUV444_9 DAEDALUS_FOURCC('D', '4', '9', 'P')
#define DAEDALUS_PIX_YUV420_14 DAEDALUS_FOURCC('D', '0', 'E', 'P')
#define DAEDALUS_PIX_YUV422_14 DAEDALUS_FOURCC('D', '2', 'E', 'P')
#define DAEDALUS_PIX_YUV440_14 DAEDALUS_FOURCC('D', '3', 'E', 'P')
#define DAEDALUS_PIX_YUV444_14 DAEDALUS_FOURCC('D', '4', 'E', 'P')

/* Coded formats: V4L2's fourccs. */
#define DAEDALUS_CODED_VP9 DAEDALUS_FOURCC('V', 'P', '9', 'F')
#define DAEDALUS_CODED_H264 DAEDALUS_FOURCC('S', '2', '6', '4')
#define DAEDALUS_CODED_AV1 DAEDALUS_FOURCC('A', 'V', '1', 'F')

typedef struct daedalus_decoder daedalus_decoder;
/* Worker threads that several decoders share. */
typedef struct daedalus_pool daedalus_pool;

/* One plane set in one allocation; what the engine demands of a CAPTURE buffer. */
struct daedalus_layout {
    uint32_t pixelformat;
    uint32_t width, height;     /* frame size in luma samples */
    uint32_t n_planes;          /* 2 for NV12/P010, 3 for planar */
    uint32_t offset[3];         /* bytes from the start of the buffer */
    uint32_t stride[3];         /* bytes */
    uint32_t size;              /* bytes of the whole buffer, including the padding the engine may write */
    uint32_t reserved;
};

struct daedalus_control {
    uint32_t id;                /* V4L2 control id */
    uint32_t size;              /* bytes of payload */
    const void *payload;
};

struct daedalus_request {
    uint64_t timestamp;         /* ns; names this picture for later references */
    uint64_t cookie;            /* returned by the done callback */
    const uint8_t *bitstream;   /* readable until done */
    uint32_t bitstream_size;
    uint32_t n_controls;
    const struct daedalus_control *controls; /* copied by submit */
    uint32_t capture_index;     /* slot of the CAPTURE buffer, 0..127; a slot used again forgets its earlier picture */
    uint32_t reserved;
    uint8_t *capture;           /* start of the buffer, 64-byte aligned; writable until done, readable while referenced */
    struct daedalus_layout layout;
};

/* Called once for every accepted request, on any thread, never under an engine lock. status: 0 or negative errno. */
typedef void (*daedalus_done_fn)(void *user, uint64_t cookie, int32_t status, uint32_t flags);

struct daedalus_config {
    uint32_t size;              /* sizeof(struct daedalus_config) */
    uint32_t coded_format;
    uint32_t n_threads;         /* 0 = one for each CPU, or all of the pool; 1 = decode inside submit, no other thread is used */
    uint32_t max_in_flight;     /* 0 = the engine's choice; submit blocks while as many are in flight */
    daedalus_done_fn done;
    void *user;
    daedalus_pool *pool;        /* NULL: threads of its own. May be left out: size is 32 then */
};

struct daedalus_stats {
    uint64_t frames, errors, bytes;
    uint64_t managed_bytes_allocated; /* by the runtime since start: steady state must not grow */
};

uint32_t daedalus_abi_version(void);

/* Fills the layout of a CAPTURE buffer. -EINVAL: format or size not supported. */
int32_t daedalus_capture_layout(uint32_t pixelformat, uint32_t width, uint32_t height, struct daedalus_layout *layout);

/* Threads that work for all decoders made with the pool, in turn; n_threads of them at a time, 0 = one for each CPU. */
int32_t daedalus_pool_create(uint32_t n_threads, daedalus_pool **pool);
/* Ends them. -EBUSY while a decoder uses the pool. */
int32_t daedalus_pool_destroy(daedalus_pool *pool);

int32_t daedalus_decoder_create(const struct daedalus_config *config, daedalus_decoder **decoder);
/* Queues one request. Returns 0 (the callback will follow) or a negative errno (it will not). One caller at a time. */
int32_t daedalus_decoder_submit(daedalus_decoder *decoder, const struct daedalus_request *request);
/* Abandons all requests in flight as soon as possible (their callbacks report -ECANCELED) and waits for the callbacks. Safe beside submit. */
int32_t daedalus_decoder_cancel(daedalus_decoder *decoder);
/* Waits until all requests submitted so far are done. */
int32_t daedalus_decoder_drain(daedalus_decoder *decoder);
/* Forgets all per-stream state (references, probability contexts), as STREAMOFF does. Nothing may be in flight. */
int32_t daedalus_decoder_reset(daedalus_decoder *decoder);
int32_t daedalus_decoder_get_stats(daedalus_decoder *decoder, struct daedalus_stats *stats);
/* Cancels, waits and frees. */
void daedalus_decoder_destroy(daedalus_decoder *decoder);

#ifdef __cplusplus
}
#endif
#endif
