/* SPDX-License-Identifier: Apache-2.0 */
/* A section of the configuration: its directives, and how sections merge. */
#ifndef OCORS_CONFIG_H
#define OCORS_CONFIG_H

#include <stdbool.h>
#include <stdint.h>

#include <httpd.h>
#include <http_config.h>

#include "ocors_client.h"
#include "ocors_headers.h"
#include "ocors_list.h"

/* OcapiCors. */
typedef enum {
    OCORS_MODE_UNSET = -1,
    OCORS_MODE_OFF,
    OCORS_MODE_ON,
    OCORS_MODE_REPORT_ONLY
} ocors_mode_t;

/* The kind of a section, which decides about the section's own path (M1). */
typedef enum {
    OCORS_SECTION_SERVER,   /* outside sections: the server or the virtual host */
    OCORS_SECTION_OTHER,    /* a pattern, <Files>, <If>: the whole path */
    OCORS_SECTION_LOCATION, /* a URL path: what comes after it */
    OCORS_SECTION_DIRECTORY /* a directory: the URL path below it */
} ocors_section_kind_t;

/* OcapiCorsSettings, OcapiCorsSettingsTree: a list of documents, or a tree. */
typedef struct ocors_documents_t {
    ocors_list_t list;
    ocors_section_kind_t kind; /* of the section that names it, and so what M1's "own path" is */
    const char *path;          /* of that section */
} ocors_documents_t;

/* OcapiCorsClientId: the sources in order, with empty values. */
typedef struct ocors_sources_t {
    const ocors_source_t *items;
    size_t count;
} ocors_sources_t;

/* The most sources of a section. */
#define OCORS_SOURCES_MAX 8

/* OcapiCorsSite. */
typedef struct ocors_site_t {
    const char *name; /* NULL: no site is named */
    uint64_t word;    /* OCORS_COUNTING_WORD(); ocors_config_count_sites() sets it */
} ocors_site_t;

/* The site of sections that name none. */
extern const ocors_site_t ocors_site_none;

/* OcapiCorsSelfOrigin. */
typedef struct ocors_self_t {
    bool is_off;
    bool takes_asked;           /* `Asked`: any asked host counts as a configured name */
    const ocors_span_t *listed; /* origins in addition to the virtual host's own */
    size_t listed_count;
} ocors_self_t;

/* OcapiCorsExposeHeaders. */
typedef struct ocors_expose_t {
    const char *names; /* "location,x-dw-version-status"; "": none */
    bool has_backend;  /* the backend's names are added */
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
 * The members of a section, listed once: type, name, the value for "not named here". Creation sets
 * each member to that value. Merging takes the inner section's member unless it has that value.
 */
#define OCORS_CONFIG_MEMBERS(X)                                                                    \
    X(ocors_mode_t, mode, OCORS_MODE_UNSET)                                                        \
    X(const ocors_documents_t *, documents, NULL)                                                  \
    X(const ocors_site_t *, site, &ocors_site_none)                                                \
    X(const ocors_sources_t *, sources, NULL)                                                      \
    X(const ocors_self_t *, self, NULL)                                                            \
    X(const ocors_fallback_t *, fallback, NULL)                                                    \
    X(const ocors_grantable_t *, grantable, NULL)                                                  \
    X(const ocors_expose_t *, expose, NULL)                                                        \
    X(const char *, max_age, NULL)                                                                 \
    X(int, has_credentials, -1)                                                                    \
    X(int, explains, -1)

typedef struct ocors_config_t {
#define OCORS_CONFIG_MEMBER(type, name, unset) type name;
    OCORS_CONFIG_MEMBERS(OCORS_CONFIG_MEMBER)
#undef OCORS_CONFIG_MEMBER
} ocors_config_t;

/* The functions of the module record. */
void *ocors_config_create(apr_pool_t *pool, char *path);
void *ocors_config_merge(apr_pool_t *pool, void *outer_config, void *inner_config);

/* Whether all members of two sections are equal. */
bool ocors_config_is_equal(const ocors_config_t *one, const ocors_config_t *other);

/*
 * The notes of one reading of the configuration. ocors_config_begin() clears them (pre_config), the
 * directives add to them, ocors_config_check() judges them (check_config; OK or an HTTP status). It
 * refuses an `OcapiCors On` that no document can reach, and directives of ours in <Limit> and
 * <LimitExcept>: there they would hold for every method.
 */
void ocors_config_begin(apr_pool_t *pool);
void ocors_config_note_site(ocors_site_t *site);
void ocors_config_note_activation(const cmd_parms *cmd, const ocors_config_t *section);
void ocors_config_note_documents(const cmd_parms *cmd, const ocors_config_t *section);
void ocors_config_note_explanation(const cmd_parms *cmd, const ocors_config_t *section);
int ocors_config_check(apr_pool_t *pool, server_rec *server);

/*
 * Whether a mode holds anywhere in a virtual host: in the host itself, in one of its sections, or
 * in a section of the main server, which holds in every virtual host.
 */
bool ocors_config_has_mode(const server_rec *server, const server_rec *main_server,
                           ocors_mode_t mode);

/* What this reading of the configuration says of documents; the directives write to it. */
ocors_lists_t *ocors_config_lists(void);

/* In post_config: gives the sites of the configuration their rows in the counters. */
void ocors_config_count_sites(void);

/* OcapiCorsClientId and OcapiCorsSelfOrigin of a merged section, with their defaults. */
extern const ocors_sources_t ocors_config_default_sources;
extern const ocors_self_t ocors_config_default_self;

static inline const ocors_sources_t *ocors_config_sources(const ocors_config_t *config)
{
    return config->sources != NULL ? config->sources : &ocors_config_default_sources;
}

static inline const ocors_self_t *ocors_config_self(const ocors_config_t *config)
{
    return config->self != NULL ? config->self : &ocors_config_default_self;
}

/* The id of OcapiCorsSite of a merged section; empty: it names none (C5). */
static inline ocors_span_t ocors_config_site(const ocors_config_t *config)
{
    return ocors_span_from_string(config->site->name);
}

/* Whether responses say what was decided, and why (OcapiCorsExplain). */
static inline bool ocors_config_explains(const ocors_config_t *config)
{
    return config->explains == 1;
}

/* In post_config, and at the end of a configuration test: warns of each OcapiCorsExplain On. */
void ocors_config_warn_of_explanations(server_rec *server);

/* The kind of the section that holds a directive. */
ocors_section_kind_t ocors_config_section_kind(const cmd_parms *cmd);

/* The names of OcapiCorsExposeHeaders, and whether the backend's are added to them. */
static inline const char *ocors_config_exposed(const ocors_config_t *config)
{
    return config->expose != NULL ? config->expose->names
                                  : ocors_header_policy_default.expose_headers;
}

static inline bool ocors_config_exposes_backend(const ocors_config_t *config)
{
    return config->expose != NULL && config->expose->has_backend;
}

/* OcapiCorsCredentials. */
static inline bool ocors_config_has_credentials(const ocors_config_t *config)
{
    return config->has_credentials != 0;
}

/* What a merged section says of headers, with its defaults. */
ocors_header_policy_t ocors_config_header_policy(const ocors_config_t *config);

#endif
