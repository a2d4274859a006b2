/* SPDX-License-Identifier: Apache-2.0 */
/* An argument of a directive -> its value, or what is wrong with it. */
#ifndef OCORS_ARGUMENTS_H
#define OCORS_ARGUMENTS_H

#include <stdint.h>

#include <httpd.h>
#include <http_config.h>

#include "ocors_client.h"

/* Errors are sentences in the configuration's pool, for httpd to print; NULL: all is well. */

/*
 * Refuses what no list of ours may hold: no token (RFC 9110, 5.6.2), the '*' that is not supported,
 * or the keyword (NULL: none) that says something else than a list. `kind` is what it should be.
 */
const char *ocors_argument_check_token(cmd_parms *cmd, const char *token, const char *kind,
                                       const char *keyword);

/* "bearer:CLAIM", "query:NAME", "header:NAME" (C1); the name is copied. */
const char *ocors_argument_parse_source(cmd_parms *cmd, const char *argument,
                                        ocors_source_t *source);

/* A number of bytes, with K, M or G after it if need be; 0: it is none. */
uint64_t ocors_argument_parse_size(const char *argument);

#endif
