/* SPDX-License-Identifier: Apache-2.0 */
/* An opened snapshot and its opened policies. */

#include "ocors_view.h"

#include <stddef.h>

/* The serial of the snapshot in an area, which others may write to. */
static uint64_t serial_in(const void *area)
{
    uint64_t serial;

    memcpy(&serial, (const char *)area + offsetof(ocors_snapshot_header_t, serial), sizeof(serial));
    return serial;
}

bool ocors_view_open(ocors_view_t *view, const void *area, uint64_t area_size)
{
    if (view->snapshot.area == area && view->snapshot.header.serial == serial_in(area)) {
        return true;
    }
    for (unsigned i = 0; i < OCORS_VIEW_POLICIES; i++) {
        view->policies[i].is_open = false;
    }
    view->list.is_known = view->site.is_known = false;
    if (!ocors_snapshot_open(area, area_size, area, area_size, &view->snapshot)) {
        view->snapshot.area = NULL;
        return false;
    }
    return true;
}

const ocors_policy_t *ocors_view_policy(ocors_view_t *view, uint32_t index)
{
    const unsigned at = index % OCORS_VIEW_POLICIES;

    if (!view->policies[at].is_open || view->policies[at].index != index) {
        view->policies[at].index = index;
        view->policies[at].is_open = ocors_snapshot_read_policy(&view->snapshot, index,
                                                                &view->policies[at].policy);
    }
    return view->policies[at].is_open ? &view->policies[at].policy : NULL;
}

const ocors_policy_t *ocors_view_list(ocors_view_t *view, const ocors_key_t *key)
{
    uint32_t policy;

    if (!view->list.is_known || !ocors_key_is_equal(&view->list.key, key)) {
        if (!ocors_snapshot_find_policy(&view->snapshot, key, &policy)) {
            return NULL;
        }
        view->list.is_known = true;
        view->list.key = *key;
        view->list.policy = policy;
    }
    return ocors_view_policy(view, view->list.policy);
}

/* Remembers the site of an id. */
static void site_keep(ocors_view_t *view, const ocors_key_t *tree, ocors_span_t id, uint32_t index)
{
    view->site.is_known = id.length <= sizeof(view->site.id);
    if (view->site.is_known) {
        view->site.tree = *tree;
        view->site.index = index;
        view->site.length = id.length;
        if (id.length > 0) {
            memcpy(view->site.id, id.bytes, id.length);
        }
    }
}

bool ocors_view_find_path(ocors_view_t *view, const ocors_key_t *tree, const ocors_url_path_t *path,
                          ocors_span_t site, uint32_t *index)
{
    const ocors_span_t id = path->plain.site.bytes != NULL ? path->plain.site : site;
    const bool is_plain = !path->is_ambiguous && path->plain.api == path->loose.api
                          && path->plain.site.bytes == path->loose.site.bytes
                          && path->plain.site.length == path->loose.site.length;

    if (is_plain && view->site.is_known
        && ocors_span_is_equal(ocors_span_make(view->site.id, view->site.length), id)
        && ocors_key_is_equal(&view->site.tree, tree)) {
        *index = view->site.index;
        return true;
    }
    if (!ocors_snapshot_find_path(&view->snapshot, tree, path, site, index)) {
        return false;
    }
    if (is_plain) {
        site_keep(view, tree, id, *index);
    }
    return true;
}
