/* SPDX-License-Identifier: Apache-2.0 */
/* Ant-style resource paths. */
#include "ocors_resource.h"

#include <string.h>

#include "ocors_glob.h"

/* The length of "{name}" or "{name:regex}" (a regex may hold braces); 0: a brace stays open. */
static size_t placeholder_length(ocors_span_t text)
{
    size_t open = 0;

    for (size_t i = 0; i < text.length; i++) {
        if (text.bytes[i] == '{') {
            open++;
        }
        else if (text.bytes[i] == '}' && --open == 0) {
            return i + 1;
        }
    }
    return 0;
}

/* Whether a segment is a list of ids: "(*)", "(*,*)", "(*,...,*)". */
static bool is_id_list(ocors_span_t segment)
{
    size_t start = 1;

    if (segment.length < 3 || segment.bytes[0] != '(' || segment.bytes[segment.length - 1] != ')') {
        return false;
    }
    for (size_t i = 1; i < segment.length; i++) {
        if (i < segment.length - 1 && segment.bytes[i] != ',') {
            continue;
        }
        ocors_span_t element = ocors_span_make(segment.bytes + start, i - start);

        if (!ocors_span_is_equal(element, OCORS_SPAN_LITERAL("*"))
            && !ocors_span_is_equal(element, OCORS_SPAN_LITERAL("..."))) {
            return false;
        }
        start = i + 1;
    }
    return true;
}

/*
 * Ends the segment that began at `start` and came from `source`. A list of ids becomes '*'. A run
 * of
 * '*' ("{a}{b}") becomes '*', too: "**" would match any number of segments.
 */
static size_t end_segment(char *pattern, size_t start, size_t length, ocors_span_t source)
{
    size_t stars = start;

    while (stars < length && pattern[stars] == '*') {
        stars++;
    }
    if (is_id_list(ocors_span_make(pattern + start, length - start))
        || (stars == length && length - start > 1
            && !ocors_span_is_equal(source, OCORS_SPAN_LITERAL("**")))) {
        pattern[start] = '*';
        return start + 1;
    }
    return length;
}

/* Appends a segment to the pattern, its placeholders replaced. *at moves past it. */
static bool normalise_segment(ocors_span_t resource_id, size_t *at, char *pattern, size_t *length)
{
    size_t first = *at;
    size_t written = *length;

    while (*at < resource_id.length && resource_id.bytes[*at] != '/') {
        char c = resource_id.bytes[*at];
        size_t skipped = 1;

        if (c == '{') {
            skipped = placeholder_length(
                ocors_span_make(resource_id.bytes + *at, resource_id.length - *at));
            c = '*';
        }
        if (skipped == 0) {
            return false;
        }
        pattern[written++] = c;
        *at += skipped;
    }
    *length = end_segment(pattern, *length, written,
                          ocors_span_make(resource_id.bytes + first, *at - first));
    return true;
}

bool ocors_resource_pattern_normalise(ocors_span_t resource_id, char *pattern, size_t *length)
{
    size_t written = 0;
    size_t at = 0;

    if (resource_id.length == 0 || resource_id.bytes[0] != '/'
        || resource_id.length > OCORS_RESOURCE_ID_MAX || ocors_span_has_control(resource_id)) {
        return false;
    }
    while (at < resource_id.length) {
        at++; /* the '/' */
        if (written == 0 || pattern[written - 1] != '/') {
            pattern[written++] = '/';
        }
        if (!normalise_segment(resource_id, &at, pattern, &written)) {
            return false;
        }
    }
    if (written > 1 && pattern[written - 1] == '/') {
        written--;
    }
    *length = written;
    return true;
}

bool ocors_resource_path_split(ocors_span_t path, ocors_segments_t *segments)
{
    size_t at = 0;

    segments->count = 0;
    if (path.length > OCORS_RESOURCE_PATH_MAX) {
        return false;
    }
    for (ocors_span_t segment = ocors_segment_next(path, &at); segment.bytes != NULL;
         segment = ocors_segment_next(path, &at)) {
        if (segments->count == OCORS_RESOURCE_SEGMENTS_MAX) {
            return false;
        }
        segments->items[segments->count++] = segment;
    }
    return true;
}

/* The segment of the pattern that ends before *end. *end moves to its start. */
static ocors_span_t previous_segment(ocors_span_t pattern, size_t *end)
{
    size_t start;

    while (*end > 0 && pattern.bytes[*end - 1] == '/') {
        --*end;
    }
    start = *end;
    while (start > 0 && pattern.bytes[start - 1] != '/') {
        start--;
    }
    const ocors_span_t segment = ocors_span_make(pattern.bytes + start, *end - start);
    *end = start;
    return segment;
}

static bool is_any(ocors_span_t segment)
{
    return segment.length == 2 && segment.bytes[0] == '*' && segment.bytes[1] == '*';
}

/* Why a run of segments without "**" ended. */
typedef enum {
    RUN_DIFFERS,
    RUN_ENDS,
    RUN_MEETS_ANY
} run_end_t;

/*
 * Matches the pattern from *p up to its next "**" or its end with the path's segments from *at up
 * to `end`. *p moves past that "**", *at past the segments that match.
 */
static run_end_t take_run(ocors_span_t pattern, size_t *p, const ocors_segments_t *path, size_t *at,
                          size_t end)
{
    for (;; ++*at) {
        const ocors_span_t wanted = ocors_segment_next(pattern, p);

        if (wanted.bytes == NULL) {
            return RUN_ENDS;
        }
        if (is_any(wanted)) {
            return RUN_MEETS_ANY;
        }
        if (*at == end || !ocors_glob_is_match(wanted, path->items[*at])) {
            return RUN_DIFFERS;
        }
    }
}

/* As ocors_glob_is_match(), with segments for characters and "**" for '*'. */
bool ocors_resource_is_match(ocors_span_t pattern, const ocors_segments_t *path)
{
    size_t p = 0;
    size_t last = pattern.length; /* the start of the last "**" */
    size_t at = 0;
    size_t end = path->count;
    const run_end_t head = take_run(pattern, &p, path, &at, end);

    if (head != RUN_MEETS_ANY) {
        return head == RUN_ENDS && at == end;
    }
    for (ocors_span_t wanted = previous_segment(pattern, &last); !is_any(wanted);
         wanted = previous_segment(pattern, &last), end--) {
        if (end == at || !ocors_glob_is_match(wanted, path->items[end - 1])) {
            return false;
        }
    }
    while (p < last) { /* between two "**" */
        size_t run = p;
        size_t taken = at;

        if (take_run(pattern, &run, path, &taken, end) == RUN_MEETS_ANY) {
            p = run;
            at = taken;
        }
        else if (at++ == end) {
            return false;
        }
    }
    return true;
}

bool ocors_version_parse_by(ocors_span_t text, char separator, ocors_version_t *version)
{
    uint32_t parts[2] = { 0, 0 };
    size_t digits[2] = { 0, 0 };
    size_t part = 0;

    for (size_t i = 0; i < text.length; i++) {
        if (text.bytes[i] == separator && part == 0) {
            part = 1;
            continue;
        }
        if (!ocors_ascii_is_digit(text.bytes[i])) {
            return false;
        }
        parts[part] = parts[part] * 10 + (uint32_t)(text.bytes[i] - '0');
        digits[part]++;
        if (parts[part] > 65535) {
            return false;
        }
    }
    if (digits[0] == 0 || digits[1] == 0 || (parts[0] | parts[1]) == 0) {
        return false;
    }
    *version = parts[0] << 16 | parts[1];
    return true;
}
