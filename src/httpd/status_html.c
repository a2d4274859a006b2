/* SPDX-License-Identifier: Apache-2.0 */
/* Writes the status page for people. Owns nothing. */

#include "ocors_status_html.h"

#include <apr_strings.h>
#include <http_protocol.h>

#include "ocors_escape.h"
#include "ocors_status_put.h"
#include "ocors_version.h"

/* Colours are the system's own or have a contrast of 4.5 at least, in the light and in the dark. */
static const char style[] =
    ":root{color-scheme:light dark;--line:#c8ccd0;--soft:#f4f6f8;--quiet:#57606a;--good:#116329;"
    "--bad:#a40e26}\n"
    "@media(prefers-color-scheme:dark){:root{--line:#3d444d;--soft:#1b2027;--quiet:#9aa4b0;"
    "--good:#57d06f;--bad:#ff8f86}}\n"
    "*{box-sizing:border-box}\n"
    "body{font:15px/1.5 system-ui,sans-serif;margin:0 auto;max-width:76rem;padding:1.5rem}\n"
    "h1{font-size:1.5rem;margin:0 0 .25rem}h2{font-size:1.1rem;margin:2rem 0 .5rem}\n"
    "p{margin:.25rem 0}.quiet{color:var(--quiet)}.good{color:var(--good)}\n"
    ".bad{color:var(--bad);font-weight:600}\n"
    ".wide{overflow-x:auto}\n"
    "table{border-collapse:collapse;width:100%}\n"
    "th,td{border-bottom:1px solid var(--line);padding:.35rem .75rem .35rem 0;text-align:left;"
    "vertical-align:top;overflow-wrap:anywhere}\n"
    "thead th{background:var(--soft);padding-left:.35rem;white-space:nowrap}\n"
    "tbody th{font-weight:400}tbody th,tbody td{padding-left:.35rem}\n"
    ".number{text-align:right;font-variant-numeric:tabular-nums;white-space:nowrap}\n"
    "code{font:13px/1.5 ui-monospace,monospace}\n";

static void write_text(request_rec *r, const char *text)
{
    ocors_escape_html(ocors_status_put, r, ocors_span_from_string(text));
}

/* A cell, with a class or without. */
static void write_cell(request_rec *r, const char *text)
{
    ap_rputs("<td>", r);
    write_text(r, text);
    ap_rputs("</td>", r);
}

static void write_code(request_rec *r, const char *text)
{
    ap_rputs("<td><code>", r);
    write_text(r, text);
    ap_rputs("</code></td>", r);
}

static void write_number(request_rec *r, uint64_t number)
{
    ap_rprintf(r, "<td class=\"number\">%" APR_UINT64_T_FMT "</td>", (apr_uint64_t)number);
}

/* "2026-11-27 02:57:12 UTC (3 min ago)" */
static const char *time_text(const ocors_status_state_t *state, apr_time_t time, apr_pool_t *pool)
{
    const apr_int64_t age = state->now > time ? apr_time_sec(state->now - time) : 0;
    apr_time_exp_t at;

    apr_time_exp_gmt(&at, time);
    return apr_psprintf(pool, "%d-%02d-%02d %02d:%02d:%02d UTC (%" APR_INT64_T_FMT " %s ago)",
                        at.tm_year + 1900, at.tm_mon + 1, at.tm_mday, at.tm_hour, at.tm_min,
                        at.tm_sec,
                        age < 120      ? age
                        : age < 7200   ? age / 60
                        : age < 172800 ? age / 3600
                                       : age / 86400,
                        age < 120      ? "s"
                        : age < 7200   ? "min"
                        : age < 172800 ? "h"
                                       : "days");
}

/* Begins a section with a table; `columns`: names, a number's with "#" before it, NULL last. */
static void begin_table(request_rec *r, const char *title, const char *const *columns)
{
    ap_rprintf(r,
               "<h2>%s</h2>\n<div class=\"wide\" tabindex=\"0\" role=\"region\" "
               "aria-label=\"%s\"><table>\n<thead><tr>",
               title, title);
    for (; *columns != NULL; columns++) {
        const bool is_number = (*columns)[0] == '#';

        ap_rprintf(r, "<th scope=\"col\"%s>%s</th>", is_number ? " class=\"number\"" : "",
                   *columns + is_number);
    }
    ap_rputs("</tr></thead>\n<tbody>\n", r);
}

static void end_table(request_rec *r, uint64_t left_out)
{
    ap_rputs("</tbody></table></div>\n", r);
    if (left_out > 0) {
        ap_rprintf(r, "<p class=\"quiet\">%" APR_UINT64_T_FMT " more are not shown.</p>\n",
                   (apr_uint64_t)left_out);
    }
}

static void write_documents(request_rec *r, const ocors_status_state_t *state)
{
    static const char *const columns[] = { "Document", "State",   "Since", "#Clients",
                                           "#Origins", "SHA-256", NULL };

    begin_table(r, "Documents", columns);
    for (int i = 0; i < state->documents->nelts; i++) {
        const ocors_status_document_t *document = &APR_ARRAY_IDX(state->documents, i,
                                                                 ocors_status_document_t);

        ap_rputs("<tr><th scope=\"row\"><code>", r);
        write_text(r, document->path);
        ap_rputs("</code></th>", r);
        if (document->is_usable && document->is_of_before) {
            ap_rputs(
                "<td class=\"bad\">the version before is in force, as the changed file does not "
                "fit into the shared memory (OCORS0016)</td>",
                r);
        }
        else if (document->is_usable) {
            ap_rputs("<td class=\"good\">in force</td>", r);
        }
        else {
            ap_rputs("<td><span class=\"bad\">cannot be used</span><br>", r);
            write_text(r, document->error[0] != '\0' ? document->error
                                                     : "The error log says why (OCORS0001).");
            ap_rputs("</td>", r);
        }
        write_cell(r, time_text(state, document->since, r->pool));
        if (document->is_usable) {
            write_number(r, document->clients);
            write_number(r, document->origins);
            ap_rprintf(r, "<td><code>%.12s&hellip;</code></td>", document->digest);
        }
        else {
            ap_rputs("<td></td><td></td><td></td>", r);
        }
        ap_rputs("</tr>\n", r);
    }
    end_table(r, state->documents_left_out);
}

static void write_requests(request_rec *r, const ocors_status_state_t *state)
{
    static const char *const columns[] = { "Verdict", "Reason", "Site", "Mode", "#Requests", NULL };

    begin_table(r, "Requests", columns);
    for (int i = 0; i < state->requests->nelts; i++) {
        const ocors_status_request_t *request = &APR_ARRAY_IDX(state->requests, i,
                                                               ocors_status_request_t);

        ap_rputs("<tr>", r);
        write_cell(r, request->verdict);
        write_cell(r, request->reason);
        write_cell(r, request->site);
        write_cell(r, ocors_status_mode(request->is_report));
        write_number(r, request->count);
        ap_rputs("</tr>\n", r);
    }
    end_table(r, 0);
    if (!state->is_counted) {
        ap_rputs("<p class=\"bad\">Requests are not counted: there was no memory for it.</p>\n", r);
    }
    else if (state->requests->nelts == 0) {
        ap_rputs("<p class=\"quiet\">No request was judged yet.</p>\n", r);
    }
}

static void write_origin(request_rec *r, const ocors_status_origin_t *origin)
{
    ap_rputs("<tr><th scope=\"row\"><code>", r);
    write_text(r, origin->origin);
    ap_rputs("</code></th>", r);
    write_cell(r, origin->reason);
    write_code(r, origin->nearest);
    write_cell(r, origin->site);
    if (origin->error > 0) {
        ap_rprintf(r, "<td class=\"number\">%" APR_UINT64_T_FMT " to %" APR_UINT64_T_FMT "</td>",
                   (apr_uint64_t)(origin->count - origin->error), (apr_uint64_t)origin->count);
    }
    else {
        write_number(r, origin->count);
    }
    ap_rputs("</tr>\n", r);
}

/* The origins of one mode; nothing, if there are none. */
static void write_origins(request_rec *r, const ocors_status_state_t *state, bool is_report,
                          const char *title, const char *about)
{
    static const char *const columns[] = { "Origin", "Reason",    "Nearest listed origin",
                                           "Site",   "#Requests", NULL };
    bool has_begun = false;

    for (int i = 0; i < state->origins->nelts; i++) {
        const ocors_status_origin_t *origin = &APR_ARRAY_IDX(state->origins, i,
                                                             ocors_status_origin_t);

        if (origin->is_report == is_report) {
            if (!has_begun) {
                begin_table(r, title, columns);
                has_begun = true;
            }
            write_origin(r, origin);
        }
    }
    if (has_begun) {
        end_table(r, state->origins_left_out[is_report]);
        ap_rprintf(r, "<p class=\"quiet\">%s</p>\n", about);
    }
}

static void write_sites(request_rec *r, const ocors_status_state_t *state)
{
    static const char *const columns[] = { "Site", "APIs with a policy", NULL };

    if (state->sites->nelts == 0) {
        return;
    }
    begin_table(r, "Sites", columns);
    for (int i = 0; i < state->sites->nelts; i++) {
        const ocors_status_site_t *site = &APR_ARRAY_IDX(state->sites, i, ocors_status_site_t);

        ap_rputs("<tr><th scope=\"row\">", r);
        write_text(r, site->name);
        ap_rputs("</th>", r);
        ap_rprintf(r, "<td>%s%s</td></tr>\n", site->has_api[OCORS_API_SHOP] ? "shop " : "",
                   site->has_api[OCORS_API_DATA] ? "data" : "");
    }
    end_table(r, state->sites_left_out);
}

static void write_figures(request_rec *r, const ocors_status_state_t *state)
{
    static const char *const columns[] = { "Figure", "#Value", NULL };

    begin_table(r, "Figures", columns);
    for (size_t i = 0; i < state->figure_count; i++) {
        const ocors_status_figure_t *figure = &state->figures[i];

        ap_rprintf(r, "<tr><th scope=\"row\">%s</th>", figure->help);
        if (figure->is_duration) {
            ap_rprintf(r, "<td class=\"number\">%.6f s</td>", (double)figure->value / 1e6);
        }
        else {
            write_number(r, figure->value);
        }
        ap_rputs("</tr>\n", r);
    }
    end_table(r, 0);
}

static void write_summary(request_rec *r, const ocors_status_state_t *state)
{
    if (state->unusable > 0) {
        ap_rprintf(r,
                   "<p class=\"bad\">%" APR_UINT64_T_FMT " %s cannot be used. Policies keep what "
                   "they had in force; a policy that had nothing allows nothing.</p>\n",
                   (apr_uint64_t)state->unusable, state->unusable == 1 ? "document" : "documents");
    }
    if (state->of_before > 0) {
        ap_rprintf(r,
                   "<p class=\"bad\">%" APR_UINT64_T_FMT
                   " changed %s not fit into the shared memory. "
                   "The version before is in force.</p>\n",
                   (apr_uint64_t)state->of_before,
                   state->of_before == 1 ? "document does" : "documents do");
    }
    if (state->unusable == 0 && state->of_before == 0) {
        ap_rputs("<p class=\"good\">All documents are in force.</p>\n", r);
    }
    ap_rprintf(r, "<p>In force since %s. Digest: <code>%s</code></p>\n",
               time_text(state, state->published, r->pool), state->digest);
}

void ocors_status_html(request_rec *r, const ocors_status_state_t *state)
{
    ap_set_content_type(r, "text/html; charset=utf-8");
    apr_table_setn(r->headers_out, "Content-Security-Policy",
                   "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; "
                   "form-action 'none'; frame-ancestors 'none'");
    apr_table_setn(r->headers_out, "Referrer-Policy", "no-referrer");
    ap_rvputs(r,
              "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
              "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
              "<meta name=\"color-scheme\" content=\"light dark\">\n"
              "<title>Cross-origin policy: ",
              state->unusable > 0 ? "documents cannot be used" : "in force", "</title>\n<style>\n",
              style, "</style>\n</head>\n<body>\n<main>\n", "<h1>Cross-origin policy</h1>\n", NULL);
    write_summary(r, state);
    ap_rputs("<p class=\"quiet\">mod_ocapi_cors " OCORS_VERSION ", ", r);
    write_text(r, ap_get_server_description());
    ap_rputs(". The same as <a href=\"?format=json\">JSON</a>, and for "
             "<a href=\"?format=prometheus\">Prometheus</a>.</p>\n",
             r);
    write_documents(r, state);
    write_origins(r, state, true, "Whom OcapiCors On would lock out",
                  "These requests passed, as their sections say ReportOnly. With On, they get no "
                  "grant, and all methods but GET and HEAD are refused. Add to a document the "
                  "origins that you know.");
    write_origins(r, state, false, "Origins that got no grant, most frequent first",
                  "Anybody can send an Origin: add to a document only origins that you know.");
    write_requests(r, state);
    write_sites(r, state);
    write_figures(r, state);
    ap_rputs("</main>\n</body>\n</html>\n", r);
}

void ocors_status_html_block(request_rec *r, const ocors_status_state_t *state)
{
    ap_rputs("<hr />\n<h2>Cross-origin policy (mod_ocapi_cors " OCORS_VERSION ")</h2>\n", r);
    write_summary(r, state);
}
