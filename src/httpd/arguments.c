/* SPDX-License-Identifier: Apache-2.0 */
/* Reads arguments of directives. Owns nothing. */

#include "ocors_arguments.h"

#include <apr_strings.h>

#include "ocors_headers.h"

const char *ocors_argument_check_token(cmd_parms *cmd, const char *token, const char *kind,
                                       const char *keyword)
{
    if (ap_cstr_casecmp(token, "None") == 0
        || (keyword != NULL && ap_cstr_casecmp(token, keyword) == 0)) {
        return apr_psprintf(cmd->pool, "%s: '%s' cannot be combined with other arguments",
                            cmd->cmd->name, token);
    }
    if (strcmp(token, "*") == 0) {
        return apr_psprintf(cmd->pool, "%s: the '*' wildcard is not supported; name each %s",
                            cmd->cmd->name, kind);
    }
    if (!ocors_token_is_valid(ocors_span_from_string(token))) {
        return apr_psprintf(cmd->pool,
                            "%s: '%s' is not a valid %s; it may have only letters, digits and "
                            "!#$%%&'*+-.^_`|~",
                            cmd->cmd->name, token, kind);
    }
    return NULL;
}

const char *ocors_argument_check_granted(cmd_parms *cmd, const char *name)
{
    if (ocors_header_is_forbidden(ocors_span_from_string(name)) && strcmp(name, "*") != 0) {
        return apr_psprintf(cmd->pool,
                            "%s: '%s' cannot be granted; the browser sets this header itself, and "
                            "no script can",
                            cmd->cmd->name, name);
    }
    return ocors_argument_check_token(cmd, name, "header name", "Requested");
}

const char *ocors_argument_check_exposed(cmd_parms *cmd, const char *name)
{
    if (ap_cstr_casecmp(name, "Set-Cookie") == 0 || ap_cstr_casecmp(name, "Set-Cookie2") == 0) {
        return apr_psprintf(cmd->pool, "%s: '%s' cannot be exposed; browsers show it to no script",
                            cmd->cmd->name, name);
    }
    return ocors_argument_check_token(cmd, name, "header name", NULL);
}

const char *ocors_argument_upper(cmd_parms *cmd, const char *argument)
{
    char *const upper = apr_pstrdup(cmd->pool, argument);

    for (char *c = upper; *c != '\0'; c++) {
        *c = ocors_ascii_upper(*c);
    }
    return upper;
}

bool ocors_argument_is_none(int argc, char *const argv[])
{
    return argc == 1 && ap_cstr_casecmp(argv[0], "None") == 0;
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
                        "%s: must be bearer:CLAIM, query:PARAMETER or header:NAME, not '%s'",
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
