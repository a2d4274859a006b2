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

/* Of so many paths that change together, the last may be a folder, and more may change below it. */
#define OCORS_WAYS_PATHS_MAX 64

#ifdef __linux__

/*
 * For the one process that watches the documents. Nothing is watched before it begins. The log says
 * once, on `server`, which path's changes are not told first.
 */
ocors_ways_t *ocors_ways_create(apr_pool_t *pool, server_rec *server);

/*
 * Begins anew: nothing is watched, and nothing of before is told any more. Where the system has no
 * inotify, nothing is told until this is asked for again.
 */
void ocors_ways_begin(ocors_ways_t *ways);

/*
 * Watches the way of an absolute path: the name itself, each folder and each link, and, where the
 * way ends early, the name that is missing. True: every change from now on is told of. False: there
 * are no ways (NULL), the system has no watch left, or it does not tell of a folder or of the file.
 * Asked again, it costs one look-up until the path is forgotten.
 */
bool ocors_ways_add(ocors_ways_t *ways, const char *path);

/* Watches all names in a folder as well. */
bool ocors_ways_add_folder(ocors_ways_t *ways, const char *path);

/* The way of a path, and, if it is a folder, of all below it, is to be gone again when asked for.
 */
void ocors_ways_forget(ocors_ways_t *ways, const char *path);

/* The inotify descriptor; below 0: there is none. */
int ocors_ways_descriptor(const ocors_ways_t *ways);

/*
 * The paths, of const char *, that change, and all below them, with a name in the folder of a
 * number of the kernel's. Of "" they are the folder's, whose names all matter. NULL: none was asked
 * for.
 */
const apr_array_header_t *ocors_ways_name(const ocors_ways_t *ways, int number, const char *name);

/* Takes a path, and all below it, out of a set whose keys are paths. */
void ocors_ways_remove(apr_hash_t *paths, const char *path);

#else /* nothing is told */

#define ocors_ways_create(pool, server)   ((void)(pool), (void)(server), (ocors_ways_t *)NULL)
#define ocors_ways_begin(ways)            ((void)(ways))
#define ocors_ways_add(ways, path)        ((void)(ways), (void)(path), false)
#define ocors_ways_add_folder(ways, path) ((void)(ways), (void)(path), false)

#endif

#endif
