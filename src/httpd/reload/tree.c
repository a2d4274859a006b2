/* SPDX-License-Identifier: Apache-2.0 */
/* Trees of settings documents: which sites there are, and which documents each has. Owns nothing.
 */

#include "ocors_tree.h"

#include <stdlib.h>

#include <apr_hash.h>
#include <apr_strings.h>

#include "ocors_messages.h"
#include "ocors_url_name.h"

/* What the functions below share: one listing of one tree. */
typedef struct tree_walk_t {
    apr_pool_t *pool;
    ocors_tree_t *tree;
    const ocors_known_t *known;
    ocors_listing_t *listing;
    ocors_deferral_t *deferral;
    const char *sites; /* the path of their folder */
    bool is_listed;    /* the sites are those of the folder */
} tree_walk_t;

static const ocors_snapshot_file_t no_file = { .inode = 0 };

static const char *path_join(apr_pool_t *pool, const char *folder, const char *name)
{
    return apr_pstrcat(pool, folder, "/", name, NULL);
}

static bool is_absent(apr_status_t status)
{
    return APR_STATUS_IS_ENOENT(status) || APR_STATUS_IS_ENOTDIR(status);
}

static bool is_folder(tree_walk_t *walk, const char *path)
{
    const ocors_listed_t *listed = ocors_listing_stat(walk->listing, path);

    return listed->status == APR_SUCCESS && listed->type == APR_DIR;
}

static void add_problem(tree_walk_t *walk, const char *path, const char *text)
{
    APR_ARRAY_PUSH(walk->tree->problems, const char *) = apr_pstrcat(walk->pool, path, ": ", text,
                                                                     NULL);
}

/* Whether to say now what is wrong at a path, or to wait, as it may be about to be replaced. */
static bool problem_is_due(tree_walk_t *walk, const char *path)
{
    const ocors_snapshot_t *snapshot = walk->known->snapshot;

    return (snapshot != NULL && snapshot->header.problems != 0)
           || !ocors_deferral_has(walk->deferral, path, &no_file);
}

/* ---- Names that were meant to be others ------------------------------------------------------ */

/* A name beside the right one (a backup, another version) was meant as what it is. */
static void judge_names(tree_walk_t *walk, const char *folder, ocors_archive_folder_t kind)
{
    apr_status_t status;

    if (!is_folder(walk, folder)) {
        return;
    }
    for (const char *name = ocors_listing_names(walk->listing, folder, &status); *name != '\0';
         name += strlen(name) + 1) {
        const char *meant = ocors_archive_meant(kind, ocors_span_from_string(name));

        if (meant != NULL
            && !ocors_listing_exists(walk->listing, path_join(walk->pool, folder, meant))) {
            APR_ARRAY_PUSH(walk->tree->warnings, const char *) = apr_psprintf(
                walk->pool, OCORS_LOG_MISPLACED "%s/%s: nothing reads this name; was %s meant?",
                folder, name, meant);
        }
    }
}

/*
 * A folder that lacks a document may have it by another name. What is in force has been judged; a
 * running server judges it again as long as it has no document at all.
 */
static void judge_folder(tree_walk_t *walk, const char *folder, ocors_archive_folder_t kind,
                         unsigned found, bool is_in_force)
{
    if (is_in_force ? found == 0 && walk->deferral != NULL : found < OCORS_API_COUNT) {
        judge_names(walk, folder, kind);
        judge_names(walk, path_join(walk->pool, folder, OCORS_ARCHIVE_DOCUMENTS),
                    OCORS_ARCHIVE_DOCUMENT_FOLDER);
    }
}

/*
 * Warns of sites that R12 tells apart by their exact ids alone: any other spelling of one is
 * ambiguous.
 */
static void judge_twins(tree_walk_t *walk, char *const *names, int count)
{
    apr_hash_t *by_key = apr_hash_make(walk->pool);

    for (int i = 0; i < count; i++) {
        char key[OCORS_SITE_KEY_MAX];
        const size_t length = ocors_site_key(ocors_span_from_string(names[i]), key);
        const char *other = apr_hash_get(by_key, key, (apr_ssize_t)length);

        if (length > 0 && other != NULL
            && !(ocors_known_site(walk->known, &walk->tree->key, names[i])
                 && ocors_known_site(walk->known, &walk->tree->key, other))) {
            APR_ARRAY_PUSH(walk->tree->warnings, const char *) = apr_psprintf(
                walk->pool,
                OCORS_LOG_TWINS
                "%s: the sites \"%s\" and \"%s\" differ in case, blanks or dots "
                "only; each has its own policy, and a path that spells one in another way allows "
                "nothing",
                walk->tree->directory, other, names[i]);
        }
        apr_hash_set(by_key, apr_pstrmemdup(walk->pool, key, length), (apr_ssize_t)length,
                     names[i]);
    }
}

/* ---- Documents ------------------------------------------------------------------------------- */

/*
 * The folder's document of an API, if there is one, or one is in force, or nobody can tell; else
 * NULL. *found counts those that are there.
 */
static const char *find_document(tree_walk_t *walk, const char *folder, unsigned api,
                                 unsigned *found)
{
    const char *path = path_join(walk->pool, path_join(walk->pool, folder, OCORS_ARCHIVE_DOCUMENTS),
                                 ocors_archive_document((ocors_api_t)api));

    if (ocors_known_document(walk->known, path) != NULL) {
        *found += !is_absent(ocors_listing_stat(walk->listing, path)->status);
        return path;
    }
    if (ocors_listing_exists(walk->listing, path)) { /* also a link that leads nowhere */
        *found += 1;
        return path;
    }
    return NULL;
}

/* Whether the place of a folder's documents is there and is not a folder. */
static bool place_is_broken(tree_walk_t *walk, const char *folder)
{
    const char *place = path_join(walk->pool, folder, OCORS_ARCHIVE_DOCUMENTS);

    return !is_folder(walk, place) && ocors_listing_exists(walk->listing, place);
}

/* Adds a site with the documents of its folder; returns how many of them are there. */
static unsigned add_site(tree_walk_t *walk, const char *name, const char *folder, bool is_unknown)
{
    ocors_tree_site_t site = { .name = apr_pstrdup(walk->pool, name), .is_unknown = is_unknown };
    unsigned found = 0;

    for (unsigned api = 0; api < OCORS_API_COUNT; api++) {
        site.paths[api] = find_document(walk, folder, api, &found);
    }
    if (found == 0 && place_is_broken(walk, folder)) {
        for (unsigned api = 0; api < OCORS_API_COUNT; api++) { /* each is missed */
            site.paths[api] = path_join(walk->pool,
                                        path_join(walk->pool, folder, OCORS_ARCHIVE_DOCUMENTS),
                                        ocors_archive_document((ocors_api_t)api));
        }
    }
    APR_ARRAY_PUSH(walk->tree->sites, ocors_tree_site_t) = site;
    return found;
}

/* ---- Sites ----------------------------------------------------------------------------------- */

static int compare_names(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static bool has_name(const apr_array_header_t *names, const char *name)
{
    return names->nelts > 0
           && bsearch(&name, names->elts, (size_t)names->nelts, sizeof(name), compare_names)
                  != NULL;
}

/*
 * Adds the sites in force that are not among the names: all of them if the folder cannot be listed,
 * else those whose removal is deferred.
 */
static void add_names_in_force(tree_walk_t *walk, apr_array_header_t *names)
{
    const ocors_snapshot_tree_t *tree = ocors_known_tree(walk->known, &walk->tree->key);
    const ocors_snapshot_t *snapshot = walk->known->snapshot;
    apr_array_header_t *more = apr_array_make(walk->pool, 4, sizeof(const char *));

    for (uint32_t i = 1; tree != NULL && i < tree->site_count; i++) { /* the first has no name */
        const ocors_span_t text = ocors_snapshot_text(snapshot,
                                                      snapshot->sites[tree->first_site + i].name);
        const char *name = apr_pstrmemdup(walk->pool, text.bytes, text.length);

        if (!has_name(names, name)
            && (!walk->is_listed
                || ocors_deferral_has(walk->deferral, path_join(walk->pool, walk->sites, name),
                                      &no_file))) {
            APR_ARRAY_PUSH(more, const char *) = name;
        }
    }
    apr_array_cat(names, more);
    qsort(names->elts, (size_t)names->nelts, sizeof(const char *), compare_names);
}

/*
 * The names of the sites, in byte order. An organisation may have no folder for them. A folder that
 * cannot be read, or has vanished with sites in it, is a problem, and no reason to forget a site.
 */
static apr_array_header_t *site_names(tree_walk_t *walk)
{
    apr_array_header_t *names = apr_array_make(walk->pool, 64, sizeof(const char *));
    const ocors_snapshot_tree_t *tree = ocors_known_tree(walk->known, &walk->tree->key);
    const bool is_directory = is_folder(walk, walk->tree->directory);
    const char *name = "";
    apr_status_t status = APR_ENOTDIR;
    char message[120];

    if (is_directory) {
        name = ocors_listing_names(walk->listing, walk->sites, &status);
    }
    for (; *name != '\0'; name += strlen(name) + 1) {
        if (ocors_archive_is_site(ocors_span_from_string(name))) {
            APR_ARRAY_PUSH(names, const char *) = apr_pstrdup(walk->pool, name);
        }
    }
    qsort(names->elts, (size_t)names->nelts, sizeof(const char *), compare_names);
    walk->is_listed = status == APR_SUCCESS
                      || (APR_STATUS_IS_ENOENT(status) && (tree == NULL || tree->site_count <= 1)
                          && !ocors_listing_exists(walk->listing, walk->sites));
    add_names_in_force(walk, names);
    if (!walk->is_listed && !ocors_deferral_has(walk->deferral, walk->sites, &no_file)) {
        add_problem(walk, is_directory ? walk->sites : walk->tree->directory,
                    is_directory ? apr_psprintf(walk->pool, "the sites cannot be listed: %s",
                                                apr_strerror(status, message, sizeof(message)))
                                 : "this is not a directory, or it cannot be read");
    }
    return names;
}

/* One name among the sites: a folder, a link to one, or what was one. */
static void list_site(tree_walk_t *walk, const char *name)
{
    const char *folder = path_join(walk->pool, walk->sites, name);
    const bool is_in_force = ocors_known_site(walk->known, &walk->tree->key, name);
    unsigned found;

    if (walk->is_listed && !is_in_force) {
        const ocors_listed_t *listed = ocors_listing_stat(walk->listing, folder);

        if (listed->status == APR_SUCCESS && listed->type != APR_DIR) {
            return; /* a file among the sites */
        }
    }
    found = add_site(walk, name, folder, false);
    if (found == 0 && !is_folder(walk, folder)) {
        APR_ARRAY_IDX(walk->tree->sites, walk->tree->sites->nelts - 1, ocors_tree_site_t)
            .is_unknown = true;
        if (walk->is_listed && problem_is_due(walk, folder)) {
            add_problem(walk, folder,
                        "this site leads nowhere, is not a folder, or cannot be read");
        }
        return;
    }
    judge_folder(walk, folder, OCORS_ARCHIVE_SITE, found, is_in_force);
}

static bool tree_has_documents(const ocors_tree_t *tree)
{
    for (int i = 0; i < tree->sites->nelts; i++) {
        const ocors_tree_site_t *site = &APR_ARRAY_IDX(tree->sites, i, ocors_tree_site_t);

        if (site->paths[OCORS_API_SHOP] != NULL || site->paths[OCORS_API_DATA] != NULL) {
            return true;
        }
    }
    return false;
}

ocors_tree_t *ocors_tree_list(apr_pool_t *pool, const char *directory, const ocors_key_t *key,
                              const ocors_known_t *known, ocors_listing_t *listing,
                              ocors_deferral_t *deferral)
{
    ocors_tree_t *tree = apr_palloc(pool, sizeof(*tree));
    tree_walk_t walk = {
        .pool = pool,
        .tree = tree,
        .known = known,
        .listing = listing,
        .deferral = deferral,
        .sites = path_join(pool, directory, OCORS_ARCHIVE_SITES),
    };
    apr_array_header_t *names;
    unsigned found;

    *tree = (ocors_tree_t){
        .directory = directory,
        .key = *key,
        .sites = apr_array_make(pool, 64, sizeof(ocors_tree_site_t)),
        .problems = apr_array_make(pool, 1, sizeof(const char *)),
        .warnings = apr_array_make(pool, 1, sizeof(const char *)),
    };
    names = site_names(&walk);
    found = add_site(&walk, "", directory, !walk.is_listed);
    judge_folder(&walk, directory, OCORS_ARCHIVE_ROOT, names->nelts == 0 ? 0 : found,
                 ocors_known_tree(known, key) != NULL);
    judge_twins(&walk, (char *const *)(void *)names->elts, names->nelts);
    for (int i = 0; i < names->nelts; i++) {
        list_site(&walk, APR_ARRAY_IDX(names, i, const char *));
    }
    if (walk.is_listed && !tree_has_documents(tree)) {
        add_problem(&walk, directory,
                    "there is no document below it; expected ocapi-settings/wapi_shop_config.json, "
                    "or the same in sites/SITE/");
    }
    return tree;
}
