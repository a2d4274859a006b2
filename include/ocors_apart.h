/* SPDX-License-Identifier: Apache-2.0 */
/* What tells refusals apart: each has an entry, and with it a reason, of its own. */
#ifndef OCORS_APART_H
#define OCORS_APART_H

#include <stdbool.h>
#include <stdint.h>

#include "ocors_config.h"
#include "ocors_counting.h"
#include "ocors_decide.h"
#include "ocors_url_path.h"

/*
 * Whether a refusal has nothing but a row, a mode and a list of documents that tells it apart, as
 * most refusals do. The decision has the hash of a single origin only if there are documents.
 */
static inline bool ocors_apart_is_usual(const ocors_config_t *config, const ocors_facts_t *facts,
                                        const ocors_decision_t *decision, uint32_t row)
{
    return decision->origin_hash != 0 && row != OCORS_COUNTING_OTHER
           && !config->documents->list.is_tree
           && ((unsigned)decision->reason | (unsigned)facts->named.kind | decision->is_near_own)
                  == 0;
}

/*
 * Adds to a word everything that can tell a refusal apart beside the row and the mode: the
 * documents, the site if it has no row, the client that decides, what R10 says of the origin.
 * `address` is that of a tree, whose record of the site has the index `site`; NULL: a list.
 */
uint64_t ocors_apart_add(uint64_t word, const ocors_config_t *config, const ocors_facts_t *facts,
                         const ocors_decision_t *decision, uint32_t row,
                         const ocors_address_t *address, uint32_t site);

#endif
