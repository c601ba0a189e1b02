/* SPDX-License-Identifier: GPL-2.0 */
/* Where kernels from 6.1 on differ; the only place that asks for a version. */
#ifndef DAEDALUS_COMPAT_H
#define DAEDALUS_COMPAT_H

#include <linux/version.h>

#define DAED_SINCE(major, minor) (LINUX_VERSION_CODE >= KERNEL_VERSION(major, minor, 0))

/* Mapping a dmabuf without its lock held has a name of its own. */
#define DAED_HAS_VMAP_UNLOCKED DAED_SINCE(6, 2)
/* Queues of more than 32 buffers. */
#define DAED_HAS_MAX_NUM_BUFFERS DAED_SINCE(6, 8)
#define DAED_HAS_REMOVE_BUFS DAED_SINCE(6, 10)
#define DAED_HAS_STRING_NAMESPACES DAED_SINCE(6, 13)
/* vb2 drops and takes the queue's lock by itself. */
#define DAED_HAS_VB2_WAIT DAED_SINCE(6, 14)
/* v4l2_fh_add() and v4l2_fh_del() take the file. */
#define DAED_HAS_FH_FILE DAED_SINCE(6, 18)

/*
 * Pages that are mapped for writing are going to be written: where a page's
 * first write through a mapping traps to mark it dirty, it need not.
 */
#if defined(CONFIG_UML)
#define DAED_PROT_DIRTY(prot) __pgprot(pgprot_val(prot) | _PAGE_ACCESSED | _PAGE_DIRTY)
#elif defined(CONFIG_ARM64)
#define DAED_PROT_DIRTY(prot) pte_pgprot(pte_mkdirty(pte_mkyoung(pfn_pte(0, prot))))
#else
#define DAED_PROT_DIRTY(prot) (prot)
#endif

#endif
