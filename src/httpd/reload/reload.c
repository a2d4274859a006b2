/* SPDX-License-Identifier: Apache-2.0 */
/* Start, configuration test, restart. Owns what the first reading of a start has found. */

#include "ocors_reload.h"

#include <apr_general.h>
#include <apr_strings.h>
#include <http_config.h>
#include <http_core.h>
#include <http_log.h>

#include "ocors_messages.h"
#include "ocors_collection.h"
#include "ocors_publish.h"
#include "ocors_store.h"
#include "ocors_watch.h"

APLOG_USE_MODULE(ocapi_cors);

/* The first reading of a start, from open_logs to post_config: httpd hands nothing from hook to
 * hook. */
static struct {
    ocors_collection_t *judged;
    bool is_refused;
} first;

/* Lists what the configuration names, all anew. */
static ocors_collection_t *collect(apr_pool_t *process_pool, const ocors_lists_t *lists,
                                   const ocors_snapshot_t *in_force)
{
    ocors_collection_t *collection = ocors_collection_create(process_pool, in_force, NULL);

    ocors_collection_list(collection, lists->lists, ocors_listing_create(collection->pool, NULL),
                          NULL);
    return collection;
}

static void log_warnings(const ocors_collection_t *collection, server_rec *server)
{
    for (int i = 0; i < collection->warnings->nelts; i++) {
        ap_log_error(APLOG_MARK, APLOG_WARNING, 0, server, "%s",
                     APR_ARRAY_IDX(collection->warnings, i, const char *));
    }
}

/* Judges every document, tells every error, and decides whether to go on. */
static ocors_collection_t *judge(apr_pool_t *process_pool, const ocors_lists_t *lists,
                                 bool *is_refused)
{
    ocors_collection_t *judged = collect(process_pool, lists, &ocors_snapshot_empty);
    uint32_t errors = 0;

    (void)ocors_collection_load(judged); /* nothing is deferred */
    ocors_collection_settle(judged);
    ocors_publish_fit(judged, lists->cache_size);
    for (int i = 0; i < judged->documents->nelts; i++) {
        errors += ocors_document_tell(ocors_collection_document(judged, i));
    }
    *is_refused = errors > 0 && !lists->denies_bad;
    if (errors > 0) {
        ap_log_error(APLOG_MARK, APLOG_STARTUP | APLOG_ERR, 0, NULL,
                     "OcapiCorsBadDocument %s: %u error%s, named above; %s",
                     *is_refused ? "Refuse" : "Deny", errors, errors > 1 ? "s" : "",
                     *is_refused ? "the configuration is refused"
                                 : "a start goes on, and the policies of these documents allow "
                                   "nothing");
    }
    return judged;
}

/* mod_ssl and mod_info show something and leave the run mode a test's; core's DUMP_s change it. */
static bool shows_something(void)
{
    return ap_exists_config_define("DUMP_CERTS") || ap_exists_config_define("DUMP_CONFIG");
}

int ocors_reload_test(apr_pool_t *process_pool, const ocors_lists_t *lists, server_rec *server)
{
    ocors_collection_t *judged;
    bool is_refused;

    if (ap_state_query(AP_SQ_RUN_MODE) != AP_SQ_RM_CONFIG_TEST || shows_something()) {
        return OK;
    }
    judged = judge(process_pool, lists, &is_refused);
    if (!is_refused) {
        ocors_collection_log(judged, NULL, server, false); /* warnings: post_config is not coming */
        log_warnings(judged, server);
    }
    ocors_collection_destroy(judged);
    return is_refused ? HTTP_INTERNAL_SERVER_ERROR : OK;
}

void ocors_reload_start(apr_pool_t *process_pool, const ocors_lists_t *lists, server_rec *server)
{
    const ocors_publication_t publication = {
        .occasion = OCORS_OCCASION_START,
        .process_pool = process_pool,
        .in_use = ocors_store_in_use(),
        .server = server,
        .cache_size = lists->cache_size,
    };

    first.judged = judge(process_pool, lists, &first.is_refused);
    first.is_refused = first.is_refused
                       || ocors_publish(&publication, first.judged) != OCORS_PUBLISH_DONE;
}

int ocors_reload_started(server_rec *server)
{
    if (!first.is_refused) {
        ocors_collection_log(first.judged, NULL, server, true);
        log_warnings(first.judged, server);
    }
    ocors_collection_destroy(first.judged);
    first.judged = NULL;
    return first.is_refused ? HTTP_INTERNAL_SERVER_ERROR : OK;
}

/* Whether what is in force has all that the configuration names. */
static bool knows_lists(const ocors_snapshot_t *snapshot, const apr_array_header_t *lists)
{
    uint32_t index;

    for (int i = 0; i < lists->nelts; i++) {
        const ocors_list_t *list = APR_ARRAY_IDX(lists, i, const ocors_list_t *);

        if (!(list->is_tree ? ocors_snapshot_find_tree(snapshot, &list->key, &index)
                            : ocors_snapshot_find_policy(snapshot, &list->key, &index))) {
            return false;
        }
    }
    return true;
}

int ocors_reload_go_on(apr_pool_t *pconf, const ocors_lists_t *lists, server_rec *server)
{
    const ocors_publication_t publication = {
        .occasion = ap_state_query(AP_SQ_CONFIG_GEN) <= 1 ? OCORS_OCCASION_START
                                                          : OCORS_OCCASION_RESTART,
        .process_pool = apr_pool_parent_get(pconf), /* it outlives pconf */
        .in_use = ocors_store_in_use(),
        .server = server,
        .cache_size = lists->cache_size,
    };
    ocors_publish_result_t result = OCORS_PUBLISH_DONE;
    ocors_collection_t *collection;
    ocors_snapshot_t in_force;

    if (publication.in_use == NULL || !ocors_store_current(publication.in_use, &in_force)) {
        in_force = ocors_snapshot_empty;
    }
    if (publication.occasion == OCORS_OCCASION_START && in_force.header.generation > 0
        && knows_lists(&in_force, lists->lists)) { /* the first reading has judged all */
        ocors_publication_tell(&publication, publication.in_use, &in_force, false);
    }
    else {
        collection = collect(publication.process_pool, lists, &in_force);
        result = ocors_publish(&publication, collection);
        log_warnings(collection, server);
        ocors_collection_destroy(collection);
    }
    if (result != OCORS_PUBLISH_DONE) {
        if (in_force.header.generation == 0) {
            return HTTP_INTERNAL_SERVER_ERROR;
        }
        ap_log_error(APLOG_MARK, APLOG_CRIT, 0, server,
                     OCORS_LOG_KEPT "generation %u stays in force; sections that it does not know "
                                    "allow nothing",
                     in_force.header.generation);
    }
    if (lists->interval > 0 && lists->lists->nelts > 0) {
        ocors_watch_start(pconf, server, lists);
    }
    return OK;
}
