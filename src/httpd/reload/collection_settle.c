/* SPDX-License-Identifier: Apache-2.0 */
/* The later stages of a collection: documents are read, policies get their layers. Owns nothing. */

#include "ocors_collection.h"

#include <apr_strings.h>

/* A file that changes whenever it is read is taken as it was read last. */
#define REREADS_MAX 5

/* ---- Load ------------------------------------------------------------------------------------ */

/* False: the file is another one than was listed, and waits for another look. */
static bool document_load(const ocors_collection_t *collection, ocors_document_t *document)
{
    const ocors_snapshot_file_t listed = document->file;

    ocors_document_judge(document, collection->seed, collection->pool);
    if (collection->deferral != NULL && (!ocors_snapshot_file_is_same(&listed, &document->file))) {
        ocors_deferral_restart(collection->deferral, document->path, &document->file);
        return false;
    }
    return true;
}

/* Reads again what has changed since it was read or listed. Whether anything had. */
static bool documents_refresh(const ocors_collection_t *collection)
{
    bool has_changed = false;

    for (int i = 0; i < collection->documents->nelts; i++) {
        ocors_document_t *document = ocors_collection_document(collection, i);

        if (document->state != OCORS_DOCUMENT_FOLDER
            && ocors_document_is_stale(document, collection->pool)) {
            ocors_document_judge(document, collection->seed, collection->pool);
            has_changed = true;
        }
    }
    return has_changed;
}

/* Nothing tells whether such a file is written to once more. It is read again by the next look. */
static void doubt_fresh(const ocors_collection_t *collection)
{
    for (int i = 0; i < collection->documents->nelts; i++) {
        ocors_document_t *document = ocors_collection_document(collection, i);

        if (document->state == OCORS_DOCUMENT_JUDGED
            && ocors_listing_fresh_for(&document->file, collection->started) > OCORS_LISTING_TICK) {
            ocors_document_doubt(document);
        }
    }
}

/*
 * A policy of which a document was read: the file of another one may have changed since it was
 * listed as the one in force. False: it has, and waits for another look.
 */
static bool policy_is_of_one_time(const ocors_collection_t *collection,
                                  const ocors_collection_policy_t *policy)
{
    bool has_read = false;

    for (uint32_t i = 0; i < policy->document_count; i++) {
        has_read = has_read || policy->documents[i]->state == OCORS_DOCUMENT_JUDGED;
    }
    for (uint32_t i = 0; i < policy->document_count && has_read; i++) {
        const ocors_document_t *document = policy->documents[i];

        if (document->state == OCORS_DOCUMENT_IN_FORCE
            && ocors_document_is_stale(document, collection->pool)) {
            ocors_deferral_restart(collection->deferral, document->path, &document->file);
            return false;
        }
    }
    return true;
}

bool ocors_collection_load(ocors_collection_t *collection)
{
    const bool may_defer = collection->deferral != NULL;
    bool is_whole = true, has_read = false;

    for (int i = 0; i < collection->documents->nelts && is_whole; i++) {
        ocors_document_t *document = ocors_collection_document(collection, i);

        if (document->state == OCORS_DOCUMENT_UNREAD
            || (document->state == OCORS_DOCUMENT_IN_FORCE && document->has_no_room)) {
            is_whole = document_load(collection, document);
            has_read = true;
        }
    }
    for (int i = 0; i < collection->policies->nelts && is_whole && has_read && may_defer; i++) {
        is_whole = policy_is_of_one_time(collection, ocors_collection_policy(collection, i));
    }
    for (int i = 0; i < REREADS_MAX && has_read && !may_defer; i++) {
        has_read = documents_refresh(collection);
    }
    if (!may_defer) {
        doubt_fresh(collection);
    }
    return is_whole;
}

/* ---- Settle ---------------------------------------------------------------------------------- */

/* Gives a policy the layers that it has in force, whole, or none. */
static void policy_keep(const ocors_collection_t *collection, ocors_collection_policy_t *policy)
{
    const ocors_snapshot_policy_t *record = policy->before;

    policy->layer_count = 0;
    if (record == NULL) {
        return;
    }
    policy->layers = apr_palloc(collection->pool, record->layer_count * sizeof(*policy->layers));
    for (uint32_t i = 0; i < record->layer_count; i++) {
        policy->layers[i] = ocors_collection_image(
            collection, collection->in_force->layers[record->first_layer + i]);
        if (policy->layers[i] == NULL) {
            policy->layer_count = 0; /* half a policy is none */
            return;
        }
        policy->layer_count++;
    }
}

static void policy_settle(const ocors_collection_t *collection, ocors_collection_policy_t *policy)
{
    bool is_good = !policy->is_pending;

    for (uint32_t i = 0; i < policy->document_count; i++) {
        is_good = is_good && policy->documents[i]->image != NULL;
    }
    if (is_good) {
        policy->layer_count = policy->document_count;
        policy->layers = apr_palloc(collection->pool,
                                    policy->layer_count * sizeof(*policy->layers));
        for (uint32_t i = 0; i < policy->layer_count; i++) {
            policy->layers[i] = policy->documents[i]->image;
        }
        return;
    }
    policy_keep(collection, policy);
    for (uint32_t i = 0; i < policy->document_count; i++) {
        ocors_document_t *document = policy->documents[i];

        if (document->image == NULL) {
            document->kept_policies += policy->layer_count > 0;
            document->closed_policies += policy->layer_count == 0;
        }
    }
}

void ocors_collection_settle(ocors_collection_t *collection)
{
    for (int i = 0; i < collection->documents->nelts; i++) {
        ocors_document_t *document = ocors_collection_document(collection, i);

        document->kept_policies = document->closed_policies = 0;
    }
    for (int i = 0; i < collection->policies->nelts; i++) {
        policy_settle(collection, ocors_collection_policy(collection, i));
    }
}

void ocors_collection_damage(ocors_collection_t *collection, ocors_document_image_t *image)
{
    image->is_damaged = true;
    for (int i = 0; i < collection->documents->nelts; i++) {
        ocors_document_t *document = ocors_collection_document(collection, i);

        if (document->image == image) {
            document->image = NULL;
            document->state = OCORS_DOCUMENT_UNREAD;
        }
    }
}
