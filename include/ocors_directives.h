/* SPDX-License-Identifier: Apache-2.0 */
/* The directives, by name: what they take, and what they refuse. */
#ifndef OCORS_DIRECTIVES_H
#define OCORS_DIRECTIVES_H

#include <httpd.h>
#include <http_config.h>

/* The slot of the module record. */
extern const command_rec ocors_directives[];

#endif
