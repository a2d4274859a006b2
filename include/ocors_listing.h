/* SPDX-License-Identifier: Apache-2.0 */
/* What the file system says of paths. */
#ifndef OCORS_LISTING_H
#define OCORS_LISTING_H

#include <stdbool.h>

#include <apr_file_info.h>
#include <apr_tables.h>
#include <httpd.h>

#include "ocors_snapshot.h"
#include "ocors_ways.h"

/* Which file it is, by what APR was asked for with OCORS_LISTING_WANTED. */
#define OCORS_LISTING_WANTED                                                                       \
    (APR_FINFO_TYPE | APR_FINFO_IDENT | APR_FINFO_SIZE | APR_FINFO_MTIME | APR_FINFO_CTIME)
ocors_snapshot_file_t ocors_listing_file(const apr_finfo_t *info);

/*
 * For how long from `now` on another write may leave a file the same, because the clock of its file
 * system has not ticked; 0: not at all. Up to OCORS_LISTING_TICK, a reader can wait. Only a file
 * system whose times are whole seconds has a longer time.
 */
apr_interval_time_t ocors_listing_fresh_for(const ocors_snapshot_file_t *file, apr_time_t now);
#define OCORS_LISTING_TICK apr_time_from_msec(10) /* the longest: CONFIG_HZ=100 */

/* What the file system says of a path, with its links followed. */
typedef struct ocors_listed_t {
    bool is_there; /* something of this name, also a link that leads nowhere; or nobody can tell */
    apr_status_t status; /* APR_SUCCESS, or why there is nothing to say */
    apr_filetype_e type;
    ocors_snapshot_file_t file; /* all zero: `status` says why */
} ocors_listed_t;

/*
 * A listing is made for one reading, and remembers what it said of a path. With `ways`, each path
 * is watched before it is asked for, and no change falls between the two. All paths are absolute.
 */
typedef struct ocors_listing_t ocors_listing_t;

ocors_listing_t *ocors_listing_create(apr_pool_t *pool, ocors_ways_t *ways);

/* Whether the system tells of every change of what was asked for. */
bool ocors_listing_is_told(const ocors_listing_t *listing);

/* One call of the system, and for a link a second one. */
const ocors_listed_t *ocors_listing_stat(ocors_listing_t *listing, const char *path);

/*
 * The names in a folder without "." and "..", of const char *, in the folder's own order. *status
 * is APR_SUCCESS, or says why they are not all known; then there are none.
 */
const apr_array_header_t *ocors_listing_names(ocors_listing_t *listing, const char *path,
                                              apr_status_t *status);

#endif
