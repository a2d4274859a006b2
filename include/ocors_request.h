/* SPDX-License-Identifier: Apache-2.0 */
/* The decision about a request: made once, then found again (rule H4). */
#ifndef OCORS_REQUEST_H
#define OCORS_REQUEST_H

#include <httpd.h>
#include <http_config.h>

#include "ocors_facts.h"

/* Whether the module answers the request itself: a preflight, or a refused request. */
static inline bool ocors_request_is_ours(const ocors_request_t *request)
{
    return request->config->mode == OCORS_MODE_ON
           && (request->decision.verdict == OCORS_VERDICT_REFUSE
               || request->decision.verdict == OCORS_VERDICT_PREFLIGHT_ALLOW
               || request->decision.verdict == OCORS_VERDICT_PREFLIGHT_WITHHOLD);
}

/*
 * Whether a request that replaces no other one is decided, and is not the module's to answer: a
 * later hook has nothing to decide.
 */
bool ocors_request_passes(const request_rec *r);

/*
 * Finds the decision about a request, its own or that of one which an internal redirect or an
 * ErrorDocument replaced by it (H4), or decides now by the section in r->per_dir_config: for hooks
 * that run when that is final. NULL: no section covers the request. _final also notes that it is
 * final, for ocors_request_decide_anywhere().
 */
const ocors_request_t *ocors_request_decide(request_rec *r);
const ocors_request_t *ocors_request_decide_final(request_rec *r);

/*
 * The same for hooks that may run before r->per_dir_config is final: mod_cache's quick handler, and
 * errors from before the sections are merged. The <Location> sections of the normalised path
 * decide.
 */
const ocors_request_t *ocors_request_decide_anywhere(request_rec *r);

/*
 * P8: decides a request that the module answers itself (a preflight, or a refusal) by the
 * <Location> sections of its path. These sections are then in force for the answer. NULL: another
 * request, or one whose answer a later section or rewriting can change; it stays undecided. Each
 * function has its place in httpd's order:
 *
 *   _early       before httpd touches the path; only for a path in normal form
 *   _unmappable  before httpd refuses a path with an encoded slash; httpd ends no request here, so
 *                that _mapped gives the answer
 *   _mapped      when the path is final, before redirects and rewriting
 */
const ocors_request_t *ocors_request_decide_early(request_rec *r);
const ocors_request_t *ocors_request_decide_unmappable(request_rec *r);
const ocors_request_t *ocors_request_decide_mapped(request_rec *r);

/*
 * Sets the notes ocapi_cors_verdict, _reason, _client and _site, and the environment variables of
 * the same names in upper case, on a decided request and on those that replaced it, if anything can
 * show them (ocors_survey.h). Called when a request is logged. A decision sets them at once, and so
 * does each request that an internal redirect makes.
 */
void ocors_request_show(request_rec *r);

#endif
