/* SPDX-License-Identifier: Apache-2.0 */
/* A decision -> the header fields of the response (rules R2, P1 to P3, P5, H1, H3). */
#ifndef OCORS_HEADERS_H
#define OCORS_HEADERS_H

#include <stdbool.h>
#include <stddef.h>

#include "ocors_decide.h"
#include "ocors_span.h"

/* P5, R13: a longer list grants no header. An empty element counts as a name. */
#define OCORS_REQUEST_HEADERS_NAMES_MAX 64
#define OCORS_REQUEST_HEADERS_BYTES_MAX 4096

/* What a section says of its responses. The section owns the strings. */
typedef struct ocors_header_policy_t {
    const char *expose_headers;    /* "location,x-dw-version-status"; "": not sent */
    bool has_credentials;          /* Access-Control-Allow-Credentials: true */
    const char *max_age;           /* "86400" */
    const ocors_span_t *grantable; /* the names that may be granted; NULL: any name */
    size_t grantable_count;
    ocors_methods_t fallback_methods;
    const char *fallback_extensions; /* ", PROPFIND": methods beyond ours; "": none */
} ocors_header_policy_t;

/* The defaults of all directives that a header policy is made of. */
extern const ocors_header_policy_t ocors_header_policy_default;

typedef struct ocors_header_t {
    const char *name;
    const char *value;
} ocors_header_t;

/* The most Access-Control-* fields of one response. */
#define OCORS_HEADERS_MAX 5

typedef struct ocors_headers_t {
    ocors_header_t items[OCORS_HEADERS_MAX]; /* Access-Control-*, each name once */
    size_t count;
    const char *allow; /* the value of Allow, or NULL */
    const char *vary;  /* the fields that Vary must name */
} ocors_headers_t;

/*
 * P5: whether a request header is one that a script cannot set (Fetch: "forbidden request-header",
 * and '*'): it is never granted.
 */
bool ocors_header_is_forbidden(ocors_span_t name);

/* Whether the response to a decision has fields of ours beside Vary. */
static inline bool ocors_verdict_has_fields(ocors_verdict_t verdict)
{
    return verdict == OCORS_VERDICT_ALLOW || verdict == OCORS_VERDICT_PREFLIGHT_ALLOW
           || verdict == OCORS_VERDICT_PREFLIGHT_WITHHOLD;
}

/* The fields of a response that has none of ours beside Vary. */
static inline void ocors_headers_make_none(ocors_headers_t *headers)
{
    headers->count = 0;
    headers->allow = NULL;
    headers->vary = "Origin";
}

static inline void ocors_headers_add(ocors_headers_t *headers, const char *name, const char *value)
{
    headers->items[headers->count++] = (ocors_header_t){ .name = name, .value = value };
}

static inline void ocors_headers_add_origin(ocors_headers_t *headers, const char *origin,
                                            bool has_credentials)
{
    ocors_headers_add(headers, "Access-Control-Allow-Origin", origin);
    if (has_credentials) {
        ocors_headers_add(headers, "Access-Control-Allow-Credentials", "true");
    }
}

/* The fields of the response to an allowed request that is no preflight (R2), which need no buffer.
 */
static inline void ocors_headers_make_allowed(ocors_headers_t *headers, const char *origin,
                                              bool has_credentials, const char *expose_headers)
{
    ocors_headers_make_none(headers);
    ocors_headers_add_origin(headers, origin, has_credentials);
    if (expose_headers[0] != '\0') {
        ocors_headers_add(headers, "Access-Control-Expose-Headers", expose_headers);
    }
}

/* The most bytes that ocors_headers_make() writes; 0: it needs no buffer. */
size_t ocors_headers_buffer_size(const ocors_decision_t *decision,
                                 const ocors_header_policy_t *policy, ocors_span_t request_headers);

/*
 * Makes the fields of the response to this decision, in the order of the OCAPI page. A decision
 * that grants nothing has no Access-Control-* field. Values are C strings: constants, the
 * decision's, the section's, or written into `buffer`. `request_headers` is the merged value of
 * Access-Control-Request-Headers, empty if not sent.
 */
void ocors_headers_make(const ocors_decision_t *decision, const ocors_header_policy_t *policy,
                        ocors_span_t request_headers, char *buffer, ocors_headers_t *headers);

/*
 * H1: whether only the module may send a field: Access-Control-*, without case. The prefix has
 * letters and '-' only, so that one bit is the case; a control character in a name counts as '-'.
 */
static inline bool ocors_header_is_ours(const char *name)
{
    static const char prefix[] = "access-control-";

    for (size_t i = 0; i < sizeof(prefix) - 1; i++) {
        if ((name[i] | 0x20) != prefix[i]) {
            return false;
        }
    }
    return true;
}

/* A list of header names that is being written, for Access-Control-Expose-Headers. */
typedef struct ocors_name_list_t {
    char *text; /* ends in a NUL */
    size_t length;
    size_t count;
    size_t read; /* elements of values so far, added or not */
} ocors_name_list_t;

/* The most names of a list, and the most elements that are read for it (R13). */
#define OCORS_NAME_LIST_MAX      64
#define OCORS_NAME_LIST_READ_MAX 256

/*
 * Adds the names of an Access-Control-Expose-Headers value that the list does not have yet, without
 * case. Elements that are not header names are skipped, and so is '*': with credentials it has no
 * meaning, without them it would expose every header. `text` has space for value.length + 1 bytes
 * more, and its NUL.
 */
void ocors_name_list_add(ocors_name_list_t *list, ocors_span_t value);

/* H3: whether a Vary value names `field`, or is `*`. */
bool ocors_vary_has(ocors_span_t vary, ocors_span_t field);

#endif
