/* SPDX-License-Identifier: Apache-2.0 */
/* Looks for the resources of a path. */

#include "ocors_path_methods.h"

/* So many resources of short lists cost less than the keys of a path, and are tried at once. */
#define UNKEYED_LOOKS 32

void ocors_path_methods_begin(ocors_path_methods_t *found, ocors_span_t path,
                              ocors_version_t version)
{
    found->keys.count = 0;
    found->version = version;
    found->methods = 0;
    found->tries_left = OCORS_PATH_METHODS_TRIES;
    found->looks = 0;
    found->last_image = NULL;
    found->is_too_much = !ocors_resource_path_split(path, &found->path);
}

/* Makes the keys of the path, once. */
static void make_keys(ocors_path_methods_t *found, const ocors_image_t *image)
{
    if (found->keys.count == 0) {
        ocors_resource_keys_of(image->seed, &found->path, &found->keys);
        found->key_bits = 0;
        for (unsigned i = 0; i < found->keys.count; i++) {
            found->key_bits |= UINT64_C(1) << (found->keys.items[i] & 63);
        }
    }
}

/* Tries a resource. */
static void match(ocors_path_methods_t *found, const ocors_resource_t *resource)
{
    if ((resource->methods & ~found->methods) != 0
        && (found->version == 0
            || (found->version >= resource->from && found->version < resource->until))
        && ocors_resource_is_match(resource->pattern, &found->path)) {
        found->methods |= resource->methods;
    }
}

/* The same for a resource that has a key of the path. False: it is one too many (M2). */
static bool match_counted(ocors_path_methods_t *found, const ocors_resource_t *resource)
{
    if (found->tries_left == 0) {
        found->is_too_much = true;
        return false;
    }
    found->tries_left--;
    match(found, resource);
    return true;
}

/* Tries the resources of a list with slots that have a key of the path. */
static void try_keys(ocors_path_methods_t *found, const ocors_image_t *image,
                     const ocors_image_list_t *list)
{
    ocors_resource_t resource;
    uint32_t at, further;

    make_keys(found, image);
    for (unsigned i = 0; i < found->keys.count; i++) {
        ocors_probe_t probe = ocors_slots_probe(list->slots, list->slot_count,
                                                found->keys.items[i]);

        while (ocors_probe_next(&probe, &at) && at < list->resource_count) {
            while (ocors_image_read_resource(image, list->first_resource + at, &resource, &further)
                   && match_counted(found, &resource) && further != 0) {
                at++;
            }
        }
    }
}

/* Whether the path has a key with this low half. */
static bool has_key(ocors_path_methods_t *found, const ocors_image_t *image, uint32_t half)
{
    make_keys(found, image);
    for (unsigned i = 0; (found->key_bits >> (half & 63) & 1) != 0 && i < found->keys.count; i++) {
        if ((uint32_t)found->keys.items[i] == half) {
            return true;
        }
    }
    return false;
}

/* Tries the resources of a short list. After many of such lists, they need a key of the path. */
static void try_all(ocors_path_methods_t *found, const ocors_image_t *image,
                    const ocors_image_list_t *list)
{
    ocors_resource_t resource;
    uint32_t half;

    for (uint32_t i = 0;
         i < list->resource_count
         && ocors_image_read_resource(image, list->first_resource + i, &resource, &half);
         i++) {
        if (found->looks == OCORS_PATH_METHODS_LOOKS) {
            found->is_too_much = true;
            return;
        }
        found->looks++;
        if ((resource.methods & ~found->methods) == 0) {
            continue; /* many clients have the same pattern */
        }
        if (found->looks <= UNKEYED_LOOKS) {
            match(found, &resource);
        }
        else if (has_key(found, image, half) && !match_counted(found, &resource)) {
            return;
        }
    }
}

void ocors_path_methods_add(ocors_path_methods_t *found, const ocors_image_t *image, uint32_t list)
{
    ocors_image_list_t at;

    /* Clients of one document often have equal lists, which are one. */
    if (found->is_too_much || (found->last_image == image && found->last_list == list)
        || !ocors_image_read_list(image, list, &at)) {
        return;
    }
    found->last_image = image;
    found->last_list = list;
    if (at.slot_count > 0) {
        try_keys(found, image, &at);
    }
    else {
        try_all(found, image, &at);
    }
}
