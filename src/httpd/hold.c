/* SPDX-License-Identifier: Apache-2.0 */
/* Owns the list of the documents that are held; there is one in each process, and one uses it. */

#include "ocors_hold.h"

#include <apr_hash.h>
#include <apr_strings.h>

typedef struct hold_t {
    bool is_any; /* whatever the file is */
    ocors_snapshot_file_t file;
} hold_t;

static apr_pool_t *held_pool;
static apr_hash_t *held; /* path -> hold_t; NULL: none */

void ocors_hold_document(apr_pool_t *process_pool, const char *path,
                         const ocors_snapshot_file_t *file)
{
    hold_t *hold;

    if (held == NULL) {
        apr_pool_create(&held_pool, process_pool);
        held = apr_hash_make(held_pool);
    }
    hold = apr_palloc(held_pool, sizeof(*hold));
    *hold = (hold_t){ .is_any = file == NULL };
    if (file != NULL) {
        hold->file = *file;
    }
    apr_hash_set(held, apr_pstrdup(held_pool, path), APR_HASH_KEY_STRING, hold);
}

void ocors_hold_release(void)
{
    if (held != NULL) {
        apr_pool_destroy(held_pool);
        held = NULL;
    }
}

bool ocors_hold_has_any(void)
{
    return held != NULL;
}

bool ocors_hold_has(const char *path, const ocors_snapshot_file_t *file)
{
    const hold_t *hold = held != NULL ? apr_hash_get(held, path, APR_HASH_KEY_STRING) : NULL;

    return hold != NULL && (hold->is_any || ocors_snapshot_file_is_same(&hold->file, file));
}
