/* SPDX-License-Identifier: Apache-2.0 */
/* What ocapi-cors says of its commands. */
#ifndef OCORS_HELP_H
#define OCORS_HELP_H

#include <stdbool.h>
#include <stdio.h>

/* "usage: ocapi-cors COMMAND ..."; NULL: of all commands. */
void ocors_help_synopsis(FILE *out, const char *command);

/* All there is to say of a command; NULL: what each command is for. False: there is no such one. */
bool ocors_help_print(FILE *out, const char *command);

#endif
