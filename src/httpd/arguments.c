/* SPDX-License-Identifier: Apache-2.0 */
/* Reads arguments of directives. Owns nothing. */

#include "ocors_arguments.h"

#include <apr_strings.h>

#include "ocors_headers.h"

const char *ocors_argument_check_token(cmd_parms *cmd, const char *token, const char *kind,
                                       const char *keyword)
{
    if (keyword != NULL && ap_cstr_casecmp(token, keyword) == 0) {
        return apr_psprintf(cmd->pool, "%s: '%s' stands alone", cmd->cmd->name, keyword);
    }
    if (strcmp(token, "*") == 0) {
        return apr_psprintf(cmd->pool, "%s: the '*' wildcard is not supported; name each %s",
                            cmd->cmd->name, kind);
    }
    if (!ocors_token_is_valid(ocors_span_from_string(token))) {
        return apr_psprintf(cmd->pool,
                            "%s: '%s' is no %s: letters, digits and !#$%%&'*+-.^_`|~ "
                            "only",
                            cmd->cmd->name, token, kind);
    }
    return NULL;
}

const char *ocors_argument_parse_source(cmd_parms *cmd, const char *argument,
                                        ocors_source_t *source)
{
    static const struct {
        const char *prefix;
        ocors_source_kind_t kind;
    } kinds[] = {
        { "bearer:", OCORS_SOURCE_BEARER },
        { "query:", OCORS_SOURCE_QUERY },
        { "header:", OCORS_SOURCE_HEADER },
    };

    for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
        const size_t length = strlen(kinds[i].prefix);

        if (ap_cstr_casecmpn(argument, kinds[i].prefix, length) == 0 && argument[length] != '\0') {
            *source = (ocors_source_t){
                .kind = kinds[i].kind,
                .name = ocors_span_from_string(apr_pstrdup(cmd->pool, argument + length)),
            };
            return kinds[i].kind == OCORS_SOURCE_HEADER
                       ? ocors_argument_check_token(cmd, source->name.bytes, "header name", NULL)
                       : NULL;
        }
    }
    return apr_psprintf(cmd->pool,
                        "%s: '%s' is none of bearer:CLAIM, query:PARAMETER and "
                        "header:NAME",
                        cmd->cmd->name, argument);
}

uint64_t ocors_argument_parse_size(const char *argument)
{
    static const char units[] = "kKmMgG";
    char *end;
    const apr_int64_t number = apr_strtoi64(argument, &end, 10);
    const char *unit = *end != '\0' ? strchr(units, *end) : NULL;
    const int shift = unit != NULL ? 10 * (1 + (int)(unit - units) / 2) : 0;

    if (!ocors_ascii_is_digit(argument[0]) || number <= 0 || number > (INT64_MAX >> shift)
        || (*end != '\0' && (unit == NULL || end[1] != '\0'))) {
        return 0;
    }
    return (uint64_t)number << shift;
}
