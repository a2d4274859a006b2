/* SPDX-License-Identifier: Apache-2.0 */
/* Finds what is not JSON in a text, every place of it, and what json-c would let through. */
#ifndef OCORS_JSON_SCAN_H
#define OCORS_JSON_SCAN_H

#include <stddef.h>

#include "ocors_report.h"
#include "ocors_span.h"

/* Objects and arrays may be nested this deep, the document itself being 1. */
#define OCORS_JSON_DEPTH_MAX 64

/*
 * As many objects and arrays are read. json-c takes some 800 bytes for an empty object, so that a
 * text of nothing but "{}" would take 250 times its size; a resource, with its methods, is two.
 */
#define OCORS_JSON_OPENED_MAX 2000000

/*
 * A byte that cannot stand in a string of the repaired text otherwise: as a control character it
 * is a fault there, and repaired away.
 *
 * A key that an object already has stands there as MARK, a decimal number, MARK, the key, so that
 * json-c keeps every value and every value is judged. The number is another for each such key,
 * until there are more of them than the report keeps findings.
 * (One mark for each time that the key stood there before would not be linear.)
 */
#define OCORS_JSON_REPEATED_KEY_MARK '\x01'

/*
 * A string that is the mark and nothing else is in the place of a value that was not to be read
 * and has been reported: it is of every type and never wrong. As text, between its quotes:
 */
#define OCORS_JSON_UNKNOWN_TEXT "\"\\u0001\""

/* What the repaired text holds: who makes a tree of it can tell whether all of it is there. */
typedef struct ocors_json_counts_t {
    size_t values; /* of all types, the document's own among them */
    size_t opened; /* objects and arrays */
} ocors_json_counts_t;

/*
 * Reads `text` (any bytes) as strict JSON (RFC 8259) and adds every fault to the report with line
 * and column, a duplicate key with its path as well. Faults that leave no doubt how the text goes
 * on (trailing, stray and missing comma, comment, `...`, single quotes, byte order mark, control
 * character, bad UTF-8, lone surrogate, NaN and odd numbers, bad escape, a key or a value without
 * quotes, a missing value, text behind the document) are repaired, so that the reading goes on;
 * the first other fault ends it.
 *
 * OCORS_OK: *repaired (malloc'd, the caller frees it; NUL-terminated, *length without the NUL) is
 * strict JSON, the text itself where nothing was wrong. The report's errors say whether it was.
 * OCORS_INVALID: the reading ended at a fault; *repaired is NULL. OCORS_NO_MEMORY: likewise.
 * *counts (NULL: nobody asks) goes with *repaired.
 * Time and memory are linear in the text's length; nesting uses no C stack.
 */
ocors_result_t ocors_json_scan(ocors_span_t text, ocors_report_t *report, char **repaired,
                               size_t *length, ocors_json_counts_t *counts);

#endif
