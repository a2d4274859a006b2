/* SPDX-License-Identifier: Apache-2.0 */
/* The first stage of a collection: which documents there are. Owns nothing. */

#include "ocors_collection.h"

#include <apr_strings.h>

#include "ocors_tree.h"

/* ---- Documents ------------------------------------------------------------------------------- */

static ocors_document_t *document_push(ocors_collection_t *collection, const char *path,
                                       const char *where, uint32_t in_force)
{
    ocors_document_t *document = ocors_document_create(path, collection->pool);

    document->where = where;
    document->in_force = in_force;
    document->index = (uint32_t)collection->documents->nelts;
    APR_ARRAY_PUSH(collection->documents, ocors_document_t *) = document;
    if (in_force != OCORS_SNAPSHOT_NONE) {
        collection->documents_in_force[in_force] = document;
    }
    else {
        apr_hash_set(collection->by_path, path, APR_HASH_KEY_STRING, document);
    }
    return document;
}

/*
 * The document of a path: the one that another policy has already, or a new one, whose file is the
 * one in force, deferred, or to be read. NULL: it is deferred, and none is in force.
 */
static ocors_document_t *document_add(ocors_collection_t *collection, const char *path,
                                      const char *where, ocors_listing_t *listing)
{
    const ocors_snapshot_t *snapshot = collection->in_force;
    const uint32_t in_force = ocors_snapshot_find_document(snapshot, ocors_span_from_string(path));
    ocors_document_t *document = in_force != OCORS_SNAPSHOT_NONE
                                     ? collection->documents_in_force[in_force]
                                     : apr_hash_get(collection->by_path, path, APR_HASH_KEY_STRING);
    const ocors_snapshot_file_t *file;
    bool is_same, is_left;

    if (document != NULL) {
        return document;
    }
    file = &ocors_listing_stat(listing, path)->file;
    is_same = in_force != OCORS_SNAPSHOT_NONE
              && ocors_snapshot_file_is_same(&snapshot->documents[in_force].file, file);
    is_left = (is_same && !snapshot->documents[in_force].is_transient)
              || (collection->is_full && in_force == OCORS_SNAPSHOT_NONE)
              || ocors_deferral_has(collection->deferral, path, file);
    if (is_left && in_force == OCORS_SNAPSHOT_NONE) {
        return NULL;
    }
    document = document_push(collection, apr_pstrdup(collection->pool, path), where, in_force);
    if (is_left) {
        ocors_collection_recall(collection, document);
        document->state = is_same ? OCORS_DOCUMENT_IN_FORCE : OCORS_DOCUMENT_DEFERRED;
    }
    else {
        document->file = *file;
        document->state = OCORS_DOCUMENT_UNREAD;
    }
    return document;
}

/* The same of a document that is in force, and whose file has not changed. */
static ocors_document_t *document_keep(ocors_collection_t *collection, uint32_t in_force,
                                       const char *where)
{
    const ocors_snapshot_t *snapshot = collection->in_force;
    ocors_document_t *document = collection->documents_in_force[in_force];

    if (document == NULL) {
        const ocors_span_t path = ocors_snapshot_text(snapshot, snapshot->documents[in_force].path);

        document = document_push(
            collection, apr_pstrmemdup(collection->pool, path.bytes, path.length), where, in_force);
        ocors_collection_recall(collection, document);
    }
    return document;
}

/* ---- Policies -------------------------------------------------------------------------------- */

static ocors_collection_policy_t *policy_push(ocors_collection_t *collection, uint32_t in_force,
                                              ocors_document_t **documents, uint32_t count)
{
    ocors_collection_policy_t *policy = apr_pcalloc(collection->pool, sizeof(*policy));

    policy->index = (uint32_t)collection->policies->nelts;
    policy->in_force = in_force;
    policy->documents = documents;
    policy->document_count = count;
    APR_ARRAY_PUSH(collection->policies, ocors_collection_policy_t *) = policy;
    return policy;
}

/* The policy of these documents. NULL: it waits for one, and nothing of it is in force. */
static ocors_collection_policy_t *policy_add(ocors_collection_t *collection, uint32_t in_force,
                                             const char *const *paths, uint32_t path_count,
                                             const char *where, ocors_listing_t *listing)
{
    ocors_document_t **documents = apr_palloc(collection->pool, path_count * sizeof(*documents));
    ocors_collection_policy_t *policy = NULL;
    uint32_t count = 0;

    for (uint32_t i = 0; i < path_count; i++) {
        documents[count] = document_add(collection, paths[i], where, listing);
        count += documents[count] != NULL;
    }
    if (count == path_count || in_force != OCORS_SNAPSHOT_NONE) {
        policy = policy_push(collection, in_force, documents, count);
        policy->is_pending = count < path_count;
    }
    return policy;
}

/* A policy that is in force, and of which no file has changed. */
static ocors_collection_policy_t *policy_recall(ocors_collection_t *collection, uint32_t in_force,
                                                const char *where)
{
    const ocors_snapshot_t *snapshot = collection->in_force;
    const ocors_snapshot_policy_t *record = &snapshot->policies[in_force];
    ocors_document_t **documents = apr_palloc(collection->pool,
                                              record->member_count * sizeof(*documents));

    for (uint32_t i = 0; i < record->member_count; i++) {
        documents[i] = document_keep(collection, snapshot->members[record->first_member + i],
                                     where);
    }
    return policy_push(collection, in_force, documents, record->member_count);
}

/* Whether a policy has the documents that it has in force, and their files are those. */
static bool policy_is_in_force(const ocors_collection_t *collection,
                               const ocors_collection_policy_t *policy)
{
    const ocors_snapshot_t *snapshot = collection->in_force;
    const ocors_snapshot_policy_t *record;

    if (policy->in_force == OCORS_SNAPSHOT_NONE) {
        return false;
    }
    record = &snapshot->policies[policy->in_force];
    if (policy->is_pending || record->member_count != policy->document_count) {
        return false;
    }
    for (uint32_t i = 0; i < policy->document_count; i++) {
        if (policy->documents[i]->state != OCORS_DOCUMENT_IN_FORCE
            || policy->documents[i]->in_force != snapshot->members[record->first_member + i]) {
            return false;
        }
    }
    return true;
}

/* ---- Trees ----------------------------------------------------------------------------------- */

/* What the functions below share. */
typedef struct tree_add_t {
    ocors_collection_t *collection;
    const ocors_tree_t *listed;
    const char *where;
    ocors_listing_t *listing;
} tree_add_t;

/* The policy that a site has in force for an API. */
static uint32_t policy_in_force(const tree_add_t *add, const ocors_tree_site_t *site, unsigned api)
{
    return site->in_force != OCORS_SNAPSHOT_NONE
               ? add->collection->in_force->sites[site->in_force].policies[api]
               : OCORS_SNAPSHOT_NONE;
}

/*
 * A policy of a site that was listed: the organisation's document under its own. NULL: there is
 * none, or not all that are meant can be told, as fewer documents could allow more, or it waits.
 */
static ocors_collection_policy_t *site_policy(const tree_add_t *add, const ocors_tree_site_t *site,
                                              unsigned api, bool *is_pending)
{
    const ocors_tree_site_t *organisation = &APR_ARRAY_IDX(add->listed->sites, 0,
                                                           ocors_tree_site_t);
    const uint32_t in_force = policy_in_force(add, site, api);
    ocors_collection_policy_t *policy;
    const char *paths[2];
    uint32_t count = 0;

    if (organisation->paths[api] != NULL) {
        paths[count++] = organisation->paths[api];
    }
    if (site != organisation && site->paths[api] != NULL) {
        paths[count++] = site->paths[api];
    }
    if (count == 0 || (site->is_unknown && in_force == OCORS_SNAPSHOT_NONE)) {
        return NULL;
    }
    policy = policy_add(add->collection, in_force, paths, count, add->where, add->listing);
    *is_pending = *is_pending || policy == NULL;
    return policy;
}

/* Whether a site that was listed is all in force, and a change of it will be told. */
static bool site_is_settled(const tree_add_t *add, const ocors_tree_site_t *from,
                            const ocors_collection_site_t *site)
{
    bool is_settled = from->is_told && !from->is_unknown && from->in_force != OCORS_SNAPSHOT_NONE;

    for (unsigned api = 0; api < OCORS_API_COUNT && is_settled; api++) {
        is_settled = site->policies[api] != NULL
                         ? policy_is_in_force(add->collection, site->policies[api])
                         : policy_in_force(add, from, api) == OCORS_SNAPSHOT_NONE;
    }
    return is_settled;
}

/* Adds a site. A new one waits for its policies; the organisation is always there. */
static void site_add(const tree_add_t *add, const ocors_tree_site_t *from,
                     apr_array_header_t *sites)
{
    ocors_collection_t *collection = add->collection;
    ocors_collection_site_t site = {
        .name = from->name,
        .in_force = from->in_force,
    };
    const bool is_new = from->in_force == OCORS_SNAPSHOT_NONE;
    bool is_pending = is_new && collection->is_full;

    for (unsigned api = 0; api < OCORS_API_COUNT && !(is_new && is_pending); api++) {
        if (!from->is_unchanged) {
            site.policies[api] = site_policy(add, from, api, &is_pending);
        }
        else if (policy_in_force(add, from, api) != OCORS_SNAPSHOT_NONE) {
            site.policies[api] = policy_recall(collection, policy_in_force(add, from, api),
                                               add->where);
        }
    }
    if (!from->is_unchanged && (is_pending || !site_is_settled(add, from, &site))) {
        APR_ARRAY_PUSH(collection->unsettled, const char *) = from->unsettled;
    }
    if (!is_pending || !is_new || sites->nelts == 0) {
        APR_ARRAY_PUSH(sites, ocors_collection_site_t) = site;
    }
}

static bool has_tree(const ocors_collection_t *collection, const ocors_key_t *key)
{
    for (int i = 0; i < collection->trees->nelts; i++) {
        if (ocors_key_is_equal(&APR_ARRAY_IDX(collection->trees, i, ocors_collection_tree_t *)->key,
                               key)) {
            return true;
        }
    }
    return false;
}

static void tree_add(ocors_collection_t *collection, const ocors_list_t *list,
                     ocors_listing_t *listing, apr_hash_t *changed)
{
    tree_add_t add = { .collection = collection, .where = list->where, .listing = listing };
    ocors_collection_tree_t *tree;

    if (has_tree(collection, &list->key)) {
        return; /* another section names it, too */
    }
    tree = apr_pcalloc(collection->pool, sizeof(*tree));
    tree->key = list->key;
    tree->directory = list->paths[0];
    add.listed = ocors_tree_list(collection->pool, list, collection->in_force, listing,
                                 collection->deferral, changed);
    tree->sites = apr_array_make(collection->pool, add.listed->sites->nelts,
                                 sizeof(ocors_collection_site_t));
    for (int i = 0; i < add.listed->sites->nelts; i++) {
        site_add(&add, &APR_ARRAY_IDX(add.listed->sites, i, ocors_tree_site_t), tree->sites);
    }
    if (!add.listed->is_settled) {
        APR_ARRAY_PUSH(collection->unsettled, const char *) = tree->directory;
    }
    apr_array_cat(collection->problems, add.listed->problems);
    apr_array_cat(collection->warnings, add.listed->warnings);
    APR_ARRAY_PUSH(collection->trees, ocors_collection_tree_t *) = tree;
}

void ocors_collection_list(ocors_collection_t *collection, const apr_array_header_t *lists,
                           ocors_listing_t *listing, apr_hash_t *changed)
{
    for (int i = 0; i < lists->nelts; i++) {
        const ocors_list_t *list = APR_ARRAY_IDX(lists, i, const ocors_list_t *);

        if (list->is_tree) {
            tree_add(collection, list, listing, changed);
        }
        else if (apr_hash_get(collection->by_key, &list->key, sizeof(list->key)) == NULL) {
            uint32_t index;
            ocors_collection_policy_t *policy = policy_add(
                collection,
                ocors_snapshot_find_policy(collection->in_force, &list->key, &index)
                    ? index
                    : OCORS_SNAPSHOT_NONE,
                list->paths, list->path_count, list->where, listing);

            if (policy != NULL) {
                policy->key = list->key;
                apr_hash_set(collection->by_key, &policy->key, sizeof(policy->key), policy);
            }
        }
    }
}
