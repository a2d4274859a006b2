/* SPDX-License-Identifier: Apache-2.0 */
/* Ant-style resource paths, and versions (rules M1, M2). */
#ifndef OCORS_RESOURCE_H
#define OCORS_RESOURCE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "ocors_span.h"

/* "19.1" as 19 << 16 | 1, so that versions compare as numbers; 0 = none. */
typedef uint32_t ocors_version_t;

/*
 * "19.1" -> 19 << 16 | 1. False, and nothing is written: not DIGITS.DIGITS, each at most 65535 and
 * not both zero.
 */
bool ocors_version_parse(ocors_span_t text, ocors_version_t *version);

/* A resource_id longer than this is refused. */
#define OCORS_RESOURCE_ID_MAX 1024

/*
 * Brings a resource_id to the form that ocors_resource_is_match() reads: '*' any run within a
 * segment, '?' one character, "**" as a whole segment any number of segments. "{name}" and
 * "{name:regex}" become '*'; a segment "(*)", "({ids})" or "({id},...,{id})" becomes '*'; empty
 * segments and a trailing slash go. Writes at most resource_id.length + 1 bytes and no NUL.
 * False: it does not begin with '/', is too long, or holds a control character or an open brace.
 */
bool ocors_resource_pattern_normalise(ocors_span_t resource_id, char *pattern, size_t *length);

/*
 * The next segment of a path from *at that is not empty; it points into the path. bytes NULL: there
 * is none. *at moves behind it.
 */
static inline ocors_span_t ocors_segment_next(ocors_span_t path, size_t *at)
{
    while (*at < path.length && path.bytes[*at] == '/') {
        ++*at;
    }
    const size_t start = *at;
    while (*at < path.length && path.bytes[*at] != '/') {
        ++*at;
    }
    return *at == start ? ocors_span_make(NULL, 0)
                        : ocors_span_make(path.bytes + start, *at - start);
}

/* M2: a path with more segments, or with more bytes, is held against no pattern. */
#define OCORS_RESOURCE_SEGMENTS_MAX 64
#define OCORS_RESOURCE_PATH_MAX     2048

/* A path as its segments, none of which is empty. */
typedef struct ocors_segments_t {
    ocors_span_t items[OCORS_RESOURCE_SEGMENTS_MAX];
    size_t count;
} ocors_segments_t;

/*
 * Splits a decoded path; the spans point into it. Empty segments and a trailing slash are ignored.
 * False: the path is beyond the limits above. Linear.
 */
bool ocors_resource_path_split(ocors_span_t path, ocors_segments_t *segments);

/*
 * Whether a path, compared with case, is one that the normalised pattern names. No allocation, no
 * recursion. One comparison of segments (ocors_glob_is_match()) for each segment of the path at
 * most, but for what stands between two "**": that takes at most its number of segments for each
 * segment of the path.
 */
bool ocors_resource_is_match(ocors_span_t pattern, const ocors_segments_t *path);

#endif
