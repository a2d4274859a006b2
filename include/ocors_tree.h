/* SPDX-License-Identifier: Apache-2.0 */
/* A directory of settings documents in the layout of a site archive (rule C5). */
#ifndef OCORS_TREE_H
#define OCORS_TREE_H

#include <stdint.h>

#include <httpd.h>

/*
 *   DIRECTORY/ocapi-settings/wapi_{shop,data}_config.json                the organisation's
 *   DIRECTORY/sites/{site}/ocapi-settings/wapi_{shop,data}_config.json   a site's
 */
typedef enum {
    OCORS_API_SHOP,
    OCORS_API_DATA,
    OCORS_API_COUNT
} ocors_api_t;

/* No document speaks for this API: nothing is allowed there. */
#define OCORS_TREE_NO_POLICY UINT32_MAX

/* The policies of a site, by number: the organisation's documents, and the site's over them. */
typedef struct ocors_tree_site_t {
    const char *name; /* "" for the organisation itself */
    uint32_t policies[OCORS_API_COUNT];
} ocors_tree_site_t;

typedef struct ocors_tree_t {
    const char *directory;
    apr_array_header_t *sites; /* of ocors_tree_site_t, by name in byte order; "" is the first */
} ocors_tree_t;

/*
 * Reads a tree and adds its policies to the generation that is being loaded (ocors_load.h); gives
 * the tree's number. NULL, or the errors of its documents and of the directory, a line each: at
 * start, as ocors_load_policy() has it. A site's folder that is gone is a removed site; one that
 * stands without a document that it had keeps the last good one.
 */
const apr_array_header_t *ocors_tree_load(apr_pool_t *pool, const char *directory,
                                          uint32_t *number);

#endif
