/* SPDX-License-Identifier: Apache-2.0 */
/* Whether a text is JSON, for the targets that compare. */
#ifndef OCORS_FUZZ_JSON_H
#define OCORS_FUZZ_JSON_H

#include <stdbool.h>

#include "ocors_span.h"

/*
 * Whether a text without a byte order mark is JSON (RFC 8259), as the scan has it: not deeper than
 * OCORS_JSON_DEPTH_MAX, without half of a surrogate pair, without a NUL in a key.
 */
bool fuzz_is_json(ocors_span_t text);

#endif
