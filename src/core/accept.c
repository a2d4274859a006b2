/* SPDX-License-Identifier: Apache-2.0 */
/* What a client accepts. Owns nothing. */

#include "ocors_accept.h"

#define WEIGHT_MAX 1000u

/*
 * Takes what is before a separator off a text, which keeps what is behind it. A separator in a
 * quoted string is none.
 */
static ocors_span_t take(ocors_span_t *text, char separator)
{
    const char *bytes = text->bytes;
    bool is_quoted = false;
    size_t at = 0;

    for (; at < text->length && (is_quoted || bytes[at] != separator); at++) {
        if (bytes[at] == '"') {
            is_quoted = !is_quoted;
        }
        else if (bytes[at] == '\\' && is_quoted && at + 1 < text->length) {
            at++;
        }
    }
    *text = at < text->length ? ocors_span_make(bytes + at + 1, text->length - at - 1)
                              : ocors_span_make(NULL, 0);
    return ocors_span_trim(ocors_span_make(bytes, at));
}

/* RFC 9110, section 12.4.2: "0.5" is 500. What is not a weight is 0. */
static unsigned weight_read(ocors_span_t text)
{
    unsigned weight, unit = 100;

    if (text.length == 0 || text.length > 5 || (text.bytes[0] != '0' && text.bytes[0] != '1')
        || (text.length > 1 && text.bytes[1] != '.')) {
        return 0;
    }
    weight = (unsigned)(text.bytes[0] - '0') * WEIGHT_MAX;
    for (size_t i = 2; i < text.length; i++, unit /= 10) {
        if (!ocors_ascii_is_digit(text.bytes[i])) {
            return 0;
        }
        weight += (unsigned)(text.bytes[i] - '0') * unit;
    }
    return weight <= WEIGHT_MAX ? weight : 0;
}

/* The weight of a range, by the parameters behind it. */
static unsigned weight_of(ocors_span_t parameters)
{
    while (parameters.length > 0) {
        const ocors_span_t parameter = take(&parameters, ';');

        if (parameter.length > 1 && ocors_ascii_lower(parameter.bytes[0]) == 'q'
            && parameter.bytes[1] == '=') {
            return weight_read(ocors_span_make(parameter.bytes + 2, parameter.length - 2));
        }
    }
    return WEIGHT_MAX;
}

/* How exactly a range names a type: 3 itself, 2 its kind, 1 anything, 0 not at all. */
static unsigned match(ocors_span_t range, ocors_span_t type)
{
    const char *slash = memchr(type.bytes, '/', type.length);
    const size_t kind = slash != NULL ? (size_t)(slash - type.bytes) : type.length;

    if (ocors_span_is_equal_nocase(range, type)) {
        return 3;
    }
    if (ocors_span_is_equal(range, OCORS_SPAN_LITERAL("*/*"))) {
        return 1;
    }
    return range.length == kind + 2 && range.bytes[kind] == '/' && range.bytes[kind + 1] == '*'
                   && ocors_span_is_equal_nocase(ocors_span_make(range.bytes, kind),
                                                 ocors_span_make(type.bytes, kind))
               ? 2
               : 0;
}

unsigned ocors_accept_weight(ocors_span_t accept, ocors_span_t type)
{
    unsigned best = 0, weight = 0;

    if (ocors_span_trim(accept).length == 0) {
        return WEIGHT_MAX;
    }
    while (accept.length > 0) {
        ocors_span_t member = take(&accept, ',');
        const unsigned matched = match(take(&member, ';'), type);

        if (matched > best) {
            best = matched;
            weight = weight_of(member);
        }
    }
    return weight;
}
