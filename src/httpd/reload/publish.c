/* SPDX-License-Identifier: Apache-2.0 */
/* The way from a collection to the current snapshot. Owns nothing. */

#include "ocors_publish.h"

#include <stdlib.h>

#include <apr_escape.h>
#include <apr_strings.h>
#include <http_config.h>
#include <http_log.h>

#include "ocors_counting.h"
#include "ocors_messages.h"
#include "ocors_difference.h"
#include "ocors_digest.h"
#include "ocors_snapshot_write.h"

APLOG_USE_MODULE(ocapi_cors);

/* `Auto`: what there is can double, or grow by this much, before a restart has to make room. */
#define GROWTH_LEAST ((uint64_t)1024 * 1024)

/* ---- The log --------------------------------------------------------------------------------- */

/* Whether it is the first reading of a start: what it finds is told by others. */
static bool is_first_reading(const ocors_publication_t *publication)
{
    return publication->in_use == NULL && publication->occasion == OCORS_OCCASION_START;
}

void ocors_publication_tell(const ocors_publication_t *publication, const ocors_store_t *store,
                            const ocors_snapshot_t *snapshot, bool is_unchanged)
{
    static const char *const occasions[] = {
        [OCORS_OCCASION_START] = "start",
        [OCORS_OCCASION_RESTART] = "restart",
        [OCORS_OCCASION_LOOK] = "timed reload",
    };
    const ocors_snapshot_header_t *header = &snapshot->header;
    char digest[OCORS_DIGEST_TEXT_SIZE];

    apr_escape_hex(digest, header->digest, sizeof(header->digest), 0, NULL);
    ap_log_error(APLOG_MARK, APLOG_NOTICE, 0, publication->server,
                 OCORS_LOG_PUBLISHED "generation %u (%s): %s%u documents, %" APR_UINT64_T_FMT
                                     " clients, %" APR_UINT64_T_FMT
                                     " origins, %u sites, digest %s; %" APR_UINT64_T_FMT
                                     " of %" APR_UINT64_T_FMT " bytes, in %" APR_INT64_T_FMT " ms",
                 header->generation, occasions[publication->occasion],
                 is_unchanged ? "unchanged: " : "", header->document_count, header->client_count,
                 header->origin_count, header->site_count, digest, header->size,
                 ocors_store_size(store), header->duration / 1000);
}

static void log_lines(const ocors_publication_t *publication, const apr_array_header_t *lines)
{
    for (int i = 0; i < lines->nelts; i++) {
        ap_log_error(APLOG_MARK, APLOG_NOTICE, 0, publication->server, OCORS_LOG_CHANGED "%s",
                     APR_ARRAY_IDX(lines, i, const char *));
    }
}

/* Why there is no new store; at a start, where the administrator is. */
static void log_no_memory(const ocors_publication_t *publication, apr_status_t status,
                          uint64_t size)
{
    const bool is_start = is_first_reading(publication);
    server_rec *server = is_start ? NULL : publication->server;
    const int level = APLOG_CRIT | (is_start ? APLOG_STARTUP : 0);
    const uint64_t needed = OCORS_EPOCH_AREAS * size;
    char message[120];

    if (publication->cache_size != 0 && publication->cache_size < needed) {
        ap_log_error(APLOG_MARK, level, 0, server,
                     OCORS_LOG_NO_MEMORY "the policies need an OcapiCorsCacheSize of "
                                         "%" APR_UINT64_T_FMT ", and it is %" APR_UINT64_T_FMT,
                     needed, publication->cache_size);
    }
    else {
        ap_log_error(APLOG_MARK, level, 0, server,
                     OCORS_LOG_NO_MEMORY "the system has no shared memory of %" APR_UINT64_T_FMT
                                         " bytes for the policies: %s",
                     publication->cache_size != 0 ? publication->cache_size : needed,
                     apr_strerror(status, message, sizeof(message)));
    }
}

/* ---- The store ------------------------------------------------------------------------------- */

/*
 * The store to publish into: the one in use, or a new one; a smaller one where a roomy one cannot
 * be had. Where none is in use, nothing is left that could give way, and OcapiCorsCacheSize is
 * exceeded.
 */
static ocors_store_t *store_for(const ocors_publication_t *publication, uint64_t needed)
{
    const bool is_first = publication->in_use == NULL;
    const uint64_t asked = publication->cache_size / OCORS_EPOCH_AREAS;
    const uint64_t roomy = needed > GROWTH_LEAST ? 2 * needed : needed + GROWTH_LEAST;
    const uint64_t size = asked == 0 ? roomy : asked < needed && is_first ? needed : asked;
    apr_status_t status = APR_ENOMEM;
    ocors_store_t *store = NULL;

    if (publication->occasion == OCORS_OCCASION_LOOK) {
        return publication->in_use;
    }
    if (size >= needed) {
        store = ocors_store_create(publication->process_pool, size, &status);
    }
    if (store == NULL && asked == 0) {
        store = ocors_store_create(publication->process_pool, needed, &status);
    }
    if (store == NULL) {
        log_no_memory(publication, status, needed);
    }
    return store != NULL ? store : publication->in_use;
}

/* ---- What fits ------------------------------------------------------------------------------- */

typedef struct growth_t {
    ocors_document_t *document;
    uint64_t bytes; /* by which its image is larger than the one in force */
} growth_t;

static int growth_compare(const void *a, const void *b)
{
    const growth_t *left = a, *right = b;

    return (left->bytes < right->bytes) - (left->bytes > right->bytes);
}

/*
 * The document has no room, and keeps what is in force of it, if anything is. `error` is told with
 * what was found in its file; or nothing is, until there is room. It is read again when something
 * else changes, and by every restart.
 */
static void give_way(const ocors_collection_t *collection, ocors_document_t *document,
                     const char *error, bool is_told)
{
    const ocors_snapshot_file_t file = document->file;

    ocors_document_free_image(document);
    if (document->before != NULL) {
        ocors_collection_recall(collection, document);
        document->file = file;
        document->is_transient = false; /* the file could be read */
    }
    document->state = OCORS_DOCUMENT_JUDGED;
    document->has_no_room = true;
    if (document->image == NULL) {
        document->error = error;
        document->since = 0;
    }
    ocors_document_add_error(document, error);
    if (!is_told) {
        document->error_count = 0;
        apr_array_clear(document->lines);
    }
}

/*
 * The documents that were read and have grown most give way, as many as make a snapshot of `needed`
 * bytes fit into an area; all areas have `limit` bytes. It may not be enough: other things may have
 * grown. False: no document has grown.
 */
static bool make_room(ocors_collection_t *collection, uint64_t needed, uint64_t limit, bool is_told)
{
    apr_array_header_t *growths = apr_array_make(collection->pool, 4, sizeof(growth_t));
    uint64_t excess = needed - limit / OCORS_EPOCH_AREAS;

    for (int i = 0; i < collection->documents->nelts; i++) {
        ocors_document_t *document = ocors_collection_document(collection, i);
        const ocors_document_image_t *now = document->image, *before = NULL;

        if (document->before != NULL) {
            before = ocors_collection_image(collection, document->before->image);
        }
        if (now != NULL && now->is_on_heap && now->size > (before != NULL ? before->size : 0)) {
            APR_ARRAY_PUSH(growths, growth_t) = (growth_t){
                .document = document,
                .bytes = now->size - (before != NULL ? before->size : 0),
            };
        }
    }
    qsort(growths->elts, (size_t)growths->nelts, sizeof(growth_t), growth_compare);
    for (int i = 0; i < growths->nelts && excess > 0; i++) {
        const growth_t *growth = &APR_ARRAY_IDX(growths, i, growth_t);

        give_way(collection, growth->document,
                 apr_psprintf(collection->pool,
                              "%s: this document does not fit: the policies need an "
                              "OcapiCorsCacheSize of %" APR_UINT64_T_FMT
                              ", and it is %" APR_UINT64_T_FMT,
                              growth->document->path, OCORS_EPOCH_AREAS * needed, limit),
                 is_told);
        excess -= growth->bytes < excess ? growth->bytes : excess;
    }
    return growths->nelts > 0;
}

/* Plans a snapshot that fits into an area, if documents that give way make it fit. */
static ocors_snapshot_plan_t *plan_within(ocors_collection_t *collection, uint64_t limit,
                                          bool is_told)
{
    ocors_snapshot_plan_t *plan = ocors_snapshot_plan(collection);

    while (plan->header.size > limit / OCORS_EPOCH_AREAS
           && make_room(collection, plan->header.size, limit, is_told)) {
        ocors_collection_settle(collection);
        plan = ocors_snapshot_plan(collection);
    }
    return plan;
}

void ocors_publish_fit(ocors_collection_t *collection, uint64_t cache_size)
{
    if (cache_size != 0) {
        (void)plan_within(collection, cache_size, true);
    }
}

/* ---- Publishing ------------------------------------------------------------------------------ */

/* Makes what was written current, and says so. */
static void make_current(const ocors_publication_t *publication,
                         const ocors_collection_t *collection, ocors_store_t *store, uint32_t area)
{
    ocors_store_t *before = publication->in_use;
    const bool is_told = !is_first_reading(publication);
    ocors_snapshot_t snapshot;

    if (is_told) {
        ocors_collection_log(collection, before, publication->server, true);
    }
    ocors_store_publish(store, area);
    ocors_counting_renew();
    if (store != before) {
        ocors_store_use(store);
    }
    if (is_told && ocors_store_current(store, &snapshot)) {
        ocors_publication_tell(publication, store, &snapshot,
                               snapshot.header.generation
                                   == collection->in_force->header.generation);
        log_lines(publication, ocors_difference_make(collection->pool, collection, before));
    }
    if (before != NULL && store != before) {
        ocors_store_destroy(before);
    }
}

/* Writes the collection as it is settled. *damaged: an image in force that cannot be used, or NULL.
 */
static ocors_publish_result_t try_once(const ocors_publication_t *publication,
                                       ocors_collection_t *collection,
                                       ocors_document_image_t **damaged)
{
    ocors_store_t *in_use = publication->in_use;
    const bool is_look = publication->occasion == OCORS_OCCASION_LOOK;
    ocors_snapshot_plan_t *plan = plan_within(
        collection, is_look ? ocors_store_size(in_use) : UINT64_MAX, false);
    ocors_store_t *store;
    uint32_t area;

    store = store_for(publication, plan->header.size);
    if (store == NULL) {
        return OCORS_PUBLISH_NO_MEMORY;
    }
    if (plan->header.size > ocors_store_area_size(store)) { /* a new store is large enough */
        return OCORS_PUBLISH_TOO_LARGE;
    }
    if (!ocors_store_find_free(store, &area)) {
        return OCORS_PUBLISH_NO_AREA; /* a new store has one */
    }
    if (!ocors_snapshot_write(plan, in_use, store, area, damaged)) {
        if (store != in_use) {
            ocors_store_destroy(store);
        }
        return OCORS_PUBLISH_NO_MEMORY;
    }
    make_current(publication, collection, store, area);
    return OCORS_PUBLISH_DONE;
}

ocors_publish_result_t ocors_publish(const ocors_publication_t *publication,
                                     ocors_collection_t *collection)
{
    const bool is_look = publication->occasion == OCORS_OCCASION_LOOK;
    ocors_publish_result_t result;
    ocors_document_image_t *damaged;

    do {
        if (is_look && ocors_collection_is_in_force(collection)) {
            return OCORS_PUBLISH_UNCHANGED;
        }
        if (!ocors_collection_load(collection)) {
            return OCORS_PUBLISH_OVERTAKEN;
        }
        if (is_look && ocors_collection_is_in_force(collection)) {
            return OCORS_PUBLISH_UNCHANGED; /* it was read because of an error, which is the same */
        }
        ocors_collection_settle(collection);
        damaged = NULL;
        result = try_once(publication, collection, &damaged);
        if (damaged != NULL) {
            ap_log_error(APLOG_MARK, APLOG_CRIT, 0, publication->server,
                         OCORS_LOG_CORRUPT "a document's image in shared memory is damaged; the "
                                           "document is read again");
            ocors_collection_damage(collection, damaged);
        }
    } while (damaged != NULL);
    return result;
}
