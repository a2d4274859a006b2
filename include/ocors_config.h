/* SPDX-License-Identifier: Apache-2.0 */
/* What a section of the configuration says: the directives, and how sections merge. */
#ifndef OCORS_CONFIG_H
#define OCORS_CONFIG_H

#include <stdbool.h>
#include <stdint.h>

#include <httpd.h>
#include <http_config.h>

#include "ocors_client.h"
#include "ocors_headers.h"

/* OcapiCors. */
typedef enum {
    OCORS_MODE_UNSET = -1,
    OCORS_MODE_OFF,
    OCORS_MODE_ON,
    OCORS_MODE_REPORT_ONLY
} ocors_mode_t;

/* Where a section stands, and so what M1's "own path" is. */
typedef enum {
    OCORS_SECTION_SERVER,   /* none: the server or the virtual host */
    OCORS_SECTION_OTHER,    /* a pattern, <Files>, <If>: the whole path */
    OCORS_SECTION_LOCATION, /* a URL path: what comes after it */
    OCORS_SECTION_DIRECTORY /* a directory: the URL path of what lies in it */
} ocors_section_kind_t;

/* OcapiCorsSettings, OcapiCorsSettingsTree: a list of documents, or a tree. */
typedef struct ocors_documents_t {
    bool is_tree;
    const char *const *paths; /* absolute, global first; of a tree one: its directory */
    uint32_t path_count;
    const char *where; /* "CONF:LINE: DIRECTIVE" */
    uint32_t number;   /* of the policy, or of the tree (ocors_store.h), once it is read */
    ocors_section_kind_t kind;
    const char *path;
} ocors_documents_t;

/* OcapiCorsClientId: sources in order, their values empty. */
typedef struct ocors_sources_t {
    const ocors_source_t *items;
    size_t count;
} ocors_sources_t;

/* As many sources as a section may name. */
#define OCORS_SOURCES_MAX 8

/* OcapiCorsSelfOrigin. */
typedef struct ocors_self_t {
    bool is_off;
    bool takes_asked;           /* `Asked`: any asked host counts as a configured name */
    const ocors_span_t *listed; /* origins beside the virtual host's own */
    size_t listed_count;
} ocors_self_t;

/* OcapiCorsExposeHeaders. */
typedef struct ocors_expose_t {
    const char *names; /* "location,x-dw-version-status"; "": none */
    bool has_backend;  /* the backend's own are added */
} ocors_expose_t;

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
#define OCORS_CONFIG_MEMBERS(X)                                                                    \
    X(ocors_mode_t, mode, OCORS_MODE_UNSET)                                                        \
    X(const ocors_documents_t *, documents, NULL)                                                  \
    X(const char *, site, NULL)                                                                    \
    X(const ocors_sources_t *, sources, NULL)                                                      \
    X(const ocors_self_t *, self, NULL)                                                            \
    X(const ocors_fallback_t *, fallback, NULL)                                                    \
    X(const ocors_grantable_t *, grantable, NULL)                                                  \
    X(const ocors_expose_t *, expose, NULL)                                                        \
    X(const char *, max_age, NULL)                                                                 \
    X(int, has_credentials, -1)

typedef struct ocors_config_t {
#define OCORS_CONFIG_MEMBER(type, name, unset) type name;
    OCORS_CONFIG_MEMBERS(OCORS_CONFIG_MEMBER)
#undef OCORS_CONFIG_MEMBER
} ocors_config_t;

/* The slots of the module record. */
void *ocors_config_create(apr_pool_t *pool, char *path);
void *ocors_config_merge(apr_pool_t *pool, void *outer, void *inner);

/* Whether two sections say the same: all members are equal. */
bool ocors_config_is_equal(const ocors_config_t *one, const ocors_config_t *other);

/*
 * What is noted while the configuration is read: begun anew for each reading (pre_config), added to
 * by the directives, and asked at its end (check_config; OK or an HTTP status). Refused are an
 * `OcapiCors On` that no document can reach, and our directives in <Limit> and <LimitExcept>, which
 * would switch them for every method.
 */
void ocors_config_begin(apr_pool_t *pool);
void ocors_config_note_activation(const cmd_parms *cmd, const ocors_config_t *section);
void ocors_config_note_documents(const cmd_parms *cmd, const ocors_config_t *section);
int ocors_config_check(apr_pool_t *pool, server_rec *server);

/*
 * Whether `OcapiCors On` reaches anything of a virtual host: by itself, one of its sections, or one
 * of the main server's sections, which hold in every virtual host.
 */
bool ocors_config_is_enforced(const server_rec *server, const server_rec *main_server);

/* OcapiCorsReload, OcapiCorsCacheSize and OcapiCorsBadDocument, which are the whole server's. */
typedef struct ocors_config_server_t {
    apr_interval_time_t reload; /* 0: Off */
    uint64_t cache_size;        /* bytes; 0: Auto */
    bool denies_bad; /* a bad document's policy allows nothing; else a start is refused */
} ocors_config_server_t;

/* What this reading of the configuration says of them so far; the directives write to it. */
ocors_config_server_t *ocors_config_server(void);

/* Where clients are named, and whether and what is own beside the virtual host, defaults filled in.
 */
const ocors_sources_t *ocors_config_sources(const ocors_config_t *config);
const ocors_self_t *ocors_config_self(const ocors_config_t *config);

/* Where a directive stands. */
ocors_section_kind_t ocors_config_section_kind(const cmd_parms *cmd);

/* Whether the backend's own Access-Control-Expose-Headers are added to the section's. */
bool ocors_config_exposes_backend(const ocors_config_t *config);

/* What a merged section says of headers, its defaults filled in. */
ocors_header_policy_t ocors_config_header_policy(const ocors_config_t *config);

#endif
