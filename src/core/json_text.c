/* SPDX-License-Identifier: Apache-2.0 */
/* A JSON text that is read and repaired on the way: its blanks and its words without quotes. */
#include "ocors_json_text.h"

#include <stdlib.h>

#include "ocors_json_scan.h"

void ocors_json_text_fault(ocors_json_text_t *json, ocors_json_place_t place,
                           ocors_finding_code_t code, const char *sentence)
{
    ocors_report_add_at(json->report, code, place.line, place.column, NULL, "%s", sentence);
}

void ocors_json_text_fault_here(ocors_json_text_t *json, ocors_finding_code_t code,
                                const char *sentence)
{
    ocors_json_text_fault(json, ocors_json_text_place(json, json->at), code, sentence);
}

void ocors_json_text_init(ocors_json_text_t *json, ocors_span_t text, ocors_report_t *report)
{
    *json = (ocors_json_text_t){
        .text = text.bytes, .length = text.length, .line = 1, .report = report
    };
}

ocors_json_place_t ocors_json_text_place(const ocors_json_text_t *json, size_t at)
{
    return (
        ocors_json_place_t){ .at = at, .line = json->line, .column = at - json->line_start + 1 };
}

size_t ocors_json_text_out_place(const ocors_json_text_t *json, size_t at)
{
    return json->out_length + (at - json->copied);
}

static void write_bytes(ocors_json_text_t *json, const char *bytes, size_t length)
{
    size_t capacity = json->out_capacity;
    char *out;

    if (json->is_out_of_memory) {
        return;
    }
    if (json->out == NULL || length > capacity - json->out_length) {
        /* Room for the whole text at once: most documents need no repair, or few. */
        capacity = capacity == 0 ? json->length + 64 : capacity * 2;
        while (length > capacity - json->out_length) {
            capacity *= 2;
        }
        out = realloc(json->out, capacity + 1);
        if (out == NULL) {
            json->is_out_of_memory = true;
            return;
        }
        json->out = out;
        json->out_capacity = capacity;
    }
    if (length > 0) {
        memcpy(json->out + json->out_length, bytes, length);
        json->out_length += length;
    }
    json->out[json->out_length] = '\0';
}

void ocors_json_text_copy(ocors_json_text_t *json, size_t at)
{
    write_bytes(json, json->text + json->copied, at - json->copied);
    json->copied = at;
}

void ocors_json_text_write(ocors_json_text_t *json, const char *string)
{
    write_bytes(json, string, strlen(string));
}

void ocors_json_text_repair(ocors_json_text_t *json, size_t from, size_t to, const char *string)
{
    ocors_json_text_copy(json, from);
    ocors_json_text_write(json, string);
    json->copied = to;
}

void ocors_json_text_drop(ocors_json_text_t *json, size_t length, const char *replacement)
{
    ocors_json_text_repair(json, json->at, json->at + length, replacement);
    json->at += length;
}

bool ocors_json_text_is_next(const ocors_json_text_t *json, ocors_span_t bytes)
{
    return ocors_span_has_prefix(ocors_span_make(json->text + json->at, json->length - json->at),
                                 bytes);
}

void ocors_json_text_count_line(ocors_json_text_t *json, size_t newline)
{
    json->line++;
    json->line_start = newline + 1;
}

/* A comment, from its first character; one that never ends goes to the end of the text. */
static void skip_comment(ocors_json_text_t *json)
{
    bool is_block = ocors_json_text_is_next(json, OCORS_SPAN_LITERAL("/*"));
    size_t start = json->at;

    ocors_json_text_fault_here(json, OCORS_FINDING_COMMENT,
                               "JSON has no comments; remove this one");
    json->at += is_block ? 2 : 1;
    while (json->at < json->length) {
        if (is_block && ocors_json_text_is_next(json, OCORS_SPAN_LITERAL("*/"))) {
            json->at += 2;
            break;
        }
        if (json->text[json->at] == '\n') {
            if (!is_block) {
                break;
            }
            ocors_json_text_count_line(json, json->at);
        }
        json->at++;
    }
    ocors_json_text_repair(json, start, json->at, " ");
}

static bool skip_ellipsis(ocors_json_text_t *json)
{
    const ocors_span_t character = OCORS_SPAN_LITERAL("\xe2\x80\xa6");
    size_t length = character.length;

    if (ocors_json_text_is_next(json, OCORS_SPAN_LITERAL("..."))) {
        while (json->at + length < json->length && json->text[json->at + length] == '.') {
            length++;
        }
    }
    else if (!ocors_json_text_is_next(json, character)) {
        return false;
    }
    ocors_json_text_fault_here(
        json, OCORS_FINDING_ELLIPSIS,
        "\"...\" stands in examples for what was left out; remove it, or write what belongs "
        "here");
    ocors_json_text_drop(json, length, " ");
    return true;
}

bool ocors_json_text_skip_blank(ocors_json_text_t *json)
{
    const ocors_span_t mark = OCORS_SPAN_LITERAL("\xef\xbb\xbf");
    bool has_ellipsis = false;

    while (json->at < json->length) {
        char c = json->text[json->at];

        if (c == '\n') {
            ocors_json_text_count_line(json, json->at++);
        }
        else if (c == ' ' || c == '\t' || c == '\r') {
            json->at++;
        }
        else if (c == '#' || ocors_json_text_is_next(json, OCORS_SPAN_LITERAL("//"))
                 || ocors_json_text_is_next(json, OCORS_SPAN_LITERAL("/*"))) {
            skip_comment(json);
        }
        else if (ocors_json_text_is_next(json, mark)) {
            ocors_json_text_fault_here(
                json, OCORS_FINDING_BYTE_ORDER_MARK,
                "JSON has no byte order mark (EF BB BF); save the file as UTF-8 without BOM");
            ocors_json_text_drop(json, mark.length, "");
        }
        else if ((unsigned char)c < 0x20 || c == 0x7f) {
            ocors_json_text_fault_here(
                json, OCORS_FINDING_CONTROL_CHARACTER,
                "a control character; between values only blanks and line ends can stand");
            ocors_json_text_drop(json, 1, " ");
        }
        else if (skip_ellipsis(json)) {
            has_ellipsis = true;
        }
        else {
            break;
        }
    }
    return has_ellipsis;
}

bool ocors_json_text_is_word(char first)
{
    return ocors_ascii_is_alpha(first) || ocors_ascii_is_digit(first)
           || (first != '\0' && strchr("+-._$", first) != NULL);
}

static ocors_span_t word_at(const ocors_json_text_t *json)
{
    size_t end = json->at;

    while (end < json->length && ocors_json_text_is_word(json->text[end])) {
        end++;
    }
    return ocors_span_make(json->text + json->at, end - json->at);
}

static size_t skip_digits(ocors_span_t word, size_t at)
{
    while (at < word.length && ocors_ascii_is_digit(word.bytes[at])) {
        at++;
    }
    return at;
}

/* RFC 8259 section 6. */
static bool is_number(ocors_span_t word)
{
    size_t start = word.length > 0 && word.bytes[0] == '-' ? 1 : 0;
    size_t at = skip_digits(word, start);

    if (at == start || (word.bytes[start] == '0' && at > start + 1)) {
        return false;
    }
    if (at < word.length && word.bytes[at] == '.') {
        start = ++at;
        at = skip_digits(word, at);
        if (at == start) {
            return false;
        }
    }
    if (at < word.length && ocors_ascii_lower(word.bytes[at]) == 'e') {
        at++;
        if (at < word.length && (word.bytes[at] == '+' || word.bytes[at] == '-')) {
            at++;
        }
        start = at;
        at = skip_digits(word, at);
        if (at == start) {
            return false;
        }
    }
    return at == word.length;
}

/* Whether somebody took it for a number. */
static bool is_odd_number(ocors_span_t word)
{
    char first = word.bytes[0];

    return ocors_ascii_is_digit(first) || first == '+' || first == '-' || first == '.'
           || ocors_span_is_equal_nocase(word, OCORS_SPAN_LITERAL("nan"))
           || ocors_span_is_equal_nocase(word, OCORS_SPAN_LITERAL("inf"))
           || ocors_span_is_equal_nocase(word, OCORS_SPAN_LITERAL("infinity"));
}

void ocors_json_text_read_word(ocors_json_text_t *json)
{
    ocors_span_t word = word_at(json);

    if (is_number(word) || ocors_span_is_equal(word, OCORS_SPAN_LITERAL("true"))
        || ocors_span_is_equal(word, OCORS_SPAN_LITERAL("false"))
        || ocors_span_is_equal(word, OCORS_SPAN_LITERAL("null"))) {
        json->at += word.length;
    }
    else if (is_odd_number(word)) {
        ocors_json_text_fault_here(
            json, OCORS_FINDING_NUMBER,
            "this is no JSON number; it has decimal digits, no leading zero or '+', a digit "
            "on both sides of the point, and is finite");
        ocors_json_text_drop(json, word.length, "0");
    }
    else {
        ocors_json_text_fault_here(
            json, OCORS_FINDING_SYNTAX,
            "a word without quotes; strings stand in double quotes, and true, false and "
            "null in lower case");
        ocors_json_text_drop(json, word.length, OCORS_JSON_UNKNOWN_TEXT);
    }
}

void ocors_json_text_read_bare_key(ocors_json_text_t *json)
{
    ocors_span_t word = word_at(json);

    ocors_json_text_fault_here(json, OCORS_FINDING_SYNTAX,
                               "a key without quotes; keys stand in double quotes");
    ocors_json_text_repair(json, json->at, json->at, "\"");
    json->at += word.length;
    ocors_json_text_repair(json, json->at, json->at, "\"");
}

bool ocors_json_text_is_utf16(ocors_span_t text)
{
    const unsigned char *at = (const unsigned char *)text.bytes;

    if (text.length < 2) {
        return false;
    }
    return (at[0] == 0xff && at[1] == 0xfe) || (at[0] == 0xfe && at[1] == 0xff)
           || (text.length >= 4 && at[0] != 0 && at[1] == 0 && at[2] != 0 && at[3] == 0)
           || (text.length >= 4 && at[0] == 0 && at[1] != 0 && at[2] == 0 && at[3] != 0);
}
