/* SPDX-License-Identifier: Apache-2.0 */
/* The listed origin that a refused one nearly is, for the administrator (rule A22). */
#ifndef OCORS_NEAR_MISS_H
#define OCORS_NEAR_MISS_H

#include <stddef.h>

#include "ocors_policy.h"
#include "ocors_span.h"
#include "ocors_verdict.h"

/* A list that applies to the request: of all clients of a policy (C3), or of one (C2). */
typedef struct ocors_near_list_t {
    const ocors_policy_t *policy;
    const ocors_policy_client_t *client; /* NULL: all */
} ocors_near_list_t;

typedef struct ocors_near_miss_t {
    ocors_reason_t reason;
    ocors_span_t nearest; /* as configured, in the policy's memory; empty: none is near */
} ocors_near_miss_t;

/*
 * Why a single origin, which no list has, is not equal to a listed one. The first that holds:
 *
 *   CASE_DIFFERS, TRAILING_SLASH   its serialised form is listed
 *   SCHEME_DIFFERS                 its host and port are listed with another scheme
 *   PORT_DIFFERS                   its scheme and host are listed with another port
 *   MALFORMED                      it is not an origin, or not in its serialised form
 *   NOT_LISTED
 *
 * The nearest origin is the one that the reason tells of, with the numerically nearest port. With
 * the last two reasons it is one of the same host, if there is one.
 *
 * Found by hashes of the origin and of its host. Of a host that is listed with more than eight
 * schemes, or more than 16 ports of a scheme, those around the asked port are looked at. No
 * allocation.
 */
void ocors_near_miss_find(const ocors_near_list_t *lists, size_t count, ocors_span_t origin,
                          ocors_near_miss_t *miss);

#endif
