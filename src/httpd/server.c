/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A virtual host's own names. Owns the module's slot in a server's configuration, which httpd would
 * let virtual hosts share: it is filled for each of them once all is read.
 */

#include "ocors_server.h"

#include <apr_strings.h>
#include <http_config.h>
#include <http_log.h>
#include <http_ssl.h>

#include "messages.h"
#include "ocors_survey.h"

APLOG_USE_MODULE(ocapi_cors);

static ocors_span_t lower(apr_pool_t *pool, const char *name)
{
    char *copy = apr_pstrdup(pool, name);

    ap_str_tolower(copy);
    return ocors_span_from_string(copy);
}

/* The names of an array of ServerAlias's, which may be NULL. */
static void add_names(apr_pool_t *pool, apr_array_header_t *to, const apr_array_header_t *from,
                      bool are_patterns, server_rec *server)
{
    for (int i = 0; from != NULL && i < from->nelts; i++) {
        const char *name = APR_ARRAY_IDX(from, i, const char *);

        if (!are_patterns || ocors_own_pattern_is_usable(lower(pool, name))) {
            APR_ARRAY_PUSH(to, ocors_span_t) = lower(pool, name);
        }
        else {
            ap_log_error(APLOG_MARK, APLOG_INFO, 0, server, OCORS_LOG_ALIAS
                         "ServerAlias %s is too wide to make an origin the server's own", name);
        }
    }
}

static void prepare(apr_pool_t *pool, server_rec *server)
{
    ocors_server_t *slot = apr_pcalloc(pool, sizeof(*slot));
    ocors_own_t *own = &slot->own;
    apr_array_header_t *names = apr_array_make(pool, 2, sizeof(ocors_span_t));
    apr_array_header_t *patterns = apr_array_make(pool, 2, sizeof(ocors_span_t));

    if (server->server_hostname != NULL) {
        APR_ARRAY_PUSH(names, ocors_span_t) = lower(pool, server->server_hostname);
    }
    add_names(pool, names, server->names, false, server);
    add_names(pool, patterns, server->wild_names, true, server);
    own->names = (const ocors_span_t *)(const void *)names->elts;
    own->name_count = (size_t)names->nelts;
    own->patterns = (const ocors_span_t *)(const void *)patterns->elts;
    own->pattern_count = (size_t)patterns->nelts;
    own->scheme = server->server_scheme != NULL ? lower(pool, server->server_scheme)
                                                : ocors_span_make(NULL, 0);
    own->port = server->port;
    slot->is_late = ocors_survey_is_late(server);
    ap_set_module_config(server->module_config, &ocapi_cors_module, slot);
}

void ocors_server_prepare(apr_pool_t *pool, server_rec *servers)
{
    for (server_rec *server = servers; server != NULL; server = server->next) {
        prepare(pool, server);
    }
}

const ocors_server_t *ocors_server_of(const server_rec *server)
{
    return ap_get_module_config(server->module_config, &ocapi_cors_module);
}

ocors_own_t ocors_server_own(const request_rec *r)
{
    ocors_own_t own = ocors_server_of(r->server)->own;
    conn_rec *connection = r->connection->master != NULL ? r->connection->master : r->connection;

    own.is_tls = ap_ssl_conn_is_ssl(connection);
    own.local_port = connection->local_addr != NULL ? connection->local_addr->port : 0;
    return own;
}
