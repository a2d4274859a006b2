/* SPDX-License-Identifier: Apache-2.0 */
/* What is read from a snapshot: policies, sites, documents, images. */

#include <stdlib.h>

#include "ocors_image_verify.h"
#include "ocors_snapshot.h"
#include "snapshot_segment.h"
#include "vectors.h"

#define NONE OCORS_SNAPSHOT_NONE

static const char *const policies_list[POLICIES] = { "gsn", "go", "d", "gsn", "", "gsn" };

static void policies_are_read_by_index(void **state)
{
    static const uint32_t wrong[] = { POLICIES, NONE - 1, NONE };
    ocors_policy_t policy;

    (void)state;
    for (uint32_t i = 0; i < POLICIES; i++) {
        assert_true(ocors_snapshot_read_policy(&segment.snapshot, i, &policy));
        assert_int_equal(policy.layer_count, segment_layers_of[i]);
        assert_string_equal(segment_listed(&policy), policies_list[i]);
    }
    for (size_t i = 0; i < COUNT_OF(wrong); i++) {
        policy.layer_count = 1;
        assert_false(ocors_snapshot_read_policy(&segment.snapshot, wrong[i], &policy));
        assert_int_equal(policy.layer_count, 0);
    }
}

/* C4: what a later layer replaces is marked, and what is not marked is found by the ids. */
static void replaced_clients_are_marked(void **state)
{
    static const struct {
        uint32_t policy, layer, count;
        uint32_t bits;
        bool has_bits;
    } rows[] = {
        { POLICY_LISTED, 0, 1, 2, true }, /* r, the second client */
        { POLICY_LISTED, 1, 0, 0, false },
        { POLICY_SHOP, 0, 0, 0, false },
        { POLICY_SITE, 0, 1, 2, true },
        { POLICY_MANY, 0, 1, 2, true },
        { POLICY_MANY, 1, 2, 3, true }, /* the same document is above it */
        { POLICY_MANY, OCORS_POLICY_LAYERS_MAX - 1, 0, 0, false },
    };
    ocors_snapshot_t *snapshot = &segment.snapshot;
    const uint32_t words = snapshot->header.replaced_words;
    ocors_policy_t policy;

    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        assert_true(ocors_snapshot_read_policy(snapshot, rows[i].policy, &policy));
        const ocors_image_t *image = &policy.layers[rows[i].layer];

        assert_int_equal(image->replaced != NULL, rows[i].has_bits);
        assert_int_equal(image->replaced_count, rows[i].count);
        assert_int_equal(rows[i].has_bits ? *image->replaced : 0, rows[i].bits);
    }
    /* With too few words, the first layers have some. */
    for (uint32_t few = 0; few < words; few++) {
        snapshot->header.replaced_words = few;
        ocors_snapshot_index(snapshot);
        assert_true(ocors_snapshot_read_policy(snapshot, POLICY_SITE, &policy));
        assert_int_equal(policy.layers[0].replaced != NULL, few > 1);
        assert_string_equal(segment_listed(&policy), "gsn");
    }
    snapshot->header.replaced_words = words;
}

/* C4: of three layers of any documents, a client is replaced if a later one has its id. */
static void replaced_is_who_comes_later(void **state)
{
    const ocors_snapshot_t *snapshot = &segment.snapshot;
    ocors_snapshot_policy_t *policies = (void *)(uintptr_t)snapshot->policies;
    uint32_t *layers = (void *)(uintptr_t)snapshot->layers;
    ocors_policy_t policy;

    (void)state;
    layers += policies[POLICY_MANY].first_layer;
    policies[POLICY_MANY].layer_count = 3;
    for (uint32_t images = 0; images < 27; images++) {
        layers[0] = images % 3;
        layers[1] = images / 3 % 3;
        layers[2] = images / 9;
        ocors_snapshot_index(snapshot);
        assert_true(ocors_snapshot_read_policy(snapshot, POLICY_MANY, &policy));
        for (uint32_t layer = 0; layer < 2; layer++) {
            const ocors_image_t *image = &policy.layers[layer];
            ocors_image_client_t client;
            uint32_t found;

            assert_non_null(image->replaced);
            for (uint32_t i = 0; ocors_image_read_client(image, i, &client); i++) {
                bool is_later = false;

                for (uint32_t later = layer + 1; later < 3; later++) {
                    is_later = is_later
                               || ocors_image_find_client(&policy.layers[later], client.hash,
                                                          client.id, &found);
                }
                assert_int_equal(image->replaced[i / 32] >> i % 32 & 1, is_later);
            }
        }
    }
}

/* A key is compared whole: half of the policies here have one hash, and the last one has it too. */
static void policies_are_found_by_key(void **state)
{
    uint32_t index;

    (void)state;
    for (uint32_t i = 0; i < POLICIES; i++) {
        const ocors_key_t key = segment_policy_key(i), first = segment_policy_key(i % 2);

        assert_int_equal(ocors_key_hash(&key), ocors_key_hash(&first));
        assert_true(ocors_snapshot_find_policy(&segment.snapshot, &key, &index));
        assert_int_equal(index, i);
    }
    for (uint32_t i = POLICIES; i < POLICIES + 4; i++) {
        const ocors_key_t key = segment_policy_key(i);

        assert_false(ocors_snapshot_find_policy(&segment.snapshot, &key, &index));
    }
    for (size_t byte = 0; byte < sizeof(ocors_key_t); byte++) {
        ocors_key_t key = segment_policy_key(POLICY_SITE);

        key.bytes[byte] ^= 0x40;
        assert_false(ocors_snapshot_find_policy(&segment.snapshot, &key, &index));
    }
}

/* A site's policy has no key, and is found by its site alone. */
static void a_policy_without_a_key_is_not_found_by_key(void **state)
{
    ocors_snapshot_policy_t *record =
        (ocors_snapshot_policy_t *)(uintptr_t)&segment.snapshot.policies[POLICY_SITE];
    const ocors_key_t none = { .bytes = { 0 } }, was = record->key;
    uint32_t index;

    (void)state;
    assert_true(ocors_snapshot_find_policy(&segment.snapshot, &was, &index));
    record->key = none;
    ocors_snapshot_index(&segment.snapshot);
    assert_false(ocors_snapshot_find_policy(&segment.snapshot, &was, &index));
    assert_false(ocors_snapshot_find_policy(&segment.snapshot, &none, &index));
    for (uint32_t i = 0; i < POLICIES; i++) {
        const ocors_key_t key = segment_policy_key(i);

        assert_true(i == POLICY_SITE
                    || ocors_snapshot_find_policy(&segment.snapshot, &key, &index));
    }
}

static void trees_are_found_by_key(void **state)
{
    uint32_t index;

    (void)state;
    for (uint32_t i = 0; i < TREES; i++) {
        const ocors_key_t key = segment_tree_key(i);

        assert_true(ocors_snapshot_find_tree(&segment.snapshot, &key, &index));
        assert_int_equal(index, i);
    }
    const ocors_key_t key = segment_tree_key(TREES);
    assert_false(ocors_snapshot_find_tree(&segment.snapshot, &key, &index));
}

/* The policies of a site by its id; none where that is ambiguous. */
static size_t read_site(uint32_t tree, const char *id, ocors_api_t api,
                        ocors_policy_t policies[OCORS_API_COUNT])
{
    const ocors_key_t key = segment_tree_key(tree);
    uint32_t site;

    if (!ocors_snapshot_find_site(&segment.snapshot, &key, ocors_span_from_string(id), &site)) {
        return 0;
    }
    const size_t count = ocors_snapshot_read_site(&segment.snapshot, site, api, policies);
    if (api != OCORS_API_OTHER) {
        assert_int_equal(
            ocors_snapshot_site_policy(&segment.snapshot, site, api) != OCORS_SNAPSHOT_NONE, count);
    }
    return count;
}

static void sites_lead_to_policies(void **state)
{
    static const struct {
        uint32_t tree;
        const char *site;
        ocors_api_t api;
        size_t count;
        const char *listed[OCORS_API_COUNT];
    } rows[] = {
        { TREE_FULL, "SiteA", OCORS_API_SHOP, 1, { "gsn" } },
        { TREE_FULL, "SiteA", OCORS_API_DATA, 1, { "d" } },
        { TREE_FULL, "SiteA", OCORS_API_OTHER, 2, { "gsn", "d" } },
        { TREE_FULL, "SiteA", OCORS_API_OUTSIDE, 0, { NULL } },
        { TREE_FULL, "SiteB", OCORS_API_SHOP, 0, { NULL } },
        { TREE_FULL, "SiteB", OCORS_API_DATA, 1, { "d" } },
        { TREE_FULL, "SiteB", OCORS_API_OTHER, 1, { "d" } },
        { TREE_FULL, "SiteC", OCORS_API_SHOP, 0, { NULL } },
        { TREE_FULL, "SiteC", OCORS_API_DATA, 0, { NULL } },
        { TREE_FULL, "SiteC", OCORS_API_OTHER, 0, { NULL } },
        { TREE_FULL, "SiteD", OCORS_API_SHOP, 1, { "gsn" } },
        { TREE_FULL, "SiteD", OCORS_API_DATA, 0, { NULL } },
        { TREE_FULL, "SiteD", OCORS_API_OTHER, 1, { "gsn" } },
        { TREE_FULL, "sited", OCORS_API_SHOP, 1, { "go" } },
        /* The organisation, also for all ids that the tree does not have. */
        { TREE_FULL, "", OCORS_API_SHOP, 1, { "go" } },
        { TREE_FULL, "", OCORS_API_DATA, 1, { "d" } },
        { TREE_FULL, "", OCORS_API_OTHER, 2, { "go", "d" } },
        { TREE_FULL, "-", OCORS_API_OTHER, 2, { "go", "d" } },
        { TREE_FULL, "Aaa", OCORS_API_SHOP, 1, { "go" } },
        { TREE_FULL, "Site", OCORS_API_SHOP, 1, { "go" } },
        { TREE_FULL, "SiteAA", OCORS_API_SHOP, 1, { "go" } },
        { TREE_FULL, "SiteBB", OCORS_API_SHOP, 1, { "go" } },
        { TREE_FULL, "SiteZ", OCORS_API_SHOP, 1, { "go" } },
        { TREE_FULL, "SiteE", OCORS_API_SHOP, 1, { "go" } },
        { TREE_FULL, "\xff", OCORS_API_SHOP, 1, { "go" } },
        /* Another tree, whose key has the same hash, does not have these. */
        { TREE_BARE, "", OCORS_API_SHOP, 1, { "d" } },
        { TREE_BARE, "SiteA", OCORS_API_SHOP, 1, { "d" } },
        { TREE_BARE, "siteA", OCORS_API_SHOP, 1, { "d" } },
        { TREE_BARE, "SiteA", OCORS_API_DATA, 0, { NULL } },
        { TREE_BARE, "SiteA", OCORS_API_OTHER, 1, { "d" } },
        /* A tree that the snapshot does not have. */
        { TREES, "", OCORS_API_OTHER, 0, { NULL } },
        { TREES, "SiteA", OCORS_API_SHOP, 0, { NULL } },
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        ocors_policy_t policies[OCORS_API_COUNT];
        const size_t count = read_site(rows[i].tree, rows[i].site, rows[i].api, policies);

        if (count != rows[i].count) {
            fail_msg("tree %u, \"%s\", API %d: %zu policies", rows[i].tree, rows[i].site,
                     (int)rows[i].api, count);
        }
        for (size_t k = 0; k < count; k++) {
            assert_string_equal(segment_listed(&policies[k]), rows[i].listed[k]);
        }
    }
}

/* R12: an id that the tree has exactly is that site; one that has the key of a site is ambiguous.
 */
static void ids_are_told_apart(void **state)
{
    static const char *const organisation[] = { "",      "-",    " ",      ".",
                                                "SiteE", "Site", "SiteAA", "Site A" };
    static const char *const ambiguous[] = { "siteA",        "SITEA",       " SiteA",
                                             "SiteA ",       "SiteA.",      ".SiteA",
                                             "SiteA\x01",    "SITED",       "\xc5\xbfiteA",
                                             "S\xc4\xb1teA", "S\xc4\xb0teA" };
    static const char *const exact[] = { "SiteA", "SiteB", "SiteD", "sited" };
    const ocors_key_t full = segment_tree_key(TREE_FULL), unknown = segment_tree_key(TREES);
    uint32_t site;

    (void)state;
    for (size_t i = 0; i < COUNT_OF(organisation); i++) {
        assert_true(ocors_snapshot_find_site(&segment.snapshot, &full,
                                             ocors_span_from_string(organisation[i]), &site));
        assert_int_equal(site, 0);
    }
    for (size_t i = 0; i < COUNT_OF(ambiguous); i++) {
        assert_false(ocors_snapshot_find_site(&segment.snapshot, &full,
                                              ocors_span_from_string(ambiguous[i]), &site));
    }
    for (size_t i = 0; i < COUNT_OF(exact); i++) {
        assert_true(ocors_snapshot_find_site(&segment.snapshot, &full,
                                             ocors_span_from_string(exact[i]), &site));
        assert_span_equal(ocors_snapshot_text(&segment.snapshot, segment.snapshot.sites[site].name),
                          exact[i]);
    }
    assert_true(
        ocors_snapshot_find_site(&segment.snapshot, &unknown, OCORS_SPAN_LITERAL("SiteA"), &site));
    assert_int_equal(site, NONE);
}

/* R13: neither sites of one name in many trees, nor names that somebody has prepared, make a chain.
 */
static void sites_are_hashed_by_seed_and_tree(void **state)
{
    ocors_snapshot_tree_t *trees = (void *)(uintptr_t)segment.snapshot.trees;
    const ocors_key_t tree = segment_tree_key(TREE_FULL), other = { .bytes = { 'u' } };
    uint32_t site;

    (void)state;
    assert_true(
        ocors_snapshot_find_site(&segment.snapshot, &tree, OCORS_SPAN_LITERAL("SiteA"), &site));
    assert_int_equal(site, 1);
    segment.snapshot.header.seed++;
    assert_true(
        ocors_snapshot_find_site(&segment.snapshot, &tree, OCORS_SPAN_LITERAL("SiteA"), &site));
    assert_int_equal(site, NONE);
    segment.snapshot.header.seed--;
    trees[TREE_FULL].key = other; /* whose hash the slots do not have */
    assert_true(
        ocors_snapshot_find_site(&segment.snapshot, &other, OCORS_SPAN_LITERAL("SiteA"), &site));
    assert_int_equal(site, NONE);
}

/* R12: both readings lead to one site and one API, or nothing is allowed. */
static void readings_must_agree(void **state)
{
    static const struct {
        const char *plain, *loose;
        ocors_api_t plain_api, loose_api;
        bool is_ambiguous, is_good;
    } rows[] = {
        { "SiteA", "SiteA", OCORS_API_SHOP, OCORS_API_SHOP, false, true },
        { "SiteA", "SiteA", OCORS_API_SHOP, OCORS_API_SHOP, true, false },
        { "SiteA", "SiteB", OCORS_API_SHOP, OCORS_API_SHOP, false, false },
        { "SiteA", "SiteA", OCORS_API_SHOP, OCORS_API_DATA, false, false },
        { "SiteA;x", "SiteA", OCORS_API_SHOP, OCORS_API_SHOP, false, false },
        { "siteA", "siteA", OCORS_API_SHOP, OCORS_API_SHOP, false, false },
        { "x;y", "x", OCORS_API_SHOP, OCORS_API_SHOP, false, false },   /* and who finds none? */
        { NULL, "SiteD", OCORS_API_SHOP, OCORS_API_SHOP, false, true }, /* the configured site */
        { NULL, NULL, OCORS_API_DATA, OCORS_API_DATA, false, true },
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows) * 2; i++) {
        const size_t row = i / 2;
        const ocors_key_t tree = segment_tree_key(i % 2 == 0 ? TREE_FULL : TREES);
        const ocors_url_path_t path = {
            .plain = { ocors_span_from_string(rows[row].plain), rows[row].plain_api },
            .loose = { ocors_span_from_string(rows[row].loose), rows[row].loose_api },
            .is_ambiguous = rows[row].is_ambiguous,
        };
        uint32_t site = 7;
        bool is_good = ocors_snapshot_find_path(&segment.snapshot, &tree, &path,
                                                OCORS_SPAN_LITERAL("SiteD"), &site);

        if (i % 2 == 0 && is_good != rows[row].is_good) {
            fail_msg("row %zu", row);
        }
        if (is_good && i % 2 != 0) { /* of no tree: no policy */
            assert_int_equal(
                ocors_snapshot_site_policy(&segment.snapshot, site, rows[row].plain_api),
                OCORS_SNAPSHOT_NONE);
        }
    }
}

/* R12: the readings name two sites that there are not; whoever finds none takes the section's. */
static void sites_that_there_are_not_are_the_organisation(void **state)
{
    const ocors_key_t tree = segment_tree_key(TREE_FULL);
    const ocors_url_path_t path = {
        .plain = { OCORS_SPAN_LITERAL("x;y"), OCORS_API_SHOP },
        .loose = { OCORS_SPAN_LITERAL("x"), OCORS_API_SHOP },
    };
    uint32_t site, organisation;

    (void)state;
    assert_true(ocors_snapshot_find_site(&segment.snapshot, &tree, ocors_span_make(NULL, 0),
                                         &organisation));
    assert_true(
        ocors_snapshot_find_path(&segment.snapshot, &tree, &path, ocors_span_make(NULL, 0), &site));
    assert_int_equal(site, organisation);
    assert_true(ocors_snapshot_find_path(&segment.snapshot, &tree, &path,
                                         OCORS_SPAN_LITERAL("nowhere"), &site));
    assert_int_equal(site, organisation);
    assert_false(ocors_snapshot_find_path(&segment.snapshot, &tree, &path,
                                          OCORS_SPAN_LITERAL("SiteD"), &site));
}

static void documents_have_images(void **state)
{
    const ocors_snapshot_t *snapshot = &segment.snapshot;

    (void)state;
    for (uint32_t i = 0; i < snapshot->header.document_count; i++) {
        const ocors_snapshot_document_t *document = &snapshot->documents[i];
        size_t size = 0;
        const char *image = ocors_snapshot_image(snapshot, document->image, &size);

        assert_span_equal(ocors_snapshot_text(snapshot, document->path), segment_documents[i]);
        if (i < IMAGES) {
            assert_ptr_equal(image, segment.area + snapshot->images[i].at);
            assert_int_equal(size, snapshot->images[i].size);
            assert_true(ocors_image_verify(image, size));
        }
        else {
            assert_null(image);
        }
    }
}

/* A path is compared whole: slots may have one tag for several. */
static void documents_are_found_by_path(void **state)
{
    static const char *const unknown[] = { "", "documen", "document/", "sites/bb", "Document" };
    const ocors_snapshot_t *snapshot = &segment.snapshot;

    (void)state;
    for (uint32_t i = 0; i <= IMAGES; i++) {
        assert_int_equal(
            ocors_snapshot_find_document(snapshot, ocors_span_from_string(segment_documents[i])),
            i);
    }
    for (size_t i = 0; i < COUNT_OF(unknown); i++) {
        assert_int_equal(ocors_snapshot_find_document(snapshot, ocors_span_from_string(unknown[i])),
                         NONE);
    }
}

/* A40: a site counts in its own row; what is not a site of the snapshot counts in the row of none.
 */
static void sites_have_rows(void **state)
{
    ocors_snapshot_site_t *sites = (void *)(uintptr_t)segment.snapshot.sites;

    (void)state;
    for (uint32_t i = 0; i < SITES; i++) {
        sites[i].row = 10 + i;
        assert_int_equal(ocors_snapshot_site_row(&segment.snapshot, i), 10 + i);
    }
    assert_int_equal(ocors_snapshot_site_row(&segment.snapshot, SITES), 1);
    assert_int_equal(ocors_snapshot_site_row(&segment.snapshot, NONE), 1);
}

static void texts_are_within_the_text(void **state)
{
    const ocors_snapshot_t *snapshot = &segment.snapshot;
    const uint32_t size = snapshot->header.text_size;

    (void)state;
    for (uint32_t at = 0; at <= size; at++) {
        const ocors_snapshot_text_t fits = { at, size - at };
        const ocors_snapshot_text_t longer = { at, size - at + 1 };
        const ocors_snapshot_text_t wraps = { at, UINT32_MAX - at + 1 };

        assert_ptr_equal(ocors_snapshot_text(snapshot, fits).bytes, snapshot->text + at);
        assert_null(ocors_snapshot_text(snapshot, longer).bytes);
        assert_int_equal(ocors_snapshot_text(snapshot, longer).length, 0);
        assert_true(at == 0 || ocors_snapshot_text(snapshot, wraps).length == 0);
    }
}

static void has_nothing(const ocors_snapshot_t *snapshot)
{
    const ocors_key_t key = segment_tree_key(0);
    ocors_policy_t policies[OCORS_API_COUNT];
    uint32_t index;

    assert_false(ocors_snapshot_find_policy(snapshot, &key, &index));
    assert_false(ocors_snapshot_find_tree(snapshot, &key, &index));
    assert_int_equal(ocors_snapshot_find_document(snapshot, OCORS_SPAN_LITERAL("document")), NONE);
    assert_false(ocors_snapshot_read_policy(snapshot, 0, policies));
    assert_true(ocors_snapshot_find_site(snapshot, &key, OCORS_SPAN_LITERAL("SiteA"), &index));
    assert_int_equal(ocors_snapshot_read_site(snapshot, index, OCORS_API_OTHER, policies), 0);
}

/* Of a snapshot with nothing in it, nothing is found, and nothing is read. */
static void an_empty_snapshot_has_nothing(void **state)
{
    ocors_snapshot_header_t header = { .generation = 1 };
    ocors_snapshot_t snapshot;
    void *area;

    (void)state;
    ocors_snapshot_complete(&header);
    header.size = header.tables_size;
    assert_int_equal(posix_memalign(&area, OCORS_IMAGE_ALIGNMENT, (size_t)header.size), 0);
    memset(area, 0, (size_t)header.size);
    memcpy(area, &header, sizeof(header));
    assert_true(ocors_snapshot_open(area, header.size, area, header.size, &snapshot));
    ocors_snapshot_index(&snapshot);
    has_nothing(&snapshot);
    has_nothing(&ocors_snapshot_empty);
    free(area);
}

/* Four areas side by side: each snapshot needs its own bytes, and no others. */
static void each_area_is_whole(void **state)
{
    enum {
        AREAS = 4
    };
    const size_t size = segment.area_size;
    void *areas;

    (void)state;
    assert_int_equal(posix_memalign(&areas, OCORS_IMAGE_ALIGNMENT, AREAS * size), 0);
    for (size_t area = 0; area < AREAS; area++) {
        char *const here = (char *)areas + area * size;
        ocors_snapshot_t snapshot;
        ocors_policy_t policy;

        memset(areas, 0xa5, AREAS * size);
        memcpy(here, segment.area, size);
        assert_true(ocors_snapshot_open(here, size, here, size, &snapshot));
        for (uint32_t i = 0; i < POLICIES; i++) {
            assert_true(ocors_snapshot_read_policy(&snapshot, i, &policy));
            assert_string_equal(segment_listed(&policy), policies_list[i]);
        }
        for (size_t other = 0; other < AREAS; other++) {
            char *const there = (char *)areas + other * size;

            assert_true(other == area || !ocors_snapshot_open(there, size, there, size, &snapshot));
        }
    }
    free(areas);
}

/* The tables of the row and those of the area give the same answers, each without the other. */
static void tables_may_lie_apart(void **state)
{
    ocors_snapshot_t apart, whole;
    ocors_policy_t policy;

    (void)state;
    assert_true(segment_open_row(&segment, &apart));
    assert_true(segment_open_area(&segment, &whole));
    assert_memory_equal(&apart.header, &whole.header, sizeof(apart.header));
    memset(segment.row, 0xff, segment.row_size);
    assert_false(ocors_snapshot_read_policy(&apart, POLICY_SITE, &policy));
    assert_true(ocors_snapshot_read_policy(&whole, POLICY_SITE, &policy));
    assert_string_equal(segment_listed(&policy), "gsn");
    memcpy(segment.row, segment.area, segment.row_size);
    memset(segment.area, 0xff, (size_t)whole.header.tables_size);
    assert_true(ocors_snapshot_read_policy(&apart, POLICY_SITE, &policy));
    assert_string_equal(segment_listed(&policy), "gsn");
    assert_false(ocors_snapshot_read_policy(&whole, POLICY_SITE, &policy));
}

#define READING(test) cmocka_unit_test_setup_teardown(test, segment_begin, segment_end)

int main(void)
{
    const struct CMUnitTest tests[] = {
        READING(policies_are_read_by_index),
        READING(replaced_clients_are_marked),
        READING(replaced_is_who_comes_later),
        READING(policies_are_found_by_key),
        READING(a_policy_without_a_key_is_not_found_by_key),
        READING(trees_are_found_by_key),
        READING(sites_lead_to_policies),
        READING(ids_are_told_apart),
        READING(sites_are_hashed_by_seed_and_tree),
        READING(readings_must_agree),
        READING(sites_that_there_are_not_are_the_organisation),
        READING(documents_have_images),
        READING(documents_are_found_by_path),
        READING(sites_have_rows),
        READING(texts_are_within_the_text),
        READING(an_empty_snapshot_has_nothing),
        READING(each_area_is_whole),
        READING(tables_may_lie_apart),
    };

    return cmocka_run_group_tests_name("snapshot", tests, NULL, NULL) != 0;
}
