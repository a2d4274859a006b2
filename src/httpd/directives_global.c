/* SPDX-License-Identifier: Apache-2.0 */
/* Owns nothing: what the directives say is in ocors_config_lists(). */

#include "ocors_directives_global.h"

#include <apr_strings.h>

#include "ocors_arguments.h"
#include "ocors_config.h"

#define RELOAD_LEAST apr_time_from_msec(100)
#define RELOAD_MOST  apr_time_from_sec(86400)

const char *ocors_directive_set_reload(cmd_parms *cmd, void *section, const char *argument)
{
    const char *error = ap_check_cmd_context(cmd, GLOBAL_ONLY);
    apr_interval_time_t *reload = &ocors_config_lists()->interval;

    (void)section;
    if (error != NULL) {
        return error;
    }
    if (ap_cstr_casecmp(argument, "Off") == 0) {
        *reload = 0;
        return NULL;
    }
    if (ap_timeout_parameter_parse(argument, reload, "s") != APR_SUCCESS || *reload < RELOAD_LEAST
        || *reload > RELOAD_MOST) {
        return apr_psprintf(cmd->pool,
                            "%s: must be Off or a time from 100ms to 24h, such as 5s, not '%s'",
                            cmd->cmd->name, argument);
    }
    return NULL;
}

const char *ocors_directive_set_cache_size(cmd_parms *cmd, void *section, const char *argument)
{
    const char *error = ap_check_cmd_context(cmd, GLOBAL_ONLY);
    const uint64_t size = ocors_argument_parse_size(argument);

    (void)section;
    if (error != NULL) {
        return error;
    }
    if (size == 0 && ap_cstr_casecmp(argument, "Auto") != 0) {
        return apr_psprintf(cmd->pool,
                            "%s: must be Auto or a number of bytes, optionally with K, M or G "
                            "after it, not '%s'",
                            cmd->cmd->name, argument);
    }
    ocors_config_lists()->cache_size = size;
    return NULL;
}

const char *ocors_directive_set_bad_document(cmd_parms *cmd, void *section, const char *argument)
{
    const char *error = ap_check_cmd_context(cmd, GLOBAL_ONLY);
    const bool denies = ap_cstr_casecmp(argument, "Deny") == 0;

    (void)section;
    if (error != NULL) {
        return error;
    }
    if (!denies && ap_cstr_casecmp(argument, "Refuse") != 0) {
        return apr_psprintf(cmd->pool, "%s: must be Refuse or Deny, not '%s'", cmd->cmd->name,
                            argument);
    }
    ocors_config_lists()->denies_bad = denies;
    return NULL;
}
