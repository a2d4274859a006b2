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

/* What a request says. The caller owns the spans; they may hold any byte. */
typedef struct ocors_facts_t {
    ocors_span_t method;         /* on the wire (R11) */
    bool has_origin;             /* an Origin header was sent, empty or not */
    ocors_span_t origin;         /* its value */
    ocors_span_t request_method; /* Access-Control-Request-Method; empty: not sent */
    ocors_span_t path;           /* decoded, after the version or the section's own path (M1) */
    ocors_version_t version;     /* in the path; 0: none */
    ocors_named_client_t named;  /* the client that the request names (C1) */
    bool is_path_ambiguous;      /* R12: nothing is allowed, whatever the policies say */
    const ocors_own_t *own;      /* what R10 looks at; NULL: no origin is own */
    bool wants_reason;           /* false: the reason stays NONE, and costs nothing */
} ocors_facts_t;

#define OCORS_VERDICTS(X)                                                                          \
    X(NONE, "none")                             /* not cross-origin: R1, R10 */                    \
    X(ALLOW, "allow")                           /* R2, R4 */                                       \
    X(WITHHOLD, "withhold")                     /* R3: the request passes, nothing is granted */   \
    X(REFUSE, "refuse")                         /* R5: 401, nothing runs */                        \
    X(PREFLIGHT_ALLOW, "preflight-allow")       /* P1 */                                           \
    X(PREFLIGHT_WITHHOLD, "preflight-withhold") /* P2 */

typedef enum {
#define OCORS_VERDICT_ENUM(name, text) OCORS_VERDICT_##name,
    OCORS_VERDICTS(OCORS_VERDICT_ENUM)
#undef OCORS_VERDICT_ENUM
    OCORS_VERDICT_COUNT
} ocors_verdict_t;

/*
 * Why a request was refused, or a grant withheld: for the administrator, never for the client. If
 * several reasons hold, the first of them is given.
 */
#define OCORS_REASONS(X)                                                                           \
    X(NONE, "none")                     /* nothing was refused or withheld */                      \
    X(NO_POLICY, "no-policy")           /* no document could be loaded */                          \
    X(PATH_AMBIGUOUS, "path-ambiguous") /* R12: the path can be read in two ways */                \
    X(EMPTY_ORIGIN, "empty")                                                                       \
    X(NULL_ORIGIN, "null")                                                                         \
    X(SEVERAL_LINES, "several-lines")           /* joined by a comma */                            \
    X(AMBIGUOUS_CLIENT, "ambiguous-client")     /* C2: two ids */                                  \
    X(UNKNOWN_CLIENT, "unknown-client")         /* C2: no document has this id */                  \
    X(LIST_MEMBER, "list-member")               /* R6: a member is not listed */                   \
    X(OTHER_CLIENT, "other-client")             /* another client of the site lists it */          \
    X(OWN_HOST_UNKNOWN, "own-host-unknown")     /* R10: the host is not configured */              \
    X(OWN_SCHEME_DIFFERS, "own-scheme-differs") /* R10: http where https is asked */               \
    X(OWN_PORT_DIFFERS, "own-port-differs")     /* R10: another port than the asked one */         \
    X(PORT_DIFFERS, "port-differs")             /* listed with another port */                     \
    X(TRAILING_SLASH, "trailing-slash")                                                            \
    X(CASE_DIFFERS, "case-differs")                                                                \
    X(SCHEME_DIFFERS, "scheme-differs")     /* http for https, or the other way round */           \
    X(MALFORMED, "malformed")               /* neither an origin nor a list of them */             \
    X(NOT_LISTED, "not-listed")             /* and no listed origin is near */                     \
    X(METHOD_MALFORMED, "method-malformed") /* P6: the requested method is not a token */

typedef enum {
#define OCORS_REASON_ENUM(name, text) OCORS_REASON_##name,
    OCORS_REASONS(OCORS_REASON_ENUM)
#undef OCORS_REASON_ENUM
    OCORS_REASON_COUNT
} ocors_reason_t;

typedef struct ocors_decision_t {
    ocors_verdict_t verdict;
    ocors_reason_t reason;       /* NONE unless refused or withheld */
    ocors_span_t nearest;        /* the listed origin that is nearest, in a policy; often none */
    ocors_span_t allowed_origin; /* for Access-Control-Allow-Origin: configured bytes in `buffer` */
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
 * Decides (R1 to R11, P1, P2, P6, C2 to C4, M1 to M3). `buffer` has at least facts->origin.length
 * bytes and receives the configured origins (R9). No allocation, no lock, no system call.
 *
 * The cost does not depend on the number of origins or clients, with two exceptions:
 *   - the methods of a preflight: one step for each resource of the clients concerned, for each
 *     distinct member of the Origin header
 *   - an origin of an earlier layer: one step for each client that lists it and that a later layer
 *     replaces
 * A path beyond the limits of ocors_resource_path_split() matches no resource.
 *
 * Each policy is layered by itself. What one of several policies allows is allowed. Without a
 * policy, or without a layer in any, nothing is allowed.
 */
void ocors_decide(const ocors_policy_t *policies, size_t policy_count, const ocors_facts_t *facts,
                  char *buffer, ocors_decision_t *decision);

/* "preflight-allow", "not-listed"; never NULL. */
const char *ocors_verdict_name(ocors_verdict_t verdict);
const char *ocors_reason_name(ocors_reason_t reason);

#endif
