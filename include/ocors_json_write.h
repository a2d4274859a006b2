/* SPDX-License-Identifier: Apache-2.0 */
/* JSON as output (RFC 8259): values in the order in which they are written. */
#ifndef OCORS_JSON_WRITE_H
#define OCORS_JSON_WRITE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "ocors_escape.h"
#include "ocors_span.h"

/* Starts as { .put = FUNCTION, .to = ITS ARGUMENT }. */
typedef struct ocors_json_writer_t {
    ocors_put_t *put;
    void *to;
    unsigned depth; /* of lists and objects that have begun */
    bool has_value; /* the innermost of them has a value already */
} ocors_json_writer_t;

/*
 * Each writes one value; `key` is its name in an object, NULL in a list and at the top. A string
 * may hold any bytes (ocors_escape_json()).
 */
void ocors_json_write_string(ocors_json_writer_t *writer, const char *key, ocors_span_t text);
void ocors_json_write_number(ocors_json_writer_t *writer, const char *key, uint64_t number);
void ocors_json_write_boolean(ocors_json_writer_t *writer, const char *key, bool value);
void ocors_json_write_null(ocors_json_writer_t *writer, const char *key);

/* A time in seconds, of microseconds: "0.004213". */
void ocors_json_write_seconds(ocors_json_writer_t *writer, const char *key, uint64_t microseconds);

/*
 * A list or an object, by its first and its last bracket. The values of the outer two each begin a
 * line.
 */
void ocors_json_write_begin(ocors_json_writer_t *writer, const char *key, char bracket);
void ocors_json_write_end(ocors_json_writer_t *writer, char bracket);

#endif
