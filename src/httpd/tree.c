/* SPDX-License-Identifier: Apache-2.0 */
/* A directory of settings documents: which sites there are, and which documents speak for each. */

#include "ocors_tree.h"

#include <stdlib.h>

#include <apr_file_io.h>
#include <apr_strings.h>
#include <http_config.h>
#include <http_log.h>
#include <http_main.h>

#include "messages.h"
#include "ocors_load.h"
#include "ocors_store.h"
#include "ocors_url_name.h"

APLOG_USE_MODULE(ocapi_cors);

static const char documents_place[] = "ocapi-settings";

static const char *const document_names[OCORS_API_COUNT] = {
    [OCORS_API_SHOP] = "ocapi-settings/wapi_shop_config.json",
    [OCORS_API_DATA] = "ocapi-settings/wapi_data_config.json",
};

static bool path_has_type(const char *path, apr_filetype_e type, apr_pool_t *pool)
{
    apr_finfo_t info;

    return apr_stat(&info, path, APR_FINFO_TYPE, pool) == APR_SUCCESS && info.filetype == type;
}

/*
 * Whether the place of a folder's documents is there, and is no folder: a file, or a link that
 * leads nowhere. (Most are folders, and cost one call.)
 */
static bool place_is_broken(apr_pool_t *pool, const char *folder)
{
    const char *path = apr_pstrcat(pool, folder, "/", documents_place, NULL);
    apr_finfo_t info;

    return apr_stat(&info, path, APR_FINFO_TYPE | APR_FINFO_LINK, pool) == APR_SUCCESS
           && info.filetype != APR_DIR && !path_has_type(path, APR_DIR, pool);
}

/*
 * A folder's document, if there is one, or was one while the server ran, or nobody can tell; else
 * NULL. One that has vanished from a folder that stands is asked for, so that it is missed.
 */
static const char *find_document(apr_pool_t *pool, const char *folder, unsigned api)
{
    const char *path = apr_pstrcat(pool, folder, "/", document_names[api], NULL);
    apr_finfo_t info;
    apr_status_t status = APR_SUCCESS;

    if (!ocors_load_is_known(path)) {
        status = apr_stat(&info, path, APR_FINFO_TYPE | APR_FINFO_LINK, pool);
    }
    return (!APR_STATUS_IS_ENOENT(status) && !APR_STATUS_IS_ENOTDIR(status))
                   || place_is_broken(pool, folder)
               ? path
               : NULL;
}

/*
 * The policies of one site; `common` are the organisation's documents, `folder` is NULL for itself.
 * Where a folder does not tell which documents it has, an API has a policy only if it is in force:
 * one of fewer documents than are meant could allow more.
 */
static void add_site(apr_pool_t *pool, ocors_generation_tree_t *tree,
                     const char *const common[OCORS_API_COUNT], const char *name,
                     const char *folder, bool is_readable)
{
    ocors_generation_site_t *site = apr_array_push(tree->sites);

    site->name = apr_pstrdup(ocors_generation()->pool, name);
    for (unsigned api = 0; api < OCORS_API_COUNT; api++) {
        const char *owner = apr_psprintf(pool, "%s\n%s\n%d", tree->directory, name, (int)api);
        const char *paths[2];
        uint32_t count = 0;

        site->policies[api] = OCORS_SNAPSHOT_NO_POLICY;
        if (!is_readable && !ocors_load_is_known_policy(owner)) {
            continue;
        }
        if (common[api] != NULL) {
            paths[count++] = common[api];
        }
        if (folder != NULL && (paths[count] = find_document(pool, folder, api)) != NULL) {
            count++;
        }
        if (count > 0) {
            site->policies[api] = ocors_load_policy(owner, paths, count);
        }
    }
}

static int compare_names(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* The sites that the running server has in this tree, when the folder does not tell them. */
static void names_in_force(apr_pool_t *pool, apr_array_header_t *names, const char *directory)
{
    const ocors_snapshot_t *snapshot = ocors_store_snapshot();
    const uint32_t number = snapshot == NULL ? UINT32_MAX
                                             : ocors_snapshot_find_tree(
                                                 snapshot, ocors_span_from_string(directory));

    if (number == UINT32_MAX) {
        return;
    }
    for (uint32_t k = 1; k < snapshot->trees[number].site_count; k++) { /* the first has no name */
        const ocors_snapshot_site_t *site =
            &snapshot->sites[snapshot->trees[number].first_site + k];
        const ocors_span_t name = ocors_snapshot_text(snapshot, site->name);

        APR_ARRAY_PUSH(names, const char *) = apr_pstrmemdup(pool, name.bytes, name.length);
    }
}

/* Whether something of this name is there, be it a link that leads nowhere. */
static bool path_exists(const char *path, apr_pool_t *pool)
{
    apr_finfo_t info;

    return apr_stat(&info, path, APR_FINFO_TYPE | APR_FINFO_LINK, pool) == APR_SUCCESS;
}

/* The names in a folder, whole, or what went wrong. */
static apr_status_t list_names(apr_pool_t *pool, const char *path, apr_array_header_t *names)
{
    apr_finfo_t info;
    apr_dir_t *folder;
    apr_status_t status = apr_dir_open(&folder, path, pool);

    if (status != APR_SUCCESS) {
        return status;
    }
    while ((status = apr_dir_read(&info, APR_FINFO_NAME, folder)) == APR_SUCCESS) {
        if (info.name[0] != '.' && strcmp(info.name, "-") != 0) { /* /s/-/ is the organisation */
            APR_ARRAY_PUSH(names, const char *) = apr_pstrdup(pool, info.name);
        }
    }
    apr_dir_close(folder);
    return APR_STATUS_IS_ENOENT(status) ? APR_SUCCESS : status; /* there is no other end */
}

/*
 * The names in the folder of the sites, in byte order. An organisation may have no such folder; one
 * that cannot be read, or has vanished with sites in it, is an error, and no reason to forget a
 * site.
 */
static apr_array_header_t *site_names(apr_pool_t *pool, const char *directory, const char *sites,
                                      bool *is_listed)
{
    apr_array_header_t *names = apr_array_make(pool, 64, sizeof(const char *));
    apr_array_header_t *before = apr_array_make(pool, 64, sizeof(const char *));
    const bool is_directory = path_has_type(directory, APR_DIR, pool);
    const apr_status_t status = is_directory ? list_names(pool, sites, names) : APR_ENOTDIR;

    if (status != APR_SUCCESS) {
        names_in_force(pool, before, directory);
    }
    *is_listed = status == APR_SUCCESS
                 || (APR_STATUS_IS_ENOENT(status) && before->nelts == 0
                     && !path_exists(sites, pool));
    if (!is_directory) {
        ocors_load_add_problem(apr_pstrcat(pool, directory,
                                           ": this is not a directory, or it "
                                           "cannot be read",
                                           NULL));
    }
    else if (!*is_listed) {
        char message[120];

        ocors_load_add_problem(apr_pstrcat(pool, sites, ": the sites cannot be listed: ",
                                           apr_strerror(status, message, sizeof(message)), NULL));
    }
    if (!*is_listed) {
        names = before;
    }
    qsort(names->elts, (size_t)names->nelts, sizeof(const char *), compare_names);
    return names;
}

static bool tree_has_documents(const ocors_generation_tree_t *tree)
{
    for (int i = 0; i < tree->sites->nelts; i++) {
        const ocors_generation_site_t *site = &APR_ARRAY_IDX(tree->sites, i,
                                                             ocors_generation_site_t);

        if (site->policies[OCORS_API_SHOP] != OCORS_SNAPSHOT_NO_POLICY
            || site->policies[OCORS_API_DATA] != OCORS_SNAPSHOT_NO_POLICY) {
            return true;
        }
    }
    return false;
}

static bool is_in_force(const char *directory, const char *name)
{
    const ocors_snapshot_t *snapshot = ocors_store_snapshot();
    const ocors_span_t id = ocors_span_from_string(name);
    uint32_t site;

    return snapshot != NULL
           && ocors_snapshot_find_site(
               snapshot, ocors_snapshot_find_tree(snapshot, ocors_span_from_string(directory)), id,
               &site)
           && ocors_span_is_equal(ocors_snapshot_text(snapshot, snapshot->sites[site].name), id);
}

/*
 * Warns of sites that R12 tells apart by their exact ids alone: any other spelling of one is
 * ambiguous. Two that are in force have been warned of.
 */
static void warn_twins(apr_pool_t *scratch, const char *directory, const apr_array_header_t *names)
{
    apr_hash_t *by_key = apr_hash_make(scratch);

    for (int i = 0; i < names->nelts; i++) {
        const char *name = APR_ARRAY_IDX(names, i, const char *);
        char *key = apr_palloc(scratch, OCORS_SITE_KEY_MAX);
        const size_t length = ocors_site_key(ocors_span_from_string(name), key);
        const char *other = apr_hash_get(by_key, key, (apr_ssize_t)length);

        if (length > 0 && other != NULL
            && !(is_in_force(directory, name) && is_in_force(directory, other))) {
            ap_log_error(
                APLOG_MARK, APLOG_WARNING, 0, ap_server_conf,
                OCORS_LOG_TWINS
                "%s: the sites \"%s\" and \"%s\" differ in case, blanks or dots only; each has "
                "its own policy, and a path that spells one in another way allows nothing",
                directory, other, name);
        }
        apr_hash_set(by_key, key, (apr_ssize_t)length, name);
    }
}

/* The sites of a tree, with what they have of documents. */
static void add_sites(apr_pool_t *scratch, ocors_generation_tree_t *tree)
{
    const char *sites = apr_pstrcat(scratch, tree->directory, "/sites", NULL);
    const char *common[OCORS_API_COUNT];
    bool is_listed;
    const apr_array_header_t *names = site_names(scratch, tree->directory, sites, &is_listed);

    if (!ocors_generation()->is_look) {
        warn_twins(scratch, tree->directory, names);
    }
    for (unsigned api = 0; api < OCORS_API_COUNT; api++) {
        common[api] = find_document(scratch, tree->directory, api);
    }
    add_site(scratch, tree, common, "", NULL, is_listed);
    for (int i = 0; i < names->nelts; i++) {
        const char *name = APR_ARRAY_IDX(names, i, const char *);
        const char *folder = apr_pstrcat(scratch, sites, "/", name, NULL);
        apr_finfo_t info;
        const apr_status_t status = apr_stat(&info, folder, APR_FINFO_TYPE, scratch);

        const bool is_folder = status == APR_SUCCESS && info.filetype == APR_DIR;

        if (status == APR_SUCCESS && !is_folder && !is_in_force(tree->directory, name)) {
            continue; /* a file among the sites */
        }
        if (!is_folder && is_listed) {
            ocors_load_add_problem(apr_pstrcat(scratch, folder,
                                               ": this site leads nowhere, is not a "
                                               "folder, or cannot be read",
                                               NULL));
        }
        add_site(scratch, tree, common, name, folder, is_folder);
    }
    if (is_listed && !tree_has_documents(tree)) {
        ocors_load_add_problem(apr_pstrcat(scratch, tree->directory,
                                           ": there is no document below "
                                           "it; expected ocapi-settings/wapi_shop_config.json, or "
                                           "the same in sites/SITE/",
                                           NULL));
    }
}

/*
 * At the second reading of a start: the sites and their policies as the first has found and judged
 * them, whatever has become of the folders. False: the first did not have this tree.
 */
static bool take_earlier(ocors_generation_tree_t *tree)
{
    const ocors_generation_t *before = ocors_generation_earlier();
    const ocors_generation_tree_t *earlier;
    uint32_t number;

    if (before == NULL || !ocors_load_find_tree(before, tree->directory, &number)) {
        return false;
    }
    earlier = APR_ARRAY_IDX(before->trees, (int)number, const ocors_generation_tree_t *);
    for (int i = 0; i < earlier->sites->nelts; i++) {
        const ocors_generation_site_t *from = &APR_ARRAY_IDX(earlier->sites, i,
                                                             ocors_generation_site_t);
        ocors_generation_site_t *site = apr_array_push(tree->sites);

        site->name = apr_pstrdup(ocors_generation()->pool, from->name);
        for (unsigned api = 0; api < OCORS_API_COUNT; api++) {
            site->policies[api] = from->policies[api] != OCORS_SNAPSHOT_NO_POLICY
                                      ? ocors_load_earlier_policy(from->policies[api])
                                      : OCORS_SNAPSHOT_NO_POLICY;
        }
    }
    return true;
}

static void watch_folders(apr_pool_t *pool, ocors_notify_t *notify, const char *folder)
{
    ocors_notify_watch_folder(notify, folder);
    ocors_notify_watch_folder(notify, apr_pstrcat(pool, folder, "/", documents_place, NULL));
}

void ocors_tree_watch(apr_pool_t *pool, const char *directory, ocors_notify_t *notify)
{
    const char *sites = apr_pstrcat(pool, directory, "/sites", NULL);
    apr_array_header_t *names = apr_array_make(pool, 64, sizeof(const char *));

    watch_folders(pool, notify, directory);
    ocors_notify_watch_folder(notify, sites);
    (void)list_names(pool, sites, names); /* a look tells what is wrong */
    for (int i = 0; i < names->nelts; i++) {
        watch_folders(pool, notify,
                      apr_pstrcat(pool, sites, "/", APR_ARRAY_IDX(names, i, const char *), NULL));
    }
}

uint32_t ocors_tree_load(const char *directory)
{
    ocors_generation_t *generation = ocors_generation();
    ocors_generation_tree_t *tree;
    apr_pool_t *scratch;
    uint32_t number;

    if (ocors_load_find_tree(generation, directory, &number)) {
        return number; /* another section has it */
    }
    tree = apr_pcalloc(generation->pool, sizeof(*tree));
    tree->directory = apr_pstrdup(generation->pool, directory);
    tree->sites = apr_array_make(generation->pool, 64, sizeof(ocors_generation_site_t));
    if (!take_earlier(tree)) {
        apr_pool_create(&scratch, generation->pool);
        add_sites(scratch, tree);
        apr_pool_destroy(scratch);
    }
    return ocors_load_add_tree(tree);
}
