/* SPDX-License-Identifier: Apache-2.0 */
/* Text of anybody, as part of a text with a syntax. Owns nothing. */

#include "ocors_escape.h"

#include <stdint.h>
#include <stdio.h>

#include "ocors_invisible.h"
#include "ocors_utf8.h"

#define REPLACEMENT "\xef\xbf\xbd" /* U+FFFD */
#define ESCAPE_SIZE 32

/* A byte that is not UTF-8, as a character: this and the byte. */
#define NOT_UTF8 UINT32_C(0x80000000)

/*
 * Writes what stands for a character, if it is not to stand for itself; else returns false.
 * `escape` begins as REPLACEMENT.
 */
typedef bool replace_t(uint32_t character, char escape[ESCAPE_SIZE]);

/* Whether a character is of no use to a reader, or acts on who shows it. */
static bool is_invisible(uint32_t character)
{
    return character < 0x20 || character == 0x7f
           || (character > 0x7f && ocors_invisible_name(character) != NULL);
}

static bool replace_json(uint32_t character, char escape[ESCAPE_SIZE])
{
    if (character >= NOT_UTF8) {
        return true;
    }
    if (character == '"' || character == '\\') {
        (void)snprintf(escape, ESCAPE_SIZE, "\\%c", (int)character);
        return true;
    }
    if (!is_invisible(character)) {
        return false;
    }
    if (character > 0xffff) { /* a surrogate pair */
        (void)snprintf(escape, ESCAPE_SIZE, "\\u%04x\\u%04x",
                       (unsigned)(0xd7c0 + (character >> 10)),
                       (unsigned)(0xdc00 + (character & 0x3ff)));
    }
    else {
        (void)snprintf(escape, ESCAPE_SIZE, "\\u%04x", (unsigned)character);
    }
    return true;
}

static bool replace_html(uint32_t character, char escape[ESCAPE_SIZE])
{
    const bool is_named = character == '&' || character == '<' || character == '>'
                          || character == '"' || character == '\'';

    if (character >= NOT_UTF8) {
        return true;
    }
    if (is_named) {
        (void)snprintf(escape, ESCAPE_SIZE, "&#%u;", (unsigned)character);
    }
    else if (is_invisible(character)) {
        (void)snprintf(escape, ESCAPE_SIZE, "&lt;U+%04X&gt;", (unsigned)character);
    }
    return is_named || is_invisible(character);
}

static bool replace_label(uint32_t character, char escape[ESCAPE_SIZE])
{
    const bool is_named = character == '"' || character == '\\';
    const bool is_coded = character == '<' || is_invisible(character);

    if (character >= NOT_UTF8) { /* two texts that differ in such bytes stay different */
        (void)snprintf(escape, ESCAPE_SIZE, "<%02X>", (unsigned)(character - NOT_UTF8));
        return true;
    }
    if (is_named) {
        (void)snprintf(escape, ESCAPE_SIZE, "\\%c", (int)character);
    }
    else if (is_coded) {
        (void)snprintf(escape, ESCAPE_SIZE, "<U+%04X>", (unsigned)character);
    }
    return is_named || is_coded;
}

static bool replace_text(uint32_t character, char escape[ESCAPE_SIZE])
{
    if (character >= NOT_UTF8 || character < 0x20 || character == 0x7f) {
        (void)snprintf(escape, ESCAPE_SIZE, "\\x%02x", (unsigned)(character & 0xff));
        return true;
    }
    if (is_invisible(character)) {
        (void)snprintf(escape, ESCAPE_SIZE, "<U+%04X>", (unsigned)character);
    }
    return is_invisible(character);
}

static void escape(ocors_put_t *put, void *to, ocors_span_t text, replace_t *replace)
{
    size_t done = 0; /* what is before it was put */

    for (size_t at = 0; at < text.length;) {
        const ocors_span_t rest = ocors_span_make(text.bytes + at, text.length - at);
        const size_t length = ocors_utf8_length(rest);
        const unsigned char first = (unsigned char)rest.bytes[0];
        char replacement[ESCAPE_SIZE] = REPLACEMENT;

        if (replace(length == 0   ? NOT_UTF8 + first
                    : length == 1 ? first
                                  : ocors_utf8_character(rest.bytes, length),
                    replacement)) {
            if (at > done) {
                put(to, text.bytes + done, at - done);
            }
            put(to, replacement, strlen(replacement));
            done = at + (length > 0 ? length : 1);
        }
        at += length > 0 ? length : 1;
    }
    if (text.length > done) {
        put(to, text.bytes + done, text.length - done);
    }
}

void ocors_escape_json(ocors_put_t *put, void *to, ocors_span_t text)
{
    escape(put, to, text, replace_json);
}

void ocors_escape_html(ocors_put_t *put, void *to, ocors_span_t text)
{
    escape(put, to, text, replace_html);
}

void ocors_escape_label(ocors_put_t *put, void *to, ocors_span_t text)
{
    escape(put, to, text, replace_label);
}

void ocors_escape_text(ocors_put_t *put, void *to, ocors_span_t text)
{
    escape(put, to, text, replace_text);
}
