/* SPDX-License-Identifier: Apache-2.0 */
/* A bearer token -> its claims. All of it is an attacker's input, and costs him nothing to send. */

#include "ocors_jwt.h"

#include "ocors_base64.h"
#include "ocors_json_text.h"
#include "ocors_utf8.h"

/* A string as it is spelled: what is between its quotes. */
typedef struct string_t {
    ocors_span_t spelled;
    bool is_plain; /* it has no escapes, and nothing beyond ASCII */
} string_t;

/*
 * The characters of a claim, decoded in its own place, as the payload is in the buffer. bytes ==
 * NULL: its spelling is too long, or an escape is broken.
 */
static ocors_span_t decode(const string_t *claim, char *buffer)
{
    ocors_span_t text = claim->spelled;

    if (text.length > OCORS_JWT_CLAIM_MAX
        || (!claim->is_plain && !ocors_json_decode(text, buffer + (text.bytes - buffer), &text))) {
        return ocors_span_make(NULL, 0);
    }
    return text;
}

/*
 * The length of the escape at the front of a text, if it is this letter of ASCII; else 0. A string
 * has no control characters, so that one bit is the case of a hexadecimal digit.
 */
static size_t letter_escape_length(ocors_span_t text, char letter)
{
    static const char digits[] = "0123456789abcdef";

    return text.length >= 6 && memcmp(text.bytes, "\\u00", 4) == 0
                   && text.bytes[4] == digits[letter >> 4]
                   && (text.bytes[5] | 0x20) == digits[letter & 0xf]
               ? 6
               : 0;
}

/* The length of the escape at the front of a text, if a name begins with its bytes; else 0. */
static size_t escape_length(ocors_span_t text, ocors_span_t name, size_t *size)
{
    char bytes[OCORS_UTF8_MAX];
    unsigned value;
    const size_t length = ocors_json_escape_length(text, &value);

    if (length == 0 || (value >= 0xd800 && value <= 0xdfff)) {
        return 0;
    }
    *size = ocors_utf8_write(bytes, value);
    return ocors_span_has_prefix(name, ocors_span_make(bytes, *size)) ? length : 0;
}

/*
 * Whether a name with escapes, or beyond ASCII, is `name`. It is read up to where they differ: most
 * differ soon, and to decode all of them costs more (R13).
 */
static bool is_spelled(ocors_span_t spelled, ocors_span_t name)
{
    while (spelled.length > 0 && name.length > 0) {
        size_t size = 1;
        const size_t length = *spelled.bytes != '\\' ? *spelled.bytes == *name.bytes
                              : ocors_ascii_is_alpha(*name.bytes)
                                  ? letter_escape_length(spelled, *name.bytes)
                                  : escape_length(spelled, name, &size);

        if (length == 0) {
            return false;
        }
        spelled = ocors_span_from(spelled, length);
        name = ocors_span_from(name, size);
    }
    return spelled.length == name.length;
}

/* `name` is not empty; most names differ in their length or their first byte. */
static inline bool is_named(const string_t *key, ocors_span_t name)
{
    return key->is_plain ? key->spelled.length == name.length && *key->spelled.bytes == *name.bytes
                               && memcmp(key->spelled.bytes, name.bytes, name.length) == 0
                         : is_spelled(key->spelled, name);
}

/*
 * A NUL follows the payload. It begins nothing and is in no string, so that no place in it has to
 * be compared with its end.
 */

/* Whether this character is next, behind blanks; most tokens have none. */
static inline bool meets(const char **at, char c)
{
    if (**at == c) {
        return true;
    }
    while (ocors_json_blanks[(unsigned char)**at]) {
        ++*at;
    }
    return **at == c;
}

static inline bool take(const char **at, char c)
{
    const bool is_met = meets(at, c);

    *at += is_met;
    return is_met;
}

/* Takes a string. False: there is none. */
static inline bool take_string(const char **at, const char *end, string_t *string)
{
    if (!take(at, '"')) {
        return false;
    }
    const char *const start = *at;
    const char *stop = ocors_json_plain_end(start, end);

    string->is_plain = *stop == '"';
    if (!string->is_plain) {
        stop = ocors_json_characters_end(stop, end);
        if (*stop != '"') {
            return false;
        }
    }
    string->spelled = ocors_span_make(start, (size_t)(stop - start));
    *at = stop + 1;
    return true;
}

/* The end of a value that is not a string; NULL: there is none. */
static const char *value_end(const char *at, const char *end, size_t *left)
{
    return *at == '{' || *at == '['
               ? ocors_json_value_end((ocors_json_text_t){ .at = at, .end = end }, left)
               : ocors_json_word_end(at, end);
}

/* One JSON object: the strings of two names at its top level. */
static bool read_object(ocors_span_t payload, ocors_span_t name, string_t *claim, string_t *sub)
{
    static const ocors_span_t sub_name = OCORS_SPAN_INITIALISER("sub");
    const char *const end = payload.bytes + payload.length;
    const char *at = payload.bytes;
    size_t left = OCORS_JWT_VALUES_MAX;

    if (!take(&at, '{')) {
        return false;
    }
    if (!meets(&at, '}')) {
        do {
            string_t key, value = { .spelled = { NULL, 0 }, .is_plain = true };

            if (left-- == 0 || !take_string(&at, end, &key) || !take(&at, ':')) {
                return false;
            }
            if (meets(&at, '"')) {
                if (!take_string(&at, end, &value)) {
                    return false;
                }
            }
            else if ((at = value_end(at, end, &left)) == NULL) {
                return false;
            }
            if (is_named(&key, name)) {
                *claim = value;
            }
            if (is_named(&key, sub_name)) {
                *sub = value;
            }
        } while (take(&at, ','));
    }
    return take(&at, '}') && meets(&at, '\0') && at == end;
}

bool ocors_jwt_read(ocors_span_t token, ocors_span_t name, char *buffer, ocors_jwt_t *jwt)
{
    const char *dot = token.length > 0 ? memchr(token.bytes, '.', token.length) : NULL;
    ocors_span_t payload;
    string_t claim = { .is_plain = true }, sub = { .is_plain = true };

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
    buffer[payload.length] = '\0'; /* it is shorter than the token */
    if (!read_object(payload, name, &claim, &sub)) {
        return false;
    }
    jwt->claim = decode(&claim, buffer);
    /* `sub` itself was asked for: it is decoded once. */
    jwt->sub = claim.spelled.bytes == sub.spelled.bytes ? jwt->claim : decode(&sub, buffer);
    return true;
}
