/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Memory of the replay, with a page at its end that nobody may touch; if OCORS_GUARD is not set,
 * malloc's: the sanitizers and valgrind know more of that.
 *
 *   [ a page that holds the size ][ 0xa5 ... memory ][ a page ]
 *
 * The first page may be touched in fuzz_release() alone. Whoever writes before the memory is
 * noticed there.
 */
#include <sys/mman.h>
#include <unistd.h>

#include "fuzz.h"

#define FILLER 0xa5

typedef struct guard_t {
    size_t mapped; /* the bytes of the mapping */
} guard_t;

static bool is_guarded(void)
{
    static int answer = -1;

    if (answer < 0) {
        answer = getenv("OCORS_GUARD") != NULL;
    }
    return answer != 0;
}

static size_t page_size(void)
{
    return (size_t)sysconf(_SC_PAGESIZE);
}

void *fuzz_allocate_aligned(size_t size, size_t alignment)
{
    const size_t page = page_size();
    /* At least one byte, so that the memory begins in the page behind the first. */
    const size_t length = ((size > 0 ? size : 1) + alignment - 1) & ~(alignment - 1);
    const size_t pages = (length + page - 1) / page * page;
    const guard_t guard = { .mapped = page + pages + page };
    char *mapping;

    if (!is_guarded()) {
        void *memory = NULL;
        const size_t least = alignment < sizeof(void *) ? sizeof(void *) : alignment;

        FUZZ_CHECK(posix_memalign(&memory, least, size > 0 ? size : 1) == 0);
        return memory;
    }
    mapping = mmap(NULL, guard.mapped, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    FUZZ_CHECK(mapping != MAP_FAILED);
    memcpy(mapping, &guard, sizeof(guard));
    memset(mapping + page, FILLER, pages);
    FUZZ_CHECK(mprotect(mapping, page, PROT_NONE) == 0);
    FUZZ_CHECK(mprotect(mapping + page + pages, page, PROT_NONE) == 0);
    return mapping + page + pages - length;
}

void fuzz_release(void *memory)
{
    const size_t page = page_size();
    char *const begin = (char *)((uintptr_t)memory & ~(page - 1));
    guard_t guard;

    if (!is_guarded() || memory == NULL) {
        free(memory);
        return;
    }
    FUZZ_CHECK(mprotect(begin - page, page, PROT_READ) == 0);
    memcpy(&guard, begin - page, sizeof(guard));
    for (const char *at = begin; at < (const char *)memory; at++) {
        FUZZ_CHECK((unsigned char)*at == FILLER);
    }
    FUZZ_CHECK(munmap(begin - page, guard.mapped) == 0);
}
