/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A worker that somebody has got hold of. Its handler "seized" begins a thread that rewrites the
 * memory which the module shares with the parent, for as long as the worker lives: the policies and
 * what is counted, or, with the query "readers", the counts of the readers as well. A word gets
 * another value and at once its own again ("flicker"), so that a check may hold which what is read
 * next does not; or it keeps the other value ("noise"). The answer is how many pieces of memory
 * there are, and the size of what is counted, by which "size=" finds it again when no name is left
 * in it.
 */
#include <httpd.h>
#include <http_config.h>
#include <http_protocol.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#define RANGES 8

static struct range_t {
    volatile uint64_t *words;
    size_t count;
} ranges[RANGES];
static size_t range_count;
static int is_noise;
static unsigned long counting_size; /* of what is counted; 0: it has the name of a site */

/*
 * Finds the policies, which are anonymous shared memory that a worker may not write to, and what is
 * counted.
 */
static void find_ranges(int with_readers)
{
    FILE *maps = fopen("/proc/self/maps", "r");
    unsigned long from, to, before = 0, end = 0;
    char line[512], access[8];

    while (maps != NULL && fgets(line, sizeof(line), maps) != NULL) {
        if (sscanf(line, "%lx-%lx %7s", &from, &to, access) != 3 || access[3] != 's'
            || strstr(line, "/dev/zero") == NULL) {
            continue;
        }
        if (access[1] == '-' && mprotect((void *)from, to - from, PROT_READ | PROT_WRITE) == 0) {
            ranges[range_count++] = (struct range_t){ (void *)from, (to - from) / 8 };
            if (with_readers && end == from) {
                ranges[range_count++] = (struct range_t){ (void *)before, (end - before) / 8 };
            }
        }
        else if (access[1] == 'w'
                 && (counting_size != 0
                         ? to - from == counting_size
                         : memmem((void *)from, to - from, "SeizedSite", 10) != NULL)) {
            counting_size = to - from;
            ranges[range_count++] = (struct range_t){ (void *)from, (to - from) / 8 };
        }
        before = from;
        end = to;
    }
    if (maps != NULL) {
        fclose(maps);
    }
}

static void *rewrite(void *nothing)
{
    uint64_t state = 88172645463325252u;

    for (;;) {
        const struct range_t *range;
        uint64_t was;
        volatile uint64_t *word;

        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        range = &ranges[state % range_count];
        /* Headers and tables are at the beginning of pages; most of a segment is empty. */
        word = range->words + ((state >> 8) % range->count & ~(size_t)((state >> 40) % 2 * 511));
        word += (state >> 44) % 32 < range->count ? (state >> 44) % 32 : 0;
        if (word >= range->words + range->count || (*word == 0 && (state >> 60) != 0)) {
            continue;
        }
        was = *word;
        *word = (state >> 50) % 3 == 0   ? state
                : (state >> 50) % 3 == 1 ? was ^ (1u << state % 32)
                                         : ~was;
        if (!is_noise) {
            *word = was;
        }
    }
    return nothing;
}

static int seize(request_rec *r)
{
    pthread_t thread;

    if (r->handler == NULL || strcmp(r->handler, "seized") != 0) {
        return DECLINED;
    }
    if (range_count == 0) {
        is_noise = r->args != NULL && strstr(r->args, "noise") != NULL;
        counting_size = r->args != NULL && strstr(r->args, "size=")
                            ? strtoul(strstr(r->args, "size=") + 5, NULL, 10)
                            : 0;
        find_ranges(r->args != NULL && strstr(r->args, "readers") != NULL);
        if (range_count > 0) {
            pthread_create(&thread, NULL, rewrite, NULL);
        }
    }
    ap_rprintf(r, "%u %lu\n", (unsigned)range_count, counting_size);
    return OK;
}

static void register_hooks(apr_pool_t *pool)
{
    (void)pool;
    ap_hook_handler(seize, NULL, NULL, APR_HOOK_FIRST);
}

AP_DECLARE_MODULE(seized) = {
    STANDARD20_MODULE_STUFF, NULL, NULL, NULL, NULL, NULL, register_hooks, AP_MODULE_FLAG_NONE,
};
