/* SPDX-License-Identifier: Apache-2.0 */
/* The commands of ocapi-cors. */
#ifndef OCORS_COMMAND_H
#define OCORS_COMMAND_H

/*
 * Each runs with the arguments behind its name, and returns an exit status (ocors_options.h). What
 * was asked for goes to standard output, what stands in its way to standard error.
 */
typedef int ocors_command_t(int count, char *const arguments[]);

ocors_command_t ocors_command_check;
ocors_command_t ocors_command_explain;
ocors_command_t ocors_command_list;
ocors_command_t ocors_command_diff;
ocors_command_t ocors_command_allow;
ocors_command_t ocors_command_revoke;

#endif
