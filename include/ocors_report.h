/* SPDX-License-Identifier: Apache-2.0 */
/* What there is to say about a settings document: findings, each with its place (DESIGN 2). */
#ifndef OCORS_REPORT_H
#define OCORS_REPORT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#include "ocors_result.h"
#include "ocors_span.h"

typedef enum {
    OCORS_SEVERITY_ERROR,   /* the document is refused */
    OCORS_SEVERITY_WARNING, /* loaded; logged at warn */
    OCORS_SEVERITY_REMARK   /* loaded; logged at info, shown by `ocapi-cors check` */
} ocors_severity_t;

/*
 * The closed list of findings. One row each: the enum's name, the name that tests and tools see,
 * the severity. The sentence is made where the finding is made.
 */
#define OCORS_FINDINGS(X)                                                                          \
    X(SYNTAX, "syntax", ERROR) /* not JSON, and none of the below */                               \
    X(TRAILING_COMMA, "trailing-comma", ERROR)                                                     \
    X(COMMENT, "comment", ERROR)                                                                   \
    X(ELLIPSIS, "ellipsis", ERROR) /* the `...` of the OCAPI examples */                           \
    X(SINGLE_QUOTES, "single-quotes", ERROR)                                                       \
    X(BYTE_ORDER_MARK, "byte-order-mark", ERROR)                                                   \
    X(NOT_UTF8, "not-utf8", ERROR)                                                                 \
    X(CONTROL_CHARACTER, "control-character", ERROR) /* raw, or escaped, in a string */            \
    X(LONE_SURROGATE, "lone-surrogate", ERROR)                                                     \
    X(NUMBER, "number", ERROR) /* NaN, Infinity, 01, 1., +1 */                                     \
    X(DUPLICATE_KEY, "duplicate-key", ERROR)                                                       \
    X(TOO_DEEP, "too-deep", ERROR)                                                                 \
    X(TOO_LARGE, "too-large", ERROR)                                                               \
    X(EMPTY_DOCUMENT, "empty-document", ERROR)                                                     \
    X(UNREADABLE, "unreadable", ERROR) /* the file, said by its reader */                          \
    X(WRONG_TYPE, "wrong-type", ERROR)                                                             \
    X(CLIENTS_MISSING, "clients-missing", ERROR)                                                   \
    X(CLIENT_ID_MISSING, "client-id-missing", ERROR)                                               \
    X(DUPLICATE_CLIENT, "duplicate-client", ERROR)                                                 \
    X(ORIGIN_WILDCARD, "origin-wildcard", ERROR)                                                   \
    X(ORIGIN_NULL, "origin-null", ERROR)                                                           \
    X(ORIGIN_MALFORMED, "origin-malformed", ERROR)                                                 \
    X(ORIGIN_NOT_ASCII, "origin-not-ascii", ERROR)                                                 \
    X(ORIGIN_PORT, "origin-port", ERROR)                                                           \
    X(RESOURCE_ID_MISSING, "resource-id-missing", ERROR)                                           \
    X(RESOURCE_ID_MALFORMED, "resource-id-malformed", ERROR)                                       \
    X(METHODS_MISSING, "methods-missing", ERROR)                                                   \
    X(METHOD_UNKNOWN, "method-unknown", ERROR)                                                     \
    X(VERSION_RANGE, "version-range", ERROR)                                                       \
    X(HEADER_NAME, "header-name", ERROR) /* response_headers */                                    \
    X(HEADER_VALUE, "header-value", ERROR)                                                         \
    X(ORIGIN_NORMALISED, "origin-normalised", WARNING)                                             \
    X(ORIGIN_PLACEHOLDER, "origin-placeholder", WARNING)                                           \
    X(ORIGIN_DUPLICATE, "origin-duplicate", WARNING)                                               \
    X(CLIENT_ID_EMPTY, "client-id-empty", WARNING)                                                 \
    X(ORIGIN_INSECURE, "origin-insecure", REMARK)                                                  \
    X(UNKNOWN_KEY, "unknown-key", REMARK)                                                          \
    X(VERSION_ODD, "version-odd", REMARK)                                                          \
    X(CLIENT_ID_DEMO, "client-id-demo", REMARK)                                                    \
    X(ORIGINS_MISSING, "origins-missing", REMARK)

typedef enum {
#define OCORS_FINDING_ENUM(name, text, severity) OCORS_FINDING_##name,
    OCORS_FINDINGS(OCORS_FINDING_ENUM)
#undef OCORS_FINDING_ENUM
    OCORS_FINDING_COUNT
} ocors_finding_code_t;

/*
 * One thing to say. All strings are the report's. What the text shows has a line, what its values
 * show has a path; a duplicate key has both.
 */
typedef struct ocors_finding_t {
    ocors_finding_code_t code;
    size_t line;   /* from 1; 0 = unknown */
    size_t column; /* from 1, in bytes; 0 = unknown */
    char *path;    /* "clients[0].allowed_origins[1]"; NULL = unknown; "" = the document */
    char *detail;  /* what is wrong and what is allowed: one line, printable ASCII */
} ocors_finding_t;

/* How many findings of each severity are kept; the rest are counted. */
#define OCORS_REPORT_KEPT 1000

typedef struct ocors_report_t {
    ocors_finding_t *items; /* in the order found */
    size_t count;
    size_t capacity;
    size_t totals[3]; /* by severity, kept or not */
    bool is_out_of_memory;
} ocors_report_t;

/* Where a value stands: a chain of frames on the caller's stack; NULL is the document. */
typedef struct ocors_path_t {
    const struct ocors_path_t *parent;
    ocors_span_t key; /* a member, or bytes == NULL: */
    size_t index;     /* an element */
} ocors_path_t;

/* An empty report. ocors_report_free() gives back all that was added, and leaves it empty. */
void ocors_report_init(ocors_report_t *report);
void ocors_report_free(ocors_report_t *report);

/*
 * Adds a finding, at a line and column (0: none) and a path (NULL: none where there is a line,
 * the document where there is not). `format` and its arguments make the detail; bytes that are not
 * printable ASCII are shown as \xNN, and what is longer than 512 bytes is cut. A failed allocation
 * is remembered in is_out_of_memory, and the finding is still counted, so that an error can never
 * get lost.
 */
void ocors_report_add_at(ocors_report_t *report, ocors_finding_code_t code, size_t line,
                         size_t column, const ocors_path_t *path, const char *format, ...)
    __attribute__((format(printf, 6, 7)));
void ocors_report_add(ocors_report_t *report, ocors_finding_code_t code, const ocors_path_t *path,
                      const char *format, ...) __attribute__((format(printf, 4, 5)));

bool ocors_report_has_errors(const ocors_report_t *report);

/* "trailing-comma"; never NULL. */
const char *ocors_finding_name(ocors_finding_code_t code);
ocors_severity_t ocors_finding_severity(ocors_finding_code_t code);

/*
 * Writes one finding as one line without its line end, as snprintf does:
 * "FILE:3:14: a comma before ']' ..." or "FILE: clients[0].allowed_origins[1]: the '*' ...".
 */
int ocors_finding_format(const ocors_finding_t *error, const char *file, char *buffer, size_t room);

#endif
