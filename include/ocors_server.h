/* SPDX-License-Identifier: Apache-2.0 */
/* What the module knows of a virtual host (rules R10, P8). */
#ifndef OCORS_SERVER_H
#define OCORS_SERVER_H

#include <stdbool.h>

#include <httpd.h>

#include "ocors_config.h"
#include "ocors_fields.h"
#include "ocors_own.h"

/* The module's configuration of a virtual host. */
typedef struct ocors_server_t {
    ocors_own_names_t names; /* ready for comparison */
    bool is_late;            /* decisions wait until the configuration of a request is final (P8) */
    bool is_enforced;        /* some section is On */
    bool is_judged;          /* some section is On or ReportOnly */
} ocors_server_t;

/*
 * Makes the module's configuration of every virtual host once the whole configuration is read, and
 * warns of a virtual host that enforces a policy and has no configured name. ServerName and
 * ServerAlias configure names. The address of <VirtualHost> does not, nor does a name that httpd
 * finds out by itself.
 */
void ocors_server_prepare(apr_pool_t *pool, server_rec *servers);

/* The module's configuration of a virtual host; never NULL after ocors_server_prepare(). */
const ocors_server_t *ocors_server_of(const server_rec *server);

/* What R10 looks at in this request; `self` is OcapiCorsSelfOrigin of its section. */
void ocors_server_own(const request_rec *r, const ocors_self_t *self, const ocors_fields_t *fields,
                      ocors_own_t *own);

#endif
