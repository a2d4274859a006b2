/* SPDX-License-Identifier: Apache-2.0 */
/* Deferrals. Owns what looks have seen of files that are not in force. */

#include "ocors_deferral.h"

#include <apr_strings.h>
#include <http_config.h>
#include <http_log.h>

#include "ocors_messages.h"

APLOG_USE_MODULE(ocapi_cors);

/* A file that was another one at so many looks in a row is named in the log. */
#define CHANGES_MAX 10

/* A file that is not in force. */
typedef struct seen_t {
    ocors_snapshot_file_t file;
    apr_time_t since;         /* when it was first seen as it is */
    unsigned changes;         /* looks at which it was another one than before */
    unsigned look;            /* the last one that asked */
    unsigned deferred;        /* the last one that was told to wait */
    bool is_large, was_large; /* it has no room; it had none at some look */
    bool is_said;
} seen_t;

struct ocors_deferral_t {
    apr_pool_t *pool; /* of what was seen */
    server_rec *server;
    apr_interval_time_t settle;
    apr_hash_t *seen; /* path -> seen_t */
    apr_hash_t *complete;
    apr_time_t now; /* when this look began */
    unsigned look;
    bool is_waiting;
};

ocors_deferral_t *ocors_deferral_create(apr_pool_t *pool, server_rec *server,
                                        apr_interval_time_t settle)
{
    ocors_deferral_t *deferral = apr_pcalloc(pool, sizeof(*deferral));

    apr_pool_create(&deferral->pool, pool);
    deferral->server = server;
    deferral->settle = settle;
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

/* Whether a path, or a folder on its way, was told as complete. */
static bool is_complete(const ocors_deferral_t *deferral, const char *path)
{
    for (size_t length = strlen(path); length > 0 && deferral->complete != NULL;
         length = folder_length(path, length)) {
        if (apr_hash_get(deferral->complete, path, (apr_ssize_t)length) != NULL) {
            return true;
        }
    }
    return false;
}

/* Whether a folder on the way of a path is deferred in this look. */
static bool has_deferred_folder(const ocors_deferral_t *deferral, const char *path)
{
    for (size_t length = folder_length(path, strlen(path)); length > 0;
         length = folder_length(path, length)) {
        const seen_t *seen = apr_hash_get(deferral->seen, path, (apr_ssize_t)length);

        if (seen != NULL && seen->deferred == deferral->look) {
            return true;
        }
    }
    return false;
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
        seen->is_large = seen->was_large = false;
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
    if (seen->is_large) {
        return true;
    }
    if (is_complete(deferral, path)
        || (deferral->now - seen->since >= deferral->settle
            && !has_deferred_folder(deferral, path))) {
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
    seen_t *seen = apr_hash_get(deferral->seen, path, APR_HASH_KEY_STRING);

    if (seen == NULL) {
        seen = see(deferral, path, file);
    }
    seen->since = deferral->now;
    deferral->is_waiting = true;
}

bool ocors_deferral_add_large(ocors_deferral_t *deferral, const char *path,
                              const ocors_snapshot_file_t *file)
{
    seen_t *seen = see(deferral, path, file);
    const bool is_new = !seen->was_large;

    seen->is_large = seen->was_large = true;
    return is_new;
}

bool ocors_deferral_release_large(ocors_deferral_t *deferral)
{
    bool had_any = false;

    for (apr_hash_index_t *index = apr_hash_first(NULL, deferral->seen); index != NULL;
         index = apr_hash_next(index)) {
        seen_t *seen = apr_hash_this_val(index);

        had_any = had_any || seen->is_large;
        seen->is_large = false;
    }
    return had_any;
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
    deferral->complete = NULL;
    return deferral->is_waiting;
}
