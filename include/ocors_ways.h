/* SPDX-License-Identifier: Apache-2.0 */
/* The ways of paths: each folder and link that a path leads through, watched by inotify. */
#ifndef OCORS_WAYS_H
#define OCORS_WAYS_H

#include <stdbool.h>

#include <apr_hash.h>
#include <apr_tables.h>
#include <httpd.h>

/*
 * Folders are watched, not files: a file that is replaced is another one. A way is watched from the
 * root on, as any folder of it may be renamed, and any link be swapped:
 *
 *   asked for   /srv/now/d.json         /srv/now is a link to v2
 *   watched     /        the name "srv"
 *               /srv     the names "now" and "v2"
 *               /srv/v2  the name "d.json", also while it is missing
 */
typedef struct ocors_ways_t ocors_ways_t;

/* A folder that is watched. */
typedef struct ocors_ways_folder_t {
    int number;                 /* the kernel's; below 0: the folder is not watched */
    bool is_told;               /* the system tells of its changes */
    apr_array_header_t *wholes; /* of const char *: paths by which all its names are watched; NULL:
                                   none */
} ocors_ways_folder_t;

/* A name in a folder that is watched. */
typedef struct ocors_ways_name_t {
    bool is_all; /* more changes with it than can be named */
    apr_array_header_t
        *folders;              /* of const char *: all below these paths changes with it; or NULL */
    apr_array_header_t *paths; /* of const char *: these paths change with it; or NULL */
} ocors_ways_name_t;

#ifdef __linux__

/* None yet, for an inotify descriptor, with which they end. */
ocors_ways_t *ocors_ways_create(apr_pool_t *pool, int descriptor);

/*
 * Watches the way of an absolute path. True: every change from now on is told of. False: the system
 * has no watch left, or does not tell of a folder or of the file. Asked again, it costs one look-up
 * until the path is forgotten.
 */
bool ocors_ways_add(ocors_ways_t *ways, const char *path);

/* Watches all names in a folder as well. */
bool ocors_ways_add_folder(ocors_ways_t *ways, const char *path);

/* The way of a path is to be gone again when it is asked for; that of it and of all below it. */
void ocors_ways_forget(ocors_ways_t *ways, const char *path);
void ocors_ways_forget_below(ocors_ways_t *ways, const char *path);

/* The folder of a number; NULL: it is not watched. */
ocors_ways_folder_t *ocors_ways_folder(const ocors_ways_t *ways, int number);

/* The kernel has ended a watch. */
void ocors_ways_end_folder(ocors_ways_t *ways, int number);

/* A name in the folder of a number; NULL: nothing that was asked for changes with it. */
const ocors_ways_name_t *ocors_ways_name(const ocors_ways_t *ways, int number, const char *name);

/* The first path whose changes are not told, and an errno or 0; NULL: all are told. */
const char *ocors_ways_untold(const ocors_ways_t *ways, apr_status_t *status);

/* Takes a path, and all below it, out of a set whose keys are paths. */
void ocors_ways_remove(apr_hash_t *paths, const char *path);

#endif

#endif
