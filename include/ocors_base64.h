/* SPDX-License-Identifier: Apache-2.0 */
/* Base64 (RFC 4648), as bearer tokens have it. */
#ifndef OCORS_BASE64_H
#define OCORS_BASE64_H

#include <stdbool.h>

#include "ocors_span.h"

/*
 * Decodes sections 4 and 5 of the RFC, either alphabet, with padding or without. Writes three bytes
 * for four characters, and at most one byte behind what is decoded. False: it is neither. Linear.
 */
bool ocors_base64_decode(ocors_span_t text, char *buffer, ocors_span_t *decoded);

#endif
