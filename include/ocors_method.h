/* SPDX-License-Identifier: Apache-2.0 */
/* The request methods that a resource can have, as a set (rule M1). */
#ifndef OCORS_METHOD_H
#define OCORS_METHOD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "ocors_span.h"

/* A set of methods, a bit each. Lists are written in the order of the bits. */
typedef uint16_t ocors_methods_t;

enum {
    OCORS_METHOD_GET = 1,
    OCORS_METHOD_HEAD = 2,
    OCORS_METHOD_POST = 4,
    OCORS_METHOD_PUT = 8,
    OCORS_METHOD_PATCH = 16,
    OCORS_METHOD_DELETE = 32,
    OCORS_METHOD_OPTIONS = 64,
    OCORS_METHOD_ALL = 127
};

/* "GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS" and its NUL. */
#define OCORS_METHODS_TEXT_MAX 48

/* One method by its exact, case-sensitive name (RFC 9110 section 9.1); 0 = none of these. */
ocors_methods_t ocors_method_parse(ocors_span_t name);

/* The same for a settings document, where any case will do; 0 = none of these. */
ocors_methods_t ocors_method_parse_nocase(ocors_span_t name);

/* Writes "GET, HEAD" and a NUL; returns the length. `text` has OCORS_METHODS_TEXT_MAX bytes. */
size_t ocors_methods_format(ocors_methods_t methods, char *text);

/* RFC 9110 section 5.6.2: one or more token characters. */
bool ocors_token_is_valid(ocors_span_t text);

#endif
