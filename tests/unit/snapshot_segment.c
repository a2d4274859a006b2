/* SPDX-License-Identifier: Apache-2.0 */
/* Writes a snapshot as src/httpd/reload/snapshot_write.c does. */

#include "snapshot_segment.h"

#include <stdio.h>
#include <stdlib.h>

#include "ocors_image_build.h"
#include "ocors_settings.h"
#include "vectors.h"

#define SEED UINT64_C(0x0123456789abcdef)
#define NONE OCORS_SNAPSHOT_NONE

const char *const segment_documents[IMAGES + 1] = { "document", "sites/aa", "sites/ab",
                                                    "sites/ba" };

const uint32_t segment_layers_of[POLICIES] = { 2, 1, 1, 2, 0, OCORS_POLICY_LAYERS_MAX };

static const struct {
    uint32_t tree;
    const char *name;
    uint32_t policies[OCORS_API_COUNT];
} sites_written[SITES] = {
    { TREE_FULL, "", { POLICY_SHOP, POLICY_DATA } },
    { TREE_FULL, "SiteA", { POLICY_SITE, POLICY_DATA } },
    { TREE_FULL, "SiteB", { NONE, POLICY_DATA } },
    { TREE_FULL, "SiteC", { NONE, NONE } },
    { TREE_FULL, "SiteD", { POLICY_SITE, NONE } },
    { TREE_FULL, "sited", { POLICY_SHOP, NONE } },
    { TREE_BARE, "", { POLICY_DATA, NONE } },
};

/* All origins that are in any image, and some that are in none. */
static const char *const origins_known[] = {
    "https://global.example",    "https://replaced.example", "https://site.example",
    "https://replacing.example", "https://data.example",
};
static const char *const origins_unknown[] = {
    "",
    "null",
    "https://evil.example",
    "https://global.exampl",
    "https://global.example.",
    "tree",
    "SiteA",
    "document",
};

ocors_key_t segment_policy_key(uint32_t index)
{
    return (ocors_key_t){ .bytes = { 'p', index % 2 == 0, [15] = (unsigned char)index } };
}

ocors_key_t segment_tree_key(uint32_t index)
{
    return (ocors_key_t){ .bytes = { 't', [15] = (unsigned char)index } };
}

static void add_client(ocors_settings_t *settings, ocors_report_t *report, const char *id,
                       const char *origin)
{
    assert_int_equal(
        ocors_settings_begin_client(settings, ocors_span_from_string(id), report, NULL), OCORS_OK);
    assert_int_equal(
        ocors_settings_add_origin(settings, ocors_span_from_string(origin), report, NULL),
        OCORS_OK);
}

static void *make_image(int number, size_t *size)
{
    ocors_settings_t *settings = ocors_settings_create();
    ocors_report_t report;
    void *bytes;

    assert_non_null(settings);
    ocors_report_init(&report);
    if (number == IMAGE_GLOBAL) {
        add_client(settings, &report, "g", "https://global.example");
        add_client(settings, &report, "r", "https://replaced.example");
    }
    else if (number == IMAGE_SITE) {
        add_client(settings, &report, "s", "https://site.example");
        add_client(settings, &report, "r", "https://replacing.example");
    }
    else {
        add_client(settings, &report, "d", "https://data.example");
    }
    assert_int_equal(ocors_image_build(settings, SEED, &bytes, size), OCORS_OK);
    ocors_report_free(&report);
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

static void write_policies(const ocors_snapshot_t *snapshot)
{
    ocors_snapshot_policy_t *records = (void *)(uintptr_t)snapshot->policies;
    uint32_t *layers = (void *)(uintptr_t)snapshot->layers;
    uint32_t layer = 0;

    for (uint32_t i = 0; i < POLICIES; i++) {
        records[i] = (ocors_snapshot_policy_t){
            .key = segment_policy_key(i),
            .first_layer = layer,
            .layer_count = segment_layers_of[i],
        };
        for (uint32_t k = 0; k < segment_layers_of[i]; k++) {
            layers[layer++] = i == POLICY_DATA ? IMAGE_DATA : k == 0 ? IMAGE_GLOBAL : IMAGE_SITE;
        }
    }
}

static void write_tables(const ocors_snapshot_t *snapshot)
{
    ocors_snapshot_document_t *documents = (void *)(uintptr_t)snapshot->documents;
    ocors_snapshot_tree_t *trees = (void *)(uintptr_t)snapshot->trees;
    ocors_snapshot_site_t *sites = (void *)(uintptr_t)snapshot->sites;
    uint32_t text = 0;

    for (uint32_t i = 0; i < snapshot->header.document_count; i++) {
        documents[i] = (ocors_snapshot_document_t){
            .path = write_text(snapshot, &text, segment_documents[i]),
            .image = i < IMAGES ? i : NONE,
        };
    }
    write_policies(snapshot);
    for (uint32_t i = 0; i < TREES; i++) {
        trees[i] = (ocors_snapshot_tree_t){
            .key = segment_tree_key(i),
            .first_site = i == TREE_FULL ? 0 : SITES - 1,
            .site_count = i == TREE_FULL ? SITES - 1 : 1,
        };
    }
    for (uint32_t i = 0; i < SITES; i++) {
        sites[i].name = write_text(snapshot, &text, sites_written[i].name);
        sites[i].tree = sites_written[i].tree;
        memcpy(sites[i].policies, sites_written[i].policies, sizeof(sites[i].policies));
    }
    ocors_snapshot_index(snapshot);
    assert_int_equal(text, snapshot->header.text_size);
}

static ocors_snapshot_header_t make_header(void)
{
    ocors_snapshot_header_t header = {
        .seed = SEED,
        .generation = 1,
        .image_count = IMAGES,
        .document_count = IMAGES + 1, /* the last one cannot be used */
        .policy_count = POLICIES,
        .list_policy_count = POLICIES,
        .tree_count = TREES,
        .site_count = SITES,
        .text_size = (IMAGES + 1) * 8,
    };

    for (size_t i = 0; i < POLICIES; i++) {
        header.layer_count += segment_layers_of[i];
        header.replaced_words += segment_layers_of[i] > 0 ? segment_layers_of[i] - 1 : 0;
    }
    for (size_t i = 0; i < SITES; i++) {
        header.text_size += (uint32_t)strlen(sites_written[i].name);
    }
    ocors_snapshot_complete(&header);
    header.size = header.tables_size;
    return header;
}

/* `size` zeros right before a page that cannot be read. */
static char *guarded_zeros(size_t size)
{
    void *zeros = calloc(1, size);
    char *memory;

    assert_non_null(zeros);
    memory = (char *)(uintptr_t)guarded_copy(zeros, size).bytes;
    free(zeros);
    assert_int_equal((uintptr_t)memory % OCORS_IMAGE_ALIGNMENT, 0);
    return memory;
}

segment_t segment_make(size_t slack)
{
    ocors_snapshot_header_t header = make_header();
    ocors_snapshot_image_t records[IMAGES];
    segment_t made = { .row_size = (size_t)header.tables_size + slack };
    void *images[IMAGES];

    for (int i = 0; i < IMAGES; i++) {
        size_t size;

        images[i] = make_image(i, &size);
        records[i] = (ocors_snapshot_image_t){ .at = header.size, .size = size };
        header.size += ocors_round_up(size, OCORS_IMAGE_ALIGNMENT);
    }
    made.area_size = (size_t)header.size;
    made.row = guarded_zeros(made.row_size);
    made.area = guarded_zeros(made.area_size);
    memcpy(made.row, &header, sizeof(header));
    assert_true(segment_open_row(&made, &made.snapshot));
    for (int i = 0; i < IMAGES; i++) {
        memcpy(made.area + records[i].at, images[i], (size_t)records[i].size);
        free(images[i]);
    }
    memcpy((void *)(uintptr_t)made.snapshot.images, records, sizeof(records));
    write_tables(&made.snapshot);
    memcpy(made.area, made.row, (size_t)header.tables_size);
    return made;
}

void segment_free(segment_t *made)
{
    guarded_free(ocors_span_make(made->row, made->row_size));
    guarded_free(ocors_span_make(made->area, made->area_size));
}

bool segment_open_row(segment_t *made, ocors_snapshot_t *snapshot)
{
    return ocors_snapshot_open(made->row, made->row_size, made->area, made->area_size, snapshot);
}

bool segment_open_area(const segment_t *made, ocors_snapshot_t *snapshot)
{
    return ocors_snapshot_open(made->area, made->area_size, made->area, made->area_size, snapshot);
}

segment_t segment;

int segment_begin(void **state)
{
    (void)state;
    segment = segment_make(0);
    return 0;
}

int segment_end(void **state)
{
    (void)state;
    segment_free(&segment);
    return 0;
}

static bool lists(const ocors_policy_t *policy, const char *origin)
{
    const ocors_span_t span = ocors_span_from_string(origin);
    ocors_span_t configured;

    if (!ocors_policy_lists(policy, ocors_policy_hash(policy, span), span, &configured)) {
        return false;
    }
    assert_true(ocors_span_is_equal(configured, span));
    return true;
}

const char *segment_listed(const ocors_policy_t *policy)
{
    static char text[COUNT_OF(origins_known) + 1];
    size_t length = 0;

    for (size_t i = 0; i < COUNT_OF(origins_known); i++) {
        if (lists(policy, origins_known[i])) {
            text[length++] = "gosnd"[i];
        }
    }
    for (size_t i = 0; i < COUNT_OF(origins_unknown); i++) {
        assert_false(lists(policy, origins_unknown[i]));
    }
    text[length] = '\0';
    return text;
}
