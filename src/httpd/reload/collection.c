/* SPDX-License-Identifier: Apache-2.0 */
/* Collections: their beginning and end, and what is said of them. Owns nothing. */

#include "ocors_collection.h"

#include <stdlib.h>

#ifdef __GLIBC__
#include <malloc.h>
#endif

#include <apr_general.h>
#include <apr_strings.h>
#include <http_config.h>
#include <http_core.h>
#include <http_log.h>

#include "ocors_messages.h"
#include "ocors_hash.h"
#include "ocors_image.h"
#include "ocors_policy.h"

APLOG_USE_MODULE(ocapi_cors);

/* As many policies that allow nothing are named. */
#define EMPTY_MAX 8

/* It has an allocator of its own, so that its end gives the memory back. */
ocors_collection_t *ocors_collection_create(apr_pool_t *process_pool, uint64_t seed,
                                            const ocors_snapshot_t *in_force,
                                            ocors_deferral_t *deferral)
{
    apr_allocator_t *allocator;
    apr_pool_t *pool;
    ocors_collection_t *collection;

    if (apr_allocator_create(&allocator) != APR_SUCCESS
        || apr_pool_create_ex(&pool, process_pool, NULL, allocator) != APR_SUCCESS) {
        ap_abort_on_oom();
    }
    apr_allocator_owner_set(allocator, pool);
    collection = apr_pcalloc(pool, sizeof(*collection));
    *collection = (ocors_collection_t){
        .pool = pool,
        .known = ocors_known_make(pool, in_force),
        .deferral = deferral,
        .seed = seed,
        .documents = apr_array_make(pool, 4, sizeof(ocors_document_t *)),
        .policies = apr_array_make(pool, 4, sizeof(ocors_collection_policy_t *)),
        .trees = apr_array_make(pool, 1, sizeof(ocors_collection_tree_t *)),
        .problems = apr_array_make(pool, 1, sizeof(ocors_collection_problem_t)),
        .warnings = apr_array_make(pool, 1, sizeof(const char *)),
        .unsettled = apr_array_make(pool, 1, sizeof(const char *)),
        .by_path = apr_hash_make(pool),
        .by_key = apr_hash_make(pool),
    };
    if (in_force != NULL) {
        collection->documents_known = apr_pcalloc(pool, in_force->header.document_count
                                                            * sizeof(*collection->documents_known));
        collection->images_known = apr_pcalloc(pool, in_force->header.image_count
                                                         * sizeof(*collection->images_known));
    }
    return collection;
}

void ocors_collection_destroy(ocors_collection_t *collection)
{
    for (int i = 0; i < collection->documents->nelts; i++) {
        ocors_document_free_image(ocors_collection_document(collection, (uint32_t)i));
    }
    apr_pool_destroy(collection->pool);
#ifdef __GLIBC__
    malloc_trim(0); /* as far as the C library can give its memory back */
#endif
}

ocors_document_image_t *ocors_collection_image(const ocors_collection_t *collection, uint32_t index)
{
    const ocors_snapshot_t *snapshot = collection->known->snapshot;
    ocors_document_image_t *image;
    const void *bytes;
    size_t size = 0;

    if (snapshot == NULL || index >= snapshot->header.image_count) {
        return NULL;
    }
    image = collection->images_known[index];
    if (image == NULL) {
        bytes = ocors_snapshot_image(snapshot, index, &size);
        image = collection->images_known[index] = apr_palloc(collection->pool, sizeof(*image));
        *image = (ocors_document_image_t){
            .bytes = bytes,
            .size = size,
            .is_damaged = bytes == NULL,
            .check = snapshot->images[index].check,
        };
    }
    return image->is_damaged ? NULL : image;
}

void ocors_collection_recall(const ocors_collection_t *collection, ocors_document_t *document)
{
    const ocors_snapshot_t *snapshot = collection->known->snapshot;
    const ocors_snapshot_document_t *known = &snapshot->documents[document->known];
    const ocors_span_t error = ocors_snapshot_text(snapshot, known->error);

    ocors_document_recall(
        document, known, ocors_collection_image(collection, known->image),
        error.length > 0 ? apr_pstrmemdup(collection->pool, error.bytes, error.length) : NULL);
}

/* ---- What was listed ------------------------------------------------------------------------- */

static uint64_t mix(uint64_t hash, const char *string)
{
    return ocors_hash(hash, ocors_span_from_string(string));
}

static uint64_t mix_key(uint64_t hash, const ocors_key_t *key)
{
    return ocors_hash(hash, ocors_span_make((const char *)key->bytes, sizeof(key->bytes)));
}

uint64_t ocors_collection_problems(const ocors_collection_t *collection)
{
    uint64_t sum = 0;

    for (int i = 0; i < collection->problems->nelts; i++) {
        sum += mix(1, APR_ARRAY_IDX(collection->problems, i, ocors_collection_problem_t).text);
    }
    return sum;
}

uint64_t ocors_collection_fingerprint(const ocors_collection_t *collection)
{
    uint64_t sum = ocors_collection_problems(collection);

    for (int i = 0; i < collection->documents->nelts; i++) {
        const ocors_document_t *document = ocors_collection_document(collection, (uint32_t)i);
        const uint64_t hash = mix(document->is_transient ? 3 : 2, document->path);

        sum += ocors_hash(hash,
                          ocors_span_make((const char *)&document->file, sizeof(document->file)));
    }
    for (int i = 0; i < collection->policies->nelts; i++) {
        const ocors_collection_policy_t *policy = ocors_collection_policy(collection, (uint32_t)i);
        uint64_t hash = mix_key(4, &policy->key);

        for (uint32_t k = 0; k < policy->document_count; k++) {
            hash = mix(hash, policy->documents[k]->path);
        }
        sum += hash;
    }
    for (int i = 0; i < collection->trees->nelts; i++) {
        const ocors_collection_tree_t *tree = APR_ARRAY_IDX(collection->trees, i,
                                                            const ocors_collection_tree_t *);
        uint64_t hash = mix_key(5, &tree->key);

        for (int k = 0; k < tree->sites->nelts; k++) {
            hash = mix(hash, APR_ARRAY_IDX(tree->sites, k, ocors_collection_site_t).name);
        }
        sum += hash;
    }
    return sum;
}

bool ocors_collection_is_transient(const ocors_collection_t *collection)
{
    for (int i = 0; i < collection->documents->nelts; i++) {
        if (ocors_collection_document(collection, (uint32_t)i)->is_transient) {
            return true;
        }
    }
    return collection->problems->nelts > 0;
}

typedef struct growth_t {
    ocors_document_t *document;
    uint64_t bytes; /* by which its image is larger than the one in force */
} growth_t;

static int growth_compare(const void *a, const void *b)
{
    const growth_t *left = a, *right = b;

    return (left->bytes < right->bytes) - (left->bytes > right->bytes);
}

/* By how much a document that was read has grown; 0: it has not. */
static uint64_t document_growth(const ocors_collection_t *collection,
                                const ocors_document_t *document)
{
    const ocors_document_image_t *known = NULL;
    const size_t size = document->image != NULL && document->image->is_on_heap
                            ? document->image->size
                            : 0;

    if (document->known != OCORS_SNAPSHOT_NONE) {
        known = ocors_collection_image(
            collection, collection->known->snapshot->documents[document->known].image);
    }
    return known == NULL ? size : size > known->size ? size - known->size : 0;
}

apr_array_header_t *ocors_collection_most_grown(const ocors_collection_t *collection,
                                                uint64_t excess, apr_pool_t *pool)
{
    apr_array_header_t *growths = apr_array_make(pool, 4, sizeof(growth_t));
    apr_array_header_t *found = apr_array_make(pool, 4, sizeof(ocors_document_t *));

    for (int i = 0; i < collection->documents->nelts; i++) {
        ocors_document_t *document = ocors_collection_document(collection, (uint32_t)i);
        const uint64_t bytes = document_growth(collection, document);

        if (bytes > 0) {
            APR_ARRAY_PUSH(growths, growth_t) = (growth_t){ document, bytes };
        }
    }
    qsort(growths->elts, (size_t)growths->nelts, sizeof(growth_t), growth_compare);
    for (int i = 0; i < growths->nelts && excess > 0; i++) {
        const growth_t *growth = &APR_ARRAY_IDX(growths, i, growth_t);

        APR_ARRAY_PUSH(found, ocors_document_t *) = growth->document;
        excess -= growth->bytes < excess ? growth->bytes : excess;
    }
    return found;
}

/* ---- What was found -------------------------------------------------------------------------- */

uint32_t ocors_collection_tell(const ocors_collection_t *collection)
{
    uint32_t errors = (uint32_t)collection->problems->nelts;

    for (int i = 0; i < collection->problems->nelts; i++) {
        const ocors_collection_problem_t *problem = &APR_ARRAY_IDX(collection->problems, i,
                                                                   ocors_collection_problem_t);

        ap_log_error(APLOG_MARK, APLOG_STARTUP | APLOG_ERR, 0, NULL, "%s: %s", problem->where,
                     problem->text);
    }
    for (int i = 0; i < collection->documents->nelts; i++) {
        errors += ocors_document_tell(ocors_collection_document(collection, (uint32_t)i));
    }
    return errors;
}

/* Whether a policy was read anew, at least in part, and allows no origin. */
static bool policy_is_empty(const ocors_collection_policy_t *policy, const ocors_store_t *in_force)
{
    ocors_policy_t layered = { .layer_count = 0 };
    void *copies[OCORS_POLICY_LAYERS_MAX] = { NULL };
    bool is_new = false, is_whole = true, is_empty;

    for (uint32_t i = 0; i < policy->layer_count; i++) {
        is_new = is_new || policy->layers[i]->is_on_heap;
    }
    for (uint32_t i = 0; i < policy->layer_count && is_new && is_whole; i++) {
        const ocors_document_image_t *layer = policy->layers[i];
        const void *bytes = layer->bytes;

        if (!layer->is_on_heap) { /* a worker may write to it */
            copies[i] = ocors_store_copy(in_force, layer->bytes, layer->size, layer->check);
            bytes = copies[i];
        }
        is_whole = bytes != NULL && ocors_image_open(bytes, layer->size, &layered.layers[i]);
        layered.layer_count++;
    }
    is_empty = is_new && is_whole && ocors_policy_count_origins(&layered, 1) == 0;
    for (uint32_t i = 0; i < layered.layer_count; i++) {
        free(copies[i]);
    }
    return is_empty;
}

static void log_empty_policies(const ocors_collection_t *collection, const ocors_store_t *in_force,
                               server_rec *server)
{
    unsigned count = 0;

    for (int i = 0; i < collection->policies->nelts; i++) {
        const ocors_collection_policy_t *policy = ocors_collection_policy(collection, (uint32_t)i);

        if (policy_is_empty(policy, in_force) && count++ < EMPTY_MAX) {
            ap_log_error(APLOG_MARK, APLOG_WARNING, 0, server,
                         OCORS_LOG_EMPTY "%s: the policy of this document, and of those before it, "
                                         "allows no origin",
                         policy->documents[policy->document_count - 1]->path);
        }
    }
    if (count > EMPTY_MAX) {
        ap_log_error(APLOG_MARK, APLOG_WARNING, 0, server,
                     OCORS_LOG_EMPTY "more policies that allow no origin: %u", count - EMPTY_MAX);
    }
}

void ocors_collection_log(const ocors_collection_t *collection, const ocors_store_t *store,
                          server_rec *server, bool with_errors)
{
    const ocors_snapshot_t *in_force = collection->known->snapshot;
    const bool is_known = in_force != NULL
                          && in_force->header.problems == ocors_collection_problems(collection);

    for (int i = 0; i < collection->problems->nelts && with_errors && !is_known; i++) {
        ap_log_error(APLOG_MARK, APLOG_ERR, 0, server, OCORS_LOG_DOCUMENT_ERROR "%s",
                     APR_ARRAY_IDX(collection->problems, i, ocors_collection_problem_t).text);
    }
    for (int i = 0; i < collection->documents->nelts; i++) {
        ocors_document_log(ocors_collection_document(collection, (uint32_t)i), server, with_errors);
    }
    log_empty_policies(collection, store, server);
}
