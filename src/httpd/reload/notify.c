/* SPDX-License-Identifier: Apache-2.0 */
/* What the system tells of changes. Owns nothing. */

#include "ocors_notify.h"

#ifdef __linux__

#include <poll.h>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <unistd.h>

#include <apr_strings.h>

/* Changes that are told together. */
#define QUIET_TIME    apr_time_from_msec(50)
#define TOGETHER_TIME apr_time_from_msec(150)

#define COMPLETE      (IN_CLOSE_WRITE | IN_MOVED_TO)
#define INCOMPLETE    (IN_CREATE | IN_MODIFY)
#define GONE          (IN_MOVED_FROM | IN_DELETE)

/* What an event is noted in. */
typedef struct told_t {
    ocors_ways_t *ways;
    apr_pool_t *pool;
    ocors_changes_t *changes;
    uint32_t mask;
} told_t;

/* A path, or something below it, has changed. The last event says whether it is complete. */
static void note_path(const told_t *told, const char *path)
{
    ocors_changes_t *changes = told->changes;

    path = apr_pstrdup(told->pool, path);
    if ((told->mask & COMPLETE) != 0) {
        apr_hash_set(changes->complete, path, APR_HASH_KEY_STRING, "");
    }
    else if ((told->mask & INCOMPLETE) != 0) {
        ocors_ways_remove(changes->complete, path);
    }
    changes->is_all = changes->is_all || apr_hash_count(changes->paths) >= OCORS_WAYS_PATHS_MAX;
    if (!changes->is_all) {
        apr_hash_set(changes->paths, path, APR_HASH_KEY_STRING, "");
        ocors_ways_forget(told->ways, path);
    }
}

/* Whether an event matters. */
static bool note(const told_t *told, const struct inotify_event *event)
{
    const apr_array_header_t *named, *folders;

    if ((event->mask & (IN_Q_OVERFLOW | IN_UNMOUNT)) != 0) {
        apr_hash_clear(told->changes->complete); /* what was written since is not known */
        told->changes->is_all = true;
        return true;
    }
    if (event->len == 0) {
        return false; /* the folder's owner, mode or time, or its end: its name above tells, too */
    }
    named = ocors_ways_name(told->ways, event->wd, event->name);
    folders = ocors_ways_name(told->ways, event->wd, "");
    for (int i = 0; named != NULL && i < named->nelts; i++) {
        note_path(told, APR_ARRAY_IDX(named, i, const char *));
    }
    for (int i = 0; folders != NULL && i < folders->nelts; i++) {
        note_path(told, apr_pstrcat(told->pool, APR_ARRAY_IDX(folders, i, const char *), "/",
                                    event->name, NULL));
    }
    told->changes->is_all |= named != NULL && named->nelts == OCORS_WAYS_PATHS_MAX;
    return named != NULL || folders != NULL;
}

/* Takes what has been told. The bits of all events that matter; 0: none does. */
static uint32_t drain(ocors_ways_t *ways, apr_pool_t *pool, ocors_changes_t *changes)
{
    _Alignas(struct inotify_event) char events[16384];
    uint32_t matters = 0;
    ssize_t size;

    while ((size = read(ocors_ways_descriptor(ways), events, sizeof(events))) > 0) {
        for (ssize_t at = 0; at < size;) {
            const struct inotify_event *event = (const void *)(events + at);
            const told_t told = {
                .ways = ways,
                .pool = pool,
                .changes = changes,
                .mask = event->mask,
            };

            if (note(&told, event)) {
                matters |= event->mask;
                changes->is_urgent = changes->is_urgent
                                     || (event->mask & ~(uint32_t)IN_MODIFY) != 0;
            }
            at += (ssize_t)(sizeof(*event) + event->len);
        }
    }
    return matters;
}

/*
 * A name that went may have been on the way that a path had before a link was swapped: what the
 * path leads to now is complete all the same. If something complete is not there, nothing is: what
 * came by one swap is judged together.
 */
static void forget_gone(ocors_changes_t *changes)
{
    struct stat info;

    for (apr_hash_index_t *index = apr_hash_first(NULL, changes->complete); index != NULL;
         index = apr_hash_next(index)) {
        if (stat(apr_hash_this_key(index), &info) != 0) {
            apr_hash_clear(changes->complete);
            return;
        }
    }
}

/* Without a descriptor it sleeps. */
static bool is_told_within(ocors_ways_t *ways, apr_interval_time_t time)
{
    struct pollfd descriptor = { .fd = ocors_ways_descriptor(ways), .events = POLLIN };

    return poll(&descriptor, 1, (int)((time + 999) / 1000)) > 0;
}

bool ocors_notify_wait(ocors_ways_t *ways, apr_interval_time_t time, apr_pool_t *pool,
                       ocors_changes_t *changes)
{
    apr_time_t first, passed = 0;
    uint32_t told = is_told_within(ways, time) ? drain(ways, pool, changes) : 0;

    if (told == 0) {
        return false;
    }
    first = apr_time_now();
    while (passed >= 0 && passed < TOGETHER_TIME
           && is_told_within(ways, TOGETHER_TIME - passed < QUIET_TIME ? TOGETHER_TIME - passed
                                                                       : QUIET_TIME)) {
        told |= drain(ways, pool, changes);
        passed = apr_time_now() - first;
    }
    if ((told & GONE) != 0) {
        forget_gone(changes);
    }
    return true;
}

#endif
