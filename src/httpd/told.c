/* SPDX-License-Identifier: Apache-2.0 */
/* What the system is asked to tell of, by the snapshot in force, and what that says. Owns nothing.
 */

#include "ocors_told.h"

#include <apr_strings.h>

#include "ocors_fingerprint.h"
#include "ocors_store.h"
#include "ocors_tree.h"

void ocors_told_renew(ocors_notify_t *notify, apr_pool_t *process_pool)
{
    const ocors_snapshot_t *snapshot = ocors_store_snapshot();
    apr_pool_t *pool;

    apr_pool_create(&pool, process_pool);
    ocors_notify_begin(notify);
    for (uint32_t i = 0; i < snapshot->header.tree_count; i++) {
        const ocors_span_t directory = ocors_snapshot_text(snapshot, snapshot->trees[i].directory);

        ocors_tree_watch(pool, apr_pstrmemdup(pool, directory.bytes, directory.length), notify);
    }
    for (uint32_t i = 0; i < snapshot->header.document_count; i++) {
        const ocors_span_t path = ocors_snapshot_text(snapshot, snapshot->documents[i].path);

        ocors_notify_watch_path(notify, apr_pstrmemdup(pool, path.bytes, path.length));
    }
    ocors_notify_end(notify);
    apr_pool_destroy(pool);
}

bool ocors_told_is_complete(const ocors_notify_t *notify)
{
    const ocors_generation_t *generation = ocors_generation();
    const ocors_snapshot_file_t none = { .inode = 0 };
    bool has_changed = false;

    for (int i = 0; i < generation->documents->nelts; i++) {
        const ocors_document_t *document = APR_ARRAY_IDX(generation->documents, i,
                                                         const ocors_document_t *);
        const ocors_snapshot_document_t *known = apr_hash_get(generation->known_documents,
                                                              document->path, APR_HASH_KEY_STRING);

        if (!ocors_snapshot_file_is_same(&document->file, known != NULL ? &known->file : &none)) {
            if (!ocors_notify_is_complete(notify, document->path)) {
                return false;
            }
            has_changed = true;
        }
    }
    return has_changed
           && ocors_fingerprint_problems(generation) == ocors_store_snapshot()->header.problems;
}
