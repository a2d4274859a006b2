/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Preloaded into a server under test: the n-th call for memory fails. By the environment:
 *
 *   OCORS_TEST_MEMORY  a file of a memory_t, which the test writes and reads meanwhile
 *
 * Calls of the module and of json-c count, whoever's process it is: malloc(), calloc(), realloc();
 * and those of APR for shared memory (mmap). If `is_whole` is set, the process that watches the
 * documents counts every call of malloc() and the like, those for its pools too.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <unistd.h>

#define WATCHER_NAME "ocapi-cors"
/* Of shared memory; locks of httpd's own have less. */
#define LEAST  65536
#define CALLER __builtin_return_address(0)

typedef struct memory_t {
    _Atomic uint64_t fails_at; /* 0: none does, and none counts */
    _Atomic uint64_t count;    /* of calls, from 1 */
    _Atomic uint64_t failed;   /* of those */
    uint64_t is_whole;
} memory_t;

void *__libc_malloc(size_t size);
void *__libc_calloc(size_t count, size_t size);
void *__libc_realloc(void *old, size_t size);

static memory_t *memory;

__attribute__((constructor)) static void begin(void)
{
    const char *path = getenv("OCORS_TEST_MEMORY");
    const int file = path != NULL ? open(path, O_RDWR | O_CLOEXEC) : -1;

    if (file >= 0) {
        void *mapping = mmap(NULL, sizeof(*memory), PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);

        memory = mapping != MAP_FAILED ? mapping : NULL;
        close(file);
    }
}

static int is_of(const void *caller, const char *library)
{
    Dl_info info;

    return dladdr(caller, &info) != 0 && info.dli_fname != NULL
           && strstr(info.dli_fname, library) != NULL;
}

static int is_ours(const void *caller)
{
    char name[16] = "";

    if (memory->is_whole) {
        return prctl(PR_GET_NAME, name) == 0 && strcmp(name, WATCHER_NAME) == 0;
    }
    return is_of(caller, "mod_ocapi_cors") || is_of(caller, "libjson-c");
}

static int fails(const void *caller, const char *library)
{
    static _Thread_local int is_inside; /* dladdr() may ask for memory */
    int answer = 0;

    if (memory == NULL || memory->fails_at == 0 || is_inside) {
        return 0;
    }
    is_inside = 1;
    if (library != NULL ? is_of(caller, library) : is_ours(caller)) {
        answer = ++memory->count == memory->fails_at;
    }
    is_inside = 0;
    if (answer) {
        memory->failed++;
        errno = ENOMEM;
    }
    return answer;
}

void *malloc(size_t size)
{
    return fails(CALLER, NULL) ? NULL : __libc_malloc(size);
}

void *calloc(size_t count, size_t size)
{
    return fails(CALLER, NULL) ? NULL : __libc_calloc(count, size);
}

void *realloc(void *old, size_t size)
{
    return fails(CALLER, NULL) ? NULL : __libc_realloc(old, size);
}

/* APR makes shared memory by a mapping of /dev/zero. */
void *mmap(void *address, size_t length, int access, int flags, int file, off_t at)
{
    static void *(*next)(void *, size_t, int, int, int, off_t);

    if (next == NULL) {
        next = (void *(*)(void *, size_t, int, int, int, off_t))(uintptr_t)dlsym(RTLD_NEXT, "mmap");
    }
    return (flags & MAP_SHARED) != 0 && length >= LEAST && fails(CALLER, "libapr-1")
               ? MAP_FAILED
               : next(address, length, access, flags, file, at);
}
