/* SPDX-License-Identifier: Apache-2.0 */
/* The lists of documents. Owns what one reading of the configuration notes. */

#include "ocors_lists.h"

#include <apr_strings.h>
#include <http_config.h>
#include <http_core.h>
#include <http_log.h>

#include "ocors_generation.h"
#include "ocors_load.h"
#include "ocors_publish.h"
#include "ocors_tree.h"

APLOG_USE_MODULE(ocapi_cors);

/* Of this reading; begun anew by ocors_lists_begin(). */
static apr_array_header_t *lists; /* of ocors_documents_t * */
static bool is_refused;

void ocors_lists_begin(apr_pool_t *pool)
{
    lists = apr_array_make(pool, 4, sizeof(ocors_documents_t *));
    is_refused = false;
}

void ocors_lists_note(ocors_documents_t *documents)
{
    APR_ARRAY_PUSH(lists, ocors_documents_t *) = documents;
}

void ocors_lists_read(void)
{
    ocors_generation_t *generation = ocors_generation();

    ocors_load_earlier_problems();
    for (int i = 0; i < lists->nelts; i++) {
        ocors_documents_t *list = APR_ARRAY_IDX(lists, i, ocors_documents_t *);

        generation->where = apr_pstrdup(generation->pool, list->where);
        list->number = list->is_tree ? ocors_tree_load(list->paths[0])
                                     : ocors_load_settings(list->paths, list->path_count);
    }
    if (ocors_generation_earlier() == NULL) {
        ocors_load_refresh(); /* else the first reading has, and what it judged is in force */
    }
}

void ocors_lists_judge(bool is_start)
{
    const ocors_config_server_t *config = ocors_config_server();
    uint32_t errors;

    ocors_lists_read();
    ocors_publish_fit(config->cache_size);
    errors = ocors_load_tell();
    is_refused = errors > 0 && !config->denies_bad;
    if (errors > 0) {
        ap_log_error(APLOG_MARK, APLOG_STARTUP | APLOG_ERR, 0, NULL,
                     "OcapiCorsBadDocument %s: %u error%s, named above; %s",
                     is_refused ? "Refuse" : "Deny", errors, errors > 1 ? "s" : "",
                     is_refused ? "the configuration is refused"
                                : "a start goes on, and the policies of these documents allow "
                                  "nothing");
    }
    if (is_start && !is_refused) {
        is_refused = !ocors_publish_try(config->cache_size);
    }
}

int ocors_lists_judged(void)
{
    return is_refused ? HTTP_INTERNAL_SERVER_ERROR : OK;
}

/* mod_ssl and mod_info show something and leave the run mode a test's; core's DUMP_s change it. */
static bool shows_something(void)
{
    return ap_exists_config_define("DUMP_CERTS") || ap_exists_config_define("DUMP_CONFIG");
}

int ocors_lists_test(server_rec *server)
{
    if (ap_state_query(AP_SQ_RUN_MODE) != AP_SQ_RM_CONFIG_TEST || shows_something()) {
        return OK;
    }
    ocors_lists_judge(false);
    if (!is_refused) {
        ocors_load_log(
            server); /* warnings; post_config, which logs them otherwise, is not coming */
    }
    return ocors_lists_judged();
}
