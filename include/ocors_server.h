/* SPDX-License-Identifier: Apache-2.0 */
/* What a virtual host is to the module (rules R10, P8). */
#ifndef OCORS_SERVER_H
#define OCORS_SERVER_H

#include <stdbool.h>

#include <httpd.h>

#include "ocors_own.h"

/* The module's slot of a virtual host. */
typedef struct ocors_server_t {
    ocors_own_t own;
    bool is_late; /* decisions wait until the configuration of a request is final (P8) */
} ocors_server_t;

/*
 * Fills the slot of every virtual host, once the whole configuration is read (post_config): its names
 * are those of ServerName and ServerAlias.
 */
void ocors_server_prepare(apr_pool_t *pool, server_rec *servers);

/* The slot of a virtual host; never NULL after ocors_server_prepare(). */
const ocors_server_t *ocors_server_of(const server_rec *server);

/* What is own to the virtual host of a request that came in by this connection. */
ocors_own_t ocors_server_own(const request_rec *r);

#endif
