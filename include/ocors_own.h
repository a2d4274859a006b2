/* SPDX-License-Identifier: Apache-2.0 */
/* The server's own origins, which are not cross-origin (rule R10). */
#ifndef OCORS_OWN_H
#define OCORS_OWN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "ocors_span.h"

/*
 * What makes an origin a virtual host's own. Names are in lower case. The Host header has no part
 * in it. All memory is the caller's.
 */
typedef struct ocors_own_t {
    const ocors_span_t *names; /* ServerName and ServerAlias */
    size_t name_count;
    const ocors_span_t *patterns; /* ServerAlias with '*' and '?', each usable (below) */
    size_t pattern_count;
    ocors_span_t scheme; /* of ServerName; empty: it names none */
    uint16_t port;       /* of ServerName; 0: it names none */
    bool is_tls;         /* no scheme named: whether the connection speaks TLS, */
    uint16_t local_port; /* and no port named: the port that it came in by */
    const ocors_span_t *listed; /* OcapiCorsSelfOrigin: whole origins, serialised */
    size_t listed_count;
} ocors_own_t;

/*
 * Whether a serialised origin is an own one, byte for byte: one that is listed, or scheme, name and
 * port of the virtual host. A ServerName without scheme is own as http, and where TLS is spoken as
 * https; without port at the scheme's default port and at the port of the connection. A pattern
 * matches names of its form, never an address or another port. Linear in names and origin.
 */
bool ocors_own_is_own(const ocors_own_t *own, ocors_span_t origin);

/*
 * Whether a ServerAlias with wildcards can be a pattern: the label of its last wildcard must be
 * followed by two labels or more, as in "*.example.com". `*`, "*.com", "*example.com" and
 * "www.example.*" would make hosts own that anybody can register.
 */
bool ocors_own_pattern_is_usable(ocors_span_t pattern);

#endif
