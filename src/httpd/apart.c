/* SPDX-License-Identifier: Apache-2.0 */
/* A refusal -> a word of what tells it apart. Pure. */

#include "ocors_apart.h"

#include "ocors_hash.h"
#include "ocors_key.h"
#include "ocors_own.h"

/* Adds a part to what is told apart. */
static uint64_t word_add(uint64_t word, uint64_t part)
{
    return ocors_hash_mix(word ^ part, UINT64_C(0x9e3779b97f4a7c15));
}

uint64_t ocors_apart_word(uint64_t word, const ocors_config_t *config, const ocors_facts_t *facts,
                          const ocors_decision_t *decision)
{
    const bool is_known = decision->is_client_known;
    const unsigned miss = decision->is_near_own
                              ? (unsigned)ocors_own_miss(facts->own, facts->origin)
                              : 0;

    if (config->documents != NULL) {
        word ^= ocors_key_hash(&config->documents->list.key);
    }
    word = word_add(word, (uint64_t)decision->reason << 16 | (uint64_t)miss << 8
                              | (uint64_t)facts->is_path_ambiguous << 4 | (uint64_t)is_known << 3
                              | (uint64_t)facts->named.kind << 1);
    return is_known ? word_add(word, ocors_hash(0, facts->named.id)) : word;
}
