/* SPDX-License-Identifier: Apache-2.0 */
/* A request that somebody describes on a command line, as httpd reads it. */
#ifndef OCORS_SAMPLE_H
#define OCORS_SAMPLE_H

#include <stdbool.h>
#include <stddef.h>

#include "ocors_client.h"
#include "ocors_own.h"
#include "ocors_span.h"

typedef struct ocors_sample_field_t {
    char *name;
    char *value; /* of several fields of this name: joined by ", ", as httpd does */
} ocors_sample_field_t;

typedef struct ocors_sample_t {
    const char *method; /* the caller's */
    char *line;         /* the path as it is sent */
    char *uri;          /* the path as httpd passes it on */
    char *query;        /* behind '?'; NULL: none */
    char *host;         /* of an absolute URL, without port, in lower case; NULL: none */
    bool is_https;      /* of an absolute URL */
    ocors_sample_field_t *fields;
    size_t field_count;
} ocors_sample_t;

/* GET /, without a field. */
void ocors_sample_init(ocors_sample_t *sample);
void ocors_sample_free(ocors_sample_t *sample);

/*
 * Each takes a part of a request. NULL: it was taken; else a sentence that says why httpd answers
 * such a request itself, or why nobody can send it. The URL comes last, and once.
 *
 *   method  a token but TRACE and CONNECT
 *   url     http(s)://HOST[:PORT][/PATH][?QUERY], or /PATH[?QUERY]; a fragment is not sent. HOST
 *           becomes the Host field, unless there is one. With the method it is a line of 8,191
 *           bytes at most
 *   field   NAME: VALUE, 8,191 bytes at most. There is one Host, of a form that httpd takes
 */
const char *ocors_sample_set_method(ocors_sample_t *sample, const char *method);
const char *ocors_sample_set_url(ocors_sample_t *sample, const char *url);
const char *ocors_sample_add_field(ocors_sample_t *sample, const char *field);

/* Adds a field whose value may be any text but one with a control character. */
const char *ocors_sample_add(ocors_sample_t *sample, ocors_span_t name, ocors_span_t value);

/* The value of a field, without case; bytes NULL: it is not sent. */
ocors_span_t ocors_sample_field(const ocors_sample_t *sample, const char *name);

/*
 * The default sources (C1) with the values of the request. `own` (R10) of a virtual host that has
 * the host of the URL as its ServerName; `name` becomes that name. False: the URL has no host.
 */
void ocors_sample_sources(const ocors_sample_t *sample,
                          ocors_source_t sources[OCORS_SOURCES_DEFAULT_COUNT]);
bool ocors_sample_own(const ocors_sample_t *sample, ocors_span_t *name, ocors_own_names_t *names,
                      ocors_own_t *own);

#endif
