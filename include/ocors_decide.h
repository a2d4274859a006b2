/* SPDX-License-Identifier: Apache-2.0 */
/* (policy, facts of a request) -> what is to be done with it (rules R, P, C). Pure. */
#ifndef OCORS_DECIDE_H
#define OCORS_DECIDE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "ocors_method.h"
#include "ocors_own.h"
#include "ocors_policy.h"
#include "ocors_span.h"

/* What became of the sources that may name a client (C1, C2). */
typedef enum {
    OCORS_CLIENT_NONE,     /* nobody is named: the union of all clients (C3) */
    OCORS_CLIENT_NAMED,    /* `id` is named; a client that no document has allows nothing (C2) */
    OCORS_CLIENT_AMBIGUOUS /* two different ones are named: nothing is allowed (C2) */
} ocors_claim_kind_t;

typedef struct ocors_named_client_t {
    ocors_claim_kind_t kind;
    ocors_span_t id;
} ocors_named_client_t;

/* What a request says. Spans are the caller's and may hold any byte. */
typedef struct ocors_facts_t {
    ocors_span_t method;         /* on the wire (R11) */
    bool has_origin;             /* an Origin header is there, be it empty */
    ocors_span_t origin;         /* its value */
    ocors_span_t request_method; /* Access-Control-Request-Method; empty: none */
    ocors_span_t path;           /* decoded, after the version or the section's own path (M1) */
    ocors_version_t version;     /* of the path; 0: none */
    ocors_named_client_t claim;
    bool is_path_ambiguous; /* R12: nothing is allowed, whatever the policies say */
    const ocors_own_t *own; /* what makes an origin own (R10); NULL: nothing does */
    bool wants_reason;      /* somebody will see it: else it is not looked for, and is NONE */
} ocors_facts_t;

#define OCORS_VERDICTS(X)                                                                          \
    X(NONE, "none")                             /* not cross-origin: R1, R10 */                    \
    X(ALLOW, "allow")                           /* R2, R4 */                                       \
    X(WITHHOLD, "withhold")                     /* R3: passes, and says nothing */                 \
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
 * Why something was refused or withheld: for the administrator, never for the client. Where several
 * hold, the first in this order.
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
    X(LIST_MEMBER, "list-member")               /* R6: one of several is not listed */             \
    X(OTHER_CLIENT, "other-client")             /* another client of the site lists it */          \
    X(OWN_HOST_UNKNOWN, "own-host-unknown")     /* R10: own, if its host were configured */        \
    X(OWN_SCHEME_DIFFERS, "own-scheme-differs") /* R10: http where https is asked */               \
    X(OWN_PORT_DIFFERS, "own-port-differs")     /* R10: another port than the asked one */         \
    X(PORT_DIFFERS, "port-differs")             /* listed without the port, or the default one */  \
    X(TRAILING_SLASH, "trailing-slash")                                                            \
    X(CASE_DIFFERS, "case-differs")                                                                \
    X(SCHEME_DIFFERS, "scheme-differs")     /* http for https, or the other way round */           \
    X(MALFORMED, "malformed")               /* not a serialised origin, nor a list of them */      \
    X(NOT_LISTED, "not-listed")             /* and no near miss either */                          \
    X(METHOD_MALFORMED, "method-malformed") /* P6: the requested method is no token */

typedef enum {
#define OCORS_REASON_ENUM(name, text) OCORS_REASON_##name,
    OCORS_REASONS(OCORS_REASON_ENUM)
#undef OCORS_REASON_ENUM
    OCORS_REASON_COUNT
} ocors_reason_t;

typedef struct ocors_decision_t {
    ocors_verdict_t verdict;
    ocors_reason_t reason;       /* NONE but for a refusal or a withholding */
    ocors_span_t allowed_origin; /* for Access-Control-Allow-Origin: configured bytes in `room` */
    ocors_methods_t methods;     /* a preflight's M1 list, if an entry names the path */
    bool has_fallback_methods;   /* M3: the section's own list it is, and `methods` is empty */
} ocors_decision_t;

/*
 * An Origin header may list this many members (R6). Browsers send one; RFC 6454 lists have two or
 * three; what has more is not allowed, so that one header cannot ask for hundreds of judgements.
 * Equal members are judged once (R13).
 */
#define OCORS_DECIDE_MEMBERS_MAX 16

/* Policies that are asked together: a site's shop and data documents, below /dw/batch (C5). */
#define OCORS_DECIDE_POLICIES_MAX 2

/*
 * Decides (R1 to R11, P1, P2, P6, C2 to C4, M1 to M3). `room` has at least facts->origin.length
 * bytes, and receives the configured origins (R9). No allocation, no lock, no system call. The
 * cost does not depend on the number of origins or clients, but for two things: the methods of a
 * preflight take one look at each resource of the clients concerned, for each distinct member of
 * the Origin header, and an origin of an earlier layer one at each client that lists it and is
 * replaced by a later one. A path beyond the limits of ocors_resource_path_split() is held against
 * no resource.
 *
 * Of several policies, each is layered by itself, and what any of them allows is allowed. None, or
 * none that has a layer: nothing is allowed.
 */
void ocors_decide(const ocors_policy_t *policies, size_t policy_count, const ocors_facts_t *facts,
                  char *room, ocors_decision_t *decision);

/* "preflight-allow", "not-listed"; never NULL. */
const char *ocors_verdict_name(ocors_verdict_t verdict);
const char *ocors_reason_name(ocors_reason_t reason);

#endif
