/* SPDX-License-Identifier: Apache-2.0 */
/* Counts decided requests, and says in the log what was not allowed. Owns nothing. */

#include "ocors_refusals.h"

#include <unistd.h>

#include <apr_strings.h>
#include <http_log.h>

#include "ocors_census.h"
#include "ocors_counting.h"
#include "ocors_fields.h"
#include "ocors_messages.h"

APLOG_USE_MODULE(ocapi_cors);

/* ---- Texts ------------------------------------------------------------------------------------
 */

/* A copy of a text for a quoted part of a log line: cut, with ' for each ". */
static const char *without_quotes(apr_pool_t *pool, const char *text)
{
    char *copy = apr_pstrndup(pool, text != NULL ? text : "", OCORS_FACTS_TEXT_MAX);

    for (char *at = copy; *at != '\0'; at++) {
        if (*at == '"') {
            *at = '\'';
        }
    }
    return copy;
}

/* The listed origin that is nearest, as configured. */
static const char *nearest_of(apr_pool_t *pool, const char *nearest)
{
    return nearest != NULL && nearest[0] != '\0'
               ? apr_psprintf(pool, "; nearest listed origin \"%s\"", nearest)
               : "";
}

/* What the client gets, or would get if OcapiCors were On. `httpds` as in a note. */
static const char *answer_of(apr_pool_t *pool, ocors_verdict_t verdict, unsigned httpds)
{
    return httpds != 0                         ? apr_psprintf(pool, "%u, by httpd", httpds)
           : verdict == OCORS_VERDICT_REFUSE   ? "401"
           : verdict == OCORS_VERDICT_WITHHOLD ? "passes without permission"
                                               : "204 without permission";
}

/*
 * The status of httpd's answer, if it came before the module's; or 0. The module's answer takes the
 * place of an error document. A report is late: with On the module would have been first.
 */
static uint16_t httpds_answer(const request_rec *r, const ocors_request_t *request)
{
    return request->config->mode == OCORS_MODE_ON
                   && request->decision.verdict != OCORS_VERDICT_WITHHOLD && r->prev == NULL
                   && r->next == NULL && !ap_is_HTTP_SUCCESS(r->status)
               ? (uint16_t)r->status
               : 0;
}

/* R10: what an administrator can do about a host that is not configured. */
static const char *advice_of(const request_rec *r, const ocors_request_t *request)
{
    if (request->decision.reason != OCORS_REASON_OWN_HOST_UNKNOWN) {
        return "";
    }
    return apr_psprintf(r->pool,
                        "; asked host \"%s\": if the page is your own, add a ServerAlias, set "
                        "ProxyPreserveHost On in the proxy in front, or list the origin by "
                        "OcapiCorsSelfOrigin",
                        without_quotes(r->pool, apr_table_get(request->sent, "Host")));
}

/* ---- One request ------------------------------------------------------------------------------
 */

/* The site of a line: that of the figures, or the one that has no figures of its own. */
static const char *site_of(request_rec *r, const ocors_request_t *request)
{
    const uint32_t row = ocors_counters_row(ocors_counting_band(request->word));

    return row == OCORS_COUNTING_OTHER && request->site != NULL ? request->site
                                                                : ocors_counting_site(r->pool, row);
}

/* The fixed words come first: no text of a client can imitate them. httpd escapes controls. */
static void log_line(request_rec *r, const ocors_request_t *request)
{
    const ocors_decision_t *decision = &request->decision;
    const bool is_report = request->config->mode == OCORS_MODE_REPORT_ONLY;
    const bool is_refusal = decision->verdict == OCORS_VERDICT_REFUSE;
    const ocors_span_t method = ocors_fields_method(r);

    ap_log_rerror(APLOG_MARK, APLOG_INFO, 0, r,
                  "%s%s: %s: origin \"%s\", client \"%s\", %s \"%s\"; site \"%s\"; %s: %s%s%s",
                  is_report    ? OCORS_LOG_WOULD_REFUSE
                  : is_refusal ? OCORS_LOG_REFUSED
                               : OCORS_LOG_WITHHELD,
                  is_report    ? "report only"
                  : is_refusal ? "refused"
                               : "nothing granted",
                  ocors_reason_name(decision->reason),
                  without_quotes(r->pool, apr_table_get(request->sent, "Origin")),
                  without_quotes(r->pool, request->client),
                  without_quotes(r->pool, apr_pstrmemdup(r->pool, method.bytes, method.length)),
                  without_quotes(r->pool, r->uri), without_quotes(r->pool, site_of(r, request)),
                  is_report ? "answer if On" : "answer",
                  answer_of(r->pool, decision->verdict, httpds_answer(r, request)),
                  nearest_of(r->pool, request->nearest), advice_of(r, request));
}

/*
 * Whether a refusal has a line at info: the first of its kind in a minute, if it is one of the
 * first kinds. Without the memory that knows kinds, each process writes as many lines in a minute.
 */
static bool has_line(const ocors_refusal_t *refusal, ocors_reason_t reason)
{
    static _Atomic uint32_t minute, lines;
    const uint32_t now = (uint32_t)(apr_time_sec(apr_time_now()) / 60);

    if (refusal->set != NULL) {
        return ocors_counting_is_new(refusal, reason);
    }
    if (atomic_exchange_explicit(&minute, now, memory_order_relaxed) != now) {
        atomic_store_explicit(&lines, 0, memory_order_relaxed);
    }
    return atomic_fetch_add_explicit(&lines, 1, memory_order_relaxed) < OCORS_CENSUS_LINES;
}

/* A refusal whose origin has no entry of the current stamp. */
static void enter(request_rec *r, const ocors_request_t *request)
{
    const ocors_decision_t *decision = &request->decision;
    ocors_sketch_note_t note = {
        .row = (uint16_t)ocors_counters_row(ocors_counting_band(request->word)),
        .verdict = (uint8_t)decision->verdict,
        .reason = (uint8_t)decision->reason,
        .is_report = request->config->mode == OCORS_MODE_REPORT_ONLY,
        .httpds = httpds_answer(r, request),
    };

    ocors_sketch_note_texts(&note, ocors_span_from_string(apr_table_get(request->sent, "Origin")),
                            ocors_span_from_string(request->nearest));
    ocors_counting_enter(request->refusal, &note);
    if (!request->is_verbose && APLOG_R_IS_LEVEL(r, APLOG_INFO)
        && has_line(request->refusal, decision->reason)) {
        log_line(r, request);
    }
}

void ocors_refusals_note(request_rec *r, const ocors_request_t *request)
{
    ocors_counting_add(r->connection->id, request->word, request->decision.verdict,
                       request->decision.reason);
    if (request->counted.entry != NULL) {
        ocors_counters_add(request->counted.entry);
    }
    else {
        enter(r, request);
    }
    if (request->is_verbose) {
        log_line(r, request);
    }
}

/* ---- A minute ---------------------------------------------------------------------------------
 */

/* "; the first: ..." */
static const char *first_of(apr_pool_t *pool, const ocors_counting_minute_t *minute)
{
    const ocors_sketch_note_t *note = &minute->first;
    const char *nearest;

    if (!minute->has_first) {
        return "";
    }
    nearest = apr_pstrmemdup(pool, note->nearest_text, note->nearest_length);
    return apr_psprintf(
        pool, "; the first: %s: origin \"%s\", site \"%s\"; %s: %s%s",
        ocors_reason_name((ocors_reason_t)note->reason),
        without_quotes(pool, apr_pstrmemdup(pool, note->origin_text, note->origin_length)),
        without_quotes(pool, ocors_counting_site(pool, note->row)),
        note->is_report ? "answer if On" : "answer",
        answer_of(pool, (ocors_verdict_t)note->verdict, note->httpds),
        nearest_of(pool, without_quotes(pool, nearest)));
}

/* One line: how many, of how many origins, and the first of them. */
static void log_minute(apr_pool_t *pool, server_rec *server, const ocors_counting_minute_t *minute)
{
    const ocors_counters_refused_t *refused = &minute->refused;
    const uint64_t total = refused->refused + refused->withheld + refused->reported;
    const char *unlogged = minute->unlogged == 0
                               ? ""
                               : apr_psprintf(pool,
                                              "; at info, %s%" APR_UINT64_T_FMT
                                              " further kind%s had no line",
                                              minute->has_more_unlogged ? "at least " : "",
                                              minute->unlogged, minute->unlogged == 1 ? "" : "s");

    ap_log_error(APLOG_MARK, APLOG_NOTICE, 0, server,
                 OCORS_LOG_MINUTE
                 "%" APR_UINT64_T_FMT " request%s not allowed in %u s: %" APR_UINT64_T_FMT
                 " refused, %" APR_UINT64_T_FMT " without permission, %" APR_UINT64_T_FMT
                 " ReportOnly; %s%" APR_UINT64_T_FMT " origin%s%s%s",
                 total, total == 1 ? "" : "s", minute->seconds, refused->refused, refused->withheld,
                 refused->reported, minute->is_about ? "about " : "", minute->origins,
                 minute->origins == 1 ? "" : "s", first_of(pool, minute), unlogged);
}

static void summarise(server_rec *server, bool is_end)
{
    ocors_counting_minute_t minute;
    apr_pool_t *pool;

    if (ocors_counting_minute(is_end, &minute)) {
        apr_pool_create(&pool, NULL); /* the server's may be on its way out */
        log_minute(pool, server, &minute);
        apr_pool_destroy(pool);
    }
}

void ocors_refusals_summarise(server_rec *server)
{
    summarise(server, false);
}

/* The end of a configuration, in the parent that has read it. */
typedef struct ending_t {
    server_rec *server;
    apr_pool_t *process_pool;
    pid_t parent;
} ending_t;

/* At a stop: before the pools of the process pool go, of which one has the pipe of ErrorLog. */
static apr_status_t process_ends(void *data)
{
    const ending_t *ending = data;

    if (getpid() == ending->parent) { /* in a worker, threads may still run */
        summarise(ending->server, true);
        ocors_counting_end();
    }
    return APR_SUCCESS;
}

/* At a restart this module is unmapped, and the memory of the counters stays. */
static apr_status_t configuration_ends(void *data)
{
    const ending_t *ending = data;

    apr_pool_cleanup_kill(ending->process_pool, data, process_ends);
    return process_ends(data);
}

void ocors_refusals_summarise_at_end(apr_pool_t *pconf, server_rec *server)
{
    ending_t *ending = apr_palloc(pconf, sizeof(*ending));

    *ending = (ending_t){ .server = server,
                          .process_pool = apr_pool_parent_get(pconf),
                          .parent = getpid() };
    apr_pool_pre_cleanup_register(ending->process_pool, ending, process_ends);
    apr_pool_cleanup_register(pconf, ending, configuration_ends, apr_pool_cleanup_null);
}
