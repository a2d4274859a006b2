/* SPDX-License-Identifier: Apache-2.0 */
/* Finds what is not JSON in a text, every place of it, and what a reader of JSON would not tell. */
#ifndef OCORS_JSON_SCAN_H
#define OCORS_JSON_SCAN_H

#include <stddef.h>

#include "ocors_json_tree.h"
#include "ocors_report.h"
#include "ocors_span.h"

/*
 * Reads `text` (any bytes) as strict JSON (RFC 8259, in UTF-8), and adds every fault to the report
 * with line and column (NULL: nobody wants to know). The text is not changed. A fault that leaves
 * no doubt how the text goes on (a comma too many or too few, a comment, `...`, single quotes, a
 * control character, a character that nobody can see, bad UTF-8, half of a surrogate pair, an odd
 * number, a bad escape, a key or a value without quotes, a missing value) does not end the reading;
 * any other one does, and so does a document that takes more than OCORS_JSON_MEMORY_MAX.
 *
 * Three findings do not keep the text from being JSON: a byte order mark at its beginning, a
 * repeated key, and a control character that is escaped (other than a NUL in a key) or is DEL. The
 * last two are errors in what the policy reads and remarks elsewhere; a repeated key has its path
 * as well.
 *
 * OCORS_OK: the text is JSON, and *counts says what it holds. OCORS_INVALID: it is not, and the
 * report has an error more. OCORS_NO_MEMORY: an allocation failed.
 * Time and memory are linear in the text's length; the recursion ends at OCORS_JSON_DEPTH_MAX.
 */
ocors_result_t ocors_json_scan(ocors_span_t text, ocors_report_t *report,
                               ocors_json_counts_t *counts);

/*
 * Gives line and column to the findings of a report from the one at `first` on, whose paths lead to
 * values of a text that is JSON: those of the value, or of its key. Of a repeated member that is
 * the last one. One pass over the text, whatever the number of findings.
 */
ocors_result_t ocors_json_place(ocors_span_t text, ocors_report_t *report, size_t first);

#endif
