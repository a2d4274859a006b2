/* SPDX-License-Identifier: Apache-2.0 */
/* A generation -> the tables and images of a snapshot: planned, given room, written. */
#ifndef OCORS_SNAPSHOT_WRITE_H
#define OCORS_SNAPSHOT_WRITE_H

#include <stdbool.h>
#include <stdint.h>

#include <apr_hash.h>
#include <httpd.h>

#include "ocors_snapshot.h"
#include "ocors_load.h"
#include "ocors_store.h"

/* What is to be written, and where; in memory of `scratch`. */
typedef struct ocors_snapshot_plan_t {
    ocors_generation_t *generation;
    apr_pool_t *scratch;
    apr_array_header_t *cargo; /* each image once; snapshot_write.c's own */
    apr_hash_t *by_address;
    uint64_t size;  /* of the images that have to be moved, and of the snapshot: the room needed */
    uint64_t place; /* of the snapshot in its segment, once it has one */
    ocors_snapshot_header_t header;
} ocors_snapshot_plan_t;

/*
 * Counts what the generation being loaded takes. `store` is the segment that it will be written to,
 * and images that lie there already stay where they are; NULL: one that is to be made.
 */
ocors_snapshot_plan_t ocors_snapshot_plan(apr_pool_t *scratch, const ocors_store_t *store);

/* Gives the snapshot, and every image that has to be moved, a place. False: there is no room. */
bool ocors_snapshot_place(ocors_snapshot_plan_t *plan, const ocors_store_t *store);

/* The document of the largest image that has to be moved; NULL: there is none. */
const ocors_document_t *ocors_snapshot_largest(const ocors_snapshot_plan_t *plan,
                                               const ocors_store_t *store);

/*
 * Writes images and tables to their places, numbered as this generation, and frees each image on
 * the heap as soon as it is moved. `started` is when the occasion began. False: an image did not
 * arrive as it was; nothing that is in force has been touched.
 */
bool ocors_snapshot_write(ocors_snapshot_plan_t *plan, const ocors_store_t *store,
                          uint32_t generation, apr_time_t started);

/* What the plan's generation calls a list of documents and a tree (ocors_snapshot_policy_t.owner).
 */
const char *ocors_snapshot_settings_owner(const ocors_snapshot_plan_t *plan, uint32_t number);
const char *ocors_snapshot_tree_directory(const ocors_snapshot_plan_t *plan, uint32_t number);

#endif
