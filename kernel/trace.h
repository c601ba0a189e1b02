/* SPDX-License-Identifier: GPL-2.0 */
#undef TRACE_SYSTEM
#define TRACE_SYSTEM daedalus

#if !defined(DAEDALUS_TRACE_H) || defined(TRACE_HEADER_MULTI_READ)
#define DAEDALUS_TRACE_H

#include <linux/tracepoint.h>

#include "daedalus.h"

DECLARE_EVENT_CLASS(daedalus_job,
	TP_PROTO(const struct daed_job *job),
	TP_ARGS(job),
	TP_STRUCT__entry(
		__field(u32, context)
		__field(u32, job)
		__field(u32, buffer)
		__field(u32, bytes)
		__field(u64, timestamp)
		__field(int, status)
		__field(u32, flags)
	),
	TP_fast_assign(
		__entry->context = job->ctx->id;
		__entry->job = job->id;
		__entry->buffer = job->event.buffer;
		__entry->bytes = job->bytes;
		__entry->timestamp = job->event.timestamp;
		__entry->status = job->status;
		__entry->flags = job->flags;
	),
	TP_printk("context=%u job=%u buffer=%u bytes=%u timestamp=%llu status=%d flags=%x",
		  __entry->context, __entry->job, __entry->buffer, __entry->bytes,
		  __entry->timestamp, __entry->status, __entry->flags)
);

DEFINE_EVENT(daedalus_job, daedalus_queue,
	     TP_PROTO(const struct daed_job *job), TP_ARGS(job));
DEFINE_EVENT(daedalus_job, daedalus_handout,
	     TP_PROTO(const struct daed_job *job), TP_ARGS(job));
DEFINE_EVENT(daedalus_job, daedalus_done,
	     TP_PROTO(const struct daed_job *job), TP_ARGS(job));
DEFINE_EVENT(daedalus_job, daedalus_revoke,
	     TP_PROTO(const struct daed_job *job), TP_ARGS(job));

#endif

#undef TRACE_INCLUDE_PATH
#define TRACE_INCLUDE_PATH .
#undef TRACE_INCLUDE_FILE
#define TRACE_INCLUDE_FILE trace
#include <trace/define_trace.h>
