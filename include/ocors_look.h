/* SPDX-License-Identifier: Apache-2.0 */
/* Looks at the documents while the server runs: changes are found and published. */
#ifndef OCORS_LOOK_H
#define OCORS_LOOK_H

#include <httpd.h>

#include "ocors_list.h"

/*
 * For the process that watches: looks at what the lists name, and publishes what has changed into
 * the store in use, for as long as `parent` is its parent. It looks when the system tells of a
 * change, and every OcapiCorsReload at what the system does not tell of. It keeps nothing that a
 * successor needs.
 */
void ocors_look_on(apr_pool_t *pool, server_rec *server, const ocors_lists_t *lists, pid_t parent);

#endif
