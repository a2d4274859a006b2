/* SPDX-License-Identifier: Apache-2.0 */
/* A directory in the layout of a site archive -> its sites and their documents (rule C5). */
#ifndef OCORS_TREE_H
#define OCORS_TREE_H

#include <stdbool.h>

#include <apr_hash.h>
#include <apr_tables.h>
#include <httpd.h>

#include "ocors_archive.h"
#include "ocors_deferral.h"
#include "ocors_list.h"
#include "ocors_listing.h"

typedef struct ocors_tree_site_t {
    const char *name;                   /* "": the organisation */
    uint32_t in_force;                  /* its index there, or OCORS_SNAPSHOT_NONE */
    const char *paths[OCORS_API_COUNT]; /* its own document of each API; NULL: there is none */
    bool
        is_unchanged; /* nothing of it was told to have changed: its documents are those in force */
    bool is_unknown;  /* its folder does not tell which documents it has: a policy that is in force
                         stays, and no other is made */
    struct ocors_collection_policy_t *policies[OCORS_API_COUNT]; /* its collection's; NULL: the API
                                                                    allows nothing */
} ocors_tree_site_t;

typedef struct ocors_tree_t {
    const ocors_list_t *list;  /* which names it */
    apr_array_header_t *sites; /* of ocors_tree_site_t, in byte order of names; "" is the first */
    apr_table_t *errors;       /* the path of a folder -> what is wrong with it */
    apr_array_header_t *warnings; /* of const char *: names that were meant to be others; sites that
                                     differ in case only; may be shared */
} ocors_tree_t;

static inline ocors_tree_site_t *ocors_tree_site(const ocors_tree_t *tree, int index)
{
    return &APR_ARRAY_IDX(tree->sites, index, ocors_tree_site_t);
}

/*
 * Lists the sites of a tree that has none yet, in memory of its arrays; opens no document. A site's
 * folder that is gone is a removed site. A document that is in force and gone from a folder that is
 * there is listed, as it will be missed. If the sites cannot be listed, those in force are, each as
 * unknown. `changed` is a set of paths: nothing is asked about a site in force to whose folder none
 * of them leads. NULL: all may have changed.
 */
void ocors_tree_list(ocors_tree_t *tree, const ocors_snapshot_t *in_force, ocors_listing_t *listing,
                     ocors_deferral_t *deferral, apr_hash_t *changed);

#endif
