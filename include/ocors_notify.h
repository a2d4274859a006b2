/* SPDX-License-Identifier: Apache-2.0 */
/* What the system tells of changes below watched paths, where it does (inotify). */
#ifndef OCORS_NOTIFY_H
#define OCORS_NOTIFY_H

#include <stdbool.h>

#include <apr_time.h>
#include <httpd.h>

/*
 * For the one process that looks after the documents. It only wakes that process: what is not told
 * is found by the next look, so that no failure here is more than a delay. NULL: nothing is told.
 */
typedef struct ocors_notify_t ocors_notify_t;

#ifdef __linux__

ocors_notify_t *ocors_notify_create(apr_pool_t *pool, server_rec *server);

/*
 * A round names all that is to be watched, anew; what it does not name any more is left. Changes
 * that come between a look and the end of a round may not be told: a look must follow.
 */
void ocors_notify_begin(ocors_notify_t *notify);

/*
 * The file or folder that this absolute path leads to, each link on the way, and, where the way
 * ends early, what is missing.
 */
void ocors_notify_watch_path(ocors_notify_t *notify, const char *path);

/* All names in this folder, as well. */
void ocors_notify_watch_folder(ocors_notify_t *notify, const char *path);

void ocors_notify_end(ocors_notify_t *notify);

/*
 * Sleeps until something is told, but no longer than `time`. Changes that come close together are
 * told together: after 50 ms without one, or 150 ms after the first. True: something was told, or
 * the system has lost count. Without `notify` it sleeps only.
 */
bool ocors_notify_wait(ocors_notify_t *notify, apr_interval_time_t time);

/*
 * Whether the change of this path was told as complete: its writer closed the file, or it, a link
 * or a folder on the way was renamed to where it is; since ocors_notify_forget().
 */
bool ocors_notify_is_complete(const ocors_notify_t *notify, const char *path);
void ocors_notify_forget(ocors_notify_t *notify);

/* Whether the paths may lead elsewhere than in the last round. */
bool ocors_notify_is_stale(const ocors_notify_t *notify);

#else /* nothing is told */

#define ocors_notify_create(pool, server)       ((void)(pool), (void)(server), (ocors_notify_t *)NULL)
#define ocors_notify_begin(notify)              ((void)(notify))
#define ocors_notify_watch_path(notify, path)   ((void)(notify), (void)(path))
#define ocors_notify_watch_folder(notify, path) ((void)(notify), (void)(path))
#define ocors_notify_end(notify)                ((void)(notify))
#define ocors_notify_wait(notify, time)         ((void)(notify), apr_sleep(time), false)
#define ocors_notify_is_complete(notify, path)  ((void)(notify), (void)(path), false)
#define ocors_notify_forget(notify)             ((void)(notify))
#define ocors_notify_is_stale(notify)           ((void)(notify), false)

#endif

#endif
