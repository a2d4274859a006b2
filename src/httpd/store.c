/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The policies of a generation in shared memory. Owns the segment's layout:
 *
 *   +--------+--------------+--------------+-------+-------+--
 *   | header | policy 0 ... | layer 0 ...  | image | image | ...
 *   +--------+--------------+--------------+-------+-------+--
 *
 * A policy is a run of layers, a layer the place of an image; layers of several policies may name
 * one image. All begins at the first address of the segment that is aligned for an image. The
 * parent writes it before it forks; from then on nobody does, so that workers read without a lock.
 */

#include "ocors_store.h"

#include <apr_hash.h>
#include <apr_shm.h>
#include <apr_strings.h>
#include <http_log.h>

#include "messages.h"
#include "ocors_image.h"
#include "ocors_load.h"

APLOG_USE_MODULE(ocapi_cors);

typedef struct header_t {
    uint64_t size; /* of all of it */
    uint32_t policy_count;
    uint32_t layer_count;
} header_t;

typedef struct policy_record_t {
    uint32_t first_layer, layer_count;
} policy_record_t;

typedef struct layer_record_t {
    uint64_t offset, size; /* of an image, counted from the header */
} layer_record_t;

/* The generation in force; workers inherit it by fork. NULL: none yet. */
static const header_t *in_force;

/* What is written before there is memory to write it to. */
typedef struct plan_t {
    apr_hash_t *offsets; /* an image's address -> uint64_t: its place in the segment */
    uint32_t layer_count;
    uint64_t size;
} plan_t;

static uint64_t aligned(uint64_t size)
{
    return (size + OCORS_IMAGE_ALIGNMENT - 1) / OCORS_IMAGE_ALIGNMENT * OCORS_IMAGE_ALIGNMENT;
}

/* Gives each image a place, once. */
static plan_t plan_make(apr_pool_t *pool)
{
    plan_t plan = { .offsets = apr_hash_make(pool) };

    for (uint32_t policy = 0; policy < ocors_load_policy_count(); policy++) {
        plan.layer_count += ocors_load_layer_count(policy);
    }
    plan.size = aligned(sizeof(header_t) + ocors_load_policy_count() * sizeof(policy_record_t)
                        + plan.layer_count * sizeof(layer_record_t));
    for (uint32_t policy = 0; policy < ocors_load_policy_count(); policy++) {
        for (uint32_t layer = 0; layer < ocors_load_layer_count(policy); layer++) {
            const ocors_document_image_t *image = ocors_load_layer(policy, layer);
            uint64_t *offset;

            if (apr_hash_get(plan.offsets, &image->bytes, sizeof(image->bytes)) != NULL) {
                continue;
            }
            offset = apr_palloc(pool, sizeof(*offset));
            *offset = plan.size;
            plan.size += aligned(image->size);
            apr_hash_set(plan.offsets, apr_pmemdup(pool, &image->bytes, sizeof(image->bytes)),
                         sizeof(image->bytes), offset);
        }
    }
    return plan;
}

/* Writes everything; false: an image did not arrive as it was. */
static bool segment_write(const plan_t *plan, char *base, apr_hash_t *moved)
{
    header_t *header = (header_t *)(void *)base;
    policy_record_t *policies = (policy_record_t *)(void *)(header + 1);
    layer_record_t *layers;

    header->size = plan->size;
    header->policy_count = ocors_load_policy_count();
    header->layer_count = plan->layer_count;
    layers = (layer_record_t *)(void *)(policies + header->policy_count);
    for (uint32_t policy = 0, next = 0; policy < header->policy_count; policy++) {
        policies[policy].first_layer = next;
        policies[policy].layer_count = ocors_load_layer_count(policy);
        for (uint32_t layer = 0; layer < policies[policy].layer_count; layer++, next++) {
            const ocors_document_image_t *image = ocors_load_layer(policy, layer);
            const uint64_t *offset = apr_hash_get(plan->offsets, &image->bytes,
                                                  sizeof(image->bytes));

            layers[next] = (layer_record_t){ .offset = *offset, .size = image->size };
            if (apr_hash_get(moved, &image->bytes, sizeof(image->bytes)) != NULL) {
                continue;
            }
            memcpy(base + *offset, image->bytes, image->size);
            if (!ocors_image_verify(base + *offset, image->size)) {
                return false;
            }
            apr_hash_set(moved, &image->bytes, sizeof(image->bytes), base + *offset);
        }
    }
    return true;
}

int ocors_store_publish(server_rec *server)
{
    apr_pool_t *pool = ocors_load_pool();
    apr_pool_t *scratch;
    apr_shm_t *segment;
    plan_t plan;
    apr_hash_t *moved;
    apr_status_t status;
    char *base;

    ocors_load_log(server);
    apr_pool_create(&scratch, pool);
    plan = plan_make(scratch);
    /* apr_shm's own address is aligned for nothing in particular. */
    status = apr_shm_create(&segment, (apr_size_t)plan.size + OCORS_IMAGE_ALIGNMENT, NULL, pool);
    if (status != APR_SUCCESS) {
        ap_log_error(APLOG_MARK, APLOG_CRIT, status, server, OCORS_LOG_NO_MEMORY
                     "no shared memory of %" APR_UINT64_T_FMT " bytes for the policies", plan.size);
        return HTTP_INTERNAL_SERVER_ERROR;
    }
    base = apr_shm_baseaddr_get(segment);
    base += (OCORS_IMAGE_ALIGNMENT - (uintptr_t)base % OCORS_IMAGE_ALIGNMENT)
            % OCORS_IMAGE_ALIGNMENT;
    moved = apr_hash_make(scratch);
    if (!segment_write(&plan, base, moved)) {
        ap_log_error(APLOG_MARK, APLOG_CRIT, 0, server, OCORS_LOG_CORRUPT
                     "a policy image was damaged on its way into shared memory");
        return HTTP_INTERNAL_SERVER_ERROR;
    }
    in_force = (const header_t *)(const void *)base;
    ocors_load_publish(moved);
    apr_pool_destroy(scratch);
    ap_log_error(APLOG_MARK, APLOG_INFO, 0, server, OCORS_LOG_PUBLISHED
                 "generation %u: %u policies of %u documents in %" APR_UINT64_T_FMT
                 " bytes of shared memory", ocors_load_generation(), in_force->policy_count,
                 in_force->layer_count, in_force->size);
    return OK;
}

bool ocors_store_read(uint32_t number, ocors_policy_t *policy)
{
    const policy_record_t *records;
    const layer_record_t *layers;

    policy->layer_count = 0;
    if (in_force == NULL || number >= in_force->policy_count) {
        return false;
    }
    records = (const policy_record_t *)(const void *)(in_force + 1);
    layers = (const layer_record_t *)(const void *)(records + in_force->policy_count);
    if (records[number].layer_count > OCORS_POLICY_LAYERS_MAX
        || records[number].first_layer > in_force->layer_count
        || records[number].layer_count > in_force->layer_count - records[number].first_layer) {
        return false;
    }
    for (uint32_t i = 0; i < records[number].layer_count; i++) {
        const layer_record_t *layer = &layers[records[number].first_layer + i];

        if (layer->offset > in_force->size || layer->size > in_force->size - layer->offset
            || !ocors_image_open((const char *)in_force + layer->offset, (size_t)layer->size,
                                 &policy->layers[i])) {
            policy->layer_count = 0; /* half a policy is none */
            return false;
        }
        policy->layer_count++;
    }
    return true;
}
