/* SPDX-License-Identifier: Apache-2.0 */
/* Documents that stay as they are in force, though their files have changed. */
#ifndef OCORS_HOLD_H
#define OCORS_HOLD_H

#include <stdbool.h>

#include <apr_pools.h>

#include "ocors_snapshot.h"

/*
 * So that one document that cannot be published, for want of room or because it never rests, holds
 * up no other. For the one process that looks after the documents; all paths are absolute.
 *
 * From now on this document is held, whatever its file is; with `file`, only as long as the file is
 * that one. Copied.
 */
void ocors_hold_document(apr_pool_t *process_pool, const char *path,
                         const ocors_snapshot_file_t *file);

/* Ends it for all. */
void ocors_hold_release(void);

bool ocors_hold_has_any(void);

/* Whether the document is held while its file is this one. */
bool ocors_hold_has(const char *path, const ocors_snapshot_file_t *file);

#endif
