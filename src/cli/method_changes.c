/* SPDX-License-Identifier: Apache-2.0 */
/* Which methods of which paths a client gets and loses. */

#include "ocors_method_changes.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ocors_headers.h"
#include "ocors_memory.h"
#include "ocors_resource_walk.h"

/* A sentence costs as much as this many matches of a path. */
#define SENTENCE_WORK 100

enum {
    METHOD_COUNT = 7 /* the bits of ocors_methods_t */
};

/* The versions of a resource: [first, end) of those that are compared. */
typedef struct range_t {
    size_t first;
    size_t end;
} range_t;

/* What both sides are compared by. */
typedef struct comparison_t {
    ocors_sentences_t *changes;
    ocors_span_t client;
    ocors_client_resources_t sides[2]; /* before, after; in order */
    range_t *ranges[2];                /* of each resource */
    int32_t *steps;                    /* room: METHOD_COUNT for each version, and one more */
    ocors_version_t *versions;         /* at which a resource begins or ends, in order, from 0 */
    size_t version_count;
    ocors_span_t *wide; /* of what only one side has: the patterns that match several paths */
    size_t wide_count;
} comparison_t;

static int version_compare(const void *a, const void *b)
{
    const ocors_version_t left = *(const ocors_version_t *)a, right = *(const ocors_version_t *)b;

    return (left > right) - (left < right);
}

/* The index of the first version that is not below. */
static size_t version_index(const comparison_t *comparison, ocors_version_t version)
{
    size_t low = 0, high = comparison->version_count;

    while (low < high) {
        const size_t middle = low + (high - low) / 2;

        if (comparison->versions[middle] < version) {
            low = middle + 1;
        }
        else {
            high = middle;
        }
    }
    return low;
}

static void add_steps(int32_t *steps, ocors_methods_t methods, int32_t step)
{
    for (unsigned bit = 0; bit < METHOD_COUNT; bit++) {
        steps[bit] += (methods >> bit & 1) != 0 ? step : 0;
    }
}

/* M1, M3: the methods that a client with the resources of a side gets, at each version. */
static void find_methods(const comparison_t *comparison, unsigned side,
                         const ocors_segments_t *path, ocors_methods_t *methods)
{
    const ocors_client_resources_t resources = comparison->sides[side];
    int32_t counts[METHOD_COUNT] = { 0 };

    memset(comparison->steps, 0,
           (comparison->version_count + 1) * METHOD_COUNT * sizeof(*comparison->steps));
    for (size_t i = 0; i < resources.count; i++) {
        const range_t range = comparison->ranges[side][i];

        if (range.first < range.end && ocors_resource_is_match(resources.items[i].pattern, path)) {
            add_steps(comparison->steps + range.first * METHOD_COUNT, resources.items[i].methods,
                      1);
            add_steps(comparison->steps + range.end * METHOD_COUNT, resources.items[i].methods, -1);
        }
    }
    for (size_t i = 0; i < comparison->version_count; i++) {
        ocors_methods_t found = 0;

        for (unsigned bit = 0; bit < METHOD_COUNT; bit++) {
            counts[bit] += comparison->steps[i * METHOD_COUNT + bit];
            found |= (ocors_methods_t)((counts[bit] > 0 ? 1u : 0u) << bit);
        }
        methods[i] = found != 0 ? ocors_methods_complete(found)
                                : ocors_header_policy_default.fallback_methods;
    }
}

/* A path that a pattern matches: each of its wildcards is an "x". */
static char *sample_make(ocors_span_t pattern)
{
    char *path = ocors_memory_get(pattern.length + 1, 1);
    char *to = path;

    for (size_t i = 0; i < pattern.length; i++) {
        const char character = pattern.bytes[i];

        if (character == '*' && i > 0 && pattern.bytes[i - 1] == '*') {
            continue;
        }
        *to++ = character == '*' || character == '?' ? 'x' : character;
    }
    return path;
}

/* " from v19.1 before v20.0": from one place among the versions to another. */
static void format_versions(const comparison_t *comparison, size_t first, size_t end, char *text,
                            size_t room)
{
    const ocors_version_t from = comparison->versions[first];
    int length = 0;

    text[0] = '\0';
    if (from != 0) {
        length = snprintf(text, room, " from v%u.%u", (unsigned)(from >> 16),
                          (unsigned)(from & 0xffff));
    }
    if (end < comparison->version_count) {
        const ocors_version_t until = comparison->versions[end];

        (void)snprintf(text + length, room - (size_t)length, " before v%u.%u",
                       (unsigned)(until >> 16), (unsigned)(until & 0xffff));
    }
}

/* `methods`: what one side alone has, at each version. */
static void add_sentences(const comparison_t *comparison, char sign, const ocors_methods_t *methods,
                          ocors_span_t pattern)
{
    size_t end;

    for (size_t first = 0; first < comparison->version_count; first = end) {
        char names[OCORS_METHODS_TEXT_MAX], versions[64];

        end = first + 1;
        while (end < comparison->version_count && methods[end] == methods[first]) {
            end++;
        }
        if (methods[first] == 0) {
            continue;
        }
        (void)ocors_methods_format(methods[first], names);
        format_versions(comparison, first, end, versions, sizeof(versions));
        ocors_sentences_add(
            comparison->changes, comparison->client, "%c method%s %s of %.*s%s of client \"%.*s\"",
            sign, strchr(names, ',') != NULL ? "s" : "", names, (int)pattern.length, pattern.bytes,
            versions, (int)comparison->client.length, comparison->client.bytes);
    }
}

/* Compares what both sides say of the path of a pattern. */
static void compare_path(const comparison_t *comparison, ocors_span_t pattern)
{
    const size_t count = comparison->version_count;
    char *sample = sample_make(pattern);
    ocors_methods_t *lost = ocors_memory_get(count, sizeof(*lost));
    ocors_methods_t *got = ocors_memory_get(count, sizeof(*got));
    ocors_segments_t path;

    if (ocors_resource_path_split(ocors_span_from_string(sample), &path)) {
        find_methods(comparison, 0, &path, lost);
        find_methods(comparison, 1, &path, got);
        for (size_t i = 0; i < count; i++) {
            const ocors_methods_t before = lost[i], after = got[i];

            lost[i] = before & (ocors_methods_t)~after;
            got[i] = after & (ocors_methods_t)~before;
        }
        add_sentences(comparison, '-', lost, pattern);
        add_sentences(comparison, '+', got, pattern);
    }
    free(sample);
    free(lost);
    free(got);
}

/* The limits of versions on both sides, each once. */
static void versions_make(comparison_t *comparison)
{
    const size_t most = 2 * (comparison->sides[0].count + comparison->sides[1].count) + 1;
    ocors_version_t *versions = ocors_memory_get(most, sizeof(*versions));
    size_t count = 1, kept = 1;

    for (unsigned side = 0; side < 2; side++) {
        for (size_t i = 0; i < comparison->sides[side].count; i++) {
            versions[count++] = comparison->sides[side].items[i].from;
            versions[count++] = comparison->sides[side].items[i].until;
        }
    }
    qsort(versions, count, sizeof(*versions), version_compare);
    for (size_t i = 1; i < count; i++) {
        if (versions[i] != versions[kept - 1] && versions[i] != UINT32_MAX) {
            versions[kept++] = versions[i];
        }
    }
    comparison->versions = versions;
    comparison->version_count = kept;
}

/* Where each resource begins and ends among the versions. */
static void ranges_make(comparison_t *comparison)
{
    for (unsigned side = 0; side < 2; side++) {
        const ocors_client_resources_t resources = comparison->sides[side];

        comparison->ranges[side] = ocors_memory_get(resources.count, sizeof(range_t));
        for (size_t i = 0; i < resources.count; i++) {
            comparison->ranges[side][i] = (range_t){
                .first = version_index(comparison, resources.items[i].from),
                .end = version_index(comparison, resources.items[i].until),
            };
        }
    }
    comparison->steps = ocors_memory_get((comparison->version_count + 1) * METHOD_COUNT,
                                         sizeof(*comparison->steps));
}

static bool is_wide(ocors_span_t pattern)
{
    return memchr(pattern.bytes, '*', pattern.length) != NULL
           || memchr(pattern.bytes, '?', pattern.length) != NULL;
}

static void wide_make(comparison_t *comparison)
{
    ocors_resource_walk_t walk = { .sides = comparison->sides };

    comparison->wide = ocors_memory_get(comparison->sides[0].count + comparison->sides[1].count,
                                        sizeof(*comparison->wide));
    while (ocors_resource_walk_next(&walk)) {
        if (!walk.is_shared && is_wide(walk.pattern)) {
            comparison->wide[comparison->wide_count++] = walk.pattern;
        }
    }
}

/*
 * Whether a pattern that only one side has can change the methods of a resource that both have: it
 * matches the resource's path, and is not compared for the same path.
 */
static bool is_affected(const comparison_t *comparison, ocors_span_t pattern)
{
    char *sample = comparison->wide_count > 0 ? sample_make(pattern) : NULL;
    bool is_found = false;
    ocors_segments_t path;

    if (sample == NULL || !ocors_resource_path_split(ocors_span_from_string(sample), &path)) {
        free(sample);
        return false;
    }
    for (size_t i = 0; i < comparison->wide_count && !is_found; i++) {
        char *other = ocors_resource_is_match(comparison->wide[i], &path)
                          ? sample_make(comparison->wide[i])
                          : NULL;

        is_found = other != NULL && strcmp(sample, other) != 0;
        free(other);
    }
    free(sample);
    return is_found;
}

/*
 * Walks to the paths of what only one side has, and of what this can change. Returns how many there
 * are; `is_compared`: they are compared.
 */
static size_t walk_paths(const comparison_t *comparison, bool is_compared)
{
    ocors_resource_walk_t walk = { .sides = comparison->sides };
    ocors_span_t last = { NULL, 0 };
    size_t count = 0;

    while (ocors_resource_walk_next(&walk)) {
        if (ocors_span_is_equal(last, walk.pattern)
            || (walk.is_shared && !is_affected(comparison, walk.pattern))) {
            continue;
        }
        if (is_compared) {
            compare_path(comparison, walk.pattern);
        }
        count++;
        last = walk.pattern;
    }
    return count;
}

/* Whether *work is enough for all paths; it is taken. */
static bool work_take(const comparison_t *comparison, uint64_t *work)
{
    const uint64_t each = comparison->sides[0].count + comparison->sides[1].count
                          + comparison->version_count * SENTENCE_WORK;
    const uint64_t walks = (uint64_t)2 * comparison->sides[0].count * comparison->wide_count;
    uint64_t paths = 0;

    if (walks > *work || (paths = walk_paths(comparison, false)) > (*work - walks) / each) {
        return false;
    }
    *work -= walks + paths * each;
    return true;
}

void ocors_method_changes_find(ocors_sentences_t *changes, ocors_span_t client,
                               ocors_client_resources_t before, ocors_client_resources_t after,
                               uint64_t *work)
{
    comparison_t comparison = { .changes = changes,
                                .client = client,
                                .sides = { ocors_resources_sort(before),
                                           ocors_resources_sort(after) } };

    versions_make(&comparison);
    ranges_make(&comparison);
    wide_make(&comparison);
    if (work_take(&comparison, work)) {
        (void)walk_paths(&comparison, true);
    }
    else {
        ocors_sentences_add(changes, client, "? methods of client \"%.*s\" are too many to compare",
                            (int)client.length, client.bytes);
    }
    free(comparison.steps);
    free(comparison.ranges[0]);
    free(comparison.ranges[1]);
    free(comparison.versions);
    free(comparison.wide);
    free((void *)(uintptr_t)comparison.sides[0].items);
    free((void *)(uintptr_t)comparison.sides[1].items);
}
