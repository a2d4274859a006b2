/* SPDX-License-Identifier: Apache-2.0 */
/* Look-ups in the snapshot in force. Owns a table of its documents. */

#include "ocors_known.h"

#include <apr_strings.h>

ocors_known_t *ocors_known_make(apr_pool_t *pool, const ocors_snapshot_t *snapshot)
{
    ocors_known_t *known = apr_pcalloc(pool, sizeof(*known));

    known->snapshot = snapshot;
    known->documents = apr_hash_make(pool);
    for (uint32_t i = 0; snapshot != NULL && i < snapshot->header.document_count; i++) {
        const ocors_span_t path = ocors_snapshot_text(snapshot, snapshot->documents[i].path);

        apr_hash_set(known->documents, path.bytes, (apr_ssize_t)path.length,
                     &snapshot->documents[i]);
    }
    return known;
}

uint32_t ocors_known_document(const ocors_known_t *known, const char *path)
{
    const ocors_snapshot_document_t *document = apr_hash_get(known->documents, path,
                                                             APR_HASH_KEY_STRING);

    return document != NULL ? (uint32_t)(document - known->snapshot->documents)
                            : OCORS_SNAPSHOT_NONE;
}

uint32_t ocors_known_policy(const ocors_known_t *known, const ocors_key_t *key)
{
    uint32_t index;

    return known->snapshot != NULL && ocors_snapshot_find_policy(known->snapshot, key, &index)
               ? index
               : OCORS_SNAPSHOT_NONE;
}

const ocors_snapshot_tree_t *ocors_known_tree(const ocors_known_t *known, const ocors_key_t *key)
{
    uint32_t index;

    return known->snapshot != NULL && ocors_snapshot_find_tree(known->snapshot, key, &index)
               ? &known->snapshot->trees[index]
               : NULL;
}

const char *ocors_known_site_name(const ocors_known_t *known, uint32_t site, apr_pool_t *pool)
{
    const ocors_span_t name = ocors_snapshot_text(known->snapshot,
                                                  known->snapshot->sites[site].name);

    return apr_pstrmemdup(pool, name.bytes, name.length);
}
