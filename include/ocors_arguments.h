/* SPDX-License-Identifier: Apache-2.0 */
/* An argument of a directive -> its value, or what is wrong with it. */
#ifndef OCORS_ARGUMENTS_H
#define OCORS_ARGUMENTS_H

#include <stdbool.h>
#include <stdint.h>

#include <httpd.h>
#include <http_config.h>

#include "ocors_client.h"

/* Errors are sentences in the configuration's pool, for httpd to print; NULL: all is well. */

/*
 * Refuses an element of a list that is not a token (RFC 9110, 5.6.2), the '*' that is not
 * supported, and a keyword for a whole list (None; `keyword`, NULL: there is no other).
 * `kind` is what the element should be.
 */
const char *ocors_argument_check_token(cmd_parms *cmd, const char *token, const char *kind,
                                       const char *keyword);

/*
 * The same for a request header that a preflight may be granted, and for a response header that
 * scripts may read: refuses what Fetch lets no script set or read, with the reason (field
 * case 6.1).
 */
const char *ocors_argument_check_granted(cmd_parms *cmd, const char *name);
const char *ocors_argument_check_exposed(cmd_parms *cmd, const char *name);

/* The argument in upper case, in the configuration's pool. */
const char *ocors_argument_upper(cmd_parms *cmd, const char *argument);

/* Whether a list has one argument, and it is None: the list is empty, in every directive. */
bool ocors_argument_is_none(int argc, char *const argv[]);

/* "bearer:CLAIM", "query:NAME", "header:NAME" (C1); the name is copied. */
const char *ocors_argument_parse_source(cmd_parms *cmd, const char *argument,
                                        ocors_source_t *source);

/* A number of bytes, optionally with K, M or G after it; 0: the argument is not such a number. */
uint64_t ocors_argument_parse_size(const char *argument);

#endif
