/* SPDX-License-Identifier: Apache-2.0 */
/* The server's own origins. */

#include "ocors_own.h"

#include "ocors_authority.h"
#include "ocors_glob.h"
#include "ocors_origin.h"

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
    const ocors_authority_t asked = ocors_authority_parse(own->asked);
    ocors_origin_parts_t parts;

    if (ocors_span_is_equal(origin, OCORS_SPAN_LITERAL("null"))) {
        return asked_is_known(own, asked.host);
    }
    return ocors_authority_split(origin, &parts)
           && host_is_known(own, parts.authority.host, asked.host) && origin_is_serialised(origin);
}

/* What is three bytes behind the first ":", where an authority is; empty: there is nothing. */
static ocors_span_t behind_scheme(ocors_span_t origin)
{
    static const ocors_span_t usual = OCORS_SPAN_INITIALISER("https://");
    size_t colon = 0;

    if (ocors_span_has_prefix(origin, usual)) {
        colon = usual.length - 3;
    }
    while (colon < origin.length && origin.bytes[colon] != ':') {
        colon++;
    }
    return colon + 3 < origin.length ? ocors_span_from(origin, colon + 3)
                                     : ocors_span_make(NULL, 0);
}

/*
 * Whether a text may begin with a host, without case, up to the host's end or a port. Ends at the
 * first byte that differs by more than the bit of case: most origins name another host than one
 * asks for.
 */
static inline bool may_begin_with_host(ocors_span_t text, ocors_span_t host)
{
    size_t i = 0;

    while (i < host.length && i < text.length && ((host.bytes[i] ^ text.bytes[i]) & ~0x20) == 0) {
        i++;
    }
    return i == host.length || host.bytes[i] == ':';
}

/* R10 b): the origin names the asked host and port. */
static bool is_own_by_host(const ocors_own_t *own, ocors_span_t origin)
{
    ocors_origin_parts_t parts;
    ocors_authority_t asked;

    if (!may_begin_with_host(behind_scheme(origin), own->asked)
        || !ocors_authority_split(origin, &parts)) {
        return false;
    }
    asked = ocors_authority_parse(own->asked);
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

bool ocors_own_is_near(const ocors_own_t *own, ocors_span_t origin)
{
    const ocors_span_t rest = behind_scheme(origin);
    bool is_near = own->names->pattern_count > 0 || site_of(own) == SITE_SAME_ORIGIN
                   || may_begin_with_host(rest, own->asked) || is_listed(own, origin);

    for (size_t i = 0; i < own->names->name_count && !is_near; i++) {
        is_near = may_begin_with_host(rest, own->names->names[i]);
    }
    return is_near;
}

ocors_own_miss_t ocors_own_miss(const ocors_own_t *own, ocors_span_t origin)
{
    ocors_authority_t asked;
    ocors_origin_parts_t parts;

    if (!ocors_own_is_near(own, origin) || !ocors_authority_split(origin, &parts)) {
        return OCORS_OWN_MISS_NONE;
    }
    asked = ocors_authority_parse(own->asked);
    const bool is_asked = ocors_span_is_equal_nocase(parts.authority.host, asked.host);
    const bool is_known = host_is_known(own, parts.authority.host, asked.host);

    /* Most origins are of another host: whether one is serialised costs more than all the rest. */
    if ((!is_asked && !is_known && site_of(own) != SITE_SAME_ORIGIN)
        || !origin_is_serialised(origin)) {
        return OCORS_OWN_MISS_NONE;
    }
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
