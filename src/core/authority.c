/* SPDX-License-Identifier: Apache-2.0 */
/* The parts of a serialised origin and of a Host field. */

#include "ocors_authority.h"

#include "ocors_origin.h"

/* 1 to 65535; 0: not a port. */
static uint16_t port_parse(ocors_span_t digits)
{
    unsigned value = 0;

    if (digits.length > 5) {
        return 0;
    }
    for (size_t i = 0; i < digits.length; i++) {
        if (!ocors_ascii_is_digit(digits.bytes[i])) {
            return 0;
        }
        value = value * 10 + (unsigned)(digits.bytes[i] - '0');
    }
    return (uint16_t)(value <= UINT16_MAX ? value : 0);
}

/* The end of the host at the start of a text: "[...]", or a run of host characters. */
static size_t host_end(ocors_span_t text)
{
    const char *close;
    size_t end = 0;

    if (text.length > 0 && text.bytes[0] == '[') {
        close = memchr(text.bytes, ']', text.length);
        return close != NULL ? (size_t)(close - text.bytes) + 1 : 0;
    }
    while (end < text.length && ocors_origin_is_host_character(text.bytes[end])) {
        end++;
    }
    return end;
}

ocors_authority_t ocors_authority_parse(ocors_span_t text)
{
    const ocors_authority_t none = { .host = { NULL, 0 } };
    const size_t end = host_end(text);
    ocors_authority_t authority = { .host = ocors_span_make(text.bytes, end) };

    if (end == 0 || end > OCORS_ORIGIN_HOST_MAX) {
        return none;
    }
    if (end < text.length) {
        authority.port = port_parse(ocors_span_make(text.bytes + end + 1, text.length - end - 1));
        if (text.bytes[end] != ':' || authority.port == 0) {
            return none;
        }
    }
    return authority;
}

bool ocors_authority_split(ocors_span_t origin, ocors_origin_parts_t *parts)
{
    const char *colon = origin.length > 0 ? memchr(origin.bytes, ':', origin.length) : NULL;
    const size_t at = colon != NULL ? (size_t)(colon - origin.bytes) : origin.length;

    if (origin.length - at < 3 || colon[1] != '/' || colon[2] != '/') {
        return false;
    }
    parts->scheme = ocors_span_make(origin.bytes, at);
    parts->authority = ocors_authority_parse(ocors_span_make(colon + 3, origin.length - at - 3));
    return parts->authority.host.length > 0;
}

uint16_t ocors_authority_port(const ocors_origin_parts_t *parts)
{
    return parts->authority.port != 0 ? parts->authority.port
                                      : ocors_origin_default_port(parts->scheme);
}
