/* SPDX-License-Identifier: Apache-2.0 */
/* Writes what was counted. Owns nothing. */

#include "ocors_status_counts.h"

#include <apr_strings.h>
#include <http_protocol.h>

#include "ocors_counting.h"
#include "ocors_utf8.h"

/* How many of the most refused origins the page has. */
#define ORIGINS_MAX 50

/*
 * A text between quotes, for JSON and for a label of Prometheus alike: UTF-8, U+FFFD for each other
 * byte, '?' for control characters, and a backslash before quotes and backslashes.
 */
static const char *quotable(apr_pool_t *pool, ocors_span_t text)
{
    char *result = apr_palloc(pool, 3 * text.length + 1);
    char *at = result;

    while (text.length > 0) {
        const size_t length = ocors_utf8_length(text);
        const char c = text.bytes[0];

        if (length == 0) {
            at += ocors_utf8_write(at, 0xfffd);
        }
        else if (length > 1) {
            memcpy(at, text.bytes, length);
            at += length;
        }
        else if ((unsigned char)c < 0x20 || c == 0x7f) {
            *at++ = '?';
        }
        else {
            if (c == '"' || c == '\\') {
                *at++ = '\\';
            }
            *at++ = c;
        }
        text.bytes += length > 0 ? length : 1;
        text.length -= length > 0 ? length : 1;
    }
    *at = '\0';
    return result;
}

static const char *site_of(apr_pool_t *pool, uint32_t row)
{
    return quotable(pool, ocors_span_from_string(ocors_counting_site(pool, row)));
}

static const char *mode_of(bool is_report)
{
    return is_report ? "report" : "on";
}

typedef void write_count_t(request_rec *r, const char *site, bool is_report,
                           ocors_verdict_t verdict, ocors_reason_t reason, uint64_t count,
                           bool is_first);

/* Each count that is not 0, ordered by site, mode, verdict and reason. */
static void each_count(request_rec *r, write_count_t *write)
{
    const uint32_t rows = ocors_counting_rows();
    bool is_first = true;

    for (uint32_t i = 0; i < rows * OCORS_COUNTERS_MODES * OCORS_VERDICT_COUNT; i++) {
        const ocors_verdict_t verdict = (ocors_verdict_t)(i % OCORS_VERDICT_COUNT);
        const bool is_report = i / OCORS_VERDICT_COUNT % OCORS_COUNTERS_MODES != 0;
        const uint32_t row = i / OCORS_VERDICT_COUNT / OCORS_COUNTERS_MODES;

        for (unsigned reason = 0; reason < OCORS_REASON_COUNT; reason++) {
            const uint64_t count = ocors_counting_sum(row, is_report, verdict,
                                                      (ocors_reason_t)reason);

            if (count > 0) {
                write(r, site_of(r->pool, row), is_report, verdict, (ocors_reason_t)reason, count,
                      is_first);
                is_first = false;
            }
        }
    }
}

static void json_count(request_rec *r, const char *site, bool is_report, ocors_verdict_t verdict,
                       ocors_reason_t reason, uint64_t count, bool is_first)
{
    ap_rprintf(r,
               "%s\n    {\"site\": \"%s\", \"mode\": \"%s\", \"verdict\": \"%s\", \"reason\": "
               "\"%s\", \"count\": %" APR_UINT64_T_FMT "}",
               is_first ? "" : ",", site, mode_of(is_report), ocors_verdict_name(verdict),
               ocors_reason_name(reason), count);
}

static void json_origin(request_rec *r, const ocors_sketch_item_t *item, bool is_first)
{
    const ocors_sketch_note_t *note = &item->note;

    ap_rprintf(r,
               "%s\n    {\"origin\": \"%s\", \"site\": \"%s\", \"mode\": \"%s\", \"reason\": "
               "\"%s\", \"nearest\": \"%s\", \"count\": %" APR_UINT64_T_FMT
               ", \"error\": %" APR_UINT64_T_FMT "}",
               is_first ? "" : ",",
               quotable(r->pool, ocors_span_make(note->origin_text, note->origin_length)),
               site_of(r->pool, note->row), mode_of(note->is_report),
               ocors_reason_name((ocors_reason_t)note->reason),
               quotable(r->pool, ocors_span_make(note->nearest_text, note->nearest_length)),
               item->count, item->error);
}

void ocors_status_counts_json(request_rec *r)
{
    ocors_sketch_item_t *items = apr_palloc(r->pool, ORIGINS_MAX * sizeof(*items));
    const size_t count = ocors_counting_top(items, ORIGINS_MAX);

    ap_rputs(",\n  \"requests\": [", r);
    each_count(r, json_count);
    ap_rputs("\n  ],\n  \"refused_origins\": [", r);
    for (size_t i = 0; i < count; i++) {
        json_origin(r, &items[i], i == 0);
    }
    ap_rputs("\n  ]", r);
}

static void prometheus_count(request_rec *r, const char *site, bool is_report,
                             ocors_verdict_t verdict, ocors_reason_t reason, uint64_t count,
                             bool is_first)
{
    (void)is_first;
    ap_rprintf(r,
               "ocapi_cors_requests_total{verdict=\"%s\",reason=\"%s\",site=\"%s\",mode=\"%s\"} "
               "%" APR_UINT64_T_FMT "\n",
               ocors_verdict_name(verdict), ocors_reason_name(reason), site, mode_of(is_report),
               count);
}

void ocors_status_counts_prometheus(request_rec *r)
{
    ap_rputs("# HELP ocapi_cors_requests_total Requests that were decided.\n"
             "# TYPE ocapi_cors_requests_total counter\n",
             r);
    each_count(r, prometheus_count);
}
