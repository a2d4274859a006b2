/* SPDX-License-Identifier: Apache-2.0 */
/* Which methods of which paths a client gets and loses. */

#include "ocors_method_changes.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ocors_headers.h"
#include "ocors_memory.h"

/* What both sides are compared by. */
typedef struct comparison_t {
    ocors_sentences_t *changes;
    ocors_span_t client;
    ocors_client_resources_t sides[2]; /* before, after; in order */
    ocors_version_t *versions;         /* at which a resource begins or ends, in order, from 0 */
    size_t version_count;
} comparison_t;

static int resource_compare(const void *a, const void *b)
{
    const ocors_resource_t *left = a, *right = b;
    const size_t common = left->pattern.length < right->pattern.length ? left->pattern.length
                                                                       : right->pattern.length;
    const int order = memcmp(left->pattern.bytes, right->pattern.bytes, common);

    if (order != 0 || left->pattern.length != right->pattern.length) {
        return order != 0 ? order : left->pattern.length > right->pattern.length ? 1 : -1;
    }
    if (left->from != right->from || left->until != right->until) {
        return left->from > right->from || (left->from == right->from && left->until > right->until)
                   ? 1
                   : -1;
    }
    return (left->methods > right->methods) - (left->methods < right->methods);
}

static int version_compare(const void *a, const void *b)
{
    const ocors_version_t left = *(const ocors_version_t *)a, right = *(const ocors_version_t *)b;

    return (left > right) - (left < right);
}

static bool in_range(const ocors_resource_t *resource, ocors_version_t version)
{
    return version >= resource->from && version < resource->until;
}

/* M1, M3: the methods that a client with these resources gets. */
static ocors_methods_t methods_of(ocors_client_resources_t resources, const ocors_segments_t *path,
                                  ocors_version_t version)
{
    ocors_methods_t methods = 0;

    for (size_t i = 0; i < resources.count; i++) {
        const ocors_resource_t *resource = &resources.items[i];

        if ((resource->methods & ~methods) != 0 && in_range(resource, version)
            && ocors_resource_is_match(resource->pattern, path)) {
            methods |= resource->methods;
        }
    }
    return methods != 0 ? ocors_methods_complete(methods)
                        : ocors_header_policy_default.fallback_methods;
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
        ocors_sentences_add(comparison->changes, "%c method%s %s of %.*s%s of client \"%.*s\"",
                            sign, strchr(names, ',') != NULL ? "s" : "", names, (int)pattern.length,
                            pattern.bytes, versions, (int)comparison->client.length,
                            comparison->client.bytes);
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
        for (size_t i = 0; i < count; i++) {
            const ocors_version_t version = comparison->versions[i];
            const ocors_methods_t before = methods_of(comparison->sides[0], &path, version);
            const ocors_methods_t after = methods_of(comparison->sides[1], &path, version);

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

/* A copy in order; equal entries become one. */
static ocors_client_resources_t sorted(ocors_client_resources_t resources)
{
    ocors_resource_t *items = ocors_memory_get(resources.count, sizeof(*items));
    size_t count = 0;

    if (resources.count == 0) {
        return (ocors_client_resources_t){ .items = items };
    }
    memcpy(items, resources.items, resources.count * sizeof(*items));
    qsort(items, resources.count, sizeof(*items), resource_compare);
    for (size_t i = 0; i < resources.count; i++) {
        if (count == 0 || resource_compare(&items[count - 1], &items[i]) != 0) {
            items[count++] = items[i];
        }
    }
    return (ocors_client_resources_t){ .items = items, .count = count };
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

/* Walks over both sides in order, and compares the paths of what only one of them has. */
static void compare_all(const comparison_t *comparison)
{
    const ocors_client_resources_t *sides = comparison->sides;
    ocors_span_t last = { NULL, 0 };

    for (size_t i = 0, k = 0; i < sides[0].count || k < sides[1].count;) {
        const int order = i == sides[0].count ? 1
                          : k == sides[1].count
                              ? -1
                              : resource_compare(&sides[0].items[i], &sides[1].items[k]);
        const ocors_span_t pattern = order <= 0 ? sides[0].items[i].pattern
                                                : sides[1].items[k].pattern;

        if (order != 0 && !ocors_span_is_equal(last, pattern)) {
            compare_path(comparison, pattern);
            last = pattern;
        }
        i += order <= 0 ? 1 : 0;
        k += order >= 0 ? 1 : 0;
    }
}

void ocors_method_changes_find(ocors_sentences_t *changes, ocors_span_t client,
                               ocors_client_resources_t before, ocors_client_resources_t after)
{
    comparison_t comparison = { .changes = changes,
                                .client = client,
                                .sides = { sorted(before), sorted(after) } };

    versions_make(&comparison);
    compare_all(&comparison);
    free(comparison.versions);
    free((void *)(uintptr_t)comparison.sides[0].items);
    free((void *)(uintptr_t)comparison.sides[1].items);
}
