/* SPDX-License-Identifier: Apache-2.0 */
/* The server's own origins. */

#include "ocors_own.h"

#include "ocors_glob.h"
#include "ocors_origin.h"

/* A host and its port; the port is 0 if the text names none. */
typedef struct authority_t {
    ocors_span_t host; /* empty: the text has no host, or is malformed */
    uint16_t port;
} authority_t;

/* What Sec-Fetch-Site says. */
typedef enum {
    SITE_UNKNOWN, /* not sent, or `none` (the user typed the address) */
    SITE_SAME_ORIGIN,
    SITE_FOREIGN /* cross-site, same-site, or any value that no standard defines */
} site_t;

static site_t site_of(const ocors_own_t *own)
{
    if (own->fetch_site.bytes == NULL
        || ocors_span_is_equal(own->fetch_site, OCORS_SPAN_LITERAL("none"))) {
        return SITE_UNKNOWN;
    }
    return ocors_span_is_equal(own->fetch_site, OCORS_SPAN_LITERAL("same-origin"))
               ? SITE_SAME_ORIGIN
               : SITE_FOREIGN;
}

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

/* Parses "shop.example", "shop.example:8443", "[::1]:8080"; any other text has no host. */
static authority_t authority_parse(ocors_span_t text)
{
    const authority_t none = { .host = { NULL, 0 } };
    const size_t end = host_end(text);
    authority_t authority = { .host = ocors_span_make(text.bytes, end) };

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

/* Browsers read a host whose last label begins with a digit as an address. */
static bool host_is_address(ocors_span_t host)
{
    size_t start = host.length;

    while (start > 0 && host.bytes[start - 1] != '.') {
        start--;
    }
    return host.bytes[0] == '[' || (start < host.length && ocors_ascii_is_digit(host.bytes[start]));
}

/* Whether a host is a configured name; case and a trailing dot do not count. */
static bool host_is_configured(const ocors_own_names_t *names, ocors_span_t host)
{
    char lower[OCORS_ORIGIN_HOST_MAX];
    ocors_span_t name = ocors_span_make(lower, host.length);

    if (host.length == 0 || host.length > sizeof(lower)) {
        return false;
    }
    for (size_t i = 0; i < host.length; i++) {
        lower[i] = ocors_ascii_lower(host.bytes[i]);
    }
    name.length -= lower[name.length - 1] == '.' ? 1 : 0;
    if (name.length == 0) {
        return false;
    }
    for (size_t i = 0; i < names->name_count; i++) {
        if (ocors_span_is_equal(names->names[i], name)) {
            return true;
        }
    }
    for (size_t i = 0; i < names->pattern_count; i++) {
        if (!host_is_address(name) && ocors_glob_is_match(names->patterns[i], name)) {
            return true;
        }
    }
    return false;
}

/* Whether the asked host counts as configured. */
static bool asked_is_known(const ocors_own_t *own, ocors_span_t asked)
{
    return asked.length > 0 && (own->takes_asked || host_is_configured(own->names, asked));
}

/* Whether an origin's host counts as configured. */
static bool host_is_known(const ocors_own_t *own, ocors_span_t host, ocors_span_t asked)
{
    return (own->takes_asked && asked.length > 0 && ocors_span_is_equal_nocase(host, asked))
           || host_is_configured(own->names, host);
}

/* R10 b): the scheme is not weaker than what the server knows. */
static bool scheme_is_own(const ocors_own_t *own, ocors_span_t scheme)
{
    if (ocors_span_is_equal(scheme, OCORS_SPAN_LITERAL("https"))) {
        return true;
    }
    return !own->is_tls && !own->names->is_https
           && ocors_span_is_equal(scheme, OCORS_SPAN_LITERAL("http"));
}

/* A port that Host or the origin does not name is the default port of the origin's scheme. */
static bool port_is_own(uint16_t asked, uint16_t port, ocors_span_t scheme)
{
    const uint16_t standard = ocors_span_is_equal(scheme, OCORS_SPAN_LITERAL("https")) ? 443 : 80;

    return (asked != 0 ? asked : standard) == (port != 0 ? port : standard);
}

/* The parts of a serialised origin. */
typedef struct parts_t {
    ocors_span_t scheme;
    authority_t authority;
} parts_t;

/* False: the text is not SCHEME://HOST[:PORT]. */
static bool origin_split(ocors_span_t origin, parts_t *parts)
{
    const char *colon = origin.length > 0 ? memchr(origin.bytes, ':', origin.length) : NULL;
    const size_t at = colon != NULL ? (size_t)(colon - origin.bytes) : origin.length;

    if (origin.length - at < 3 || colon[1] != '/' || colon[2] != '/') {
        return false;
    }
    parts->scheme = ocors_span_make(origin.bytes, at);
    parts->authority = authority_parse(ocors_span_make(colon + 3, origin.length - at - 3));
    return parts->authority.host.length > 0;
}

/* Whether the origin has its serialised form already: browsers send no other. */
static bool origin_is_serialised(ocors_span_t origin)
{
    ocors_origin_t canonical;

    return ocors_origin_canonicalise(origin, &canonical) == OCORS_ORIGIN_OK
           && canonical.changes == 0;
}

static bool is_listed(const ocors_own_t *own, ocors_span_t origin)
{
    for (size_t i = 0; i < own->listed_count; i++) {
        if (ocors_span_is_equal(own->listed[i], origin)) {
            return true;
        }
    }
    return false;
}

/* R10 a): a browser says that the request is same-origin. */
static bool is_own_by_browser(const ocors_own_t *own, ocors_span_t origin)
{
    const authority_t asked = authority_parse(own->asked);
    parts_t parts;

    if (ocors_span_is_equal(origin, OCORS_SPAN_LITERAL("null"))) {
        return asked_is_known(own, asked.host);
    }
    return origin_split(origin, &parts) && host_is_known(own, parts.authority.host, asked.host)
           && origin_is_serialised(origin);
}

/*
 * Whether an http or https origin names what Host says, a default port apart. Ends at the first
 * byte that differs: most origins name another host.
 */
static bool may_be_asked(const ocors_own_t *own, ocors_span_t origin)
{
    const size_t start = ocors_span_has_prefix(origin, OCORS_SPAN_LITERAL("https://"))  ? 8
                         : ocors_span_has_prefix(origin, OCORS_SPAN_LITERAL("http://")) ? 7
                                                                                        : 0;
    if (start == 0) {
        return false;
    }
    const ocors_span_t rest = ocors_span_make(origin.bytes + start, origin.length - start);
    const ocors_span_t asked = own->asked;
    size_t i = 0;

    while (i < rest.length && i < asked.length
           && ocors_ascii_lower(asked.bytes[i]) == rest.bytes[i]) {
        i++;
    }
    return i == rest.length && (i == asked.length || asked.bytes[i] == ':');
}

/* R10 b): the origin names the asked host and port. */
static bool is_own_by_host(const ocors_own_t *own, ocors_span_t origin)
{
    parts_t parts;
    authority_t asked;

    if (!may_be_asked(own, origin) || !origin_split(origin, &parts)) {
        return false;
    }
    asked = authority_parse(own->asked);
    return ocors_span_is_equal_nocase(parts.authority.host, asked.host)
           && scheme_is_own(own, parts.scheme)
           && port_is_own(asked.port, parts.authority.port, parts.scheme)
           && asked_is_known(own, asked.host) && origin_is_serialised(origin);
}

bool ocors_own_is_own_member(const ocors_own_t *own, ocors_span_t origin)
{
    return (site_of(own) != SITE_FOREIGN && is_own_by_host(own, origin)) || is_listed(own, origin);
}

bool ocors_own_is_own(const ocors_own_t *own, ocors_span_t origin)
{
    return (site_of(own) == SITE_SAME_ORIGIN && is_own_by_browser(own, origin))
           || ocors_own_is_own_member(own, origin);
}

ocors_own_miss_t ocors_own_miss(const ocors_own_t *own, ocors_span_t origin)
{
    const authority_t asked = authority_parse(own->asked);
    parts_t parts;

    if (!origin_split(origin, &parts) || !origin_is_serialised(origin)) {
        return OCORS_OWN_MISS_NONE;
    }
    const bool is_asked = ocors_span_is_equal_nocase(parts.authority.host, asked.host);
    const bool is_known = host_is_known(own, parts.authority.host, asked.host);

    if (!is_known && site_of(own) == SITE_SAME_ORIGIN) {
        return OCORS_OWN_MISS_HOST;
    }
    if ((is_asked || is_known) && !asked_is_known(own, asked.host)) {
        return OCORS_OWN_MISS_HOST;
    }
    if (!is_asked) {
        return OCORS_OWN_MISS_NONE;
    }
    if (!scheme_is_own(own, parts.scheme)) {
        return OCORS_OWN_MISS_SCHEME;
    }
    return port_is_own(asked.port, parts.authority.port, parts.scheme) ? OCORS_OWN_MISS_NONE
                                                                       : OCORS_OWN_MISS_PORT;
}

bool ocors_own_pattern_is_usable(ocors_span_t pattern)
{
    size_t at = pattern.length;
    size_t labels = 0;
    bool has_letters = false;

    /* Counts the whole labels after the last wildcard: nobody can register those. */
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
