/* SPDX-License-Identifier: Apache-2.0 */
/* What a directive names: the documents of a policy, or a tree of documents. */
#ifndef OCORS_LIST_H
#define OCORS_LIST_H

#include <stdbool.h>
#include <stdint.h>

#include <apr_tables.h>
#include <apr_time.h>

#include "ocors_key.h"

/* A directive notes its list, and opens nothing. A list lives as long as its configuration. */
typedef struct ocors_list_t {
    bool is_tree;
    const char *const *paths; /* absolute, global first; of a tree one: its directory */
    uint32_t path_count;
    const char *where; /* "CONF:LINE: DIRECTIVE" */
    ocors_key_t key;   /* of the policy, or of the tree */
} ocors_list_t;

/* All that one reading of the configuration says of documents. */
typedef struct ocors_lists_t {
    apr_array_header_t *lists;    /* of const ocors_list_t *, in the order of the configuration */
    apr_interval_time_t interval; /* OcapiCorsReload; 0: Off */
    uint64_t cache_size;          /* OcapiCorsCacheSize in bytes; 0: Auto */
    bool denies_bad;              /* OcapiCorsBadDocument Deny; else a start is refused */
} ocors_lists_t;

#endif
