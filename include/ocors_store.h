/* SPDX-License-Identifier: Apache-2.0 */
/* The shared memory of the policies: one copy for all workers, which read it without a lock. */
#ifndef OCORS_STORE_H
#define OCORS_STORE_H

#include <stdbool.h>
#include <stdint.h>

#include <httpd.h>

#include "ocors_snapshot.h"
#include "ocors_rooms.h"

/*
 * A segment. Workers inherit it by fork. The parent writes the first snapshot into it; the process
 * that watches the documents (ocors_watch.h) all others, never both at a time.
 */
typedef struct ocors_store_t ocors_store_t;

/*
 * Makes a segment with `room` bytes for snapshots and images, and a ledger for snapshots of up to
 * `tables` bytes, for the workers of this server. NULL: *status says why. It lives as long as the
 * process, or until another takes its place.
 */
ocors_store_t *ocors_store_create(apr_pool_t *process_pool, uint64_t room, uint64_t tables,
                                  apr_status_t *status);
void ocors_store_destroy(ocors_store_t *store);

/* Puts it in force for the workers that come, and ends the one before; theirs keep it. */
void ocors_store_adopt(ocors_store_t *store);

/*
 * The segment in force, from an earlier reading of the configuration too; NULL: there is none.
 * Writers only, like all up to the pins.
 */
ocors_store_t *ocors_store_in_force(void);

/*
 * The snapshot in force, from the ledger, which no worker can write to; NULL: there is none. Its
 * images are in the segment.
 */
const ocors_snapshot_t *ocors_store_snapshot(void);

/* Where the next snapshot's tables are written, and how much there is. */
char *ocors_store_draft(const ocors_store_t *store, uint64_t *size);

/* Gives room that nothing is in back to the system, which does so where it can. */
void ocors_store_trim(apr_pool_t *scratch);

/* Where places count from, and how much there is. */
char *ocors_store_base(const ocors_store_t *store);
uint64_t ocors_store_size(const ocors_store_t *store);

/*
 * The room for what is to be written: all that no snapshot has that is in force or has a reader,
 * and no image that one of those shows. All other snapshots are forgotten. True: free with
 * ocors_rooms_free(). False: there is no memory.
 */
bool ocors_store_find_gaps(const ocors_store_t *store, apr_pool_t *scratch, ocors_rooms_t *gaps);

/*
 * Publishes the draft, at this place of the segment, to which it is copied. False: every cell has a
 * reader that stays, and nothing has changed.
 */
bool ocors_store_publish(ocors_store_t *store, uint64_t place);

/*
 * For workers: a new segment could not be made, so that the one in force stays, and its numbers
 * with it. `settings` and `trees` give for each number of the new configuration the old one.
 */
void ocors_store_renumber(const uint32_t *settings, const uint32_t *trees);

/*
 * A worker begins: what it must not write becomes read-only for it, the ledger is out of its reach,
 * and it has a slot of its own. A stray write then faults. (Processes that other modules fork in
 * the parent are no workers, and keep what the parent has.) One has ended, in whatever way: it
 * reads no more.
 */
void ocors_store_child_begins(server_rec *server);
void ocors_store_child_ended(pid_t pid);

/*
 * A pin. What a policy's views show stays as it is until the pin ends; what a request keeps of
 * it, it copies. False: there is no snapshot, and nothing to leave.
 */
typedef struct ocors_pin_t {
    uint32_t area;
    ocors_snapshot_t snapshot;
} ocors_pin_t;

bool ocors_store_pin(ocors_pin_t *pin);
void ocors_store_unpin(const ocors_pin_t *pin);

/* As ocors_snapshot_read_settings() and _read_path(), by the numbers of the configuration. */
bool ocors_store_read_settings(const ocors_pin_t *pin, uint32_t number, ocors_policy_t *policy);
bool ocors_store_read_path(const ocors_pin_t *pin, uint32_t tree, const ocors_url_path_t *path,
                           ocors_span_t site, ocors_policy_t policies[OCORS_API_COUNT],
                           size_t *count);

/* Whether any client of any policy has response_headers; without a pin. */
bool ocors_store_has_response_headers(void);

#endif
