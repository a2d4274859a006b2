/* SPDX-License-Identifier: Apache-2.0 */
/* What the file system says of paths; asked again only where it may have changed. */
#ifndef OCORS_LISTING_H
#define OCORS_LISTING_H

#include <stdbool.h>

#include <apr_file_info.h>
#include <httpd.h>

#include "ocors_notify.h"
#include "ocors_snapshot.h"

/* Which file it is, by what APR was asked for with OCORS_LISTING_WANTED. */
#define OCORS_LISTING_WANTED                                                                       \
    (APR_FINFO_TYPE | APR_FINFO_IDENT | APR_FINFO_SIZE | APR_FINFO_MTIME | APR_FINFO_CTIME)
ocors_snapshot_file_t ocors_listing_file(const apr_finfo_t *info);

/* What stat(2) says of a path, with its links followed. */
typedef struct ocors_listed_t {
    apr_status_t status; /* APR_SUCCESS, or why there is nothing to say */
    apr_filetype_e type;
    ocors_snapshot_file_t file; /* all zero: `status` says why */
} ocors_listed_t;

/*
 * A listing remembers its answers. With `notify`, each path is watched before it is asked for, so
 * that no change falls between the two; an answer is remembered as long as every change of it is
 * told. Without, a listing is made for one reading. All paths are absolute.
 */
typedef struct ocors_listing_t ocors_listing_t;

ocors_listing_t *ocors_listing_create(apr_pool_t *pool, ocors_notify_t *notify);

/* A look begins: answers whose changes are not told are forgotten. */
void ocors_listing_begin(ocors_listing_t *listing);

/* Whether all that was asked for since ocors_listing_begin() is told of. */
bool ocors_listing_is_told(const ocors_listing_t *listing);

/* The answers of a path and of all below it are forgotten; NULL: all, and their memory. */
void ocors_listing_forget(ocors_listing_t *listing, const char *path);

/* What stat(2) says of a path is forgotten, and nothing else. */
void ocors_listing_forget_file(ocors_listing_t *listing, const char *path);

/* The names in a folder are forgotten. */
void ocors_listing_forget_names(ocors_listing_t *listing, const char *path);

/* stat(2). The answer lives as long as it is not forgotten. */
const ocors_listed_t *ocors_listing_stat(ocors_listing_t *listing, const char *path);

/* Whether something of this name is there, also a link that leads nowhere, or nobody can tell. */
bool ocors_listing_exists(ocors_listing_t *listing, const char *path);

/*
 * The names in a folder without "." and "..", in the folder's own order: each ends with a NUL, and
 * an empty one ends them. *status is APR_SUCCESS, or says why they are not all known; then there
 * are none. They live as long as the answer is not forgotten.
 */
const char *ocors_listing_names(ocors_listing_t *listing, const char *path, apr_status_t *status);

#endif
