/* SPDX-License-Identifier: Apache-2.0 */
/* The policies that judge a path, made of documents as the server makes them (C4, C5). */

#include "ocors_policies.h"

#include <stdlib.h>

#include "ocors_image_build.h"
#include "ocors_index.h"
#include "ocors_memory.h"
#include "ocors_reading.h"
#include "ocors_snapshot.h"

/* Builds the image of a document and adds it as a layer. */
static int add_image(ocors_policy_t *policy, ocors_policies_layer_t *layer,
                     const ocors_settings_t *settings, uint64_t seed)
{
    size_t size;

    switch (ocors_image_build(settings, seed, &layer->image, &size)) {
    case OCORS_OK:
        break;
    case OCORS_INVALID:
    case OCORS_NO_MEMORY:
        ocors_memory_end();
    }
    if (!ocors_image_open(layer->image, size, &policy->layers[policy->layer_count])) {
        return EXIT_ERRORS;
    }
    policy->layer_count++;
    return EXIT_GOOD;
}

/* Reads a document into the next layer of a policy. */
static int add_document(ocors_policies_t *policies, size_t index, const char *path, bool is_of_tree,
                        uint64_t seed)
{
    ocors_policy_t *policy = &policies->items[index];
    ocors_policies_layer_t *layer = &policies->layers[index][policy->layer_count];
    ocors_reading_t reading;
    int status = ocors_reading_require(&reading, path, is_of_tree);

    if (status == EXIT_GOOD) {
        layer->path = path;
        status = add_image(policy, layer, reading.settings, seed);
    }
    ocors_reading_free(&reading);
    return status;
}

int ocors_policies_read(ocors_policies_t *policies, const char *const *paths, size_t count)
{
    const uint64_t seed = ocors_index_seed();
    int status = EXIT_GOOD;

    *policies = (ocors_policies_t){ .count = 1 };
    for (size_t i = 0; i < count; i++) {
        status = ocors_status_worse(status, add_document(policies, 0, paths[i], false, seed));
    }
    return status;
}

/* ---- A tree ---------------------------------------------------------------------------------- */

static const ocors_key_t tree_key = { .bytes = { 1 } };

/* Writes the sites' table of a snapshot that has one tree and no document. */
static bool snapshot_make(const ocors_sites_t *tree, void *area, ocors_snapshot_header_t *header,
                          ocors_snapshot_t *snapshot)
{
    ocors_snapshot_tree_t *record;
    ocors_snapshot_site_t *sites;
    uint32_t at = 0;

    memcpy(area, header, sizeof(*header));
    if (!ocors_snapshot_open(area, header->size, area, header->size, snapshot)) {
        return false;
    }
    record = (void *)(uintptr_t)snapshot->trees;
    sites = (void *)(uintptr_t)snapshot->sites;
    *record = (ocors_snapshot_tree_t){ .key = tree_key, .site_count = header->site_count };
    for (size_t i = 0; i < tree->site_count; i++) {
        const size_t length = strlen(tree->sites[i].name);

        memcpy((char *)(uintptr_t)snapshot->text + at, tree->sites[i].name, length);
        sites[i] = (ocors_snapshot_site_t){ .name = { at, (uint32_t)length } };
        at += (uint32_t)length;
    }
    ocors_snapshot_index(snapshot);
    return true;
}

/* Finds the site that a path names, as a request finds it (C5, R12). False: the path is ambiguous.
 */
static bool site_find(const ocors_sites_t *tree, const ocors_url_path_t *path, uint32_t *site)
{
    ocors_snapshot_header_t header = { .tree_count = 1,
                                       .site_count = (uint32_t)tree->site_count,
                                       .seed = ocors_index_seed() };
    ocors_snapshot_t snapshot;
    void *area;
    bool is_found;

    for (size_t i = 0; i < tree->site_count; i++) {
        header.text_size += (uint32_t)strlen(tree->sites[i].name);
    }
    ocors_snapshot_complete(&header);
    header.size = header.tables_size;
    area = ocors_memory_get(1, header.size);
    is_found = snapshot_make(tree, area, &header, &snapshot)
               && ocors_snapshot_find_path(&snapshot, &tree_key, path, ocors_span_make("", 0),
                                           site);
    free(area);
    return is_found;
}

/* The policy of a site and an API: the organisation's document and the site's. */
static int add_policy(ocors_policies_t *policies, size_t site, unsigned api, uint64_t seed)
{
    const ocors_sites_item_t *sites = policies->tree.sites;
    const size_t index = policies->count;
    int status = EXIT_GOOD;

    if (sites[0].paths[api] != NULL) {
        status = add_document(policies, index, sites[0].paths[api], true, seed);
    }
    if (site != 0 && sites[site].paths[api] != NULL) {
        status = ocors_status_worse(
            status, add_document(policies, index, sites[site].paths[api], true, seed));
    }
    policies->count += policies->items[index].layer_count > 0 ? 1 : 0;
    return status;
}

int ocors_policies_read_tree(ocors_policies_t *policies, const char *directory,
                             const ocors_url_path_t *path)
{
    const uint64_t seed = ocors_index_seed();
    uint32_t site;
    int status;

    *policies = (ocors_policies_t){ .count = 0 };
    ocors_sites_list(&policies->tree, directory);
    status = ocors_sites_status(&policies->tree);
    if (status != EXIT_GOOD) {
        ocors_sites_print_errors(&policies->tree, stderr);
        return status;
    }
    if (path == NULL) {
        return EXIT_GOOD;
    }
    if (!site_find(&policies->tree, path, &site) || site >= policies->tree.site_count) {
        policies->is_path_ambiguous = true;
        return EXIT_GOOD;
    }
    policies->site = policies->tree.sites[site].name;
    for (unsigned api = 0; api < OCORS_API_COUNT; api++) {
        if (path->plain.api == (ocors_api_t)api || path->plain.api == OCORS_API_OTHER) {
            status = ocors_status_worse(status, add_policy(policies, site, api, seed));
        }
    }
    return status;
}

void ocors_policies_free(ocors_policies_t *policies)
{
    for (size_t i = 0; i < OCORS_API_COUNT; i++) {
        for (size_t layer = 0; layer < OCORS_POLICY_LAYERS_MAX; layer++) {
            free(policies->layers[i][layer].image);
        }
    }
    ocors_sites_free(&policies->tree);
}
