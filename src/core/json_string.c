/* SPDX-License-Identifier: Apache-2.0 */
/* The strings of a JSON text: read, judged and repaired; and decoded. */
#include "ocors_json_string.h"

#include <stdint.h>

#include "ocors_utf8.h"

/* The four digits at text[at]; 0x10000: there are none. */
static unsigned read_hex(ocors_span_t text, size_t at)
{
    unsigned value = 0;

    if (text.length - at < 4) {
        return 0x10000;
    }
    for (size_t i = at; i < at + 4; i++) {
        char c = ocors_ascii_lower(text.bytes[i]);

        if (ocors_ascii_is_digit(c)) {
            value = value * 16 + (unsigned)(c - '0');
        }
        else if (c >= 'a' && c <= 'f') {
            value = value * 16 + (unsigned)(c - 'a') + 10;
        }
        else {
            return 0x10000;
        }
    }
    return value;
}

static const char control_sentence[] =
    "a control character in a string, as it is or escaped (a line break, tab, NUL, ...); remove it";

static void read_unicode_escape(ocors_json_text_t *json)
{
    ocors_span_t text = ocors_span_make(json->text, json->length);
    unsigned value = read_hex(text, json->at + 2);

    if (value == 0x10000) {
        ocors_json_text_fault_here(json, OCORS_FINDING_SYNTAX,
                                   "behind \\u stand four hexadecimal digits, such as \\u00e9");
        ocors_json_text_drop(json, 1, "");
    }
    else if (value < 0x20 || value == 0x7f) {
        ocors_json_text_fault_here(json, OCORS_FINDING_CONTROL_CHARACTER, control_sentence);
        ocors_json_text_drop(json, 6, "");
    }
    else if (value < 0xd800 || value > 0xdfff) {
        json->at += 6;
    }
    else if (value < 0xdc00 && json->length - json->at >= 12 && json->text[json->at + 6] == '\\'
             && json->text[json->at + 7] == 'u' && read_hex(text, json->at + 8) >= 0xdc00
             && read_hex(text, json->at + 8) <= 0xdfff) {
        json->at += 12;
    }
    else {
        ocors_json_text_fault_here(
            json, OCORS_FINDING_LONE_SURROGATE,
            "half of a surrogate pair, which is no character; write both halves, such as "
            "\\ud83d\\ude00, or the character itself");
        ocors_json_text_drop(json, 6, "\\ufffd");
    }
}

static void read_escape(ocors_json_text_t *json, char quote)
{
    char c = json->at + 1 < json->length ? json->text[json->at + 1] : '\0';

    if (c == '"' || c == '\\' || c == '/') {
        json->at += 2;
    }
    else if (c == 'u') {
        read_unicode_escape(json);
    }
    else if (c == 'b' || c == 'f' || c == 'n' || c == 'r' || c == 't') {
        ocors_json_text_fault_here(json, OCORS_FINDING_CONTROL_CHARACTER, control_sentence);
        ocors_json_text_drop(json, 2, "");
    }
    else if (c == '\'' && quote == '\'') {
        ocors_json_text_drop(json, 1, "");
        json->at++;
    }
    else {
        ocors_json_text_fault_here(json, OCORS_FINDING_SYNTAX,
                                   "a backslash that begins no escape; write \\\\ for a backslash");
        ocors_json_text_drop(json, 1, "");
    }
}

/* Whether the next quote could end this string: then a line break stands in it by mistake. */
static bool is_wrapped(const ocors_json_text_t *json, char quote)
{
    size_t at = json->at;

    while (at < json->length && json->text[at] != quote) {
        at += json->text[at] == '\\' ? 2 : 1;
    }
    do {
        at++;
    } while (at < json->length && memchr(" \t\r\n", json->text[at], 4) != NULL);
    return at < json->length && memchr(",:]}", json->text[at], 4) != NULL;
}

/* A control character that stands in a string as it is. False: the closing quote is missing. */
static bool read_control(ocors_json_text_t *json, char quote, ocors_json_place_t start,
                         bool *is_judged)
{
    size_t length = ocors_json_text_is_next(json, OCORS_SPAN_LITERAL("\r\n")) ? 2 : 1;
    bool is_line_end = json->text[json->at + length - 1] == '\n';

    /* Asked once for each string, so that its length counts twice at most. */
    if (is_line_end && !*is_judged && !is_wrapped(json, quote)) {
        ocors_json_text_fault(
            json, start, OCORS_FINDING_SYNTAX,
            "the string that begins here does not end in its line; its closing quote is missing");
        return false;
    }
    *is_judged = *is_judged || is_line_end;
    ocors_json_text_fault_here(json, OCORS_FINDING_CONTROL_CHARACTER, control_sentence);
    ocors_json_text_drop(json, length, "");
    if (is_line_end) {
        ocors_json_text_count_line(json, json->at - 1);
    }
    return true;
}

static void read_beyond_ascii(ocors_json_text_t *json)
{
    size_t length = ocors_utf8_length(
        ocors_span_make(json->text + json->at, json->length - json->at));

    if (length == 0) {
        ocors_json_text_fault_here(
            json, OCORS_FINDING_NOT_UTF8,
            "this byte is not UTF-8; save the file as UTF-8 (not Latin-1 or Windows-1252)");
        ocors_json_text_drop(json, 1, "?");
        return;
    }
    json->at += length;
}

/* Whether a byte of a string needs no second look; it is most of a document's bytes. */
static bool is_plain(char c)
{
    /* Printable ASCII but '"', '\'' and '\\'; what is above ASCII has no bit. */
    static const uint64_t plain[4] = { UINT64_C(0xffffff7b00000000), UINT64_C(0x7fffffffefffffff),
                                       0, 0 };

    return (plain[(unsigned char)c >> 6] >> (c & 63) & 1) != 0;
}

bool ocors_json_string_read(ocors_json_text_t *json)
{
    ocors_json_place_t start = ocors_json_text_place(json, json->at);
    char quote = json->text[json->at];
    bool is_line_end_judged = false;

    if (quote == '\'') {
        ocors_json_text_fault_here(
            json, OCORS_FINDING_SINGLE_QUOTES,
            "a string in single quotes; JSON has double quotes only: \"...\"");
        ocors_json_text_repair(json, json->at, json->at + 1, "\"");
    }
    json->at++;
    for (;;) {
        char c;

        while (json->at < json->length && is_plain(json->text[json->at])) {
            json->at++;
        }
        if (json->at >= json->length) {
            ocors_json_text_fault(
                json, start, OCORS_FINDING_SYNTAX,
                "the string that begins here never ends; its closing quote is missing");
            return false;
        }
        c = json->text[json->at];
        if (c == quote) {
            if (quote == '\'') {
                ocors_json_text_repair(json, json->at, json->at + 1, "\"");
            }
            json->at++;
            return true;
        }
        if (c == '"') {
            ocors_json_text_drop(json, 1, "\\\"");
        }
        else if (c == '\'') {
            json->at++;
        }
        else if (c == '\\') {
            read_escape(json, quote);
        }
        else if ((unsigned char)c >= 0x80) {
            read_beyond_ascii(json);
        }
        else if (!read_control(json, quote, start, &is_line_end_judged)) {
            return false;
        }
    }
}

/* A character as UTF-8; returns its length. */
static size_t write_utf8(char *bytes, unsigned value)
{
    size_t length = value < 0x80 ? 1 : value < 0x800 ? 2 : value < 0x10000 ? 3 : 4;
    static const unsigned char leads[] = { 0, 0, 0xc0, 0xe0, 0xf0 };

    for (size_t i = length - 1; i > 0; i--) {
        bytes[i] = (char)(0x80 | (value & 0x3f));
        value >>= 6;
    }
    bytes[0] = (char)(leads[length] | value);
    return length;
}

size_t ocors_json_string_decode(const char *string, size_t length, char *decoded)
{
    ocors_span_t text = ocors_span_make(string, length);
    size_t written = 0;
    size_t at = 0;

    while (at < length) {
        unsigned value;

        if (string[at] != '\\' || string[at + 1] != 'u') {
            at += string[at] == '\\' ? 1 : 0;
            decoded[written++] = string[at++];
            continue;
        }
        value = read_hex(text, at + 2);
        at += 6;
        /* Half of a pair: the other one follows, or it would have been repaired. */
        if (value >= 0xd800 && value <= 0xdfff) {
            value = 0x10000 + ((value & 0x3ff) << 10) + (read_hex(text, at + 2) & 0x3ff);
            at += 6;
        }
        written += write_utf8(decoded + written, value);
    }
    return written;
}
