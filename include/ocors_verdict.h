/* SPDX-License-Identifier: Apache-2.0 */
/* What a decision says: verdicts and reasons, and their names. */
#ifndef OCORS_VERDICT_H
#define OCORS_VERDICT_H

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
    X(CASE_DIFFERS, "case-differs")                                                                \
    X(TRAILING_SLASH, "trailing-slash")                                                            \
    X(SCHEME_DIFFERS, "scheme-differs")     /* host and port are listed with another scheme */     \
    X(PORT_DIFFERS, "port-differs")         /* scheme and host are listed with another port */     \
    X(MALFORMED, "malformed")               /* neither an origin nor a list of them */             \
    X(NOT_LISTED, "not-listed")             /* and no listed origin is near */                     \
    X(METHOD_MALFORMED, "method-malformed") /* P6: the requested method is not a token */

typedef enum {
#define OCORS_REASON_ENUM(name, text) OCORS_REASON_##name,
    OCORS_REASONS(OCORS_REASON_ENUM)
#undef OCORS_REASON_ENUM
    OCORS_REASON_COUNT
} ocors_reason_t;

/* "preflight-allow", "not-listed"; never NULL. */
const char *ocors_verdict_name(ocors_verdict_t verdict);
const char *ocors_reason_name(ocors_reason_t reason);

#endif
