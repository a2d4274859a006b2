/* SPDX-License-Identifier: Apache-2.0 */
/* JSON as output: values in the order in which they are written. */

#include "ocors_json_write.h"

#include "ocors_invisible.h"
#include "ocors_utf8.h"

static void write_character(FILE *out, uint32_t character, const char *bytes, size_t length)
{
    if (character == '"' || character == '\\') {
        fprintf(out, "\\%c", (int)character);
    }
    else if (character < 0x20 || character == 0x7f
             || (length > 1 && ocors_invisible_name(character) != NULL)) {
        if (character > 0xffff) { /* RFC 8259 section 7: a surrogate pair */
            fprintf(out, "\\u%04x\\u%04x", (unsigned)(0xd7c0 + (character >> 10)),
                    (unsigned)(0xdc00 + (character & 0x3ff)));
        }
        else {
            fprintf(out, "\\u%04x", (unsigned)character);
        }
    }
    else {
        fwrite(bytes, 1, length, out);
    }
}

static void write_text(FILE *out, ocors_span_t text)
{
    fputc('"', out);
    while (text.length > 0) {
        const size_t length = ocors_utf8_length(text);
        const size_t taken = length > 0 ? length : 1;

        if (length == 0) {
            fputs("\xef\xbf\xbd", out);
        }
        else {
            write_character(out,
                            length == 1 ? (unsigned char)text.bytes[0]
                                        : ocors_utf8_character(text.bytes, length),
                            text.bytes, length);
        }
        text = ocors_span_make(text.bytes + taken, text.length - taken);
    }
    fputc('"', out);
}

/* What goes before a value. */
static void begin_value(ocors_json_writer_t *writer, const char *key)
{
    if (writer->has_value) {
        fputc(',', writer->out);
    }
    writer->has_value = true;
    if (key != NULL) {
        write_text(writer->out, ocors_span_from_string(key));
        fputc(':', writer->out);
    }
}

void ocors_json_write_string(ocors_json_writer_t *writer, const char *key, ocors_span_t text)
{
    begin_value(writer, key);
    write_text(writer->out, text);
}

void ocors_json_write_member(ocors_json_writer_t *writer, ocors_span_t key, ocors_span_t text)
{
    begin_value(writer, NULL);
    write_text(writer->out, key);
    fputc(':', writer->out);
    write_text(writer->out, text);
}

void ocors_json_write_number(ocors_json_writer_t *writer, const char *key, size_t number)
{
    begin_value(writer, key);
    fprintf(writer->out, "%zu", number);
}

void ocors_json_write_boolean(ocors_json_writer_t *writer, const char *key, bool value)
{
    begin_value(writer, key);
    fputs(value ? "true" : "false", writer->out);
}

void ocors_json_write_null(ocors_json_writer_t *writer, const char *key)
{
    begin_value(writer, key);
    fputs("null", writer->out);
}

void ocors_json_write_begin(ocors_json_writer_t *writer, const char *key, char bracket)
{
    begin_value(writer, key);
    fputc(bracket, writer->out);
    writer->has_value = false;
}

void ocors_json_write_end(ocors_json_writer_t *writer, char bracket)
{
    fputc(bracket, writer->out);
    writer->has_value = true;
}
