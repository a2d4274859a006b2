/* SPDX-License-Identifier: Apache-2.0 */
/* Documents and policies into the generation: each is read once, and kept while good. */
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
 * Where a document cannot be used, the last good policy of the same owner stays in force, whole,
 * or, where there is none, one that allows nothing. ocors_load_tell() and ocors_load_log() say why.
 */
uint32_t ocors_load_policy(const char *owner, const char *const *paths, uint32_t path_count);

/* The same for a list of documents that the configuration names, its own owner; gives its number.
 */
uint32_t ocors_load_settings(const char *const *paths, uint32_t path_count);

/* Adds a policy of ocors_generation_earlier(), of the same documents; gives its number. */
uint32_t ocors_load_earlier_policy(uint32_t earlier);

/* Whether what is in force has this document, or a policy of this owner. */
bool ocors_load_is_known(const char *path);
bool ocors_load_is_known_policy(const char *owner);

/* Adds a tree, in memory of the generation; gives its number, from 0. */
uint32_t ocors_load_add_tree(const ocors_generation_tree_t *tree);

/* The number that the tree of this directory has in a generation, if it was added to it. */
bool ocors_load_find_tree(const ocors_generation_t *generation, const char *directory,
                          uint32_t *number);

/* Adds what is wrong with a tree's folders; the text is copied. */
void ocors_load_add_problem(const char *text);

/* At the second reading of a start: adds what the first has found wrong with folders. */
void ocors_load_earlier_problems(void);

/*
 * Once all is loaded, at a start or a restart: documents that changed while others were read are
 * read again, so that all are of one time. While a server runs, the look after the reading tells.
 */
void ocors_load_refresh(void);

/*
 * At a start, whose policies need `needed` bytes: rejects documents, the largest first, until the
 * rest fits into `allowed` bytes.
 */
void ocors_load_fit(uint64_t needed, uint64_t allowed);

/*
 * Tells every error of this generation where the administrator is, at a start the terminal, a line
 * each: "CONF:LINE: DIRECTIVE: ...", with the directive that names the document first. Returns how
 * many there are.
 */
uint32_t ocors_load_tell(void);

/* Logs what was found in this generation and has been neither told nor logged yet. */
void ocors_load_log(server_rec *server);

#endif
