/* SPDX-License-Identifier: Apache-2.0 */
/* Sums of hashes, so that the order in which things were collected does not matter. Owns nothing.
 */

#include "ocors_fingerprint.h"

#include "ocors_hash.h"

static uint64_t mix_string(uint64_t hash, const char *string)
{
    return ocors_hash(hash, ocors_span_from_string(string));
}

uint64_t ocors_fingerprint_problems(const ocors_generation_t *generation)
{
    const apr_array_header_t *problems = generation->problems;
    uint64_t sum = 0;

    for (int i = 0; i < problems->nelts; i++) {
        sum += mix_string(1, APR_ARRAY_IDX(problems, i, ocors_generation_problem_t).text);
    }
    return sum;
}

uint64_t ocors_fingerprint(const ocors_generation_t *generation, bool as_found)
{
    uint64_t sum = ocors_fingerprint_problems(generation);

    for (int i = 0; i < generation->documents->nelts; i++) {
        const ocors_document_t *document = APR_ARRAY_IDX(generation->documents, i,
                                                         const ocors_document_t *);
        const uint64_t hash = mix_string(as_found && document->is_passing ? 3 : 2, document->path);

        sum += ocors_hash(hash,
                          ocors_span_make((const char *)&document->file, sizeof(document->file)));
    }
    for (int i = 0; i < generation->policies->nelts; i++) {
        const ocors_generation_policy_t *policy = APR_ARRAY_IDX(generation->policies, i,
                                                                const ocors_generation_policy_t *);
        uint64_t hash = mix_string(4, policy->owner);

        for (uint32_t k = 0; k < policy->document_count; k++) {
            hash = mix_string(hash, policy->documents[k]->path);
        }
        sum += hash;
    }
    for (int i = 0; i < generation->trees->nelts; i++) {
        const ocors_generation_tree_t *tree = APR_ARRAY_IDX(generation->trees, i,
                                                            const ocors_generation_tree_t *);
        uint64_t hash = mix_string(5, tree->directory);

        for (int k = 0; k < tree->sites->nelts; k++) {
            hash = mix_string(hash, APR_ARRAY_IDX(tree->sites, k, ocors_generation_site_t).name);
        }
        sum += hash;
    }
    return sum;
}
