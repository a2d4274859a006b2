/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The generation that is being collected. Owns it and, at a server's start, the first of its two
 * readings.
 */

#include "ocors_generation.h"

#include <apr_general.h>
#include <http_config.h>
#include <http_core.h>

#include "ocors_store.h"

/* Another number whenever what is retained changes: the next module must not take it for its own.
 */
#define RETAINED_KEY "mod_ocapi_cors.generation.1"

typedef struct retained_t {
    ocors_generation_t *pending; /* being collected */
    ocors_generation_t *earlier; /* collected before it, and never published */
    uint64_t seed; /* of all images: random, so that no document can be made to collide */
} retained_t;

static retained_t *retained;

/* A generation has an allocator of its own, so that its end gives the memory back. */
static ocors_generation_t *generation_create(apr_pool_t *process_pool)
{
    apr_allocator_t *allocator;
    apr_pool_t *pool;
    ocors_generation_t *generation;

    if (apr_allocator_create(&allocator) != APR_SUCCESS
        || apr_pool_create_ex(&pool, process_pool, NULL, allocator) != APR_SUCCESS) {
        ap_abort_on_oom();
    }
    apr_allocator_owner_set(allocator, pool);
    generation = apr_pcalloc(pool, sizeof(*generation));
    generation->pool = pool;
    generation->seed = retained->seed;
    generation->documents = apr_array_make(pool, 4, sizeof(ocors_document_t *));
    generation->policies = apr_array_make(pool, 4, sizeof(ocors_generation_policy_t *));
    generation->settings = apr_array_make(pool, 4, sizeof(uint32_t));
    generation->trees = apr_array_make(pool, 1, sizeof(const ocors_generation_tree_t *));
    generation->problems = apr_array_make(pool, 1, sizeof(ocors_generation_problem_t));
    generation->documents_by_path = apr_hash_make(pool);
    generation->policies_by_owner = apr_hash_make(pool);
    generation->known_documents = apr_hash_make(pool);
    generation->known_policies = apr_hash_make(pool);
    return generation;
}

static void generation_destroy(ocors_generation_t *generation)
{
    if (generation == NULL) {
        return;
    }
    for (int i = 0; i < generation->documents->nelts; i++) {
        ocors_document_free_image(APR_ARRAY_IDX(generation->documents, i, ocors_document_t *));
    }
    apr_pool_destroy(generation->pool);
}

/* Finds the records of the snapshot in force by what they are of. */
static void generation_know(ocors_generation_t *generation, const ocors_snapshot_t *snapshot)
{
    for (uint32_t i = 0; i < snapshot->header.document_count; i++) {
        const ocors_span_t path = ocors_snapshot_text(snapshot, snapshot->documents[i].path);

        apr_hash_set(generation->known_documents, path.bytes, (apr_ssize_t)path.length,
                     &snapshot->documents[i]);
    }
    for (uint32_t i = 0; i < snapshot->header.policy_count; i++) {
        const ocors_span_t owner = ocors_snapshot_text(snapshot, snapshot->policies[i].owner);

        apr_hash_set(generation->known_policies, owner.bytes, (apr_ssize_t)owner.length,
                     &snapshot->policies[i]);
    }
}

static void begin(apr_pool_t *process_pool, bool is_again, bool is_look)
{
    retained->pending = generation_create(process_pool);
    retained->pending->is_again = is_again;
    retained->pending->is_look = is_look;
    retained->pending->spent = retained->earlier != NULL ? retained->earlier->spent : 0;
    if (ocors_store_snapshot() != NULL) {
        generation_know(retained->pending, ocors_store_snapshot());
    }
}

void ocors_generation_begin(apr_pool_t *process_pool)
{
    retained = ap_retained_data_get(RETAINED_KEY);
    if (retained == NULL) {
        retained = ap_retained_data_create(RETAINED_KEY, sizeof(*retained));
        if (apr_generate_random_bytes((unsigned char *)&retained->seed, sizeof(retained->seed))
            != APR_SUCCESS) {
            retained->seed = (uint64_t)apr_time_now();
        }
    }
    generation_destroy(retained->earlier);
    retained->earlier = retained->pending;
    begin(process_pool, false, false);
}

void ocors_generation_begin_again(apr_pool_t *process_pool, bool is_look)
{
    ocors_generation_end();
    begin(process_pool, true, is_look);
}

ocors_generation_t *ocors_generation(void)
{
    return retained->pending;
}

const ocors_generation_t *ocors_generation_earlier(void)
{
    return retained->earlier;
}

void ocors_generation_end(void)
{
    generation_destroy(retained->earlier);
    generation_destroy(retained->pending);
    retained->earlier = retained->pending = NULL;
}
