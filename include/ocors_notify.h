/* SPDX-License-Identifier: Apache-2.0 */
/* What the system tells of changes to watched paths, where it does (inotify). */
#ifndef OCORS_NOTIFY_H
#define OCORS_NOTIFY_H

#include <stdbool.h>

#include <apr_hash.h>
#include <apr_time.h>
#include <httpd.h>

#include "ocors_ways.h"

/* What was told of, by the paths that were watched: sets of `const char *`. */
typedef struct ocors_changes_t {
    bool is_urgent;       /* more was told than that somebody is writing to a file */
    bool is_all;          /* more than the paths below may have changed */
    apr_hash_t *paths;    /* the path, or something below it */
    apr_hash_t *complete; /* nothing is left to be written at this path or below it: a writer closed
                             the file, or a name on the way was renamed to where it is */
} ocors_changes_t;

#ifdef __linux__

/*
 * Sleeps until something is told, but no longer than `time`. Changes that come close together are
 * told together: after 50 ms without one, or 150 ms after the first. What changed is added to
 * *changes, in memory of `pool`. True: something was told.
 */
bool ocors_notify_wait(ocors_ways_t *ways, apr_interval_time_t time, apr_pool_t *pool,
                       ocors_changes_t *changes);

#else /* nothing is told */

#define ocors_notify_wait(ways, time, pool, changes)                                               \
    ((void)(ways), (void)(pool), (void)(changes), apr_sleep(time), false)

#endif

#endif
