/* SPDX-License-Identifier: Apache-2.0 */
/* A small snapshot with real images, alone in a segment that is a block of memory of its own. */
#ifndef OCORS_TEST_SNAPSHOT_SEGMENT_H
#define OCORS_TEST_SNAPSHOT_SEGMENT_H

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "ocors_snapshot.h"
#include "ocors_rooms.h"
#include "ocors_settings.h"

#define SEED UINT64_C(0x0123456789abcdef)

#define NONE OCORS_SNAPSHOT_NO_POLICY

enum {
    IMAGE_GLOBAL, /* client g: global; client r: replaced */
    IMAGE_SITE,   /* client s: site; client r: replacing */
    IMAGE_DATA,   /* client d: data */
    IMAGES
};

/* Numbers of policies. */
enum {
    POLICY_LISTED, /* global, site */
    POLICY_SHOP,   /* global */
    POLICY_DATA,   /* data */
    POLICY_SITE,   /* global, site */
    POLICY_EMPTY,
    POLICY_MANY, /* as many layers as there can be */
    POLICIES
};

static const uint32_t layers_of[POLICIES] = { 2, 1, 1, 2, 0, OCORS_POLICY_LAYERS_MAX };
static const uint32_t settings_written[] = { POLICY_LISTED, NONE, POLICY_EMPTY, POLICY_MANY };

static const struct {
    const char *name;
    uint32_t policies[OCORS_API_COUNT];
} sites_written[] = {
    { "", { POLICY_SHOP, POLICY_DATA } }, { "SiteA", { POLICY_SITE, POLICY_DATA } },
    { "SiteB", { NONE, POLICY_DATA } },   { "SiteC", { NONE, NONE } },
    { "SiteD", { POLICY_SITE, NONE } },   { "sited", { POLICY_SHOP, NONE } },
    { "", { POLICY_DATA, NONE } }, /* the second tree's */
};

#define COUNT_OF(array) (sizeof(array) / sizeof((array)[0]))

/* A segment that is a block of its own, with nothing before or after it. */
typedef struct segment_t {
    char *bytes;
    size_t size;
    size_t place; /* of the snapshot */
    size_t images[IMAGES], image_sizes[IMAGES];
    ocors_snapshot_t snapshot;
} segment_t;

static ocors_report_t report;

static void add_client(ocors_settings_t *settings, const char *id, const char *origin)
{
    assert_int_equal(
        ocors_settings_begin_client(settings, ocors_span_from_string(id), &report, NULL), OCORS_OK);
    assert_int_equal(
        ocors_settings_add_origin(settings, ocors_span_from_string(origin), &report, NULL),
        OCORS_OK);
}

static void *make_image(int number, size_t *size)
{
    ocors_settings_t *settings = ocors_settings_create();
    void *bytes;

    assert_non_null(settings);
    if (number == IMAGE_GLOBAL) {
        add_client(settings, "g", "https://global.example");
        add_client(settings, "r", "https://replaced.example");
    }
    else if (number == IMAGE_SITE) {
        add_client(settings, "s", "https://site.example");
        add_client(settings, "r", "https://replacing.example");
    }
    else {
        add_client(settings, "d", "https://data.example");
    }
    assert_int_equal(ocors_image_build(settings, SEED, &bytes, size), OCORS_OK);
    ocors_settings_free(settings);
    return bytes;
}

static ocors_snapshot_text_t write_text(const ocors_snapshot_t *snapshot, uint32_t *at,
                                        const char *string)
{
    const ocors_snapshot_text_t text = { *at, (uint32_t)strlen(string) };

    memcpy((char *)(uintptr_t)snapshot->text + text.at, string, text.length);
    *at += text.length;
    return text;
}

static void write_policies(const segment_t *segment, uint32_t *text)
{
    const ocors_snapshot_t *snapshot = &segment->snapshot;
    ocors_snapshot_policy_t *records = (void *)(uintptr_t)snapshot->policies;
    ocors_snapshot_layer_t *layers = (void *)(uintptr_t)snapshot->layers;
    uint32_t *members = (void *)(uintptr_t)snapshot->members;
    uint32_t layer = 0;

    for (uint32_t i = 0; i < POLICIES; i++) {
        char owner[16];

        snprintf(owner, sizeof(owner), "owner-%u", i);
        records[i] = (ocors_snapshot_policy_t){
            .owner = write_text(snapshot, text, owner),
            .first_layer = layer,
            .layer_count = layers_of[i],
            .first_member = i,
            .member_count = 1,
        };
        members[i] = i % IMAGES;
        for (uint32_t k = 0; k < layers_of[i]; k++, layer++) {
            const int image = i == POLICY_DATA ? IMAGE_DATA : k == 0 ? IMAGE_GLOBAL : IMAGE_SITE;

            layers[layer] = (ocors_snapshot_layer_t){
                .image = segment->images[image],
                .image_size = segment->image_sizes[image],
            };
        }
    }
}

/* Writes as src/httpd/snapshot_write.c does: the header, then the tables of the view that it opens.
 */
static void write_snapshot(segment_t *segment, const ocors_snapshot_header_t *header)
{
    ocors_snapshot_t *snapshot = &segment->snapshot;
    ocors_snapshot_document_t *documents;
    ocors_snapshot_tree_t *trees;
    ocors_snapshot_site_t *sites;
    uint32_t text = 0;

    memcpy(segment->bytes + segment->place, header, sizeof(*header));
    assert_true(ocors_snapshot_open(segment->bytes, segment->size, segment->place, snapshot));
    documents = (void *)(uintptr_t)snapshot->documents;
    trees = (void *)(uintptr_t)snapshot->trees;
    sites = (void *)(uintptr_t)snapshot->sites;
    for (uint32_t i = 0; i < header->document_count; i++) {
        documents[i] = (ocors_snapshot_document_t){
            .image = i < IMAGES ? segment->images[i] : 0,
            .image_size = i < IMAGES ? segment->image_sizes[i] : 0,
            .path = write_text(snapshot, &text, "document"),
        };
    }
    write_policies(segment, &text);
    memcpy((void *)(uintptr_t)snapshot->settings, settings_written, sizeof(settings_written));
    trees[0] = (ocors_snapshot_tree_t){ write_text(snapshot, &text, "tree"), 0,
                                        (uint32_t)COUNT_OF(sites_written) - 1 };
    trees[1] = (ocors_snapshot_tree_t){ write_text(snapshot, &text, "tree"),
                                        (uint32_t)COUNT_OF(sites_written) - 1, 1 };
    for (size_t i = 0; i < COUNT_OF(sites_written); i++) {
        sites[i].name = write_text(snapshot, &text, sites_written[i].name);
        memcpy(sites[i].policies, sites_written[i].policies, sizeof(sites[i].policies));
    }
    ocors_snapshot_index_sites(snapshot);
    assert_int_equal(text, header->text_size);
}

static ocors_snapshot_header_t make_header(void)
{
    ocors_snapshot_header_t header = {
        .generation = 1,
        .document_count = IMAGES + 1, /* the last one cannot be used */
        .policy_count = POLICIES,
        .member_count = POLICIES,
        .settings_count = (uint32_t)COUNT_OF(settings_written),
        .tree_count = 2,
        .site_count = (uint32_t)COUNT_OF(sites_written),
        .site_slot_count = (uint32_t)ocors_slots_count(COUNT_OF(sites_written)),
        .text_size = (IMAGES + 1) * 8 + POLICIES * 7 + 2 * 4,
    };

    for (size_t i = 0; i < POLICIES; i++) {
        header.layer_count += layers_of[i];
    }
    for (size_t i = 0; i < COUNT_OF(sites_written); i++) {
        header.text_size += (uint32_t)strlen(sites_written[i].name);
    }
    header.size = ocors_snapshot_size(&header);
    return header;
}

/* `is_last`: the snapshot ends the segment; else an image does. */
static segment_t segment_make(bool is_last)
{
    const ocors_snapshot_header_t header = make_header();
    segment_t segment = { .place = OCORS_IMAGE_ALIGNMENT };
    size_t at = is_last ? OCORS_IMAGE_ALIGNMENT
                        : ocors_round_up(segment.place + header.size, OCORS_ROOM_ALIGNMENT);
    void *images[IMAGES], *block;

    for (int i = 0; i < IMAGES; i++) {
        images[i] = make_image(i, &segment.image_sizes[i]);
        segment.images[i] = at;
        at += ocors_round_up(segment.image_sizes[i], OCORS_ROOM_ALIGNMENT);
    }
    if (is_last) {
        segment.place = at;
        at += header.size;
    }
    segment.size = at;
    assert_int_equal(posix_memalign(&block, OCORS_IMAGE_ALIGNMENT, segment.size), 0);
    segment.bytes = memset(block, 0, segment.size);
    for (int i = 0; i < IMAGES; i++) {
        memcpy(segment.bytes + segment.images[i], images[i], segment.image_sizes[i]);
        free(images[i]);
    }
    write_snapshot(&segment, &header);
    return segment;
}

#endif
