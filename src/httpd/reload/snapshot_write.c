/* SPDX-License-Identifier: Apache-2.0 */
/* Writes snapshots. Owns nothing. */

#include "ocors_snapshot_write.h"

#include <apr_random.h>
#include <apr_strings.h>

#include "ocors_counting.h"
#include "ocors_digest.h"
#include "ocors_image.h"
#include "ocors_utf8.h"

/*
 * The first errors of so many documents are written, each of at most so many bytes. Their room is
 * always there: a document that becomes bad makes no snapshot larger.
 */
#define ERRORS_MAX 32
#define ERROR_MAX  480

/* An image of the snapshot, whether documents have it, policies, or both. */
typedef struct image_t {
    ocors_document_image_t *source; /* whose `index` is that of this one */
    ocors_snapshot_image_t record;
    bool is_layer; /* else its document waits for others to be usable */
    unsigned char digest[OCORS_DIGEST_SIZE];
} image_t;

static image_t *image_at(const ocors_snapshot_plan_t *plan, uint32_t index)
{
    return &APR_ARRAY_IDX(plan->images, (int)index, image_t);
}

/* ---- The plan -------------------------------------------------------------------------------- */

/* Plans an image, once. `index` may be that of an earlier plan. */
static void plan_image(ocors_snapshot_plan_t *plan, ocors_document_image_t *source, bool is_layer)
{
    if (source->index >= (uint32_t)plan->images->nelts
        || image_at(plan, source->index)->source != source) {
        source->index = (uint32_t)plan->images->nelts;
        APR_ARRAY_PUSH(plan->images, image_t) = (image_t){ .source = source };
    }
    image_at(plan, source->index)->is_layer |= is_layer;
}

static ocors_snapshot_text_t plan_text(ocors_snapshot_plan_t *plan, ocors_span_t span)
{
    const ocors_snapshot_text_t text = { (uint32_t)plan->text->nelts, (uint32_t)span.length };
    const apr_array_header_t bytes = {
        .elt_size = 1,
        .nelts = (int)span.length,
        .elts = (char *)(uintptr_t)span.bytes,
    };

    apr_array_cat(plan->text, &bytes);
    return text;
}

/* Since when a document is what it is: an error that is found again is not a new one. */
static int64_t document_since(const ocors_snapshot_plan_t *plan, const ocors_document_t *document,
                              ocors_span_t error)
{
    const ocors_snapshot_document_t *before = document->before;

    if (document->since == 0 && error.length > 0 && before != NULL
        && ocors_span_is_equal(ocors_snapshot_text(plan->collection->in_force, before->error),
                               error)) {
        return before->since;
    }
    return document->since != 0 ? document->since : plan->header.published;
}

static void plan_documents(ocors_snapshot_plan_t *plan)
{
    uint32_t error_room = ERRORS_MAX * ERROR_MAX;

    for (int i = 0; i < plan->collection->documents->nelts; i++) {
        const ocors_document_t *document = ocors_collection_document(plan->collection, i);
        ocors_document_image_t *image = document->image;
        const ocors_span_t error = ocors_utf8_cut(ocors_span_from_string(document->error),
                                                  ERROR_MAX);
        ocors_snapshot_document_t record = {
            .file = document->file,
            .since = document_since(plan, document, error),
            .path = plan_text(plan, ocors_span_from_string(document->path)),
            .image = OCORS_SNAPSHOT_NONE,
            .kept_policies = document->kept_policies,
            .closed_policies = document->closed_policies,
            .is_transient = document->is_transient,
            .has_no_room = document->has_no_room,
            .has_been_good = image != NULL
                             || (document->before != NULL && document->before->has_been_good),
        };

        if (image != NULL) {
            plan_image(plan, image, false);
            record.image = image->index;
        }
        else if (error.length > 0 && error_room >= ERROR_MAX) {
            record.error = plan_text(plan, error);
            error_room -= ERROR_MAX;
            plan->header.text_size += ERROR_MAX - record.error.length;
        }
        APR_ARRAY_PUSH(plan->documents, ocors_snapshot_document_t) = record;
    }
    plan->header.text_size += error_room;
}

/* Plans the bits of a layer that others follow: which of its clients they replace. */
static void plan_replaced(ocors_snapshot_plan_t *plan, const ocors_document_image_t *layer)
{
    ocors_image_t image;

    /* A damaged image is not written, and so has no clients. */
    if (ocors_image_open(layer->bytes, layer->size, &image)) {
        plan->header.replaced_words += ocors_snapshot_replaced_words(image.client_count);
    }
}

static void plan_policies(ocors_snapshot_plan_t *plan)
{
    for (int i = 0; i < plan->collection->policies->nelts; i++) {
        const ocors_collection_policy_t *policy = ocors_collection_policy(plan->collection, i);

        APR_ARRAY_PUSH(plan->policies, ocors_snapshot_policy_t) = (ocors_snapshot_policy_t){
            .key = policy->key,
            .first_layer = (uint32_t)plan->layers->nelts,
            .layer_count = policy->layer_count,
        };
        plan->header.list_policy_count += !ocors_key_is_none(&policy->key);
        for (uint32_t k = 0; k < policy->layer_count; k++) {
            plan_image(plan, policy->layers[k], true);
            APR_ARRAY_PUSH(plan->layers, uint32_t) = policy->layers[k]->index;
            if (k + 1 < policy->layer_count) {
                plan_replaced(plan, policy->layers[k]);
            }
        }
    }
}

static void plan_trees(ocors_snapshot_plan_t *plan)
{
    for (int i = 0; i < plan->collection->trees->nelts; i++) {
        const ocors_tree_t *tree = ocors_collection_tree(plan->collection, i);

        APR_ARRAY_PUSH(plan->trees, ocors_snapshot_tree_t) = (ocors_snapshot_tree_t){
            .key = tree->list->key,
            .first_site = (uint32_t)plan->sites->nelts,
            .site_count = (uint32_t)tree->sites->nelts,
        };
        for (int k = 0; k < tree->sites->nelts; k++) {
            const ocors_tree_site_t *site = ocors_tree_site(tree, k);
            ocors_snapshot_site_t record = {
                .name = plan_text(plan, ocors_span_from_string(site->name)),
                .tree = (uint32_t)i,
                .row = site->is_unchanged ? plan->collection->in_force->sites[site->in_force].row
                                          : ocors_counting_row(site->name),
            };

            for (unsigned api = 0; api < OCORS_API_COUNT; api++) {
                record.policies[api] = site->policies[api] != NULL ? site->policies[api]->index
                                                                   : OCORS_SNAPSHOT_NONE;
            }
            APR_ARRAY_PUSH(plan->sites, ocors_snapshot_site_t) = record;
        }
    }
}

ocors_snapshot_plan_t *ocors_snapshot_plan(const ocors_collection_t *collection)
{
    apr_pool_t *pool = collection->pool;
    ocors_snapshot_plan_t *plan = apr_palloc(pool, sizeof(*plan));
    const int documents = collection->documents->nelts, policies = collection->policies->nelts;
    ocors_snapshot_header_t *header = &plan->header;

    *plan = (ocors_snapshot_plan_t){
        .collection = collection,
        .images = apr_array_make(pool, documents, sizeof(image_t)),
        .documents = apr_array_make(pool, documents, sizeof(ocors_snapshot_document_t)),
        .policies = apr_array_make(pool, policies, sizeof(ocors_snapshot_policy_t)),
        .layers = apr_array_make(pool, 2 * policies, sizeof(uint32_t)),
        .trees = apr_array_make(pool, 1, sizeof(ocors_snapshot_tree_t)),
        .sites = apr_array_make(pool, (int)collection->site_count,
                                sizeof(ocors_snapshot_site_t)),
        .text = apr_array_make(pool, 4096, 1),
        .header = {
            .seed = collection->seed,
            .published = apr_time_now(),
        },
    };
    plan_documents(plan);
    plan_policies(plan);
    plan_trees(plan);
    header->image_count = (uint32_t)plan->images->nelts;
    header->document_count = (uint32_t)plan->documents->nelts;
    header->policy_count = (uint32_t)plan->policies->nelts;
    header->layer_count = (uint32_t)plan->layers->nelts;
    header->tree_count = (uint32_t)plan->trees->nelts;
    header->site_count = (uint32_t)plan->sites->nelts;
    header->text_size += (uint32_t)plan->text->nelts;
    ocors_snapshot_complete(header);
    header->size = header->tables_size;
    for (uint32_t i = 0; i < header->image_count; i++) {
        image_t *image = image_at(plan, i);

        image->record = (ocors_snapshot_image_t){ .at = header->size, .size = image->source->size };
        header->size += ocors_round_up(image->record.size, OCORS_IMAGE_ALIGNMENT);
    }
    return plan;
}

/* ---- Images ---------------------------------------------------------------------------------- */

/*
 * Copies an image into the area. The heap is this process's own. The bytes of an area are checked
 * in the copy, so that nobody can change them in between; and if `from` is another store, no worker
 * has `to` yet. Gives the bytes to go by, or NULL: they are damaged.
 */
static const void *copy_image(image_t *image, const ocors_store_t *from, const ocors_store_t *to,
                              char *at)
{
    const ocors_document_image_t *source = image->source;
    const void *bytes = source->is_on_heap ? source->bytes : at;

    memcpy(at, source->bytes, source->size);
    if (!source->is_on_heap && ocors_store_check(from, at, source->size) != source->check) {
        return NULL;
    }
    image->record.check = !source->is_on_heap && from == to
                              ? source->check
                              : ocors_store_check(to, bytes, source->size);
    return bytes;
}

static bool write_image(ocors_snapshot_plan_t *plan, image_t *image, const ocors_store_t *from,
                        const ocors_store_t *to, uint32_t area)
{
    ocors_snapshot_header_t *header = &plan->header;
    const void *bytes = copy_image(image, from, to, ocors_store_area(to, area) + image->record.at);
    ocors_image_t view;

    if (bytes == NULL || !ocors_image_open(bytes, image->source->size, &view)) {
        return false;
    }
    memcpy(image->digest, view.digest, sizeof(image->digest));
    if (image->is_layer) {
        header->origin_count += view.origin_count;
        header->client_count += view.client_count;
        header->has_response_headers |= view.header_count > 0;
    }
    return true;
}

/* ---- The fleet's digest ---------------------------------------------------------------------- */

static void add_text(apr_crypto_hash_t *hash, const char *text)
{
    hash->add(hash, text, strlen(text));
}

static void digest_policy(const ocors_snapshot_plan_t *plan, apr_crypto_hash_t *hash,
                          const ocors_collection_policy_t *policy)
{
    add_text(hash, "\npolicy:");
    for (uint32_t i = 0; policy != NULL && i < policy->layer_count; i++) {
        const image_t *image = image_at(plan, policy->layers[i]->index);

        hash->add(hash, image->digest, sizeof(image->digest));
    }
}

/*
 * What tells machines of a fleet apart: the bytes of the documents in force and the names of sites,
 * in the order of the configuration; neither where the files are, nor which files they are.
 */
static void make_digest(apr_pool_t *scratch, const ocors_snapshot_plan_t *plan,
                        unsigned char result[OCORS_DIGEST_SIZE])
{
    apr_crypto_hash_t *hash = apr_crypto_sha256_new(scratch);

    hash->init(hash);
    for (int i = 0; i < plan->policies->nelts; i++) {
        const ocors_collection_policy_t *policy = ocors_collection_policy(plan->collection, i);

        if (!ocors_key_is_none(&policy->key)) {
            digest_policy(plan, hash, policy);
        }
    }
    for (int i = 0; i < plan->trees->nelts; i++) {
        const ocors_tree_t *tree = ocors_collection_tree(plan->collection, i);

        add_text(hash, "\ntree:");
        for (int k = 0; k < tree->sites->nelts; k++) {
            const ocors_tree_site_t *site = ocors_tree_site(tree, k);

            add_text(hash, "\nsite:");
            add_text(hash, site->name);
            for (unsigned api = 0; api < OCORS_API_COUNT; api++) {
                digest_policy(plan, hash, site->policies[api]);
            }
        }
    }
    hash->finish(hash, result);
}

/* ---- Writing --------------------------------------------------------------------------------- */

static void write_table(const void *table, const apr_array_header_t *records)
{
    memcpy((void *)(uintptr_t)table, records->elts,
           (size_t)records->nelts * (size_t)records->elt_size);
}

bool ocors_snapshot_write(ocors_snapshot_plan_t *plan, const ocors_store_t *from, ocors_store_t *to,
                          uint32_t area, ocors_document_image_t **damaged)
{
    const uint64_t area_size = ocors_store_area_size(to);
    char *tables = ocors_store_tables(to, area);
    const ocors_snapshot_header_t *in_force = &plan->collection->in_force->header;
    ocors_snapshot_header_t *header = &plan->header;
    ocors_snapshot_t snapshot;

    *damaged = NULL;
    if (header->size > area_size) {
        return false;
    }
    for (uint32_t i = 0; i < header->image_count; i++) {
        image_t *image = image_at(plan, i);

        if (!write_image(plan, image, from, to, area)) {
            *damaged = image->source->is_on_heap ? NULL : image->source;
            return false;
        }
    }
    make_digest(plan->images->pool, plan, header->digest);
    header->generation = in_force->generation + 1;
    if (in_force->generation > 0
        && memcmp(header->digest, in_force->digest, sizeof(header->digest)) == 0) {
        header->generation = in_force->generation; /* it says the same */
        header->published = in_force->published;
    }
    header->duration = apr_time_now() - plan->collection->started;
    memcpy(tables, header, sizeof(*header));
    if (!ocors_snapshot_open(tables, area_size, ocors_store_area(to, area), area_size, &snapshot)) {
        return false;
    }
    for (uint32_t i = 0; i < header->image_count; i++) {
        ((ocors_snapshot_image_t *)(uintptr_t)snapshot.images)[i] = image_at(plan, i)->record;
    }
    write_table(snapshot.documents, plan->documents);
    write_table(snapshot.policies, plan->policies);
    write_table(snapshot.layers, plan->layers);
    write_table(snapshot.trees, plan->trees);
    write_table(snapshot.sites, plan->sites);
    write_table(snapshot.text, plan->text);
    ocors_snapshot_index(&snapshot);
    return true;
}
