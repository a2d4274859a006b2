/* SPDX-License-Identifier: Apache-2.0 */
/* The directives: each reads its arguments, or says what is wrong with them. Owns nothing. */

#include "ocors_directives.h"

#include <apr_strings.h>

#include "ocors_arguments.h"
#include "ocors_config.h"
#include "ocors_digest.h"
#include "ocors_directives_global.h"
#include "ocors_origin_advice.h"
#include "ocors_policy.h"

#define MAX_AGE_LIMIT 86400

static const char *set_mode(cmd_parms *cmd, void *section, const char *argument)
{
    ocors_config_t *config = section;

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
        return apr_psprintf(cmd->pool, "%s: must be On, Off or ReportOnly, not '%s'",
                            cmd->cmd->name, argument);
    }
    ocors_config_note_activation(cmd, config);
    return NULL;
}

/*
 * Gives the section its documents, unless it has some. This names them and does not open them: an
 * error in a document must not stop a signal (ocors_reload.h).
 */
static const char *set_documents(cmd_parms *cmd, ocors_config_t *config, bool is_tree,
                                 char *const names[], uint32_t count)
{
    ocors_documents_t *documents = apr_pcalloc(cmd->pool, sizeof(*documents));
    const char **paths = apr_palloc(cmd->pool, count * sizeof(*paths));
    const char *text = is_tree ? "tree" : "list";

    if (config->documents != NULL) {
        return apr_psprintf(cmd->pool,
                            "%s: this section already has documents; name all of them in one "
                            "OcapiCorsSettings (later ones are layered over earlier ones), or "
                            "name one OcapiCorsSettingsTree",
                            cmd->cmd->name);
    }
    for (uint32_t i = 0; i < count; i++) {
        paths[i] = ap_server_root_relative(cmd->pool, names[i]);
        if (paths[i] == NULL) {
            return apr_psprintf(cmd->pool, "%s: '%s' is not a valid path of a %s", cmd->cmd->name,
                                names[i], is_tree ? "directory" : "file");
        }
        text = apr_pstrcat(cmd->temp_pool, text, "\n", paths[i], NULL);
    }
    documents->list.is_tree = is_tree;
    documents->list.paths = paths;
    documents->list.path_count = count;
    documents->list.where = apr_psprintf(cmd->pool, "%s:%d: %s", cmd->directive->filename,
                                         cmd->directive->line_num, cmd->cmd->name);
    documents->list.key = ocors_digest_key(cmd->temp_pool, ocors_span_from_string(text));
    documents->kind = ocors_config_section_kind(cmd);
    documents->path = cmd->path != NULL ? cmd->path : "";
    config->documents = documents;
    ocors_config_note_documents(cmd, config);
    return NULL;
}

static const char *set_settings(cmd_parms *cmd, void *section, int argc, char *const argv[])
{
    if (argc < 1 || argc > OCORS_POLICY_LAYERS_MAX) {
        return apr_psprintf(cmd->pool,
                            "%s: needs 1 to %d documents, later ones layered over "
                            "earlier ones",
                            cmd->cmd->name, OCORS_POLICY_LAYERS_MAX);
    }
    return set_documents(cmd, section, false, argv, (uint32_t)argc);
}

static const char *set_settings_tree(cmd_parms *cmd, void *section, const char *argument)
{
    char *const directory = apr_pstrdup(cmd->pool, argument);

    return set_documents(cmd, section, true, &directory, 1);
}

static const char *set_site(cmd_parms *cmd, void *section, const char *argument)
{
    ocors_config_t *config = section;
    ocors_site_t *site;

    if (argument[0] == '\0' || argument[0] == '.' || strchr(argument, '/') != NULL) {
        return apr_psprintf(cmd->pool,
                            "%s: '%s' is not a valid site id; it has no '/' and does not begin "
                            "with '.'",
                            cmd->cmd->name, argument);
    }
    site = apr_pcalloc(cmd->pool, sizeof(*site));
    site->name = argument;
    ocors_config_note_site(site);
    config->site = site;
    return NULL;
}

/* Methods in any number and any case; in upper case from here on, as all of ours and Fetch's are.
 */
static const char *set_methods(cmd_parms *cmd, void *section, int argc, char *const argv[])
{
    static const char *const never[] = { "CONNECT", "TRACE", "TRACK" };
    ocors_config_t *config = section;
    ocors_fallback_t *fallback = apr_pcalloc(cmd->pool, sizeof(*fallback));

    if (argc < 1) {
        return apr_psprintf(cmd->pool, "%s: needs methods, or 'None'", cmd->cmd->name);
    }
    fallback->extensions = "";
    for (int i = 0; i < argc && !ocors_argument_is_none(argc, argv); i++) {
        const ocors_methods_t method = ocors_method_parse_nocase(ocors_span_from_string(argv[i]));
        const char *error = ocors_argument_check_token(cmd, argv[i], "method", NULL);

        if (error != NULL) {
            return error;
        }
        for (size_t k = 0; k < sizeof(never) / sizeof(never[0]); k++) {
            if (ap_cstr_casecmp(argv[i], never[k]) == 0) {
                return apr_psprintf(cmd->pool,
                                    "%s: %s cannot be listed; browsers never send it to another "
                                    "origin",
                                    cmd->cmd->name, never[k]);
            }
        }
        fallback->methods |= method;
        if (method == 0) {
            fallback->extensions = apr_pstrcat(cmd->pool, fallback->extensions, ", ",
                                               ocors_argument_upper(cmd, argv[i]), NULL);
        }
    }
    config->fallback = fallback;
    return NULL;
}

/* Names in any number, and the keyword Backend for those that the backend names; or None. */
static const char *set_expose_headers(cmd_parms *cmd, void *section, int argc, char *const argv[])
{
    ocors_config_t *config = section;
    ocors_expose_t *expose = apr_pcalloc(cmd->pool, sizeof(*expose));

    if (argc < 1) {
        return apr_psprintf(cmd->pool, "%s: needs header names, 'Backend', or 'None'",
                            cmd->cmd->name);
    }
    expose->names = "";
    for (int i = 0; i < argc && !ocors_argument_is_none(argc, argv); i++) {
        const char *error = ocors_argument_check_exposed(cmd, argv[i]);

        if (error != NULL) {
            return error;
        }
        if (ap_cstr_casecmp(argv[i], "Backend") == 0) {
            expose->has_backend = true;
            continue;
        }
        expose->names = apr_pstrcat(cmd->pool, expose->names, expose->names[0] != '\0' ? "," : "",
                                    argv[i], NULL);
    }
    config->expose = expose;
    return NULL;
}

/* Requested, None, or names in any number. */
static const char *set_allow_headers(cmd_parms *cmd, void *section, int argc, char *const argv[])
{
    ocors_config_t *config = section;
    ocors_grantable_t *grantable = apr_pcalloc(cmd->pool, sizeof(*grantable));
    ocors_span_t *names;

    if (argc < 1) {
        return apr_psprintf(cmd->pool, "%s: needs header names, 'Requested', or 'None'",
                            cmd->cmd->name);
    }
    config->grantable = grantable;
    if (argc == 1 && ap_cstr_casecmp(argv[0], "Requested") == 0) {
        return NULL;
    }
    names = apr_palloc(cmd->pool, (apr_size_t)argc * sizeof(*names));
    grantable->names = names;
    if (ocors_argument_is_none(argc, argv)) {
        return NULL;
    }
    for (int i = 0; i < argc; i++) {
        const char *error = ocors_argument_check_granted(cmd, argv[i]);

        if (error != NULL) {
            return error;
        }
        names[i] = ocors_span_from_string(apr_pstrdup(cmd->pool, argv[i]));
    }
    grantable->count = (size_t)argc;
    return NULL;
}

static const char *set_client_id(cmd_parms *cmd, void *section, int argc, char *const argv[])
{
    ocors_config_t *config = section;
    ocors_sources_t *sources = apr_pcalloc(cmd->pool, sizeof(*sources));
    ocors_source_t *items = apr_pcalloc(cmd->pool, OCORS_SOURCES_MAX * sizeof(*items));

    if (argc < 1 || argc > OCORS_SOURCES_MAX) {
        return apr_psprintf(cmd->pool,
                            "%s: needs 1 to %d sources in order, such as bearer:iss "
                            "query:client_id header:x-dw-client-id, or 'None'",
                            cmd->cmd->name, OCORS_SOURCES_MAX);
    }
    config->sources = sources;
    if (ocors_argument_is_none(argc, argv)) {
        return NULL; /* no source: no request names a client */
    }
    for (int i = 0; i < argc; i++) {
        const char *error = ocors_argument_parse_source(cmd, argv[i], &items[i]);

        if (error != NULL) {
            return error;
        }
    }
    sources->items = items;
    sources->count = (size_t)argc;
    return NULL;
}

static const char *set_self_origin(cmd_parms *cmd, void *section, int argc, char *const argv[])
{
    ocors_config_t *config = section;
    ocors_self_t *self = apr_pcalloc(cmd->pool, sizeof(*self));
    ocors_span_t *listed;

    if (argc < 1) {
        return apr_psprintf(cmd->pool,
                            "%s: needs On, Off, Asked, or origins to add to the virtual "
                            "host's own",
                            cmd->cmd->name);
    }
    config->self = self;
    self->is_off = argc == 1 && ap_cstr_casecmp(argv[0], "Off") == 0;
    self->takes_asked = argc == 1 && ap_cstr_casecmp(argv[0], "Asked") == 0;
    if (self->is_off || self->takes_asked || (argc == 1 && ap_cstr_casecmp(argv[0], "On") == 0)) {
        return NULL;
    }
    listed = apr_pcalloc(cmd->pool, (apr_size_t)argc * sizeof(*listed));
    for (int i = 0; i < argc; i++) {
        ocors_origin_t origin;
        const ocors_origin_result_t result = ocors_origin_canonicalise(
            ocors_span_from_string(argv[i]), &origin);

        if (result != OCORS_ORIGIN_OK) {
            ocors_advice_t advice;

            ocors_origin_advise(ocors_span_from_string(argv[i]), result, &advice);
            return apr_psprintf(cmd->pool, "%s: '%s': %s", cmd->cmd->name, argv[i], advice.text);
        }
        listed[i] = ocors_span_make(apr_pstrmemdup(cmd->pool, origin.bytes, origin.length),
                                    origin.length);
    }
    self->listed = listed;
    self->listed_count = (size_t)argc;
    return NULL;
}

static const char *set_max_age(cmd_parms *cmd, void *section, const char *argument)
{
    ocors_config_t *config = section;
    const size_t length = strlen(argument);

    if (length == 0 || length > 5 || strspn(argument, "0123456789") != length
        || apr_atoi64(argument) > MAX_AGE_LIMIT) {
        return apr_psprintf(cmd->pool, "%s: must be a number of seconds from 0 to %d, not '%s'",
                            cmd->cmd->name, MAX_AGE_LIMIT, argument);
    }
    config->max_age = apr_psprintf(cmd->pool, "%" APR_INT64_T_FMT, apr_atoi64(argument));
    return NULL;
}

static const char *set_explain(cmd_parms *cmd, void *section, int is_on)
{
    ocors_config_t *config = section;

    config->explains = is_on != 0;
    ocors_config_note_explanation(cmd, config);
    return NULL;
}

/* Servers, hosts and sections; not .htaccess, where a worker would read documents. */
#define EVERY_SECTION (RSRC_CONF | ACCESS_CONF)

const command_rec ocors_directives[] = {
    AP_INIT_TAKE1("OcapiCors", set_mode, NULL, EVERY_SECTION,
                  "On, Off, or ReportOnly: judge and log, change nothing"),
    AP_INIT_TAKE_ARGV("OcapiCorsSettings", set_settings, NULL, EVERY_SECTION,
                      "settings documents, later ones layered over earlier ones"),
    AP_INIT_TAKE1("OcapiCorsSettingsTree", set_settings_tree, NULL, EVERY_SECTION,
                  "a directory of settings documents in the layout of a site archive"),
    AP_INIT_TAKE1("OcapiCorsSite", set_site, NULL, EVERY_SECTION,
                  "the site, where the URL does not name it"),
    AP_INIT_TAKE_ARGV(
        "OcapiCorsClientId", set_client_id, NULL, EVERY_SECTION,
        "None, or where clients are named, in order: bearer:CLAIM, query:NAME, header:NAME"),
    AP_INIT_TAKE_ARGV("OcapiCorsSelfOrigin", set_self_origin, NULL, EVERY_SECTION,
                      "On, Off, Asked, or origins to add to the virtual host's own"),
    AP_INIT_TAKE_ARGV("OcapiCorsMethods", set_methods, NULL, EVERY_SECTION,
                      "the methods of a path that no `resources` entry names, or None"),
    AP_INIT_TAKE_ARGV(
        "OcapiCorsExposeHeaders", set_expose_headers, NULL, EVERY_SECTION,
        "None, or the response headers that scripts may read; Backend adds the backend's"),
    AP_INIT_FLAG("OcapiCorsCredentials", ap_set_flag_slot,
                 (void *)APR_OFFSETOF(ocors_config_t, has_credentials), EVERY_SECTION,
                 "whether cookies and authentication may be sent"),
    AP_INIT_TAKE1("OcapiCorsMaxAge", set_max_age, NULL, EVERY_SECTION,
                  "seconds for which a browser may keep a preflight's answer, 0 to 86400"),
    AP_INIT_TAKE_ARGV("OcapiCorsAllowHeaders", set_allow_headers, NULL, EVERY_SECTION,
                      "Requested, None, or the request headers that may be granted; a JSON body "
                      "needs Content-Type"),
    AP_INIT_FLAG("OcapiCorsExplain", set_explain, NULL, EVERY_SECTION,
                 "whether each response says what was decided, and why; for staging"),
    AP_INIT_TAKE1("OcapiCorsReload", ocors_directive_set_reload, NULL, RSRC_CONF,
                  "how often changed documents are looked for, or Off"),
    AP_INIT_TAKE1("OcapiCorsCacheSize", ocors_directive_set_cache_size, NULL, RSRC_CONF,
                  "bytes of shared memory for the policies, or Auto"),
    AP_INIT_TAKE1("OcapiCorsBadDocument", ocors_directive_set_bad_document, NULL, RSRC_CONF,
                  "Refuse to start with a document that cannot be used, or Deny: its policy "
                  "allows nothing"),
    { NULL, { NULL }, NULL, 0, RAW_ARGS, NULL },
};
