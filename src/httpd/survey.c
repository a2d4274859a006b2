/* SPDX-License-Identifier: Apache-2.0 */
/* A survey of the whole configuration. Owns its result for the configuration in force. */

#include "ocors_survey.h"

#include <apr_strings.h>
#include <http_config.h>
#include <http_core.h>
#include <http_log.h>

#include "ocors_messages.h"

APLOG_USE_MODULE(ocapi_cors);

/* What a virtual host says, or the main server outside of virtual hosts. */
typedef struct host_t {
    const char *file; /* where the <VirtualHost> is; NULL: the main server */
    int line;
    bool has_late_section; /* a <Directory>, <Files>, <If> or the like with a directive of ours */
    bool rewrites;         /* a RewriteRule outside sections */
    bool inherits_rules;   /* RewriteOptions Inherit... */
    bool is_named;         /* a ServerName of its own */
} host_t;

typedef struct survey_t {
    const server_rec *main_server;
    apr_array_header_t *hosts; /* of host_t; the first is the main server */
    bool has_lua_hook;         /* a script may rewrite the paths of every virtual host */
    int limited;
} survey_t;

/* The position of the walk. */
typedef struct walk_t {
    survey_t *survey;
    int host;        /* index of the virtual host */
    bool in_section; /* in a section other than <VirtualHost> */
    bool is_early;   /* in no section other than <Location> */
    bool is_limited;
} walk_t;

static survey_t survey;
ocors_survey_shown_t ocors_survey_shown;
bool ocors_survey_has_cache;

/* Modules that pass the environment of a request to programs, which may read all of it. */
static const char *const environment_modules[] = {
    "mod_cgi.c",   "mod_cgid.c", "mod_proxy_fcgi.c", "mod_proxy_scgi.c", "mod_proxy_uwsgi.c",
    "mod_fcgid.c", "mod_php.c",  "mod_php7.c",       "mod_php5.c",       "mod_perl.c",
    "mod_wsgi.c",  "mod_lua.c",  "mod_include.c",    "mod_ext_filter.c", "mod_authnz_fcgi.c",
};

static bool directive_is(const ap_directive_t *directive, const char *name)
{
    return ap_cstr_casecmp(directive->directive, name) == 0;
}

static bool directive_begins(const ap_directive_t *directive, const char *prefix)
{
    return ap_cstr_casecmpn(directive->directive, prefix, strlen(prefix)) == 0;
}

/* Without case: the names of variables are in upper case. */
static bool has_text(const ap_directive_t *directive, const char *text)
{
    return directive->args != NULL && ap_strcasestr(directive->args, text) != NULL;
}

/* RewriteOptions Inherit, InheritBefore, InheritDown or InheritDownBefore among its words. */
static bool inherits_rules(const ap_directive_t *directive, apr_pool_t *pool)
{
    const char *words = directive->args;

    while (words != NULL && *words != '\0') {
        if (ap_cstr_casecmpn(ap_getword_conf(pool, &words), "Inherit", 7) == 0) {
            return directive_is(directive, "RewriteOptions");
        }
    }
    return false;
}

/* Whether .htaccess files, which are read later, may name our notes and variables. */
static bool allows_htaccess(const ap_directive_t *directive)
{
    return directive_begins(directive, "AllowOverride") && directive->args != NULL
           && ap_cstr_casecmp(directive->args, "None") != 0;
}

/* LogLevel, LogLevelOverride */
static bool sets_debug(const ap_directive_t *directive)
{
    return directive_begins(directive, "LogLevel")
           && (has_text(directive, "debug") || has_text(directive, "trace"));
}

static void note_shows(const ap_directive_t *directive)
{
    ocors_survey_shown_t *shown = &ocors_survey_shown;

    if (has_text(directive, "ocapi_cors_")) {
        shown->decisions = true;
        shown->reasons = shown->reasons || has_text(directive, "ocapi_cors_reason");
    }
    shown->each_logged = shown->each_logged || sets_debug(directive);
    shown->each_explained = shown->each_explained || directive_is(directive, "OcapiCorsExplain");
    if (allows_htaccess(directive)) {
        shown->decisions = shown->reasons = true;
    }
}

static host_t *host_at(int index)
{
    return &APR_ARRAY_IDX(survey.hosts, index, host_t);
}

static void note_directive(const ap_directive_t *directive, const walk_t *walk)
{
    host_t *host = host_at(walk->host);

    if (directive_begins(directive, "OcapiCors") && !walk->is_early) {
        host->has_late_section = true;
    }
    if (directive_is(directive, "RewriteRule") && !walk->in_section) {
        host->rewrites = true;
    }
    if (!walk->in_section && inherits_rules(directive, survey.hosts->pool)) {
        host->inherits_rules = true;
    }
    if (directive_is(directive, "ServerName") && !walk->in_section) {
        host->is_named = true;
    }
    if (directive_begins(directive, "LuaHook")) {
        survey.has_lua_hook = true;
    }
}

/* Our directives in <Limit> and <LimitExcept>. */
static void note_limited(const ap_directive_t *directive, const walk_t *walk)
{
    if (walk->is_limited && directive_begins(directive, "OcapiCors")) {
        ap_log_error(APLOG_MARK, APLOG_EMERG, 0, survey.main_server,
                     OCORS_LOG_LIMITED
                     "%s:%d: %s is not allowed in <Limit> or <LimitExcept>: a policy holds for "
                     "all methods",
                     directive->filename, directive->line_num, directive->directive);
        survey.limited++;
    }
}

/* The walk below a directive. A <VirtualHost> begins a host of its own. */
static walk_t walk_into(const ap_directive_t *directive, walk_t walk)
{
    if (directive_is(directive, "<VirtualHost")) {
        walk.host = survey.hosts->nelts;
        APR_ARRAY_PUSH(survey.hosts, host_t) = (host_t){
            .file = directive->filename,
            .line = directive->line_num,
        };
        return walk;
    }
    walk.in_section = true;
    walk.is_early = walk.is_early
                    && (directive_is(directive, "<Location")
                        || directive_is(directive, "<LocationMatch"));
    walk.is_limited = walk.is_limited || directive_is(directive, "<Limit")
                      || directive_is(directive, "<LimitExcept");
    return walk;
}

static void walk_directives(const ap_directive_t *directive, walk_t walk)
{
    for (; directive != NULL; directive = directive->next) {
        note_limited(directive, &walk);
        note_directive(directive, &walk);
        note_shows(directive);
        if (directive->first_child != NULL) {
            walk_directives(directive->first_child, walk_into(directive, walk));
        }
    }
}

int ocors_survey_make(apr_pool_t *pool, server_rec *main_server)
{
    ocors_survey_shown_t *shown = &ocors_survey_shown;

    survey = (survey_t){
        .main_server = main_server,
        .hosts = apr_array_make(pool, 4, sizeof(host_t)),
    };
    *shown = (ocors_survey_shown_t){ .decisions = false };
    APR_ARRAY_PUSH(survey.hosts, host_t) = (host_t){ .file = NULL };
    walk_directives(ap_conftree, (walk_t){ .host = 0, .is_early = true });
    for (size_t i = 0; i < sizeof(environment_modules) / sizeof(environment_modules[0]); i++) {
        if (ap_find_linked_module(environment_modules[i]) != NULL) {
            shown->decisions = shown->reasons = true;
        }
    }
    shown->each_explained = shown->each_explained || shown->each_logged || shown->reasons;
    ocors_survey_has_cache = ap_find_linked_module("mod_cache.c") != NULL;
    return survey.limited;
}

/* Virtual hosts that begin at the same line (of a macro) count as one: what one has, all have. */
static bool is_of(const host_t *host, const server_rec *server)
{
    return host->file != NULL && server->defn_name != NULL
           && strcmp(host->file, server->defn_name) == 0
           && (unsigned)host->line == server->defn_line_number;
}

bool ocors_survey_is_late(const server_rec *server)
{
    const host_t *main_host = host_at(0);
    bool is_late = survey.has_lua_hook || main_host->has_late_section
                   || (server == survey.main_server && main_host->rewrites);
    bool inherits = main_host->inherits_rules;

    for (int i = 1; i < survey.hosts->nelts && server != survey.main_server; i++) {
        const host_t *host = host_at(i);

        if (is_of(host, server)) {
            is_late = is_late || host->has_late_section || host->rewrites;
            inherits = inherits || host->inherits_rules;
        }
    }
    return is_late || (main_host->rewrites && inherits);
}

bool ocors_survey_is_named(const server_rec *server)
{
    for (int i = 1; i < survey.hosts->nelts && server != survey.main_server; i++) {
        if (is_of(host_at(i), server) && host_at(i)->is_named) {
            return true;
        }
    }
    return server == survey.main_server && host_at(0)->is_named;
}
