/* SPDX-License-Identifier: Apache-2.0 */
/* A run of bytes that the span does not own, and the comparisons of the core. */
#ifndef OCORS_SPAN_H
#define OCORS_SPAN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

/* `bytes` need not end in NUL and may hold any byte. length 0 allows bytes == NULL. */
typedef struct ocors_span_t {
    const char *bytes;
    size_t length;
} ocors_span_t;

/* A span over a string literal: in an expression, and as an initialiser. */
#define OCORS_SPAN_LITERAL(literal) ((ocors_span_t){ (literal), sizeof(literal) - 1 })
#define OCORS_SPAN_INITIALISER(literal)                                                            \
    {                                                                                              \
        (literal), sizeof(literal) - 1                                                             \
    }

static inline ocors_span_t ocors_span_make(const char *bytes, size_t length)
{
    return (ocors_span_t){ .bytes = bytes, .length = length };
}

/* A span over a C string; NULL gives the empty span. */
static inline ocors_span_t ocors_span_from_string(const char *string)
{
    return ocors_span_make(string, string != NULL ? strlen(string) : 0);
}

/* What is left of a span from an offset on, which is not beyond its end. */
static inline ocors_span_t ocors_span_from(ocors_span_t span, size_t offset)
{
    return ocors_span_make(span.bytes + offset, span.length - offset);
}

/* Whether two spans have the same bytes. */
static inline bool ocors_span_is_equal(ocors_span_t a, ocors_span_t b)
{
    return a.length == b.length && (a.length == 0 || memcmp(a.bytes, b.bytes, a.length) == 0);
}

/* Byte order: below 0, 0 or above 0. */
static inline int ocors_span_compare(ocors_span_t a, ocors_span_t b)
{
    const size_t common = a.length < b.length ? a.length : b.length;
    const int order = common > 0 ? memcmp(a.bytes, b.bytes, common) : 0;

    return order != 0 ? order : (a.length > b.length) - (a.length < b.length);
}

/* ASCII only, in any locale. */
static inline char ocors_ascii_lower(char c)
{
    return c >= 'A' && c <= 'Z' ? (char)(c + ('a' - 'A')) : c;
}

static inline char ocors_ascii_upper(char c)
{
    return c >= 'a' && c <= 'z' ? (char)(c - ('a' - 'A')) : c;
}

static inline bool ocors_ascii_is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static inline bool ocors_ascii_is_alpha(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

/* The value of a hexadecimal digit; -1: not a digit. */
static inline int ocors_ascii_hex_value(char c)
{
    if (ocors_ascii_is_digit(c)) {
        return c - '0';
    }
    c = ocors_ascii_lower(c);
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* The byte of an escape such as "%41" (RFC 3986 section 2.1); -1: not an escape. */
static inline int ocors_escape_value(const char *escape)
{
    if (escape[0] != '%') {
        return -1; /* most bytes are not */
    }
    const int high = ocors_ascii_hex_value(escape[1]), low = ocors_ascii_hex_value(escape[2]);

    return high >= 0 && low >= 0 ? high * 16 + low : -1;
}

/* Without the blanks and tabs around it (RFC 9110 section 5.6.3). */
static inline ocors_span_t ocors_span_trim(ocors_span_t text)
{
    while (text.length > 0 && (text.bytes[0] == ' ' || text.bytes[0] == '\t')) {
        text = ocors_span_make(text.bytes + 1, text.length - 1);
    }
    while (text.length > 0
           && (text.bytes[text.length - 1] == ' ' || text.bytes[text.length - 1] == '\t')) {
        text.length--;
    }
    return text;
}

/* Whether two spans are equal without the case of ASCII letters (RFC 9110 section 5.1). */
static inline bool ocors_span_is_equal_nocase(ocors_span_t a, ocors_span_t b)
{
    if (a.length != b.length) {
        return false;
    }
    for (size_t i = 0; i < a.length; i++) {
        if (ocors_ascii_lower(a.bytes[i]) != ocors_ascii_lower(b.bytes[i])) {
            return false;
        }
    }
    return true;
}

/* Whether one of the eight bytes of a word is below 0x20, or DEL. */
static inline bool ocors_word_has_control(uint64_t word)
{
    const uint64_t each = UINT64_MAX / 255, is_del = word ^ (each * 0x7f);

    return ((((word - each * 0x20) & ~word) | ((is_del - each) & ~is_del)) & (each * 0x80)) != 0;
}

/* Whether a span has a byte below 0x20, or DEL. By words: a load asks this of each string. */
static inline bool ocors_span_has_control(ocors_span_t span)
{
    uint64_t word;
    size_t i = 0;

    for (; i + sizeof(word) <= span.length; i += sizeof(word)) {
        memcpy(&word, span.bytes + i, sizeof(word));
        if (ocors_word_has_control(word)) {
            return true;
        }
    }
    for (; i < span.length; i++) {
        if ((unsigned char)span.bytes[i] < 0x20 || span.bytes[i] == 0x7f) {
            return true;
        }
    }
    return false;
}

static inline bool ocors_span_has_prefix(ocors_span_t span, ocors_span_t prefix)
{
    return span.length >= prefix.length
           && (prefix.length == 0 || memcmp(span.bytes, prefix.bytes, prefix.length) == 0);
}

static inline bool ocors_span_has_suffix(ocors_span_t span, ocors_span_t suffix)
{
    return span.length >= suffix.length
           && (suffix.length == 0
               || memcmp(span.bytes + (span.length - suffix.length), suffix.bytes, suffix.length)
                      == 0);
}

#endif
