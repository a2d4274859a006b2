/* SPDX-License-Identifier: Apache-2.0 */
/* Documents and policies into the generation: each read once, kept while good. */
#ifndef OCORS_LOAD_H
#define OCORS_LOAD_H

#include <stdbool.h>
#include <stdint.h>

#include <httpd.h>

#include "ocors_generation.h"

/*
 * Adds the policy of these documents (absolute paths, global first) and gives its number. `owner`
 * says across generations whose policy it is, whatever documents it is made of, and has one policy
 * in a generation. A file that has not changed since it was last judged is not read again.
 *
 * NULL: it was added. At start and in `apachectl configtest`, a document that cannot be used gives
 * its errors instead, an array in `pool` of const char *, a line each. While a server runs, it
 * never does: the last good policy of the same owner stays in force, whole, or, where there is none,
 * one that allows nothing; the errors are logged by ocors_load_log().
 */
const apr_array_header_t *ocors_load_policy(apr_pool_t *pool, const char *owner,
                                            const char *const *paths, uint32_t path_count,
                                            uint32_t *number);

/* The same for a list of documents that the configuration names, its own owner; gives its number. */
const apr_array_header_t *ocors_load_settings(apr_pool_t *pool, const char *const *paths,
                                              uint32_t path_count, uint32_t *number);

/* Whether a server runs by an earlier generation, and whether that asked for this document. */
bool ocors_load_is_reload(void);
bool ocors_load_is_known(const char *path);

/* Adds a tree, in memory of the generation; gives its number, from 0. */
uint32_t ocors_load_add_tree(const ocors_generation_tree_t *tree);

/* The number of the tree of this directory, if it was added. */
bool ocors_load_find_tree(const char *directory, uint32_t *number);

/* Adds what is wrong with a tree's folders while a server runs: const char *, each once; copied. */
void ocors_load_add_problems(const apr_array_header_t *texts);

/*
 * Before a restart's generation is published: documents that changed while others were read are
 * read again, so that all are of one time. While a server runs, the look after the reading tells.
 */
void ocors_load_refresh(void);

/* Logs what was found in this generation and has not been logged yet. */
void ocors_load_log(server_rec *server);

#endif
