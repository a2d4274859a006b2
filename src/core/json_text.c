/* SPDX-License-Identifier: Apache-2.0 */
/* A cursor over a JSON text (RFC 8259): its blanks, words, strings and whole values. */
#include "ocors_json_text.h"

#include <stdint.h>

#include "ocors_table.h"
#include "ocors_utf8.h"

#define IS_BLANK(byte) ((byte) == ' ' || (byte) == '\t' || (byte) == '\n' || (byte) == '\r')

const bool ocors_json_blanks[256] = OCORS_TABLE(IS_BLANK);

const char *ocors_json_run_end(const char *at, const char *end, const bool kind[256])
{
    while (end - at >= 8
           && (kind[(unsigned char)at[0]] & kind[(unsigned char)at[1]] & kind[(unsigned char)at[2]]
               & kind[(unsigned char)at[3]] & kind[(unsigned char)at[4]]
               & kind[(unsigned char)at[5]] & kind[(unsigned char)at[6]]
               & kind[(unsigned char)at[7]])) {
        at += 8;
    }
    while (at < end && kind[(unsigned char)*at]) {
        at++;
    }
    return at;
}

/* How far what is slow to read may go: `left` suffices for all before it. */
static inline const char *slow_end(const char *at, const char *end, ptrdiff_t left)
{
    return (end - at) / OCORS_JSON_SLOW < left ? end : at + left * OCORS_JSON_SLOW;
}

const char *ocors_json_blanks_end(const char *at, const char *end, ptrdiff_t *left)
{
    const char *const stop = ocors_json_run_end(at, slow_end(at, end, *left), ocors_json_blanks);

    if (stop > at) {
        (void)ocors_json_pay(left, (size_t)(stop - at) - 1);
    }
    return stop;
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

/*
 * One digit or more; NULL: there is none. Eight at a time: `others` has a bit in each byte that is
 * not 0x30 and more, or not below 0x40 with 6 added. A carry reaches only bytes above such a one.
 */
static inline const char *skip_digits(const char *at, const char *end)
{
    const uint64_t each = UINT64_C(0x0101010101010101);
    const char *const start = at;

    for (; end - at >= 8; at += 8) {
        uint64_t word, others;

        memcpy(&word, at, sizeof(word));
        others = (((word + each * 0x06) ^ each * '0') | (word ^ each * '0')) & each * 0xf0;
        if (others != 0) {
#if defined(__GNUC__) && __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
            at += (unsigned)__builtin_ctzll(others) / 8;
            return at > start ? at : NULL;
#else
            break;
#endif
        }
    }
    while (at < end && ocors_ascii_is_digit(*at)) {
        at++;
    }
    return at > start ? at : NULL;
}

/* The end of a fraction and an exponent; NULL: they are not there as they begin. */
static const char *fraction_end(const char *at, const char *end, ptrdiff_t *left)
{
    if (--*left < 0) {
        return NULL;
    }
    if (*at == '.') {
        at = skip_digits(at + 1, end);
    }
    if (at != NULL && at < end && (*at == 'e' || *at == 'E')) {
        at++;
        at = skip_digits(at < end && (*at == '+' || *at == '-') ? at + 1 : at, end);
    }
    return at;
}

const char *ocors_json_word_end(const char *at, const char *end, ptrdiff_t *left)
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
    return at != NULL && at < end && (*at == '.' || *at == 'e' || *at == 'E')
               ? fraction_end(at, end, left)
               : at;
}

/* ---- Strings --------------------------------------------------------------------------------- */

#define IS_PLAIN(byte) ((byte) >= 0x20 && (byte) < 0x80 && (byte) != '"' && (byte) != '\\')

const bool ocors_json_plain[256] = OCORS_TABLE(IS_PLAIN);

/* What may come next within a string: the place of a row of string_rows. */
enum {
    CHARACTER = 0x000,
    ESCAPED = 0x100, /* after a backslash */
    LAST = 0x200,    /* the last byte of a character; LAST_TWO: the last but one, and so on */
    LAST_TWO = 0x300,
    AFTER_E0 = 0x400,
    AFTER_ED = 0x500,
    LAST_THREE = 0x600,
    AFTER_F0 = 0x700,
    AFTER_F4 = 0x800,
    ENDED = 0x900,   /* its quote was there; from here on nothing else comes */
    NOTHING = 0xa00, /* it cannot go on so */
    ROWS_END = 0xb00
};

#define AFTER_FORM(form)                                                                           \
    ((form) == OCORS_UTF8_ASCII      ? CHARACTER                                                   \
     : (form) == OCORS_UTF8_TWO      ? LAST                                                        \
     : (form) == OCORS_UTF8_AFTER_E0 ? AFTER_E0                                                    \
     : (form) == OCORS_UTF8_THREE    ? LAST_TWO                                                    \
     : (form) == OCORS_UTF8_AFTER_ED ? AFTER_ED                                                    \
     : (form) == OCORS_UTF8_AFTER_F0 ? AFTER_F0                                                    \
     : (form) == OCORS_UTF8_FOUR     ? LAST_THREE                                                  \
     : (form) == OCORS_UTF8_AFTER_F4 ? AFTER_F4                                                    \
                                     : NOTHING)
#define AFTER_SECOND(byte, form, next) ((OCORS_UTF8_SECOND(byte) & (form)) != 0 ? (next) : NOTHING)

#define IN_CHARACTER(byte)                                                                         \
    ((byte) == '\\'  ? ESCAPED                                                                     \
     : (byte) == '"' ? ENDED                                                                       \
     : (byte) < 0x20 ? NOTHING                                                                     \
                     : AFTER_FORM(OCORS_UTF8_FORM(byte)))
#define IN_ESCAPED(byte)    ((byte) < 0x20 ? NOTHING : CHARACTER)
#define IN_LAST(byte)       AFTER_SECOND(byte, OCORS_UTF8_TWO, CHARACTER)
#define IN_LAST_TWO(byte)   AFTER_SECOND(byte, OCORS_UTF8_THREE, LAST)
#define IN_AFTER_E0(byte)   AFTER_SECOND(byte, OCORS_UTF8_AFTER_E0, LAST)
#define IN_AFTER_ED(byte)   AFTER_SECOND(byte, OCORS_UTF8_AFTER_ED, LAST)
#define IN_LAST_THREE(byte) AFTER_SECOND(byte, OCORS_UTF8_FOUR, LAST_TWO)
#define IN_AFTER_F0(byte)   AFTER_SECOND(byte, OCORS_UTF8_AFTER_F0, LAST_TWO)
#define IN_AFTER_F4(byte)   AFTER_SECOND(byte, OCORS_UTF8_AFTER_F4, LAST_TWO)
#define IN_ENDED(byte)      ENDED
#define IN_NOTHING(byte)    NOTHING

/* By what may come next, and the byte that comes: what may come then. */
static const uint16_t string_rows[ROWS_END] = {
    OCORS_TABLE_ENTRIES(IN_CHARACTER),  OCORS_TABLE_ENTRIES(IN_ESCAPED),
    OCORS_TABLE_ENTRIES(IN_LAST),       OCORS_TABLE_ENTRIES(IN_LAST_TWO),
    OCORS_TABLE_ENTRIES(IN_AFTER_E0),   OCORS_TABLE_ENTRIES(IN_AFTER_ED),
    OCORS_TABLE_ENTRIES(IN_LAST_THREE), OCORS_TABLE_ENTRIES(IN_AFTER_F0),
    OCORS_TABLE_ENTRIES(IN_AFTER_F4),   OCORS_TABLE_ENTRIES(IN_ENDED),
    OCORS_TABLE_ENTRIES(IN_NOTHING),
};

static inline unsigned after(unsigned row, const char *at)
{
    return string_rows[row + (unsigned char)*at];
}

/* The quote that ends a string; NULL: there is none. */
static const char *quote_of(const char *at, const char *end)
{
    unsigned row = CHARACTER;

    for (; end - at >= 8; at += 8) {
        const unsigned one = after(row, at), two = after(one, at + 1), three = after(two, at + 2),
                       four = after(three, at + 3), five = after(four, at + 4),
                       six = after(five, at + 5), seven = after(six, at + 6);

        row = after(seven, at + 7);
        if (row >= ENDED) {
            return row != ENDED     ? NULL
                   : four != ENDED  ? at + 4 + (five != ENDED) + (six != ENDED) + (seven != ENDED)
                   : three != ENDED ? at + 3
                                    : at + (one != ENDED) + (two != ENDED);
        }
    }
    for (; at < end; at++) {
        row = after(row, at);
        if (row >= ENDED) {
            return row == ENDED ? at : NULL;
        }
    }
    return NULL;
}

const char *ocors_json_characters_end(const char *at, const char *end, ptrdiff_t *left)
{
    const char *const quote = quote_of(at, slow_end(at, end, *left));

    return quote != NULL && ocors_json_pay(left, (size_t)(quote - at)) ? quote : NULL;
}

#define NOT_HEX 0x10
#define HEX_VALUE(byte)                                                                            \
    ((byte) >= '0' && (byte) <= '9'   ? (byte) - '0'                                               \
     : (byte) >= 'a' && (byte) <= 'f' ? (byte) - 'a' + 10                                          \
     : (byte) >= 'A' && (byte) <= 'F' ? (byte) - 'A' + 10                                          \
                                      : NOT_HEX)

static const int hex_values[256] = OCORS_TABLE(HEX_VALUE);

/* Reads \uXXXX. False: it is not there, and *value is unchanged. */
static bool read_unicode(ocors_span_t text, unsigned *value)
{
    if (text.length < 6 || text.bytes[0] != '\\' || text.bytes[1] != 'u') {
        return false;
    }
    const int a = hex_values[(unsigned char)text.bytes[2]];
    const int b = hex_values[(unsigned char)text.bytes[3]];
    const int c = hex_values[(unsigned char)text.bytes[4]];
    const int d = hex_values[(unsigned char)text.bytes[5]];

    if (((a | b | c | d) & NOT_HEX) != 0) {
        return false;
    }
    *value = (unsigned)(a << 12 | b << 8 | c << 4 | d);
    return true;
}

size_t ocors_json_escape_length(ocors_span_t text, unsigned *value)
{
    static const char escapes[] = "\"\"\\\\//b\bf\fn\nr\rt\t";

    if (text.length < 2 || text.bytes[0] != '\\') {
        return 0;
    }
    if (text.bytes[1] == 'u') {
        unsigned second;

        if (!read_unicode(text, value)) {
            return 0;
        }
        if (*value >= 0xd800 && *value < 0xdc00 && read_unicode(ocors_span_from(text, 6), &second)
            && second >= 0xdc00 && second <= 0xdfff) {
            *value = 0x10000 + ((*value & 0x3ff) << 10) + (second & 0x3ff);
            return 12;
        }
        return 6;
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

const char *ocors_json_value_end(ocors_json_text_t text, ptrdiff_t *left)
{
    const char *const end = text.end;
    const char *at = text.at;
    uint64_t objects = 0; /* what is open, a bit each: 1 an object, 0 an array */
    unsigned depth = 0;

    for (;;) {
        if (*at == '"') {
            at = ocors_json_string_end(at, end, left);
            if (at == NULL) {
                return NULL;
            }
            at++;
        }
        else if (*at == '{' || *at == '[') {
            objects = objects << 1 | (*at == '{');
            if (++depth > OCORS_JSON_DEPTH_MAX) {
                return NULL;
            }
            at = ocors_json_skip(at + 1, end, left);
            if (*at != '}' && *at != ']') {
                goto next;
            }
        }
        else if ((at = ocors_json_word_end(at, end, left)) == NULL) {
            return NULL;
        }
        while (depth > 0 && *(at = ocors_json_seek(at, end, ',', left)) != ',') {
            if (*at != ((objects & 1) != 0 ? '}' : ']')) {
                return NULL;
            }
            at++;
            objects >>= 1;
            depth--;
        }
        if (depth == 0) {
            return at;
        }
        at = ocors_json_skip(at + 1, end, left);
    next:
        *left -= (objects & 1) != 0 ? 2 : 1;
        if (*left < 0) {
            return NULL;
        }
        if ((objects & 1) != 0) {
            if (*at != '"' || (at = ocors_json_string_end(at, end, left)) == NULL
                || *(at = ocors_json_seek(at + 1, end, ':', left)) != ':') {
                return NULL;
            }
            at = ocors_json_skip(at + 1, end, left);
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
