/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Looks: what the file system says is compared with what is in force, and what has changed is
 * published. Owns what one process knows between two looks.
 */

#include "ocors_look.h"

#include <unistd.h>

#include <apr_strings.h>
#include <http_config.h>
#include <http_log.h>

#include "ocors_messages.h"
#include "ocors_collection.h"
#include "ocors_publish.h"

APLOG_USE_MODULE(ocapi_cors);

/* A file that is not told as complete is read when two looks, so far apart, found it the same. */
#define SETTLE_TIME apr_time_from_msec(500)

/* How long it may sleep without asking whether its parent still lives. */
#define NAP_TIME apr_time_from_sec(1)

/* What failed for the moment is tried again after this time, or OcapiCorsReload if that is less. */
#define RETRY_TIME apr_time_from_sec(5)

/* Where all changes are told, all is looked at so often, all the same. */
#define FULL_LOOK_TIME apr_time_from_sec(600)

/* So many documents that have no room are named after one look. */
#define LARGE_SAID_MAX 10

typedef struct look_t {
    apr_pool_t *pool;
    server_rec *server;
    apr_interval_time_t untold, settle, retry; /* between looks, and what for */
    pid_t parent;
    const apr_array_header_t *lists;
    ocors_notify_t *notify; /* NULL: nothing is told */
    ocors_deferral_t *deferral;
    apr_pool_t *unsettled_pool;
    apr_hash_t *unsettled; /* path -> "": what the last look found unsettled */
    apr_hash_t *said;      /* warnings of trees; NULL before the first look */
    unsigned large_count;  /* documents of this look that have no room, and had before */
    bool is_sites_said;    /* that the tables alone do not fit */
    bool is_area_awaited;  /* the last publication found no free area */
    bool has_published;    /* since all memory was given back that nobody reads */
} look_t;

/*
 * Sleeps until a change is told, or for `pause`. A file that somebody is writing to is looked at
 * once a settle time. False: the parent is gone.
 */
static bool wait_for_changes(const look_t *look, apr_interval_time_t pause, apr_pool_t *pool,
                             ocors_changes_t *changes)
{
    while (pause > 0 && !changes->is_urgent && getppid() == look->parent) {
        const apr_interval_time_t nap = pause < NAP_TIME ? pause : NAP_TIME;
        const apr_time_t started = apr_time_now();
        apr_interval_time_t slept;

        if (ocors_notify_wait(look->notify, nap, pool, changes) && pause > look->settle) {
            pause = look->settle;
        }
        slept = apr_time_now() - started;
        pause -= slept > 0 && slept < nap ? slept : nap; /* whatever becomes of the clock */
    }
    return getppid() == look->parent;
}

/* ---- What may have changed ------------------------------------------------------------------- */

static void add_keys(apr_hash_t *to, apr_hash_t *from)
{
    for (apr_hash_index_t *index = apr_hash_first(NULL, from); index != NULL;
         index = apr_hash_next(index)) {
        apr_hash_set(to, apr_pstrdup(apr_hash_pool_get(to), apr_hash_this_key(index)),
                     APR_HASH_KEY_STRING, "");
    }
}

/* The paths that may not be as they are in force: what was told, was deferred, or is unsettled. */
static apr_hash_t *changed_paths(const look_t *look, const ocors_changes_t *changes)
{
    apr_hash_t *paths = apr_hash_copy(apr_hash_pool_get(changes->paths), changes->paths);

    add_keys(paths, ocors_deferral_paths(look->deferral));
    add_keys(paths, look->unsettled);
    return paths;
}

/* What a look has found unsettled is listed by the next one. */
static void note_unsettled(look_t *look, const ocors_collection_t *collection)
{
    apr_pool_clear(look->unsettled_pool);
    look->unsettled = apr_hash_make(look->unsettled_pool);
    for (int i = 0; i < collection->unsettled->nelts; i++) {
        apr_hash_set(look->unsettled,
                     apr_pstrdup(look->unsettled_pool,
                                 APR_ARRAY_IDX(collection->unsettled, i, const char *)),
                     APR_HASH_KEY_STRING, "");
    }
}

/* ---- One look -------------------------------------------------------------------------------- */

/* Logs new warnings. What the first look finds was found a moment ago by the start or restart. */
static void log_warnings(look_t *look, const ocors_collection_t *collection)
{
    const bool is_first = look->said == NULL;

    if (is_first) {
        look->said = apr_hash_make(look->pool);
    }
    for (int i = 0; i < collection->warnings->nelts; i++) {
        const char *warning = APR_ARRAY_IDX(collection->warnings, i, const char *);

        if (apr_hash_get(look->said, warning, APR_HASH_KEY_STRING) == NULL) {
            warning = apr_pstrdup(look->pool, warning);
            apr_hash_set(look->said, warning, APR_HASH_KEY_STRING, "");
            if (!is_first) {
                ap_log_error(APLOG_MARK, APLOG_WARNING, 0, look->server, "%s", warning);
            }
        }
    }
}

static ocors_publish_result_t publish(look_t *look, ocors_collection_t *collection,
                                      apr_time_t started)
{
    const ocors_publication_t publication = {
        .occasion = OCORS_OCCASION_LOOK,
        .server = look->server,
        .started = started,
    };
    const ocors_publish_result_t result = ocors_publish(&publication, collection);

    if (result == OCORS_PUBLISH_NO_AREA && !look->is_area_awaited) {
        ap_log_error(APLOG_MARK, APLOG_ERR, 0, look->server,
                     OCORS_LOG_NO_ROOM "changed documents wait: every area of shared memory is "
                                       "current, or still read by a worker");
    }
    look->is_area_awaited = result == OCORS_PUBLISH_NO_AREA;
    look->is_sites_said = look->is_sites_said && result != OCORS_PUBLISH_DONE;
    look->has_published = look->has_published || result == OCORS_PUBLISH_DONE;
    return result;
}

/* What has no room: those that have grown most are deferred, and without them the others may have.
 */
static bool defer_most_grown(look_t *look, const ocors_collection_t *collection)
{
    const apr_array_header_t *documents = ocors_collection_most_grown(
        collection, collection->excess, collection->pool);

    for (int i = 0; i < documents->nelts; i++) {
        const ocors_document_t *document = APR_ARRAY_IDX(documents, i, const ocors_document_t *);

        if (ocors_deferral_add_large(look->deferral, document->path, &document->file)
            && look->large_count++ < LARGE_SAID_MAX) {
            ap_log_error(APLOG_MARK, APLOG_ERR, 0, look->server,
                         OCORS_LOG_NO_ROOM
                         "%s: the changed document does not fit into an area of %" APR_UINT64_T_FMT
                         " bytes; the version in force stays until `apachectl graceful`, or a "
                         "larger OcapiCorsCacheSize",
                         document->path, ocors_store_area_size(ocors_store_in_use()));
        }
    }
    if (documents->nelts == 0 && !look->is_sites_said) {
        ap_log_error(APLOG_MARK, APLOG_ERR, 0, look->server,
                     OCORS_LOG_NO_ROOM "the sites of all trees do not fit into an area; what is "
                                       "in force stays, whole, until there are fewer, or until "
                                       "`apachectl graceful` with a larger OcapiCorsCacheSize");
        look->is_sites_said = true;
    }
    return documents->nelts > 0;
}

/* What a look has found. */
typedef struct found_t {
    bool may_release; /* deferrals for want of room may end */
    bool is_loose;    /* a look has to follow even if nothing is told */
    bool is_told;     /* the system tells of all changes */
} found_t;

/*
 * Collects what the configuration names, and publishes it if it is not in force. `changed`: NULL,
 * or as of ocors_collection_list(). True: to be done once more at once, with other deferrals.
 */
static bool look_once(look_t *look, apr_hash_t *changed, found_t *found)
{
    const apr_time_t started = apr_time_now();
    ocors_publish_result_t result = OCORS_PUBLISH_UNCHANGED;
    ocors_collection_t *collection;
    ocors_listing_t *listing;
    ocors_snapshot_t in_force;
    bool again = false;

    if (!ocors_store_current(ocors_store_in_use(), &in_force)) {
        return false;
    }
    collection = ocors_collection_create(look->pool, in_force.header.seed, &in_force,
                                         look->deferral);
    listing = ocors_listing_create(collection->pool, look->notify);
    ocors_collection_list(collection, look->lists, listing, changed);
    log_warnings(look, collection);
    if (ocors_collection_fingerprint(collection) != in_force.header.fingerprint) {
        if (found->may_release && ocors_deferral_release_large(look->deferral)) {
            found->may_release = false;
            again = true; /* the others may have become smaller */
        }
        else {
            result = publish(look, collection, started);
            again = result == OCORS_PUBLISH_TOO_LARGE && defer_most_grown(look, collection);
        }
    }
    found->is_loose = result == OCORS_PUBLISH_NO_AREA || result == OCORS_PUBLISH_UNWRITTEN
                      || ocors_collection_is_transient(collection);
    found->is_told = ocors_listing_untold(listing) == 0;
    note_unsettled(look, collection);
    ocors_collection_destroy(collection);
    return again;
}

/* Looks until what can be published is; returns how long to wait for the next look. */
static apr_interval_time_t look_all(look_t *look, const ocors_changes_t *changes, bool is_full)
{
    apr_hash_t *changed = is_full ? NULL : changed_paths(look, changes);
    found_t found = { .may_release = true };
    bool is_waiting;

    if (is_full) {
        ocors_notify_begin(look->notify);
    }
    ocors_deferral_begin(look->deferral, changes->complete);
    look->large_count = 0;
    while (look_once(look, changed, &found)) {
    }
    if (look->large_count > LARGE_SAID_MAX) {
        ap_log_error(APLOG_MARK, APLOG_ERR, 0, look->server,
                     OCORS_LOG_NO_ROOM "more changed documents that do not fit: %u",
                     look->large_count - LARGE_SAID_MAX);
    }
    is_waiting = ocors_deferral_end(look->deferral);
    if (is_full) {
        ocors_notify_end(look->notify);
    }
    if (look->has_published && !is_waiting) {
        look->has_published = !ocors_store_trim(ocors_store_in_use());
    }
    return is_waiting                              ? look->settle
           : found.is_loose || look->has_published ? look->retry
           : !found.is_told                        ? look->untold
                                                   : FULL_LOOK_TIME;
}

void ocors_look_on(apr_pool_t *pool, server_rec *server, const ocors_lists_t *lists, pid_t parent)
{
    look_t look = {
        .pool = pool,
        .server = server,
        .lists = lists->lists,
        .untold = lists->interval < FULL_LOOK_TIME ? lists->interval : FULL_LOOK_TIME,
        .settle = lists->interval < SETTLE_TIME ? lists->interval : SETTLE_TIME,
        .retry = lists->interval < RETRY_TIME ? lists->interval : RETRY_TIME,
        .parent = parent,
        .has_published = true, /* a restart, or a watching process before, may have */
    };
    apr_interval_time_t pause = 0;
    apr_time_t full = 0; /* when all was looked at last */
    apr_pool_t *scratch;

    look.notify = ocors_notify_create(pool, server);
    look.deferral = ocors_deferral_create(pool, server, look.settle);
    apr_pool_create(&look.unsettled_pool, pool);
    look.unsettled = apr_hash_make(look.unsettled_pool);
    apr_pool_create(&scratch, pool);
    for (;;) {
        ocors_changes_t changes = {
            .paths = apr_hash_make(scratch),
            .complete = apr_hash_make(scratch),
        };
        apr_time_t now;
        bool is_full;

        if (!wait_for_changes(&look, pause, scratch, &changes)) {
            return;
        }
        now = apr_time_now();
        is_full = changes.is_all || now < full || now - full >= FULL_LOOK_TIME;
        if (is_full) {
            full = now;
        }
        pause = look_all(&look, &changes, is_full);
        apr_pool_clear(scratch);
    }
}
