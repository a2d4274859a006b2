/* SPDX-License-Identifier: Apache-2.0 */
/* The snapshot: what is read from one; no word of it that lies opens a door, or leads out of it. */

#include "snapshot_segment.h"
#include "vectors.h"
#include "random_numbers.h"

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
    "owner-0",
};

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

/* A string with a letter for each origin that is listed. */
static const char *listed(const ocors_policy_t *policy)
{
    static char text[COUNT_OF(origins_known) + 1];
    size_t length = 0;

    for (size_t i = 0; i < COUNT_OF(origins_known); i++) {
        if (lists(policy, origins_known[i])) {
            text[length++] = "gosnd"[i]; /* global, old, site, new, data */
        }
    }
    for (size_t i = 0; i < COUNT_OF(origins_unknown); i++) {
        assert_false(lists(policy, origins_unknown[i]));
    }
    text[length] = '\0';
    return text;
}

/* ---- Reading --------------------------------------------------------------------------------- */

static void policies_are_read_by_number(void **state)
{
    static const char *const expected[POLICIES] = { "gsn", "go", "d", "gsn", "", "gsn" };
    segment_t segment = segment_make(true);
    ocors_policy_t policy;

    (void)state;
    for (uint32_t i = 0; i < POLICIES; i++) {
        assert_true(ocors_snapshot_read_policy(&segment.snapshot, i, &policy));
        assert_int_equal(policy.layer_count, layers_of[i]);
        assert_string_equal(listed(&policy), expected[i]);
    }
    for (uint32_t i = 0; i < 3; i++) {
        policy.layer_count = 1;
        assert_false(ocors_snapshot_read_policy(
            &segment.snapshot, (const uint32_t[]){ POLICIES, UINT32_MAX - 1, NONE }[i], &policy));
        assert_int_equal(policy.layer_count, 0);
    }
    free(segment.bytes);
}

static void settings_lead_to_policies(void **state)
{
    segment_t segment = segment_make(true);
    ocors_policy_t policy;

    (void)state;
    assert_true(ocors_snapshot_read_settings(&segment.snapshot, 0, &policy));
    assert_string_equal(listed(&policy), "gsn");
    assert_false(ocors_snapshot_read_settings(&segment.snapshot, 1, &policy));
    assert_string_equal(listed(&policy), "");
    assert_true(ocors_snapshot_read_settings(&segment.snapshot, 2, &policy));
    assert_string_equal(listed(&policy), "");
    assert_false(
        ocors_snapshot_read_settings(&segment.snapshot, COUNT_OF(settings_written), &policy));
    assert_false(ocors_snapshot_read_settings(&segment.snapshot, UINT32_MAX, &policy));
    assert_string_equal(listed(&policy), "");
    free(segment.bytes);
}

/* The policies of a site by its id; none where that is ambiguous. */
static size_t read_site(const ocors_snapshot_t *snapshot, uint32_t tree, const char *id,
                        ocors_api_t api, ocors_policy_t policies[OCORS_API_COUNT])
{
    uint32_t site;

    return ocors_snapshot_find_site(snapshot, tree, ocors_span_from_string(id), &site)
               ? ocors_snapshot_read_site(snapshot, site, api, policies)
               : 0;
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
        { 0, "SiteA", OCORS_API_SHOP, 1, { "gsn" } },
        { 0, "SiteA", OCORS_API_DATA, 1, { "d" } },
        { 0, "SiteA", OCORS_API_OTHER, 2, { "gsn", "d" } },
        { 0, "SiteA", OCORS_API_OUTSIDE, 0, { NULL } },
        { 0, "SiteB", OCORS_API_SHOP, 0, { NULL } },
        { 0, "SiteB", OCORS_API_DATA, 1, { "d" } },
        { 0, "SiteB", OCORS_API_OTHER, 1, { "d" } },
        { 0, "SiteC", OCORS_API_SHOP, 0, { NULL } },
        { 0, "SiteC", OCORS_API_DATA, 0, { NULL } },
        { 0, "SiteC", OCORS_API_OTHER, 0, { NULL } },
        { 0, "SiteD", OCORS_API_SHOP, 1, { "gsn" } },
        { 0, "SiteD", OCORS_API_DATA, 0, { NULL } },
        { 0, "SiteD", OCORS_API_OTHER, 1, { "gsn" } },
        /* The organisation's own, and those of all that the tree has not. */
        { 0, "", OCORS_API_SHOP, 1, { "go" } },
        { 0, "", OCORS_API_DATA, 1, { "d" } },
        { 0, "", OCORS_API_OTHER, 2, { "go", "d" } },
        { 0, "-", OCORS_API_OTHER, 2, { "go", "d" } },
        { 0, "Aaa", OCORS_API_SHOP, 1, { "go" } },
        { 0, "Site", OCORS_API_SHOP, 1, { "go" } },
        { 0, "SiteAA", OCORS_API_SHOP, 1, { "go" } },
        { 0, "SiteBB", OCORS_API_SHOP, 1, { "go" } },
        { 0, "SiteZ", OCORS_API_SHOP, 1, { "go" } },
        { 0, "SiteE", OCORS_API_SHOP, 1, { "go" } },
        { 0, "\xff", OCORS_API_SHOP, 1, { "go" } },
        /* Another tree knows nothing of these. */
        { 1, "", OCORS_API_SHOP, 1, { "d" } },
        { 1, "SiteA", OCORS_API_SHOP, 1, { "d" } },
        { 1, "SiteA", OCORS_API_DATA, 0, { NULL } },
        { 1, "SiteA", OCORS_API_OTHER, 1, { "d" } },
        { 2, "SiteA", OCORS_API_SHOP, 0, { NULL } },
        { UINT32_MAX, "SiteA", OCORS_API_SHOP, 0, { NULL } },
    };
    segment_t segment = segment_make(true);

    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        ocors_policy_t policies[OCORS_API_COUNT];
        const size_t count = read_site(&segment.snapshot, rows[i].tree, rows[i].site, rows[i].api,
                                       policies);

        if (count != rows[i].count) {
            fail_msg("tree %u, \"%s\", API %d: %zu policies", rows[i].tree, rows[i].site,
                     (int)rows[i].api, count);
        }
        for (size_t k = 0; k < count; k++) {
            assert_string_equal(listed(&policies[k]), rows[i].listed[k]);
        }
    }
    free(segment.bytes);
}

static void documents_and_texts_are_read(void **state)
{
    segment_t segment = segment_make(true);
    const ocors_snapshot_t *snapshot = &segment.snapshot;
    const uint32_t size = snapshot->header.text_size;

    (void)state;
    for (uint32_t i = 0; i < snapshot->header.document_count; i++) {
        const ocors_snapshot_document_t *document = &snapshot->documents[i];
        const void *image = ocors_snapshot_image(snapshot, document->image, document->image_size);

        assert_true(ocors_span_is_equal(ocors_snapshot_text(snapshot, document->path),
                                        OCORS_SPAN_LITERAL("document")));
        if (i < IMAGES) {
            assert_ptr_equal(image, segment.bytes + segment.images[i]);
            assert_true(ocors_image_verify(image, (size_t)document->image_size));
        }
        else {
            assert_null(image);
        }
    }
    for (uint32_t at = 0; at <= size; at++) {
        const ocors_snapshot_text_t fits = { at, size - at };
        const ocors_snapshot_text_t longer = { at, size - at + 1 };
        const ocors_snapshot_text_t wraps = { at, UINT32_MAX - at + 1 };

        assert_ptr_equal(ocors_snapshot_text(snapshot, fits).bytes, snapshot->text + at);
        assert_null(ocors_snapshot_text(snapshot, longer).bytes);
        assert_int_equal(ocors_snapshot_text(snapshot, longer).length, 0);
        assert_true(at == 0 || ocors_snapshot_text(snapshot, wraps).length == 0);
    }
    free(segment.bytes);
}

static void images_lie_within_the_segment(void **state)
{
    segment_t segment = segment_make(true);
    const uint64_t size = segment.size;
    const struct {
        uint64_t image, size;
        bool is_within;
    } rows[] = {
        { 0, size, true },
        { size - 1, 1, true },
        { 0, 0, false },
        { size, 1, false },
        { size, 0, false },
        { size + 1, 1, false },
        { 0, size + 1, false },
        { 1, size, false },
        { UINT64_MAX, 1, false },
        { 1, UINT64_MAX, false },
        { UINT64_MAX, UINT64_MAX, false },
        { size, UINT64_MAX - size + 1, false },
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        assert_int_equal(ocors_snapshot_image(&segment.snapshot, rows[i].image, rows[i].size)
                             != NULL,
                         rows[i].is_within);
    }
    free(segment.bytes);
}

/* ---- Damage ---------------------------------------------------------------------------------- */

static void half_a_policy_is_none(void **state)
{
    segment_t segment = segment_make(true);
    ocors_snapshot_layer_t *layers = (void *)(uintptr_t)segment.snapshot.layers;
    const ocors_snapshot_layer_t before = layers[1]; /* the second one of POLICY_LISTED */
    const ocors_snapshot_layer_t wrong[] = {
        { 0, 0 },
        { before.image, 0 },
        { before.image, before.image_size - 1 },
        { before.image, before.image_size + 1 },
        { before.image + 1, before.image_size },
        { before.image + OCORS_IMAGE_ALIGNMENT, before.image_size },
        { segment.size, before.image_size },
        { UINT64_MAX, UINT64_MAX },
    };
    ocors_policy_t policy;

    (void)state;
    for (size_t i = 0; i < COUNT_OF(wrong); i++) {
        layers[1] = wrong[i];
        assert_false(ocors_snapshot_read_policy(&segment.snapshot, POLICY_LISTED, &policy));
        assert_int_equal(policy.layer_count, 0);
        assert_string_equal(listed(&policy), "");
        assert_true(ocors_snapshot_read_policy(&segment.snapshot, POLICY_SITE, &policy));
    }
    layers[1] = before;
    assert_true(ocors_snapshot_read_policy(&segment.snapshot, POLICY_LISTED, &policy));
    free(segment.bytes);
}

static void too_many_layers_are_none(void **state)
{
    segment_t segment = segment_make(true);
    ocors_snapshot_policy_t *records = (void *)(uintptr_t)segment.snapshot.policies;
    ocors_policy_t policy;

    (void)state;
    records[POLICY_MANY].first_layer--; /* the table has one more than a policy may have */
    assert_true(ocors_snapshot_read_policy(&segment.snapshot, POLICY_MANY, &policy));
    records[POLICY_MANY].layer_count++;
    assert_false(ocors_snapshot_read_policy(&segment.snapshot, POLICY_MANY, &policy));
    assert_int_equal(policy.layer_count, 0);
    free(segment.bytes);
}

/* What others write to the header once it has been opened is too late: the view has its own. */
static void a_header_is_read_once(void **state)
{
    segment_t segment = segment_make(true);
    ocors_policy_t policy;

    (void)state;
    memset(segment.bytes + segment.place, 0xff, sizeof(ocors_snapshot_header_t));
    assert_true(ocors_snapshot_read_policy(&segment.snapshot, POLICY_SITE, &policy));
    assert_int_equal(segment.snapshot.header.policy_count, make_header().policy_count);
    assert_false(
        ocors_snapshot_open(segment.bytes, segment.size, segment.place, &segment.snapshot));
    free(segment.bytes);
}

/* Tables that lie elsewhere than their images: the same answers. */
static void tables_may_lie_apart(void **state)
{
    segment_t segment = segment_make(true);
    const size_t size = (size_t)segment.snapshot.header.size;
    char *tables = malloc(size);
    ocors_snapshot_t snapshot;
    ocors_policy_t here, there;

    (void)state;
    assert_non_null(tables);
    memcpy(tables, segment.bytes + segment.place, size);
    memset(segment.bytes + segment.place, 0xff, size);
    assert_true(ocors_snapshot_open_tables(tables, size, segment.bytes, segment.size, &snapshot));
    assert_true(ocors_snapshot_read_policy(&snapshot, POLICY_SITE, &there));
    assert_false(ocors_snapshot_read_policy(&segment.snapshot, POLICY_SITE, &here));
    assert_false(
        ocors_snapshot_open_tables(tables, size - 1, segment.bytes, segment.size, &snapshot));
    assert_false(ocors_snapshot_open_tables(tables, 8, segment.bytes, segment.size, &snapshot));
    free(tables);
    free(segment.bytes);
}

/* What stands beyond a table's count is not read, be it ever so good. */
static void counts_end_the_tables(void **state)
{
    segment_t segment = segment_make(true);
    ocors_snapshot_header_t *header = &segment.snapshot.header;
    ocors_policy_t policies[OCORS_API_COUNT];

    (void)state;
    header->layer_count--; /* POLICY_MANY has the last one */
    assert_false(ocors_snapshot_read_policy(&segment.snapshot, POLICY_MANY, policies));
    header->layer_count = 1;
    assert_false(ocors_snapshot_read_policy(&segment.snapshot, POLICY_SITE, policies));
    header->layer_count = make_header().layer_count;
    for (uint32_t count = 0; count <= 2; count += 2) { /* those that stand there can be read */
        assert_true(ocors_snapshot_read_settings(&segment.snapshot, count, policies));
        header->settings_count = count;
        assert_false(ocors_snapshot_read_settings(&segment.snapshot, count, policies));
        header->settings_count = make_header().settings_count;
    }
    header->site_count--; /* the second tree has the last one */
    assert_int_equal(read_site(&segment.snapshot, 1, "", OCORS_API_SHOP, policies), 0);
    header->tree_count--;
    header->site_count++;
    assert_int_equal(read_site(&segment.snapshot, 1, "", OCORS_API_SHOP, policies), 0);
    free(segment.bytes);
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
    segment_t segment = segment_make(true);
    uint32_t site;

    (void)state;
    for (size_t i = 0; i < COUNT_OF(organisation); i++) {
        assert_true(ocors_snapshot_find_site(&segment.snapshot, 0,
                                             ocors_span_from_string(organisation[i]), &site));
        assert_int_equal(site, 0);
    }
    for (size_t i = 0; i < COUNT_OF(ambiguous); i++) {
        assert_false(ocors_snapshot_find_site(&segment.snapshot, 0,
                                              ocors_span_from_string(ambiguous[i]), &site));
    }
    for (size_t i = 0; i < COUNT_OF(exact); i++) {
        assert_true(ocors_snapshot_find_site(&segment.snapshot, 0, ocors_span_from_string(exact[i]),
                                             &site));
        assert_span_equal(ocors_snapshot_text(&segment.snapshot, segment.snapshot.sites[site].name),
                          exact[i]);
    }
    assert_false(
        ocors_snapshot_find_site(&segment.snapshot, UINT32_MAX, OCORS_SPAN_LITERAL("x"), &site));
    free(segment.bytes);
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
        { "x;y", "x", OCORS_API_SHOP, OCORS_API_SHOP, false, true }, /* both the organisation's */
        { NULL, "SiteD", OCORS_API_SHOP, OCORS_API_SHOP, false, true }, /* the configured site */
        { NULL, NULL, OCORS_API_DATA, OCORS_API_DATA, false, true },
    };
    segment_t segment = segment_make(true);

    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        const ocors_url_path_t path = {
            .plain = { ocors_span_from_string(rows[i].plain), rows[i].plain_api },
            .loose = { ocors_span_from_string(rows[i].loose), rows[i].loose_api },
            .is_ambiguous = rows[i].is_ambiguous,
        };
        ocors_policy_t policies[OCORS_API_COUNT];
        size_t count = 7;

        if (ocors_snapshot_read_path(&segment.snapshot, 0, &path, OCORS_SPAN_LITERAL("SiteD"),
                                     policies, &count)
            != rows[i].is_good) {
            fail_msg("row %zu", i);
        }
        assert_in_range(count, 0, rows[i].is_good ? 1 : 0);
    }
    free(segment.bytes);
}

static void it_opens_nowhere_else(void **state)
{
    segment_t segment = segment_make(true);
    const uint64_t place = segment.place, size = segment.size;
    const uint64_t wrong[] = { place + 1, place + 4, place - 4,      size - 8,          size - 7,
                               size,      size + 8,  UINT64_MAX - 7, UINT64_MAX / 8 * 8 };
    ocors_snapshot_t snapshot;

    (void)state;
    assert_true(ocors_snapshot_open(segment.bytes, size, place, &snapshot));
    for (size_t i = 0; i < COUNT_OF(wrong); i++) {
        assert_false(ocors_snapshot_open(segment.bytes, size, wrong[i], &snapshot));
    }
    free(segment.bytes);
}

static void a_segment_that_is_cut_short_does_not_open(void **state)
{
    segment_t segment = segment_make(true);
    ocors_snapshot_t snapshot;

    (void)state;
    for (size_t size = 0; size < segment.size; size++) {
        void *block;

        assert_int_equal(posix_memalign(&block, OCORS_IMAGE_ALIGNMENT, size + (size == 0)), 0);
        memcpy(block, segment.bytes, size);
        assert_false(ocors_snapshot_open(block, size, segment.place, &snapshot));
        free(block);
    }
    free(segment.bytes);
}

static volatile uint32_t sum;

static void use_text(const ocors_snapshot_t *snapshot, ocors_snapshot_text_t text)
{
    const ocors_span_t span = ocors_snapshot_text(snapshot, text);

    for (size_t i = 0; i < span.length; i++) {
        sum += (unsigned char)span.bytes[i];
    }
}

static void use_tables(const ocors_snapshot_t *snapshot)
{
    const ocors_snapshot_header_t *header = &snapshot->header;

    for (uint32_t i = 0; i < header->document_count; i++) {
        const ocors_snapshot_document_t *document = &snapshot->documents[i];
        const char *image = ocors_snapshot_image(snapshot, document->image, document->image_size);

        use_text(snapshot, document->path);
        if (image != NULL) {
            sum += (unsigned char)image[0];
            sum += (unsigned char)image[document->image_size - 1];
        }
    }
    for (uint32_t i = 0; i < header->policy_count; i++) {
        use_text(snapshot, snapshot->policies[i].owner);
    }
    for (uint32_t i = 0; i < header->member_count; i++) {
        sum += snapshot->members[i];
    }
    for (uint32_t i = 0; i < header->tree_count; i++) {
        use_text(snapshot, snapshot->trees[i].directory);
    }
    for (uint32_t i = 0; i < header->site_count; i++) {
        use_text(snapshot, snapshot->sites[i].name);
    }
    for (uint32_t i = 0; i < header->text_size; i++) {
        sum += (unsigned char)snapshot->text[i];
    }
}

/* Reads whatever a damaged snapshot says; listed() fails where it allows what no image has. */
static void use(const segment_t *segment)
{
    static const char *const names[] = { "", "SiteA", "SiteD", "none" };
    static const ocors_api_t apis[] = { OCORS_API_SHOP, OCORS_API_DATA, OCORS_API_OTHER };
    ocors_snapshot_t snapshot;
    ocors_policy_t policy;

    if (!ocors_snapshot_open(segment->bytes, segment->size, segment->place, &snapshot)) {
        return;
    }
    use_tables(&snapshot);
    for (uint32_t i = 0; i < POLICIES + 2; i++) {
        (void)ocors_snapshot_read_policy(&snapshot, i, &policy);
        (void)listed(&policy);
        (void)ocors_snapshot_read_settings(&snapshot, i, &policy);
        sum += policy.layer_count;
    }
    (void)ocors_snapshot_read_policy(&snapshot, NONE, &policy);
    assert_int_equal(policy.layer_count, 0);
    for (uint32_t i = 0; i < COUNT_OF(names) * COUNT_OF(apis) * 3; i++) {
        ocors_policy_t policies[OCORS_API_COUNT];
        const size_t count = read_site(&snapshot, i % 3, names[i / 3 % COUNT_OF(names)],
                                       apis[i / 3 / COUNT_OF(names)], policies);

        assert_in_range(count, 0, OCORS_API_COUNT);
        for (size_t k = 0; k < count; k++) {
            sum += policies[k].layer_count;
            assert_false(lists(&policies[k], "https://evil.example"));
        }
    }
}

static const uint32_t wrong_words[] = { 0, 1, 0x7fffffff, 0xffffffff, 2, 8, 64, 0x80000000 };

static void every_damaged_word_is_harmless(void **state)
{
    (void)state;
    for (int is_last = 0; is_last < 2; is_last++) {
        segment_t segment = segment_make(is_last != 0);
        const size_t size = (size_t)segment.snapshot.header.size;

        for (size_t at = 0; at + 4 <= size; at += 4) {
            char *word = segment.bytes + segment.place + at;
            uint32_t before;

            memcpy(&before, word, sizeof(before));
            for (size_t i = 0; i < 4; i++) {
                memcpy(word, &wrong_words[i], sizeof(before));
                use(&segment);
            }
            memcpy(word, &before, sizeof(before));
        }
        free(segment.bytes);
    }
}

/* Two to four words at a time, counts among them, and a size up to the segment's end. */
static void several_damaged_words_are_harmless(void **state)
{
    const uint32_t counts_from = (uint32_t)offsetof(ocors_snapshot_header_t, generation);
    size_t opened = 0;

    (void)state;
    random_state = 20110501;
    for (int is_last = 0; is_last < 2; is_last++) {
        segment_t segment = segment_make(is_last != 0);
        const uint32_t size = (uint32_t)segment.snapshot.header.size;
        char *kept = malloc(size);

        assert_non_null(kept);
        memcpy(kept, segment.bytes + segment.place, size);
        for (int round = 0; round < 2000; round++) {
            const uint64_t widest = segment.size - segment.place;

            if (round % 2 == 0) {
                memcpy(segment.bytes + segment.place, &widest, sizeof(widest));
            }
            for (uint32_t words = 2 + random_below(3); words > 0; words--) {
                const uint32_t value = random_below(2) == 0 ? wrong_words[random_below(8)]
                                                            : random_below(40);
                const uint32_t at = words % 2 == 0 ? random_below(size / 4) * 4
                                                   : counts_from + random_below(11) * 4;

                memcpy(segment.bytes + segment.place + at, &value, sizeof(value));
            }
            opened += ocors_snapshot_open(segment.bytes, segment.size, segment.place,
                                          &segment.snapshot);
            use(&segment);
            memcpy(segment.bytes + segment.place, kept, size);
        }
        free(kept);
        free(segment.bytes);
    }
    assert_in_range(opened, 500, 3500); /* it opened often, and often not */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(policies_are_read_by_number),
        cmocka_unit_test(settings_lead_to_policies),
        cmocka_unit_test(sites_lead_to_policies),
        cmocka_unit_test(ids_are_told_apart),
        cmocka_unit_test(readings_must_agree),
        cmocka_unit_test(documents_and_texts_are_read),
        cmocka_unit_test(images_lie_within_the_segment),
        cmocka_unit_test(half_a_policy_is_none),
        cmocka_unit_test(too_many_layers_are_none),
        cmocka_unit_test(counts_end_the_tables),
        cmocka_unit_test(a_header_is_read_once),
        cmocka_unit_test(tables_may_lie_apart),
        cmocka_unit_test(it_opens_nowhere_else),
        cmocka_unit_test(a_segment_that_is_cut_short_does_not_open),
        cmocka_unit_test(every_damaged_word_is_harmless),
        cmocka_unit_test(several_damaged_words_are_harmless),
    };
    int failed;

    ocors_report_init(&report);
    failed = cmocka_run_group_tests_name("snapshot", tests, NULL, NULL);
    ocors_report_free(&report);
    return failed != 0;
}
