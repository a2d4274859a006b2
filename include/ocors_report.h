/* SPDX-License-Identifier: Apache-2.0 */
/* What there is to say about a settings document: findings, each with its place (D1). */
#ifndef OCORS_REPORT_H
#define OCORS_REPORT_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "ocors_hash.h"
#include "ocors_index.h"
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
    X(INVISIBLE_CHARACTER, "invisible-character", ERROR) /* U+00A0 between values, and the like */ \
    X(SEVERAL_DOCUMENTS, "several-documents", ERROR)                                               \
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
    X(ORIGIN_MISTYPED, "origin-mistyped", WARNING) /* a host, or nearly an origin */               \
    X(ORIGIN_PUNYCODE, "origin-punycode", WARNING) /* a label xn--... that is none */              \
    X(ORIGINS_UNUSABLE, "origins-unusable", WARNING)                                               \
    X(CLIENTS_EMPTY, "clients-empty", WARNING)                                                     \
    X(CLIENT_REPEATED, "client-repeated", WARNING) /* two equal entries */                         \
    X(CLIENT_ID_EMPTY, "client-id-empty", WARNING)                                                 \
    X(KEY_MISTYPED, "key-mistyped", WARNING)                                                       \
    X(TOO_MANY_CANDIDATES, "too-many-candidates", WARNING) /* resources for one path */            \
    X(ORIGIN_INSECURE, "origin-insecure", REMARK)                                                  \
    X(UNKNOWN_KEY, "unknown-key", REMARK)                                                          \
    X(VERSION_ODD, "version-odd", REMARK)                                                          \
    X(CLIENT_ID_DEMO, "client-id-demo", REMARK)                                                    \
    X(ORIGIN_SCHEME, "origin-scheme", REMARK)                                                      \
    X(ORIGINS_EMPTY, "origins-empty", REMARK)                                                      \
    X(ORIGINS_MISSING, "origins-missing", REMARK)                                                  \
    X(UNUSED_VALUE, "unused-value", REMARK) /* a wrong type that the policy does not read */       \
    X(BYTE_ORDER_MARK, "byte-order-mark", REMARK)                                                  \
    X(CONTROL_CHARACTER_ELSEWHERE, "control-character-elsewhere", REMARK) /* not in the policy */  \
    X(DUPLICATE_KEY_ELSEWHERE, "duplicate-key-elsewhere", REMARK)

typedef enum {
#define OCORS_FINDING_ENUM(name, text, severity) OCORS_FINDING_##name,
    OCORS_FINDINGS(OCORS_FINDING_ENUM)
#undef OCORS_FINDING_ENUM
    OCORS_FINDING_COUNT
} ocors_finding_code_t;

/* One thing to say. All strings are the report's. */
typedef struct ocors_finding_t {
    ocors_finding_code_t code;
    size_t line;        /* from 1; 0 = unknown */
    size_t column;      /* from 1, in bytes; 0 = unknown */
    char *path;         /* "clients[0].allowed_origins[1]"; NULL = of the text; "" = the document */
    uint64_t path_hash; /* see ocors_path_hash_step() */
    char *detail;       /* what is wrong and what is allowed: one line of visible UTF-8 */
    size_t more;        /* as many more places have the same finding; they are not kept */
} ocors_finding_t;

/*
 * How many findings of each severity are kept, and how many places are compared with them; the
 * others are counted in `totals` alone.
 */
#define OCORS_REPORT_KEPT   1000
#define OCORS_REPORT_PLACES 100000

/*
 * One finding for one cause (D30): findings of the same code and the same
 * detail at the same key (the last member of the path, if there is one) are one item, at the first
 * place; `more` counts the others. Each place counts in `totals`: seven comments are seven errors.
 */
typedef struct ocors_report_t {
    ocors_finding_t *items; /* in the order found */
    size_t count;
    size_t totals[3];     /* places, by severity, kept or not */
    size_t kept[3];       /* items, by severity */
    ocors_index_t causes; /* a code, and what is said at which key -> the item */
    bool is_out_of_memory;
} ocors_report_t;

/* The place of a value: a chain of frames on the caller's stack; NULL is the document. */
typedef struct ocors_path_t {
    const struct ocors_path_t *parent;
    ocors_span_t key; /* a member, or bytes == NULL: */
    size_t index;     /* an element */
} ocors_path_t;

/*
 * The hash of a path, by which the value is found again in the text: that of the document, and that
 * of a path one step longer, by a key (or bytes == NULL, and an index).
 */
#define OCORS_PATH_HASH_ROOT UINT64_C(0x6f63617069)

static inline uint64_t ocors_path_hash_step(uint64_t parent, ocors_span_t key, size_t index)
{
    return key.bytes != NULL
               ? ocors_hash(parent, key)
               : ocors_hash_mix(parent + index, UINT64_C(0x9e3779b97f4a7c15) ^ parent);
}

/* An empty report. ocors_report_free() gives back all that was added, and leaves it empty. */
void ocors_report_init(ocors_report_t *report);
void ocors_report_free(ocors_report_t *report);

/*
 * Adds a finding to a report (NULL: nobody wants to know), at a line and column (0: none) and a
 * path (NULL: none where there is a line, the document where there is not). `format` and its
 * arguments make the detail: visible UTF-8 is shown as it is, an invisible character as <U+200B>,
 * other bytes as \xNN, and what is longer than 512 bytes is cut. A failed allocation is remembered
 * in is_out_of_memory, and the finding is still counted: an error never gets lost.
 */
void ocors_report_add_at(ocors_report_t *report, ocors_finding_code_t code, size_t line,
                         size_t column, const ocors_path_t *path, const char *format, ...)
    __attribute__((format(printf, 6, 7)));
void ocors_report_add(ocors_report_t *report, ocors_finding_code_t code, const ocors_path_t *path,
                      const char *format, ...) __attribute__((format(printf, 4, 5)));
void ocors_report_add_list(ocors_report_t *report, ocors_finding_code_t code, size_t line,
                           size_t column, const ocors_path_t *path, const char *format,
                           va_list arguments) __attribute__((format(printf, 6, 0)));

/* What "%.*s" takes for a value of any length: its beginning, cut between two characters. */
#define OCORS_SHOWN(text) ocors_shown_length(text), (text).length > 0 ? (text).bytes : ""

int ocors_shown_length(ocors_span_t text);

bool ocors_report_has_errors(const ocors_report_t *report);

/* Whether each finding is in an item; false: there were more than are kept. */
bool ocors_report_is_complete(const ocors_report_t *report);

/* Writes "1 error, 2 warnings, 0 remarks" as snprintf() does. */
int ocors_report_format_totals(const ocors_report_t *report, char *buffer, size_t room);

/* "trailing-comma"; never NULL. */
const char *ocors_finding_name(ocors_finding_code_t code);
ocors_severity_t ocors_finding_severity(ocors_finding_code_t code);

/* "error", "warning" or "remark". */
const char *ocors_severity_name(ocors_severity_t severity);

/*
 * Writes one finding as one line without its line end, as snprintf does, in the order of compilers
 * (D1): FILE:LINE:COLUMN: SEVERITY: PATH: DETAIL. What is unknown is left out.
 *
 *   site.json:3:14: error: a comma before ']' ...
 *   site.json:5:31: error: clients[0].allowed_origins[1]: the '*' wildcard ...
 *   site.json:9:7: remark: clients[0].resources[0].note: ... (and 70 more places)
 *   site.json: error: the file does not exist
 */
int ocors_finding_format(const ocors_finding_t *finding, const char *file, char *buffer,
                         size_t room);

#endif
