/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The configured names of a virtual host. Owns the module's configuration of each server. httpd
 * would let virtual hosts share one; it is made for each of them when the whole configuration is
 * read.
 */

#include "ocors_server.h"

#include <ap_listen.h>
#include <apr_strings.h>
#include <http_config.h>
#include <http_log.h>
#include <http_ssl.h>

#include "ocors_messages.h"
#include "ocors_survey.h"

APLOG_USE_MODULE(ocapi_cors);

/* The server that a server has its ServerName from: itself, or the main server; NULL: none. */
static const server_rec *named_server(const server_rec *server, const server_rec *main_server)
{
    if (ocors_survey_is_named(server)) {
        return server;
    }
    return ocors_survey_is_named(main_server)
                   && server->server_hostname == main_server->server_hostname
               ? main_server
               : NULL;
}

/* Lower case, without port and trailing dot; an IPv6 address with its brackets. */
static ocors_span_t name_make(apr_pool_t *pool, const char *text)
{
    const char *colon = strchr(text, ':');
    const bool is_bare_ipv6 = text[0] != '[' && colon != NULL && strchr(colon + 1, ':') != NULL;
    char *name = is_bare_ipv6 ? apr_pstrcat(pool, "[", text, "]", NULL) : apr_pstrdup(pool, text);
    size_t length = strlen(name);

    if (name[0] == '[') {
        length = strcspn(name, "]");
        length += name[length] == ']' ? 1 : 0;
    }
    else if (colon != NULL) {
        length = (size_t)(colon - text);
    }
    length -= length > 0 && name[length - 1] == '.' ? 1 : 0;
    name[length] = '\0';
    ap_str_tolower(name);
    return ocors_span_make(name, length);
}

static void add_name(apr_pool_t *pool, apr_array_header_t *names, const char *text)
{
    const ocors_span_t name = name_make(pool, text);

    if (name.length > 0) {
        APR_ARRAY_PUSH(names, ocors_span_t) = name;
    }
}

/* Adds the names and patterns of ServerAlias; both arrays may be NULL. */
static void add_aliases(apr_pool_t *pool, apr_array_header_t *names, apr_array_header_t *patterns,
                        server_rec *server)
{
    for (int i = 0; server->names != NULL && i < server->names->nelts; i++) {
        add_name(pool, names, APR_ARRAY_IDX(server->names, i, const char *));
    }
    for (int i = 0; server->wild_names != NULL && i < server->wild_names->nelts; i++) {
        const char *alias = APR_ARRAY_IDX(server->wild_names, i, const char *);

        if (ocors_own_pattern_is_usable(name_make(pool, alias))) {
            add_name(pool, patterns, alias);
        }
        else {
            ap_log_error(APLOG_MARK, APLOG_INFO, 0, server,
                         OCORS_LOG_ALIAS
                         "ServerAlias %s is too wide to make an origin the server's own",
                         alias);
        }
    }
}

/* Whether virtual hosts take every connection of a listener. */
static bool listener_is_taken(const ap_listen_rec *listener, const server_rec *hosts)
{
    for (; hosts != NULL; hosts = hosts->next) {
        for (const server_addr_rec *at = hosts->addrs; at != NULL; at = at->next) {
            if ((at->host_port == 0 || at->host_port == listener->bind_addr->port)
                && (apr_sockaddr_is_wildcard(at->host_addr)
                    || apr_sockaddr_equal(at->host_addr, listener->bind_addr))) {
                return true;
            }
        }
    }
    return false;
}

/* Whether a server gets requests. The main server does if virtual hosts leave it a listener. */
static bool server_is_asked(const server_rec *server, const server_rec *main_server)
{
    for (const ap_listen_rec *at = ap_listeners; at != NULL && server == main_server;
         at = at->next) {
        if (!listener_is_taken(at, main_server->next)) {
            return true;
        }
    }
    return server != main_server;
}

static void warn_nameless(apr_pool_t *pool, server_rec *server, const server_rec *main_server)
{
    const ocors_config_t *config = ap_get_module_config(server->lookup_defaults,
                                                        &ocapi_cors_module);
    const ocors_self_t *self = ocors_config_self(config);
    const char *what = server == main_server
                           ? "the server"
                           : apr_psprintf(pool, "the virtual host at %s:%u", server->defn_name,
                                          server->defn_line_number);

    if (self->is_off || self->takes_asked || !ocors_server_of(server)->is_enforced
        || !server_is_asked(server, main_server)) {
        return;
    }
    ap_log_error(APLOG_MARK, APLOG_WARNING, 0, server,
                 OCORS_LOG_NAMELESS
                 "%s enforces a policy and has no ServerName and no usable ServerAlias: POSTs of "
                 "its own pages are refused; name the hosts that browsers ask for",
                 what);
}

static void prepare(apr_pool_t *pool, server_rec *server, server_rec *main_server)
{
    ocors_server_t *entry = apr_pcalloc(pool, sizeof(*entry));
    apr_array_header_t *names = apr_array_make(pool, 2, sizeof(ocors_span_t));
    apr_array_header_t *patterns = apr_array_make(pool, 2, sizeof(ocors_span_t));
    const server_rec *origin = named_server(server, main_server);

    if (origin != NULL) {
        add_name(pool, names, origin->server_hostname);
        entry->names.is_https = origin->server_scheme != NULL
                                && strcmp(origin->server_scheme, "https") == 0;
    }
    add_aliases(pool, names, patterns, server);
    entry->names.names = (const ocors_span_t *)(const void *)names->elts;
    entry->names.name_count = (size_t)names->nelts;
    entry->names.patterns = (const ocors_span_t *)(const void *)patterns->elts;
    entry->names.pattern_count = (size_t)patterns->nelts;
    entry->is_late = ocors_survey_is_late(server);
    entry->is_enforced = ocors_config_has_mode(server, main_server, OCORS_MODE_ON);
    entry->is_judged = entry->is_enforced
                       || ocors_config_has_mode(server, main_server, OCORS_MODE_REPORT_ONLY);
    ap_set_module_config(server->module_config, &ocapi_cors_module, entry);
    if (names->nelts == 0 && patterns->nelts == 0) {
        warn_nameless(pool, server, main_server);
    }
}

void ocors_server_prepare(apr_pool_t *pool, server_rec *servers)
{
    for (server_rec *server = servers; server != NULL; server = server->next) {
        prepare(pool, server, servers);
    }
}

const ocors_server_t *ocors_server_of(const server_rec *server)
{
    return ap_get_module_config(server->module_config, &ocapi_cors_module);
}

void ocors_server_own(const request_rec *r, const ocors_self_t *self, const ocors_fields_t *fields,
                      ocors_own_t *own)
{
    conn_rec *connection = r->connection->master != NULL ? r->connection->master : r->connection;

    *own = (ocors_own_t){
        .names = &ocors_server_of(r->server)->names,
        .takes_asked = self->takes_asked,
        .listed = self->listed,
        .listed_count = self->listed_count,
        .asked = ocors_span_from_string(fields->host),
        .fetch_site = ocors_span_from_string(fields->fetch_site),
        .is_tls = ap_ssl_conn_is_ssl(connection),
    };
}
