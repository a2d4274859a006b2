/* SPDX-License-Identifier: Apache-2.0 */
/* What one reading asks for: documents, policies and trees, collected in stages. */
#ifndef OCORS_COLLECTION_H
#define OCORS_COLLECTION_H

#include <stdbool.h>
#include <stdint.h>

#include <apr_hash.h>
#include <httpd.h>

#include "ocors_deferral.h"
#include "ocors_document.h"
#include "ocors_list.h"
#include "ocors_listing.h"
#include "ocors_store.h"
#include "ocors_tree.h"

/*
 *   list    the file system says which files there are; nothing is opened
 *   load    documents whose files are not those in force are read and judged
 *   settle  each policy gets its layers: its documents, or what it has in force, or none
 *
 * and then, elsewhere, write (ocors_snapshot_write.h) and publish (ocors_publish.h). A start, a
 * restart and a look of the running server take the same stages.
 */
typedef struct ocors_collection_policy_t {
    ocors_key_t key;                       /* of a list; all zero: a policy of a site */
    uint32_t index;                        /* in its collection */
    const ocors_snapshot_policy_t *before; /* its record in force; NULL: there is none */
    ocors_document_t **documents;
    uint32_t document_count;
    bool is_pending;                 /* `documents` lacks one that is deferred */
    ocors_document_image_t **layers; /* global first */
    uint32_t layer_count;
} ocors_collection_policy_t;

typedef struct ocors_collection_t {
    apr_pool_t *pool;
    apr_time_t started;
    const ocors_snapshot_t *in_force;
    ocors_deferral_t *deferral; /* NULL: nothing is deferred */
    uint64_t seed; /* of its images and tables: that of what is in force, or a new one */
    bool is_full;  /* what is not in force yet has no room, and waits */
    apr_array_header_t *documents;       /* of ocors_document_t *, by index */
    apr_array_header_t *policies;        /* of ocors_collection_policy_t *, by index */
    apr_array_header_t *trees;           /* of ocors_tree_t *, as the configuration has them */
    uint32_t site_count, new_site_count; /* of all trees; of these, those that are not in force */
    apr_array_header_t *warnings;        /* of const char * */
    apr_hash_t *by_path, *by_key;        /* documents that are not in force; policies of lists */
    /* By their index in what is in force; a document is NULL until it is asked for. */
    ocors_document_t **documents_in_force;
    ocors_document_image_t *images_in_force;
} ocors_collection_t;

/* What a collection has, by index. */
static inline ocors_document_t *ocors_collection_document(const ocors_collection_t *collection,
                                                          int index)
{
    return APR_ARRAY_IDX(collection->documents, index, ocors_document_t *);
}

static inline ocors_collection_policy_t *
ocors_collection_policy(const ocors_collection_t *collection, int index)
{
    return APR_ARRAY_IDX(collection->policies, index, ocors_collection_policy_t *);
}

static inline ocors_tree_t *ocors_collection_tree(const ocors_collection_t *collection, int index)
{
    return APR_ARRAY_IDX(collection->trees, index, ocors_tree_t *);
}

/*
 * Begins a collection with memory of its own. `in_force` (ocors_snapshot_empty: nothing is) and
 * what it shows stay as they are until ocors_collection_destroy(), which frees all, images on the
 * heap too.
 */
ocors_collection_t *ocors_collection_create(apr_pool_t *process_pool,
                                            const ocors_snapshot_t *in_force,
                                            ocors_deferral_t *deferral);
void ocors_collection_destroy(ocors_collection_t *collection);

/*
 * Lists what `lists`, of const ocors_list_t *, name; `changed` is as of ocors_tree_list(). The
 * listing is not needed afterwards. A policy that is not in force and has a deferred document is
 * left out, and with it a new site; where the collection is full, all that is new is.
 */
void ocors_collection_list(ocors_collection_t *collection, const apr_array_header_t *lists,
                           ocors_listing_t *listing, apr_hash_t *changed);

/* An image in force; NULL: there is none of this index, or it is damaged. */
ocors_document_image_t *ocors_collection_image(const ocors_collection_t *collection,
                                               uint32_t index);

/*
 * Takes over what is in force of a document: its file, its image, which stays in its area, and its
 * first error. What else was found in the file has been logged, and is not known any more.
 */
void ocors_collection_recall(const ocors_collection_t *collection, ocors_document_t *document);

/* Whether all of it is in force, and nothing else is: documents, policies, and sites. */
bool ocors_collection_is_in_force(const ocors_collection_t *collection);

/*
 * Reads the documents whose files are not those in force, or that had no room. True: all are of one
 * time. A start and a restart read again what changed while others were read. Where something may
 * be deferred, false: a file changed after it was listed, and the collection cannot be used; the
 * next one defers it.
 */
bool ocors_collection_load(ocors_collection_t *collection);

/*
 * Gives each policy its layers. One with a document that cannot be used, or that waits for one, has
 * its previous version, whole; without one it allows nothing.
 */
void ocors_collection_settle(ocors_collection_t *collection);

/* An image in force is damaged: its documents are to be loaded again, and no policy keeps it. */
void ocors_collection_damage(ocors_collection_t *collection, ocors_document_image_t *image);

/* Whether something may be read, or listed, better although nothing is told to have changed. */
bool ocors_collection_is_transient(const ocors_collection_t *collection);

/* Logs what was found, `with_errors` or without. `store` has what is in force; NULL: nothing is. */
void ocors_collection_log(const ocors_collection_t *collection, const ocors_store_t *store,
                          server_rec *server, bool with_errors);

#endif
