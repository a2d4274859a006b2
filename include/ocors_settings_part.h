/* SPDX-License-Identifier: Apache-2.0 */
/* The parts of a settings document: what the policy reads, and what it does not (DESIGN 2). */
#ifndef OCORS_SETTINGS_PART_H
#define OCORS_SETTINGS_PART_H

#include "ocors_span.h"

/* The part that a value is, or belongs to. */
typedef enum {
    OCORS_PART_DOCUMENT,
    OCORS_PART_CLIENTS,
    OCORS_PART_CLIENT,
    OCORS_PART_RESOURCES,
    OCORS_PART_RESOURCE,
    OCORS_PART_READ,     /* a value that the policy reads, or a part of one */
    OCORS_PART_ELSEWHERE /* one that it does not read */
} ocors_part_t;

/* The part of a member of this name, or of an element (key.bytes == NULL), of a value. */
ocors_part_t ocors_part_below(ocors_part_t part, ocors_span_t key);

#endif
