/* SPDX-License-Identifier: Apache-2.0 */
/* A settings document, owned and judged: clients, their origins, resources, headers. */
#ifndef OCORS_SETTINGS_H
#define OCORS_SETTINGS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "ocors_image.h"
#include "ocors_key.h"
#include "ocors_method.h"
#include "ocors_report.h"
#include "ocors_resource.h"
#include "ocors_span.h"

/* A document larger than this is refused. */
#define OCORS_DOCUMENT_MAX ((size_t)64 * 1024 * 1024)

/* A client's runs in the document's arrays. */
typedef struct ocors_client_t {
    ocors_span_t id; /* never empty: a client with an empty id is not kept */
    size_t first_origin, origin_count;
    size_t first_resource, resource_count;
    size_t first_header, header_count;
} ocors_client_t;

/*
 * The model. Spans point into memory that the settings own; the arrays are read directly and
 * changed by the functions below alone.
 */
typedef struct ocors_settings_t {
    ocors_span_t version; /* `_v` where it is DIGITS.DIGITS, else empty */
    ocors_client_t *clients;
    size_t client_count;
    ocors_span_t *origins; /* serialised; no two the same within a client */
    size_t origin_count;
    ocors_resource_t *resources;
    size_t resource_count;
    ocors_response_header_t *headers;
    size_t header_count;
    unsigned char digest[OCORS_DIGEST_SIZE]; /* of the bytes that it was read from; whoever builds
                                                an image sets it */
    struct ocors_settings_memory_t *memory;  /* text, indexes: settings.c's own */
} ocors_settings_t;

/* NULL: out of memory. Free with ocors_settings_free(), which takes NULL too. */
ocors_settings_t *ocors_settings_create(void);
void ocors_settings_free(ocors_settings_t *settings);

/*
 * The rules of a document, one function for each kind of value. Each judges what it is given, adds
 * its findings at `path`, and keeps what can be kept. All copy what they keep, and all return
 * OCORS_OK (whatever was found) or OCORS_NO_MEMORY. Origins, resources and headers belong to the
 * client that was begun last.
 */
ocors_result_t ocors_settings_set_version(ocors_settings_t *settings, ocors_span_t version,
                                          ocors_report_t *report, const ocors_path_t *path);

/*
 * The element of `clients` in which a client was begun with this id first; false: no client was.
 */
bool ocors_settings_find_client(const ocors_settings_t *settings, ocors_span_t id,
                                uint32_t *element);

/*
 * Begins a client. An empty id is a placeholder: a warning, and the client matches nothing. An id
 * that another client has is an error. bytes == NULL: the caller has reported what is to be said of
 * the id; the rest of the client is judged, and not kept.
 */
ocors_result_t ocors_settings_begin_client(ocors_settings_t *settings, ocors_span_t id,
                                           ocors_report_t *report, const ocors_path_t *path);
ocors_result_t ocors_settings_add_origin(ocors_settings_t *settings, ocors_span_t origin,
                                         ocors_report_t *report, const ocors_path_t *path);

/*
 * Judges the list of origins as a whole, after its entries: a warning if none of them is an origin.
 * Not for an empty list, nor for one with errors, which says enough.
 */
void ocors_settings_end_origins(const ocors_settings_t *settings, ocors_report_t *report,
                                const ocors_path_t *path);
ocors_result_t ocors_settings_add_resource(ocors_settings_t *settings, ocors_span_t resource_id,
                                           ocors_methods_t methods, ocors_version_t from,
                                           ocors_version_t until, ocors_report_t *report,
                                           const ocors_path_t *path);
ocors_result_t ocors_settings_add_header(ocors_settings_t *settings, ocors_span_t name,
                                         ocors_span_t value, ocors_report_t *report,
                                         const ocors_path_t *path);

/*
 * Ends the reading: frees what only the functions that add need. The settings stay, and nothing may
 * be added to them.
 */
void ocors_settings_end(ocors_settings_t *settings);

#endif
