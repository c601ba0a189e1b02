/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The structs between the kernel module and the daemon, as numbers. The compiler checks them against kernel/daedalus-v4l2.h
 * (gcc -fsyntax-only, on every architecture); a unit test reads the same lines and checks the C# structs.
 */
#include <stddef.h>
#include "../kernel/daedalus-v4l2.h"

#define CHECK_SIZE(type, size) \
    _Static_assert(sizeof(struct type) == (size), "size of " #type)
#define CHECK_FIELD(type, field, offset, size) \
    _Static_assert(offsetof(struct type, field) == (offset), "offset of " #type "." #field); \
    _Static_assert(sizeof(((struct type *)0)->field) == (size), "size of " #type "." #field)
#define CHECK_CONSTANT(name, value) \
    _Static_assert((name) == (value), #name)

CHECK_SIZE(daedalus_v4l2_register, 48);
CHECK_FIELD(daedalus_v4l2_register, abi, 0, 4);
CHECK_FIELD(daedalus_v4l2_register, codecs, 4, 4);
CHECK_FIELD(daedalus_v4l2_register, depths, 8, 4);
CHECK_FIELD(daedalus_v4l2_register, chroma, 12, 4);
CHECK_FIELD(daedalus_v4l2_register, max_width, 16, 4);
CHECK_FIELD(daedalus_v4l2_register, max_height, 20, 4);
CHECK_FIELD(daedalus_v4l2_register, max_in_flight, 24, 4);
CHECK_FIELD(daedalus_v4l2_register, video_minor, 28, 4);
CHECK_FIELD(daedalus_v4l2_register, media_minor, 32, 4);
CHECK_FIELD(daedalus_v4l2_register, reserved, 36, 12);

CHECK_SIZE(daedalus_v4l2_control, 8);
CHECK_FIELD(daedalus_v4l2_control, id, 0, 4);
CHECK_FIELD(daedalus_v4l2_control, size, 4, 4);

CHECK_SIZE(daedalus_v4l2_event, 128);
CHECK_FIELD(daedalus_v4l2_event, data, 0, 8);
CHECK_FIELD(daedalus_v4l2_event, data_size, 8, 4);
CHECK_FIELD(daedalus_v4l2_event, wait_ms, 12, 4);
CHECK_FIELD(daedalus_v4l2_event, done_job, 16, 8);
CHECK_FIELD(daedalus_v4l2_event, done_status, 24, 4);
CHECK_FIELD(daedalus_v4l2_event, done_flags, 28, 4);
CHECK_FIELD(daedalus_v4l2_event, type, 32, 4);
CHECK_FIELD(daedalus_v4l2_event, context, 36, 4);
CHECK_FIELD(daedalus_v4l2_event, buffer, 40, 4);
CHECK_FIELD(daedalus_v4l2_event, coded_format, 44, 4);
CHECK_FIELD(daedalus_v4l2_event, job, 48, 8);
CHECK_FIELD(daedalus_v4l2_event, timestamp, 56, 8);
CHECK_FIELD(daedalus_v4l2_event, pixelformat, 64, 4);
CHECK_FIELD(daedalus_v4l2_event, width, 68, 4);
CHECK_FIELD(daedalus_v4l2_event, height, 72, 4);
CHECK_FIELD(daedalus_v4l2_event, planes, 76, 4);
CHECK_FIELD(daedalus_v4l2_event, offset, 80, 12);
CHECK_FIELD(daedalus_v4l2_event, stride, 92, 12);
CHECK_FIELD(daedalus_v4l2_event, buffer_size, 104, 4);
CHECK_FIELD(daedalus_v4l2_event, controls, 108, 4);
CHECK_FIELD(daedalus_v4l2_event, bitstream_offset, 112, 4);
CHECK_FIELD(daedalus_v4l2_event, bitstream_size, 116, 4);
CHECK_FIELD(daedalus_v4l2_event, reserved, 120, 8);

CHECK_SIZE(daedalus_v4l2_export, 8);
CHECK_FIELD(daedalus_v4l2_export, buffer, 0, 4);
CHECK_FIELD(daedalus_v4l2_export, fd, 4, 4);

CHECK_SIZE(daedalus_v4l2_done, 16);
CHECK_FIELD(daedalus_v4l2_done, job, 0, 8);
CHECK_FIELD(daedalus_v4l2_done, status, 8, 4);
CHECK_FIELD(daedalus_v4l2_done, flags, 12, 4);

CHECK_CONSTANT(DAEDALUS_V4L2_IOC_REGISTER, 0xc0304440);
CHECK_CONSTANT(DAEDALUS_V4L2_IOC_NEXT, 0xc0804441);
CHECK_CONSTANT(DAEDALUS_V4L2_IOC_EXPORT, 0xc0084442);
CHECK_CONSTANT(DAEDALUS_V4L2_IOC_DONE, 0x40104443);
CHECK_CONSTANT(DAEDALUS_V4L2_IOC_STOP, 0x4444);
