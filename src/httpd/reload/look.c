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
#include "ocors_notify.h"
#include "ocors_publish.h"

APLOG_USE_MODULE(ocapi_cors);

/* A file that is not told as complete is read when two looks, so far apart, found it the same. */
#define SETTLE_TIME apr_time_from_msec(500)

/* How long it may sleep without asking whether its parent still lives. */
#define NAP_TIME apr_time_from_sec(1)

/* What failed for the moment is tried again after this time, or OcapiCorsReload if that is less. */
#define RETRY_TIME apr_time_from_sec(5)

/* Where all changes are told, all is listed, and watched anew, so often all the same. */
#define FULL_LOOK_TIME apr_time_from_sec(600)

/* What the log says of what does not fit. */
#define FULL_ADVICE ", or until `apachectl graceful` with a larger OcapiCorsCacheSize"

/* So often in one look, what changed while it was read is listed anew. */
#define OVERTAKEN_MAX 5

typedef struct look_t {
    apr_pool_t *pool;
    server_rec *server;
    apr_interval_time_t untold, settle, retry; /* between looks, and what for */
    apr_interval_time_t left;                  /* until all is listed */
    apr_time_t begun;                          /* when all was watched anew */
    pid_t parent;
    const apr_array_header_t *lists;
    ocors_ways_t *ways;
    ocors_deferral_t *deferral;
    apr_hash_t *said;       /* warnings of trees; NULL before the first look */
    unsigned overtaken;     /* how often in this look a file changed after it was listed */
    bool is_full;           /* what is new does not fit, as this look has found */
    bool is_loose;          /* something failed for the moment: all has to be listed again */
    bool is_told;           /* the system tells of all changes */
    const char *waits_said; /* what waits, and why, as the log says; NULL: nothing */
    bool has_published;     /* since all memory was given back that nobody reads */
} look_t;

/*
 * Sleeps until a change is told, or for `pause`. A file that somebody is writing to is looked at
 * once a settle time. False: the parent is gone.
 */
static bool wait_for_changes(look_t *look, apr_interval_time_t pause, apr_pool_t *pool,
                             ocors_changes_t *changes)
{
    while (pause > 0 && !changes->is_urgent && getppid() == look->parent) {
        const apr_interval_time_t nap = pause < NAP_TIME ? pause : NAP_TIME;
        const apr_time_t started = apr_time_now();
        apr_interval_time_t slept;

        if (ocors_notify_wait(look->ways, nap, pool, changes) && pause > look->settle) {
            pause = look->settle;
        }
        slept = apr_time_now() - started;
        slept = slept > 0 && slept < nap ? slept : nap; /* whatever becomes of the clock */
        pause -= slept;
        look->left -= slept;
    }
    return getppid() == look->parent;
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

/* Logs what waits in shared memory, and why, when that is another thing than before. */
static void log_waits(look_t *look, const char *waits)
{
    if (waits != NULL && waits != look->waits_said) {
        ap_log_error(APLOG_MARK, APLOG_ERR, 0, look->server, OCORS_LOG_NO_ROOM "%s", waits);
    }
    look->waits_said = waits;
}

/*
 * Collects what the configuration names, and publishes it if it is not in force. `changed` is as of
 * ocors_tree_list(). *waits: see log_waits(). True: to be done once more at once.
 */
static bool look_once(look_t *look, apr_hash_t *changed, const char **waits)
{
    const ocors_publication_t publication = {
        .occasion = OCORS_OCCASION_LOOK,
        .in_use = ocors_store_in_use(),
        .server = look->server,
    };
    ocors_publish_result_t result;
    ocors_collection_t *collection;
    ocors_listing_t *listing;
    ocors_snapshot_t in_force;
    bool again = false;

    if (!ocors_store_current(publication.in_use, &in_force)) {
        return false;
    }
    collection = ocors_collection_create(look->pool, &in_force, look->deferral);
    collection->is_full = look->is_full;
    listing = ocors_listing_create(collection->pool, look->ways);
    ocors_collection_list(collection, look->lists, listing, changed);
    log_warnings(look, collection);
    result = ocors_publish(&publication, collection);
    if (result == OCORS_PUBLISH_OVERTAKEN) {
        again = ++look->overtaken < OVERTAKEN_MAX;
    }
    else if (result == OCORS_PUBLISH_TOO_LARGE) {
        again = !look->is_full;
        *waits = look->is_full
                     ? "the sites of all trees do not fit into an area; what is in force stays, "
                       "whole, until there are fewer" FULL_ADVICE
                     : "new sites and documents do not fit into an area; they wait until there are "
                       "fewer" FULL_ADVICE;
        look->is_full = true;
    }
    else if (result == OCORS_PUBLISH_NO_AREA) {
        *waits = "changed documents wait: every area of shared memory is current, or still read by "
                 "a worker";
    }
    look->has_published = look->has_published || result == OCORS_PUBLISH_DONE;
    look->is_loose = result == OCORS_PUBLISH_NO_AREA || result == OCORS_PUBLISH_NO_MEMORY
                     || ocors_collection_is_transient(collection);
    look->is_told = ocors_listing_is_told(listing);
    ocors_collection_destroy(collection);
    return again;
}

/* Watches all anew after a time, or if more changed than was told. True: all is to be listed. */
static bool watch_anew_if_due(look_t *look, ocors_changes_t *changes)
{
    const apr_time_t now = apr_time_now();

    if (changes->is_all || now < look->begun || now - look->begun >= FULL_LOOK_TIME) {
        ocors_ways_begin(look->ways);
        changes->is_all = false;
        look->begun = now;
        look->left = 0;
    }
    return look->left <= 0;
}

/* What a look lists: what was told, and what is deferred. */
static apr_hash_t *changed(const look_t *look, const ocors_changes_t *changes)
{
    return apr_hash_overlay(apr_hash_pool_get(changes->paths), changes->paths,
                            ocors_deferral_paths(look->deferral));
}

/*
 * Looks until what can be published is; returns how long to wait for the next look. All is listed
 * if that is due, or if something failed or waits. What is told between two tries is looked at with
 * the rest: documents that changed together come into force together.
 */
static apr_interval_time_t look_all(look_t *look, ocors_changes_t *changes)
{
    const bool is_whole = look->is_loose || look->waits_said != NULL;
    const char *waits = NULL;
    apr_interval_time_t left;
    bool is_waiting;

    look->overtaken = 0;
    look->is_full = false;
    ocors_deferral_begin(look->deferral, changes->complete);
    while (look_once(look,
                     watch_anew_if_due(look, changes) || is_whole ? NULL : changed(look, changes),
                     &waits)) {
        (void)ocors_notify_wait(look->ways, 0, apr_hash_pool_get(changes->paths), changes);
    }
    log_waits(look, waits);
    is_waiting = ocors_deferral_end(look->deferral);
    if (look->has_published && !is_waiting) {
        look->has_published = !ocors_store_trim(ocors_store_in_use());
    }
    left = look->is_loose ? look->retry : !look->is_told ? look->untold : FULL_LOOK_TIME;
    if (look->left <= 0 || left < look->left) {
        look->left = left;
    }
    return is_waiting                                        ? look->settle
           : look->has_published && look->retry < look->left ? look->retry
                                                             : look->left;
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
    apr_pool_t *scratch;

    look.ways = ocors_ways_create(pool, server);
    look.deferral = ocors_deferral_create(pool, server, look.settle);
    apr_pool_create(&scratch, pool);
    for (;;) {
        ocors_changes_t changes = {
            .paths = apr_hash_make(scratch),
            .complete = apr_hash_make(scratch),
        };

        if (!wait_for_changes(&look, pause, scratch, &changes)) {
            return;
        }
        pause = look_all(&look, &changes);
        apr_pool_clear(scratch);
    }
}
