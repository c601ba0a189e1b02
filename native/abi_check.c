/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Layout of daedalus.h on every 64-bit target; the managed mirror is asserted by the tests of Daedalus.Engine. Compile with -fsyntax-only. */
#include "include/daedalus.h"

#define SIZE(type, n) _Static_assert(sizeof(struct type) == (n), "size of " #type)
#define AT(type, field, n) _Static_assert(offsetof(struct type, field) == (n), "offset of " #type "." #field)

SIZE(daedalus_layout, 48);
AT(daedalus_layout, pixelformat, 0);
AT(daedalus_layout, width, 4);
AT(daedalus_layout, height, 8);
AT(daedalus_layout, n_planes, 12);
AT(daedalus_layout, offset, 16);
AT(daedalus_layout, stride, 28);
AT(daedalus_layout, size, 40);
AT(daedalus_layout, reserved, 44);

SIZE(daedalus_control, 16);
AT(daedalus_control, id, 0);
AT(daedalus_control, size, 4);
AT(daedalus_control, payload, 8);

SIZE(daedalus_request, 104);
AT(daedalus_request, timestamp, 0);
AT(daedalus_request, cookie, 8);
AT(daedalus_request, bitstream, 16);
AT(daedalus_request, bitstream_size, 24);
AT(daedalus_request, n_controls, 28);
AT(daedalus_request, controls, 32);
AT(daedalus_request, capture_index, 40);
AT(daedalus_request, reserved, 44);
AT(daedalus_request, capture, 48);
AT(daedalus_request, layout, 56);

SIZE(daedalus_config, 40);
AT(daedalus_config, size, 0);
AT(daedalus_config, coded_format, 4);
AT(daedalus_config, n_threads, 8);
AT(daedalus_config, max_in_flight, 12);
AT(daedalus_config, done, 16);
AT(daedalus_config, user, 24);
AT(daedalus_config, pool, 32);

SIZE(daedalus_stats, 32);
AT(daedalus_stats, frames, 0);
AT(daedalus_stats, errors, 8);
AT(daedalus_stats, bytes, 16);
AT(daedalus_stats, managed_bytes_allocated, 24);
