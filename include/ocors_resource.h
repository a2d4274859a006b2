/* SPDX-License-Identifier: Apache-2.0 */
/* Ant-style resource paths and the versioned paths they are held against (rules M1, M2). */
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

/* What a URL path says of an OCAPI request. */
typedef struct ocors_resource_path_t {
    ocors_span_t site;       /* of /s/{site}/ or /s/Sites-{site}-Site/; bytes NULL: none named */
    ocors_span_t api;        /* of /dw/{api}/; bytes NULL: not an OCAPI path */
    ocors_version_t version; /* of /v{N}_{M}/; 0: none */
    ocors_span_t rest;       /* after the version, with its leading '/' ("/" where nothing is left);
                                where there is no version, the whole path */
} ocors_resource_path_t;

/*
 * Takes a decoded URL path apart: [...][/s/{site}]/dw/{api}[/v{N}_{M}][/rest]. The first "dw"
 * segment that an API follows counts, whatever comes after it. Spans point into `path`. Linear.
 */
void ocors_resource_path_parse(ocors_span_t path, ocors_resource_path_t *parts);

#endif
