/* SPDX-License-Identifier: Apache-2.0 */
/* The directives: parsed, judged, merged. Owns nothing that outlives the configuration pool. */

#include "ocors_config.h"

#include <apr_fnmatch.h>
#include <apr_strings.h>
#include <http_core.h>
#include <http_log.h>

#include "messages.h"
#include "ocors_load.h"

APLOG_USE_MODULE(ocapi_cors);

#define MAX_AGE_LIMIT 86400

/* An `OcapiCors On` or `ReportOnly`, to be held against the documents once all is read. */
typedef struct activation_t {
    const server_rec *server;
    const ocors_config_t *section;
    const char *file;
    int line;
} activation_t;

/* What one reading of the configuration noted; begun anew by ocors_config_begin(). */
static apr_array_header_t *activations;  /* of activation_t */
static apr_array_header_t *documented;   /* of const server_rec *: servers that name documents */
static bool has_late_sections;

static const ocors_fallback_t default_fallback = {
    .methods = OCORS_METHOD_GET | OCORS_METHOD_HEAD | OCORS_METHOD_POST | OCORS_METHOD_PUT
               | OCORS_METHOD_PATCH | OCORS_METHOD_DELETE,
    .extensions = "",
};

void *ocors_config_create(apr_pool_t *pool, char *path)
{
    ocors_config_t *config = apr_palloc(pool, sizeof(*config));

    (void)path;
#define CREATE_MEMBER(type, name, unset) config->name = (unset);
    OCORS_CONFIG_MEMBERS(CREATE_MEMBER)
#undef CREATE_MEMBER
    return config;
}

void *ocors_config_merge(apr_pool_t *pool, void *outer_config, void *inner_config)
{
    const ocors_config_t *outer = outer_config, *inner = inner_config;
    ocors_config_t *config = apr_palloc(pool, sizeof(*config));

#define MERGE_MEMBER(type, name, unset)                                                           \
    config->name = inner->name != (unset) ? inner->name : outer->name;
    OCORS_CONFIG_MEMBERS(MERGE_MEMBER)
#undef MERGE_MEMBER
    return config;
}

void ocors_config_begin(apr_pool_t *pool)
{
    activations = apr_array_make(pool, 4, sizeof(activation_t));
    documented = apr_array_make(pool, 4, sizeof(const server_rec *));
    has_late_sections = false;
}

bool ocors_config_has_late_sections(void)
{
    return has_late_sections;
}

/* The innermost section that a directive stands in, or NULL for the server. */
static const ap_directive_t *section_of(const cmd_parms *cmd)
{
    return cmd->directive != NULL ? cmd->directive->parent : NULL;
}

static bool section_is(const ap_directive_t *section, const char *name)
{
    return section != NULL && ap_cstr_casecmp(section->directive, name) == 0;
}

/* Notes whether the directive stands where only a mapped file, or an expression, decides. */
static void note_section(const cmd_parms *cmd)
{
    for (const ap_directive_t *section = section_of(cmd); section != NULL;
         section = section->parent) {
        if (!section_is(section, "<Location") && !section_is(section, "<LocationMatch")
            && !section_is(section, "<VirtualHost")) {
            has_late_sections = true;
        }
    }
}

/* M1: whether the section's own path is a plain prefix, and of what. */
static ocors_section_kind_t section_kind(const cmd_parms *cmd)
{
    const ap_directive_t *section = section_of(cmd);

    if (section == NULL || cmd->path == NULL || section->args == NULL || section->args[0] == '~'
        || apr_fnmatch_test(cmd->path)) {
        return OCORS_SECTION_OTHER;
    }
    if (section_is(section, "<Location")) {
        return OCORS_SECTION_LOCATION;
    }
    return section_is(section, "<Directory") ? OCORS_SECTION_DIRECTORY : OCORS_SECTION_OTHER;
}

static const char *set_mode(cmd_parms *cmd, void *section, const char *argument)
{
    ocors_config_t *config = section;

    note_section(cmd);
    if (ap_cstr_casecmp(argument, "Off") == 0) {
        config->mode = OCORS_MODE_OFF;
        return NULL;
    }
    if (ap_cstr_casecmp(argument, "On") == 0) {
        config->mode = OCORS_MODE_ON;
    }
    else if (ap_cstr_casecmp(argument, "ReportOnly") == 0) {
        config->mode = OCORS_MODE_REPORT_ONLY;
    }
    else {
        return apr_psprintf(cmd->pool, "%s: '%s' is none of On, Off and ReportOnly", cmd->cmd->name,
                            argument);
    }
    APR_ARRAY_PUSH(activations, activation_t) = (activation_t){
        .server = cmd->server,
        .section = config,
        .file = cmd->directive->filename,
        .line = cmd->directive->line_num,
    };
    return NULL;
}

/*
 * httpd prints what a directive returns as one line. A single error is that line; several are
 * written before it, a line each.
 */
static const char *say_errors(cmd_parms *cmd, const apr_array_header_t *errors)
{
    if (errors->nelts == 1) {
        return apr_pstrcat(cmd->pool, cmd->cmd->name, ": ", APR_ARRAY_IDX(errors, 0, const char *),
                           NULL);
    }
    for (int i = 0; i < errors->nelts; i++) {
        ap_log_error(APLOG_MARK, APLOG_STARTUP | APLOG_ERR, 0, cmd->server, "%s: %s",
                     cmd->cmd->name, APR_ARRAY_IDX(errors, i, const char *));
    }
    return apr_psprintf(cmd->pool, "%s: the documents have %d errors, each named above",
                        cmd->cmd->name, errors->nelts);
}

static const char *set_settings(cmd_parms *cmd, void *section, int argc, char *const argv[])
{
    ocors_config_t *config = section;
    ocors_documents_t *documents = apr_pcalloc(cmd->pool, sizeof(*documents));
    const char *paths[OCORS_POLICY_LAYERS_MAX];
    const apr_array_header_t *errors;

    note_section(cmd);
    if (argc < 1 || argc > OCORS_POLICY_LAYERS_MAX) {
        return apr_psprintf(cmd->pool, "%s: needs 1 to %d documents, later ones layered over "
                            "earlier ones", cmd->cmd->name, OCORS_POLICY_LAYERS_MAX);
    }
    if (config->documents != NULL) {
        return apr_psprintf(cmd->pool, "%s: given twice in one section; name all documents of the "
                            "section in one directive, later ones are layered over earlier ones",
                            cmd->cmd->name);
    }
    for (int i = 0; i < argc; i++) {
        paths[i] = ap_server_root_relative(cmd->pool, argv[i]);
        if (paths[i] == NULL) {
            return apr_psprintf(cmd->pool, "%s: '%s' is no path of a file", cmd->cmd->name,
                                argv[i]);
        }
    }
    errors = ocors_load_policy(cmd->pool, paths, (uint32_t)argc, &documents->policy);
    if (errors != NULL) {
        return say_errors(cmd, errors);
    }
    documents->kind = section_kind(cmd);
    documents->path = documents->kind == OCORS_SECTION_OTHER ? "" : cmd->path;
    config->documents = documents;
    APR_ARRAY_PUSH(documented, const server_rec *) = cmd->server;
    return NULL;
}

/* Refuses what no list of ours may hold: no token, or the '*' that is not supported. */
static const char *check_token(cmd_parms *cmd, const char *token, const char *kind)
{
    if (strcmp(token, "*") == 0) {
        return apr_psprintf(cmd->pool, "%s: the '*' wildcard is not supported; name each %s",
                            cmd->cmd->name, kind);
    }
    if (!ocors_token_is_valid(ocors_span_from_string(token))) {
        return apr_psprintf(cmd->pool, "%s: '%s' is no %s: letters, digits and !#$%%&'*+-.^_`|~ "
                            "only", cmd->cmd->name, token, kind);
    }
    return NULL;
}

static const char *set_methods(cmd_parms *cmd, void *section, int argc, char *const argv[])
{
    static const char *const never[] = { "CONNECT", "TRACE", "TRACK" };
    ocors_config_t *config = section;
    ocors_fallback_t *fallback = apr_pcalloc(cmd->pool, sizeof(*fallback));

    note_section(cmd);
    if (argc < 1) {
        return apr_psprintf(cmd->pool, "%s: needs at least one method", cmd->cmd->name);
    }
    fallback->extensions = "";
    for (int i = 0; i < argc; i++) {
        const ocors_methods_t method = ocors_method_parse_nocase(ocors_span_from_string(argv[i]));
        const char *error = check_token(cmd, argv[i], "method");

        if (error != NULL) {
            return error;
        }
        for (size_t k = 0; k < sizeof(never) / sizeof(never[0]); k++) {
            if (ap_cstr_casecmp(argv[i], never[k]) == 0) {
                return apr_psprintf(cmd->pool, "%s: browsers never send %s to another origin; it "
                                    "cannot be listed", cmd->cmd->name, never[k]);
            }
        }
        fallback->methods |= method;
        if (method == 0) {
            fallback->extensions = apr_pstrcat(cmd->pool, fallback->extensions, ", ", argv[i],
                                               NULL);
        }
    }
    config->fallback = fallback;
    return NULL;
}

static const char *set_expose_headers(cmd_parms *cmd, void *section, int argc, char *const argv[])
{
    ocors_config_t *config = section;
    const char *list = "";

    note_section(cmd);
    if (argc < 1) {
        return apr_psprintf(cmd->pool, "%s: needs header names, or 'None'", cmd->cmd->name);
    }
    for (int i = 0; i < argc && (argc > 1 || ap_cstr_casecmp(argv[0], "None") != 0); i++) {
        const char *error = check_token(cmd, argv[i], "header name");

        if (error != NULL) {
            return error;
        }
        list = apr_pstrcat(cmd->pool, list, i > 0 ? "," : "", argv[i], NULL);
    }
    config->expose_headers = list;
    return NULL;
}

static const char *set_allow_headers(cmd_parms *cmd, void *section, int argc, char *const argv[])
{
    ocors_config_t *config = section;
    ocors_grantable_t *grantable = apr_pcalloc(cmd->pool, sizeof(*grantable));
    ocors_span_t *names;

    note_section(cmd);
    if (argc < 1) {
        return apr_psprintf(cmd->pool, "%s: needs 'Requested', or the header names that may be "
                            "granted", cmd->cmd->name);
    }
    config->grantable = grantable;
    if (argc == 1 && ap_cstr_casecmp(argv[0], "Requested") == 0) {
        return NULL;
    }
    names = apr_palloc(cmd->pool, (apr_size_t)argc * sizeof(*names));
    for (int i = 0; i < argc; i++) {
        const char *error = check_token(cmd, argv[i], "header name");

        if (error != NULL) {
            return error;
        }
        names[i] = ocors_span_from_string(apr_pstrdup(cmd->pool, argv[i]));
    }
    grantable->names = names;
    grantable->count = (size_t)argc;
    return NULL;
}

static const char *set_credentials(cmd_parms *cmd, void *section, int flag)
{
    ocors_config_t *config = section;

    note_section(cmd);
    config->has_credentials = flag != 0;
    return NULL;
}

static const char *set_max_age(cmd_parms *cmd, void *section, const char *argument)
{
    ocors_config_t *config = section;
    const size_t length = strlen(argument);

    note_section(cmd);
    if (length == 0 || length > 5 || strspn(argument, "0123456789") != length
        || apr_atoi64(argument) > MAX_AGE_LIMIT) {
        return apr_psprintf(cmd->pool, "%s: '%s' is no number of seconds from 0 to %d",
                            cmd->cmd->name, argument, MAX_AGE_LIMIT);
    }
    config->max_age = apr_psprintf(cmd->pool, "%" APR_INT64_T_FMT, apr_atoi64(argument));
    return NULL;
}

/* Servers, hosts and sections; not .htaccess, where a worker would read documents. */
#define EVERY_SECTION (RSRC_CONF | ACCESS_CONF)

const command_rec ocors_config_directives[] = {
    AP_INIT_TAKE1("OcapiCors", set_mode, NULL, EVERY_SECTION,
                  "On, Off, or ReportOnly: judge and log, touch nothing"),
    AP_INIT_TAKE_ARGV("OcapiCorsSettings", set_settings, NULL, EVERY_SECTION,
                      "settings documents, later ones layered over earlier ones"),
    AP_INIT_TAKE_ARGV("OcapiCorsMethods", set_methods, NULL, EVERY_SECTION,
                      "the methods of what no `resources` entry names"),
    AP_INIT_TAKE_ARGV("OcapiCorsExposeHeaders", set_expose_headers, NULL, EVERY_SECTION,
                      "None, or the response headers that scripts may read"),
    AP_INIT_FLAG("OcapiCorsCredentials", set_credentials, NULL, EVERY_SECTION,
                 "whether cookies and authentication may be sent"),
    AP_INIT_TAKE1("OcapiCorsMaxAge", set_max_age, NULL, EVERY_SECTION,
                  "seconds for which a browser may keep a preflight's answer, 0 to 86400"),
    AP_INIT_TAKE_ARGV("OcapiCorsAllowHeaders", set_allow_headers, NULL, EVERY_SECTION,
                      "Requested, or the request headers that may be granted"),
    { NULL, { NULL }, NULL, 0, RAW_ARGS, NULL },
};

/* Whether a section can have documents: its own, or those of the server around it. */
static bool activation_has_documents(const activation_t *activation, const server_rec *main_server)
{
    if (activation->section->documents != NULL) {
        return true;
    }
    for (int i = 0; i < documented->nelts; i++) {
        const server_rec *server = APR_ARRAY_IDX(documented, i, const server_rec *);

        if (server == activation->server || server == main_server) {
            return true;
        }
    }
    return false;
}

int ocors_config_check(server_rec *server)
{
    int status = OK;

    for (int i = 0; i < activations->nelts; i++) {
        const activation_t *activation = &APR_ARRAY_IDX(activations, i, activation_t);

        if (!activation_has_documents(activation, server)) {
            ap_log_error(APLOG_MARK, APLOG_EMERG, 0, server, OCORS_LOG_NO_DOCUMENTS
                         "%s:%d: OcapiCors is on, but no OcapiCorsSettings names the documents "
                         "to judge by", activation->file, activation->line);
            status = HTTP_INTERNAL_SERVER_ERROR;
        }
    }
    if (ap_state_query(AP_SQ_RUN_MODE) == AP_SQ_RM_CONFIG_TEST) {
        ocors_load_log(server); /* post_config, which does it otherwise, is not coming */
    }
    return status;
}

ocors_header_policy_t ocors_config_header_policy(const ocors_config_t *config)
{
    const ocors_fallback_t *fallback = config->fallback != NULL ? config->fallback
                                                                : &default_fallback;

    return (ocors_header_policy_t){
        .expose_headers = config->expose_headers != NULL ? config->expose_headers
                                                         : "location,x-dw-version-status",
        .has_credentials = config->has_credentials != 0,
        .max_age = config->max_age != NULL ? config->max_age : "86400",
        .grantable = config->grantable != NULL ? config->grantable->names : NULL,
        .grantable_count = config->grantable != NULL ? config->grantable->count : 0,
        .fallback_methods = fallback->methods,
        .fallback_extensions = fallback->extensions,
    };
}
