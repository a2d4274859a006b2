/* SPDX-License-Identifier: Apache-2.0 */
/* A settled collection -> the snapshot of a free area: planned, then written. */
#ifndef OCORS_SNAPSHOT_WRITE_H
#define OCORS_SNAPSHOT_WRITE_H

#include <stdbool.h>
#include <stdint.h>

#include <httpd.h>

#include "ocors_collection.h"
#include "ocors_snapshot.h"
#include "ocors_store.h"

/* The tables of a snapshot of a collection, which does not change while there is a plan. */
typedef struct ocors_snapshot_plan_t {
    const ocors_collection_t *collection;
    ocors_snapshot_header_t header; /* its `size` is what an area and its row must have */
    apr_array_header_t *images;     /* snapshot_write.c's own: each image once */
    apr_array_header_t *documents, *policies, *layers, *trees, *sites, *text; /* records */
} ocors_snapshot_plan_t;

/* Makes the tables of a settled collection, in its memory. */
ocors_snapshot_plan_t *ocors_snapshot_plan(const ocors_collection_t *collection);

/*
 * Writes it into a free area of `to`: the images into the area, the tables into its row, from where
 * ocors_store_publish() copies them. A snapshot that says the same as the one in force is of the
 * same generation: the next reading does not judge the same files again. The collection is not
 * changed, and images on the heap stay the documents'.
 *
 * An image in an area of a store (is_on_heap false) is copied, and the copy is compared with
 * image.check by the secret of that store, `from`. False: nothing that is current was touched, and
 *   - *damaged is an image in `from`: its bytes are not what was written there, or are of another
 *     format, and the document has to be read again;
 *   - *damaged is NULL: the snapshot does not fit (ask header.size before), or an image on the heap
 *     does not open.
 */
bool ocors_snapshot_write(ocors_snapshot_plan_t *plan, const ocors_store_t *from, ocors_store_t *to,
                          uint32_t area, ocors_document_image_t **damaged);

#endif
