/* SPDX-License-Identifier: Apache-2.0 */
/* Writes snapshots. Owns nothing. */

#include "ocors_snapshot_write.h"

#include <apr_strings.h>

#include "ocors_fingerprint.h"
#include "ocors_image.h"

/* An image on its way. */
typedef struct cargo_t {
    const void *bytes;
    size_t size;
    ocors_document_t *document; /* whose it is; NULL: a last good one, in the segment in force */
    uint64_t place;             /* in the segment; 0: not there yet */
    bool is_shown;              /* a layer has it; else it waits for others to be mended */
} cargo_t;

static ocors_document_t *document_at(const ocors_snapshot_plan_t *plan, uint32_t number)
{
    return APR_ARRAY_IDX(plan->generation->documents, (int)number, ocors_document_t *);
}

static const ocors_generation_policy_t *policy_at(const ocors_snapshot_plan_t *plan,
                                                  uint32_t number)
{
    return APR_ARRAY_IDX(plan->generation->policies, (int)number,
                         const ocors_generation_policy_t *);
}

static const ocors_generation_tree_t *tree_at(const ocors_snapshot_plan_t *plan, uint32_t number)
{
    return APR_ARRAY_IDX(plan->generation->trees, (int)number, const ocors_generation_tree_t *);
}

/* Where an image is, if it is in this segment. */
static uint64_t place_in(const ocors_store_t *store, const void *bytes)
{
    const uintptr_t base = store != NULL ? (uintptr_t)ocors_store_base(store) : 0;
    const uintptr_t at = (uintptr_t)bytes;

    return base != 0 && at > base && at - base < ocors_store_size(store) ? at - base : 0;
}

static cargo_t *cargo_of(const ocors_snapshot_plan_t *plan, const void *bytes)
{
    const uintptr_t number = (uintptr_t)apr_hash_get(plan->by_address, &bytes, sizeof(bytes));

    return number != 0 ? &APR_ARRAY_IDX(plan->cargo, (int)number - 1, cargo_t) : NULL;
}

static void plan_image(ocors_snapshot_plan_t *plan, const ocors_document_image_t *image,
                       ocors_document_t *document, const ocors_store_t *store)
{
    cargo_t *cargo;

    if (image->bytes == NULL || cargo_of(plan, image->bytes) != NULL) {
        return;
    }
    cargo = apr_array_push(plan->cargo);
    *cargo = (cargo_t){
        .bytes = image->bytes,
        .size = image->size,
        .document = document,
        .place = place_in(store, image->bytes),
    };
    apr_hash_set(plan->by_address, apr_pmemdup(plan->scratch, &image->bytes, sizeof(image->bytes)),
                 sizeof(image->bytes), (void *)(uintptr_t)plan->cargo->nelts);
    plan->size += cargo->place == 0 ? ocors_round_up(image->size, OCORS_ROOM_ALIGNMENT) : 0;
}

static void plan_trees(ocors_snapshot_plan_t *plan)
{
    ocors_snapshot_header_t *header = &plan->header;

    header->tree_count = (uint32_t)plan->generation->trees->nelts;
    for (uint32_t i = 0; i < header->tree_count; i++) {
        const ocors_generation_tree_t *tree = tree_at(plan, i);

        header->site_count += (uint32_t)tree->sites->nelts;
        header->text_size += (uint32_t)strlen(tree->directory);
        for (int k = 0; k < tree->sites->nelts; k++) {
            header->text_size += (uint32_t)strlen(
                APR_ARRAY_IDX(tree->sites, k, ocors_generation_site_t).name);
        }
    }
}

ocors_snapshot_plan_t ocors_snapshot_plan(apr_pool_t *scratch, const ocors_store_t *store)
{
    ocors_snapshot_plan_t plan = {
        .generation = ocors_generation(),
        .scratch = scratch,
        .cargo = apr_array_make(scratch, 16, sizeof(cargo_t)),
        .by_address = apr_hash_make(scratch),
    };
    ocors_snapshot_header_t *header = &plan.header;

    header->document_count = (uint32_t)plan.generation->documents->nelts;
    header->policy_count = (uint32_t)plan.generation->policies->nelts;
    header->settings_count = (uint32_t)plan.generation->settings->nelts;
    for (uint32_t i = 0; i < header->document_count; i++) {
        ocors_document_t *document = document_at(&plan, i);

        header->text_size += (uint32_t)strlen(document->path);
        plan_image(&plan, &document->image, document, store);
    }
    for (uint32_t i = 0; i < header->policy_count; i++) {
        const ocors_generation_policy_t *policy = policy_at(&plan, i);

        header->layer_count += policy->layer_count;
        header->member_count += policy->document_count;
        header->text_size += (uint32_t)strlen(policy->owner);
        for (uint32_t k = 0; k < policy->layer_count; k++) {
            plan_image(&plan, &policy->layers[k], NULL, store);
            cargo_of(&plan, policy->layers[k].bytes)->is_shown = true;
        }
    }
    plan_trees(&plan);
    header->seed = plan.generation->seed;
    header->site_slot_count = (uint32_t)ocors_slots_count(header->site_count);
    header->size = ocors_round_up(ocors_snapshot_size(header), OCORS_ROOM_ALIGNMENT);
    plan.size += header->size;
    header->fingerprint = ocors_fingerprint(plan.generation, true);
    header->problems = ocors_fingerprint_problems(plan.generation);
    return plan;
}

bool ocors_snapshot_place(ocors_snapshot_plan_t *plan, const ocors_store_t *store)
{
    ocors_rooms_t rooms;
    uint64_t draft_size;
    bool fits;

    (void)ocors_store_draft(store, &draft_size);
    if (plan->header.size > draft_size || !ocors_store_find_gaps(store, plan->scratch, &rooms)) {
        return false;
    }
    fits = ocors_rooms_take(&rooms, plan->header.size, &plan->place);
    for (int i = 0; i < plan->cargo->nelts && fits; i++) {
        cargo_t *cargo = &APR_ARRAY_IDX(plan->cargo, i, cargo_t);

        if (cargo->place == 0) {
            fits = ocors_rooms_take(&rooms, cargo->size, &cargo->place);
        }
    }
    ocors_rooms_free(&rooms);
    return fits;
}

const ocors_document_t *ocors_snapshot_largest(const ocors_snapshot_plan_t *plan,
                                               const ocors_store_t *store)
{
    const cargo_t *largest = NULL;

    for (int i = 0; i < plan->cargo->nelts; i++) {
        const cargo_t *cargo = &APR_ARRAY_IDX(plan->cargo, i, cargo_t);

        if (cargo->document != NULL && place_in(store, cargo->bytes) == 0
            && (largest == NULL || cargo->size > largest->size)) {
            largest = cargo;
        }
    }
    return largest != NULL ? largest->document : NULL;
}

/* Moves an image to its place, and gives its document's memory back to the C library. */
static bool move_image(const cargo_t *cargo, char *to)
{
    if (cargo->bytes == to) {
        return true;
    }
    memcpy(to, cargo->bytes, cargo->size);
    if (cargo->document != NULL) {
        ocors_document_free_image(cargo->document);
    }
    return ocors_image_verify(to, cargo->size);
}

static bool write_images(ocors_snapshot_plan_t *plan, const ocors_store_t *store)
{
    for (int i = 0; i < plan->cargo->nelts; i++) {
        const cargo_t *cargo = &APR_ARRAY_IDX(plan->cargo, i, cargo_t);
        char *to = ocors_store_base(store) + cargo->place;
        ocors_image_t view;

        if (!move_image(cargo, to) || !ocors_image_open(to, cargo->size, &view)) {
            return false;
        }
        if (cargo->is_shown) {
            plan->header.image_bytes += cargo->size;
            plan->header.origin_count += view.origin_count;
            plan->header.client_count += view.client_count;
            plan->header.has_response_headers |= view.header_count > 0;
        }
    }
    return true;
}

/* Where texts go. */
typedef struct writer_t {
    char *text;
    uint32_t at;
} writer_t;

static ocors_snapshot_text_t write_text(writer_t *writer, const char *string)
{
    const ocors_snapshot_text_t text = { writer->at, (uint32_t)strlen(string) };

    memcpy(writer->text + text.at, string, text.length);
    writer->at += text.length;
    return text;
}

static void write_documents(const ocors_snapshot_plan_t *plan, const ocors_snapshot_t *snapshot,
                            writer_t *writer)
{
    ocors_snapshot_document_t *records = (void *)(uintptr_t)snapshot->documents;

    for (uint32_t i = 0; i < plan->header.document_count; i++) {
        const ocors_document_t *document = document_at(plan, i);

        records[i] = (ocors_snapshot_document_t){
            .file = document->is_passing ? (ocors_snapshot_file_t){ .inode = 0 } : document->file,
            .path = write_text(writer, document->path),
            .kept_policies = document->kept_policies,
            .closed_policies = document->closed_policies,
        };
    }
    for (int i = 0; i < plan->cargo->nelts; i++) {
        const cargo_t *cargo = &APR_ARRAY_IDX(plan->cargo, i, cargo_t);

        if (cargo->document != NULL) {
            records[cargo->document->number].image = cargo->place;
            records[cargo->document->number].image_size = cargo->size;
        }
    }
}

static void write_policies(const ocors_snapshot_plan_t *plan, const ocors_snapshot_t *snapshot,
                           writer_t *writer)
{
    ocors_snapshot_policy_t *records = (void *)(uintptr_t)snapshot->policies;
    ocors_snapshot_layer_t *layers = (void *)(uintptr_t)snapshot->layers;
    uint32_t *members = (void *)(uintptr_t)snapshot->members;
    uint32_t layer = 0, member = 0;

    for (uint32_t i = 0; i < plan->header.policy_count; i++) {
        const ocors_generation_policy_t *policy = policy_at(plan, i);

        records[i] = (ocors_snapshot_policy_t){
            .owner = write_text(writer, policy->owner),
            .first_layer = layer,
            .layer_count = policy->layer_count,
            .first_member = member,
            .member_count = policy->document_count,
        };
        for (uint32_t k = 0; k < policy->layer_count; k++) {
            layers[layer++] = (ocors_snapshot_layer_t){
                .image = cargo_of(plan, policy->layers[k].bytes)->place,
                .image_size = policy->layers[k].size,
            };
        }
        for (uint32_t k = 0; k < policy->document_count; k++) {
            members[member++] = policy->documents[k]->number;
        }
    }
}

static void write_trees(const ocors_snapshot_plan_t *plan, const ocors_snapshot_t *snapshot,
                        writer_t *writer)
{
    ocors_snapshot_tree_t *trees = (void *)(uintptr_t)snapshot->trees;
    ocors_snapshot_site_t *sites = (void *)(uintptr_t)snapshot->sites;
    uint32_t next = 0;

    for (uint32_t i = 0; i < plan->header.tree_count; i++) {
        const ocors_generation_tree_t *tree = tree_at(plan, i);

        trees[i] = (ocors_snapshot_tree_t){
            .directory = write_text(writer, tree->directory),
            .first_site = next,
            .site_count = (uint32_t)tree->sites->nelts,
        };
        for (int k = 0; k < tree->sites->nelts; k++, next++) {
            const ocors_generation_site_t *site = &APR_ARRAY_IDX(tree->sites, k,
                                                                 ocors_generation_site_t);

            sites[next].name = write_text(writer, site->name);
            memcpy(sites[next].policies, site->policies, sizeof(site->policies));
        }
    }
}

static void digest_policy(ocors_sha256_t *sha, const ocors_snapshot_t *snapshot, uint32_t number)
{
    ocors_policy_t policy;

    ocors_sha256_add(sha, OCORS_SPAN_LITERAL("\npolicy:"));
    (void)ocors_snapshot_read_policy(snapshot, number, &policy);
    for (uint32_t i = 0; i < policy.layer_count; i++) {
        ocors_sha256_add(sha,
                         ocors_span_make((const char *)policy.layers[i].digest, OCORS_SHA256_SIZE));
    }
}

/*
 * What tells machines of a fleet apart: the bytes of the documents in force and the names of sites,
 * in the order of the configuration; not where the files lie, nor which file it was.
 */
static void write_digest(const ocors_snapshot_t *snapshot, unsigned char *digest)
{
    ocors_sha256_t sha;

    ocors_sha256_init(&sha);
    for (uint32_t i = 0; i < snapshot->header.settings_count; i++) {
        digest_policy(&sha, snapshot, snapshot->settings[i]);
    }
    for (uint32_t i = 0; i < snapshot->header.tree_count; i++) {
        ocors_sha256_add(&sha, OCORS_SPAN_LITERAL("\ntree:"));
        for (uint32_t k = 0; k < snapshot->trees[i].site_count; k++) {
            const ocors_snapshot_site_t *site = &snapshot->sites[snapshot->trees[i].first_site + k];

            ocors_sha256_add(&sha, OCORS_SPAN_LITERAL("\nsite:"));
            ocors_sha256_add(&sha, ocors_snapshot_text(snapshot, site->name));
            for (unsigned api = 0; api < OCORS_API_COUNT; api++) {
                digest_policy(&sha, snapshot, site->policies[api]);
            }
        }
    }
    ocors_sha256_end(&sha, digest);
}

bool ocors_snapshot_write(ocors_snapshot_plan_t *plan, const ocors_store_t *store,
                          uint32_t generation, apr_time_t started)
{
    uint64_t room;
    char *draft = ocors_store_draft(store, &room);
    ocors_snapshot_header_t *header = (void *)draft;
    ocors_snapshot_t snapshot;
    writer_t writer = { .at = 0 };

    if (!write_images(plan, store)) {
        return false;
    }
    plan->header.generation = generation;
    *header = plan->header;
    if (!ocors_snapshot_open_tables(draft, room, ocors_store_base(store), ocors_store_size(store),
                                    &snapshot)) {
        return false;
    }
    writer.text = (char *)(uintptr_t)snapshot.text;
    write_documents(plan, &snapshot, &writer);
    write_policies(plan, &snapshot, &writer);
    write_trees(plan, &snapshot, &writer);
    ocors_snapshot_index_sites(&snapshot);
    memcpy((void *)(uintptr_t)snapshot.settings, plan->generation->settings->elts,
           header->settings_count * sizeof(uint32_t));
    write_digest(&snapshot, header->digest);
    header->published = apr_time_now();
    header->duration = header->published - started + plan->generation->spent;
    return true;
}

const char *ocors_snapshot_settings_owner(const ocors_snapshot_plan_t *plan, uint32_t number)
{
    return policy_at(plan, APR_ARRAY_IDX(plan->generation->settings, (int)number, uint32_t))->owner;
}

const char *ocors_snapshot_tree_directory(const ocors_snapshot_plan_t *plan, uint32_t number)
{
    return tree_at(plan, number)->directory;
}
