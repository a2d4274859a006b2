/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Looks for a path with too many candidates. There are more paths than anybody can try; but which
 * patterns are candidates depends on a path's number of segments and its two ends alone. The worst
 * ends for a number of segments are those that most patterns have, or both ends of one pattern.
 */

#include "ocors_resource_candidates.h"

#include <stdlib.h>

#include "ocors_distinct.h"
#include "ocors_index.h"
#include "ocors_path_methods.h"
#include "ocors_resource_key.h"

/* Patterns of one shape have one key: a path has all of them as candidates, or none. */
typedef struct class_t {
    ocors_resource_shape_t shape;
    uint32_t count;
} class_t;

/* The classes of a document. */
typedef struct classes_t {
    const ocors_settings_t *settings;
    uint32_t *of; /* the class of each of the settings' resources, from 1; 0: an equal one is before
                     it */
    class_t *items;
    uint32_t count;
    ocors_index_t known; /* a shape -> its class */
    /* By a number of segments, 0 for any other: whether there are patterns with wildcards, and the
     * first and the last segment that most of them have, with those of ** . */
    bool is_used[OCORS_RESOURCE_SEGMENTS_MAX + 1];
    uint64_t ends[2][OCORS_RESOURCE_SEGMENTS_MAX + 1];
    uint32_t most[2][OCORS_RESOURCE_SEGMENTS_MAX + 1];
} classes_t;

static ocors_span_t shape_key(const ocors_resource_shape_t *shape)
{
    return shape->is_plain ? ocors_span_make((const char *)&shape->whole, sizeof(shape->whole))
                           : ocors_span_make((const char *)shape->ends, sizeof(shape->ends));
}

static uint32_t count_of(const classes_t *classes, const ocors_resource_shape_t *shape)
{
    const ocors_index_entry_t *entry = ocors_index_find(&classes->known, shape->count,
                                                        shape_key(shape));

    return entry != NULL ? classes->items[entry->value].count : 0;
}

/* How many candidates a path has; see ocors_resource_keys_of(). */
static uint32_t candidates_of(const classes_t *classes, const ocors_resource_shape_t *path)
{
    const uint32_t counts[] = { path->count, OCORS_RESOURCE_ANY_COUNT };
    uint32_t total = path->is_plain ? count_of(classes, path) : 0;

    for (unsigned i = 0; i < 8; i++) {
        const ocors_resource_shape_t shape = {
            .ends = { (i & 1) != 0 ? path->ends[0] : 0, (i & 2) != 0 ? path->ends[1] : 0 },
            .count = counts[i >> 2],
        };

        if (((i & 1) == 0) == (shape.ends[0] == 0) && ((i & 2) == 0) == (shape.ends[1] == 0)) {
            total += count_of(classes, &shape);
        }
    }
    return total;
}

/* Counts a pattern in its class. */
static ocors_result_t add(classes_t *classes, const ocors_resource_shape_t *shape, size_t resource)
{
    class_t *next = &classes->items[classes->count];
    const ocors_index_entry_t *entry;
    bool is_new;

    next->shape = *shape;
    entry = ocors_index_put(&classes->known, shape->count, shape_key(&next->shape), classes->count,
                            &is_new);
    if (entry == NULL) {
        return OCORS_NO_MEMORY;
    }
    classes->count += is_new ? 1 : 0;
    classes->items[entry->value].count++;
    classes->of[resource] = entry->value + 1;
    return OCORS_OK;
}

static ocors_result_t add_all(classes_t *classes)
{
    const ocors_settings_t *settings = classes->settings;
    const uint64_t seed = classes->known.seed;
    ocors_result_t result = OCORS_OK;
    ocors_distinct_t distinct;
    uint32_t number;
    bool is_new = false;

    ocors_distinct_init(&distinct, seed);
    for (size_t i = 0; i < settings->resource_count && result == OCORS_OK; i++) {
        result = ocors_distinct_number(&distinct, &settings->resources[i], &number, &is_new);
        if (result == OCORS_OK && is_new) {
            const ocors_resource_shape_t shape = ocors_resource_shape(
                seed, settings->resources[i].pattern);

            result = add(classes, &shape, i);
        }
    }
    ocors_distinct_free(&distinct);
    return result;
}

/* Whether the largest class of each kind of key has so few patterns that all of them are tried. */
static bool are_few(const classes_t *classes)
{
    uint32_t most[9] = { 0 };
    uint32_t total = 0;

    for (uint32_t i = 0; i < classes->count; i++) {
        const ocors_resource_shape_t *shape = &classes->items[i].shape;
        const unsigned kind = shape->is_plain
                                  ? 8
                                  : (shape->ends[0] != 0 ? 1u : 0) | (shape->ends[1] != 0 ? 2u : 0)
                                        | (shape->count == OCORS_RESOURCE_ANY_COUNT ? 4u : 0);

        most[kind] = most[kind] < classes->items[i].count ? classes->items[i].count : most[kind];
    }
    for (unsigned i = 0; i < 9; i++) {
        total += most[i];
    }
    return total <= OCORS_PATH_METHODS_TRIES;
}

/* Finds the ends that most patterns have. */
static void find_ends(classes_t *classes)
{
    for (uint32_t i = 0; i < classes->count; i++) {
        ocors_resource_shape_t shape = classes->items[i].shape;
        const bool has_any = shape.count == OCORS_RESOURCE_ANY_COUNT;
        const uint32_t n = has_any ? 0 : shape.count;
        const unsigned end = shape.ends[0] != 0 ? 0 : 1;
        uint32_t count = classes->items[i].count;

        if (shape.is_plain || n > OCORS_RESOURCE_SEGMENTS_MAX) {
            continue;
        }
        classes->is_used[n] = true;
        shape.count = OCORS_RESOURCE_ANY_COUNT;
        count += has_any ? 0 : count_of(classes, &shape);
        if ((shape.ends[0] == 0) != (shape.ends[1] == 0) && count > classes->most[end][n]) {
            classes->most[end][n] = count;
            classes->ends[end][n] = shape.ends[end];
        }
    }
    for (unsigned i = 0; i < 2 * OCORS_RESOURCE_SEGMENTS_MAX; i++) {
        const unsigned end = i & 1, n = 1 + i / 2;

        if (classes->most[end][n] < classes->most[end][0]) {
            classes->ends[end][n] = classes->ends[end][0];
        }
    }
}

/* The worst path of so many segments for which a class is among the candidates. False: none is. */
static bool worst_path(const classes_t *classes, const ocors_resource_shape_t *shape, uint32_t n,
                       ocors_resource_shape_t *path)
{
    const bool has_any = shape->count == OCORS_RESOURCE_ANY_COUNT;

    if (has_any ? n != 0 && !classes->is_used[n] : shape->count != n) {
        return false;
    }
    *path = *shape;
    path->count = n;
    if (shape->is_plain) {
        return true;
    }
    for (unsigned end = 0; end < 2; end++) {
        if (path->ends[end] == 0) { /* the first segment of one is its last */
            path->ends[end] = n == 1 ? shape->ends[1 - end] : classes->ends[end][n];
        }
    }
    return n != 1 || path->ends[0] == path->ends[1];
}

static bool find_path(const classes_t *classes, ocors_resource_shape_t *path)
{
    for (uint32_t i = 0; i < classes->count; i++) {
        for (uint32_t n = 0; n <= OCORS_RESOURCE_SEGMENTS_MAX; n++) {
            if (worst_path(classes, &classes->items[i].shape, n, path)
                && candidates_of(classes, path) > OCORS_PATH_METHODS_TRIES) {
                return true;
            }
        }
    }
    return false;
}

static bool is_candidate(const ocors_resource_shape_t *shape, const ocors_resource_shape_t *path)
{
    if (shape->is_plain) {
        return path->is_plain && shape->whole == path->whole;
    }
    return (shape->count == path->count || shape->count == OCORS_RESOURCE_ANY_COUNT)
           && (shape->ends[0] == 0 || shape->ends[0] == path->ends[0])
           && (shape->ends[1] == 0 || shape->ends[1] == path->ends[1]);
}

static void warn(const ocors_settings_t *settings, size_t resource, ocors_report_t *report)
{
    const ocors_path_t clients = { .key = OCORS_SPAN_LITERAL("clients") };
    const ocors_client_t *client = settings->clients;
    uint32_t element = 0;

    while (client->first_resource + client->resource_count <= resource) {
        client++;
    }
    (void)ocors_settings_find_client(settings, client->id, &element);
    ocors_report_add(
        report, OCORS_FINDING_TOO_MANY_CANDIDATES,
        &(ocors_path_t){
            .parent = &(ocors_path_t){ .parent = &clients, .index = element },
            .key = OCORS_SPAN_LITERAL("resources"),
        },
        "\"%.*s\" is one pattern too many: a path that more than %d patterns of this document may "
        "match has the methods of OcapiCorsMethods; replace several patterns by one, such as "
        "\"/products/**\", or give them different first or last segments",
        OCORS_SHOWN(settings->resources[resource].pattern), OCORS_PATH_METHODS_TRIES);
}

/* Finds the first candidate too many, in the document's order. */
static void judge(const classes_t *classes, ocors_report_t *report)
{
    ocors_resource_shape_t path;
    unsigned count = 0;

    if (!find_path(classes, &path)) {
        return;
    }
    for (size_t i = 0; i < classes->settings->resource_count; i++) {
        if (classes->of[i] != 0 && is_candidate(&classes->items[classes->of[i] - 1].shape, &path)
            && count++ == OCORS_PATH_METHODS_TRIES) {
            warn(classes->settings, i, report);
        }
    }
}

ocors_result_t ocors_resource_candidates_judge(const ocors_settings_t *settings,
                                               ocors_report_t *report)
{
    classes_t classes = { .settings = settings };
    ocors_result_t result = OCORS_NO_MEMORY;

    if (settings->resource_count <= OCORS_PATH_METHODS_TRIES) {
        return OCORS_OK;
    }
    ocors_index_init(&classes.known, ocors_index_seed());
    classes.of = calloc(settings->resource_count, sizeof(*classes.of));
    classes.items = calloc(settings->resource_count, sizeof(*classes.items));
    if (classes.of != NULL && classes.items != NULL) {
        result = add_all(&classes);
    }
    if (result == OCORS_OK && !are_few(&classes)) {
        find_ends(&classes);
        judge(&classes, report);
    }
    ocors_index_free(&classes.known);
    free(classes.of);
    free(classes.items);
    return result;
}
