/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Preloaded into a server under test: a system that tells less of changes, and counts what the
 * process that watches the documents asks of it. By the environment:
 *
 *   OCORS_TEST_SILENT   a path: what is below it lies on a file system of the network
 *   OCORS_TEST_TYPES    a path and "/": each folder there is of the type that is its name, a
 *                       hexadecimal number
 *   OCORS_TEST_WATCHES  a number: inotify has so many watches and no more
 *   OCORS_TEST_DEAF     inotify cannot be had at all
 *   OCORS_TEST_BROKEN   a path: while it is there, no *.json can be read: EIO, or EACCES if it is
 *                       called "denied"
 *   OCORS_TEST_FORKLESS a path: while it is there, no process can be forked
 *   OCORS_TEST_CLOCK    a file: so many seconds the clock of the day is ahead, or behind (negative)
 *   OCORS_TEST_COARSE   the times of files are whole seconds
 *   OCORS_TEST_COUNTS   a file of the counters, as uint64_t: see count_t
 */
#define _GNU_SOURCE
#include <dirent.h>
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/vfs.h>
#include <unistd.h>

#define NFS_MAGIC    0x6969
#define WATCHER_NAME "ocapi-cors"

typedef enum {
    COUNT_STAT,
    COUNT_FOLDER,
    COUNT_OPEN,
    COUNT_WATCH,
    COUNT_WAY,
    COUNTS
} count_t;

/* The next definition of a function, which is the system's. */
#define NEXT(type, name) ((type)(uintptr_t)dlsym(RTLD_NEXT, name))

static void count(count_t what)
{
    static _Atomic uint64_t *counters;
    const char *path = getenv("OCORS_TEST_COUNTS");
    char name[16] = "";

    if (path == NULL || prctl(PR_GET_NAME, name) != 0 || strcmp(name, WATCHER_NAME) != 0) {
        return;
    }
    if (counters == NULL) {
        int (*next)(const char *, int, ...) = NEXT(int (*)(const char *, int, ...), "open");
        const int file = next(path, O_RDWR);
        void *memory = mmap(NULL, COUNTS * sizeof(uint64_t), PROT_READ | PROT_WRITE, MAP_SHARED,
                            file, 0);

        if (file < 0 || memory == MAP_FAILED) {
            abort();
        }
        close(file);
        counters = memory;
    }
    counters[what]++;
}

#define STAT(name, type, parameter, is_counted)                                                    \
    int name(parameter file, struct type *info)                                                    \
    {                                                                                              \
        const int status = NEXT(int (*)(parameter, struct type *), #name)(file, info);             \
                                                                                                   \
        if (is_counted) {                                                                          \
            count(COUNT_STAT);                                                                     \
        }                                                                                          \
        if (status == 0 && getenv("OCORS_TEST_COARSE") != NULL) {                                  \
            info->st_mtim.tv_nsec = info->st_ctim.tv_nsec = 0;                                     \
        }                                                                                          \
        return status;                                                                             \
    }

STAT(stat, stat, const char *, 1)
STAT(lstat, stat, const char *, 1)
STAT(fstat, stat, int, 0)
STAT(stat64, stat64, const char *, 1)
STAT(lstat64, stat64, const char *, 1)
STAT(fstat64, stat64, int, 0)

DIR *opendir(const char *path)
{
    count(COUNT_FOLDER);
    return NEXT(DIR * (*)(const char *), "opendir")(path);
}

static int is_broken(const char *path)
{
    const char *broken = getenv("OCORS_TEST_BROKEN"), *end = strrchr(path, '.');

    errno = broken != NULL && strstr(broken, "/denied") != NULL ? EACCES : EIO;
    return broken != NULL && end != NULL && strcmp(end, ".json") == 0 && access(broken, F_OK) == 0;
}

int open(const char *path, int flags, ...)
{
    count(COUNT_OPEN);
    return is_broken(path) ? -1 : NEXT(int (*)(const char *, int, ...), "open")(path, flags, 0666);
}

int open64(const char *path, int flags, ...)
{
    count(COUNT_OPEN);
    return is_broken(path) ? -1
                           : NEXT(int (*)(const char *, int, ...), "open64")(path, flags, 0666);
}

ssize_t readlink(const char *path, char *target, size_t size)
{
    count(COUNT_WAY);
    return NEXT(ssize_t(*)(const char *, char *, size_t), "readlink")(path, target, size);
}

/* What a path has below the one of a variable; NULL: it is not there. */
static const char *below(const char *variable, const char *path)
{
    const char *folder = getenv(variable);

    return folder != NULL && strncmp(path, folder, strlen(folder)) == 0 ? path + strlen(folder)
                                                                        : NULL;
}

/* Whether a path is on a file system that is another one here than in truth. */
static int is_another(const char *path)
{
    return below("OCORS_TEST_SILENT", path) != NULL || below("OCORS_TEST_TYPES", path) != NULL;
}

int statx(int folder, const char *path, int flags, unsigned mask, struct statx *info)
{
    const int status = NEXT(int (*)(int, const char *, int, unsigned, struct statx *),
                            "statx")(folder, path, flags, mask, info);

    count(COUNT_WAY);
    if (status == 0 && is_another(path)) {
        info->stx_dev_major = ~info->stx_dev_major;
    }
    return status;
}

int statfs(const char *path, struct statfs *info)
{
    const int status = NEXT(int (*)(const char *, struct statfs *), "statfs")(path, info);
    const char *type = below("OCORS_TEST_TYPES", path);

    if (status == 0 && is_another(path)) {
        info->f_type = type != NULL ? strtol(type, NULL, 16) : NFS_MAGIC;
    }
    return status;
}

int inotify_init1(int flags)
{
    if (getenv("OCORS_TEST_DEAF") != NULL) {
        errno = EMFILE;
        return -1;
    }
    return NEXT(int (*)(int), "inotify_init1")(flags);
}

int inotify_add_watch(int descriptor, const char *path, uint32_t mask)
{
    const char *limit = getenv("OCORS_TEST_WATCHES");
    const int number = NEXT(int (*)(int, const char *, uint32_t), "inotify_add_watch")(descriptor,
                                                                                       path, mask);

    count(COUNT_WATCH);
    if (limit != NULL && number > atoi(limit)) { /* numbers count from 1 */
        (void)inotify_rm_watch(descriptor, number);
        errno = ENOSPC;
        return -1;
    }
    return number;
}

pid_t fork(void)
{
    const char *forkless = getenv("OCORS_TEST_FORKLESS");

    if (forkless != NULL && access(forkless, F_OK) == 0) {
        errno = EAGAIN;
        return -1;
    }
    return NEXT(pid_t(*)(void), "fork")();
}

/* What APR asks for the time. */
int gettimeofday(struct timeval *restrict time, void *restrict zone)
{
    const char *path = getenv("OCORS_TEST_CLOCK");
    const int status = NEXT(int (*)(struct timeval *, void *), "gettimeofday")(time, zone);
    FILE *file = path != NULL ? fopen(path, "re") : NULL;
    long ahead = 0;

    if (file != NULL) {
        if (fscanf(file, "%ld", &ahead) != 1) {
            ahead = 0;
        }
        fclose(file);
    }
    time->tv_sec += ahead;
    return status;
}
