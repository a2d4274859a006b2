/* SPDX-License-Identifier: Apache-2.0 */
/* The parts of the whole configuration that decide when decisions are made and shown. */
#ifndef OCORS_SURVEY_H
#define OCORS_SURVEY_H

#include <stdbool.h>

#include <httpd.h>

/*
 * Surveys the whole configuration once it is read (check_config). Logs each directive of ours in
 * <Limit> and <LimitExcept> and returns their number. `pool` must live as long as the
 * configuration.
 */
int ocors_survey_make(apr_pool_t *pool, server_rec *main_server);

/*
 * Whether a decision must wait until the configuration of a request is final (P8): a <Directory>,
 * <Files> or <If> section of ours, or rewriting, belongs to the virtual host, or is inherited by
 * it.
 */
bool ocors_survey_is_late(const server_rec *server);

/*
 * Whether a server has a ServerName of its own. server_hostname does not tell: httpd fills it with
 * the name of the main server, of the machine, or from a name server.
 */
bool ocors_survey_is_named(const server_rec *server);

/* What may show a decision; ocors_survey_make() finds it, and each request asks. */
typedef struct ocors_survey_shown_t {
    bool decisions, reasons, each_logged, each_explained;
} ocors_survey_shown_t;

extern ocors_survey_shown_t ocors_survey_shown;

/* Whether mod_cache is there; ocors_survey_make() finds it. */
extern bool ocors_survey_has_cache;

/*
 * Whether anything can show the notes and environment variables of a request: a directive that
 * names one of them, .htaccess files, a module that passes the environment on. The second function:
 * whether anything can show the reason.
 */
static inline bool ocors_survey_shows_decisions(void)
{
    return ocors_survey_shown.decisions;
}

static inline bool ocors_survey_shows_reasons(void)
{
    return ocors_survey_shown.reasons;
}

/* Whether some directive sets the level `debug` or lower: a request's level is asked only then. */
static inline bool ocors_survey_logs_each(void)
{
    return ocors_survey_shown.each_logged;
}

/* Either of them, or some OcapiCorsExplain: the reason of each refusal may be asked for. */
static inline bool ocors_survey_explains_each(void)
{
    return ocors_survey_shown.each_explained;
}

#endif
