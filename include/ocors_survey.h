/* SPDX-License-Identifier: Apache-2.0 */
/* What the whole configuration holds that decides when and for whom decisions are made. */
#ifndef OCORS_SURVEY_H
#define OCORS_SURVEY_H

#include <stdbool.h>

#include <httpd.h>

/*
 * Looks through the whole configuration, once it is read (check_config). Returns how many
 * directives of ours are in <Limit> and <LimitExcept>, which would switch them for every method;
 * each is logged. What it finds is in `pool`, which must live as long as the configuration.
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
 * the main server's, with what it knows of the machine, or with what a name server says.
 */
bool ocors_survey_is_named(const server_rec *server);

/*
 * Whether anything can show the notes and environment variables of a request: a directive that
 * names one of them, .htaccess files, a module that hands its environment on; and whether anything
 * can show the reason.
 */
bool ocors_survey_shows_decisions(void);
bool ocors_survey_shows_reasons(void);

#endif
