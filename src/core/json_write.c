/* SPDX-License-Identifier: Apache-2.0 */
/* JSON as output. Owns nothing. */

#include "ocors_json_write.h"

#include <inttypes.h>
#include <stdio.h>

#define LINES_DEPTH_MAX 2

static void put_string(const ocors_json_writer_t *writer, const char *string)
{
    writer->put(writer->to, string, strlen(string));
}

static void put_text(const ocors_json_writer_t *writer, ocors_span_t text)
{
    put_string(writer, "\"");
    ocors_escape_json(writer->put, writer->to, text);
    put_string(writer, "\"");
}

/* Begins a line within the outer two lists and objects. */
static void begin_line(const ocors_json_writer_t *writer, unsigned depth)
{
    if (writer->depth > 0 && writer->depth <= LINES_DEPTH_MAX) {
        put_string(writer, "\n");
        for (unsigned i = 0; i < depth; i++) {
            put_string(writer, "  ");
        }
    }
}

/* What goes before a value. */
static void begin_value(ocors_json_writer_t *writer, const char *key)
{
    if (writer->has_value) {
        put_string(writer, writer->depth > LINES_DEPTH_MAX ? ", " : ",");
    }
    begin_line(writer, writer->depth);
    writer->has_value = true;
    if (key != NULL) {
        put_text(writer, ocors_span_from_string(key));
        put_string(writer, ": ");
    }
}

void ocors_json_write_string(ocors_json_writer_t *writer, const char *key, ocors_span_t text)
{
    begin_value(writer, key);
    put_text(writer, text);
}

void ocors_json_write_number(ocors_json_writer_t *writer, const char *key, uint64_t number)
{
    char digits[24];

    begin_value(writer, key);
    (void)snprintf(digits, sizeof(digits), "%" PRIu64, number);
    put_string(writer, digits);
}

void ocors_json_write_seconds(ocors_json_writer_t *writer, const char *key, uint64_t microseconds)
{
    char digits[32];

    begin_value(writer, key);
    (void)snprintf(digits, sizeof(digits), "%" PRIu64 ".%06" PRIu64, microseconds / 1000000,
                   microseconds % 1000000);
    put_string(writer, digits);
}

void ocors_json_write_boolean(ocors_json_writer_t *writer, const char *key, bool value)
{
    begin_value(writer, key);
    put_string(writer, value ? "true" : "false");
}

void ocors_json_write_null(ocors_json_writer_t *writer, const char *key)
{
    begin_value(writer, key);
    put_string(writer, "null");
}

void ocors_json_write_begin(ocors_json_writer_t *writer, const char *key, char bracket)
{
    begin_value(writer, key);
    writer->put(writer->to, &bracket, 1);
    writer->depth++;
    writer->has_value = false;
}

void ocors_json_write_end(ocors_json_writer_t *writer, char bracket)
{
    if (writer->has_value) {
        begin_line(writer, writer->depth - 1);
    }
    writer->put(writer->to, &bracket, 1);
    writer->depth--;
    writer->has_value = true;
}
