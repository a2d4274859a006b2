/* SPDX-License-Identifier: Apache-2.0 */
/* `ocapi-cors list`: the policy that documents make together. */

#include "ocors_command.h"

#include <stdio.h>
#include <stdlib.h>

#include "ocors_layers.h"
#include "ocors_memory.h"
#include "ocors_options.h"
#include "ocors_print.h"
#include "ocors_progress.h"
#include "ocors_reading.h"
#include "ocors_tree_reading.h"

/* ---- One policy ------------------------------------------------------------------------------ */

static void print_resource(const ocors_resource_t *resource)
{
    char names[OCORS_METHODS_TEXT_MAX];

    (void)ocors_methods_format(ocors_methods_complete(resource->methods), names);
    fputs("  resource ", stdout);
    ocors_print_text(stdout, resource->pattern);
    if (resource->from != 0) {
        printf(" from v%u.%u", (unsigned)(resource->from >> 16),
               (unsigned)(resource->from & 0xffff));
    }
    if (resource->until != UINT32_MAX) {
        printf(" before v%u.%u", (unsigned)(resource->until >> 16),
               (unsigned)(resource->until & 0xffff));
    }
    printf(": %s\n", resource->methods != 0 ? names : "no method");
}

static void print_client(const char *path, const ocors_settings_t *settings,
                         const ocors_client_t *client)
{
    fputs("client \"", stdout);
    ocors_print_text(stdout, client->id);
    fputs("\" of ", stdout);
    ocors_print_string(stdout, path);
    putchar('\n');
    for (size_t i = 0; i < client->origin_count; i++) {
        fputs("  origin ", stdout);
        ocors_print_text(stdout, settings->origins[client->first_origin + i]);
        putchar('\n');
    }
    for (size_t i = 0; i < client->resource_count; i++) {
        print_resource(&settings->resources[client->first_resource + i]);
    }
    for (size_t i = 0; i < client->header_count; i++) {
        const ocors_response_header_t *header = &settings->headers[client->first_header + i];

        fputs("  header ", stdout);
        ocors_print_text(stdout, header->name);
        fputs(": ", stdout);
        ocors_print_text(stdout, header->value);
        putchar('\n');
    }
}

static void print_policy(const ocors_layers_t *layers)
{
    ocors_layers_walk_t walk = { .layer = 0 };

    while (ocors_layers_next(layers, &walk)) {
        print_client(layers->items[walk.layer]->path, walk.settings, walk.client);
    }
}

static int list_files(const char *const *paths, size_t count)
{
    ocors_reading_t *readings = ocors_memory_get(count, sizeof(*readings));
    ocors_layers_t layers = { .count = 0 };
    int status = EXIT_GOOD;

    for (size_t i = 0; i < count; i++) {
        status = ocors_status_worse(status, ocors_reading_require(&readings[i], paths[i], false));
        (void)ocors_layers_add(&layers, &readings[i]);
    }
    if (status == EXIT_GOOD) {
        print_policy(&layers);
    }
    for (size_t i = 0; i < count; i++) {
        ocors_reading_free(&readings[i]);
    }
    free(readings);
    return status;
}

/* ---- A tree ---------------------------------------------------------------------------------- */

static void print_heading(const ocors_sites_item_t *site, unsigned api)
{
    if (site->name[0] == '\0') {
        printf("# organisation, %s\n", ocors_sites_api_name(api));
        return;
    }
    fputs("# site \"", stdout);
    ocors_print_string(stdout, site->name);
    printf("\", %s\n", ocors_sites_api_name(api));
}

/* A site's policy for one API, if it has a document of its own. */
static int list_site(const ocors_tree_reading_t *tree, size_t site, unsigned api,
                     ocors_progress_t *progress)
{
    ocors_site_policy_t policy;
    int status = EXIT_GOOD;

    if (tree->list.sites[site].paths[api] == NULL) {
        return EXIT_GOOD;
    }
    ocors_progress_hide(progress);
    status = ocors_tree_reading_site(tree, site, api, &policy);
    if (status == EXIT_GOOD) {
        print_heading(&tree->list.sites[site], api);
        print_policy(&policy.layers);
    }
    ocors_site_policy_free(&policy);
    return status;
}

static int list_tree(const char *directory)
{
    ocors_tree_reading_t tree;
    ocors_progress_t progress;
    int status = ocors_tree_reading_open(&tree, directory);

    progress = ocors_progress_begin("sites", tree.list.site_count);
    for (size_t i = 0; i < tree.list.site_count && status == EXIT_GOOD; i++) {
        for (unsigned api = 0; api < OCORS_API_COUNT; api++) {
            status = ocors_status_worse(status, list_site(&tree, i, api, &progress));
        }
        ocors_progress_step(&progress, i + 1);
    }
    ocors_progress_hide(&progress);
    ocors_tree_reading_close(&tree);
    return status;
}

/* ---- The command ----------------------------------------------------------------------------- */

int ocors_command_list(int count, char *const arguments[])
{
    static const ocors_option_t known[] = { { .name = "--tree", .has_value = true } };
    ocors_options_t options = {
        .command = "list", .known = known, .known_count = 1, .arguments = arguments, .count = count
    };
    const char **paths = ocors_memory_get((size_t)count, sizeof(*paths));
    const char *tree = NULL, *value;
    size_t path_count = 0;
    int found, status = EXIT_UNUSABLE;

    while ((found = ocors_options_next(&options, &value)) != OCORS_OPTIONS_END
           && found != OCORS_OPTIONS_WRONG) {
        if (found == OCORS_OPTIONS_OPERAND) {
            paths[path_count++] = value;
        }
        else {
            tree = value;
        }
    }
    if (found == OCORS_OPTIONS_END && (tree != NULL) == (path_count > 0)) {
        (void)ocors_usage_error("list", tree != NULL ? "give --tree or FILE, not both"
                                                     : "--tree DIR or a FILE is missing");
    }
    else if (found == OCORS_OPTIONS_END && path_count > OCORS_POLICY_LAYERS_MAX) {
        (void)ocors_usage_error("list", "a policy has 16 documents at most");
    }
    else if (found == OCORS_OPTIONS_END) {
        status = tree != NULL ? list_tree(tree) : list_files(paths, path_count);
    }
    free(paths);
    return status;
}
