/* SPDX-License-Identifier: Apache-2.0 */
/* What the status page shows, in whatever format. */
#ifndef OCORS_STATUS_STATE_H
#define OCORS_STATUS_STATE_H

#include <stdbool.h>
#include <stdint.h>

#include <apr_tables.h>
#include <httpd.h>

#include "ocors_digest.h"
#include "ocors_snapshot.h"
#include "ocors_verdict.h"

/* So many of each, and of origins in each mode, are shown; the others are counted. */
#define OCORS_STATUS_DOCUMENTS_MAX 1000
#define OCORS_STATUS_SITES_MAX     1000
#define OCORS_STATUS_ORIGINS_MAX   50

/* A number of the page: its names in JSON and for Prometheus, and what it means. */
typedef struct ocors_status_figure_t {
    const char *name, *metric, *help;
    uint64_t value;
    bool is_duration; /* in microseconds */
} ocors_status_figure_t;

typedef struct ocors_status_document_t {
    const char *path;
    bool is_usable;
    bool is_of_before; /* a changed file does not fit: what is in force is older */
    apr_time_t since;  /* it is so */
    char digest[OCORS_DIGEST_TEXT_SIZE]; /* of a usable one; else "" */
    uint32_t clients, origins;
    const char *error; /* the first of one that cannot be used; "": the log has it */
} ocors_status_document_t;

typedef struct ocors_status_site_t {
    const char *name;
    bool has_api[OCORS_API_COUNT];
} ocors_status_site_t;

/* Requests that were decided alike. */
typedef struct ocors_status_request_t {
    const char *verdict, *reason, *site;
    bool is_report; /* of `OcapiCors ReportOnly`: what On would have done */
    uint64_t count;
} ocors_status_request_t;

/* A refused origin. Its count is at most `count`, and at least `count - error`. */
typedef struct ocors_status_origin_t {
    const char *origin, *nearest; /* "": no listed origin is near */
    const char *verdict, *reason, *site;
    bool is_report;
    uint64_t count, error;
} ocors_status_origin_t;

typedef struct ocors_status_state_t {
    char digest[OCORS_DIGEST_TEXT_SIZE];
    apr_time_t now;
    apr_time_t published;
    const ocors_status_figure_t *figures;
    size_t figure_count;
    apr_array_header_t *documents; /* of ocors_status_document_t: unusable ones first */
    apr_array_header_t *sites;     /* of ocors_status_site_t, without organisations */
    apr_array_header_t *requests;  /* of ocors_status_request_t */
    apr_array_header_t *origins;   /* of ocors_status_origin_t, most refused first */
    uint64_t unusable;             /* documents that cannot be used */
    uint64_t of_before;            /* others whose changed file does not fit */
    uint64_t documents_left_out, sites_left_out;
    size_t origins_left_out[2]; /* of OcapiCors On, and of ReportOnly */
    bool is_counted;            /* else there is no memory for counters */
} ocors_status_state_t;

/*
 * Takes all of it, in memory of `pool`: what is in force in one pin, so that it is of one
 * generation. False: nothing is in force.
 */
bool ocors_status_take(apr_pool_t *pool, ocors_status_state_t *state);

/* The digest, the times and the number of unusable documents alone. */
bool ocors_status_take_summary(ocors_status_state_t *state);

/* The word for a mode: "on" or "report". */
const char *ocors_status_mode(bool is_report);

#endif
