/* SPDX-License-Identifier: Apache-2.0 */
/* A snapshot: all that is in force at a time, as tables in shared memory beside the images. */
#ifndef OCORS_SNAPSHOT_H
#define OCORS_SNAPSHOT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "ocors_url_path.h"
#include "ocors_policy.h"
#include "ocors_sha256.h"
#include "ocors_slots.h"
#include "ocors_span.h"

/*
 *   +--------+-----------+--------+----------+-------+------------+---------+----------+-------+
 *   | header | documents | layers | policies | sites | site_slots | members | settings | trees |
 *   +--------+-----------+--------+----------+-------+------------+---------+----------+-------+
 *   | text ... |
 *   +----------+
 *
 *   settings[n]  the policy of the configuration's n-th list of documents
 *   trees[n]     its n-th tree --> sites, in byte order of names --> a policy for each API
 *   site_slots   --hash of tree and site key (ocors_url_name.h)--> sites
 *   policies     --> layers: images, in the segment;  --> members: the documents asked for
 *   documents    what is known of each file, so that a later reading need not read it again
 *
 * A snapshot is all that a process needs to know of the past: nothing of it is kept elsewhere.
 * Places of images count from the segment's first byte, text references from that of the text.
 */
/* No document speaks for this API: nothing is allowed there. */
#define OCORS_SNAPSHOT_NO_POLICY UINT32_MAX

typedef struct ocors_snapshot_text_t {
    uint32_t at, length;
} ocors_snapshot_text_t;

/* Which file it was, by what stat says; all zero: there was none. Times in microseconds. */
typedef struct ocors_snapshot_file_t {
    int64_t modified, changed, size;
    uint64_t inode, device;
} ocors_snapshot_file_t;

/* Whether nothing tells two apart; two that were not there have only their absence in common. */
static inline bool ocors_snapshot_file_is_same(const ocors_snapshot_file_t *a,
                                               const ocors_snapshot_file_t *b)
{
    return memcmp(a, b, sizeof(*a)) == 0;
}

typedef struct ocors_snapshot_document_t {
    ocors_snapshot_file_t file;
    uint64_t image, image_size; /* size 0: the document cannot be used */
    ocors_snapshot_text_t path;
    uint32_t kept_policies, closed_policies; /* what was said of a bad one (ocors_document.h) */
} ocors_snapshot_document_t;

typedef struct ocors_snapshot_layer_t {
    uint64_t image, image_size;
} ocors_snapshot_layer_t;

typedef struct ocors_snapshot_policy_t {
    ocors_snapshot_text_t owner; /* whose policy it is, across snapshots */
    uint32_t first_layer, layer_count;
    uint32_t first_member, member_count; /* members: numbers of documents */
} ocors_snapshot_policy_t;

typedef struct ocors_snapshot_tree_t {
    ocors_snapshot_text_t directory;
    uint32_t first_site, site_count;
} ocors_snapshot_tree_t;

typedef struct ocors_snapshot_site_t {
    ocors_snapshot_text_t name; /* empty, the first: the organisation */
    uint32_t policies[OCORS_API_COUNT];
} ocors_snapshot_site_t;

typedef struct ocors_snapshot_header_t {
    uint64_t size;        /* of the snapshot, without images */
    uint64_t seed;        /* of the site slots */
    uint64_t fingerprint; /* of the files and folders that were looked at (ocors_fingerprint.h) */
    uint64_t problems;    /* of what was wrong with folders, the same way */
    uint64_t image_bytes, origin_count,
        client_count;            /* of all images that layers show, each once */
    int64_t published, duration; /* microseconds: since 1970, and what loading took */
    uint32_t generation;         /* from 1, over the life of the server */
    uint32_t document_count, layer_count, policy_count, member_count, settings_count, tree_count,
        site_count, site_slot_count, text_size;
    uint32_t has_response_headers; /* a client of some layer has some */
    unsigned char digest[OCORS_SHA256_SIZE];
} ocors_snapshot_header_t;

/* A view of a snapshot: its tables, checked against the segment; as long-lived as the snapshot. */
typedef struct ocors_snapshot_t {
    ocors_snapshot_header_t
        header; /* copied before it is checked: what others write later is too late */
    const char *segment;
    uint64_t segment_size;
    const ocors_snapshot_document_t *documents;
    const ocors_snapshot_layer_t *layers;
    const ocors_snapshot_policy_t *policies;
    const ocors_snapshot_site_t *sites;
    const ocors_slot_t *site_slots;
    const uint32_t *members;
    const uint32_t *settings;
    const ocors_snapshot_tree_t *trees;
    const char *text;
} ocors_snapshot_t;

/* The size of a snapshot with the counts of `header`. */
uint64_t ocors_snapshot_size(const ocors_snapshot_header_t *header);

/*
 * Opens the snapshot at a multiple of 8 in a segment: constant time. False: it does not lie within
 * it. Whoever writes one opens it too, once the header's counts and `size` are there.
 */
bool ocors_snapshot_open(const void *segment, uint64_t segment_size, uint64_t offset,
                         ocors_snapshot_t *snapshot);

/* The same where the tables lie elsewhere than the segment that their images are in. */
bool ocors_snapshot_open_tables(const void *tables, uint64_t tables_size, const void *segment,
                                uint64_t segment_size, ocors_snapshot_t *snapshot);

/* The span of a text reference; the empty span where it leaves the snapshot. */
ocors_span_t ocors_snapshot_text(const ocors_snapshot_t *snapshot, ocors_snapshot_text_t text);

/* An image of a document or a layer; NULL: there is none, or it does not lie within the segment. */
const void *ocors_snapshot_image(const ocors_snapshot_t *snapshot, uint64_t image, uint64_t size);

/* Writes the slots of a snapshot of which all else is written. */
void ocors_snapshot_index_sites(const ocors_snapshot_t *snapshot);

/* The number of the tree of this directory; UINT32_MAX: there is none. */
uint32_t ocors_snapshot_find_tree(const ocors_snapshot_t *snapshot, ocors_span_t directory);

/* Opens a policy, layers and all. False: there is none; the policy then has no layers. */
bool ocors_snapshot_read_policy(const ocors_snapshot_t *snapshot, uint32_t number,
                                ocors_policy_t *policy);

/* Opens the policy of a list of documents. */
bool ocors_snapshot_read_settings(const ocors_snapshot_t *snapshot, uint32_t number,
                                  ocors_policy_t *policy);

/*
 * Finds a site of a tree by its id (R12): the number of its record; that of the tree's first one,
 * the organisation, where the tree has no such site, and for "" and "-". False: the id is not one
 * that the tree has, and has the key of one; or the tree is damaged. One hash and, as a rule, one
 * comparison, whatever the number of sites.
 */
bool ocors_snapshot_find_site(const ocors_snapshot_t *snapshot, uint32_t tree, ocors_span_t id,
                              uint32_t *site);

/*
 * Opens the policies that judge an API of a site (C5): one for shop and for data, both for whatever
 * else there is below /dw/. Returns how many; 0: no document speaks for it, and nothing is allowed.
 */
size_t ocors_snapshot_read_site(const ocors_snapshot_t *snapshot, uint32_t site, ocors_api_t api,
                                ocors_policy_t policies[OCORS_API_COUNT]);

/*
 * Opens the policies that judge a path (C5, R12). `site` is the id that counts where the path names
 * none. False: the path is ambiguous, or its readings lead to different sites, and nothing is
 * allowed. A tree that the snapshot does not have gives no policy.
 */
bool ocors_snapshot_read_path(const ocors_snapshot_t *snapshot, uint32_t tree,
                              const ocors_url_path_t *path, ocors_span_t site,
                              ocors_policy_t policies[OCORS_API_COUNT], size_t *count);

#endif
