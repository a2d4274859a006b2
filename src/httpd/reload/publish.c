/* SPDX-License-Identifier: Apache-2.0 */
/* The way from a collection to the current snapshot. Owns nothing. */

#include "ocors_publish.h"

#include <apr_strings.h>
#include <http_config.h>
#include <http_log.h>

#include "ocors_messages.h"
#include "ocors_difference.h"
#include "ocors_digest.h"
#include "ocors_snapshot_write.h"

APLOG_USE_MODULE(ocapi_cors);

/* `Auto`: what there is can double, or grow by this much, before a restart has to make room. */
#define GROWTH_LEAST ((uint64_t)1024 * 1024)

static uint64_t with_growth(uint64_t size)
{
    return size > GROWTH_LEAST ? 2 * size : size + GROWTH_LEAST;
}

/* ---- The log --------------------------------------------------------------------------------- */

static void log_published(const ocors_publication_t *publication, const ocors_snapshot_t *snapshot,
                          bool is_unchanged)
{
    static const char *const occasions[] = {
        [OCORS_OCCASION_START] = "start",
        [OCORS_OCCASION_RESTART] = "restart",
        [OCORS_OCCASION_LOOK] = "timed reload",
    };
    const ocors_snapshot_header_t *header = &snapshot->header;
    char digest[OCORS_DIGEST_TEXT_SIZE];

    ocors_digest_write(header->digest, digest);
    ap_log_error(APLOG_MARK, APLOG_NOTICE, 0, publication->server,
                 OCORS_LOG_PUBLISHED "generation %u (%s): %s%u documents, %" APR_UINT64_T_FMT
                                     " clients, %" APR_UINT64_T_FMT
                                     " origins, %u sites, digest %s; %" APR_UINT64_T_FMT
                                     " of %" APR_UINT64_T_FMT " bytes, in %" APR_INT64_T_FMT " ms",
                 header->generation, occasions[publication->occasion],
                 is_unchanged ? "unchanged: " : "", header->document_count, header->client_count,
                 header->origin_count, header->site_count, digest, header->size,
                 ocors_store_size(ocors_store_in_use()), header->duration / 1000);
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
    const bool is_start = ocors_store_in_use() == NULL;
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

void ocors_publication_tell(const ocors_publication_t *publication)
{
    ocors_snapshot_t snapshot;

    if (ocors_store_current(ocors_store_in_use(), &snapshot)) {
        log_published(publication, &snapshot, false);
    }
}

/* ---- The store ------------------------------------------------------------------------------- */

/* A new store for a plan; a smaller one where a roomy one cannot be had. */
static ocors_store_t *store_make(const ocors_publication_t *publication,
                                 const ocors_snapshot_plan_t *plan, apr_status_t *status)
{
    const uint64_t asked = publication->cache_size / OCORS_EPOCH_AREAS;
    uint64_t size = asked != 0 ? asked : with_growth(plan->size);
    ocors_store_t *store = NULL;

    if (asked != 0 && asked < plan->size && ocors_store_in_use() == NULL) {
        size = plan->size; /* a start: ocors_publish_fit() has left nothing that could give way */
    }
    *status = APR_ENOMEM;
    if (size >= plan->size) {
        store = ocors_store_create(publication->process_pool, size, status);
    }
    if (store == NULL && asked == 0) {
        store = ocors_store_create(publication->process_pool, plan->size, status);
    }
    return store;
}

/* The store to publish into: the one in use, or a new one. */
static ocors_store_t *store_for(const ocors_publication_t *publication,
                                const ocors_snapshot_plan_t *plan)
{
    ocors_store_t *in_use = ocors_store_in_use();
    ocors_store_t *store;
    apr_status_t status;

    if (in_use != NULL && publication->occasion == OCORS_OCCASION_LOOK) {
        return in_use;
    }
    store = store_make(publication, plan, &status);
    if (store == NULL) {
        log_no_memory(publication, status, plan->size);
    }
    return store != NULL ? store : in_use;
}

/* ---- Publishing ------------------------------------------------------------------------------ */

/*
 * A snapshot that says the same as the one in force is of the same generation: it is written for
 * the next reading alone, which shall not judge the same files again.
 */
static bool keep_generation(const ocors_snapshot_t *in_force, ocors_store_t *store, uint32_t area)
{
    uint64_t size;
    ocors_snapshot_header_t *header = (void *)ocors_store_tables(store, area, &size);

    if (in_force == NULL
        || memcmp(header->digest, in_force->header.digest, sizeof(header->digest)) != 0) {
        return false;
    }
    header->generation = in_force->header.generation;
    header->published = in_force->header.published;
    return true;
}

/* Makes what was written current, and says so. */
static void make_current(const ocors_publication_t *publication,
                         const ocors_collection_t *collection, ocors_store_t *store, uint32_t area)
{
    ocors_store_t *before = ocors_store_in_use();
    const bool is_unchanged = keep_generation(collection->known->snapshot, store, area);
    apr_array_header_t *lines;
    ocors_snapshot_t snapshot;

    if (before != NULL) {
        ocors_collection_log(collection, before, publication->server, true);
    }
    ocors_store_publish(store, area);
    if (store != before) {
        ocors_store_use(store);
    }
    if (before != NULL) {
        if (ocors_store_current(store, &snapshot)) {
            log_published(publication, &snapshot, is_unchanged);
        }
        lines = ocors_difference_make(collection->pool, collection, before);
        log_lines(publication, lines);
        if (store != before) {
            ocors_store_destroy(before);
        }
    }
}

/* Writes the collection as it is settled. *damaged: an image in force that cannot be used, or NULL.
 */
static ocors_publish_result_t try_once(const ocors_publication_t *publication,
                                       ocors_collection_t *collection, apr_pool_t *scratch,
                                       ocors_document_image_t **damaged)
{
    const ocors_snapshot_t *in_force = collection->known->snapshot;
    ocors_store_t *in_use = ocors_store_in_use();
    ocors_snapshot_plan_t *plan = ocors_snapshot_plan(scratch, collection);
    ocors_publish_result_t result = OCORS_PUBLISH_UNWRITTEN;
    ocors_store_t *store;
    uint32_t area;

    if (publication->occasion == OCORS_OCCASION_LOOK && in_force != NULL
        && plan->header.fingerprint == in_force->header.fingerprint) {
        return OCORS_PUBLISH_UNCHANGED;
    }
    store = store_for(publication, plan);
    if (store == NULL) {
        return OCORS_PUBLISH_NO_MEMORY;
    }
    if (plan->size > ocors_store_area_size(store)) { /* a new store is large enough */
        collection->excess = plan->size - ocors_store_area_size(store);
        return OCORS_PUBLISH_TOO_LARGE;
    }
    if (!ocors_store_find_free(store, &area)) {
        return OCORS_PUBLISH_NO_AREA; /* a new store has one */
    }
    if (ocors_snapshot_write(plan, in_use, store, area,
                             in_force != NULL ? in_force->header.generation + 1 : 1,
                             publication->started, damaged)) {
        make_current(publication, collection, store, area);
        result = OCORS_PUBLISH_DONE;
    }
    else if (store != in_use) {
        ocors_store_destroy(store);
        result = OCORS_PUBLISH_NO_MEMORY;
    }
    return result;
}

ocors_publish_result_t ocors_publish(const ocors_publication_t *publication,
                                     ocors_collection_t *collection)
{
    ocors_publish_result_t result;
    ocors_document_image_t *damaged;

    do {
        apr_pool_t *scratch;

        ocors_collection_load(collection);
        ocors_collection_settle(collection);
        apr_pool_create(&scratch, collection->pool);
        damaged = NULL;
        result = try_once(publication, collection, scratch, &damaged);
        apr_pool_destroy(scratch);
        if (damaged != NULL) {
            ap_log_error(APLOG_MARK, APLOG_CRIT, 0, publication->server,
                         OCORS_LOG_CORRUPT "a document's image in shared memory is damaged; the "
                                           "document is read again");
            ocors_collection_damage(collection, damaged);
        }
    } while (damaged != NULL);
    return result;
}

void ocors_publish_fit(ocors_collection_t *collection, uint64_t cache_size)
{
    const uint64_t allowed = cache_size / OCORS_EPOCH_AREAS;
    int rejected = cache_size == 0 ? 0 : 1;

    while (rejected > 0) {
        const apr_array_header_t *documents;
        apr_pool_t *scratch;
        uint64_t needed;

        apr_pool_create(&scratch, collection->pool);
        needed = ocors_snapshot_plan(scratch, collection)->size;
        documents = ocors_collection_most_grown(collection, needed > allowed ? needed - allowed : 0,
                                                scratch);
        for (int i = 0; i < documents->nelts; i++) {
            ocors_document_t *document = APR_ARRAY_IDX(documents, i, ocors_document_t *);

            ocors_document_reject(
                document, apr_psprintf(collection->pool,
                                       "%s: this document does not fit: the policies need an "
                                       "OcapiCorsCacheSize of %" APR_UINT64_T_FMT
                                       ", and it is %" APR_UINT64_T_FMT,
                                       document->path, OCORS_EPOCH_AREAS * needed, cache_size));
        }
        rejected = documents->nelts;
        ocors_collection_settle(collection);
        apr_pool_destroy(scratch);
    }
}
