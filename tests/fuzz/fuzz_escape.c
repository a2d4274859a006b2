/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Text of anybody in JSON, HTML, a label of Prometheus, the log and a fault: no character of the
 * syntax and no invisible one is left, and a reader gets back what was written.
 */
#include <json-c/json.h>

#include "fuzz.h"
#include "ocors_escape.h"
#include "ocors_fault.h"
#include "ocors_invisible.h"
#include "ocors_json_write.h"
#include "ocors_utf8.h"

#define REPLACEMENT "\xef\xbf\xbd" /* U+FFFD */

/* The input with U+FFFD for each byte that is not UTF-8. */
static ocors_span_t make_utf8(ocors_span_t text)
{
    fuzz_text_t made = { .bytes = NULL };

    for (size_t at = 0; at < text.length;) {
        const size_t length = ocors_utf8_length(ocors_span_from(text, at));

        fuzz_put(&made, length > 0 ? text.bytes + at : REPLACEMENT, length > 0 ? length : 3);
        at += length > 0 ? length : 1;
    }
    const ocors_span_t utf8 = fuzz_copy(fuzz_text_span(&made));

    free(made.bytes);
    return utf8;
}

/* Of every escape: UTF-8, on one line, in which all is visible. */
static void check_visible(ocors_span_t text)
{
    uint32_t character;

    FUZZ_CHECK(!ocors_span_has_control(text));
    FUZZ_CHECK(ocors_invisible_find(text, &character) == NULL);
    for (size_t at = 0; at < text.length;) {
        const size_t length = ocors_utf8_length(ocors_span_from(text, at));

        FUZZ_CHECK(length > 0);
        at += length;
    }
}

/* ---- JSON ------------------------------------------------------------------------------------ */

static struct json_object *read_json(ocors_span_t text)
{
    struct json_tokener *tokener = json_tokener_new();
    struct json_object *root;

    FUZZ_CHECK(tokener != NULL);
    json_tokener_set_flags(tokener, JSON_TOKENER_STRICT | JSON_TOKENER_VALIDATE_UTF8);
    root = json_tokener_parse_ex(tokener, text.bytes, (int)text.length);
    FUZZ_CHECK(json_tokener_get_error(tokener) == json_tokener_success);
    json_tokener_free(tokener);
    return root;
}

static void check_json_string(struct json_object *string, ocors_span_t utf8)
{
    FUZZ_CHECK(json_object_is_type(string, json_type_string));
    FUZZ_CHECK(ocors_span_is_equal(
        ocors_span_make(json_object_get_string(string), (size_t)json_object_get_string_len(string)),
        utf8));
}

static void check_json(ocors_span_t text, ocors_span_t utf8)
{
    fuzz_text_t json = { .bytes = NULL };
    ocors_json_writer_t writer = { .put = fuzz_put, .to = &json };

    ocors_json_write_begin(&writer, NULL, '{');
    ocors_json_write_string(&writer, "a", text);
    ocors_json_write_begin(&writer, "b", '[');
    ocors_json_write_string(&writer, NULL, text);
    ocors_json_write_number(&writer, NULL, UINT64_MAX);
    ocors_json_write_null(&writer, NULL);
    ocors_json_write_end(&writer, ']');
    ocors_json_write_seconds(&writer, "c", text.length);
    ocors_json_write_boolean(&writer, "d", true);
    ocors_json_write_end(&writer, '}');

    struct json_object *root = read_json(fuzz_text_span(&json));

    FUZZ_CHECK(json_object_object_length(root) == 4);
    check_json_string(json_object_object_get(root, "a"), utf8);
    check_json_string(json_object_array_get_idx(json_object_object_get(root, "b"), 0), utf8);
    (void)json_object_put(root);
    json.length = 0;
    ocors_escape_json(fuzz_put, &json, text);
    check_visible(fuzz_text_span(&json));
    free(json.bytes);
}

static void check_fault(ocors_span_t text, ocors_span_t utf8)
{
    char *buffer = fuzz_allocate(OCORS_FAULT_MAX);
    const size_t length = ocors_fault_write(text, text, buffer);
    const ocors_span_t fault = ocors_span_make(buffer, length);

    FUZZ_CHECK(length < OCORS_FAULT_MAX && buffer[length] == '\0');
    FUZZ_CHECK(!ocors_span_has_control(fault));
    FUZZ_CHECK(!fuzz_has(fault, '<') && !fuzz_has(fault, '>') && !fuzz_has(fault, '&')
               && !fuzz_has(fault, '\''));
    struct json_object *root = read_json(fault);
    struct json_object *members = json_object_object_get(root, "fault");
    struct json_object *origin = json_object_object_get(
        json_object_object_get(members, "arguments"), "origin");

    FUZZ_CHECK(json_object_object_length(root) == 2 && json_object_object_length(members) == 3);
    FUZZ_CHECK(json_object_is_type(origin, json_type_string));
    FUZZ_CHECK(
        ocors_span_has_prefix(utf8, ocors_span_make(json_object_get_string(origin),
                                                    (size_t)json_object_get_string_len(origin))));
    FUZZ_CHECK((size_t)json_object_get_string_len(origin) == utf8.length
               || text.length > OCORS_FAULT_ORIGIN_MAX - OCORS_UTF8_MAX);
    (void)json_object_put(root);
    fuzz_release(buffer);
}

/* ---- HTML, labels, text ---------------------------------------------------------------------- */

/* Whether a character is written as its code: "<U+202E>". */
static bool is_coded(ocors_span_t character)
{
    uint32_t found;

    return ocors_span_has_control(character) || ocors_invisible_find(character, &found) != NULL;
}

/* Reads "&#60;" and "&lt;"; an invisible character stays as the code that a reader sees. */
static void check_html(ocors_span_t text, ocors_span_t utf8)
{
    static const struct {
        const char *written, *meant;
    } entities[] = { { "&#38;", "&" }, { "&#60;", "<" }, { "&#62;", ">" }, { "&#34;", "\"" },
                     { "&#39;", "'" }, { "&lt;", "<" },  { "&gt;", ">" } };
    fuzz_text_t html = { .bytes = NULL }, read = { .bytes = NULL }, wanted = { .bytes = NULL };

    ocors_escape_html(fuzz_put, &html, text);
    const ocors_span_t span = fuzz_text_span(&html);

    check_visible(span);
    FUZZ_CHECK(!fuzz_has(span, '<') && !fuzz_has(span, '>') && !fuzz_has(span, '"')
               && !fuzz_has(span, '\''));
    for (size_t at = 0; at < span.length;) {
        const ocors_span_t rest = ocors_span_from(span, at);
        size_t taken = 0;

        for (size_t i = 0; i < sizeof(entities) / sizeof(entities[0]) && taken == 0; i++) {
            if (ocors_span_has_prefix(rest, ocors_span_from_string(entities[i].written))) {
                taken = strlen(entities[i].written);
                fuzz_put(&read, entities[i].meant, 1);
            }
        }
        FUZZ_CHECK(taken > 0 || rest.bytes[0] != '&');
        if (taken == 0) {
            fuzz_put(&read, rest.bytes, 1);
            taken = 1;
        }
        at += taken;
    }
    for (size_t at = 0; at < utf8.length;) {
        const size_t length = ocors_utf8_length(ocors_span_from(utf8, at));
        char code[16];

        if (is_coded(ocors_span_make(utf8.bytes + at, length))) {
            snprintf(code, sizeof(code), "<U+%04X>",
                     (unsigned)(length == 1 ? (unsigned char)utf8.bytes[at]
                                            : ocors_utf8_character(utf8.bytes + at, length)));
            fuzz_put(&wanted, code, strlen(code));
        }
        else {
            fuzz_put(&wanted, utf8.bytes + at, length);
        }
        at += length;
    }
    FUZZ_CHECK(ocors_span_is_equal(fuzz_text_span(&read), fuzz_text_span(&wanted)));
    free(html.bytes);
    free(read.bytes);
    free(wanted.bytes);
}

/* Reads one character of a label, a code or an escape; returns how many bytes that took. */
static size_t read_label(ocors_span_t rest, fuzz_text_t *read)
{
    char character[OCORS_UTF8_MAX];
    unsigned value;
    int length = 0;

    if (rest.bytes[0] == '\\') {
        FUZZ_CHECK(rest.length > 1 && strchr("\"\\", rest.bytes[1]) != NULL);
        fuzz_put(read, rest.bytes + 1, 1);
        return 2;
    }
    FUZZ_CHECK(rest.bytes[0] != '"');
    if (rest.bytes[0] != '<') {
        fuzz_put(read, rest.bytes, 1);
        return 1;
    }
    char code[16] = "";

    memcpy(code, rest.bytes, rest.length < sizeof(code) - 1 ? rest.length : sizeof(code) - 1);
    if (sscanf(code, "<U+%X>%n", &value, &length) == 1 && length > 0) {
        fuzz_put(read, character, ocors_utf8_write(character, value));
        return (size_t)length;
    }
    FUZZ_CHECK(sscanf(code, "<%2X>%n", &value, &length) == 1 && length > 0);
    character[0] = (char)value;
    fuzz_put(read, character, 1);
    return (size_t)length;
}

/* A label reads back byte for byte: two texts never have one label. */
static void check_label(ocors_span_t text)
{
    fuzz_text_t label = { .bytes = NULL }, read = { .bytes = NULL };

    ocors_escape_label(fuzz_put, &label, text);
    const ocors_span_t span = fuzz_text_span(&label);

    check_visible(span);
    for (size_t at = 0; at < span.length;) {
        at += read_label(ocors_span_from(span, at), &read);
    }
    FUZZ_CHECK(ocors_span_is_equal(fuzz_text_span(&read), text));
    free(label.bytes);
    free(read.bytes);
}

void fuzz_escape(ocors_span_t input)
{
    const ocors_span_t text = fuzz_copy(input);
    const ocors_span_t utf8 = make_utf8(text);
    fuzz_text_t shown = { .bytes = NULL };

    check_json(text, utf8);
    check_fault(text, utf8);
    check_html(text, utf8);
    check_label(text);
    ocors_escape_text(fuzz_put, &shown, text);
    check_visible(fuzz_text_span(&shown));
    free(shown.bytes);
    fuzz_free(utf8);
    fuzz_free(text);
}
