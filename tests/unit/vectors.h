/* SPDX-License-Identifier: Apache-2.0 */
/* Tables of tests: rows of a JSON file, or of C, one test with a name for each. */
#ifndef OCORS_TEST_VECTORS_H
#define OCORS_TEST_VECTORS_H

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <json-c/json.h>

#include "ocors_report.h"
#include "ocors_span.h"

typedef void vectors_row_t(struct json_object *row);

/*
 * Reads tests/vectors/FILE (an array of rows) and runs one test for each row for which `wants` is
 * true (NULL: all); fewer than `floor` of them are a failure, and so are a row without a rule and
 * two rows of one name. Returns how many failed. The folder is OCORS_VECTORS, else the macro
 * TESTS_VECTORS, else tests/vectors.
 */
int vectors_run(const char *file, size_t floor, bool (*wants)(struct json_object *row),
                vectors_row_t *check);

/* Fails where a row that is_refused() names no `twin`, or one that is refused as well. */
int vectors_run_twins(const char *file, bool (*is_refused)(struct json_object *row));

/* A member of a row; NULL where it is absent. The string form fails where it is no string. */
struct json_object *vectors_get(struct json_object *row, const char *name);
const char *vectors_string(struct json_object *row, const char *name);

/*
 * Bytes right before a page that cannot be read, so that reading too far ends the test. Freed by
 * guarded_free(). The second form takes them from a row: the string NAME, or `hex`.
 */
ocors_span_t guarded_copy(const void *bytes, size_t length);
ocors_span_t guarded_row(struct json_object *row, const char *name);
void guarded_free(ocors_span_t span);

/* Two strings, or a failure that shows both. */
void assert_span_equal(ocors_span_t span, const char *expected);

/* "finding place", as rows have it: "wrong-type clients[0]", "syntax 3:14". */
void finding_format(const ocors_finding_t *error, char *buffer, size_t room);

#endif
