/* SPDX-License-Identifier: Apache-2.0 */
/* Deferrals. Owns what looks have seen of files that are not in force. */

#include "ocors_deferral.h"

#include <apr_strings.h>
#include <http_config.h>
#include <http_log.h>

#include "ocors_listing.h"
#include "ocors_messages.h"

APLOG_USE_MODULE(ocapi_cors);

/* A file that was another one at so many looks in a row is named in the log. */
#define CHANGES_MAX 10

/* A file that is not in force. */
typedef struct seen_t {
    ocors_snapshot_file_t file;
    apr_time_t since;  /* when it was first seen as it is */
    unsigned changes;  /* looks at which it was another one than before */
    unsigned look;     /* the last one that asked */
    unsigned deferred; /* the last one that was told to wait */
    bool is_said;
} seen_t;

struct ocors_deferral_t {
    apr_pool_t *pool; /* of what was seen */
    server_rec *server;
    apr_interval_time_t quiet;
    apr_hash_t *seen; /* path -> seen_t */
    apr_hash_t *complete;
    apr_time_t now; /* when this look began */
    unsigned look;
    bool is_waiting;
};

ocors_deferral_t *ocors_deferral_create(apr_pool_t *pool, server_rec *server,
                                        apr_interval_time_t quiet)
{
    ocors_deferral_t *deferral = apr_pcalloc(pool, sizeof(*deferral));

    apr_pool_create(&deferral->pool, pool);
    deferral->server = server;
    deferral->quiet = quiet;
    deferral->seen = apr_hash_make(deferral->pool);
    return deferral;
}

void ocors_deferral_begin(ocors_deferral_t *deferral, apr_hash_t *complete)
{
    deferral->complete = complete;
    deferral->now = apr_time_now();
    deferral->look++;
    deferral->is_waiting = false;
}

/* The length of the folder of a path, without its slash; 0: there is none. */
static size_t folder_length(const char *path, size_t length)
{
    while (length > 0 && path[--length] != '/') {
    }
    return length;
}

/*
 * Whether a file may be read: it, or a folder on its way, was told as complete, or it was quiet and
 * no folder on its way is deferred.
 */
static bool may_be_read(const ocors_deferral_t *deferral, const char *path, const seen_t *seen)
{
    bool is_quiet = deferral->now - seen->since >= deferral->quiet;

    for (size_t length = strlen(path); length > 0; length = folder_length(path, length)) {
        const seen_t *here = apr_hash_get(deferral->seen, path, (apr_ssize_t)length);

        if (apr_hash_get(deferral->complete, path, (apr_ssize_t)length) != NULL) {
            return true;
        }
        is_quiet = is_quiet && (here == NULL || here->deferred != deferral->look);
    }
    return is_quiet;
}

/* What is seen of a path now, beside what was seen before. */
static seen_t *see(ocors_deferral_t *deferral, const char *path, const ocors_snapshot_file_t *file)
{
    seen_t *seen = apr_hash_get(deferral->seen, path, APR_HASH_KEY_STRING);

    if (seen == NULL) {
        seen = apr_pcalloc(deferral->pool, sizeof(*seen));
        *seen = (seen_t){ .file = *file, .since = deferral->now };
        apr_hash_set(deferral->seen, apr_pstrdup(deferral->pool, path), APR_HASH_KEY_STRING, seen);
    }
    else if (!ocors_snapshot_file_is_same(&seen->file, file)) {
        seen->file = *file;
        seen->since = deferral->now;
        seen->changes++;
    }
    else if (seen->since > deferral->now) {
        seen->since = deferral->now; /* the clock was set back */
    }
    seen->look = deferral->look;
    return seen;
}

bool ocors_deferral_has(ocors_deferral_t *deferral, const char *path,
                        const ocors_snapshot_file_t *file)
{
    seen_t *seen;

    if (deferral == NULL) {
        return false;
    }
    seen = see(deferral, path, file);
    if (ocors_listing_fresh_for(file, deferral->now) <= OCORS_LISTING_TICK
        && may_be_read(deferral, path, seen)) {
        seen->changes = 0;
        return false;
    }
    seen->deferred = deferral->look;
    if (seen->changes >= CHANGES_MAX && !seen->is_said) {
        ap_log_error(APLOG_MARK, APLOG_WARNING, 0, deferral->server,
                     OCORS_LOG_RESTLESS
                     "%s: the file keeps changing; the version in force stays until it stops, and "
                     "the other documents do not wait for it",
                     path);
        seen->is_said = true;
    }
    deferral->is_waiting = true;
    return true;
}

void ocors_deferral_restart(ocors_deferral_t *deferral, const char *path,
                            const ocors_snapshot_file_t *file)
{
    see(deferral, path, file)->since = deferral->now;
    deferral->is_waiting = true;
    for (size_t length = strlen(path); length > 0; length = folder_length(path, length)) {
        apr_hash_set(deferral->complete, path, (apr_ssize_t)length, NULL);
    }
}

apr_hash_t *ocors_deferral_paths(const ocors_deferral_t *deferral)
{
    return deferral->seen;
}

bool ocors_deferral_end(ocors_deferral_t *deferral)
{
    for (apr_hash_index_t *index = apr_hash_first(NULL, deferral->seen); index != NULL;
         index = apr_hash_next(index)) {
        const seen_t *seen = apr_hash_this_val(index);

        if (seen->look != deferral->look) {
            apr_hash_set(deferral->seen, apr_hash_this_key(index), APR_HASH_KEY_STRING, NULL);
        }
    }
    if (apr_hash_count(deferral->seen) == 0) {
        apr_pool_clear(deferral->pool);
        deferral->seen = apr_hash_make(deferral->pool);
    }
    return deferral->is_waiting;
}
