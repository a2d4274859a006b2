/* SPDX-License-Identifier: Apache-2.0 */
/* The shared memory of the policies: one copy for all workers, which read it without a lock. */
#ifndef OCORS_STORE_H
#define OCORS_STORE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <httpd.h>

#include "ocors_epoch.h"
#include "ocors_snapshot.h"
#include "ocors_view.h"

/*
 *                                workers   the parent, the watching process
 *   segment
 *   | readers | (page aligned)   write     write: they clear the counts of a dead worker
 *   | head    | (page aligned)   read      write
 *   | area 0  | ... | area 3 |   read      write
 *   private part
 *   | page: current, secret  |   -         write
 *   | row 0   | ... | row 3  |   -         write
 *
 * All areas have one size. The number of an area is its index in the epoch (ocors_epoch.h), its
 * place in the segment, and its row in the private part: the tables of its snapshot, once more.
 * Writers go by the private part alone. A worker that somebody has got hold of can write to the
 * segment; it can spoil answers of workers and, by the counts, hold up timed reloads until a
 * restart, and it cannot lead the parent, which is root, anywhere.
 *
 * Two processes write, never both at a time. A writer that is killed at any instruction leaves a
 * store that the next one can use: what it was writing is neither current nor read.
 *
 * A store lives as long as a process that has it. A restart makes a new one; the workers of before
 * keep theirs. The memory is anonymous: it has no name that could clash, or leak.
 */
typedef struct ocors_store_t ocors_store_t;

/* ---- For writers: the parent, and the process that watches the documents --------------------- */

/*
 * Makes a store with areas of `area_size` bytes, rounded up to pages, and rows as large, as a
 * snapshot may be nothing but tables. Pages that nobody writes to cost nothing. NULL: *status says
 * why. It lives until
 * ocors_store_destroy(), or the end of `process_pool`. A store that is not in use has to be
 * destroyed before workers are forked, as they would have it whole.
 */
ocors_store_t *ocors_store_create(apr_pool_t *process_pool, uint64_t area_size,
                                  apr_status_t *status);
void ocors_store_destroy(ocors_store_t *store);

/* Bytes of one area, and of all areas: what OcapiCorsCacheSize limits. */
uint64_t ocors_store_area_size(const ocors_store_t *store);
uint64_t ocors_store_size(const ocors_store_t *store);

/*
 * Opens the current snapshot: its tables in the private part, its images in its area. A worker can
 * write to an image: copy it, and compare the copy with the image's check (ocors_store_check())
 * before it is used. False: nothing was published, or it is of another format.
 */
bool ocors_store_current(const ocors_store_t *store, ocors_snapshot_t *snapshot);

/* An area that is neither current nor read. False: there is none now. */
bool ocors_store_find_free(const ocors_store_t *store, uint32_t *area);

/* Where the images and the tables of an area's next snapshot are written. */
char *ocors_store_area(const ocors_store_t *store, uint32_t area);
char *ocors_store_tables(const ocors_store_t *store, uint32_t area);

/*
 * SipHash-2-4 of bytes by the secret of the private part. Who lacks the secret cannot make other
 * bytes with the same check, except by chance.
 */
uint64_t ocors_store_check(const ocors_store_t *store, const void *bytes, size_t size);

/*
 * A copy of an image in an area, malloc'd and aligned for ocors_image_open(), whose bytes have this
 * check. NULL: they have not, or there is no memory.
 */
void *ocors_store_copy(const ocors_store_t *store, const void *bytes, size_t size, uint64_t check);

/*
 * Makes a free area current by one atomic store. Its row and its images are written; the row is
 * copied into the area here.
 */
void ocors_store_publish(ocors_store_t *store, uint32_t area);

/*
 * Gives the memory of all free areas back to the system, which takes it where it can. What
 * somebody has written to a free area, and not published yet, is lost. False: a worker still reads
 * an area that is not current.
 */
bool ocors_store_trim(const ocors_store_t *store);

/*
 * Which store the workers read that are forked from now on; NULL: none. It is remembered across
 * restarts, in which httpd unmaps this module. A store of another version of the module that this
 * one cannot read is destroyed; the log says so, and there is none in use.
 */
void ocors_store_use(ocors_store_t *store);
ocors_store_t *ocors_store_in_use(void);

/* A worker has ended, in whatever way: it reads no more. */
void ocors_store_child_ended(pid_t pid);

/* ---- For workers ----------------------------------------------------------------------------- */

/*
 * A worker begins: the head and the areas become read-only for it, the private part is out of its
 * reach, and it has a reader of its own. A stray write of any module then faults. (Processes that
 * other modules fork in the parent are not workers, and keep what the parent has.)
 */
void ocors_store_child_begins(server_rec *server);

/*
 * A pin. What the views of its policies show does not change until the unpin; a request copies what
 * it needs longer. False: there is no snapshot, and nothing to unpin.
 */
typedef struct ocors_pin_t {
    uint32_t area;
    ocors_view_t *view; /* this thread's, which the next pin may change */
} ocors_pin_t;

bool ocors_store_pin(ocors_pin_t *pin);
void ocors_store_unpin(const ocors_pin_t *pin);

/* Whether any client of any policy has response_headers; without a pin. */
bool ocors_store_has_response_headers(void);

#endif
