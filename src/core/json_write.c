/* SPDX-License-Identifier: Apache-2.0 */
/* JSON as output. Owns nothing. */

#include "ocors_json_write.h"

#include <inttypes.h>
#include <stdio.h>

#include "ocors_invisible.h"
#include "ocors_utf8.h"

static void put_string(const ocors_json_writer_t *writer, const char *string)
{
    writer->put(writer->to, string, strlen(string));
}

/* Whether a character is to be escaped. */
static bool is_escaped(uint32_t character)
{
    return character == '"' || character == '\\' || character < 0x20 || character == 0x7f
           || (character > 0x7f && ocors_invisible_name(character) != NULL);
}

static void put_escaped(const ocors_json_writer_t *writer, uint32_t character)
{
    char escape[sizeof("\\udbff\\udfff")];

    if (character == '"' || character == '\\') {
        (void)snprintf(escape, sizeof(escape), "\\%c", (int)character);
    }
    else if (character > 0xffff) { /* section 7: a surrogate pair */
        (void)snprintf(escape, sizeof(escape), "\\u%04x\\u%04x",
                       (unsigned)(0xd7c0 + (character >> 10)) & 0xffffU,
                       (unsigned)(0xdc00 + (character & 0x3ff)) & 0xffffU);
    }
    else {
        (void)snprintf(escape, sizeof(escape), "\\u%04x", (unsigned)character & 0xffffU);
    }
    put_string(writer, escape);
}

static void put_text(const ocors_json_writer_t *writer, ocors_span_t text)
{
    size_t done = 0; /* what is before it was put */

    put_string(writer, "\"");
    for (size_t at = 0; at < text.length;) {
        const ocors_span_t rest = ocors_span_make(text.bytes + at, text.length - at);
        const size_t length = ocors_utf8_length(rest);
        const uint32_t character = length == 0   ? 0
                                   : length == 1 ? (unsigned char)rest.bytes[0]
                                                 : ocors_utf8_character(rest.bytes, length);

        if (length == 0 || is_escaped(character)) {
            writer->put(writer->to, text.bytes + done, at - done);
            done = at + (length > 0 ? length : 1);
            if (length == 0) {
                put_string(writer, "\xef\xbf\xbd");
            }
            else {
                put_escaped(writer, character);
            }
        }
        at += length > 0 ? length : 1;
    }
    if (text.length > done) {
        writer->put(writer->to, text.bytes + done, text.length - done);
    }
    put_string(writer, "\"");
}

/* What goes before a value. */
static void begin_value(ocors_json_writer_t *writer, const char *key)
{
    if (writer->has_value) {
        put_string(writer, ",");
    }
    writer->has_value = true;
    if (key != NULL) {
        put_text(writer, ocors_span_from_string(key));
        put_string(writer, ":");
    }
}

void ocors_json_write_string(ocors_json_writer_t *writer, const char *key, ocors_span_t text)
{
    begin_value(writer, key);
    put_text(writer, text);
}

void ocors_json_write_member(ocors_json_writer_t *writer, ocors_span_t key, ocors_span_t text)
{
    begin_value(writer, NULL);
    put_text(writer, key);
    put_string(writer, ":");
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
    writer->has_value = false;
}

void ocors_json_write_end(ocors_json_writer_t *writer, char bracket)
{
    writer->put(writer->to, &bracket, 1);
    writer->has_value = true;
}
