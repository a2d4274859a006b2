/* SPDX-License-Identifier: Apache-2.0 */
/* The directives that hold for the whole server: OcapiCorsReload, -CacheSize and -BadDocument. */
#ifndef OCORS_DIRECTIVES_GLOBAL_H
#define OCORS_DIRECTIVES_GLOBAL_H

#include <httpd.h>
#include <http_config.h>

/*
 * Functions of the table of directives (ocors_directives.h). Each sets a member of
 * ocors_config_lists(). They return NULL, or what is wrong: the directive is in a section or a
 * virtual host, or its argument is not one of those that docs/directives.md lists.
 */
const char *ocors_directive_set_reload(cmd_parms *cmd, void *section, const char *argument);
const char *ocors_directive_set_cache_size(cmd_parms *cmd, void *section, const char *argument);
const char *ocors_directive_set_bad_document(cmd_parms *cmd, void *section, const char *argument);

#endif
