/* SPDX-License-Identifier: Apache-2.0 */
/* What the system tells of changes (ocors_notify.h), and the documents in force. */
#ifndef OCORS_TOLD_H
#define OCORS_TOLD_H

#include <stdbool.h>

#include "ocors_notify.h"

/*
 * Names to the system what the snapshot in force was made of. A site's folder is named by what is
 * on disk, as it may have no document yet.
 */
void ocors_told_renew(ocors_notify_t *notify, apr_pool_t *process_pool);

/*
 * Whether what a look has collected need not be looked at twice: documents have changed, each
 * change was told as complete, and folders are as right as before.
 */
bool ocors_told_is_complete(const ocors_notify_t *notify);

#endif
