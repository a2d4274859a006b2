/* SPDX-License-Identifier: Apache-2.0 */
/* Sections: created, merged, compared. Owns the notes of one reading of the configuration. */

#include "ocors_config.h"

#include <apr_fnmatch.h>
#include <apr_strings.h>
#include <http_core.h>
#include <http_log.h>

#include "ocors_counting.h"
#include "ocors_hash.h"
#include "ocors_messages.h"
#include "ocors_survey.h"

APLOG_USE_MODULE(ocapi_cors);

#define RELOAD_DEFAULT apr_time_from_sec(5)

/* A place of the configuration with `OcapiCors On` or `ReportOnly`, or with documents. */
typedef struct occurrence_t {
    const server_rec *server;
    const ocors_config_t *section;
    ocors_section_kind_t kind;
    const char *path;
    const char *file;
    int line;
} occurrence_t;

/* The notes of one reading of the configuration; ocors_config_begin() clears them. */
static apr_array_header_t *activations; /* of occurrence_t */
static apr_array_header_t *documented;  /* of occurrence_t */
static apr_array_header_t *sites;       /* of ocors_site_t * */
static apr_array_header_t *explained;   /* of const ap_directive_t * */
static ocors_lists_t lists;

const ocors_site_t ocors_site_none = {
    .name = NULL,
    .word = OCORS_COUNTING_WORD(OCORS_COUNTING_NONE, 0),
};

const ocors_sources_t ocors_config_default_sources = {
    .items = ocors_sources_default,
    .count = OCORS_SOURCES_DEFAULT_COUNT,
};

const ocors_self_t ocors_config_default_self = { .is_off = false };

void *ocors_config_create(apr_pool_t *pool, char *path)
{
    ocors_config_t *config = apr_palloc(pool, sizeof(*config));

    (void)path;
#define CREATE_MEMBER(type, name, unset) config->name = (unset);
    OCORS_CONFIG_MEMBERS(CREATE_MEMBER)
#undef CREATE_MEMBER
    return config;
}

/* Whether a section has no directive of ours. */
static inline bool is_unset(const ocors_config_t *config)
{
    bool is_unset = true;

#define IS_UNSET(type, name, unset) is_unset = is_unset && config->name == (unset);
    OCORS_CONFIG_MEMBERS(IS_UNSET)
#undef IS_UNSET
    return is_unset;
}

void *ocors_config_merge(apr_pool_t *pool, void *outer_config, void *inner_config)
{
    const ocors_config_t *outer = outer_config, *inner = inner_config;
    ocors_config_t *config;

    /* Nothing changes a section that is read: it may be its own merger. */
    if (is_unset(inner)) {
        return outer_config;
    }
    if (is_unset(outer)) {
        return inner_config;
    }
    config = apr_palloc(pool, sizeof(*config));

#define MERGE_MEMBER(type, name, unset)                                                            \
    config->name = inner->name != (unset) ? inner->name : outer->name;
    OCORS_CONFIG_MEMBERS(MERGE_MEMBER)
#undef MERGE_MEMBER
    return config;
}

bool ocors_config_is_equal(const ocors_config_t *one, const ocors_config_t *other)
{
    bool is_equal = true;

    if (one == other) {
        return true;
    }
#define COMPARE_MEMBER(type, name, unset) is_equal = is_equal && one->name == other->name;
    OCORS_CONFIG_MEMBERS(COMPARE_MEMBER)
#undef COMPARE_MEMBER
    return is_equal;
}

void ocors_config_begin(apr_pool_t *pool)
{
    activations = apr_array_make(pool, 4, sizeof(occurrence_t));
    documented = apr_array_make(pool, 4, sizeof(occurrence_t));
    sites = apr_array_make(pool, 4, sizeof(ocors_site_t *));
    explained = apr_array_make(pool, 1, sizeof(const ap_directive_t *));
    lists = (ocors_lists_t){
        .lists = apr_array_make(pool, 4, sizeof(const ocors_list_t *)),
        .interval = RELOAD_DEFAULT,
    };
}

ocors_lists_t *ocors_config_lists(void)
{
    return &lists;
}

ocors_section_kind_t ocors_config_section_kind(const cmd_parms *cmd)
{
    const ap_directive_t *section = cmd->directive->parent;

    if (section == NULL || ap_cstr_casecmp(section->directive, "<VirtualHost") == 0) {
        return OCORS_SECTION_SERVER;
    }
    if (cmd->path == NULL || section->args == NULL || section->args[0] == '~'
        || apr_fnmatch_test(cmd->path)) {
        return OCORS_SECTION_OTHER;
    }
    if (ap_cstr_casecmp(section->directive, "<Location") == 0) {
        return OCORS_SECTION_LOCATION;
    }
    return ap_cstr_casecmp(section->directive, "<Directory") == 0 ? OCORS_SECTION_DIRECTORY
                                                                  : OCORS_SECTION_OTHER;
}

static occurrence_t occurrence_of(const cmd_parms *cmd, const ocors_config_t *section)
{
    return (occurrence_t){
        .server = cmd->server,
        .section = section,
        .kind = ocors_config_section_kind(cmd),
        .path = cmd->path != NULL ? cmd->path : "",
        .file = cmd->directive->filename,
        .line = cmd->directive->line_num,
    };
}

void ocors_config_note_site(ocors_site_t *site)
{
    APR_ARRAY_PUSH(sites, ocors_site_t *) = site;
}

void ocors_config_count_sites(void)
{
    for (int i = 0; i < sites->nelts; i++) {
        ocors_site_t *site = APR_ARRAY_IDX(sites, i, ocors_site_t *);

        const uint32_t row = ocors_counting_row(site->name);
        const uint64_t hash = ocors_hash(0, ocors_span_from_string(site->name));

        /* A site without a row is told apart by its name. */
        site->word = OCORS_COUNTING_WORD(row, row == OCORS_COUNTING_OTHER ? (uint32_t)hash : 0);
    }
}

void ocors_config_note_activation(const cmd_parms *cmd, const ocors_config_t *section)
{
    APR_ARRAY_PUSH(activations, occurrence_t) = occurrence_of(cmd, section);
}

void ocors_config_note_documents(const cmd_parms *cmd, const ocors_config_t *section)
{
    APR_ARRAY_PUSH(documented, occurrence_t) = occurrence_of(cmd, section);
    APR_ARRAY_PUSH(lists.lists, const ocors_list_t *) = &section->documents->list;
}

void ocors_config_note_explanation(const cmd_parms *cmd, const ocors_config_t *section)
{
    if (section->explains == 1) {
        APR_ARRAY_PUSH(explained, const ap_directive_t *) = cmd->directive;
    }
}

void ocors_config_warn_of_explanations(server_rec *server)
{
    for (int i = 0; i < explained->nelts; i++) {
        const ap_directive_t *directive = APR_ARRAY_IDX(explained, i, const ap_directive_t *);

        ap_log_error(APLOG_MARK, APLOG_WARNING, 0, server,
                     OCORS_LOG_EXPLAINS
                     "%s:%d: OcapiCorsExplain is on: every client is told what was decided, and "
                     "why; this is for staging only",
                     directive->filename, directive->line_num);
    }
}

/*
 * Whether documents of one place can hold in a section: those of a server hold in all its sections,
 * those of a <Location> in the ones below it. True if only a request can tell.
 */
static bool documents_reach(const occurrence_t *documents, const occurrence_t *section,
                            const server_rec *main_server)
{
    if (documents->server != section->server && documents->server != main_server
        && section->server != main_server) {
        return false;
    }
    if (documents->kind == OCORS_SECTION_LOCATION && section->kind == OCORS_SECTION_LOCATION) {
        const size_t length = strlen(documents->path);

        return strncmp(section->path, documents->path, length) == 0
               && (length == 0 || documents->path[length - 1] == '/' || section->path[length] == '/'
                   || section->path[length] == '\0');
    }
    return true;
}

static bool section_has_documents(const occurrence_t *section, const server_rec *main_server)
{
    for (int i = 0; i < documented->nelts; i++) {
        if (documents_reach(&APR_ARRAY_IDX(documented, i, occurrence_t), section, main_server)) {
            return true;
        }
    }
    return false;
}

int ocors_config_check(apr_pool_t *pool, server_rec *server)
{
    int status = OK;

    for (int i = 0; i < activations->nelts; i++) {
        const occurrence_t *section = &APR_ARRAY_IDX(activations, i, occurrence_t);

        if (!section_has_documents(section, server)) {
            ap_log_error(APLOG_MARK, APLOG_EMERG, 0, server,
                         OCORS_LOG_NO_DOCUMENTS
                         "%s:%d: OcapiCors is on, but no OcapiCorsSettings or "
                         "OcapiCorsSettingsTree names the documents to judge by",
                         section->file, section->line);
            status = HTTP_INTERNAL_SERVER_ERROR;
        }
    }
    if (ocors_survey_make(pool, server) > 0) {
        status = HTTP_INTERNAL_SERVER_ERROR;
    }
    return status;
}

bool ocors_config_has_mode(const server_rec *server, const server_rec *main_server,
                           ocors_mode_t mode)
{
    const ocors_config_t *whole = ap_get_module_config(server->lookup_defaults, &ocapi_cors_module);

    if (whole->mode == mode) {
        return true;
    }
    for (int i = 0; i < activations->nelts; i++) {
        const occurrence_t *occurrence = &APR_ARRAY_IDX(activations, i, occurrence_t);

        if (occurrence->section->mode == mode && occurrence->kind != OCORS_SECTION_SERVER
            && (occurrence->server == server || occurrence->server == main_server)) {
            return true;
        }
    }
    return false;
}

ocors_header_policy_t ocors_config_header_policy(const ocors_config_t *config)
{
    ocors_header_policy_t policy = ocors_header_policy_default;

    policy.expose_headers = ocors_config_exposed(config);
    policy.has_credentials = ocors_config_has_credentials(config);
    if (config->max_age != NULL) {
        policy.max_age = config->max_age;
    }
    if (config->grantable != NULL) {
        policy.grantable = config->grantable->names;
        policy.grantable_count = config->grantable->count;
    }
    if (config->fallback != NULL) {
        policy.fallback_methods = config->fallback->methods;
        policy.fallback_extensions = config->fallback->extensions;
    }
    return policy;
}
