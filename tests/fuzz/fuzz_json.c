/* SPDX-License-Identifier: Apache-2.0 */
/* A recogniser of RFC 8259: one function for each of its rules, by recursion. */
#include "fuzz_json.h"

#include "fuzz.h"
#include "ocors_json_text.h"
#include "ocors_utf8.h"

typedef struct recogniser_t {
    const char *at, *end;
    size_t depth;
} recogniser_t;

static bool value(recogniser_t *text);

static void blanks(recogniser_t *text)
{
    while (text->at < text->end && *text->at != '\0' && strchr(" \t\r\n", *text->at) != NULL) {
        text->at++;
    }
}

static bool take(recogniser_t *text, char c)
{
    blanks(text);
    if (text->at == text->end || *text->at != c) {
        return false;
    }
    text->at++;
    return true;
}

static bool word(recogniser_t *text, const char *expected)
{
    const size_t length = strlen(expected);

    if ((size_t)(text->end - text->at) < length || memcmp(text->at, expected, length) != 0) {
        return false;
    }
    text->at += length;
    return true;
}

static bool digits(recogniser_t *text)
{
    const char *const start = text->at;

    while (text->at < text->end && *text->at >= '0' && *text->at <= '9') {
        text->at++;
    }
    return text->at > start;
}

static bool number(recogniser_t *text)
{
    (void)word(text, "-");
    if (!word(text, "0") && !digits(text)) {
        return false;
    }
    if (word(text, ".") && !digits(text)) {
        return false;
    }
    if (word(text, "e") || word(text, "E")) {
        (void)(word(text, "+") || word(text, "-"));
        return digits(text);
    }
    return true;
}

/* Four digits of an escape. */
static bool unit(recogniser_t *text, unsigned *value)
{
    *value = 0;
    for (int i = 0; i < 4; i++, text->at++) {
        if (text->at == text->end || ocors_ascii_hex_value(*text->at) < 0) {
            return false;
        }
        *value = *value * 16 + (unsigned)ocors_ascii_hex_value(*text->at);
    }
    return true;
}

/* Behind a backslash. RFC 8259 allows half of a surrogate pair; the scan does not. */
static bool escape(recogniser_t *text, bool is_key)
{
    unsigned first, second;

    if (text->at == text->end || *text->at == '\0') {
        return false;
    }
    if (strchr("\"\\/bfnrt", *text->at) != NULL) {
        text->at++;
        return true;
    }
    if (!word(text, "u") || !unit(text, &first)) {
        return false;
    }
    if (first >= 0xd800 && first < 0xdc00) {
        return word(text, "\\u") && unit(text, &second) && second >= 0xdc00 && second < 0xe000;
    }
    /* json-c ends a key at a NUL: the scan refuses it. */
    return (first < 0xdc00 || first >= 0xe000) && !(is_key && first == 0);
}

static bool string(recogniser_t *text, bool is_key)
{
    if (!word(text, "\"")) {
        return false;
    }
    while (text->at < text->end) {
        const size_t length = ocors_utf8_length_at(text->at, text->end);

        if (length == 0 || (unsigned char)*text->at < 0x20) {
            return false;
        }
        if (word(text, "\"")) {
            return true;
        }
        if (!word(text, "\\")) {
            text->at += length;
        }
        else if (!escape(text, is_key)) {
            return false;
        }
    }
    return false;
}

static bool members(recogniser_t *text, char bracket)
{
    const char last = bracket == '{' ? '}' : ']';

    if (++text->depth > OCORS_JSON_DEPTH_MAX) {
        return false;
    }
    if (!take(text, last)) {
        do {
            blanks(text);
            if (bracket == '{' && !(string(text, true) && take(text, ':'))) {
                return false;
            }
            if (!value(text)) {
                return false;
            }
        } while (take(text, ','));
        if (!take(text, last)) {
            return false;
        }
    }
    text->depth--;
    return true;
}

static bool value(recogniser_t *text)
{
    blanks(text);
    if (take(text, '{')) {
        return members(text, '{');
    }
    if (take(text, '[')) {
        return members(text, '[');
    }
    if (text->at < text->end && *text->at == '"') {
        return string(text, false);
    }
    return word(text, "true") || word(text, "false") || word(text, "null") || number(text);
}

bool fuzz_is_json(ocors_span_t text)
{
    recogniser_t recogniser = { .at = text.bytes };

    if (text.length == 0) {
        return false;
    }
    recogniser.end = text.bytes + text.length;
    if (!value(&recogniser)) {
        return false;
    }
    blanks(&recogniser);
    return recogniser.at == recogniser.end;
}
