/* SPDX-License-Identifier: Apache-2.0 */
/* Policies across configuration passes: which documents, read once, kept while good. */
#ifndef OCORS_LOAD_H
#define OCORS_LOAD_H

#include <stdbool.h>
#include <stdint.h>

#include <apr_hash.h>
#include <httpd.h>

#include "ocors_document.h"
#include "ocors_tree.h"

/*
 * A generation is what one reading of the configuration asks for. Each begins empty (pre_config),
 * collects policies (directives), and is published (post_config), which ends the one before. What
 * must outlive the configuration pool hangs on the process pool and holds no pointer into this
 * module: httpd unmaps it between two readings.
 */
void ocors_load_begin(apr_pool_t *process_pool);

/*
 * Adds the policy of these documents (absolute paths, global first) and gives its number; the same
 * documents have the same number. `owner` says across generations whose policy it is, whatever
 * documents it is made of; NULL: it is the documents' own. A file that has not changed since it was last judged is not read
 * again.
 *
 * NULL: it was added. At start and in `apachectl configtest`, a document that cannot be used gives
 * its errors instead, an array in `pool` of const char *, a line each. While a server runs, it
 * never does: the last good policy of the same owner stays in force, whole, or, where there is none,
 * one that allows nothing; the errors are logged by ocors_load_log().
 */
const apr_array_header_t *ocors_load_policy(apr_pool_t *pool, const char *owner,
                                            const char *const *paths, uint32_t path_count,
                                            uint32_t *number);

/* Whether a server runs by an earlier generation, and whether that asked for this document. */
bool ocors_load_is_reload(void);
bool ocors_load_is_known(const char *path);

/* Adds a tree, in memory of ocors_load_pool(); gives its number, from 0. */
uint32_t ocors_load_add_tree(const ocors_tree_t *tree);
uint32_t ocors_load_tree_count(void);

/* The tree of this directory that the running server goes by; NULL: none. */
const ocors_tree_t *ocors_load_tree_in_force(const char *directory);
const ocors_tree_t *ocors_load_tree(uint32_t number);

/* Logs what was found in the documents of this generation and has not been logged yet. */
void ocors_load_log(server_rec *server);

/*
 * What the store is made of. Policies are numbered from 0, layers too; an image that several
 * policies share has the same address in each.
 */
uint32_t ocors_load_policy_count(void);
uint32_t ocors_load_layer_count(uint32_t policy);
const ocors_document_image_t *ocors_load_layer(uint32_t policy, uint32_t layer);

/* Lives until the next generation is published. */
apr_pool_t *ocors_load_pool(void);

/*
 * Makes the generation the one in force, and ends the one before. `moved` gives for each image of
 * a layer, by its old address, the address it has now, in memory of ocors_load_pool().
 */
void ocors_load_publish(apr_hash_t *moved);

/* How many generations were published, this one included. */
uint32_t ocors_load_generation(void);

#endif
