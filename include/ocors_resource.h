/* SPDX-License-Identifier: Apache-2.0 */
/* Ant-style resource paths, and versions (rules M1, M2). */
#ifndef OCORS_RESOURCE_H
#define OCORS_RESOURCE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "ocors_method.h"
#include "ocors_span.h"

/* "19.1" as 19 << 16 | 1: versions compare as integers. 0: none. */
typedef uint32_t ocors_version_t;

/*
 * Parses "19.1" to 19 << 16 | 1; the separator is the '.', or the '_' of a URL. False: the text is
 * not DIGITS.DIGITS, a part is above 65535, or both are zero; nothing is written.
 */
bool ocors_version_parse_by(ocors_span_t text, char separator, ocors_version_t *version);

static inline bool ocors_version_parse(ocors_span_t text, ocors_version_t *version)
{
    return ocors_version_parse_by(text, '.', version);
}

/* The most bytes of a resource_id. */
#define OCORS_RESOURCE_ID_MAX 1024

/*
 * Brings a resource_id to the form that ocors_resource_is_match() reads:
 *
 *   '*'                    any run of characters within a segment
 *   '?'                    one character
 *   "**", a whole segment  any number of segments
 *
 * "{name}" and "{name:regex}" become '*', and so does a segment "(*)", "({ids})" or
 * "({id},...,{id})". Empty segments and a trailing slash are removed. Writes at most
 * resource_id.length + 1 bytes and no NUL. False: the id does not begin with '/', is too long, or
 * holds a control character or an open brace.
 */
bool ocors_resource_pattern_normalise(ocors_span_t resource_id, char *pattern, size_t *length);

/*
 * The next segment of a path that is not empty, from *at; it points into the path. *at moves past
 * it. bytes NULL: the path has ended.
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

/* M2: a path with more segments or bytes matches no pattern. */
#define OCORS_RESOURCE_SEGMENTS_MAX 64
#define OCORS_RESOURCE_PATH_MAX     2048

/* The segments of a path; no segment is empty. */
typedef struct ocors_segments_t {
    ocors_span_t items[OCORS_RESOURCE_SEGMENTS_MAX];
    size_t count;
} ocors_segments_t;

/*
 * Splits a decoded path; the spans point into it. Empty segments and a trailing slash are skipped.
 * False: the path exceeds the limits above. Linear.
 */
bool ocors_resource_path_split(ocors_span_t path, ocors_segments_t *segments);

/*
 * Whether the normalised pattern matches a path, with case. No allocation, no recursion. Each
 * segment of the path is compared (ocors_glob_is_match()) at most once; between two "**" it is
 * compared at most once with each segment of the pattern there.
 */
bool ocors_resource_is_match(ocors_span_t pattern, const ocors_segments_t *path);

/* One resources[] entry for one version range; an entry with n ranges becomes n of these. */
typedef struct ocors_resource_t {
    ocors_span_t pattern; /* as ocors_resource_pattern_normalise() leaves it */
    ocors_methods_t methods;
    ocors_version_t from;  /* 0 = from the oldest */
    ocors_version_t until; /* exclusive; UINT32_MAX = to the newest */
} ocors_resource_t;

#endif
