/* SPDX-License-Identifier: Apache-2.0 */
/* The first stage of a collection: which documents there are. Owns nothing. */

#include "ocors_collection.h"

#include <apr_strings.h>

#include "ocors_digest.h"
#include "ocors_tree.h"

/* Decides what a document's file is to this reading: the one in force, deferred, or to be read. */
static void document_place(const ocors_collection_t *collection, ocors_document_t *document,
                           const ocors_snapshot_file_t *file)
{
    static const ocors_snapshot_file_t none = { .inode = 0 };
    const ocors_snapshot_document_t *known = ocors_known_document(collection->known,
                                                                  document->path);
    const bool is_same = known != NULL && ocors_snapshot_file_is_same(&known->file, file);

    document->file = *file;
    if ((!is_same || known->is_transient)
        && !ocors_deferral_has(collection->deferral, document->path, file)) {
        document->state = OCORS_DOCUMENT_UNREAD;
    }
    else if (known != NULL) {
        ocors_document_recall(document, collection->known->snapshot, known);
        document->state = is_same ? OCORS_DOCUMENT_IN_FORCE : OCORS_DOCUMENT_DEFERRED;
    }
    else {
        document->file = none;
        document->state = OCORS_DOCUMENT_PENDING;
    }
}

static ocors_document_t *document_add(ocors_collection_t *collection, const char *path,
                                      const char *where, ocors_listing_t *listing)
{
    ocors_document_t *document = apr_hash_get(collection->by_path, path, APR_HASH_KEY_STRING);

    if (document == NULL) {
        document = ocors_document_create(apr_pstrdup(collection->pool, path), collection->pool);
        document->where = where;
        document->index = (uint32_t)collection->documents->nelts;
        document_place(collection, document, &ocors_listing_stat(listing, path)->file);
        APR_ARRAY_PUSH(collection->documents, ocors_document_t *) = document;
        apr_hash_set(collection->by_path, document->path, APR_HASH_KEY_STRING, document);
    }
    return document;
}

/* The policy of a key: a new one of these documents, or the one that has it already. */
static ocors_collection_policy_t *policy_add(ocors_collection_t *collection, const ocors_key_t *key,
                                             const char *const *paths, uint32_t count,
                                             const char *where, ocors_listing_t *listing)
{
    ocors_collection_policy_t *policy = apr_hash_get(collection->by_key, key, sizeof(*key));

    if (policy != NULL) {
        return policy;
    }
    policy = apr_pcalloc(collection->pool, sizeof(*policy));
    policy->key = *key;
    policy->document_count = count;
    policy->documents = apr_palloc(collection->pool, count * sizeof(*policy->documents));
    for (uint32_t i = 0; i < count; i++) {
        policy->documents[i] = document_add(collection, paths[i], where, listing);
    }
    apr_hash_set(collection->by_key, &policy->key, sizeof(policy->key), policy);
    APR_ARRAY_PUSH(collection->policies, ocors_collection_policy_t *) = policy;
    return policy;
}

/* The policies of one site: the organisation's document under its own. */
static void site_add(ocors_collection_t *collection, ocors_collection_tree_t *tree,
                     const ocors_tree_site_t *from, const ocors_tree_site_t *organisation,
                     const char *where, ocors_listing_t *listing, apr_pool_t *scratch)
{
    ocors_collection_site_t *site = apr_array_push(tree->sites);

    *site = (ocors_collection_site_t){ .name = apr_pstrdup(collection->pool, from->name) };
    for (unsigned api = 0; api < OCORS_API_COUNT; api++) {
        const char *paths[2];
        uint32_t count = 0, index;
        ocors_key_t key;

        if (organisation->paths[api] != NULL) {
            paths[count++] = organisation->paths[api];
        }
        if (from != organisation && from->paths[api] != NULL) {
            paths[count++] = from->paths[api];
        }
        if (count == 0) {
            continue;
        }
        key = ocors_digest_key(
            scratch, ocors_span_from_string(apr_psprintf(scratch, "site\n%s\n%s\n%u",
                                                         tree->directory, from->name, api)));
        if (!from->is_unknown || ocors_known_policy(collection->known, &key, &index)) {
            site->policies[api] = policy_add(collection, &key, paths, count, where, listing);
        } /* else: one of fewer documents than are meant could allow more */
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
                     ocors_listing_t *listing)
{
    ocors_collection_tree_t *tree;
    apr_pool_t *scratch;
    const ocors_tree_t *listed;

    if (has_tree(collection, &list->key)) {
        return; /* another section names it, too */
    }
    apr_pool_create(&scratch, collection->pool);
    tree = apr_pcalloc(collection->pool, sizeof(*tree));
    tree->key = list->key;
    tree->directory = apr_pstrdup(collection->pool, list->paths[0]);
    listed = ocors_tree_list(scratch, tree->directory, &tree->key, collection->known, listing,
                             collection->deferral);
    tree->sites = apr_array_make(collection->pool, listed->sites->nelts,
                                 sizeof(ocors_collection_site_t));
    for (int i = 0; i < listed->sites->nelts; i++) {
        site_add(collection, tree, &APR_ARRAY_IDX(listed->sites, i, ocors_tree_site_t),
                 &APR_ARRAY_IDX(listed->sites, 0, ocors_tree_site_t), list->where, listing,
                 scratch);
    }
    add_texts(collection, listed, list->where);
    apr_pool_destroy(scratch);
    APR_ARRAY_PUSH(collection->trees, ocors_collection_tree_t *) = tree;
}

void ocors_collection_list(ocors_collection_t *collection, const apr_array_header_t *lists,
                           ocors_listing_t *listing)
{
    for (int i = 0; i < lists->nelts; i++) {
        const ocors_list_t *list = APR_ARRAY_IDX(lists, i, const ocors_list_t *);

        if (list->is_tree) {
            tree_add(collection, list, listing);
        }
        else if (apr_hash_get(collection->by_key, &list->key, sizeof(list->key)) == NULL) {
            APR_ARRAY_PUSH(collection->list_policies, ocors_collection_policy_t *) = policy_add(
                collection, &list->key, list->paths, list->path_count, list->where, listing);
        }
    }
}
