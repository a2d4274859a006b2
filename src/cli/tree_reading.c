/* SPDX-License-Identifier: Apache-2.0 */
/* A tree, read: the documents of each site and API in layers (C4, C5). */

#include "ocors_tree_reading.h"

#include <stdio.h>

int ocors_tree_reading_open(ocors_tree_reading_t *tree, const char *directory)
{
    int status;

    *tree = (ocors_tree_reading_t){ .list = { .site_count = 0 } };
    ocors_sites_list(&tree->list, directory);
    status = ocors_sites_status(&tree->list);
    if (status != EXIT_GOOD) {
        ocors_sites_print_errors(&tree->list, stderr);
        return status;
    }
    for (unsigned api = 0; api < OCORS_API_COUNT; api++) {
        if (tree->list.sites[0].paths[api] != NULL) {
            status = ocors_status_worse(
                status, ocors_reading_require(&tree->organisation[api],
                                              tree->list.sites[0].paths[api], true));
        }
    }
    return status;
}

void ocors_tree_reading_close(ocors_tree_reading_t *tree)
{
    for (unsigned api = 0; api < OCORS_API_COUNT; api++) {
        ocors_reading_free(&tree->organisation[api]);
    }
    ocors_sites_free(&tree->list);
}

int ocors_tree_reading_site(const ocors_tree_reading_t *tree, size_t site, unsigned api,
                            ocors_site_policy_t *policy)
{
    const char *path = site != 0 ? tree->list.sites[site].paths[api] : NULL;
    int status = EXIT_GOOD;

    *policy = (ocors_site_policy_t){ .layers = { .count = 0 } };
    if (tree->organisation[api].path != NULL) {
        (void)ocors_layers_add(&policy->layers, &tree->organisation[api]);
    }
    if (path != NULL) {
        status = ocors_reading_require(&policy->own, path, true);
        (void)ocors_layers_add(&policy->layers, &policy->own);
    }
    return status;
}

void ocors_site_policy_free(ocors_site_policy_t *policy)
{
    ocors_reading_free(&policy->own);
}
