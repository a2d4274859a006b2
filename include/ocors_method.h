/* SPDX-License-Identifier: Apache-2.0 */
/* The request methods that a resource can have, as a set (rule M1). */
#ifndef OCORS_METHOD_H
#define OCORS_METHOD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "ocors_span.h"

/* A set of methods, one bit each. Lists have the order of the bits. */
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

/* M1: GET brings HEAD. */
static inline ocors_methods_t ocors_methods_complete(ocors_methods_t methods)
{
    return (methods & OCORS_METHOD_GET) != 0 ? (ocors_methods_t)(methods | OCORS_METHOD_HEAD)
                                             : methods;
}

/* The size of "GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS" with its NUL. */
#define OCORS_METHODS_TEXT_MAX 48

/* The method of a name, with case (RFC 9110 section 9.1); 0: not one of these. */
ocors_methods_t ocors_method_parse(ocors_span_t name);

/* The same for a settings document: without case. */
ocors_methods_t ocors_method_parse_nocase(ocors_span_t name);

/* Writes "GET, HEAD" and a NUL; returns the length. `text` has OCORS_METHODS_TEXT_MAX bytes. */
size_t ocors_methods_format(ocors_methods_t methods, char *text);

/* Whether a text is a token: one or more token characters (RFC 9110 section 5.6.2). */
bool ocors_token_is_valid(ocors_span_t text);

#endif
