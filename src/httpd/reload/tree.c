/* SPDX-License-Identifier: Apache-2.0 */
/* Trees of documents: which sites there are, and which documents each has. Owns nothing. */

#include "ocors_tree.h"

#include <stdlib.h>

#include <apr_strings.h>

#include "ocors_folder.h"
#include "ocors_tree_names.h"

/* What the functions below share: one listing of one tree. */
typedef struct tree_walk_t {
    apr_pool_t *pool;
    ocors_tree_t *tree;
    const ocors_snapshot_t *in_force;
    ocors_listing_t *listing;
    ocors_deferral_t *deferral;
    uint32_t organisation;     /* in what is in force; NONE: the tree is not */
    uint32_t first, end;       /* its other sites there */
    const char *sites;         /* the path of their folder */
    bool has_documents;        /* some site, or the organisation, has one */
    bool is_listed;            /* the sites are those of the folder */
    bool may_keep_names;       /* the names of the sites are those in force */
    bool may_keep_sites;       /* those in force are unchanged, except for */
    apr_hash_t *changed_sites; /* name -> "" */
} tree_walk_t;

static const ocors_snapshot_file_t no_file = { .inode = 0 };

static const char *path_join(apr_pool_t *pool, const char *folder, const char *name)
{
    return apr_pstrcat(pool, folder, "/", name, NULL);
}

static bool is_folder(tree_walk_t *walk, const char *path)
{
    const ocors_listed_t *listed = ocors_listing_stat(walk->listing, path);

    return listed->status == APR_SUCCESS && listed->type == APR_DIR;
}

/* What is wrong at a path is said, or waits while the path may be about to be replaced. */
static void add_error(tree_walk_t *walk, const char *path, const char *text)
{
    if (ocors_snapshot_find_document(walk->in_force, ocors_span_from_string(path))
            != OCORS_SNAPSHOT_NONE
        || !ocors_deferral_has(walk->deferral, path, &no_file)) {
        apr_table_addn(walk->tree->errors, path, apr_pstrcat(walk->pool, path, ": ", text, NULL));
    }
}

/* ---- Documents ------------------------------------------------------------------------------- */

/*
 * A folder that lacks a document may have it by another name. What is in force has been judged; a
 * running server judges it again as long as it has no document at all.
 */
static void judge_folder(tree_walk_t *walk, const char *folder, ocors_archive_folder_t kind,
                         unsigned found, bool is_in_force)
{
    if (is_in_force ? found == 0 && walk->deferral != NULL : found < OCORS_API_COUNT) {
        ocors_tree_judge_misplaced(walk->tree->warnings, folder, kind, walk->listing);
        ocors_tree_judge_misplaced(walk->tree->warnings,
                                   path_join(walk->pool, folder, OCORS_ARCHIVE_DOCUMENTS),
                                   OCORS_ARCHIVE_DOCUMENT_FOLDER, walk->listing);
    }
}

static const char *document_path(tree_walk_t *walk, const char *folder, unsigned api)
{
    return apr_pstrcat(walk->pool, folder, "/" OCORS_ARCHIVE_DOCUMENTS "/",
                       ocors_archive_document((ocors_api_t)api), NULL);
}

/* Whether the place of a folder's documents is there and is not a folder. */
static bool place_is_broken(tree_walk_t *walk, const char *folder)
{
    const char *place = path_join(walk->pool, folder, OCORS_ARCHIVE_DOCUMENTS);

    return !is_folder(walk, place) && ocors_listing_stat(walk->listing, place)->is_there;
}

/*
 * Whether a document that is not there is missed: it was good once, or its folder is deferred. What
 * never was good has no version that could be kept. Of a site that is unchanged, nobody asks.
 */
static bool is_missed(tree_walk_t *walk, const char *folder, const char *path, bool is_unchanged)
{
    const uint32_t index = ocors_snapshot_find_document(walk->in_force,
                                                        ocors_span_from_string(path));
    const char *place;

    if (index == OCORS_SNAPSHOT_NONE || is_unchanged
        || walk->in_force->documents[index].has_been_good) {
        return index != OCORS_SNAPSHOT_NONE;
    }
    place = path_join(walk->pool, folder, OCORS_ARCHIVE_DOCUMENTS);
    return ocors_deferral_has(walk->deferral, place,
                              &ocors_listing_stat(walk->listing, place)->file);
}

/*
 * Adds a site with the documents of its folder that are there, or in force, or of which nobody can
 * tell. *found: how many are there.
 */
static ocors_tree_site_t *add_site(tree_walk_t *walk, const char *name, const char *folder,
                                   uint32_t in_force, bool is_unchanged, unsigned *found)
{
    ocors_tree_site_t *site = apr_array_push(walk->tree->sites);

    *site = (ocors_tree_site_t){
        .name = name,
        .in_force = in_force,
        .is_unchanged = is_unchanged,
    };
    *found = 0;
    for (unsigned api = 0; api < OCORS_API_COUNT; api++) {
        const char *path = document_path(walk, folder, api);
        /* Also a link that leads nowhere is there. */
        const bool is_there = !is_unchanged && ocors_listing_stat(walk->listing, path)->is_there;

        *found += is_there;
        if (is_there || is_missed(walk, folder, path, is_unchanged)) {
            site->paths[api] = path;
            walk->has_documents = true;
        }
    }
    if (!is_unchanged && *found == 0 && place_is_broken(walk, folder)) { /* each is missed */
        site->paths[OCORS_API_SHOP] = document_path(walk, folder, OCORS_API_SHOP);
        site->paths[OCORS_API_DATA] = document_path(walk, folder, OCORS_API_DATA);
        walk->has_documents = true;
    }
    return site;
}

/* Notes which sites are to be listed, by the paths that may not be as they are in force. */
static void note_changed(tree_walk_t *walk, apr_hash_t *changed)
{
    walk->may_keep_names = walk->may_keep_sites = changed != NULL
                                                  && walk->organisation != OCORS_SNAPSHOT_NONE;
    for (apr_hash_index_t *index = walk->may_keep_sites ? apr_hash_first(NULL, changed) : NULL;
         index != NULL; index = apr_hash_next(index)) {
        const char *path = apr_hash_this_key(index);
        const char *rest = ocors_folder_rest(walk->sites, path);

        if (rest != NULL && rest[0] == '/') {
            const ocors_span_t name = ocors_span_make(rest + 1, strcspn(rest + 1, "/"));
            uint32_t site;

            apr_hash_set(walk->changed_sites, apr_pstrmemdup(walk->pool, name.bytes, name.length),
                         APR_HASH_KEY_STRING, "");
            walk->may_keep_names = walk->may_keep_names && name.bytes[name.length] == '/'
                                   && ocors_snapshot_find_site(walk->in_force,
                                                               &walk->tree->list->key, name, &site)
                                   && site != walk->organisation;
        }
        else if (ocors_folder_rest(path, walk->sites) != NULL) {
            walk->may_keep_names = walk->may_keep_sites = false;
        }
    }
}

/* ---- Sites ----------------------------------------------------------------------------------- */

static int compare_names(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static const char *name_in_force(const tree_walk_t *walk, uint32_t site)
{
    const ocors_span_t name = ocors_snapshot_text(walk->in_force, walk->in_force->sites[site].name);

    return apr_pstrmemdup(walk->pool, name.bytes, name.length);
}

/*
 * The names of the sites, in byte order: those in force, or those of the folder. An organisation
 * may have no folder for sites. A folder that cannot be read, or has vanished with sites in it, is
 * an error, and no reason to forget a site.
 */
static apr_array_header_t *list_names(tree_walk_t *walk)
{
    apr_array_header_t *names = apr_array_make(walk->pool, 64, sizeof(const char *));
    const char *directory = walk->tree->list->paths[0];
    const apr_array_header_t *listed;
    apr_status_t status;
    bool is_directory;
    char message[120];

    if (walk->may_keep_names) {
        for (uint32_t site = walk->first; site < walk->end; site++) {
            APR_ARRAY_PUSH(names, const char *) = name_in_force(walk, site);
        }
        walk->is_listed = true;
        return names;
    }
    listed = ocors_listing_names(walk->listing, walk->sites, &status);
    for (int i = 0; i < listed->nelts; i++) {
        const char *name = APR_ARRAY_IDX(listed, i, const char *);

        if (ocors_archive_is_site(ocors_span_from_string(name))) {
            APR_ARRAY_PUSH(names, const char *) = name;
        }
    }
    qsort(names->elts, (size_t)names->nelts, sizeof(const char *), compare_names);
    is_directory = status == APR_SUCCESS || is_folder(walk, directory);
    walk->is_listed = status == APR_SUCCESS
                      || (is_directory && APR_STATUS_IS_ENOENT(status) && walk->first == walk->end
                          && !ocors_listing_stat(walk->listing, walk->sites)->is_there);
    if (!is_directory) {
        add_error(walk, directory, "this is not a directory, or it cannot be read");
    }
    else if (!walk->is_listed) {
        add_error(walk, walk->sites,
                  apr_psprintf(walk->pool, "the sites cannot be listed: %s",
                               apr_strerror(status, message, sizeof(message))));
    }
    return names;
}

/* One name among the sites: a folder, a link to one, or what was one. */
static void list_site(tree_walk_t *walk, const char *name, uint32_t in_force)
{
    const char *folder = path_join(walk->pool, walk->sites, name);
    const bool is_new = in_force == OCORS_SNAPSHOT_NONE;
    const bool is_unchanged = !is_new && walk->may_keep_sites
                              && apr_hash_get(walk->changed_sites, name, APR_HASH_KEY_STRING)
                                     == NULL;
    ocors_tree_site_t *site;
    unsigned found;

    if (walk->is_listed && is_new) {
        const ocors_listed_t *listed = ocors_listing_stat(walk->listing, folder);

        if (listed->status == APR_SUCCESS && listed->type != APR_DIR) {
            return; /* a file among the sites */
        }
    }
    site = add_site(walk, name, folder, in_force, is_unchanged, &found);
    if (is_unchanged) {
        return;
    }
    if (found == 0 && !is_folder(walk, folder)) {
        site->is_unknown = true;
        if (walk->is_listed) {
            add_error(walk, folder, "this site leads nowhere, is not a folder, or cannot be read");
        }
        return;
    }
    judge_folder(walk, folder, OCORS_ARCHIVE_SITE, found, !is_new);
}

/*
 * Adds the sites of the names, and those in force that have none: all of them if the folder cannot
 * be listed, else those whose removal is deferred.
 */
static void list_sites(tree_walk_t *walk, const apr_array_header_t *names)
{
    uint32_t index = walk->first;
    bool has_new = false;

    for (int i = 0; i < names->nelts || index < walk->end;) { /* both are in byte order */
        const char *name = i < names->nelts ? APR_ARRAY_IDX(names, i, const char *) : NULL;
        const char *before = index < walk->end ? name_in_force(walk, index) : NULL;
        const int order = name == NULL ? 1 : before == NULL ? -1 : strcmp(name, before);

        if (order <= 0) {
            list_site(walk, name, order == 0 ? index : OCORS_SNAPSHOT_NONE);
            has_new = has_new || order < 0;
        }
        else if (!walk->is_listed
                 || ocors_deferral_has(walk->deferral, path_join(walk->pool, walk->sites, before),
                                       &no_file)) {
            list_site(walk, before, index);
        }
        i += order <= 0;
        index += order >= 0;
    }
    if (has_new) {
        ocors_tree_judge_twins(walk->tree->warnings, walk->tree->list->paths[0],
                               &walk->tree->list->key, names, walk->in_force);
    }
}

void ocors_tree_list(ocors_tree_t *tree, const ocors_snapshot_t *in_force, ocors_listing_t *listing,
                     ocors_deferral_t *deferral, apr_hash_t *changed)
{
    apr_pool_t *pool = tree->sites->pool;
    const char *directory = tree->list->paths[0];
    tree_walk_t walk = {
        .pool = pool,
        .tree = tree,
        .in_force = in_force,
        .listing = listing,
        .deferral = deferral,
        .organisation = OCORS_SNAPSHOT_NONE,
        .sites = path_join(pool, directory, OCORS_ARCHIVE_SITES),
        .changed_sites = apr_hash_make(pool),
    };
    const apr_array_header_t *names;
    uint32_t index;
    unsigned found;

    if (ocors_snapshot_find_tree(in_force, &tree->list->key, &index)) {
        walk.organisation = in_force->trees[index].first_site;
        walk.first = walk.organisation + 1;
        walk.end = walk.organisation + in_force->trees[index].site_count;
    }
    note_changed(&walk, changed);
    names = list_names(&walk);
    add_site(&walk, "", directory, walk.organisation, false, &found)->is_unknown = !walk.is_listed;
    judge_folder(&walk, directory, OCORS_ARCHIVE_ROOT, names->nelts == 0 ? 0 : found,
                 walk.organisation != OCORS_SNAPSHOT_NONE);
    list_sites(&walk, names);
    if (walk.is_listed && !walk.has_documents) {
        add_error(&walk, directory,
                  "there is no document below it; expected ocapi-settings/wapi_shop_config.json, "
                  "or the same in sites/SITE/");
    }
}
