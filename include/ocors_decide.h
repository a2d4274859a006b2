/* SPDX-License-Identifier: Apache-2.0 */
/* (policies, facts of a request) -> decision (rules R, P, C). Pure. */
#ifndef OCORS_DECIDE_H
#define OCORS_DECIDE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "ocors_client.h"
#include "ocors_method.h"
#include "ocors_own.h"
#include "ocors_policy.h"
#include "ocors_span.h"
#include "ocors_verdict.h"

/* What a request says. The caller owns the spans; they may hold any byte. */
typedef struct ocors_facts_t {
    bool has_origin;             /* an Origin header was sent, empty or not */
    bool is_path_ambiguous;      /* R12: nothing is allowed, whatever the policies say */
    bool wants_reason;           /* false: the reason stays NONE, and costs nothing */
    ocors_version_t version;     /* in the path; 0: none */
    ocors_span_t method;         /* on the wire (R11) */
    ocors_span_t origin;         /* the value of Origin */
    ocors_span_t request_method; /* Access-Control-Request-Method; empty: not sent */
    ocors_span_t path;           /* decoded, after the version or the section's own path (M1) */
    ocors_named_client_t named;  /* the client that the request names (C1) */
    const ocors_own_t *own;      /* what R10 looks at; NULL: no origin is own, or `ask_own` knows */
    const ocors_own_t *(*ask_own)(
        void *asker); /* gives it where an origin is not listed, or NULL */
    void *asker;
} ocors_facts_t;

typedef struct ocors_decision_t {
    ocors_verdict_t verdict;
    ocors_reason_t reason;       /* NONE unless refused or withheld */
    bool is_client_known;        /* the request names a client, and a policy has it */
    bool is_near_own;            /* ocors_own_miss() may say why a refused origin is not own */
    uint64_t origin_hash;        /* of a single origin by the policies' seed; 0: it was not made, or
                                    is_near_own is set */
    ocors_span_t nearest;        /* the listed origin that is nearest, in a policy; often none */
    ocors_span_t allowed_origin; /* for Access-Control-Allow-Origin: in `buffer`, with a NUL */
    ocors_methods_t methods;     /* of a preflight, if a resource matches the path (M1) */
    bool has_fallback_methods;   /* M3: the section's list applies; `methods` is empty */
} ocors_decision_t;

/*
 * The most members of an Origin header (R6, R13). Browsers send one, RFC 6454 lists have two or
 * three. A header with more is not allowed: the work for one header stays bounded.
 */
#define OCORS_DECIDE_MEMBERS_MAX 16

/* The most policies of one decision: a site's shop and data policies, below /dw/batch (C5). */
#define OCORS_DECIDE_POLICIES_MAX 2

/*
 * Decides (R1 to R11, P1, P2, P6, C2 to C4, M1 to M3). `buffer` has more than facts->origin.length
 * bytes and receives the configured origins (R9). No allocation, no lock, no system call.
 *
 * The cost does not depend on the number of origins, clients or resources. There are two exceptions
 * where a later layer replaces some of the clients that list an origin, but not all of them:
 *   - whether the origin is allowed: a bit for each of these clients, if they are not more than all
 *     that are replaced
 *   - the methods of a preflight: the clients in force count one by one, up to one that has the
 *     resources of all of them
 *
 * A path beyond the limits of ocors_resource_path_split() matches no resource.
 *
 * Each policy is layered by itself. What one of several policies allows is allowed. Without a
 * policy, or without a layer in any, nothing is allowed.
 */
void ocors_decide(const ocors_policy_t *policies, size_t policy_count, const ocors_facts_t *facts,
                  char *buffer, ocors_decision_t *decision);

/*
 * Finds the reason of a decision by the same policies and facts that refused or withheld, and did
 * not want it at once.
 */
void ocors_decide_reason(const ocors_policy_t *policies, size_t policy_count,
                         const ocors_facts_t *facts, ocors_decision_t *decision);

#endif
