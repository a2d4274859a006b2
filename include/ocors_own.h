/* SPDX-License-Identifier: Apache-2.0 */
/* The server's own origins, which are not cross-origin (rule R10). */
#ifndef OCORS_OWN_H
#define OCORS_OWN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "ocors_span.h"

/*
 * The configured names of a virtual host. Each is in lower case, without port and trailing dot; an
 * IPv6 address has its brackets. All memory is the caller's.
 */
typedef struct ocors_own_names_t {
    const ocors_span_t *names; /* ServerName and ServerAlias */
    size_t name_count;
    const ocors_span_t *patterns; /* ServerAlias with '*' and '?', each usable (below) */
    size_t pattern_count;
    bool is_https; /* ServerName says https */
} ocors_own_names_t;

/* What R10 looks at: the virtual host, OcapiCorsSelfOrigin and the request. */
typedef struct ocors_own_t {
    const ocors_own_names_t *names;
    bool takes_asked;           /* OcapiCorsSelfOrigin Asked: any asked host counts as configured */
    const ocors_span_t *listed; /* OcapiCorsSelfOrigin: whole origins, serialised */
    size_t listed_count;
    ocors_span_t asked;      /* the Host field as sent; empty: not sent */
    ocors_span_t fetch_site; /* Sec-Fetch-Site as sent; bytes == NULL: not sent */
    bool is_tls;             /* of the connection */
} ocors_own_t;

/*
 * Whether an origin may be own, or look like an own one. False for most origins of other hosts, at
 * the cost of a look at their first bytes: ocors_own_is_own() would be false, and ocors_own_miss()
 * OCORS_OWN_MISS_NONE.
 */
bool ocors_own_is_near(const ocors_own_t *own, ocors_span_t origin);

/*
 * Whether the value of an Origin field is the server's own (R10): a single origin, or `null`. The
 * origin must have its serialised form; hosts are compared without case. Linear in names and
 * values. An origin of another host than the asked one costs one comparison.
 */
bool ocors_own_is_own(const ocors_own_t *own, ocors_span_t origin);

/*
 * Whether one member of a list of origins is own by R10 b) or c). R10 a) does not apply:
 * Sec-Fetch-Site describes a single origin.
 */
bool ocors_own_is_own_member(const ocors_own_t *own, ocors_span_t origin);

/* Why an origin that looks like an own one is not own. */
typedef enum {
    OCORS_OWN_MISS_NONE, /* it does not look like one, or host, scheme and port do not tell why */
    OCORS_OWN_MISS_HOST, /* the asked host, or the host of a same-origin page, is not configured */
    OCORS_OWN_MISS_SCHEME, /* neither http nor https, or http where the server knows of https */
    OCORS_OWN_MISS_PORT    /* another port than the asked one */
} ocors_own_miss_t;

/*
 * The first of host, scheme and port by which a single origin fails to be own. An origin looks like
 * an own one if its host is the asked host or a configured name, or if a browser says that the
 * request is same-origin. If both the asked host and another one are configured, each is a foreign
 * origin for the other, and the result is OCORS_OWN_MISS_NONE.
 */
ocors_own_miss_t ocors_own_miss(const ocors_own_t *own, ocors_span_t origin);

/*
 * Whether a ServerAlias with wildcards may be a pattern: at least two labels must follow the label
 * of its last wildcard, as in "*.example.com". Anybody can register hosts that match `*`, "*.com",
 * "*example.com" or "www.example.*".
 */
bool ocors_own_pattern_is_usable(ocors_span_t pattern);

#endif
