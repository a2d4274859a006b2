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
#include "ocors_known.h"
#include "ocors_listing.h"

typedef struct ocors_tree_site_t {
    const char *name;      /* "": the organisation */
    uint32_t known;        /* in what is in force, or OCORS_SNAPSHOT_NONE */
    bool is_unchanged;     /* it is as it is in force, and was not listed; else: */
    const char *unsettled; /* a path that leads a later look to this site (ocors_tree_list()) */
    const char *paths[OCORS_API_COUNT]; /* its own document of each API; NULL: there is none */
    bool is_unknown; /* its folder does not tell which documents it has: a policy that is in force
                        stays, and no other is made */
    bool is_told;    /* the system tells of every change of it */
} ocors_tree_site_t;

typedef struct ocors_tree_t {
    const char *directory;
    ocors_key_t key;
    bool is_settled;           /* the names of the sites are known, and a change of them is told */
    apr_array_header_t *sites; /* of ocors_tree_site_t, in byte order of names; "" is the first */
    apr_array_header_t *problems; /* of const char *: what is wrong with folders; errors */
    apr_array_header_t *warnings; /* of const char *: names that were meant to be others; sites that
                                     differ in case only */
} ocors_tree_t;

/*
 * Lists a tree, in memory of `pool`; opens no document. A site's folder that is gone is a removed
 * site. A document that is in force and gone from a folder that is there is listed, as it will be
 * missed. If the sites cannot be listed, those in force are, each as unknown. The paths in
 * `changed` lead to what may not be as it is in force (ocors_collection_list()).
 */
ocors_tree_t *ocors_tree_list(apr_pool_t *pool, const char *directory, const ocors_key_t *key,
                              const ocors_known_t *known, ocors_listing_t *listing,
                              ocors_deferral_t *deferral, apr_hash_t *changed);

#endif
