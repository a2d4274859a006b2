/* SPDX-License-Identifier: Apache-2.0 */
/* A tree, read: the documents of each site and API in layers (C4, C5). */
#ifndef OCORS_TREE_READING_H
#define OCORS_TREE_READING_H

#include <stddef.h>

#include "ocors_layers.h"
#include "ocors_reading.h"
#include "ocors_sites.h"

/* The documents of the organisation are read; those of a site are when it is asked for. */
typedef struct ocors_tree_reading_t {
    ocors_sites_t list;
    ocors_reading_t organisation[OCORS_API_COUNT]; /* path NULL: there is none */
} ocors_tree_reading_t;

/* The documents of one site for one API, or of the organisation. */
typedef struct ocors_site_policy_t {
    ocors_layers_t layers; /* may be empty; they point into the tree and into `own` */
    ocors_reading_t own;   /* path NULL: the site has no document */
} ocors_site_policy_t;

/*
 * Lists a tree and reads the organisation's documents. What is wrong with them, or with the tree,
 * is printed on standard error. Returns an exit status; the tree is freed in any case.
 */
int ocors_tree_reading_open(ocors_tree_reading_t *tree, const char *directory);
void ocors_tree_reading_close(ocors_tree_reading_t *tree);

/* The same for a site, by its index in the list. The policy must not move, and is freed. */
int ocors_tree_reading_site(const ocors_tree_reading_t *tree, size_t site, unsigned api,
                            ocors_site_policy_t *policy);
void ocors_site_policy_free(ocors_site_policy_t *policy);

#endif
