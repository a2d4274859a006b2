/* SPDX-License-Identifier: Apache-2.0 */
/* What a virtual host is to the module (rules R10, P8). */
#ifndef OCORS_SERVER_H
#define OCORS_SERVER_H

#include <stdbool.h>

#include <httpd.h>

#include "ocors_config.h"
#include "ocors_own.h"

/* The module's slot of a virtual host. */
typedef struct ocors_server_t {
    ocors_own_names_t names; /* ready for comparison */
    bool is_late;            /* decisions wait until the configuration of a request is final (P8) */
} ocors_server_t;

/*
 * Fills the slot of every virtual host once the whole configuration is read, and warns of one that
 * enforces a policy and has no configured name. A name is configured by ServerName and ServerAlias:
 * not by the address of <VirtualHost>, and not by what httpd finds out for itself.
 */
void ocors_server_prepare(apr_pool_t *pool, server_rec *servers);

/* The slot of a virtual host; never NULL after ocors_server_prepare(). */
const ocors_server_t *ocors_server_of(const server_rec *server);

/* What makes an origin own to this request; `self` is OcapiCorsSelfOrigin of its section. */
ocors_own_t ocors_server_own(const request_rec *r, const ocors_self_t *self);

#endif
