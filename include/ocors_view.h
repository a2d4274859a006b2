/* SPDX-License-Identifier: Apache-2.0 */
/* What a reader has opened of a snapshot, for as long as that snapshot is current. */
#ifndef OCORS_VIEW_H
#define OCORS_VIEW_H

#include <stdbool.h>
#include <stdint.h>

#include "ocors_policy.h"
#include "ocors_snapshot.h"
#include "ocors_url_name.h"

/* The policies that are open at once: the shop and the data policy of a site are neighbours. */
#define OCORS_VIEW_POLICIES 2

/*
 * A snapshot that one thread has opened, and the policies that it asked for last. To open means to
 * copy headers and to check all bounds, so that a view leads nowhere outside of the area of its
 * snapshot, whatever is written there later. It also has the answers to the questions that most
 * requests ask alike: which policy a list has, and which site an id names. It begins as zeros. What
 * a request reads of a view lies together at its beginning: each thread has a view of its own,
 * which is no longer in the caches when the thread's turn comes again.
 */
typedef struct ocors_view_t {
    ocors_snapshot_t snapshot;
    struct {
        bool is_known;
        ocors_key_t key;
        uint32_t policy;
    } list; /* the list of documents that was asked for last */
    struct {
        bool is_known;
        ocors_key_t tree;
        uint32_t index;
        size_t length;
        char id[OCORS_SITE_KEY_MAX];
    } site; /* the site that was asked for last, by an id that every reading of the path gives */
    struct {
        uint32_t index;
        bool is_open;
        ocors_policy_t policy;
    } policies[OCORS_VIEW_POLICIES];
} ocors_view_t;

/*
 * Opens the snapshot of an area, unless the view is of it already: `area` and the serial of the
 * snapshot are those of the view. False: ocors_snapshot_open() fails; the view is of nothing.
 */
bool ocors_view_open(ocors_view_t *view, const void *area, uint64_t area_size);

/* The policy of an index, opened or still open. NULL: there is none, or it is damaged. */
const ocors_policy_t *ocors_view_policy(ocors_view_t *view, uint32_t index);

/* The policy of a list of documents, by its key. NULL: as above. */
const ocors_policy_t *ocors_view_list(ocors_view_t *view, const ocors_key_t *key);

/* ocors_snapshot_find_path(), for which the last answer may do. */
bool ocors_view_find_path(ocors_view_t *view, const ocors_key_t *tree, const ocors_url_path_t *path,
                          ocors_span_t site, uint32_t *index);

#endif
