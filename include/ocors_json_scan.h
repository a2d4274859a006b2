/* SPDX-License-Identifier: Apache-2.0 */
/* Finds what is not JSON in a text, every place of it, and what a reader of JSON would not tell. */
#ifndef OCORS_JSON_SCAN_H
#define OCORS_JSON_SCAN_H

#include <stdint.h>

#include "ocors_json_tree.h"
#include "ocors_report.h"
#include "ocors_span.h"

/* Is shown each value, in the order of the text. */
typedef struct ocors_json_visitor_t {
    /* `path_hash` is of the value's path (ocors_path_hash_step()). `key` and `value` point into the
     * text: to its name, and to itself; an element and the document have no name but themselves. */
    void (*visit)(void *context, uint64_t path_hash, const char *key, const char *value);
    void *context;
} ocors_json_visitor_t;

/*
 * Reads `text` (any bytes) as strict JSON (RFC 8259, in UTF-8), and adds every fault to the report
 * with line and column (NULL: nobody wants to know). The text is not changed. A fault that leaves
 * no doubt how the text goes on (a comma too many or too few, a comment, `...`, single quotes, a
 * control character, a character that nobody can see, bad UTF-8, half of a surrogate pair, an odd
 * number, a bad escape, a key or a value without quotes, a missing value) does not end the reading;
 * any other one does, and so does a document that takes more than OCORS_JSON_MEMORY_MAX.
 *
 * Three findings do not keep the text from being JSON: a byte order mark at its beginning, a
 * repeated key, and a control character that is
 * escaped (other than a NUL in a key) or is DEL. The last two are errors in what the policy reads
 * and remarks elsewhere; a repeated key has its path as well.
 *
 * `visitor` is NULL, or is called on the way.
 *
 * OCORS_OK: the text is JSON, and *counts says what it holds. OCORS_INVALID: it is not, and the
 * report has an error more. OCORS_NO_MEMORY: an allocation failed.
 * Time and memory are linear in the text's length; the recursion ends at OCORS_JSON_DEPTH_MAX.
 */
ocors_result_t ocors_json_scan(ocors_span_t text, ocors_report_t *report,
                               const ocors_json_visitor_t *visitor, ocors_json_counts_t *counts);

#endif
