// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Guard pages around every larger heap block of a process (LD_PRELOAD): blocks end at an unreadable page and their pages
 * become unreadable when they are freed, so that an overrun or a use after free faults where it happens.
 * Addresses are never used again; the range is only reserved, not memory.
 *
 * DAEDALUS_FUZZ_STARVE=n: about one in n of the larger allocations fails that DAEDALUS_FUZZ_STARVE_IN, a library, makes.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <link.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdlib.h>
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
static unsigned starve;
static const char *starve_in;
static _Atomic uint32_t starve_state;
static _Atomic uintptr_t engine_start, engine_end;

__attribute__((constructor)) static void reserve(void)
{
    const char *every = getenv("DAEDALUS_FUZZ_STARVE");
    starve_in = getenv("DAEDALUS_FUZZ_STARVE_IN");
    starve = every && starve_in ? (unsigned)atoi(every) : 0;
    void *range = mmap(NULL, RANGE, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (range == MAP_FAILED)
        return;
    first_address = (uintptr_t)range;
    atomic_store(&next_address, first_address + PAGE);
}

static int find_engine(struct dl_phdr_info *info, size_t size, void *unused)
{
    (void)size;
    (void)unused;
    if (!strstr(info->dlpi_name, starve_in))
        return 0;
    uintptr_t end = 0;
    for (int i = 0; i < info->dlpi_phnum; i++) {
        uintptr_t e = info->dlpi_phdr[i].p_vaddr + info->dlpi_phdr[i].p_memsz;
        if (info->dlpi_phdr[i].p_type == PT_LOAD && e > end)
            end = e;
    }
    atomic_store(&engine_end, info->dlpi_addr + end);
    atomic_store(&engine_start, info->dlpi_addr);
    return 1;
}

/* Only calls from the engine: neither the host nor the runtime promises to live without memory. */
static int is_starved(const void *caller, size_t bytes)
{
    if (!starve || bytes < 2048)
        return 0;
    if (!atomic_load(&engine_start))
        dl_iterate_phdr(find_engine, NULL);
    if ((uintptr_t)caller < atomic_load(&engine_start) || (uintptr_t)caller >= atomic_load(&engine_end))
        return 0;
    uint32_t x = atomic_fetch_add(&starve_state, 0x9e3779b9u) + 0x9e3779b9u;
    x ^= x >> 16;
    x *= 0x85ebca6bu;
    x ^= x >> 13;
    return x % starve == 0;
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
    if (is_starved(__builtin_return_address(0), bytes)) {
        errno = ENOMEM;
        return NULL;
    }
    void *p = bytes >= SMALLEST ? take(16, bytes, 1) : NULL;
    return p ? p : __libc_calloc(count, size);
}

static void *aligned(size_t alignment, size_t bytes)
{
    void *p = bytes >= 256 ? take(alignment, bytes, 0) : NULL;
    return p ? p : __libc_memalign(alignment, bytes);
}

void *memalign(size_t alignment, size_t bytes)
{
    return aligned(alignment, bytes);
}

void *aligned_alloc(size_t alignment, size_t bytes)
{
    if (is_starved(__builtin_return_address(0), bytes)) {
        errno = ENOMEM;
        return NULL;
    }
    return aligned(alignment, bytes);
}

int posix_memalign(void **out, size_t alignment, size_t bytes)
{
    void *p = aligned(alignment, bytes);
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
