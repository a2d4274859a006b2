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
