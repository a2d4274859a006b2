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

/* "19.1" -> 19 << 16 | 1. False: not DIGITS.DIGITS, each at most 65535 and not both zero. */
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
 * Whether a decoded path, compared with case, is one that the normalised pattern names. A trailing
 * slash of the path is ignored. No allocation; time at most pattern.length * path.length.
 */
bool ocors_resource_is_match(ocors_span_t pattern, ocors_span_t path);

#endif
