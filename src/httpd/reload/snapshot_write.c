/* SPDX-License-Identifier: Apache-2.0 */
/* Writes snapshots. Owns nothing. */

#include "ocors_snapshot_write.h"

#include <apr_strings.h>

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

static const ocors_collection_site_t *site_at(const ocors_collection_tree_t *tree, int index)
{
    return &APR_ARRAY_IDX(tree->sites, index, ocors_collection_site_t);
}

static image_t *image_at(const ocors_snapshot_plan_t *plan, uint32_t index)
{
    return &APR_ARRAY_IDX(plan->images, (int)index, image_t);
}

/* ---- The plan ---------------------------------------------------------------------------------
 */

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

static void plan_documents(ocors_snapshot_plan_t *plan)
{
    ocors_snapshot_header_t *header = &plan->header;

    header->document_count = (uint32_t)plan->collection->documents->nelts;
    header->text_size += ERRORS_MAX * ERROR_MAX;
    for (uint32_t i = 0; i < header->document_count; i++) {
        const ocors_document_t *document = ocors_collection_document(plan->collection, i);

        header->text_size += (uint32_t)strlen(document->path);
        if (document->image != NULL) {
            plan_image(plan, document->image, false);
        }
    }
}

static void plan_policies(ocors_snapshot_plan_t *plan)
{
    ocors_snapshot_header_t *header = &plan->header;

    header->policy_count = (uint32_t)plan->collection->policies->nelts;
    for (uint32_t i = 0; i < header->policy_count; i++) {
        const ocors_collection_policy_t *policy = ocors_collection_policy(plan->collection, i);

        header->list_policy_count += !ocors_key_is_none(&policy->key);
        header->layer_count += policy->layer_count;
        header->member_count += policy->document_count;
        for (uint32_t k = 0; k < policy->layer_count; k++) {
            plan_image(plan, policy->layers[k], true);
        }
    }
}

static void plan_trees(ocors_snapshot_plan_t *plan)
{
    ocors_snapshot_header_t *header = &plan->header;

    header->tree_count = (uint32_t)plan->collection->trees->nelts;
    for (uint32_t i = 0; i < header->tree_count; i++) {
        const ocors_collection_tree_t *tree = ocors_collection_tree(plan->collection, i);

        header->site_count += (uint32_t)tree->sites->nelts;
        header->text_size += (uint32_t)strlen(tree->directory);
        for (int k = 0; k < tree->sites->nelts; k++) {
            header->text_size += (uint32_t)strlen(site_at(tree, k)->name);
        }
    }
}

ocors_snapshot_plan_t *ocors_snapshot_plan(apr_pool_t *scratch,
                                           const ocors_collection_t *collection)
{
    ocors_snapshot_plan_t *plan = apr_pcalloc(scratch, sizeof(*plan));
    ocors_snapshot_header_t *header = &plan->header;

    plan->collection = collection;
    plan->images = apr_array_make(scratch, 16, sizeof(image_t));
    plan_documents(plan);
    plan_policies(plan);
    plan_trees(plan);
    header->image_count = (uint32_t)plan->images->nelts;
    header->seed = collection->seed;
    header->fingerprint = ocors_collection_fingerprint(collection);
    header->problems = ocors_collection_problems(collection);
    ocors_snapshot_complete(header);
    header->size = header->tables_size;
    for (uint32_t i = 0; i < header->image_count; i++) {
        image_t *image = image_at(plan, i);

        image->record = (ocors_snapshot_image_t){ .at = header->size, .size = image->source->size };
        header->size += ocors_round_up(image->record.size, OCORS_IMAGE_ALIGNMENT);
    }
    plan->tables_size = header->tables_size;
    plan->size = header->size;
    return plan;
}

/* ---- Images -----------------------------------------------------------------------------------
 */

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
        header->image_bytes += image->source->size;
        header->origin_count += view.origin_count;
        header->client_count += view.client_count;
        header->has_response_headers |= view.header_count > 0;
    }
    return true;
}

/* ---- Tables -----------------------------------------------------------------------------------
 */

/* Where texts go. */
typedef struct writer_t {
    const ocors_snapshot_plan_t *plan;
    const ocors_snapshot_t *snapshot;
    uint32_t text_at, error_count;
} writer_t;

static ocors_snapshot_text_t write_text(writer_t *writer, ocors_span_t span)
{
    const ocors_snapshot_text_t text = { writer->text_at, (uint32_t)span.length };

    memcpy((char *)(uintptr_t)writer->snapshot->text + text.at, span.bytes, text.length);
    writer->text_at += text.length;
    return text;
}

static void write_images(const writer_t *writer)
{
    ocors_snapshot_image_t *records = (void *)(uintptr_t)writer->snapshot->images;

    for (uint32_t i = 0; i < writer->plan->header.image_count; i++) {
        records[i] = image_at(writer->plan, i)->record;
    }
}

/* The first error of a document, if there is room for it. */
static ocors_snapshot_text_t write_error(writer_t *writer, const char *error)
{
    const ocors_span_t text = ocors_span_from_string(error != NULL ? error : "");

    if (text.length == 0 || writer->error_count == ERRORS_MAX) {
        return (ocors_snapshot_text_t){ 0, 0 };
    }
    writer->error_count++;
    return write_text(writer, ocors_utf8_cut(text, ERROR_MAX));
}

/* Since when a document is what it is: an error that is found again is not a new one. */
static int64_t document_since(const ocors_snapshot_plan_t *plan, const ocors_document_t *document)
{
    const ocors_snapshot_t *in_force = plan->collection->known->snapshot;
    const ocors_snapshot_document_t *known = document->known != OCORS_SNAPSHOT_NONE
                                                 ? &in_force->documents[document->known]
                                                 : NULL;

    if (document->since == 0 && document->error != NULL && known != NULL
        && ocors_span_is_equal(
            ocors_snapshot_text(in_force, known->error),
            ocors_utf8_cut(ocors_span_from_string(document->error), ERROR_MAX))) {
        return known->since;
    }
    return document->since != 0 ? document->since : plan->header.published;
}

static void write_documents(writer_t *writer)
{
    const ocors_snapshot_plan_t *plan = writer->plan;
    ocors_snapshot_document_t *records = (void *)(uintptr_t)writer->snapshot->documents;

    for (uint32_t i = 0; i < plan->header.document_count; i++) {
        const ocors_document_t *document = ocors_collection_document(plan->collection, i);

        records[i] = (ocors_snapshot_document_t){
            .file = document->file,
            .since = document_since(plan, document),
            .path = write_text(writer, ocors_span_from_string(document->path)),
            .error = write_error(writer, document->image == NULL ? document->error : NULL),
            .image = document->image != NULL ? document->image->index : OCORS_SNAPSHOT_NONE,
            .kept_policies = document->kept_policies,
            .closed_policies = document->closed_policies,
            .is_transient = document->is_transient,
        };
    }
}

static void write_policies(const writer_t *writer)
{
    const ocors_snapshot_plan_t *plan = writer->plan;
    ocors_snapshot_policy_t *records = (void *)(uintptr_t)writer->snapshot->policies;
    uint32_t *layers = (void *)(uintptr_t)writer->snapshot->layers;
    uint32_t *members = (void *)(uintptr_t)writer->snapshot->members;
    uint32_t layer = 0, member = 0;

    for (uint32_t i = 0; i < plan->header.policy_count; i++) {
        const ocors_collection_policy_t *policy = ocors_collection_policy(plan->collection, i);

        records[i] = (ocors_snapshot_policy_t){
            .key = policy->key,
            .first_layer = layer,
            .layer_count = policy->layer_count,
            .first_member = member,
            .member_count = policy->document_count,
        };
        for (uint32_t k = 0; k < policy->layer_count; k++) {
            layers[layer++] = policy->layers[k]->index;
        }
        for (uint32_t k = 0; k < policy->document_count; k++) {
            members[member++] = policy->documents[k]->index;
        }
    }
}

static void write_trees(writer_t *writer)
{
    const ocors_snapshot_plan_t *plan = writer->plan;
    ocors_snapshot_tree_t *trees = (void *)(uintptr_t)writer->snapshot->trees;
    ocors_snapshot_site_t *sites = (void *)(uintptr_t)writer->snapshot->sites;
    uint32_t next = 0;

    for (uint32_t i = 0; i < plan->header.tree_count; i++) {
        const ocors_collection_tree_t *tree = ocors_collection_tree(plan->collection, i);

        trees[i] = (ocors_snapshot_tree_t){
            .key = tree->key,
            .directory = write_text(writer, ocors_span_from_string(tree->directory)),
            .first_site = next,
            .site_count = (uint32_t)tree->sites->nelts,
        };
        for (int k = 0; k < tree->sites->nelts; k++, next++) {
            const ocors_collection_site_t *site = site_at(tree, k);

            sites[next].name = write_text(writer, ocors_span_from_string(site->name));
            sites[next].tree = i;
            for (unsigned api = 0; api < OCORS_API_COUNT; api++) {
                sites[next].policies[api] = site->policies[api] != NULL ? site->policies[api]->index
                                                                        : OCORS_SNAPSHOT_NONE;
            }
        }
    }
}

/* ---- The fleet's digest -----------------------------------------------------------------------
 */

static void digest_policy(const ocors_snapshot_plan_t *plan, ocors_digest_t *digest,
                          const ocors_collection_policy_t *policy)
{
    ocors_digest_add(digest, OCORS_SPAN_LITERAL("\npolicy:"));
    for (uint32_t i = 0; policy != NULL && i < policy->layer_count; i++) {
        const image_t *image = image_at(plan, policy->layers[i]->index);

        ocors_digest_add(digest,
                         ocors_span_make((const char *)image->digest, sizeof(image->digest)));
    }
}

/*
 * What tells machines of a fleet apart: the bytes of the documents in force and the names of sites,
 * in the order of the configuration; neither where the files are, nor which files they are.
 */
static void make_digest(apr_pool_t *scratch, const ocors_snapshot_plan_t *plan,
                        unsigned char result[OCORS_DIGEST_SIZE])
{
    ocors_digest_t *digest = ocors_digest_begin(scratch);

    for (uint32_t i = 0; i < plan->header.policy_count; i++) {
        const ocors_collection_policy_t *policy = ocors_collection_policy(plan->collection, i);

        if (!ocors_key_is_none(&policy->key)) {
            digest_policy(plan, digest, policy);
        }
    }
    for (uint32_t i = 0; i < plan->header.tree_count; i++) {
        const ocors_collection_tree_t *tree = ocors_collection_tree(plan->collection, i);

        ocors_digest_add(digest, OCORS_SPAN_LITERAL("\ntree:"));
        for (int k = 0; k < tree->sites->nelts; k++) {
            const ocors_collection_site_t *site = site_at(tree, k);

            ocors_digest_add(digest, OCORS_SPAN_LITERAL("\nsite:"));
            ocors_digest_add(digest, ocors_span_from_string(site->name));
            for (unsigned api = 0; api < OCORS_API_COUNT; api++) {
                digest_policy(plan, digest, site->policies[api]);
            }
        }
    }
    ocors_digest_end(digest, result);
}

bool ocors_snapshot_write(ocors_snapshot_plan_t *plan, const ocors_store_t *from, ocors_store_t *to,
                          uint32_t area, uint32_t generation, apr_time_t started,
                          ocors_document_image_t **damaged)
{
    uint64_t row_size;
    char *tables = ocors_store_tables(to, area, &row_size);
    ocors_snapshot_header_t *header = &plan->header;
    ocors_snapshot_t snapshot;
    writer_t writer = { .plan = plan, .snapshot = &snapshot };

    *damaged = NULL;
    if (plan->tables_size > row_size || plan->size > ocors_store_area_size(to)) {
        return false;
    }
    header->image_bytes = header->origin_count = header->client_count = 0;
    header->has_response_headers = 0;
    for (uint32_t i = 0; i < header->image_count; i++) {
        image_t *image = image_at(plan, i);

        if (!write_image(plan, image, from, to, area)) {
            *damaged = image->source->is_on_heap ? NULL : image->source;
            return false;
        }
    }
    make_digest(plan->images->pool, plan, header->digest);
    header->generation = generation;
    header->published = apr_time_now();
    header->duration = header->published - started;
    memcpy(tables, header, sizeof(*header));
    if (!ocors_snapshot_open(tables, row_size, ocors_store_area(to, area),
                             ocors_store_area_size(to), &snapshot)) {
        return false;
    }
    write_images(&writer);
    write_documents(&writer);
    write_policies(&writer);
    write_trees(&writer);
    ocors_snapshot_index(&snapshot);
    return true;
}
