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

/* As many policies that allow nothing are named, and as many documents that have no room. */
#define EMPTY_MAX   8
#define NO_ROOM_MAX 10

/* It has an allocator of its own, so that its end gives the memory back. */
ocors_collection_t *ocors_collection_create(apr_pool_t *process_pool,
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
        .started = apr_time_now(),
        .in_force = in_force,
        .deferral = deferral,
        .seed = in_force->header.seed,
        .documents = apr_array_make(pool, 4, sizeof(ocors_document_t *)),
        .policies = apr_array_make(pool, 4, sizeof(ocors_collection_policy_t *)),
        .trees = apr_array_make(pool, 1, sizeof(ocors_tree_t *)),
        .warnings = apr_array_make(pool, 1, sizeof(const char *)),
        .by_path = apr_hash_make(pool),
        .by_key = apr_hash_make(pool),
    };
    if (in_force->header.generation == 0
        && apr_generate_random_bytes((void *)&collection->seed, sizeof(collection->seed))
               != APR_SUCCESS) {
        collection->seed = (uint64_t)apr_time_now();
    }
    collection->documents_in_force = apr_pcalloc(
        pool, in_force->header.document_count * sizeof(*collection->documents_in_force));
    collection->images_in_force = apr_pcalloc(pool, in_force->header.image_count
                                                        * sizeof(*collection->images_in_force));
    for (uint32_t i = 0; i < in_force->header.image_count; i++) {
        ocors_document_image_t *image = &collection->images_in_force[i];

        image->bytes = ocors_snapshot_image(in_force, i, &image->size);
        image->is_damaged = image->bytes == NULL;
        image->check = in_force->images[i].check;
    }
    return collection;
}

void ocors_collection_destroy(ocors_collection_t *collection)
{
    for (int i = 0; i < collection->documents->nelts; i++) {
        ocors_document_free_image(ocors_collection_document(collection, i));
    }
    apr_pool_destroy(collection->pool);
#ifdef __GLIBC__
    malloc_trim(0); /* as far as the C library can give its memory back */
#endif
}

ocors_document_image_t *ocors_collection_image(const ocors_collection_t *collection, uint32_t index)
{
    return index < collection->in_force->header.image_count
                   && !collection->images_in_force[index].is_damaged
               ? &collection->images_in_force[index]
               : NULL;
}

void ocors_collection_recall(const ocors_collection_t *collection, ocors_document_t *document)
{
    const ocors_snapshot_document_t *record = document->before;
    const ocors_span_t error = ocors_snapshot_text(collection->in_force, record->error);

    document->state = OCORS_DOCUMENT_IN_FORCE;
    document->file = record->file;
    document->since = record->since;
    document->image = ocors_collection_image(collection, record->image);
    document->error = error.length > 0 ? apr_pstrmemdup(collection->pool, error.bytes, error.length)
                                       : NULL;
    document->is_transient = record->is_transient != 0;
    document->has_no_room = record->has_no_room != 0;
}

/* ---- What was listed ------------------------------------------------------------------------- */

bool ocors_collection_is_in_force(const ocors_collection_t *collection)
{
    const ocors_snapshot_header_t *header = &collection->in_force->header;
    bool is_same = (uint32_t)collection->documents->nelts == header->document_count
                   && (uint32_t)collection->policies->nelts == header->policy_count
                   && collection->site_count == header->site_count
                   && collection->new_site_count == 0;

    for (int i = 0; i < collection->documents->nelts && is_same; i++) {
        const ocors_document_t *document = ocors_collection_document(collection, i);

        is_same = ocors_document_same(document) != NULL
                  && document->before->is_transient == document->is_transient;
    }
    for (int i = 0; i < collection->policies->nelts && is_same; i++) {
        is_same = ocors_collection_policy(collection, i)->before != NULL;
    }
    return is_same;
}

bool ocors_collection_is_transient(const ocors_collection_t *collection)
{
    for (int i = 0; i < collection->documents->nelts; i++) {
        if (ocors_collection_document(collection, i)->is_transient) {
            return true;
        }
    }
    return false;
}

/* ---- What was found -------------------------------------------------------------------------- */

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
        const ocors_collection_policy_t *policy = ocors_collection_policy(collection, i);

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

static void log_no_room(const ocors_collection_t *collection, const ocors_store_t *store,
                        server_rec *server)
{
    unsigned count = 0;

    for (int i = 0; i < collection->documents->nelts; i++) {
        const ocors_document_t *document = ocors_collection_document(collection, i);
        const ocors_snapshot_document_t *before = ocors_document_same(document);
        const bool is_new = document->image == NULL && document->kept_policies == 0;

        if (document->has_no_room && (before == NULL || !before->has_no_room)
            && count++ < NO_ROOM_MAX) {
            ap_log_error(APLOG_MARK, APLOG_ERR, 0, server,
                         OCORS_LOG_NO_ROOM
                         "%s: the %s document does not fit into an area of %" APR_UINT64_T_FMT
                         " bytes; %s until `apachectl graceful`, or a larger OcapiCorsCacheSize",
                         document->path, is_new ? "new" : "changed", ocors_store_area_size(store),
                         is_new ? "its policies allow nothing" : "the version in force stays");
        }
    }
    if (count > NO_ROOM_MAX) {
        ap_log_error(APLOG_MARK, APLOG_ERR, 0, server,
                     OCORS_LOG_NO_ROOM "more changed documents that do not fit: %u",
                     count - NO_ROOM_MAX);
    }
}

void ocors_collection_log(const ocors_collection_t *collection, const ocors_store_t *store,
                          server_rec *server, bool with_errors)
{
    for (int i = 0; i < collection->documents->nelts; i++) {
        ocors_document_log(ocors_collection_document(collection, i), server, with_errors);
    }
    log_empty_policies(collection, store, server);
    if (store != NULL) { /* a start tells of documents that have no room as of other errors */
        log_no_room(collection, store, server);
    }
}
