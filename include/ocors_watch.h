/* SPDX-License-Identifier: Apache-2.0 */
/* The process that notices changed documents and publishes them while the server runs. */
#ifndef OCORS_WATCH_H
#define OCORS_WATCH_H

#include <httpd.h>

#include "ocors_list.h"

/*
 * Starts the process that watches what the lists name, for as long as `pconf` lives. It looks when
 * the system tells of a change; where the system does not tell, it looks every OcapiCorsReload. The
 * process is the parent's child, serves no requests, and keeps of the parent's privileges the right
 * to read (ocors_confine()). It is started again when it ends unexpectedly (not in `httpd -X`,
 * where nobody waits for it).
 */
void ocors_watch_start(apr_pool_t *pconf, server_rec *server, const ocors_lists_t *lists);

/* Starts it again where that failed; the parent, every few seconds. */
void ocors_watch_maintain(void);

#endif
