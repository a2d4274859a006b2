/* SPDX-License-Identifier: Apache-2.0 */
/* A bearer token -> its claims. All of it is an attacker's input, and costs him nothing to send. */

#include "ocors_jwt.h"

#include "ocors_base64.h"
#include "ocors_json_text.h"
#include "ocors_utf8.h"

/*
 * The characters of a claim, which is as it is spelled between its quotes; decoded in its own
 * place, as the payload is in the buffer. bytes == NULL: it is too long, or an escape is broken.
 */
static ocors_span_t decode(ocors_span_t claim, char *buffer)
{
    if (claim.length > OCORS_JWT_CLAIM_MAX
        || (claim.length > 0 && ocors_json_padded_end(claim.bytes) != claim.bytes + claim.length
            && !ocors_json_decode(claim, buffer + (claim.bytes - buffer), &claim))) {
        return ocors_span_make(NULL, 0);
    }
    return claim;
}

/* The character at the front of a spelling that a name begins with, too. */
typedef struct front_t {
    size_t length; /* in the spelling; 0: it is another one */
    size_t size;   /* in the name */
} front_t;

/*
 * A letter of ASCII can have one escape. A string has no control characters, so that one bit is the
 * case of a hexadecimal digit.
 */
static inline front_t front_letter(ocors_span_t spelled, char letter)
{
    static const char digits[] = "0123456789abcdef";
    const bool is_it = spelled.length >= 6 && memcmp(spelled.bytes, "\\u00", 4) == 0
                       && spelled.bytes[4] == digits[letter >> 4]
                       && (spelled.bytes[5] | 0x20) == digits[letter & 0xf];

    return (front_t){ .length = is_it ? 6 : 0, .size = 1 };
}

static front_t front_escape(ocors_span_t spelled, ocors_span_t name)
{
    char bytes[OCORS_UTF8_MAX];
    unsigned value;
    front_t front = { .length = ocors_json_escape_length(spelled, &value) };

    if (front.length > 0 && (value < 0xd800 || value > 0xdfff)) {
        front.size = ocors_utf8_write(bytes, value);
        if (ocors_span_has_prefix(name, ocors_span_make(bytes, front.size))) {
            return front;
        }
    }
    return (front_t){ .length = 0 };
}

/* Neither is empty. */
static inline front_t front_of(ocors_span_t spelled, ocors_span_t name)
{
    if (*spelled.bytes != '\\') {
        return (front_t){ .length = *spelled.bytes == *name.bytes, .size = 1 };
    }
    return ocors_ascii_is_alpha(*name.bytes) ? front_letter(spelled, *name.bytes)
                                             : front_escape(spelled, name);
}

/*
 * Whether a name with escapes, or beyond ASCII, is `name`. It is read up to where they differ: most
 * differ soon, and to decode all of them costs more (R13).
 */
static bool is_spelled(ocors_span_t spelled, ocors_span_t name)
{
    while (spelled.length > 0 && name.length > 0) {
        const front_t front = front_of(spelled, name);

        if (front.length == 0) {
            return false;
        }
        spelled = ocors_span_from(spelled, front.length);
        name = ocors_span_from(name, front.size);
    }
    return spelled.length == name.length;
}

/* `name` is not empty; most names differ in their length or their first byte. */
static inline bool is_named(ocors_span_t key, bool is_plain, ocors_span_t name)
{
    return is_plain ? key.length == name.length && *key.bytes == *name.bytes
                          && memcmp(key.bytes, name.bytes, name.length) == 0
                    : is_spelled(key, name);
}

/* From the quote of a string to the one that ends it; NULL: it has none, or *left is not enough. */
static inline const char *string_end(const char *at, const char *end, ptrdiff_t *left)
{
    at = ocors_json_padded_end(at + 1);
    return *at == '"' ? at : ocors_json_characters_end(at, end, left);
}

/* From one quote to the other. */
static inline ocors_span_t inner(const char *from, const char *to)
{
    return ocors_span_make(from + 1, (size_t)(to - from - 1));
}

/* Takes a value; *string is empty if it is not one. Returns what follows; NULL: it is no JSON. */
static inline const char *take_value(const char *at, const char *end, ptrdiff_t *left,
                                     ocors_span_t *string)
{
    *string = ocors_span_make(NULL, 0);
    if (*at == '"') {
        const char *const stop = string_end(at, end, left);

        if (stop == NULL) {
            return NULL;
        }
        *string = inner(at, stop);
        return stop + 1;
    }
    return *at == '{' || *at == '['
               ? ocors_json_value_end((ocors_json_text_t){ .at = at, .end = end }, left)
               : ocors_json_word_end(at, end, left);
}

/* Takes the name of a member, and its colon. Returns as above. */
static inline const char *take_name(const char *at, const char *end, ptrdiff_t *left,
                                    ocors_span_t *key, bool *is_plain)
{
    const char *stop;

    if (*at != '"' || (*left -= 2) < 0) {
        return NULL;
    }
    stop = ocors_json_padded_end(at + 1);
    *is_plain = *stop == '"';
    if (!*is_plain
        && ((stop = ocors_json_characters_end(stop, end, left)) == NULL
            || !ocors_json_pay(left, (size_t)(stop - at - 1)))) {
        return NULL;
    }
    *key = inner(at, stop);
    at = ocors_json_seek(stop + 1, end, ':', left);
    return *at == ':' ? at + 1 : NULL;
}

/* One JSON object: the strings of two names at its top level. Its end is padded. */
static bool read_object(ocors_span_t payload, ocors_span_t name, ocors_span_t *claim,
                        ocors_span_t *sub)
{
    static const ocors_span_t sub_name = OCORS_SPAN_INITIALISER("sub");
    const char *const end = payload.bytes + payload.length;
    ptrdiff_t left = OCORS_JWT_VALUES_MAX;
    const char *at = ocors_json_seek(payload.bytes, end, '{', &left);

    if (*at != '{') {
        return false;
    }
    at = ocors_json_seek(at + 1, end, '"', &left);
    while (*at != '}') {
        ocors_span_t key, value;
        bool is_plain;

        at = take_name(at, end, &left, &key, &is_plain);
        if (at == NULL) {
            return false;
        }
        at = take_value(ocors_json_seek(at, end, '"', &left), end, &left, &value);
        if (at == NULL) {
            return false;
        }
        if (is_named(key, is_plain, name)) {
            *claim = value;
        }
        if (is_named(key, is_plain, sub_name)) {
            *sub = value;
        }
        at = ocors_json_seek(at, end, ',', &left);
        if (*at == ',') {
            at = ocors_json_seek(at + 1, end, '"', &left);
            if (*at == '}') {
                return false;
            }
        }
        else if (*at != '}') {
            return false;
        }
    }
    return ocors_json_skip(at + 1, end, &left) == end;
}

bool ocors_jwt_read(ocors_span_t token, ocors_span_t name, char *buffer, ocors_jwt_t *jwt)
{
    const char *dot = token.length > 0 ? memchr(token.bytes, '.', token.length) : NULL;
    ocors_span_t payload;
    ocors_span_t claim = { NULL, 0 }, sub = { NULL, 0 };

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
    memset(buffer + payload.length, 0, OCORS_JSON_PADDING);
    if (!read_object(payload, name, &claim, &sub)) {
        return false;
    }
    jwt->claim = decode(claim, buffer);
    /* `sub` itself was asked for: it is decoded once. */
    jwt->sub = claim.bytes == sub.bytes ? jwt->claim : decode(sub, buffer);
    return true;
}
