/* SPDX-License-Identifier: Apache-2.0 */
/* What a collection changes of what is in force, in words. */
#ifndef OCORS_DIFFERENCE_H
#define OCORS_DIFFERENCE_H

#include <apr_tables.h>

#include "ocors_collection.h"
#include "ocors_store.h"

/*
 * The sites of trees, and the clients and origins of documents, that came and went: lines of
 * `const char *`, in memory of `pool`. Each line names the first few, and how many more there are;
 * so does the last line of documents. Compares the documents that some policy has otherwise than
 * before with checked copies of what the store has in force. A document that was read, and that no
 * policy has, as another one of its list cannot be used, has a line that says so. There are no
 * lines where nothing was in force.
 */
apr_array_header_t *ocors_difference_make(apr_pool_t *pool, const ocors_collection_t *collection,
                                          const ocors_store_t *in_force);

#endif
