/* SPDX-License-Identifier: Apache-2.0 */
/* The first stage of a collection: which documents there are. Owns nothing. */

#include "ocors_collection.h"

#include "ocors_hash.h"

/* ---- Documents ------------------------------------------------------------------------------- */

/* The document of a path, if it was added. *index: of its record in force, or NONE. */
static ocors_document_t *document_find(const ocors_collection_t *collection, const char *path,
                                       uint32_t *index)
{
    *index = ocors_snapshot_find_document(collection->in_force, ocors_span_from_string(path));
    return *index != OCORS_SNAPSHOT_NONE
               ? collection->documents_in_force[*index]
               : apr_hash_get(collection->by_path, path, APR_HASH_KEY_STRING);
}

static ocors_document_t *document_make(ocors_collection_t *collection, const char *path,
                                       const char *where, uint32_t index)
{
    ocors_document_t *document = apr_palloc(collection->pool, sizeof(*document));

    *document = (ocors_document_t){
        .path = path,
        .where = where,
        .lines = apr_array_make(collection->pool, 0, sizeof(ocors_document_line_t)),
    };
    APR_ARRAY_PUSH(collection->documents, ocors_document_t *) = document;
    if (index != OCORS_SNAPSHOT_NONE) {
        document->before = &collection->in_force->documents[index];
        collection->documents_in_force[index] = document;
    }
    else {
        apr_hash_set(collection->by_path, path, APR_HASH_KEY_STRING, document);
    }
    return document;
}

/*
 * The document of a path: the one that another policy has already, or a new one, whose file is the
 * one in force, deferred, or to be read. Without a listing it is the one in force. NULL: it is
 * deferred, and none is in force.
 */
static ocors_document_t *document_add(ocors_collection_t *collection, const char *path,
                                      const char *where, ocors_listing_t *listing)
{
    uint32_t index;
    ocors_document_t *document = document_find(collection, path, &index);
    const bool is_new = index == OCORS_SNAPSHOT_NONE;
    const ocors_snapshot_file_t *file = NULL;
    bool is_same = true, is_left = true;

    if (document != NULL) {
        return document;
    }
    if (listing != NULL) {
        const ocors_snapshot_document_t *before = is_new ? NULL
                                                         : &collection->in_force->documents[index];
        file = &ocors_listing_stat(listing, path)->file;
        is_same = before != NULL && ocors_snapshot_file_is_same(&before->file, file);
        is_left = (is_same && !before->is_transient) || (is_new && collection->is_full)
                  || ocors_deferral_has(collection->deferral, path, file);
    }
    if (is_new && is_left) {
        return NULL;
    }
    document = document_make(collection, path, where, index);
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

/*
 * Adds an error of a tree as a document at the path of the folder. The document is never read; its
 * file is a hash of the error, so that an error that is in force is known again.
 */
static void error_add(ocors_collection_t *collection, const char *path, const char *where,
                      const char *text)
{
    const ocors_snapshot_document_t *same;
    ocors_document_t *document;
    uint32_t index;

    if (document_find(collection, path, &index) != NULL
        || (index == OCORS_SNAPSHOT_NONE && collection->is_full)) {
        return;
    }
    document = document_make(collection, path, where, index);
    document->state = OCORS_DOCUMENT_FOLDER;
    document->file.inode = ocors_hash(1, ocors_span_from_string(text));
    document->is_transient = true;
    document->error = text;
    same = ocors_document_same(document);
    if (same != NULL) {
        document->since = same->since;
    }
    else {
        ocors_document_add_error(document, text);
    }
}

/* ---- Policies -------------------------------------------------------------------------------- */

/* The policy of these documents. NULL: it waits for one, and nothing of it is in force. */
static ocors_collection_policy_t *policy_add(ocors_collection_t *collection,
                                             const ocors_snapshot_policy_t *before,
                                             const char *const *paths, uint32_t path_count,
                                             const char *where, ocors_listing_t *listing)
{
    ocors_document_t **documents = apr_palloc(collection->pool, path_count * sizeof(*documents));
    ocors_collection_policy_t *policy;
    uint32_t count = 0;

    for (uint32_t i = 0; i < path_count; i++) {
        documents[count] = document_add(collection, paths[i], where, listing);
        count += documents[count] != NULL;
    }
    if (count < path_count && before == NULL) {
        return NULL;
    }
    policy = apr_pcalloc(collection->pool, sizeof(*policy));
    policy->index = (uint32_t)collection->policies->nelts;
    policy->before = before;
    policy->documents = documents;
    policy->document_count = count;
    policy->is_pending = count < path_count;
    APR_ARRAY_PUSH(collection->policies, ocors_collection_policy_t *) = policy;
    return policy;
}

static void list_add(ocors_collection_t *collection, const ocors_list_t *list,
                     ocors_listing_t *listing)
{
    ocors_collection_policy_t *policy;
    const ocors_snapshot_policy_t *before = NULL;
    uint32_t index;

    if (apr_hash_get(collection->by_key, &list->key, sizeof(list->key)) != NULL) {
        return; /* another section names it, too */
    }
    if (ocors_snapshot_find_policy(collection->in_force, &list->key, &index)) {
        before = &collection->in_force->policies[index];
    }
    policy = policy_add(collection, before, list->paths, list->path_count, list->where, listing);
    if (policy != NULL) {
        policy->key = list->key;
        apr_hash_set(collection->by_key, &policy->key, sizeof(policy->key), policy);
    }
}

/* ---- Trees ----------------------------------------------------------------------------------- */

/*
 * Gives a site the policy of an API: the organisation's document under its own. It gets none if
 * there is none, or not all that are meant can be told, as fewer documents could allow more. False:
 * the policy waits.
 */
static bool site_add_policy(ocors_collection_t *collection, const ocors_tree_t *tree,
                            ocors_tree_site_t *site, unsigned api, ocors_listing_t *listing)
{
    const ocors_tree_site_t *organisation = ocors_tree_site(tree, 0);
    const ocors_snapshot_t *snapshot = collection->in_force;
    const uint32_t index = site->in_force != OCORS_SNAPSHOT_NONE
                               ? snapshot->sites[site->in_force].policies[api]
                               : OCORS_SNAPSHOT_NONE;
    const ocors_snapshot_policy_t *before = index != OCORS_SNAPSHOT_NONE
                                                ? &snapshot->policies[index]
                                                : NULL;
    const char *paths[2];
    uint32_t count = 0;

    if (organisation->paths[api] != NULL) {
        paths[count++] = organisation->paths[api];
    }
    if (site != organisation && site->paths[api] != NULL) {
        paths[count++] = site->paths[api];
    }
    if (count == 0 || (site->is_unknown && before == NULL)) {
        return true;
    }
    site->policies[api] = policy_add(collection, before, paths, count, tree->list->where,
                                     site->is_unchanged ? NULL : listing);
    return site->policies[api] != NULL;
}

/* Gives a site its policies. False: it is new, and waits for one. */
static bool site_add(ocors_collection_t *collection, const ocors_tree_t *tree,
                     ocors_tree_site_t *site, ocors_listing_t *listing)
{
    const bool is_new = site->in_force == OCORS_SNAPSHOT_NONE;
    bool is_whole = !(is_new && collection->is_full);

    for (unsigned api = 0; api < OCORS_API_COUNT && (is_whole || !is_new); api++) {
        is_whole = site_add_policy(collection, tree, site, api, listing) && is_whole;
    }
    return is_whole || !is_new;
}

static void tree_add(ocors_collection_t *collection, const ocors_list_t *list,
                     ocors_listing_t *listing, apr_hash_t *changed)
{
    ocors_tree_t *tree = apr_palloc(collection->pool, sizeof(*tree));
    const apr_array_header_t *errors;
    int count = 0;

    for (int i = 0; i < collection->trees->nelts; i++) {
        if (ocors_key_is_equal(&ocors_collection_tree(collection, i)->list->key, &list->key)) {
            return; /* another section names it, too */
        }
    }
    *tree = (ocors_tree_t){
        .list = list,
        .sites = apr_array_make(collection->pool, 64, sizeof(ocors_tree_site_t)),
        .errors = apr_table_make(collection->pool, 1),
        .warnings = collection->warnings,
    };
    ocors_tree_list(tree, collection->in_force, listing, collection->deferral, changed);
    errors = apr_table_elts(tree->errors);
    for (int i = 0; i < errors->nelts; i++) {
        const apr_table_entry_t *error = &APR_ARRAY_IDX(errors, i, apr_table_entry_t);

        error_add(collection, error->key, list->where, error->val);
    }
    for (int i = 0; i < tree->sites->nelts; i++) {
        ocors_tree_site_t *site = ocors_tree_site(tree, i);
        const int policy_count = collection->policies->nelts;

        if (site_add(collection, tree, site, listing) || i == 0) { /* the organisation is there */
            collection->new_site_count += site->in_force == OCORS_SNAPSHOT_NONE;
            *ocors_tree_site(tree, count++) = *site;
        }
        else {
            collection->policies->nelts = policy_count;
        }
    }
    tree->sites->nelts = count;
    collection->site_count += (uint32_t)count;
    APR_ARRAY_PUSH(collection->trees, ocors_tree_t *) = tree;
}

void ocors_collection_list(ocors_collection_t *collection, const apr_array_header_t *lists,
                           ocors_listing_t *listing, apr_hash_t *changed)
{
    for (int i = 0; i < lists->nelts; i++) {
        const ocors_list_t *list = APR_ARRAY_IDX(lists, i, const ocors_list_t *);

        if (list->is_tree) {
            tree_add(collection, list, listing, changed);
        }
        else {
            list_add(collection, list, listing);
        }
    }
}
