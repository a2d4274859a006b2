/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Ant-style patterns (M2) and wildcards (R10) against a matcher that tries every way. Fields: a
 * resource_id, which is also a wildcard pattern, and a path. A way that was tried is not tried
 * again: else the matcher itself would take forever.
 */
#include "fuzz.h"
#include "ocors_glob.h"
#include "ocors_resource.h"
#include "ocors_utf8.h"

/* The longest texts that the matcher is asked; the product's functions are asked with all. */
#define MATCHER_MAX 160

/* Which pairs of places were tried in vain. */
typedef struct matcher_t {
    ocors_span_t pattern, text;
    bool failed[MATCHER_MAX + 1][MATCHER_MAX + 1];
} matcher_t;

static bool try_match(matcher_t *matcher, size_t p, size_t t)
{
    const ocors_span_t pattern = matcher->pattern, text = matcher->text;
    bool matches = false;

    if (matcher->failed[p][t]) {
        return false;
    }
    if (p == pattern.length) {
        matches = t == text.length;
    }
    else if (pattern.bytes[p] == '*') {
        matches = try_match(matcher, p + 1, t)
                  || (t < text.length
                      && try_match(matcher, p, t + ocors_utf8_length(ocors_span_from(text, t))));
    }
    else if (t < text.length && pattern.bytes[p] == '?') {
        matches = try_match(matcher, p + 1, t + ocors_utf8_length(ocors_span_from(text, t)));
    }
    else if (t < text.length && pattern.bytes[p] == text.bytes[t]) {
        matches = try_match(matcher, p + 1, t + 1);
    }
    matcher->failed[p][t] = !matches;
    return matches;
}

static bool is_match(ocors_span_t pattern, ocors_span_t text)
{
    static matcher_t matcher;

    memset(matcher.failed, 0, sizeof(matcher.failed));
    matcher.pattern = pattern;
    matcher.text = text;
    return try_match(&matcher, 0, 0);
}

static bool is_utf8(ocors_span_t text)
{
    for (size_t at = 0; at < text.length;) {
        const size_t length = ocors_utf8_length(ocors_span_from(text, at));

        if (length == 0) {
            return false;
        }
        at += length;
    }
    return true;
}

/* The same with segments for characters. */
typedef struct path_matcher_t {
    ocors_segments_t pattern;
    const ocors_segments_t *path;
    bool failed[OCORS_RESOURCE_SEGMENTS_MAX + 1][OCORS_RESOURCE_SEGMENTS_MAX + 1];
} path_matcher_t;

static bool try_path(path_matcher_t *matcher, size_t p, size_t t)
{
    bool matches = false;

    if (matcher->failed[p][t]) {
        return false;
    }
    if (p == matcher->pattern.count) {
        matches = t == matcher->path->count;
    }
    else if (ocors_span_is_equal(matcher->pattern.items[p], OCORS_SPAN_LITERAL("**"))) {
        matches = try_path(matcher, p + 1, t)
                  || (t < matcher->path->count && try_path(matcher, p, t + 1));
    }
    else if (t < matcher->path->count) {
        matches = is_match(matcher->pattern.items[p], matcher->path->items[t])
                  && try_path(matcher, p + 1, t + 1);
    }
    matcher->failed[p][t] = !matches;
    return matches;
}

static void check_resource(ocors_span_t resource_id, ocors_span_t path, bool is_small)
{
    char pattern[OCORS_RESOURCE_ID_MAX + 1], again[OCORS_RESOURCE_ID_MAX + 1];
    path_matcher_t matcher = { .path = NULL };
    ocors_segments_t segments;
    size_t length, length_again;

    if (!ocors_resource_pattern_normalise(resource_id, pattern, &length)) {
        return;
    }
    const ocors_span_t normal = ocors_span_make(pattern, length);

    FUZZ_CHECK(length > 0 && length <= resource_id.length + 1 && pattern[0] == '/');
    FUZZ_CHECK(ocors_resource_pattern_normalise(normal, again, &length_again));
    FUZZ_CHECK(ocors_span_is_equal(normal, ocors_span_make(again, length_again)));
    if (!ocors_resource_path_split(path, &segments)) {
        return;
    }
    const bool matches = ocors_resource_is_match(normal, &segments);

    if (is_small && ocors_resource_path_split(normal, &matcher.pattern)) {
        matcher.path = &segments;
        FUZZ_CHECK(matches == try_path(&matcher, 0, 0));
    }
}

void fuzz_pattern(ocors_span_t input)
{
    fuzz_fields_t fields = fuzz_split(input, 2);
    const ocors_span_t pattern = fields.items[0], path = fields.items[1];
    const bool is_small = pattern.length <= MATCHER_MAX && path.length <= MATCHER_MAX
                          && is_utf8(pattern) && is_utf8(path);
    const bool matches = ocors_glob_is_match(pattern, path);

    if (is_small) {
        FUZZ_CHECK(matches == is_match(pattern, path));
    }
    check_resource(pattern, path, is_small);
    fuzz_fields_free(&fields);
}
