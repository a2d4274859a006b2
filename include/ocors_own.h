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

/* What makes an origin own: the virtual host, the directive, and what the request says of itself.
 */
typedef struct ocors_own_t {
    const ocors_own_names_t *names;
    bool takes_asked;           /* OcapiCorsSelfOrigin Asked: any asked host counts as configured */
    const ocors_span_t *listed; /* OcapiCorsSelfOrigin: whole origins, serialised */
    size_t listed_count;
    ocors_span_t asked;      /* the Host field as sent; empty: none */
    ocors_span_t fetch_site; /* Sec-Fetch-Site as sent; bytes == NULL: none */
    bool is_tls;             /* of the connection */
} ocors_own_t;

/*
 * Whether the value of an Origin field is the server's own (R10): a single origin, or `null`. Byte
 * for byte in the serialised form; hosts are compared without case. Linear in names and values, and
 * an origin of another host than the asked one costs one comparison.
 */
bool ocors_own_is_own(const ocors_own_t *own, ocors_span_t origin);

/*
 * Whether one member of a list of origins is own: by R10 b) or c). Sec-Fetch-Site makes no member
 * own, because it speaks of one origin.
 */
bool ocors_own_is_own_member(const ocors_own_t *own, ocors_span_t origin);

/* Why an origin that looks like an own one is none. */
typedef enum {
    OCORS_OWN_MISS_NONE, /* it does not look like one, or no name, scheme and port tells why */
    OCORS_OWN_MISS_HOST, /* the asked host, or the host that a browser calls its own, is unknown */
    OCORS_OWN_MISS_SCHEME, /* http where the server knows that it is asked by https, or neither */
    OCORS_OWN_MISS_PORT    /* another port than the asked one */
} ocors_own_miss_t;

/*
 * The first of host, scheme and port that keeps a single origin from being own. An origin looks
 * like an own one where its host is the asked host or a configured name, or where a browser says
 * that the request is same-origin. A configured name that is not the asked one misses nothing, as
 * long as the asked one is configured: one name is another origin for another name.
 */
ocors_own_miss_t ocors_own_miss(const ocors_own_t *own, ocors_span_t origin);

/*
 * Whether a ServerAlias with wildcards can be a pattern: the label of its last wildcard must be
 * followed by two labels or more, as in "*.example.com". `*`, "*.com", "*example.com" and
 * "www.example.*" would make hosts own that anybody can register.
 */
bool ocors_own_pattern_is_usable(ocors_span_t pattern);

#endif
