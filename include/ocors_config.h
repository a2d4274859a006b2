/* SPDX-License-Identifier: Apache-2.0 */
/* What a section of the configuration says: the directives, and how sections merge. */
#ifndef OCORS_CONFIG_H
#define OCORS_CONFIG_H

#include <stdbool.h>
#include <stdint.h>

#include <httpd.h>
#include <http_config.h>

#include "ocors_headers.h"

/* OcapiCors. */
typedef enum {
    OCORS_MODE_UNSET = -1,
    OCORS_MODE_OFF,
    OCORS_MODE_ON,
    OCORS_MODE_REPORT_ONLY
} ocors_mode_t;

/* Where a section that names documents stands, and so what M1's "own path" is. */
typedef enum {
    OCORS_SECTION_OTHER,    /* the server, a pattern, <Files>, <If>: the whole path */
    OCORS_SECTION_LOCATION, /* a URL path: what comes after it */
    OCORS_SECTION_DIRECTORY /* a directory: the URL path of what lies in it */
} ocors_section_kind_t;

/* OcapiCorsSettings. */
typedef struct ocors_documents_t {
    uint32_t policy; /* the policy's number in this generation (ocors_store.h) */
    ocors_section_kind_t kind;
    const char *path;
} ocors_documents_t;

/* OcapiCorsMethods. */
typedef struct ocors_fallback_t {
    ocors_methods_t methods;
    const char *extensions; /* ", PROPFIND" or "" */
} ocors_fallback_t;

/* OcapiCorsAllowHeaders. */
typedef struct ocors_grantable_t {
    const ocors_span_t *names; /* NULL: `Requested` */
    size_t count;
} ocors_grantable_t;

/*
 * A section's members, once: type, name, the value that says "not named here". Creation sets every
 * member to it, and merging takes the inner section's member unless it is that.
 */
#define OCORS_CONFIG_MEMBERS(X)                                                                   \
    X(ocors_mode_t, mode, OCORS_MODE_UNSET)                                                       \
    X(const ocors_documents_t *, documents, NULL)                                                 \
    X(const ocors_fallback_t *, fallback, NULL)                                                   \
    X(const ocors_grantable_t *, grantable, NULL)                                                 \
    X(const char *, expose_headers, NULL)                                                         \
    X(const char *, max_age, NULL)                                                                \
    X(int, has_credentials, -1)

typedef struct ocors_config_t {
#define OCORS_CONFIG_MEMBER(type, name, unset) type name;
    OCORS_CONFIG_MEMBERS(OCORS_CONFIG_MEMBER)
#undef OCORS_CONFIG_MEMBER
} ocors_config_t;

/* The slots of the module record. */
void *ocors_config_create(apr_pool_t *pool, char *path);
void *ocors_config_merge(apr_pool_t *pool, void *outer, void *inner);
extern const command_rec ocors_config_directives[];

/*
 * Forgets what the last reading of the configuration noted (pre_config), and refuses an
 * `OcapiCors On` that no document can reach (check_config; OK or an HTTP status).
 */
void ocors_config_begin(apr_pool_t *pool);
int ocors_config_check(server_rec *server);

/* What a merged section says of headers, its defaults filled in. */
ocors_header_policy_t ocors_config_header_policy(const ocors_config_t *config);

/*
 * Whether a section whose place is known only after the request was mapped to a file, or from
 * expressions (<Directory>, <Files>, <If>), says anything: then nothing may be decided early.
 */
bool ocors_config_has_late_sections(void);

#endif
