/* SPDX-License-Identifier: Apache-2.0 */
/* What tells refusals apart: each has an entry, and with it a reason, of its own. */
#ifndef OCORS_APART_H
#define OCORS_APART_H

#include <stdbool.h>
#include <stdint.h>

#include "ocors_config.h"
#include "ocors_decide.h"

/*
 * Whether a refusal has nothing but its origin, its site, its mode and the documents that tells it
 * apart, as most refusals do. The decision has the hash of a single origin only if there are
 * documents.
 */
static inline bool ocors_apart_is_usual(const ocors_facts_t *facts,
                                        const ocors_decision_t *decision)
{
    return decision->origin_hash != 0 && facts->named.kind == OCORS_CLIENT_NONE;
}

/*
 * Adds to the word of a site and a mode (ocors_counting.h) everything else that can tell a refusal
 * apart beside the origin: the documents, the client that decides, what R10 says of the origin.
 */
uint64_t ocors_apart_word(uint64_t word, const ocors_config_t *config, const ocors_facts_t *facts,
                          const ocors_decision_t *decision);

#endif
