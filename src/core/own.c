/* SPDX-License-Identifier: Apache-2.0 */
/* The server's own origins. */

#include "ocors_own.h"

#include "ocors_glob.h"
#include "ocors_origin.h"

/* The alias of a host name matches names: an address is nobody's subdomain. */
static bool host_is_address(ocors_span_t host)
{
    for (size_t i = 0; i < host.length; i++) {
        if (!ocors_ascii_is_digit(host.bytes[i]) && host.bytes[i] != '.') {
            return host.bytes[0] == '[';
        }
    }
    return true;
}

static bool host_is_own(const ocors_own_t *own, ocors_span_t host)
{
    for (size_t i = 0; i < own->name_count; i++) {
        if (ocors_span_is_equal(own->names[i], host)) {
            return true;
        }
    }
    for (size_t i = 0; i < own->pattern_count; i++) {
        if (!host_is_address(host) && ocors_glob_is_match(own->patterns[i], host)) {
            return true;
        }
    }
    return false;
}

static uint16_t default_port(ocors_span_t scheme)
{
    return ocors_span_is_equal(scheme, OCORS_SPAN_LITERAL("https"))  ? 443
           : ocors_span_is_equal(scheme, OCORS_SPAN_LITERAL("http")) ? 80
                                                                     : 0;
}

static bool scheme_is_own(const ocors_own_t *own, ocors_span_t scheme)
{
    if (own->scheme.length > 0) {
        return ocors_span_is_equal(own->scheme, scheme);
    }
    return ocors_span_is_equal(scheme, OCORS_SPAN_LITERAL("http"))
           || (own->is_tls && ocors_span_is_equal(scheme, OCORS_SPAN_LITERAL("https")));
}

/* `port` is the origin's, the scheme's default where it names none. */
static bool port_is_own(const ocors_own_t *own, uint16_t port, uint16_t standard)
{
    if (own->port != 0) {
        return port == own->port;
    }
    return port == standard || (own->scheme.length == 0 && port == own->local_port);
}

static uint16_t port_parse(ocors_span_t digits)
{
    unsigned value = 0;

    for (size_t i = 0; i < digits.length; i++) {
        value = value * 10 + (unsigned)(digits.bytes[i] - '0');
    }
    return (uint16_t)value;
}

/* The host of what may be an origin, found without a look at the rest: most are not own. */
static ocors_span_t host_of(ocors_span_t origin)
{
    const char *const end = origin.bytes + origin.length;
    const char *host = origin.length > 0 ? memchr(origin.bytes, ':', origin.length) : NULL;
    const char *stop;

    if (host == NULL || end - host < 3 || host[1] != '/' || host[2] != '/') {
        return ocors_span_make(NULL, 0);
    }
    host += 3;
    stop = host < end && *host == '[' ? memchr(host, ']', (size_t)(end - host)) : host;
    stop = stop != NULL && stop < end ? memchr(stop, ':', (size_t)(end - stop)) : NULL;
    return ocors_span_make(host, (size_t)((stop != NULL ? stop : end) - host));
}

bool ocors_own_is_own(const ocors_own_t *own, ocors_span_t origin)
{
    ocors_origin_t parts;
    ocors_span_t host;

    for (size_t i = 0; i < own->listed_count; i++) {
        if (ocors_span_is_equal(own->listed[i], origin)) {
            return true;
        }
    }
    /* Only the serialised form: what had to be brought to it is not what a browser sends. */
    host = host_of(origin);
    if (host.length == 0 || !host_is_own(own, host)
        || ocors_origin_canonicalise(origin, &parts) != OCORS_ORIGIN_OK || parts.changes != 0) {
        return false;
    }
    const ocors_span_t scheme = ocors_span_make(parts.bytes, parts.host_at - 3);
    const uint16_t standard = default_port(scheme);
    const uint16_t port = parts.port_at < parts.length
                              ? port_parse(ocors_span_make(parts.bytes + parts.port_at + 1,
                                                           parts.length - parts.port_at - 1))
                              : standard;
    return scheme_is_own(own, scheme) && port_is_own(own, port, standard)
           && ocors_span_is_equal(host, ocors_span_make(parts.bytes + parts.host_at,
                                                        parts.host_length));
}

bool ocors_own_pattern_is_usable(ocors_span_t pattern)
{
    size_t at = pattern.length;
    size_t labels = 0;
    bool has_letters = false;

    /* From the end to the last wildcard: whole labels that no registrant can choose. */
    while (at > 0 && pattern.bytes[at - 1] != '*' && pattern.bytes[at - 1] != '?') {
        at--;
        if (pattern.bytes[at] != '.') {
            has_letters = true;
        }
        else if (has_letters) {
            labels++;
            has_letters = false;
        }
    }
    return labels >= 2;
}
