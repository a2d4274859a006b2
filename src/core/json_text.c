/* SPDX-License-Identifier: Apache-2.0 */
/* A cursor over a JSON text (RFC 8259): its blanks, words, strings and whole values. */
#include "ocors_json_text.h"

#include <stdint.h>

#include "ocors_table.h"
#include "ocors_utf8.h"

#define IS_BLANK(byte) ((byte) == ' ' || (byte) == '\t' || (byte) == '\n' || (byte) == '\r')

const bool ocors_json_blanks[256] = OCORS_TABLE(IS_BLANK);

#define IS_DIGIT(byte) ((byte) >= '0' && (byte) <= '9')

static const bool digits[256] = OCORS_TABLE(IS_DIGIT);

const char *ocors_json_run_end(const char *at, const char *end, const bool kind[256])
{
    while (end - at >= 4 && kind[(unsigned char)at[0]] && kind[(unsigned char)at[1]]
           && kind[(unsigned char)at[2]] && kind[(unsigned char)at[3]]) {
        at += 4;
    }
    while (at < end && kind[(unsigned char)*at]) {
        at++;
    }
    return at;
}

bool ocors_json_skip_mark(ocors_json_text_t *text)
{
    const ocors_span_t mark = OCORS_SPAN_LITERAL("\xef\xbb\xbf");

    if (!ocors_span_has_prefix(ocors_json_text_rest(text), mark)) {
        return false;
    }
    text->at += mark.length;
    return true;
}

/* ---- Words ----------------------------------------------------------------------------------- */

/* One digit or more; NULL: there is none. */
static inline const char *skip_digits(const char *at, const char *end)
{
    const char *const start = at;
    const char *const few = end - at > 4 ? at + 4 : end;

    while (at < few && digits[(unsigned char)*at]) {
        at++;
    }
    if (at == few) {
        at = ocors_json_run_end(at, end, digits);
    }
    return at > start ? at : NULL;
}

const char *ocors_json_word_end(const char *at, const char *end)
{
    const ocors_span_t rest = ocors_span_make(at, (size_t)(end - at));

    if (at < end && '9' < *at) {
        return ocors_span_has_prefix(rest, OCORS_SPAN_LITERAL("true"))    ? at + 4
               : ocors_span_has_prefix(rest, OCORS_SPAN_LITERAL("false")) ? at + 5
               : ocors_span_has_prefix(rest, OCORS_SPAN_LITERAL("null"))  ? at + 4
                                                                          : NULL;
    }
    if (at < end && *at == '-') {
        at++;
    }
    at = at < end && *at == '0' ? at + 1 : skip_digits(at, end);
    if (at != NULL && at < end && *at == '.') {
        at = skip_digits(at + 1, end);
    }
    if (at != NULL && at < end && (*at == 'e' || *at == 'E')) {
        at++;
        at = skip_digits(at < end && (*at == '+' || *at == '-') ? at + 1 : at, end);
    }
    return at;
}

/* ---- Strings --------------------------------------------------------------------------------- */

/*
 * What a byte is within a string: an escape, the first byte of a character in a form of UTF-8, or
 * one of the others. Of the first two a bit of string_follows[] says whether a byte may come next.
 */
enum {
    PLAIN = 0,
    ESCAPE = 1,
    TWO_BYTES = OCORS_UTF8_TWO << 1,
    THREE_BYTES = OCORS_UTF8_AFTER_ED << 1, /* the last of them */
    FOUR_BYTES = OCORS_UTF8_AFTER_F4 << 1,  /* the last of them */
    NOT_UTF8 = OCORS_UTF8_NONE << 1,
    QUOTE = 0x200,
    CONTROL = 0x400
};

#define STRING_KIND(byte)                                                                          \
    ((byte) < 0x20    ? CONTROL                                                                    \
     : (byte) == '"'  ? QUOTE                                                                      \
     : (byte) == '\\' ? ESCAPE                                                                     \
                      : OCORS_UTF8_FORM(byte) << 1)
#define STRING_FOLLOWS(byte) (((byte) >= 0x20 ? ESCAPE : 0) | OCORS_UTF8_SECOND(byte) << 1)

static const uint16_t string_kinds[256] = OCORS_TABLE(STRING_KIND);
static const unsigned char string_follows[256] = OCORS_TABLE(STRING_FOLLOWS);

static unsigned kind_of(const char *at)
{
    return string_kinds[(unsigned char)*at];
}

static bool may_follow(const char *at, unsigned kind)
{
    return (string_follows[(unsigned char)*at] & kind) != 0;
}

/*
 * Skips plain bytes, eight at a time. `others` has the topmost bit of each byte that is not plain;
 * a borrow reaches only bytes above such a one, so that the lowest is right.
 */
static inline const char *skip_plain(const char *at, const char *end)
{
    const uint64_t each = UINT64_C(0x0101010101010101);

    for (; end - at >= 8; at += 8) {
        uint64_t word, others;

        memcpy(&word, at, sizeof(word));
        others = ((word - each * 0x20) | ((word ^ each * '"') - each)
                  | ((word ^ each * '\\') - each) | word)
                 & each * 0x80;
        if (others != 0) {
#if defined(__GNUC__) && __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
            return at + (__builtin_ctzll(others) >> 3);
#else
            break;
#endif
        }
    }
    while (at < end && kind_of(at) == PLAIN) {
        at++;
    }
    return at;
}

const char *ocors_json_plain_end(const char *at, const char *end)
{
    return skip_plain(at, end);
}

/* From what is not plain. Nothing passes a NUL: it is in no character and follows no backslash. */
static const char *characters_end(const char *at)
{
    for (;;) {
        const unsigned kind = kind_of(at);

        if (kind == PLAIN) {
            at++;
        }
        else if (kind <= TWO_BYTES && may_follow(at + 1, kind)) {
            at += 2;
        }
        else if (kind > TWO_BYTES && kind <= THREE_BYTES && may_follow(at + 1, kind)
                 && may_follow(at + 2, TWO_BYTES)) {
            at += 3;
        }
        else if (kind > THREE_BYTES && kind <= FOUR_BYTES && may_follow(at + 1, kind)
                 && may_follow(at + 2, TWO_BYTES) && may_follow(at + 3, TWO_BYTES)) {
            at += 4;
        }
        else {
            return at;
        }
    }
}

const char *ocors_json_string_end(const char *at, const char *end, bool *is_plain)
{
    at = skip_plain(at, end);
    *is_plain = *at == '"';
    return *is_plain ? at : characters_end(at);
}

/* The value of four hexadecimal digits; -1: they are not there. */
static int hex_value(ocors_span_t text, size_t at)
{
    int value = 0;

    for (size_t i = at; i < at + 4; i++) {
        const int digit = i < text.length ? ocors_ascii_hex_value(text.bytes[i]) : -1;

        if (digit < 0) {
            return -1;
        }
        value = value * 16 + digit;
    }
    return value;
}

static size_t unicode_escape_length(ocors_span_t text, unsigned *value)
{
    const int first = hex_value(text, 2);

    if (first < 0) {
        return 0;
    }
    *value = (unsigned)first;
    if (first >= 0xd800 && first < 0xdc00 && text.length > 7 && text.bytes[6] == '\\'
        && text.bytes[7] == 'u') {
        const int second = hex_value(text, 8);

        if (second >= 0xdc00 && second <= 0xdfff) {
            *value = 0x10000 + ((*value & 0x3ff) << 10) + ((unsigned)second & 0x3ff);
            return 12;
        }
    }
    return 6;
}

size_t ocors_json_escape_length(ocors_span_t text, unsigned *value)
{
    static const char escapes[] = "\"\"\\\\//b\bf\fn\nr\rt\t";

    if (text.length < 2 || text.bytes[0] != '\\') {
        return 0;
    }
    if (text.bytes[1] == 'u') {
        return unicode_escape_length(text, value);
    }
    for (size_t i = 0; i < sizeof(escapes) - 1; i += 2) {
        if (escapes[i] == text.bytes[1]) {
            *value = (unsigned char)escapes[i + 1];
            return 2;
        }
    }
    return 0;
}

bool ocors_json_decode(ocors_span_t inner, char *to, ocors_span_t *decoded)
{
    char *const start = to;

    while (inner.length > 0) {
        unsigned value = (unsigned char)*inner.bytes;
        size_t length = 1;

        if (value == '\\') {
            length = ocors_json_escape_length(inner, &value);
            if (length == 0 || (value >= 0xd800 && value <= 0xdfff)) {
                return false;
            }
            to += ocors_utf8_write(to, value);
        }
        else {
            *to++ = *inner.bytes;
        }
        inner = ocors_span_from(inner, length);
    }
    *decoded = ocors_span_make(start, (size_t)(to - start));
    return true;
}

/* ---- Values ---------------------------------------------------------------------------------- */

const char *ocors_json_value_end(ocors_json_text_t text, size_t *left)
{
    uint64_t objects = 0; /* what is open, a bit each: 1 an object, 0 an array */
    unsigned depth = 0;
    ocors_span_t inner;

    for (;;) {
        bool is_opened = ocors_json_is_next(&text, '{') || ocors_json_is_next(&text, '[');

        if (is_opened) {
            objects = objects << 1 | (*text.at++ == '{');
            if (++depth > OCORS_JSON_DEPTH_MAX) {
                return NULL;
            }
        }
        else if (!ocors_json_read_string(&text, &inner)
                 && (text.at = ocors_json_word_end(text.at, text.end)) == NULL) {
            return NULL;
        }
        while (depth > 0 && ocors_json_take(&text, (objects & 1) != 0 ? '}' : ']')) {
            objects >>= 1;
            depth--;
            is_opened = false;
        }
        if (depth == 0) {
            return text.at;
        }
        if ((!is_opened && !ocors_json_take(&text, ',')) || (*left)-- == 0) {
            return NULL;
        }
        ocors_json_skip_blank(&text);
        if ((objects & 1) != 0) {
            if (!ocors_json_read_string(&text, &inner) || !ocors_json_take(&text, ':')) {
                return NULL;
            }
            ocors_json_skip_blank(&text);
        }
    }
}

/* ---- Places ---------------------------------------------------------------------------------- */

ocors_json_place_t ocors_json_lines_place(ocors_json_lines_t *lines, const char *at)
{
    const char *newline;

    while (at < lines->start) {
        lines->start--;
        lines->line--;
        while (lines->start > lines->text && lines->start[-1] != '\n') {
            lines->start--;
        }
    }
    while (lines->counted < at
           && (newline = memchr(lines->counted, '\n', (size_t)(at - lines->counted))) != NULL) {
        lines->counted = lines->start = newline + 1;
        lines->line++;
    }
    lines->counted = at;
    return (ocors_json_place_t){ .line = lines->line, .column = (size_t)(at - lines->start) + 1 };
}
