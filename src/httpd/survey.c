/* SPDX-License-Identifier: Apache-2.0 */
/* One look through the whole configuration. Owns what it found in the configuration in force. */

#include "ocors_survey.h"

#include <apr_strings.h>
#include <http_config.h>
#include <http_core.h>
#include <http_log.h>

#include "messages.h"

APLOG_USE_MODULE(ocapi_cors);

/* What a virtual host says, or the main server outside virtual hosts. */
typedef struct place_t {
    const char *file; /* where the <VirtualHost> is; NULL: the main server */
    int line;
    bool has_late_section; /* a <Directory>, <Files>, <If> or the like with a directive of ours */
    bool rewrites;         /* a RewriteRule outside sections */
    bool inherits_rules;   /* RewriteOptions Inherit... */
    bool is_named;         /* a ServerName of its own */
} place_t;

typedef struct survey_t {
    const server_rec *main_server;
    apr_array_header_t *places; /* of place_t; the first is the main server */
    bool has_lua_hook;          /* a script may rewrite the paths of every virtual host */
    bool shows_decisions, shows_reasons;
    int limited;
} survey_t;

/* Where a look is. */
typedef struct walk_t {
    survey_t *survey;
    int place;       /* the number of the virtual host */
    bool in_section; /* below any section but <VirtualHost> */
    bool is_early;   /* below none but <Location>s */
    bool is_limited;
} walk_t;

static survey_t survey;

/* Modules that hand the environment of a request to programs, which may read anything in it. */
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

/* In any case: a note's name has none, and a variable's is in upper case. */
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

/* Whether .htaccess files, which nobody has read yet, may name what we set. */
static bool allows_htaccess(const ap_directive_t *directive)
{
    return directive_begins(directive, "AllowOverride") && directive->args != NULL
           && ap_cstr_casecmp(directive->args, "None") != 0;
}

static void note_shows(const ap_directive_t *directive)
{
    if (has_text(directive, "ocapi_cors_")) {
        survey.shows_decisions = true;
        survey.shows_reasons = survey.shows_reasons || has_text(directive, "ocapi_cors_reason");
    }
    if (allows_htaccess(directive)) {
        survey.shows_decisions = survey.shows_reasons = true;
    }
}

static place_t *place_at(int number)
{
    return &APR_ARRAY_IDX(survey.places, number, place_t);
}

static void note_place(const ap_directive_t *directive, const walk_t *walk)
{
    place_t *place = place_at(walk->place);

    if (directive_begins(directive, "OcapiCors") && !walk->is_early) {
        place->has_late_section = true;
    }
    if (directive_is(directive, "RewriteRule") && !walk->in_section) {
        place->rewrites = true;
    }
    if (!walk->in_section && inherits_rules(directive, survey.places->pool)) {
        place->inherits_rules = true;
    }
    if (directive_is(directive, "ServerName") && !walk->in_section) {
        place->is_named = true;
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
                     "%s:%d: %s cannot stand in <Limit> or <LimitExcept>: a policy holds for "
                     "all methods",
                     directive->filename, directive->line_num, directive->directive);
        survey.limited++;
    }
}

/* The walk below a directive; a virtual host is a place of its own. */
static walk_t walk_into(const ap_directive_t *directive, walk_t walk)
{
    if (directive_is(directive, "<VirtualHost")) {
        walk.place = survey.places->nelts;
        APR_ARRAY_PUSH(survey.places, place_t) = (place_t){
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

static void look(const ap_directive_t *directive, walk_t walk)
{
    for (; directive != NULL; directive = directive->next) {
        note_limited(directive, &walk);
        note_place(directive, &walk);
        note_shows(directive);
        if (directive->first_child != NULL) {
            look(directive->first_child, walk_into(directive, walk));
        }
    }
}

int ocors_survey_make(apr_pool_t *pool, server_rec *main_server)
{
    survey = (survey_t){
        .main_server = main_server,
        .places = apr_array_make(pool, 4, sizeof(place_t)),
    };
    APR_ARRAY_PUSH(survey.places, place_t) = (place_t){ .file = NULL };
    look(ap_conftree, (walk_t){ .place = 0, .is_early = true });
    for (size_t i = 0; i < sizeof(environment_modules) / sizeof(environment_modules[0]); i++) {
        if (ap_find_linked_module(environment_modules[i]) != NULL) {
            survey.shows_decisions = survey.shows_reasons = true;
        }
    }
    return survey.limited;
}

/* Two virtual hosts that begin at one line (a macro's) count as one: each has what any has. */
static bool is_of(const place_t *place, const server_rec *server)
{
    return place->file != NULL && server->defn_name != NULL
           && strcmp(place->file, server->defn_name) == 0
           && (unsigned)place->line == server->defn_line_number;
}

bool ocors_survey_is_late(const server_rec *server)
{
    const place_t *main_place = place_at(0);
    bool is_late = survey.has_lua_hook || main_place->has_late_section
                   || (server == survey.main_server && main_place->rewrites);
    bool inherits = main_place->inherits_rules;

    for (int i = 1; i < survey.places->nelts && server != survey.main_server; i++) {
        const place_t *place = place_at(i);

        if (is_of(place, server)) {
            is_late = is_late || place->has_late_section || place->rewrites;
            inherits = inherits || place->inherits_rules;
        }
    }
    return is_late || (main_place->rewrites && inherits);
}

bool ocors_survey_is_named(const server_rec *server)
{
    for (int i = 1; i < survey.places->nelts && server != survey.main_server; i++) {
        if (is_of(place_at(i), server) && place_at(i)->is_named) {
            return true;
        }
    }
    return server == survey.main_server && place_at(0)->is_named;
}

bool ocors_survey_shows_decisions(void)
{
    return survey.shows_decisions;
}

bool ocors_survey_shows_reasons(void)
{
    return survey.shows_reasons;
}
