/* SPDX-License-Identifier: Apache-2.0 */
/* Looks for the resources of a path. */

#include "ocors_path_methods.h"

void ocors_path_methods_begin(ocors_path_methods_t *found, ocors_span_t path,
                              ocors_version_t version)
{
    found->keys.count = 0;
    found->version = version;
    found->methods = 0;
    found->tries_left = OCORS_PATH_METHODS_TRIES;
    found->is_too_much = !ocors_resource_path_split(path, &found->path);
}

/* Tries one resource. False: there is none, as only a damaged image says, or it is one too many. */
static bool try_resource(ocors_path_methods_t *found, const ocors_image_t *image, uint32_t number,
                         uint32_t *further)
{
    ocors_resource_t resource;

    if (!ocors_image_read_resource(image, number, &resource, further)) {
        return false;
    }
    if (found->tries_left == 0) {
        found->is_too_much = true;
        return false;
    }
    found->tries_left--;
    if ((resource.methods & ~found->methods) != 0
        && (found->version == 0
            || (found->version >= resource.from && found->version < resource.until))
        && ocors_resource_is_match(resource.pattern, &found->path)) {
        found->methods |= resource.methods;
    }
    return true;
}

/* Tries the resources of the list that have a key of the path. */
static void try_keys(ocors_path_methods_t *found, const ocors_image_t *image,
                     const ocors_image_list_t *list)
{
    if (found->keys.count == 0) {
        ocors_resource_keys_of(image->seed, &found->path, &found->keys);
    }
    for (unsigned i = 0; i < found->keys.count; i++) {
        ocors_probe_t probe = ocors_slots_probe(list->slots, list->slot_count,
                                                found->keys.items[i]);
        uint32_t at, further;

        while (ocors_probe_next(&probe, &at) && at < list->resource_count) {
            while (try_resource(found, image, list->first_resource + at, &further)
                   && further != 0) {
                at++;
            }
        }
    }
}

void ocors_path_methods_add(ocors_path_methods_t *found, const ocors_image_t *image, uint32_t list)
{
    ocors_image_list_t at;
    uint32_t further;

    if (found->is_too_much || !ocors_image_read_list(image, list, &at)) {
        return;
    }
    if (at.slot_count > 0) {
        try_keys(found, image, &at);
        return;
    }
    for (uint32_t i = 0;
         i < at.resource_count && try_resource(found, image, at.first_resource + i, &further);
         i++) {
    }
}
