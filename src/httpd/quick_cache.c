/* SPDX-License-Identifier: Apache-2.0 */
/* What mod_cache's quick handler may store. Owns nothing. */

#include "ocors_quick_cache.h"

#include <string.h>

#include <http_config.h>
#include <util_filter.h>

#include "ocors_config.h"
#include "ocors_request_path.h"

extern module AP_MODULE_DECLARE_DATA ocapi_cors_module;

/* Whether the quick handler has found nothing, and waits for the response, also of a subrequest. */
static bool is_to_be_stored(const request_rec *r)
{
    static const char saves[] = "CACHE_SAVE"; /* or CACHE_SAVE_SUBREQ */

    for (const ap_filter_t *filter = r->output_filters; filter != NULL; filter = filter->next) {
        if (filter->r == r && ap_cstr_casecmpn(filter->frec->name, saves, sizeof(saves) - 1) == 0) {
            return true;
        }
    }
    return false;
}

static const ocors_config_t *config_of(const ap_conf_vector_t *sections)
{
    return ap_get_module_config(sections, &ocapi_cors_module);
}

static bool is_same_text(const char *one, const char *other)
{
    return one == other || (one != NULL && other != NULL && strcmp(one, other) == 0);
}

/* Whether a hit is judged as this request is. In a tree the path selects the policy. */
static bool hit_is_judged_alike(request_rec *r)
{
    char *const path = ocors_request_path_line(r);
    const ocors_config_t *now = config_of(r->per_dir_config);
    const ocors_config_t *hit = config_of(ocors_request_path_sections_of(r, path));

    if (now->mode != OCORS_MODE_ON && hit->mode != OCORS_MODE_ON) {
        return true;
    }
    return ocors_config_is_equal(now, hit) && is_same_text(r->args, r->parsed_uri.query)
           && (now->documents == NULL || !now->documents->list.is_tree
               || is_same_text(r->uri, path));
}

void ocors_quick_cache_guard(request_rec *r)
{
    if (is_to_be_stored(r) && !hit_is_judged_alike(r)) {
        apr_table_setn(r->subprocess_env, "no-cache", "1"); /* mod_cache obeys it */
    }
}
