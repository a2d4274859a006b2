/* SPDX-License-Identifier: Apache-2.0 */
/* A decision -> the header fields of the response (rules R2, P1 to P3, P5, H1, H3). */
#ifndef OCORS_HEADERS_H
#define OCORS_HEADERS_H

#include <stdbool.h>
#include <stddef.h>

#include "ocors_decide.h"
#include "ocors_span.h"

/* P5, R13: more than this grants no header at all. An empty element counts as a name. */
#define OCORS_REQUEST_HEADERS_NAMES_MAX 64
#define OCORS_REQUEST_HEADERS_BYTES_MAX 4096

/* What a section says of its responses. Strings are the section's. */
typedef struct ocors_header_policy_t {
    const char *expose_headers;    /* "location,x-dw-version-status"; "" = send none */
    bool has_credentials;          /* Access-Control-Allow-Credentials: true */
    const char *max_age;           /* "86400" */
    const ocors_span_t *grantable; /* the names that may be granted; NULL = whatever is asked */
    size_t grantable_count;
    ocors_methods_t fallback_methods;
    const char *fallback_extensions; /* ", PROPFIND" and so on: methods beyond ours; "" = none */
} ocors_header_policy_t;

typedef struct ocors_header_t {
    const char *name;
    const char *value;
} ocors_header_t;

/* The most Access-Control-* fields that one response can get. */
#define OCORS_HEADERS_MAX 5

typedef struct ocors_headers_t {
    ocors_header_t items[OCORS_HEADERS_MAX]; /* Access-Control-*, each name once */
    size_t count;
    const char *allow; /* the value of Allow, or NULL */
    const char *vary;  /* what Vary must name */
} ocors_headers_t;

/* Bytes that ocors_headers_make() may write. */
size_t ocors_headers_room(const ocors_decision_t *decision, const ocors_header_policy_t *policy,
                          ocors_span_t request_headers);

/*
 * Gives the fields that a response to this decision carries, in the order of the OCAPI document;
 * none for a decision that grants nothing but the `Allow` of a preflight. Values are C strings:
 * constants, the section's, or written into `room`. `request_headers` is the merged value of
 * Access-Control-Request-Headers, empty if absent.
 */
void ocors_headers_make(const ocors_decision_t *decision, const ocors_header_policy_t *policy,
                        ocors_span_t request_headers, char *room, ocors_headers_t *headers);

/* H1: whether a field is one that only we may send: Access-Control-*, without case. */
static inline bool ocors_header_is_ours(const char *name)
{
    static const char prefix[] = "access-control-";

    for (size_t i = 0; i < sizeof(prefix) - 1; i++) {
        if (ocors_ascii_lower(name[i]) != prefix[i]) {
            return false;
        }
    }
    return true;
}

/* A list of header names that is being written, as Access-Control-Expose-Headers has them. */
typedef struct ocors_name_list_t {
    char *text; /* with a NUL behind it */
    size_t length;
    size_t count;
    size_t read; /* elements of values, be they added or not */
} ocors_name_list_t;

/* No more names are added to a list that has as many, and no more elements are read for it (R13).
 */
#define OCORS_NAME_LIST_MAX      64
#define OCORS_NAME_LIST_READ_MAX 256

/*
 * Adds to a list what it has not got yet of a value of Access-Control-Expose-Headers, without case:
 * header names alone, and no '*', which means nothing beside credentials and all without them.
 * `text` has room for value.length + 1 bytes more, and its NUL.
 */
void ocors_name_list_add(ocors_name_list_t *list, ocors_span_t value);

/* H3: whether a Vary value already names `field`, or is `*` and so names everything. */
bool ocors_vary_has(ocors_span_t vary, ocors_span_t field);

#endif
