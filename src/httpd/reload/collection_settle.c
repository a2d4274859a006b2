/* SPDX-License-Identifier: Apache-2.0 */
/* The later stages of a collection: documents are read, policies get their layers. Owns nothing. */

#include "ocors_collection.h"

#include <apr_strings.h>

/* A file that changes whenever it is read is taken as it was read last. */
#define REREADS_MAX 5

/* The identity of a document that was overtaken: it is that of no file. */
static const ocors_snapshot_file_t overtaken = { .size = -1 };

/* ---- Load ------------------------------------------------------------------------------------ */

/*
 * The file changed after it was listed, such as by a swap of several files, of which others have
 * been read already. For now it is what it was, and policies that have it are not half new. The
 * next look reads it, even if the file that is in force comes back.
 */
static void document_defer(const ocors_collection_t *collection, ocors_document_t *document)
{
    ocors_deferral_restart(collection->deferral, document->path, &document->file);
    ocors_document_free_image(document);
    apr_array_clear(document->lines);
    document->error_count = 0;
    document->is_transient = document->has_changed = false;
    if (document->known != OCORS_SNAPSHOT_NONE) {
        ocors_collection_recall(collection, document);
        document->file = overtaken;
        document->state = OCORS_DOCUMENT_OVERTAKEN;
    }
    else {
        document->file = (ocors_snapshot_file_t){ .inode = 0 };
        document->state = OCORS_DOCUMENT_PENDING;
    }
}

static void document_load(const ocors_collection_t *collection, ocors_document_t *document)
{
    const ocors_snapshot_file_t listed = document->file;

    ocors_document_judge(document, collection->seed, collection->pool);
    if (collection->deferral != NULL
        && (document->has_changed || !ocors_snapshot_file_is_same(&listed, &document->file))) {
        document_defer(collection, document);
    }
}

/* Reads again what has changed since it was read or listed. Whether anything had. */
static bool documents_refresh(const ocors_collection_t *collection, apr_pool_t *scratch)
{
    bool has_changed = false;

    for (int i = 0; i < collection->documents->nelts; i++) {
        ocors_document_t *document = ocors_collection_document(collection, (uint32_t)i);

        if (ocors_document_is_stale(document, scratch)) {
            ocors_document_judge(document, collection->seed, collection->pool);
            has_changed = true;
        }
        apr_pool_clear(scratch);
    }
    return has_changed;
}

static bool policy_has(const ocors_collection_policy_t *policy, ocors_document_state_t state)
{
    for (uint32_t i = 0; i < policy->document_count; i++) {
        if (policy->documents[i]->state == state) {
            return true;
        }
    }
    return false;
}

/*
 * A policy of which a document was read: the file of another one may have changed since it was
 * listed as the one in force. Then the policy keeps its previous version.
 */
static void policies_check(const ocors_collection_t *collection, apr_pool_t *scratch)
{
    for (int i = 0; i < collection->policies->nelts; i++) {
        const ocors_collection_policy_t *policy = ocors_collection_policy(collection, (uint32_t)i);

        for (uint32_t n = 0;
             policy_has(policy, OCORS_DOCUMENT_JUDGED) && n < policy->document_count; n++) {
            ocors_document_t *document = policy->documents[n];

            if (document->state == OCORS_DOCUMENT_IN_FORCE
                && ocors_document_is_stale(document, scratch)) {
                document_defer(collection, document);
            }
            apr_pool_clear(scratch);
        }
    }
}

void ocors_collection_load(ocors_collection_t *collection)
{
    apr_pool_t *scratch;
    bool has_read = false;

    for (int i = 0; i < collection->documents->nelts; i++) {
        if (ocors_collection_document(collection, (uint32_t)i)->state == OCORS_DOCUMENT_UNREAD) {
            document_load(collection, ocors_collection_document(collection, (uint32_t)i));
            has_read = true;
        }
    }
    if (has_read) {
        apr_pool_create(&scratch, collection->pool);
        if (collection->deferral != NULL) {
            policies_check(collection, scratch);
        }
        else {
            for (int i = 0; i < REREADS_MAX && documents_refresh(collection, scratch); i++) {
            }
        }
        apr_pool_destroy(scratch);
    }
}

/* ---- Settle ---------------------------------------------------------------------------------- */

/* Gives a policy the layers that it has in force, whole, or none. */
static void policy_keep(const ocors_collection_t *collection, ocors_collection_policy_t *policy)
{
    const ocors_snapshot_t *snapshot = collection->known->snapshot;
    const ocors_snapshot_policy_t *known;

    policy->layer_count = 0;
    if (policy->known == OCORS_SNAPSHOT_NONE) {
        return;
    }
    known = &snapshot->policies[policy->known];
    policy->layers = apr_palloc(collection->pool, known->layer_count * sizeof(*policy->layers));
    for (uint32_t i = 0; i < known->layer_count; i++) {
        policy->layers[i] = ocors_collection_image(collection,
                                                   snapshot->layers[known->first_layer + i]);
        if (policy->layers[i] == NULL) {
            policy->layer_count = 0; /* half a policy is none */
            return;
        }
        policy->layer_count++;
    }
}

/* What is pending is not of this collection yet. */
static void policy_forget_pending(ocors_collection_policy_t *policy)
{
    uint32_t count = 0;

    for (uint32_t i = 0; i < policy->document_count; i++) {
        if (policy->documents[i]->state != OCORS_DOCUMENT_PENDING) {
            policy->documents[count++] = policy->documents[i];
        }
    }
    policy->document_count = count;
}

/* Gives a policy its layers. False: it waits for a document, and nothing of it is in force. */
static bool policy_settle(const ocors_collection_t *collection, ocors_collection_policy_t *policy)
{
    bool is_good = true;

    for (uint32_t i = 0; i < policy->document_count; i++) {
        policy->is_pending = policy->is_pending
                             || policy->documents[i]->state == OCORS_DOCUMENT_PENDING
                             || policy->documents[i]->state == OCORS_DOCUMENT_OVERTAKEN;
        is_good = is_good && policy->documents[i]->image != NULL;
    }
    policy_forget_pending(policy);
    if (policy->is_pending && policy->known == OCORS_SNAPSHOT_NONE) {
        return false;
    }
    if (!is_good || policy->is_pending) {
        policy_keep(collection, policy);
        for (uint32_t i = 0; i < policy->document_count; i++) {
            ocors_document_t *document = policy->documents[i];

            if (document->image == NULL) {
                document->kept_policies += policy->layer_count > 0;
                document->closed_policies += policy->layer_count == 0;
            }
        }
        return true;
    }
    policy->layer_count = policy->document_count;
    policy->layers = apr_palloc(collection->pool, policy->layer_count * sizeof(*policy->layers));
    for (uint32_t i = 0; i < policy->layer_count; i++) {
        policy->layers[i] = policy->documents[i]->image;
    }
    return true;
}

/* Takes policies that wait out of the sites; a new site waits with them. */
static void tree_settle(ocors_collection_tree_t *tree)
{
    int count = 0;

    for (int i = 0; i < tree->sites->nelts; i++) {
        ocors_collection_site_t site = APR_ARRAY_IDX(tree->sites, i, ocors_collection_site_t);
        bool waits = false;

        for (unsigned api = 0; api < OCORS_API_COUNT; api++) {
            if (site.policies[api] != NULL && site.policies[api]->is_left_out) {
                site.policies[api] = NULL;
                waits = true;
            }
        }
        if (!waits || site.known != OCORS_SNAPSHOT_NONE) {
            APR_ARRAY_IDX(tree->sites, count++, ocors_collection_site_t) = site;
        }
    }
    tree->sites->nelts = count;
}

void ocors_collection_settle(ocors_collection_t *collection)
{
    int count = 0;

    for (int i = 0; i < collection->documents->nelts; i++) {
        ocors_document_t *document = ocors_collection_document(collection, (uint32_t)i);

        document->kept_policies = document->closed_policies = 0;
    }
    for (int i = 0; i < collection->policies->nelts; i++) {
        ocors_collection_policy_t *policy = ocors_collection_policy(collection, (uint32_t)i);

        policy->is_left_out = !policy_settle(collection, policy);
        if (!policy->is_left_out) {
            policy->index = (uint32_t)count;
            APR_ARRAY_IDX(collection->policies, count++, ocors_collection_policy_t *) = policy;
        }
    }
    collection->policies->nelts = count;
    for (int i = 0; i < collection->trees->nelts; i++) {
        tree_settle(ocors_collection_tree(collection, (uint32_t)i));
    }
    count = 0;
    for (int i = 0; i < collection->documents->nelts; i++) {
        ocors_document_t *document = ocors_collection_document(collection, (uint32_t)i);

        if (document->state != OCORS_DOCUMENT_PENDING) {
            document->index = (uint32_t)count;
            APR_ARRAY_IDX(collection->documents, count++, ocors_document_t *) = document;
        }
    }
    collection->documents->nelts = count;
}

void ocors_collection_damage(ocors_collection_t *collection, ocors_document_image_t *image)
{
    image->is_damaged = true;
    for (int i = 0; i < collection->documents->nelts; i++) {
        ocors_document_t *document = ocors_collection_document(collection, (uint32_t)i);

        if (document->image == image) {
            document->image = NULL;
            document->state = OCORS_DOCUMENT_UNREAD;
        }
    }
}
