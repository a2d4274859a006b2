/* SPDX-License-Identifier: Apache-2.0 */
/* Warnings of names in a tree that look like mistakes. Owns nothing. */

#include "ocors_tree_names.h"

#include <apr_hash.h>
#include <apr_strings.h>

#include "ocors_messages.h"
#include "ocors_url_name.h"

void ocors_tree_judge_misplaced(apr_array_header_t *warnings, const char *folder,
                                ocors_archive_folder_t kind, ocors_listing_t *listing)
{
    apr_pool_t *pool = warnings->pool;
    const ocors_listed_t *listed = ocors_listing_stat(listing, folder);
    const apr_array_header_t *names;
    apr_status_t status;

    if (listed->status != APR_SUCCESS || listed->type != APR_DIR) {
        return;
    }
    names = ocors_listing_names(listing, folder, &status);
    for (int i = 0; i < names->nelts; i++) {
        const char *name = APR_ARRAY_IDX(names, i, const char *);
        const char *meant = ocors_archive_meant(kind, ocors_span_from_string(name));

        if (meant != NULL
            && !ocors_listing_exists(listing, apr_pstrcat(pool, folder, "/", meant, NULL))) {
            APR_ARRAY_PUSH(warnings, const char *) = apr_psprintf(
                pool, OCORS_LOG_MISPLACED "%s/%s: nothing reads this name; was %s meant?", folder,
                name, meant);
        }
    }
}

static bool is_in_force(const ocors_key_t *tree, const ocors_known_t *known, const char *name)
{
    const ocors_span_t id = ocors_span_from_string(name);
    const ocors_snapshot_t *snapshot = known->snapshot;
    uint32_t site;

    return snapshot != NULL && ocors_snapshot_find_site(snapshot, tree, id, &site)
           && site != OCORS_SNAPSHOT_NONE
           && ocors_span_is_equal(ocors_snapshot_text(snapshot, snapshot->sites[site].name), id);
}

void ocors_tree_judge_twins(apr_array_header_t *warnings, const char *directory,
                            const ocors_key_t *tree, const apr_array_header_t *names,
                            const ocors_known_t *known)
{
    apr_pool_t *pool = warnings->pool;
    apr_hash_t *by_key = apr_hash_make(pool);

    for (int i = 0; i < names->nelts; i++) {
        const char *name = APR_ARRAY_IDX(names, i, const char *);
        char key[OCORS_SITE_KEY_MAX];
        const size_t length = ocors_site_key(ocors_span_from_string(name), key);
        const char *other = apr_hash_get(by_key, key, (apr_ssize_t)length);

        if (length > 0 && other != NULL
            && !(is_in_force(tree, known, name) && is_in_force(tree, known, other))) {
            APR_ARRAY_PUSH(warnings, const char *) = apr_psprintf(
                pool,
                OCORS_LOG_TWINS
                "%s: the sites \"%s\" and \"%s\" differ in case, blanks or dots "
                "only; each has its own policy, and a path that spells one in another way allows "
                "nothing",
                directory, other, name);
        }
        apr_hash_set(by_key, apr_pstrmemdup(pool, key, length), (apr_ssize_t)length, name);
    }
}
