/* SPDX-License-Identifier: Apache-2.0 */
/* Changed files that are left as they are in force, for now. */
#ifndef OCORS_DEFERRAL_H
#define OCORS_DEFERRAL_H

#include <stdbool.h>

#include <apr_hash.h>
#include <apr_time.h>
#include <httpd.h>

#include "ocors_snapshot.h"

/*
 * A file is deferred while somebody may still be writing it: until the system tells that it is
 * complete, or two looks, `quiet` apart, find it the same. It is deferred, too, for as long as
 * another write may leave it the same file (ocors_listing_fresh_for()). What is in a folder that is
 * deferred is deferred with it: a document is not missed before its site is. Other documents never
 * wait for a deferred one.
 *
 * For the process that watches the documents; a start and a restart defer nothing.
 */
typedef struct ocors_deferral_t ocors_deferral_t;

ocors_deferral_t *ocors_deferral_create(apr_pool_t *pool, server_rec *server,
                                        apr_interval_time_t quiet);

/*
 * A look begins. `complete` is a set of paths that were told as complete, each with all below it
 * (ocors_notify.h). It lives as long as the look; what is told during the look may be added.
 */
void ocors_deferral_begin(ocors_deferral_t *deferral, apr_hash_t *complete);

/*
 * Whether a path whose file is not the one in force (all zero: it is gone) is deferred in this
 * look. The answer is the same for the whole look. NULL defers nothing. Logs a file that changes in
 * every look.
 */
bool ocors_deferral_has(ocors_deferral_t *deferral, const char *path,
                        const ocors_snapshot_file_t *file);

/*
 * The file changed after it was listed; `file` is what was seen of it. What was told of it and of
 * the folders on its way is believed no more: the look defers it until it is told as complete
 * again. Other documents stay complete.
 */
void ocors_deferral_restart(ocors_deferral_t *deferral, const char *path,
                            const ocors_snapshot_file_t *file);

/* The paths that the last look asked for: what is in force at them is not what is there. */
apr_hash_t *ocors_deferral_paths(const ocors_deferral_t *deferral);

/* A look ends; what it did not ask for is in force. Whether a file waits for another look. */
bool ocors_deferral_end(ocors_deferral_t *deferral);

#endif
