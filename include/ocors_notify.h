/* SPDX-License-Identifier: Apache-2.0 */
/* What the system tells of changes to watched paths, where it does (inotify). */
#ifndef OCORS_NOTIFY_H
#define OCORS_NOTIFY_H

#include <stdbool.h>

#include <apr_hash.h>
#include <apr_time.h>
#include <httpd.h>

/* For the one process that watches the documents. NULL: nothing is told. */
typedef struct ocors_notify_t ocors_notify_t;

/* What was told of, by the paths that were watched: sets of `const char *`. */
typedef struct ocors_changes_t {
    bool is_urgent;       /* more was told than that somebody is writing to a file */
    bool is_all;          /* more than the paths below may have changed */
    apr_hash_t *paths;    /* the path, or something below it */
    apr_hash_t *complete; /* nothing is left to be written at this path or below it: a writer closed
                             the file, or a name on the way was renamed to where it is */
} ocors_changes_t;

#ifdef __linux__

ocors_notify_t *ocors_notify_create(apr_pool_t *pool, server_rec *server);

/*
 * Watches an absolute path: the name itself, each folder and each link on the way, and, where the
 * way ends early, the name that is missing. True: every change from now on is told of. False: the
 * system has no watch left, or a file system does not tell. Asked again, it costs one look-up until
 * a change of this path was told.
 */
bool ocors_notify_watch_path(ocors_notify_t *notify, const char *path);

/* Watches all names in a folder as well; a change of one is told as that of FOLDER/NAME. */
bool ocors_notify_watch_folder(ocors_notify_t *notify, const char *path);

/*
 * Begins a round: the paths that are watched until ocors_notify_end() are all that is watched
 * afterwards.
 */
void ocors_notify_begin(ocors_notify_t *notify);
void ocors_notify_end(ocors_notify_t *notify);

/*
 * Sleeps until something is told, but no longer than `time`. Changes that come close together are
 * told together: after 50 ms without one, or 150 ms after the first. What changed is added to
 * *changes, in memory of `pool`. True: something was told.
 */
bool ocors_notify_wait(ocors_notify_t *notify, apr_interval_time_t time, apr_pool_t *pool,
                       ocors_changes_t *changes);

#else /* nothing is told */

#define ocors_notify_create(pool, server)       ((void)(pool), (void)(server), (ocors_notify_t *)NULL)
#define ocors_notify_watch_path(notify, path)   ((void)(notify), (void)(path), false)
#define ocors_notify_watch_folder(notify, path) ((void)(notify), (void)(path), false)
#define ocors_notify_begin(notify)              ((void)(notify))
#define ocors_notify_end(notify)                ((void)(notify))
#define ocors_notify_wait(notify, time, pool, changes)                                             \
    ((void)(notify), (void)(pool), (void)(changes), apr_sleep(time), false)

#endif

#endif
