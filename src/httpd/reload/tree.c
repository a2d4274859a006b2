/* SPDX-License-Identifier: Apache-2.0 */
/* Trees of settings documents: which sites there are, and which documents each has. Owns nothing.
 */

#include "ocors_tree.h"

#include <stdlib.h>

#include <apr_strings.h>

#include "ocors_folder.h"
#include "ocors_tree_names.h"

/* What the functions below share: one listing of one tree. */
typedef struct tree_walk_t {
    apr_pool_t *pool;
    ocors_tree_t *tree;
    const ocors_known_t *known;
    ocors_listing_t *listing;
    ocors_deferral_t *deferral;
    const ocors_snapshot_tree_t *in_force; /* NULL: the tree is not in force */
    const char *sites;                     /* the path of their folder */
    bool is_listed;                        /* the sites are those of the folder */
    bool may_keep_names;                   /* the names of the sites are those in force */
    bool may_keep_sites;                   /* and so are the sites, except for */
    apr_hash_t *changed_sites;             /* name -> "" */
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

/*
 * The folder's document of an API, if there is one, or one is in force, or nobody can tell; else
 * NULL. *found counts those that are there.
 */
static const char *find_document(tree_walk_t *walk, const char *folder, unsigned api,
                                 unsigned *found)
{
    const char *path = path_join(walk->pool, path_join(walk->pool, folder, OCORS_ARCHIVE_DOCUMENTS),
                                 ocors_archive_document((ocors_api_t)api));

    if (ocors_known_document(walk->known, path) != OCORS_SNAPSHOT_NONE) {
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

/*
 * Adds a site with the documents of its folder; *found: how many of them are there. The caller asks
 * for the folder's names as well, and then says whether all is told.
 */
static ocors_tree_site_t *add_site(tree_walk_t *walk, const char *name, const char *folder,
                                   uint32_t known, unsigned *found)
{
    ocors_tree_site_t *site = apr_array_push(walk->tree->sites);

    *site = (ocors_tree_site_t){
        .name = name,
        .known = known,
        .unsettled = known != OCORS_SNAPSHOT_NONE
                         ? path_join(walk->pool, folder, OCORS_ARCHIVE_DOCUMENTS)
                         : folder, /* its name has to be listed, too */
    };
    *found = 0;
    for (unsigned api = 0; api < OCORS_API_COUNT; api++) {
        site->paths[api] = find_document(walk, folder, api, found);
    }
    if (*found == 0 && place_is_broken(walk, folder)) {
        for (unsigned api = 0; api < OCORS_API_COUNT; api++) { /* each is missed */
            site->paths[api] = path_join(walk->pool,
                                         path_join(walk->pool, folder, OCORS_ARCHIVE_DOCUMENTS),
                                         ocors_archive_document((ocors_api_t)api));
        }
    }
    return site;
}

/* ---- What may have changed ------------------------------------------------------------------- */

/* Notes which sites are to be listed, by the paths that may not be as they are in force. */
static void note_changed(tree_walk_t *walk, apr_hash_t *changed)
{
    walk->may_keep_names = walk->may_keep_sites = changed != NULL && walk->in_force != NULL;
    for (apr_hash_index_t *index = walk->may_keep_sites ? apr_hash_first(NULL, changed) : NULL;
         index != NULL; index = apr_hash_next(index)) {
        const char *path = apr_hash_this_key(index);
        const char *rest = ocors_folder_rest(walk->sites, path);

        if (rest != NULL && rest[0] == '/') {
            const size_t length = strcspn(rest + 1, "/");

            walk->may_keep_names = walk->may_keep_names && rest[1 + length] == '/';
            apr_hash_set(walk->changed_sites, apr_pstrmemdup(walk->pool, rest + 1, length),
                         (apr_ssize_t)length, "");
        }
        else if (ocors_folder_rest(path, walk->sites) != NULL) {
            walk->may_keep_names = walk->may_keep_sites = false;
        }
    }
}

/* Whether the organisation has the documents that the policies in force are layered over. */
static bool organisation_is_same(const tree_walk_t *walk, const ocors_tree_site_t *organisation)
{
    const ocors_snapshot_t *snapshot = walk->known->snapshot;
    const ocors_snapshot_site_t *record;
    bool is_same = true;

    if (snapshot == NULL || walk->in_force == NULL) {
        return false;
    }
    record = &snapshot->sites[walk->in_force->first_site];
    for (unsigned api = 0; api < OCORS_API_COUNT && is_same; api++) {
        const char *path = organisation->paths[api];
        const ocors_snapshot_policy_t *policy = record->policies[api] != OCORS_SNAPSHOT_NONE
                                                    ? &snapshot->policies[record->policies[api]]
                                                    : NULL;

        is_same = path == NULL || policy == NULL
                      ? path == NULL && policy == NULL
                      : policy->member_count == 1
                            && snapshot->members[policy->first_member]
                                   == ocors_known_document(walk->known, path);
    }
    return is_same;
}

/* ---- Sites ----------------------------------------------------------------------------------- */

static int compare_names(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* The sites in force, but the organisation, which is the first: their indexes. */
static uint32_t first_known(const tree_walk_t *walk)
{
    return walk->in_force != NULL ? walk->in_force->first_site + 1 : 0;
}

static uint32_t end_of_known(const tree_walk_t *walk)
{
    return walk->in_force != NULL ? walk->in_force->first_site + walk->in_force->site_count : 0;
}

/*
 * The names of the folder, in byte order. An organisation may have no folder for sites. A folder
 * that cannot be read, or has vanished with sites in it, is a problem, and no reason to forget a
 * site.
 */
static void list_names(tree_walk_t *walk, apr_array_header_t *names)
{
    const bool is_directory = is_folder(walk, walk->tree->directory);
    const unsigned untold = ocors_listing_untold(walk->listing);
    const apr_array_header_t *listed = NULL;
    apr_status_t status = APR_ENOTDIR;
    char message[120];

    if (is_directory) {
        listed = ocors_listing_names(walk->listing, walk->sites, &status);
    }
    for (int i = 0; listed != NULL && i < listed->nelts; i++) {
        const char *name = APR_ARRAY_IDX(listed, i, const char *);

        if (ocors_archive_is_site(ocors_span_from_string(name))) {
            APR_ARRAY_PUSH(names, const char *) = apr_pstrdup(walk->pool, name);
        }
    }
    qsort(names->elts, (size_t)names->nelts, sizeof(const char *), compare_names);
    walk->is_listed = status == APR_SUCCESS
                      || (APR_STATUS_IS_ENOENT(status) && first_known(walk) == end_of_known(walk)
                          && !ocors_listing_exists(walk->listing, walk->sites));
    walk->tree->is_settled = walk->is_listed && untold == ocors_listing_untold(walk->listing);
    if (!walk->is_listed && !ocors_deferral_has(walk->deferral, walk->sites, &no_file)) {
        add_problem(walk, is_directory ? walk->sites : walk->tree->directory,
                    is_directory ? apr_psprintf(walk->pool, "the sites cannot be listed: %s",
                                                apr_strerror(status, message, sizeof(message)))
                                 : "this is not a directory, or it cannot be read");
    }
}

/* The names of the sites, in byte order: those of the folder, or, if they are the same, in force.
 */
static apr_array_header_t *site_names(tree_walk_t *walk)
{
    apr_array_header_t *names = apr_array_make(walk->pool, 64, sizeof(const char *));

    if (!walk->may_keep_names) {
        list_names(walk, names);
        return names;
    }
    walk->is_listed = walk->tree->is_settled = true;
    for (uint32_t site = first_known(walk); site < end_of_known(walk); site++) {
        APR_ARRAY_PUSH(names, const char *) = ocors_known_site_name(walk->known, site, walk->pool);
    }
    return names;
}

/* One name among the sites: a folder, a link to one, or what was one. */
static void list_site(tree_walk_t *walk, const char *name, uint32_t known)
{
    const char *folder = path_join(walk->pool, walk->sites, name);
    const unsigned untold = ocors_listing_untold(walk->listing);
    ocors_tree_site_t *site;
    unsigned found;

    if (walk->is_listed && known == OCORS_SNAPSHOT_NONE) {
        const ocors_listed_t *listed = ocors_listing_stat(walk->listing, folder);

        if (listed->status == APR_SUCCESS && listed->type != APR_DIR) {
            return; /* a file among the sites */
        }
    }
    site = add_site(walk, name, folder, known, &found);
    if (found == 0 && !is_folder(walk, folder)) {
        site->is_unknown = true;
        if (walk->is_listed && problem_is_due(walk, folder)) {
            add_problem(walk, folder,
                        "this site leads nowhere, is not a folder, or cannot be read");
        }
        return;
    }
    judge_folder(walk, folder, OCORS_ARCHIVE_SITE, found, known != OCORS_SNAPSHOT_NONE);
    site->is_told = untold == ocors_listing_untold(walk->listing);
}

/* A site that is in force and has a name in the folder. */
static void keep_site(tree_walk_t *walk, const char *name, uint32_t known)
{
    if (!walk->may_keep_sites
        || apr_hash_get(walk->changed_sites, name, APR_HASH_KEY_STRING) != NULL) {
        list_site(walk, name, known);
    }
    else {
        APR_ARRAY_PUSH(walk->tree->sites, ocors_tree_site_t) = (ocors_tree_site_t){
            .name = name,
            .known = known,
            .is_unchanged = true,
        };
    }
}

/*
 * Adds the sites of the names, and those in force that have none: all of them if the folder cannot
 * be listed, else those whose removal is deferred.
 */
static void list_sites(tree_walk_t *walk, const apr_array_header_t *names)
{
    uint32_t known = first_known(walk);
    bool has_new = false;

    for (int i = 0; i < names->nelts || known < end_of_known(walk);) { /* both are in byte order */
        const char *name = i < names->nelts ? APR_ARRAY_IDX(names, i, const char *) : NULL;
        const char *in_force = known < end_of_known(walk)
                                   ? ocors_known_site_name(walk->known, known, walk->pool)
                                   : NULL;
        const int order = name == NULL ? 1 : in_force == NULL ? -1 : strcmp(name, in_force);

        if (order < 0) {
            list_site(walk, name, OCORS_SNAPSHOT_NONE);
            has_new = true;
        }
        else if (order == 0) {
            keep_site(walk, name, known);
        }
        else if (!walk->is_listed
                 || ocors_deferral_has(walk->deferral, path_join(walk->pool, walk->sites, in_force),
                                       &no_file)) {
            list_site(walk, in_force, known);
        }
        i += order <= 0;
        known += order >= 0;
    }
    if (has_new) {
        ocors_tree_judge_twins(walk->tree->warnings, walk->tree->directory, &walk->tree->key, names,
                               walk->known);
    }
}

static bool tree_has_documents(const ocors_tree_t *tree)
{
    for (int i = 0; i < tree->sites->nelts; i++) {
        const ocors_tree_site_t *site = &APR_ARRAY_IDX(tree->sites, i, ocors_tree_site_t);

        if (site->is_unchanged || site->paths[OCORS_API_SHOP] != NULL
            || site->paths[OCORS_API_DATA] != NULL) {
            return true;
        }
    }
    return false;
}

ocors_tree_t *ocors_tree_list(apr_pool_t *pool, const char *directory, const ocors_key_t *key,
                              const ocors_known_t *known, ocors_listing_t *listing,
                              ocors_deferral_t *deferral, apr_hash_t *changed)
{
    ocors_tree_t *tree = apr_palloc(pool, sizeof(*tree));
    tree_walk_t walk = {
        .pool = pool,
        .tree = tree,
        .known = known,
        .listing = listing,
        .deferral = deferral,
        .in_force = ocors_known_tree(known, key),
        .sites = path_join(pool, directory, OCORS_ARCHIVE_SITES),
        .changed_sites = apr_hash_make(pool),
    };
    apr_array_header_t *names;
    ocors_tree_site_t *organisation;
    unsigned found;

    *tree = (ocors_tree_t){
        .directory = directory,
        .key = *key,
        .sites = apr_array_make(pool, 64, sizeof(ocors_tree_site_t)),
        .problems = apr_array_make(pool, 1, sizeof(const char *)),
        .warnings = apr_array_make(pool, 1, sizeof(const char *)),
    };
    note_changed(&walk, changed);
    names = site_names(&walk);
    organisation = add_site(&walk, "", directory,
                            walk.in_force != NULL ? walk.in_force->first_site : OCORS_SNAPSHOT_NONE,
                            &found);
    organisation->is_unknown = !walk.is_listed;
    judge_folder(&walk, directory, OCORS_ARCHIVE_ROOT, names->nelts == 0 ? 0 : found,
                 walk.in_force != NULL);
    walk.may_keep_sites = walk.may_keep_sites && organisation_is_same(&walk, organisation);
    list_sites(&walk, names);
    if (walk.is_listed && !tree_has_documents(tree)) {
        add_problem(&walk, directory,
                    "there is no document below it; expected ocapi-settings/wapi_shop_config.json, "
                    "or the same in sites/SITE/");
    }
    return tree;
}
