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
#include "ocors_known.h"
#include "ocors_list.h"
#include "ocors_listing.h"
#include "ocors_store.h"

/*
 *   list    the file system says which files there are; nothing is opened
 *   load    documents whose files are not those in force are read and judged
 *   settle  each policy gets its layers: its documents, or what it has in force, or none
 *
 * and then, elsewhere, write (ocors_snapshot_write.h) and publish (ocors_publish.h). A start, a
 * restart and a look of the running server take the same stages.
 */
typedef struct ocors_collection_policy_t {
    ocors_key_t key; /* of a list; all zero: a policy of a site */
    uint32_t index;  /* in its collection */
    uint32_t known;  /* in what is in force, or OCORS_SNAPSHOT_NONE */
    ocors_document_t **documents;
    uint32_t document_count;
    bool is_pending;                 /* a document of it is, or is overtaken */
    bool is_left_out;                /* it is pending, and nothing of it is in force */
    ocors_document_image_t **layers; /* global first */
    uint32_t layer_count;
} ocors_collection_policy_t;

typedef struct ocors_collection_site_t {
    const char *name;                                     /* "": the organisation */
    uint32_t known;                                       /* as that of a policy */
    ocors_collection_policy_t *policies[OCORS_API_COUNT]; /* NULL: the API allows nothing */
} ocors_collection_site_t;

typedef struct ocors_collection_tree_t {
    ocors_key_t key;
    const char *directory;
    apr_array_header_t *sites; /* of ocors_collection_site_t, in byte order of names; "" is first */
} ocors_collection_tree_t;

/* What is wrong with a tree's folders, and the directive that names the tree. */
typedef struct ocors_collection_problem_t {
    const char *where, *text;
} ocors_collection_problem_t;

typedef struct ocors_collection_t {
    apr_pool_t *pool;
    const ocors_known_t *known;    /* what is in force */
    ocors_deferral_t *deferral;    /* NULL: nothing is deferred */
    uint64_t seed;                 /* of its images and tables */
    uint64_t excess;               /* OCORS_PUBLISH_TOO_LARGE: bytes that have no room */
    apr_array_header_t *documents; /* of ocors_document_t *, by index */
    apr_array_header_t *policies;  /* of ocors_collection_policy_t *, by index */
    apr_array_header_t *trees;     /* of ocors_collection_tree_t *, as the configuration has them */
    apr_array_header_t *problems;  /* of ocors_collection_problem_t */
    apr_array_header_t *warnings;  /* of const char * */
    apr_array_header_t *unsettled; /* of const char *: folders of sites that are not as in force, or
                                      whose changes are not told */
    apr_hash_t *by_path, *by_key;  /* documents that are not in force; policies of lists */
    ocors_document_t **documents_known;    /* by the index in what is in force; NULL: not asked */
    ocors_document_image_t **images_known; /* for yet */
} ocors_collection_t;

/* What a collection has, by index. */
static inline ocors_document_t *ocors_collection_document(const ocors_collection_t *collection,
                                                          uint32_t index)
{
    return APR_ARRAY_IDX(collection->documents, (int)index, ocors_document_t *);
}

static inline ocors_collection_policy_t *
ocors_collection_policy(const ocors_collection_t *collection, uint32_t index)
{
    return APR_ARRAY_IDX(collection->policies, (int)index, ocors_collection_policy_t *);
}

static inline ocors_collection_tree_t *ocors_collection_tree(const ocors_collection_t *collection,
                                                             uint32_t index)
{
    return APR_ARRAY_IDX(collection->trees, (int)index, ocors_collection_tree_t *);
}

/*
 * Begins a collection with memory of its own. `in_force` (NULL: nothing is) and what it shows stay
 * as they are until ocors_collection_destroy(), which frees all, images on the heap too.
 */
ocors_collection_t *ocors_collection_create(apr_pool_t *process_pool, uint64_t seed,
                                            const ocors_snapshot_t *in_force,
                                            ocors_deferral_t *deferral);
void ocors_collection_destroy(ocors_collection_t *collection);

/*
 * Lists what `lists`, of const ocors_list_t *, name. `changed` is a set of paths: a site of a tree
 * that is in force is listed if one of them leads to its folder, through it or into it; else it is
 * taken as it is in force. NULL: all may have changed. The listing is not needed afterwards.
 */
void ocors_collection_list(ocors_collection_t *collection, const apr_array_header_t *lists,
                           ocors_listing_t *listing, apr_hash_t *changed);

/* An image in force; NULL: there is none of this index, or it is damaged. */
ocors_document_image_t *ocors_collection_image(const ocors_collection_t *collection,
                                               uint32_t index);

/* Takes a document as it is in force, which it has to be. */
void ocors_collection_recall(const ocors_collection_t *collection, ocors_document_t *document);

/*
 * A hash of the files and folders that were listed, in whatever order, and of the errors that are
 * transient. Of the problems alone, the same way.
 */
uint64_t ocors_collection_fingerprint(const ocors_collection_t *collection);
uint64_t ocors_collection_problems(const ocors_collection_t *collection);

/*
 * Reads the documents whose files are not those in force. Where something may be deferred, a file
 * that changes meanwhile is, and its policies keep their previous version, whole; else all that
 * changed while others were read is read again, so that all are of one time.
 */
void ocors_collection_load(ocors_collection_t *collection);

/*
 * Gives each policy its layers. One with a document that cannot be used, or is pending, has its
 * previous version, whole; without one it allows nothing, or, while it is pending, is left out, and
 * with it a new site.
 */
void ocors_collection_settle(ocors_collection_t *collection);

/* An image in force is damaged: its documents are to be loaded again, and no policy keeps it. */
void ocors_collection_damage(ocors_collection_t *collection, ocors_document_image_t *image);

/* Whether something may be read, or listed, better although nothing is told to have changed. */
bool ocors_collection_is_transient(const ocors_collection_t *collection);

/*
 * Which documents to defer, or at a start to reject, for a snapshot that is `excess` bytes smaller:
 * of those that were read and are larger than in force, the fewest. Of ocors_document_t *, most
 * grown first. It may not be enough, as more than images may have grown. In memory of `pool`.
 */
apr_array_header_t *ocors_collection_most_grown(const ocors_collection_t *collection,
                                                uint64_t excess, apr_pool_t *pool);

/*
 * Tells every error where the administrator is, at a start the terminal, a line each: "CONF:LINE:
 * DIRECTIVE: ...". Returns how many there are.
 */
uint32_t ocors_collection_tell(const ocors_collection_t *collection);

/* Logs what was found, `with_errors` or without; problems unless those in force are the same.
 * `store` has what is in force; NULL: nothing is. */
void ocors_collection_log(const ocors_collection_t *collection, const ocors_store_t *store,
                          server_rec *server, bool with_errors);

#endif
