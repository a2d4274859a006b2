/* SPDX-License-Identifier: Apache-2.0 */
/* The lists of documents that the configuration names: noted by directives, read all at once. */
#ifndef OCORS_LISTS_H
#define OCORS_LISTS_H

#include <httpd.h>

#include "ocors_config.h"

/*
 * When documents are read, so that none of them can stop a signal, or a command that only looks at
 * the configuration:
 *
 *   httpd ...                      check_config          open_logs, 1st    post_config
 *   -t                             judged                -                 -
 *   -S, -M, -t -D DUMP_...         -                     -                 -
 *   -k stop|graceful-stop|restart| -                     -                 -
 *      graceful, of a server that runs
 *   start                          -                     judged            taken over, published
 *   the server restarts            -                     -                 read, published
 *
 * Judged: every error is told on the terminal, and OcapiCorsBadDocument decides whether to go on.
 */

/* A new reading of the configuration begins; `pool` lives as long as it. */
void ocors_lists_begin(apr_pool_t *pool);

/* A directive names documents, which live as long; nothing is opened. */
void ocors_lists_note(ocors_documents_t *documents);

/* In check_config: judges the documents where this is a configuration test. OK, or an HTTP status.
 */
int ocors_lists_test(server_rec *server);

/*
 * In open_logs: judges the documents at the first reading of a start, and refuses one that has no
 * memory for them.
 */
void ocors_lists_judge(bool is_start);

/* In post_config of the first reading: what became of that. OK, or an HTTP status: refused. */
int ocors_lists_judged(void);

/*
 * In post_config of any other reading: reads the documents, or takes over what was judged, into
 * ocors_generation(), and gives each section its number. Never fails.
 */
void ocors_lists_read(void);

#endif
