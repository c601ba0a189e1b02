// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Guard pages around every larger heap block of a process (LD_PRELOAD): blocks end at an unreadable page and their pages
 * become unreadable when they are freed, so that an overrun or a use after free faults where it happens.
 * Addresses are never used again; the range is only reserved, not memory.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <stdatomic.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>

extern void *__libc_malloc(size_t);
extern void *__libc_calloc(size_t, size_t);
extern void *__libc_realloc(void *, size_t);
extern void *__libc_memalign(size_t, size_t);
extern void __libc_free(void *);

#define PAGE 4096ull
#define SMALLEST 1024u
#define RANGE (8ull << 40)
#define UNUSED_FILL 0xdb

struct header {
    uint64_t bytes, length;
};

static _Atomic uintptr_t next_address;
static uintptr_t first_address;

__attribute__((constructor)) static void reserve(void)
{
    void *range = mmap(NULL, RANGE, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (range == MAP_FAILED)
        return;
    first_address = (uintptr_t)range;
    atomic_store(&next_address, first_address + PAGE);
}

static int is_guarded(const void *p)
{
    return first_address && (uintptr_t)p - first_address < RANGE;
}

static struct header *header_of(const void *p)
{
    uintptr_t page = (uintptr_t)p & ~(PAGE - 1);
    if ((uintptr_t)p - page < sizeof(struct header))
        page -= PAGE;
    return (struct header *)page;
}

static void *take(size_t alignment, size_t bytes, int zero)
{
    if (alignment < 16)
        alignment = 16;
    if (!first_address || alignment > PAGE || bytes > RANGE / 16)
        return NULL;
    uintptr_t length = (bytes + alignment + sizeof(struct header) + PAGE - 1) & ~(PAGE - 1);
    uintptr_t start = atomic_fetch_add(&next_address, length + PAGE);
    if (start + length + PAGE > first_address + RANGE)
        return NULL;
    if (mmap((void *)start, length, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0) == MAP_FAILED)
        return NULL;
    uintptr_t p = (start + length - bytes) & ~(uintptr_t)(alignment - 1);
    if (!zero)
        memset((void *)p, UNUSED_FILL, bytes < 1 << 16 ? bytes : 1 << 16);
    struct header *h = header_of((void *)p);
    h->bytes = bytes;
    h->length = start + length - (uintptr_t)h;
    return (void *)p;
}

void *malloc(size_t bytes)
{
    void *p = bytes >= SMALLEST ? take(16, bytes, 0) : NULL;
    return p ? p : __libc_malloc(bytes);
}

void *calloc(size_t count, size_t size)
{
    size_t bytes;
    if (__builtin_mul_overflow(count, size, &bytes)) {
        errno = ENOMEM;
        return NULL;
    }
    void *p = bytes >= SMALLEST ? take(16, bytes, 1) : NULL;
    return p ? p : __libc_calloc(count, size);
}

void *memalign(size_t alignment, size_t bytes)
{
    void *p = bytes >= 256 ? take(alignment, bytes, 0) : NULL;
    return p ? p : __libc_memalign(alignment, bytes);
}

void *aligned_alloc(size_t alignment, size_t bytes)
{
    return memalign(alignment, bytes);
}

int posix_memalign(void **out, size_t alignment, size_t bytes)
{
    void *p = memalign(alignment, bytes);
    if (!p)
        return ENOMEM;
    *out = p;
    return 0;
}

void free(void *p)
{
    if (!is_guarded(p)) {
        __libc_free(p);
        return;
    }
    int saved = errno;
    struct header *h = header_of(p);
    /* A second free faults here. Fresh PROT_NONE pages instead of mprotect: the memory goes back at once. */
    mmap(h, h->length, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_FIXED, -1, 0);
    errno = saved;
}

void *realloc(void *p, size_t bytes)
{
    if (!p)
        return malloc(bytes);
    if (!is_guarded(p))
        return __libc_realloc(p, bytes);
    size_t old = header_of(p)->bytes;
    void *q = malloc(bytes);
    if (!q)
        return NULL;
    memcpy(q, p, old < bytes ? old : bytes);
    free(p);
    return q;
}
