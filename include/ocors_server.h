/* SPDX-License-Identifier: Apache-2.0 */
/* A virtual host's own names, ready for comparison (rule R10). */
#ifndef OCORS_SERVER_H
#define OCORS_SERVER_H

#include <httpd.h>

#include "ocors_own.h"

/*
 * Takes the names of every virtual host from its ServerName and ServerAlias, once the whole
 * configuration is read (post_config).
 */
void ocors_server_prepare(apr_pool_t *pool, server_rec *servers);

/* What is own to the virtual host of a request that came in by this connection. */
ocors_own_t ocors_server_own(const request_rec *r);

#endif
