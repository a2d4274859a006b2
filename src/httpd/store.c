/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The policies of a generation in shared memory. Owns the segment's layout:
 *
 *   +--------+--------+-------+----------+--------+------------+-------+-------+--
 *   | header | trees  | sites | policies | layers | site names | image | image | ...
 *   +--------+--------+-------+----------+--------+------------+-------+-------+--
 *
 * A tree is a run of sites in byte order of their names, a site has two policies, a policy is a
 * run of layers, a layer the place of an image; several layers may name one image. All begins at
 * the first address of the segment that is aligned for an image. The parent writes it before it
 * forks; from then on nobody does, so that workers read without a lock.
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
    uint32_t tree_count, site_count, policy_count, layer_count, name_size;
    uint32_t has_response_headers; /* a client of some policy has some */
} header_t;

typedef struct tree_record_t {
    uint32_t first_site, site_count;
} tree_record_t;

typedef struct site_record_t {
    uint32_t name, name_length; /* counted from the first name */
    uint32_t policies[OCORS_API_COUNT];
} site_record_t;

typedef struct policy_record_t {
    uint32_t first_layer, layer_count;
} policy_record_t;

typedef struct layer_record_t {
    uint64_t offset, size; /* of an image, counted from the header */
} layer_record_t;

/* The generation in force; workers inherit it by fork. NULL: none yet. */
static const header_t *in_force;

/* The parts of a segment, by the counts of its header. */
typedef struct parts_t {
    tree_record_t *trees;
    site_record_t *sites;
    policy_record_t *policies;
    layer_record_t *layers;
    char *names;
} parts_t;

/* What is written before there is memory to write it to. */
typedef struct plan_t {
    apr_hash_t *offsets; /* an image's address -> uint64_t: its place in the segment */
    header_t header;
} plan_t;

static uint64_t aligned(uint64_t size)
{
    return (size + OCORS_IMAGE_ALIGNMENT - 1) / OCORS_IMAGE_ALIGNMENT * OCORS_IMAGE_ALIGNMENT;
}

/* What stands before the images. */
static uint64_t directory_size(const header_t *header)
{
    return sizeof(header_t) + header->tree_count * sizeof(tree_record_t)
           + header->site_count * sizeof(site_record_t)
           + header->layer_count * sizeof(layer_record_t)
           + header->policy_count * sizeof(policy_record_t) + header->name_size;
}

static parts_t parts_of(const header_t *header, char *base)
{
    parts_t parts;

    parts.trees = (tree_record_t *)(void *)(base + sizeof(header_t));
    parts.sites = (site_record_t *)(void *)(parts.trees + header->tree_count);
    parts.layers = (layer_record_t *)(void *)(parts.sites + header->site_count);
    parts.policies = (policy_record_t *)(void *)(parts.layers + header->layer_count);
    parts.names = (char *)(parts.policies + header->policy_count);
    return parts;
}

/* Counts everything, and gives each image a place, once. */
static plan_t plan_make(apr_pool_t *pool)
{
    plan_t plan = { .offsets = apr_hash_make(pool) };
    header_t *header = &plan.header;

    header->tree_count = ocors_load_tree_count();
    header->policy_count = ocors_load_policy_count();
    for (uint32_t i = 0; i < header->tree_count; i++) {
        const apr_array_header_t *sites = ocors_load_tree(i)->sites;

        header->site_count += (uint32_t)sites->nelts;
        for (int k = 0; k < sites->nelts; k++) {
            header->name_size += (uint32_t)strlen(APR_ARRAY_IDX(sites, k, ocors_tree_site_t).name);
        }
    }
    for (uint32_t policy = 0; policy < header->policy_count; policy++) {
        header->layer_count += ocors_load_layer_count(policy);
    }
    header->size = aligned(directory_size(header));
    for (uint32_t policy = 0; policy < header->policy_count; policy++) {
        for (uint32_t layer = 0; layer < ocors_load_layer_count(policy); layer++) {
            const ocors_document_image_t *image = ocors_load_layer(policy, layer);
            uint64_t *offset;

            if (apr_hash_get(plan.offsets, &image->bytes, sizeof(image->bytes)) != NULL) {
                continue;
            }
            offset = apr_palloc(pool, sizeof(*offset));
            *offset = header->size;
            header->size += aligned(image->size);
            apr_hash_set(plan.offsets, apr_pmemdup(pool, &image->bytes, sizeof(image->bytes)),
                         sizeof(image->bytes), offset);
        }
    }
    return plan;
}

static void trees_write(const parts_t *parts)
{
    uint32_t next = 0, name = 0;

    for (uint32_t i = 0; i < ocors_load_tree_count(); i++) {
        const apr_array_header_t *sites = ocors_load_tree(i)->sites;

        parts->trees[i] = (tree_record_t){ .first_site = next,
                                           .site_count = (uint32_t)sites->nelts };
        for (int k = 0; k < sites->nelts; k++, next++) {
            const ocors_tree_site_t *site = &APR_ARRAY_IDX(sites, k, ocors_tree_site_t);

            parts->sites[next].name = name;
            parts->sites[next].name_length = (uint32_t)strlen(site->name);
            memcpy(parts->sites[next].policies, site->policies, sizeof(site->policies));
            memcpy(parts->names + name, site->name, parts->sites[next].name_length);
            name += parts->sites[next].name_length;
        }
    }
}

/* Writes everything; false: an image did not arrive as it was. */
static bool segment_write(const plan_t *plan, char *base, apr_hash_t *moved)
{
    header_t *header = (header_t *)(void *)base;
    const parts_t parts = parts_of(&plan->header, base);

    *header = plan->header;
    trees_write(&parts);
    for (uint32_t policy = 0, next = 0; policy < header->policy_count; policy++) {
        parts.policies[policy].first_layer = next;
        parts.policies[policy].layer_count = ocors_load_layer_count(policy);
        for (uint32_t layer = 0; layer < parts.policies[policy].layer_count; layer++, next++) {
            const ocors_document_image_t *image = ocors_load_layer(policy, layer);
            const uint64_t *offset = apr_hash_get(plan->offsets, &image->bytes,
                                                  sizeof(image->bytes));
            ocors_image_t view;

            parts.layers[next] = (layer_record_t){ .offset = *offset, .size = image->size };
            if (apr_hash_get(moved, &image->bytes, sizeof(image->bytes)) != NULL) {
                continue;
            }
            memcpy(base + *offset, image->bytes, image->size);
            if (!ocors_image_verify(base + *offset, image->size)
                || !ocors_image_open(base + *offset, image->size, &view)) {
                return false;
            }
            header->has_response_headers |= view.header_count > 0;
            /* The layer's own member is what will be changed: no key to look up by. */
            apr_hash_set(moved,
                         apr_pmemdup(apr_hash_pool_get(moved), &image->bytes, sizeof(image->bytes)),
                         sizeof(image->bytes), base + *offset);
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
    status = apr_shm_create(&segment, (apr_size_t)plan.header.size + OCORS_IMAGE_ALIGNMENT, NULL, pool);
    if (status != APR_SUCCESS) {
        ap_log_error(APLOG_MARK, APLOG_CRIT, status, server, OCORS_LOG_NO_MEMORY
                     "no shared memory of %" APR_UINT64_T_FMT " bytes for the policies",
                     plan.header.size);
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
                 "generation %u: %u policies, %u sites in %u trees, %" APR_UINT64_T_FMT
                 " bytes of shared memory", ocors_load_generation(), in_force->policy_count,
                 in_force->site_count, in_force->tree_count, in_force->size);
    return OK;
}

bool ocors_store_read(uint32_t number, ocors_policy_t *policy)
{
    policy->layer_count = 0;
    if (in_force == NULL || number >= in_force->policy_count) {
        return false;
    }
    const parts_t parts = parts_of(in_force, (char *)(uintptr_t)in_force);
    const policy_record_t record = parts.policies[number];

    if (record.layer_count > OCORS_POLICY_LAYERS_MAX || record.first_layer > in_force->layer_count
        || record.layer_count > in_force->layer_count - record.first_layer) {
        return false;
    }
    for (uint32_t i = 0; i < record.layer_count; i++) {
        const layer_record_t *layer = &parts.layers[record.first_layer + i];

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

/* A site by its name; the first one, the organisation, where there is none of this name. */
static const site_record_t *site_find(const parts_t *parts, const tree_record_t *tree,
                                      ocors_span_t name)
{
    uint32_t low = 0, high = tree->site_count;

    while (low < high) {
        const uint32_t middle = low + (high - low) / 2;
        const site_record_t *site = &parts->sites[tree->first_site + middle];
        const size_t common = site->name_length < name.length ? site->name_length : name.length;
        int order = common > 0 ? memcmp(parts->names + site->name, name.bytes, common) : 0;

        if (order == 0) {
            order = (site->name_length > name.length) - (site->name_length < name.length);
        }
        if (order == 0) {
            return site;
        }
        if (order < 0) {
            low = middle + 1;
        }
        else {
            high = middle;
        }
    }
    return &parts->sites[tree->first_site];
}

size_t ocors_store_read_site(uint32_t tree, ocors_span_t site, ocors_span_t api,
                             ocors_policy_t policies[OCORS_API_COUNT])
{
    const bool is_shop = ocors_span_is_equal(api, OCORS_SPAN_LITERAL("shop"));
    const bool is_data = ocors_span_is_equal(api, OCORS_SPAN_LITERAL("data"));
    size_t count = 0;

    if (in_force == NULL || tree >= in_force->tree_count) {
        return 0;
    }
    const parts_t parts = parts_of(in_force, (char *)(uintptr_t)in_force);
    const site_record_t *record = site_find(&parts, &parts.trees[tree], site);

    if (!is_data && ocors_store_read(record->policies[OCORS_API_SHOP], &policies[count])) {
        count++;
    }
    if (!is_shop && ocors_store_read(record->policies[OCORS_API_DATA], &policies[count])) {
        count++;
    }
    return count;
}

bool ocors_store_has_response_headers(void)
{
    return in_force != NULL && in_force->has_response_headers != 0;
}
