/* SPDX-License-Identifier: Apache-2.0 */
/* A directory of settings documents: which sites there are, and which documents speak for each. */

#include "ocors_tree.h"

#include <stdlib.h>

#include <apr_file_io.h>
#include <apr_strings.h>
#include <http_config.h>

#include "ocors_load.h"

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
 * Adds a folder's document, if there is one, or was one while the server ran: a document that has
 * vanished from a folder that stands is asked for, so that it is missed.
 */
static void add_document(apr_pool_t *pool, const char *folder, ocors_api_t api, const char **paths,
                         uint32_t *count)
{
    const char *path = apr_pstrcat(pool, folder, "/", document_names[api], NULL);
    apr_finfo_t info;

    if (apr_stat(&info, path, APR_FINFO_TYPE | APR_FINFO_LINK, pool) == APR_SUCCESS
        || ocors_load_is_known(path)) {
        paths[(*count)++] = path;
    }
}

/* The policies of one site; `folder` is NULL for the organisation. */
static void add_site(apr_pool_t *pool, ocors_tree_t *tree, const char *name, const char *folder,
                     apr_array_header_t *errors)
{
    ocors_tree_site_t *site = apr_array_push(tree->sites);

    site->name = apr_pstrdup(ocors_load_pool(), name);
    for (ocors_api_t api = OCORS_API_SHOP; api < OCORS_API_COUNT; api++) {
        const char *paths[2];
        uint32_t count = 0;

        site->policies[api] = OCORS_TREE_NO_POLICY;
        add_document(pool, tree->directory, api, paths, &count);
        if (folder != NULL) {
            add_document(pool, folder, api, paths, &count);
        }
        if (count > 0) {
            const apr_array_header_t *found = ocors_load_policy(pool, paths, count,
                                                                &site->policies[api]);

            if (found != NULL) {
                apr_array_cat(errors, found);
            }
        }
    }
}

static int compare_names(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* The names of the sites' folders in byte order. */
static apr_array_header_t *site_names(apr_pool_t *pool, const char *sites)
{
    apr_array_header_t *names = apr_array_make(pool, 64, sizeof(const char *));
    apr_finfo_t info;
    apr_dir_t *directory;

    if (apr_dir_open(&directory, sites, pool) != APR_SUCCESS) {
        return names; /* an organisation without sites */
    }
    while (apr_dir_read(&info, APR_FINFO_NAME, directory) == APR_SUCCESS) {
        if (info.name[0] != '.' && strcmp(info.name, "-") != 0) { /* /s/-/ is the organisation */
            APR_ARRAY_PUSH(names, const char *) = apr_pstrdup(pool, info.name);
        }
    }
    apr_dir_close(directory);
    qsort(names->elts, (size_t)names->nelts, sizeof(const char *), compare_names);
    return names;
}

static void add_error(apr_array_header_t *errors, const char *text)
{
    APR_ARRAY_PUSH(errors, const char *) = text;
}

/* The organisation's documents stand in every site's policies: their errors are said once. */
static const apr_array_header_t *unique(apr_pool_t *pool, const apr_array_header_t *errors)
{
    apr_array_header_t *once = apr_array_make(pool, errors->nelts, sizeof(const char *));
    apr_hash_t *said = apr_hash_make(pool);

    for (int i = 0; i < errors->nelts; i++) {
        const char *text = APR_ARRAY_IDX(errors, i, const char *);

        if (apr_hash_get(said, text, APR_HASH_KEY_STRING) == NULL) {
            apr_hash_set(said, text, APR_HASH_KEY_STRING, text);
            add_error(once, text);
        }
    }
    return once;
}

static bool tree_has_documents(const ocors_tree_t *tree)
{
    for (int i = 0; i < tree->sites->nelts; i++) {
        const ocors_tree_site_t *site = &APR_ARRAY_IDX(tree->sites, i, ocors_tree_site_t);

        if (site->policies[OCORS_API_SHOP] != OCORS_TREE_NO_POLICY
            || site->policies[OCORS_API_DATA] != OCORS_TREE_NO_POLICY) {
            return true;
        }
    }
    return false;
}

const apr_array_header_t *ocors_tree_load(apr_pool_t *pool, const char *directory, uint32_t *number)
{
    ocors_tree_t *tree = apr_pcalloc(ocors_load_pool(), sizeof(*tree));
    apr_array_header_t *errors = apr_array_make(pool, 4, sizeof(const char *));
    const char *sites = apr_pstrcat(pool, directory, "/sites", NULL);
    apr_array_header_t *names;
    apr_pool_t *scratch;

    apr_pool_create(&scratch, pool);
    tree->directory = apr_pstrdup(ocors_load_pool(), directory);
    tree->sites = apr_array_make(ocors_load_pool(), 64, sizeof(ocors_tree_site_t));
    if (!path_has_type(directory, APR_DIR, scratch) && !ocors_load_is_reload()) {
        add_error(errors, apr_pstrcat(pool, directory, ": this is no directory, or it cannot be "
                                      "read", NULL));
        return errors;
    }
    add_site(pool, tree, "", NULL, errors);
    names = site_names(scratch, sites);
    for (int i = 0; i < names->nelts; i++) {
        const char *name = APR_ARRAY_IDX(names, i, const char *);
        const char *folder = apr_pstrcat(scratch, sites, "/", name, NULL);

        if (path_has_type(folder, APR_DIR, scratch)) {
            add_site(pool, tree, name, folder, errors);
        }
    }
    apr_pool_destroy(scratch);
    if (errors->nelts > 0) {
        return unique(pool, errors);
    }
    if (!tree_has_documents(tree) && !ocors_load_is_reload()) {
        add_error(errors, apr_pstrcat(pool, directory, ": there is no document below it; expected "
                                      "ocapi-settings/wapi_shop_config.json, or the same in "
                                      "sites/SITE/", NULL));
        return errors;
    }
    *number = ocors_load_add_tree(tree);
    return NULL;
}
