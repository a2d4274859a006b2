/* SPDX-License-Identifier: Apache-2.0 */
/* The timed reload: documents that change are found and published while the server runs. */
#ifndef OCORS_WATCH_H
#define OCORS_WATCH_H

#include <apr_time.h>
#include <httpd.h>

/*
 * Starts the process that looks after the documents, if there are any, every `interval`, as long as
 * `pconf` lives; the parent, once what it shares with its workers is in force. It is the parent's
 * child, as privileged as the parent, serves no requests, and is started again when it dies (not in
 * `httpd -X`, where nobody waits for it).
 */
void ocors_watch_start(apr_pool_t *pconf, apr_pool_t *process_pool, server_rec *server,
                       apr_interval_time_t interval);

/* Starts it again where that failed; the parent, every few seconds. */
void ocors_watch_maintain(void);

#endif
