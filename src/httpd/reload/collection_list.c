/* SPDX-License-Identifier: Apache-2.0 */
/* The first stage of a collection: which documents there are. Owns nothing. */

#include "ocors_collection.h"

#include <apr_strings.h>

#include "ocors_tree.h"

/* ---- Documents ------------------------------------------------------------------------------- */

/* Decides what a document's file is to this reading: the one in force, deferred, or to be read. */
static void document_place(const ocors_collection_t *collection, ocors_document_t *document,
                           const ocors_snapshot_file_t *file)
{
    const bool is_known = document->known != OCORS_SNAPSHOT_NONE;
    const ocors_snapshot_document_t *known =
        is_known ? &collection->known->snapshot->documents[document->known] : NULL;
    const bool is_same = is_known && ocors_snapshot_file_is_same(&known->file, file);

    document->file = *file;
    if ((!is_same || known->is_transient)
        && !ocors_deferral_has(collection->deferral, document->path, file)) {
        document->state = OCORS_DOCUMENT_UNREAD;
    }
    else if (is_known) {
        ocors_collection_recall(collection, document);
        document->state = is_same ? OCORS_DOCUMENT_IN_FORCE : OCORS_DOCUMENT_DEFERRED;
    }
    else {
        document->file = (ocors_snapshot_file_t){ .inode = 0 };
        document->state = OCORS_DOCUMENT_PENDING;
    }
}

static ocors_document_t *document_push(ocors_collection_t *collection, const char *path,
                                       const char *where, uint32_t known)
{
    ocors_document_t *document = ocors_document_create(path, collection->pool);

    document->where = where;
    document->known = known;
    document->index = (uint32_t)collection->documents->nelts;
    APR_ARRAY_PUSH(collection->documents, ocors_document_t *) = document;
    if (known != OCORS_SNAPSHOT_NONE) {
        collection->documents_known[known] = document;
    }
    else {
        apr_hash_set(collection->by_path, path, APR_HASH_KEY_STRING, document);
    }
    return document;
}

/* The document of a path: a new one, or the one that another policy has already. */
static ocors_document_t *document_add(ocors_collection_t *collection, const char *path,
                                      const char *where, ocors_listing_t *listing)
{
    const uint32_t known = ocors_known_document(collection->known, path);
    ocors_document_t *document = known != OCORS_SNAPSHOT_NONE
                                     ? collection->documents_known[known]
                                     : apr_hash_get(collection->by_path, path, APR_HASH_KEY_STRING);

    if (document == NULL) {
        document = document_push(collection, apr_pstrdup(collection->pool, path), where, known);
        document_place(collection, document, &ocors_listing_stat(listing, path)->file);
    }
    return document;
}

/* The same of a document that is in force, and whose file has not changed. */
static ocors_document_t *document_keep(ocors_collection_t *collection, uint32_t known,
                                       const char *where)
{
    const ocors_snapshot_t *snapshot = collection->known->snapshot;
    ocors_document_t *document = collection->documents_known[known];

    if (document == NULL) {
        const ocors_span_t path = ocors_snapshot_text(snapshot, snapshot->documents[known].path);

        document = document_push(
            collection, apr_pstrmemdup(collection->pool, path.bytes, path.length), where, known);
        ocors_collection_recall(collection, document);
    }
    return document;
}

/* ---- Policies -------------------------------------------------------------------------------- */

static ocors_collection_policy_t *policy_push(ocors_collection_t *collection, uint32_t known,
                                              uint32_t document_count)
{
    ocors_collection_policy_t *policy = apr_pcalloc(collection->pool, sizeof(*policy));

    policy->known = known;
    policy->document_count = document_count;
    policy->documents = apr_palloc(collection->pool, document_count * sizeof(*policy->documents));
    APR_ARRAY_PUSH(collection->policies, ocors_collection_policy_t *) = policy;
    return policy;
}

static ocors_collection_policy_t *policy_add(ocors_collection_t *collection, uint32_t known,
                                             const char *const *paths, uint32_t count,
                                             const char *where, ocors_listing_t *listing)
{
    ocors_collection_policy_t *policy = policy_push(collection, known, count);

    for (uint32_t i = 0; i < count; i++) {
        policy->documents[i] = document_add(collection, paths[i], where, listing);
    }
    return policy;
}

/* A policy that is in force, and of which no file has changed. */
static ocors_collection_policy_t *policy_recall(ocors_collection_t *collection, uint32_t known,
                                                const char *where)
{
    const ocors_snapshot_t *snapshot = collection->known->snapshot;
    const ocors_snapshot_policy_t *record = &snapshot->policies[known];
    ocors_collection_policy_t *policy = policy_push(collection, known, record->member_count);

    for (uint32_t i = 0; i < record->member_count; i++) {
        policy->documents[i] = document_keep(collection,
                                             snapshot->members[record->first_member + i], where);
    }
    return policy;
}

/* Whether a policy has the documents that it has in force, and their files are those. */
static bool policy_is_in_force(const ocors_collection_t *collection,
                               const ocors_collection_policy_t *policy)
{
    const ocors_snapshot_t *snapshot = collection->known->snapshot;
    const ocors_snapshot_policy_t *known;

    if (policy->known == OCORS_SNAPSHOT_NONE) {
        return false;
    }
    known = &snapshot->policies[policy->known];
    if (known->member_count != policy->document_count) {
        return false;
    }
    for (uint32_t i = 0; i < policy->document_count; i++) {
        if (policy->documents[i]->state != OCORS_DOCUMENT_IN_FORCE
            || policy->documents[i]->known != snapshot->members[known->first_member + i]) {
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
static uint32_t known_policy(const tree_add_t *add, const ocors_tree_site_t *site, unsigned api)
{
    return site->known != OCORS_SNAPSHOT_NONE
               ? add->collection->known->snapshot->sites[site->known].policies[api]
               : OCORS_SNAPSHOT_NONE;
}

/*
 * A policy of a site that was listed: the organisation's document under its own. NULL: there is
 * none, or not all that are meant are known: fewer documents could allow more.
 */
static ocors_collection_policy_t *site_policy(const tree_add_t *add, const ocors_tree_site_t *site,
                                              unsigned api)
{
    const ocors_tree_site_t *organisation = &APR_ARRAY_IDX(add->listed->sites, 0,
                                                           ocors_tree_site_t);
    const uint32_t known = known_policy(add, site, api);
    const char *paths[2];
    uint32_t count = 0;

    if (organisation->paths[api] != NULL) {
        paths[count++] = organisation->paths[api];
    }
    if (site != organisation && site->paths[api] != NULL) {
        paths[count++] = site->paths[api];
    }
    return count == 0 || (site->is_unknown && known == OCORS_SNAPSHOT_NONE)
               ? NULL
               : policy_add(add->collection, known, paths, count, add->where, add->listing);
}

/* Whether a site that was listed is all in force, and a change of it will be told. */
static bool site_is_settled(const tree_add_t *add, const ocors_tree_site_t *from,
                            const ocors_collection_site_t *site)
{
    bool is_settled = from->is_told && !from->is_unknown && from->known != OCORS_SNAPSHOT_NONE;

    for (unsigned api = 0; api < OCORS_API_COUNT && is_settled; api++) {
        is_settled = site->policies[api] != NULL
                         ? policy_is_in_force(add->collection, site->policies[api])
                         : known_policy(add, from, api) == OCORS_SNAPSHOT_NONE;
    }
    return is_settled;
}

static void site_add(const tree_add_t *add, const ocors_tree_site_t *from,
                     ocors_collection_site_t *site)
{
    ocors_collection_t *collection = add->collection;

    *site = (ocors_collection_site_t){
        .name = apr_pstrdup(collection->pool, from->name),
        .known = from->known,
    };
    for (unsigned api = 0; api < OCORS_API_COUNT; api++) {
        if (!from->is_unchanged) {
            site->policies[api] = site_policy(add, from, api);
        }
        else if (known_policy(add, from, api) != OCORS_SNAPSHOT_NONE) {
            site->policies[api] = policy_recall(collection, known_policy(add, from, api),
                                                add->where);
        }
    }
    if (!from->is_unchanged && !site_is_settled(add, from, site)) {
        APR_ARRAY_PUSH(collection->unsettled, const char *) = apr_pstrdup(collection->pool,
                                                                          from->unsettled);
    }
}

static void add_texts(ocors_collection_t *collection, const ocors_tree_t *tree, const char *where)
{
    for (int i = 0; i < tree->problems->nelts; i++) {
        APR_ARRAY_PUSH(collection->problems,
                       ocors_collection_problem_t) = (ocors_collection_problem_t){
            .where = where,
            .text = apr_pstrdup(collection->pool, APR_ARRAY_IDX(tree->problems, i, const char *)),
        };
    }
    for (int i = 0; i < tree->warnings->nelts; i++) {
        APR_ARRAY_PUSH(collection->warnings, const char *) = apr_pstrdup(
            collection->pool, APR_ARRAY_IDX(tree->warnings, i, const char *));
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
    apr_pool_t *scratch;

    if (has_tree(collection, &list->key)) {
        return; /* another section names it, too */
    }
    apr_pool_create(&scratch, collection->pool);
    tree = apr_pcalloc(collection->pool, sizeof(*tree));
    tree->key = list->key;
    tree->directory = apr_pstrdup(collection->pool, list->paths[0]);
    add.listed = ocors_tree_list(scratch, tree->directory, &tree->key, collection->known, listing,
                                 collection->deferral, changed);
    tree->sites = apr_array_make(collection->pool, add.listed->sites->nelts,
                                 sizeof(ocors_collection_site_t));
    for (int i = 0; i < add.listed->sites->nelts; i++) {
        site_add(&add, &APR_ARRAY_IDX(add.listed->sites, i, ocors_tree_site_t),
                 apr_array_push(tree->sites));
    }
    if (!add.listed->is_settled) {
        APR_ARRAY_PUSH(collection->unsettled, const char *) = tree->directory;
    }
    add_texts(collection, add.listed, list->where);
    apr_pool_destroy(scratch);
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
            ocors_collection_policy_t *policy = policy_add(
                collection, ocors_known_policy(collection->known, &list->key), list->paths,
                list->path_count, list->where, listing);

            policy->key = list->key;
            apr_hash_set(collection->by_key, &policy->key, sizeof(policy->key), policy);
        }
    }
}
