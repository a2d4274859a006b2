/* SPDX-License-Identifier: Apache-2.0 */
/* The occasions at which the parent reads documents. */
#ifndef OCORS_RELOAD_H
#define OCORS_RELOAD_H

#include <httpd.h>

#include "ocors_list.h"

/*
 * No document may stop a signal, or a command that only looks at the configuration. For that reason
 * directives note their lists, and documents are read here:
 *
 *   httpd ...                      check_config   open_logs, 1st     post_config, 1st   post_config
 *   -t                             _test          -                  -                  -
 *   -S, -M, -t -D DUMP_...         -              -                  -                  -
 *   -k stop|graceful-stop|restart| -              -                  -                  -
 *      graceful, of a server that runs
 *   start                          -              _start             _started           _go_on
 *   the server restarts            -              -                  -                  _go_on
 *
 * _test and _start tell every error on the terminal, and OcapiCorsBadDocument decides whether to go
 * on. A running server is never stopped: what is bad keeps its previous version.
 */

/* In check_config: judges the documents if this is a configuration test. OK, or an HTTP status. */
int ocors_reload_test(apr_pool_t *process_pool, const ocors_lists_t *lists, server_rec *server);

/* In open_logs of the first reading of a start: judges the documents, and makes the first store. */
void ocors_reload_start(apr_pool_t *process_pool, const ocors_lists_t *lists, server_rec *server);

/* In post_config of the first reading: logs what was found. OK, or an HTTP status: refused. */
int ocors_reload_started(server_rec *server);

/*
 * In post_config of any other reading: publishes what the configuration asks for now, and starts
 * the process that watches it (OcapiCorsReload). OK, or an HTTP status where nothing is in force.
 */
int ocors_reload_go_on(apr_pool_t *pconf, const ocors_lists_t *lists, server_rec *server);

#endif
