/* SPDX-License-Identifier: Apache-2.0 */
/* JSON as output (RFC 8259): values in the order in which they are written. */
#ifndef OCORS_JSON_WRITE_H
#define OCORS_JSON_WRITE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "ocors_span.h"

/* Where the bytes go. */
typedef void ocors_json_put_t(void *to, const char *bytes, size_t length);

/* Starts as { .put = FUNCTION, .to = ITS ARGUMENT }. */
typedef struct ocors_json_writer_t {
    ocors_json_put_t *put;
    void *to;
    bool has_value; /* the innermost list or object has one already */
} ocors_json_writer_t;

/*
 * Each writes one value; `key` is its name in an object, NULL in a list and at the top. A string
 * may hold any bytes: what is not UTF-8 becomes U+FFFD. Control characters, and characters that
 * nobody can see, are escaped: no value acts on a terminal, and none has a line end.
 */
void ocors_json_write_string(ocors_json_writer_t *writer, const char *key, ocors_span_t text);
void ocors_json_write_number(ocors_json_writer_t *writer, const char *key, uint64_t number);
void ocors_json_write_boolean(ocors_json_writer_t *writer, const char *key, bool value);
void ocors_json_write_null(ocors_json_writer_t *writer, const char *key);

/* A time in seconds, of microseconds: "0.004213". */
void ocors_json_write_seconds(ocors_json_writer_t *writer, const char *key, uint64_t microseconds);

/* A list or an object, by its first and its last bracket. */
void ocors_json_write_begin(ocors_json_writer_t *writer, const char *key, char bracket);
void ocors_json_write_end(ocors_json_writer_t *writer, char bracket);

/* An object's member with a name of anybody. */
void ocors_json_write_member(ocors_json_writer_t *writer, ocors_span_t key, ocors_span_t text);

#endif
