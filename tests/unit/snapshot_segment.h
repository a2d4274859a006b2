/* SPDX-License-Identifier: Apache-2.0 */
/* A small snapshot with real images, in an area and in a row of memory of their own. */
#ifndef OCORS_TEST_SNAPSHOT_SEGMENT_H
#define OCORS_TEST_SNAPSHOT_SEGMENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "ocors_snapshot.h"

#define COUNT_OF(array) (sizeof(array) / sizeof((array)[0]))

enum {
    IMAGE_GLOBAL, /* client g: global; client r: replaced */
    IMAGE_SITE,   /* client s: site; client r: replacing */
    IMAGE_DATA,   /* client d: data */
    IMAGES
};

enum {
    POLICY_LISTED, /* global, site */
    POLICY_SHOP,   /* global */
    POLICY_DATA,   /* data */
    POLICY_SITE,   /* global, site */
    POLICY_EMPTY,
    POLICY_MANY, /* as many layers as there can be */
    POLICIES
};

enum {
    TREE_FULL, /* "", SiteA to SiteD and sited */
    TREE_BARE, /* "" */
    TREES,
    SITES = 7
};

extern const uint32_t segment_layers_of[POLICIES];

/* Paths of documents, of eight bytes: one for each image, and that of one without an image. */
extern const char *const segment_documents[IMAGES + 1];

/* Keys of policies: those of even and those of odd indexes have one hash. POLICIES: of none. */
ocors_key_t segment_policy_key(uint32_t index);

/* Keys of trees: all have one hash. TREES and above: of none. */
ocors_key_t segment_tree_key(uint32_t index);

/* Row and area each end right before a page that cannot be read. */
typedef struct segment_t {
    char *row; /* the tables, as a writer has them */
    size_t row_size;
    char *area; /* the tables once more, and the images */
    size_t area_size;
    ocors_snapshot_t snapshot; /* opened by the row */
} segment_t;

/* `slack`: how many bytes the row has beyond the tables, a multiple of OCORS_IMAGE_ALIGNMENT. */
segment_t segment_make(size_t slack);
void segment_free(segment_t *made);

/* The segment of the test that runs; cmocka calls the functions before and after it. */
extern segment_t segment;
int segment_begin(void **state);
int segment_end(void **state);

/* Opens the row, or the area by its own tables, as a worker does. */
bool segment_open_row(segment_t *made, ocors_snapshot_t *snapshot);
bool segment_open_area(const segment_t *made, ocors_snapshot_t *snapshot);

/*
 * A letter for each origin that the policy lists: g(lobal), o(ld: replaced), s(ite), n(ew:
 * replacing), d(ata). Fails where it lists an origin that is in no image. Valid until the next
 * call.
 */
const char *segment_listed(const ocors_policy_t *policy);

#endif
