/* SPDX-License-Identifier: Apache-2.0 */
/* A bearer token -> its claims. All of it is an attacker's input, and costs him nothing to send. */

#include "ocors_jwt.h"

#include <stdint.h>

#include "ocors_base64.h"
#include "ocors_table.h"

/* ---- JSON ------------------------------------------------------------------------------------ */

/*
 * What follows goes forward only: each function takes where it begins and gives where it ends, or
 * NULL at what is no JSON. The text ends with a NUL, at which every run of bytes ends, as NUL is
 * part of none.
 */

#define IS_BLANK(byte) ((byte) == ' ' || (byte) == '\t' || (byte) == '\n' || (byte) == '\r')

static const bool is_blank[256] = OCORS_TABLE(IS_BLANK);

static const char *skip_blank(const char *at)
{
    while (is_blank[(unsigned char)*at]) {
        at++;
    }
    return at;
}

/*
 * What a byte is within a string. A bit that is in string_follows[] too says what its next byte
 * must be: of an escape anything but a control character, of a character of UTF-8 (RFC 3629 section
 * 4) what is said here.
 */
enum {
    PLAIN = 0,
    ESCAPE = 0x01,
    TWO_BYTES = 0x02,   /* 80 to BF */
    THREE_BYTES = 0x04, /* 80 to BF */
    AFTER_E0 = 0x08,    /* A0 to BF */
    AFTER_ED = 0x10,    /* 80 to 9F */
    FOUR_BYTES = 0x20,  /* 80 to BF */
    AFTER_F0 = 0x40,    /* 90 to BF */
    AFTER_F4 = 0x80,    /* 80 to 8F */
    QUOTE = 0x100,
    NONE = 0x200 /* a control character, and what is no UTF-8 */
};

#define STRING_KIND(byte)                                                                          \
    ((byte) < 0x20    ? NONE                                                                       \
     : (byte) == '"'  ? QUOTE                                                                      \
     : (byte) == '\\' ? ESCAPE                                                                     \
     : (byte) < 0x80  ? PLAIN                                                                      \
     : (byte) < 0xc2  ? NONE                                                                       \
     : (byte) < 0xe0  ? TWO_BYTES                                                                  \
     : (byte) == 0xe0 ? AFTER_E0                                                                   \
     : (byte) == 0xed ? AFTER_ED                                                                   \
     : (byte) < 0xf0  ? THREE_BYTES                                                                \
     : (byte) == 0xf0 ? AFTER_F0                                                                   \
     : (byte) < 0xf4  ? FOUR_BYTES                                                                 \
     : (byte) == 0xf4 ? AFTER_F4                                                                   \
                      : NONE)

#define STRING_FOLLOWS(byte)                                                                       \
    (((byte) >= 0x20 ? ESCAPE : 0)                                                                 \
     | ((byte) < 0x80 || (byte) > 0xbf                                                             \
            ? 0                                                                                    \
            : TWO_BYTES | THREE_BYTES | FOUR_BYTES | ((byte) < 0xa0 ? AFTER_ED : AFTER_E0)         \
                  | ((byte) < 0x90 ? AFTER_F4 : AFTER_F0)))

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
 * Skips eight bytes at a time, as long as all are plain. A borrow out of a byte means that it is
 * not.
 */
static const char *skip_words(const char *at, const char *end)
{
    const uint64_t each = UINT64_C(0x0101010101010101);

    for (; end - at >= 8; at += 8) {
        uint64_t word;

        memcpy(&word, at, sizeof(word));
        if ((((word - each * 0x20) | ((word ^ each * '"') - each) | ((word ^ each * '\\') - each)
              | word)
             & each * 0x80)
            != 0) {
            break;
        }
    }
    return at;
}

/* From within a string to its second quote. */
static const char *skip_to_quote(const char *at)
{
    for (;;) {
        unsigned kind;

        for (kind = kind_of(at); kind == PLAIN; kind = kind_of(++at)) {
        }
        if (kind <= TWO_BYTES) {
            if (!may_follow(at + 1, kind)) {
                return NULL;
            }
            at += 2;
        }
        else if (kind <= AFTER_ED) {
            if (!may_follow(at + 1, kind) || !may_follow(at + 2, TWO_BYTES)) {
                return NULL;
            }
            at += 3;
        }
        else if (kind <= AFTER_F4) {
            if (!may_follow(at + 1, kind) || !may_follow(at + 2, TWO_BYTES)
                || !may_follow(at + 3, TWO_BYTES)) {
                return NULL;
            }
            at += 4;
        }
        else {
            return kind == QUOTE ? at : NULL;
        }
    }
}

/* A string, whose quote is next; `inner` is what stands between the quotes. */
static inline const char *skip_string(const char *at, const char *end, ocors_span_t *inner)
{
    if (*at++ != '"') {
        return NULL;
    }
    const char *const start = at;
    const char *const words = at + 8; /* shorter ones are not worth it */

    while (kind_of(at) == PLAIN) {
        if (++at == words) {
            at = skip_words(at, end);
            break;
        }
    }
    if (*at != '"') {
        at = skip_to_quote(at);
        if (at == NULL) {
            return NULL;
        }
    }
    *inner = ocors_span_make(start, (size_t)(at - start));
    return at + 1;
}

static const char *skip_digits(const char *at)
{
    const char *const start = at;

    while (ocors_ascii_is_digit(*at)) {
        at++;
    }
    return at > start ? at : NULL;
}

static const char *skip_number(const char *at)
{
    if (*at == '-') {
        at++;
    }
    at = *at == '0' ? at + 1 : skip_digits(at);
    if (at != NULL && *at == '.') {
        at = skip_digits(at + 1);
    }
    if (at != NULL && (*at == 'e' || *at == 'E')) {
        at++;
        at = skip_digits(*at == '+' || *at == '-' ? at + 1 : at);
    }
    return at;
}

/* A number, or one of the three words. */
static const char *skip_word(const char *at, const char *end)
{
    const ocors_span_t word = *at == 't'   ? OCORS_SPAN_LITERAL("true")
                              : *at == 'f' ? OCORS_SPAN_LITERAL("false")
                              : *at == 'n' ? OCORS_SPAN_LITERAL("null")
                                           : ocors_span_make(NULL, 0);

    if (word.length == 0) {
        return skip_number(at);
    }
    return ocors_span_has_prefix(ocors_span_make(at, (size_t)(end - at)), word) ? at + word.length
                                                                                : NULL;
}

/* The name of a member, its colon, and the blanks around them. */
static const char *skip_name(const char *at, const char *end, ocors_span_t *name)
{
    at = skip_string(skip_blank(at), end, name);
    if (at == NULL) {
        return NULL;
    }
    at = skip_blank(at);
    return *at == ':' ? skip_blank(at + 1) : NULL;
}

/* The first value of an object or an array that is not empty, or the next one. */
static const char *skip_to_value(const char *at, const char *end, bool is_object, unsigned *left)
{
    ocors_span_t name;

    if (*left == 0) {
        return NULL;
    }
    --*left;
    return is_object ? skip_name(at, end, &name) : skip_blank(at);
}

/*
 * Any value, whose first byte is next. `left`: how many members and elements may still come. What
 * is open is a bit each: 1 an object, 0 an array.
 */
static const char *skip_value(const char *at, const char *end, unsigned *left)
{
    uint64_t is_object = 0;
    unsigned depth = 0;
    ocors_span_t inner;

    while (at != NULL) {
        if (*at == '{' || *at == '[') {
            const bool opens_object = *at == '{';

            if (++depth > OCORS_JWT_DEPTH_MAX) {
                return NULL;
            }
            is_object = is_object << 1 | opens_object;
            at = skip_blank(at + 1);
            if (*at != (opens_object ? '}' : ']')) {
                at = skip_to_value(at, end, opens_object, left);
                continue;
            }
        }
        else {
            at = *at == '"' ? skip_string(at, end, &inner) : skip_word(at, end);
            if (at == NULL || depth == 0) {
                return at;
            }
            at = skip_blank(at);
        }
        while (depth > 0 && *at == ((is_object & 1) != 0 ? '}' : ']')) {
            is_object >>= 1;
            if (--depth == 0) {
                return at + 1;
            }
            at = skip_blank(at + 1);
        }
        at = *at == ',' ? skip_to_value(at + 1, end, (is_object & 1) != 0, left) : NULL;
    }
    return NULL;
}

/* ---- Strings --------------------------------------------------------------------------------- */

/*
 * The value of \uXXXX, whose digits are text[at] to text[at + 3]; -1: they are not there, or it is
 * not ASCII.
 */
static int unicode_value(ocors_span_t text, size_t at)
{
    if (text.length - at < 4 || text.bytes[at] != '0' || text.bytes[at + 1] != '0') {
        return -1;
    }
    const int high = ocors_ascii_hex_value(text.bytes[at + 2]);
    const int low = ocors_ascii_hex_value(text.bytes[at + 3]);

    return high < 0 || high > 7 || low < 0 ? -1 : high * 16 + low;
}

/* The character at *at, which moves behind it; -1: an escape that is broken, or beyond ASCII. */
static int next_character(ocors_span_t inner, size_t *at)
{
    static const char escapes[] = "\"\"\\\\//b\bf\fn\nr\rt\t";
    const char c = inner.bytes[(*at)++];

    if (c != '\\') {
        return (unsigned char)c;
    }
    if (*at == inner.length) {
        return -1;
    }
    if (inner.bytes[*at] == 'u') {
        const int value = unicode_value(inner, *at + 1);

        *at += 5;
        return value;
    }
    for (size_t i = 0; i < sizeof(escapes) - 1; i += 2) {
        if (escapes[i] == inner.bytes[*at]) {
            ++*at;
            return escapes[i + 1];
        }
    }
    return -1;
}

/* Whether what stands between the quotes of a string is `text`, spelled with escapes. */
static bool string_decodes_to(ocors_span_t inner, ocors_span_t text)
{
    size_t at = 0;

    for (size_t i = 0; i < text.length; i++) {
        if (at == inner.length || next_character(inner, &at) != (unsigned char)text.bytes[i]) {
            return false;
        }
    }
    return at == inner.length;
}

/*
 * The same in whatever spelling. An escape is longer than what it means; `text` is not empty and
 * holds none.
 */
static inline bool string_is(ocors_span_t inner, ocors_span_t text)
{
    if (inner.length < text.length || (*inner.bytes != *text.bytes && *inner.bytes != '\\')) {
        return false;
    }
    return inner.length == text.length ? memcmp(inner.bytes, text.bytes, text.length) == 0
                                       : string_decodes_to(inner, text);
}

/* Decodes a string, which is in the buffer, in its place. */
static ocors_span_t string_decode(ocors_span_t inner, char *buffer)
{
    size_t length = 0;
    size_t at = 0;

    if (inner.length > OCORS_JWT_CLAIM_MAX) {
        return ocors_span_make(NULL, 0);
    }
    if (inner.length == 0 || memchr(inner.bytes, '\\', inner.length) == NULL) {
        return inner;
    }
    char *const place = buffer + (inner.bytes - buffer);

    while (at < inner.length) {
        const int c = next_character(inner, &at);

        if (c < 0) {
            return ocors_span_make(NULL, 0);
        }
        place[length++] = (char)(unsigned char)c;
    }
    return ocors_span_make(place, length);
}

/* ---- Claims ---------------------------------------------------------------------------------- */

/* One JSON object: the strings of two names at its top level, as they are spelled. */
static bool object_read(ocors_span_t text, ocors_span_t name, ocors_jwt_t *jwt)
{
    static const ocors_span_t sub = OCORS_SPAN_INITIALISER("sub");
    const char *const end = text.bytes + text.length;
    const char *at = skip_blank(text.bytes);
    unsigned left = OCORS_JWT_VALUES_MAX;

    if (*at != '{') {
        return false;
    }
    at = skip_blank(at + 1);
    while (*at != '}') {
        ocors_span_t key;
        ocors_span_t value = { NULL, 0 };

        if (left-- == 0) {
            return false;
        }
        at = skip_name(at, end, &key);
        if (at == NULL) {
            return false;
        }
        at = *at == '"' ? skip_string(at, end, &value) : skip_value(at, end, &left);
        if (at == NULL) {
            return false;
        }
        if (string_is(key, name)) {
            jwt->claim = value;
        }
        if (string_is(key, sub)) {
            jwt->sub = value;
        }
        at = skip_blank(at);
        if (*at == ',') {
            at = skip_blank(at + 1);
            if (*at == '}') {
                return false;
            }
        }
        else if (*at != '}') {
            return false;
        }
    }
    return skip_blank(at + 1) == end;
}

bool ocors_jwt_read(ocors_span_t token, ocors_span_t name, char *buffer, ocors_jwt_t *jwt)
{
    const char *dot = token.length > 0 ? memchr(token.bytes, '.', token.length) : NULL;
    ocors_span_t payload;

    *jwt = (ocors_jwt_t){ .claim = { NULL, 0 } };
    if (dot == NULL) {
        return false; /* opaque */
    }
    payload = ocors_span_make(dot + 1, token.length - (size_t)(dot + 1 - token.bytes));
    dot = payload.length > 0 ? memchr(payload.bytes, '.', payload.length) : NULL;
    if (dot != NULL) {
        payload.length = (size_t)(dot - payload.bytes);
    }
    if (!ocors_base64_decode(payload, buffer, &payload)) {
        return false;
    }
    buffer[payload.length] = '\0';
    if (!object_read(payload, name, jwt)) {
        return false;
    }
    const bool is_sub = jwt->claim.bytes == jwt->sub.bytes; /* it is decoded once */

    jwt->claim = string_decode(jwt->claim, buffer);
    jwt->sub = is_sub ? jwt->claim : string_decode(jwt->sub, buffer);
    return true;
}
