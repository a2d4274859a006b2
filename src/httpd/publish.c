/* SPDX-License-Identifier: Apache-2.0 */
/* The occasions at which a snapshot comes into force. Owns nothing. */

#include "ocors_publish.h"

#include <stdlib.h>
#ifdef __GLIBC__
#include <malloc.h>
#endif

#include <http_config.h>
#include <http_log.h>

#include "messages.h"
#include "ocors_snapshot_write.h"
#include "ocors_hold.h"
#include "ocors_load.h"
#include "ocors_store.h"

APLOG_USE_MODULE(ocapi_cors);

/* `Auto`: all that there is can change at once, grow, and still find room beside what it replaces.
 */
#define GROWTH_FACTOR 3
#define GROWTH_LEAST  ((uint64_t)1024 * 1024)

static void log_published(server_rec *server, const ocors_store_t *store, const char *how)
{
    const ocors_snapshot_header_t *header = &ocors_store_snapshot()->header;
    char digest[OCORS_SHA256_TEXT_SIZE];

    ocors_sha256_write(header->digest, digest);
    ap_log_error(APLOG_MARK, APLOG_NOTICE, 0, server,
                 OCORS_LOG_PUBLISHED "generation %u (%s): %u documents, %" APR_UINT64_T_FMT
                                     " clients, %" APR_UINT64_T_FMT
                                     " origins, %u sites, digest %s; %" APR_UINT64_T_FMT
                                     " of %" APR_UINT64_T_FMT " bytes, in %" APR_INT64_T_FMT " ms",
                 header->generation, how, header->document_count, header->client_count,
                 header->origin_count, header->site_count, digest,
                 header->image_bytes + header->size, ocors_store_size(store),
                 header->duration / 1000);
}

/* The generation's memory goes back to the system, as far as the C library can give it. */
static void give_back(apr_pool_t *scratch)
{
    apr_pool_destroy(scratch);
    ocors_generation_end();
#ifdef __GLIBC__
    malloc_trim(0);
#endif
}

/* Makes a segment for the plan; smaller ones where a roomy one cannot be had. */
static ocors_store_t *make_store(const ocors_snapshot_plan_t *plan, apr_pool_t *process_pool,
                                 uint64_t cache_size, apr_status_t *status)
{
    const uint64_t rooms[] = { GROWTH_FACTOR * plan->size + GROWTH_LEAST,
                               2 * plan->size + GROWTH_LEAST, plan->size };
    const uint64_t tables = GROWTH_FACTOR * plan->header.size + GROWTH_LEAST;
    ocors_store_t *store = NULL;

    *status = APR_ENOMEM;
    if (cache_size != 0) {
        return cache_size >= plan->size
                   ? ocors_store_create(process_pool, cache_size, tables, status)
                   : NULL;
    }
    for (size_t i = 0; i < sizeof(rooms) / sizeof(rooms[0]) && store == NULL; i++) {
        store = ocors_store_create(process_pool, rooms[i], tables, status);
    }
    return store;
}

/* At a start: ocors_publish_fit() has left no document that could give way. */
static uint64_t cache_size_for(const ocors_snapshot_plan_t *plan, uint64_t cache_size)
{
    return cache_size != 0 && cache_size < plan->size ? plan->size : cache_size;
}

/* The number that the list of this owner has in the snapshot, or UINT32_MAX. */
static uint32_t number_of_settings(const ocors_snapshot_t *snapshot, const char *owner)
{
    for (uint32_t i = 0; i < snapshot->header.settings_count; i++) {
        const uint32_t policy = snapshot->settings[i];

        if (policy < snapshot->header.policy_count
            && ocors_span_is_equal(ocors_snapshot_text(snapshot, snapshot->policies[policy].owner),
                                   ocors_span_from_string(owner))) {
            return i;
        }
    }
    return UINT32_MAX;
}

/* What is in force stays; the new configuration's numbers lead to it. */
static int keep(apr_pool_t *pool, const ocors_snapshot_plan_t *plan, server_rec *server)
{
    const ocors_snapshot_t *snapshot = ocors_store_snapshot();
    uint32_t *settings, *trees;

    if (snapshot == NULL) {
        return HTTP_INTERNAL_SERVER_ERROR;
    }
    settings = apr_palloc(pool, (plan->header.settings_count + 1) * sizeof(*settings));
    trees = apr_palloc(pool, (plan->header.tree_count + 1) * sizeof(*trees));
    for (uint32_t i = 0; i < plan->header.settings_count; i++) {
        settings[i] = number_of_settings(snapshot, ocors_snapshot_settings_owner(plan, i));
    }
    for (uint32_t i = 0; i < plan->header.tree_count; i++) {
        trees[i] = ocors_snapshot_find_tree(
            snapshot, ocors_span_from_string(ocors_snapshot_tree_directory(plan, i)));
    }
    ocors_store_renumber(settings, trees);
    ap_log_error(APLOG_MARK, APLOG_CRIT, 0, server,
                 OCORS_LOG_KEPT
                 "generation %u stays in force; sections that it does not know allow nothing",
                 snapshot->header.generation);
    return OK;
}

/* Why policies of this size cannot be held; `status` is what the system said. */
static void log_no_memory(server_rec *server, apr_status_t status, uint64_t size,
                          uint64_t cache_size)
{
    if (cache_size != 0 && cache_size < size) {
        ap_log_error(APLOG_MARK, APLOG_CRIT, 0, server,
                     OCORS_LOG_NO_MEMORY "the policies need %" APR_UINT64_T_FMT
                                         " bytes of shared memory, and "
                                         "OcapiCorsCacheSize allows %" APR_UINT64_T_FMT,
                     size, cache_size);
    }
    else {
        ap_log_error(APLOG_MARK, APLOG_CRIT, status, server,
                     OCORS_LOG_NO_MEMORY "no shared memory of %" APR_UINT64_T_FMT
                                         " bytes for the policies",
                     cache_size != 0 ? cache_size : size);
    }
}

void ocors_publish_fit(uint64_t cache_size)
{
    apr_pool_t *scratch;
    ocors_snapshot_plan_t plan;

    if (cache_size == 0) {
        return;
    }
    apr_pool_create(&scratch, ocors_generation()->pool);
    plan = ocors_snapshot_plan(scratch, NULL);
    if (plan.size > cache_size) {
        ocors_load_fit(plan.size, cache_size);
    }
    apr_pool_destroy(scratch);
}

bool ocors_publish_try(uint64_t cache_size)
{
    apr_pool_t *scratch;
    apr_status_t status;
    ocors_store_t *store;
    ocors_snapshot_plan_t plan;
    char message[120];

    apr_pool_create(&scratch, ocors_generation()->pool);
    plan = ocors_snapshot_plan(scratch, NULL);
    cache_size = cache_size_for(&plan, cache_size);
    store = make_store(&plan, scratch, cache_size, &status);
    if (store == NULL) {
        ap_log_error(APLOG_MARK, APLOG_STARTUP | APLOG_CRIT, 0, NULL,
                     "no shared memory of %" APR_UINT64_T_FMT " bytes for the policies: %s",
                     cache_size != 0 ? cache_size : plan.size,
                     apr_strerror(status, message, sizeof(message)));
    }
    apr_pool_destroy(scratch); /* the store's, too */
    return store != NULL;
}

int ocors_publish_anew(apr_pool_t *pool, apr_pool_t *process_pool, server_rec *server,
                       uint64_t cache_size)
{
    const apr_time_t started = apr_time_now();
    const ocors_snapshot_t *snapshot = ocors_store_snapshot();
    const uint32_t generation = snapshot != NULL ? snapshot->header.generation + 1 : 1;
    apr_pool_t *scratch;
    apr_status_t status;
    ocors_store_t *store;
    ocors_snapshot_plan_t plan;
    int result = OK;

    ocors_load_log(server);
    apr_pool_create(&scratch, ocors_generation()->pool);
    plan = ocors_snapshot_plan(scratch, NULL);
    if (snapshot == NULL) {
        cache_size = cache_size_for(&plan, cache_size);
    }
    store = make_store(&plan, process_pool, cache_size, &status);
    if (store == NULL) {
        log_no_memory(server, status, plan.size, cache_size);
        result = keep(pool, &plan, server);
    }
    else if (!ocors_snapshot_place(&plan, store)
             || !ocors_snapshot_write(&plan, store, generation, started)
             || !ocors_store_publish(store, plan.place)) {
        ap_log_error(APLOG_MARK, APLOG_CRIT, 0, server,
                     OCORS_LOG_CORRUPT "a policy image was damaged on its way into shared memory");
        ocors_store_destroy(store);
        result = keep(pool, &plan, server);
    }
    else {
        ocors_store_adopt(store);
        log_published(server, store, generation == 1 ? "start" : "restart");
    }
    give_back(scratch);
    return result;
}

ocors_publish_result_t ocors_publish_again(apr_pool_t *process_pool, server_rec *server,
                                           bool is_first)
{
    const apr_time_t started = apr_time_now();
    ocors_store_t *store = ocors_store_in_force();
    const ocors_snapshot_header_t in_force = ocors_store_snapshot()->header;
    ocors_publish_result_t result = OCORS_PUBLISH_NO_ROOM;
    const ocors_document_t *largest;
    apr_pool_t *scratch;
    ocors_snapshot_plan_t plan;

    apr_pool_create(&scratch, ocors_generation()->pool);
    plan = ocors_snapshot_plan(scratch, store);
    if (plan.header.fingerprint == in_force.fingerprint) {
        result = OCORS_PUBLISH_NOTHING_NEW;
    }
    else if (ocors_snapshot_place(&plan, store)
             && ocors_snapshot_write(&plan, store, in_force.generation + 1, started)) {
        ocors_load_log(server); /* what has not been said of what is in force still */
        if (ocors_store_publish(store, plan.place)) {
            log_published(server, store, "timed reload");
            result = OCORS_PUBLISHED;
        }
    }
    else {
        largest = ocors_snapshot_largest(&plan, store);
        if (is_first) {
            ap_log_error(APLOG_MARK, APLOG_ERR, 0, server,
                         OCORS_LOG_NO_ROOM
                         "the changed documents need %" APR_UINT64_T_FMT " bytes beside what is in "
                         "force, and the segment of %" APR_UINT64_T_FMT " has no such room; %s "
                         "stays as it is in generation %u until `apachectl graceful`, or an "
                         "OcapiCorsCacheSize of at least %" APR_UINT64_T_FMT,
                         plan.size, ocors_store_size(store),
                         largest != NULL ? largest->path : "everything", in_force.generation,
                         ocors_store_size(store) + plan.size);
        }
        if (largest != NULL) {
            ocors_hold_document(process_pool, largest->path, &largest->file);
        }
    }
    give_back(scratch);
    return result;
}
