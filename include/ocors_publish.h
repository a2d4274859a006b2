/* SPDX-License-Identifier: Apache-2.0 */
/* A collection -> the current snapshot. */
#ifndef OCORS_PUBLISH_H
#define OCORS_PUBLISH_H

#include <stdbool.h>
#include <stdint.h>

#include <httpd.h>

#include "ocors_collection.h"
#include "ocors_store.h"

/* When documents are read. */
typedef enum {
    OCORS_OCCASION_START,   /* into the first store */
    OCORS_OCCASION_RESTART, /* into a new store: old workers, if any, read theirs on */
    OCORS_OCCASION_LOOK     /* into the store in use, while workers read it */
} ocors_occasion_t;

typedef enum {
    OCORS_PUBLISH_DONE,
    OCORS_PUBLISH_UNCHANGED, /* what was collected is in force already */
    OCORS_PUBLISH_OVERTAKEN, /* a file changed after it was listed: to be collected anew */
    OCORS_PUBLISH_NO_AREA,   /* every area is current or read; a later look may find one */
    OCORS_PUBLISH_TOO_LARGE, /* the snapshot is larger than an area, and no document can give way */
    OCORS_PUBLISH_NO_MEMORY  /* the system has none for a store, or to write the snapshot */
} ocors_publish_result_t;

/* What ocors_publish() needs to know beside the collection. */
typedef struct ocors_publication_t {
    ocors_occasion_t occasion;
    apr_pool_t *process_pool;
    ocors_store_t *in_use; /* NULL: none, as at a start, or at a restart that loads the module */
    server_rec *server;    /* whose log is written to */
    uint64_t cache_size;   /* OcapiCorsCacheSize; 0: Auto */
} ocors_publication_t;

/*
 * Loads and settles a listed collection, writes it into a free area and makes it current. Whatever
 * fails, what was current stays current, whole. At a look, the documents that have grown most give
 * way where the snapshot would be larger than an area. Where a restart has no memory for a new
 * store, it publishes into a free area of the old one. Logs what was found, what is in force, and
 * what changed; at the first reading of a start, nothing.
 */
ocors_publish_result_t ocors_publish(const ocors_publication_t *publication,
                                     ocors_collection_t *collection);

/* Logs what is in force; `is_unchanged`: it says the same as before. */
void ocors_publication_tell(const ocors_publication_t *publication, const ocors_store_t *store,
                            const ocors_snapshot_t *snapshot, bool is_unchanged);

/* At a start: documents give way, the largest first, until the rest fits into `cache_size` bytes.
 */
void ocors_publish_fit(ocors_collection_t *collection, uint64_t cache_size);

#endif
