/* SPDX-License-Identifier: Apache-2.0 */
/* What is in force, as a new collection looks it up. Indexes are those of the snapshot's tables. */
#ifndef OCORS_KNOWN_H
#define OCORS_KNOWN_H

#include <stdbool.h>

#include <apr_hash.h>
#include <httpd.h>

#include "ocors_snapshot.h"

typedef struct ocors_known_t {
    const ocors_snapshot_t *snapshot; /* NULL: nothing is in force */
    apr_hash_t *documents;            /* path -> ocors_snapshot_document_t */
} ocors_known_t;

/* Of a snapshot that stays open as long as `pool`, or of NULL. */
ocors_known_t *ocors_known_make(apr_pool_t *pool, const ocors_snapshot_t *snapshot);

/* The document of a path, and the policy of a list; OCORS_SNAPSHOT_NONE: it is not in force. */
uint32_t ocors_known_document(const ocors_known_t *known, const char *path);
uint32_t ocors_known_policy(const ocors_known_t *known, const ocors_key_t *key);

/* The record of the tree of this key; NULL: it is not in force. */
const ocors_snapshot_tree_t *ocors_known_tree(const ocors_known_t *known, const ocors_key_t *key);

/* The name of a site, in memory of `pool`. */
const char *ocors_known_site_name(const ocors_known_t *known, uint32_t site, apr_pool_t *pool);

#endif
