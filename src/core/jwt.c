/* SPDX-License-Identifier: Apache-2.0 */
/* A bearer token -> its claims. All of it is an attacker's input, and costs him nothing to send. */

#include "ocors_jwt.h"

#include "ocors_base64.h"
#include "ocors_json_text.h"

/*
 * The characters of a string, decoded in its own place, as the payload is in the buffer. bytes ==
 * NULL: its spelling has more than `most` bytes, or an escape is broken.
 */
static ocors_span_t decode(ocors_span_t inner, size_t most, char *buffer)
{
    const bool is_escaped = inner.length > 0 && memchr(inner.bytes, '\\', inner.length) != NULL;

    if (inner.length > most
        || (is_escaped && !ocors_json_decode(inner, buffer + (inner.bytes - buffer), &inner))) {
        return ocors_span_make(NULL, 0);
    }
    return inner;
}

/* `name` is not empty; most names differ in their length or their first byte. */
static inline bool name_is(ocors_span_t inner, ocors_span_t name)
{
    return inner.length == name.length && *inner.bytes == *name.bytes
           && memcmp(inner.bytes, name.bytes, name.length) == 0;
}

/* One JSON object: the strings of two names at its top level, as they are spelled. */
static bool read_object(ocors_span_t payload, ocors_span_t name, char *buffer, ocors_jwt_t *jwt)
{
    static const ocors_span_t sub = OCORS_SPAN_INITIALISER("sub");
    /* A name with a longer spelling is neither: an escape of six bytes, \u0069, is a character. */
    const size_t longest = 6 * (name.length > sub.length ? name.length : sub.length);
    ocors_json_text_t text = ocors_json_text_make(payload);
    size_t left = OCORS_JWT_VALUES_MAX;

    if (!ocors_json_take(&text, '{')) {
        return false;
    }
    if (!ocors_json_take(&text, '}')) {
        do {
            ocors_span_t key;
            ocors_span_t value = { NULL, 0 };

            ocors_json_skip_blank(&text);
            if (left-- == 0 || !ocors_json_read_string(&text, &key)) {
                return false;
            }
            if (!text.is_plain) {
                key = decode(key, longest, buffer);
            }
            if (!ocors_json_take(&text, ':')) {
                return false;
            }
            ocors_json_skip_blank(&text);
            if (ocors_json_is_next(&text, '"')) {
                if (!ocors_json_read_string(&text, &value)) {
                    return false;
                }
            }
            else {
                text.at = ocors_json_is_next(&text, '{') || ocors_json_is_next(&text, '[')
                              ? ocors_json_value_end(text, &left)
                              : ocors_json_word_end(text.at, text.end);
            }
            if (text.at == NULL) {
                return false;
            }
            if (name_is(key, name)) {
                jwt->claim = value;
            }
            if (name_is(key, sub)) {
                jwt->sub = value;
            }
        } while (ocors_json_take(&text, ','));
        if (!ocors_json_take(&text, '}')) {
            return false;
        }
    }
    ocors_json_skip_blank(&text);
    return text.at == text.end;
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
    buffer[payload.length] = '\0'; /* it is shorter than the token */
    if (!read_object(payload, name, buffer, jwt)) {
        return false;
    }
    const bool is_sub = jwt->claim.bytes == jwt->sub.bytes; /* it is decoded once */

    jwt->claim = decode(jwt->claim, OCORS_JWT_CLAIM_MAX, buffer);
    jwt->sub = is_sub ? jwt->claim : decode(jwt->sub, OCORS_JWT_CLAIM_MAX, buffer);
    return true;
}
