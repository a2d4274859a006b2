/* SPDX-License-Identifier: Apache-2.0 */
/* Damaged snapshots: no word that lies opens a door, or leads a reader out of the memory. */

#include <stdlib.h>

#include "ocors_hash.h"
#include "ocors_image_layout.h"
#include "random_numbers.h"
#include "snapshot_segment.h"
#include "vectors.h"

#define NONE OCORS_SNAPSHOT_NONE

/* ---- The header -------------------------------------------------------------------------------
 */

#define AT(member) offsetof(ocors_snapshot_header_t, member)

static void a_wrong_header_does_not_open(void **state)
{
    const struct {
        const char *name;
        size_t at, size;
        int64_t added;
    } rows[] = {
        { "another magic", AT(magic), 1, 1 },
        { "another magic at its end", AT(magic) + 7, 1, 1 },
        { "an older format", AT(format), 4, -1 },
        { "a newer format", AT(format), 4, 1 },
        { "larger than the area", AT(size), 8, 1 },
        { "much larger than the area", AT(size), 8, INT64_MAX },
        { "smaller than its tables", AT(size), 8,
          (int64_t)(segment.row_size - segment.area_size) - OCORS_IMAGE_ALIGNMENT },
        { "tables larger than the row", AT(tables_size), 8, 1 },
        { "tables smaller than the counts say", AT(tables_size), 8, -OCORS_IMAGE_ALIGNMENT },
        { "slots that are not a power of two", AT(slot_count), 4, -1 },
        { "no slots", AT(slot_count), 4, -32 },
        { "too many images", AT(image_count), 4, 10 },
        { "too many documents", AT(document_count), 4, 10 },
        { "too many policies", AT(policy_count), 4, 10 },
        { "too many trees", AT(tree_count), 4, 10 },
        { "too many sites", AT(site_count), 4, 10 },
        { "too many layers", AT(layer_count), 4, 100 },
        { "too many words of bits", AT(replaced_words), 4, 100 },
        { "too much text", AT(text_size), 4, 100 },
        { "all the text there can be", AT(text_size), 4, -100 },
    };
    ocors_snapshot_t snapshot;

    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        char *const member = segment.row + rows[i].at;
        uint64_t before = 0, changed;

        memcpy(&before, member, rows[i].size);
        changed = before + (uint64_t)rows[i].added;
        memcpy(member, &changed, rows[i].size);
        if (segment_open_row(&segment, &snapshot)) {
            fail_msg("%s: it opens", rows[i].name);
        }
        memcpy(member, &before, rows[i].size);
        assert_true(segment_open_row(&segment, &snapshot));
    }
}

static void a_snapshot_that_is_cut_short_does_not_open(void **state)
{
    ocors_snapshot_t snapshot;

    (void)state;
    for (size_t size = 0; size < segment.row_size; size += 8) {
        const ocors_span_t cut = guarded_copy(segment.row, size);

        assert_false(
            ocors_snapshot_open(cut.bytes, cut.length, segment.area, segment.area_size, &snapshot));
        guarded_free(cut);
    }
    for (size_t size = 0; size < segment.area_size; size++) {
        assert_false(
            ocors_snapshot_open(segment.row, segment.row_size, segment.area, size, &snapshot));
    }
}

/* The view has its own copy: what others write to the header afterwards has no effect. */
static void a_header_is_read_once(void **state)
{
    ocors_policy_t policy;
    ocors_snapshot_t snapshot;

    (void)state;
    memset(segment.row, 0xff, sizeof(ocors_snapshot_header_t));
    assert_true(ocors_snapshot_read_policy(&segment.snapshot, POLICY_SITE, &policy));
    assert_int_equal(segment.snapshot.header.policy_count, POLICIES);
    assert_false(segment_open_row(&segment, &snapshot));
}

/* What lies beyond a table's count is not read, however good it is. */
static void counts_end_the_tables(void **state)
{
    ocors_snapshot_header_t *header = &segment.snapshot.header;
    const ocors_snapshot_header_t whole = *header;
    const ocors_key_t bare = segment_tree_key(TREE_BARE);
    const ocors_key_t many = segment_policy_key(POLICY_MANY);
    ocors_policy_t policies[OCORS_API_COUNT];
    uint32_t index;

    (void)state;
    header->layer_count--; /* POLICY_MANY has the last one */
    assert_false(ocors_snapshot_read_policy(&segment.snapshot, POLICY_MANY, policies));
    header->layer_count = 1;
    assert_false(ocors_snapshot_read_policy(&segment.snapshot, POLICY_SITE, policies));
    *header = whole;
    header->image_count--; /* the image of the data API */
    assert_false(ocors_snapshot_read_policy(&segment.snapshot, POLICY_DATA, policies));
    assert_true(ocors_snapshot_read_policy(&segment.snapshot, POLICY_SITE, policies));
    *header = whole;
    header->policy_count--;
    assert_false(ocors_snapshot_find_policy(&segment.snapshot, &many, &index));
    assert_false(ocors_snapshot_read_policy(&segment.snapshot, POLICY_MANY, policies));
    *header = whole;
    header->site_count--; /* the second tree has the last one */
    assert_true(ocors_snapshot_find_site(&segment.snapshot, &bare, OCORS_SPAN_LITERAL(""), &index));
    assert_int_equal(index, NONE);
    assert_int_equal(
        ocors_snapshot_read_site(&segment.snapshot, SITES - 1, OCORS_API_SHOP, policies), 0);
    *header = whole;
    header->tree_count--;
    assert_false(ocors_snapshot_find_tree(&segment.snapshot, &bare, &index));
    assert_true(ocors_snapshot_find_site(&segment.snapshot, &bare, OCORS_SPAN_LITERAL(""), &index));
    assert_int_equal(index, NONE);
    *header = whole;
    assert_true(ocors_snapshot_find_site(&segment.snapshot, &bare, OCORS_SPAN_LITERAL(""), &index));
    assert_int_equal(index, SITES - 1);
}

/* ---- Records ----------------------------------------------------------------------------------
 */

static void images_lie_within_the_snapshot(void **state)
{
    const uint64_t size = segment.snapshot.header.size;
    const struct {
        uint64_t at, size;
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
    ocors_snapshot_image_t *record = (void *)(uintptr_t)segment.snapshot.images;
    size_t found;

    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        *record = (ocors_snapshot_image_t){ .at = rows[i].at, .size = rows[i].size };
        assert_int_equal(ocors_snapshot_image(&segment.snapshot, 0, &found) != NULL,
                         rows[i].is_within);
        assert_true(!rows[i].is_within || found == rows[i].size);
    }
    assert_null(ocors_snapshot_image(&segment.snapshot, IMAGES, &found));
    assert_null(ocors_snapshot_image(&segment.snapshot, NONE, &found));
}

#define SECTION(section, count, type)                                                              \
    {                                                                                              \
        offsetof(ocors_image_header_t, section), offsetof(ocors_image_header_t, count),            \
            sizeof(type)                                                                           \
    }

/* A section that ends after its image does not open, but for those of the hosts, whose reader finds
 * nothing then. One that ends with the image opens. */
static void sections_lie_within_their_image(void **state)
{
    static const struct {
        size_t at, count, width;
    } sections[] = {
        SECTION(groups, group_size, uint32_t),
        SECTION(members, member_count, uint32_t),
        SECTION(origins, origin_count, ocors_image_origin_record_t),
        SECTION(clients, client_count, ocors_image_client_record_t),
        SECTION(resources, resource_count, ocors_image_resource_record_t),
        SECTION(headers, header_count, ocors_image_header_record_t),
        SECTION(lists, list_count, ocors_image_list_record_t),
        SECTION(resource_slots, resource_slot_count, ocors_slot_t),
        SECTION(text, text_size, char),
    };
    const ocors_span_t host = OCORS_SPAN_LITERAL("global.example");
    size_t size;
    char *bytes = (void *)(uintptr_t)ocors_snapshot_image(&segment.snapshot, IMAGE_GLOBAL, &size);

    (void)state;
    for (size_t i = 0; i < COUNT_OF(sections); i++) {
        uint32_t *const count = (uint32_t *)(void *)(bytes + sections[i].count);
        const uint32_t at = *(uint32_t *)(void *)(bytes + sections[i].at), before = *count;

        for (uint32_t more = 0; more < 2; more++) {
            ocors_image_t image;
            ocors_image_host_t found;

            *count = (uint32_t)((size - at) / sections[i].width) + more;
            assert_int_equal(
                ocors_image_open(bytes, size, &image)
                    && ocors_image_find_host(&image, ocors_image_hash(&image, host), host, &found),
                more == 0);
        }
        *count = before;
    }
}

static void half_a_policy_is_none(void **state)
{
    ocors_snapshot_image_t *images = (void *)(uintptr_t)segment.snapshot.images;
    uint32_t *layers = (void *)(uintptr_t)segment.snapshot.layers;
    const ocors_snapshot_image_t before = images[IMAGE_SITE];
    const ocors_snapshot_image_t wrong[] = {
        { 0, 0, 0 },
        { before.at, 0, 0 },
        { before.at, before.size - 1, 0 },
        { before.at, before.size + 1, 0 },
        { before.at + 1, before.size, 0 },
        { before.at + OCORS_IMAGE_ALIGNMENT, before.size, 0 },
        { segment.area_size, before.size, 0 },
        { UINT64_MAX, UINT64_MAX, 0 },
    };
    static const uint32_t wrong_layers[] = { IMAGES, NONE };
    ocors_policy_t policy;

    (void)state;
    for (size_t i = 0; i < COUNT_OF(wrong); i++) {
        images[IMAGE_SITE] = wrong[i];
        assert_false(ocors_snapshot_read_policy(&segment.snapshot, POLICY_LISTED, &policy));
        assert_int_equal(policy.layer_count, 0);
        assert_string_equal(segment_listed(&policy), "");
        assert_true(ocors_snapshot_read_policy(&segment.snapshot, POLICY_SHOP, &policy));
    }
    images[IMAGE_SITE] = before;
    for (size_t i = 0; i < COUNT_OF(wrong_layers); i++) {
        layers[1] = wrong_layers[i]; /* the second one of POLICY_LISTED */
        assert_false(ocors_snapshot_read_policy(&segment.snapshot, POLICY_LISTED, &policy));
        assert_int_equal(policy.layer_count, 0);
        assert_true(ocors_snapshot_read_policy(&segment.snapshot, POLICY_SITE, &policy));
    }
    layers[1] = IMAGE_SITE;
    assert_true(ocors_snapshot_read_policy(&segment.snapshot, POLICY_LISTED, &policy));
    segment.area[before.at] ^= 1; /* the image's magic */
    assert_false(ocors_snapshot_read_policy(&segment.snapshot, POLICY_LISTED, &policy));
}

static void too_many_layers_are_none(void **state)
{
    ocors_snapshot_policy_t *records = (void *)(uintptr_t)segment.snapshot.policies;
    ocors_policy_t policy;

    (void)state;
    records[POLICY_MANY].first_layer--; /* the table has one more than a policy may have */
    assert_true(ocors_snapshot_read_policy(&segment.snapshot, POLICY_MANY, &policy));
    records[POLICY_MANY].layer_count++;
    assert_false(ocors_snapshot_read_policy(&segment.snapshot, POLICY_MANY, &policy));
    assert_int_equal(policy.layer_count, 0);
}

/* Without a free slot a search ends all the same, and a slot that leads nowhere ends it. */
static void slots_that_are_all_taken_end_a_search(void **state)
{
    const ocors_snapshot_t *snapshot = &segment.snapshot;
    ocors_slot_t *slots = (void *)(uintptr_t)snapshot->slots;
    const ocors_span_t path = OCORS_SPAN_LITERAL("none");
    const ocors_key_t policy = segment_policy_key(POLICIES), tree = segment_tree_key(TREES);
    /* The first and the last of each kind, and one that leads nowhere. */
    static const uint32_t numbers[] = { 1,
                                        POLICIES,
                                        POLICIES + 1,
                                        POLICIES + SITES,
                                        POLICIES + SITES + 1,
                                        POLICIES + SITES + IMAGES + 1,
                                        NONE };
    const uint64_t hashes[] = { 0, ocors_key_hash(&policy),
                                ocors_hash(snapshot->header.seed, path) };
    uint32_t index;

    (void)state;
    for (size_t tag = 0; tag < COUNT_OF(hashes); tag++) {
        for (size_t i = 0; i < COUNT_OF(numbers); i++) {
            for (uint32_t k = 0; k < snapshot->header.slot_count; k++) {
                slots[k] = (ocors_slot_t){ (uint32_t)(hashes[tag] >> 32), numbers[i] };
            }
            assert_false(ocors_snapshot_find_policy(snapshot, &policy, &index));
            assert_true(ocors_snapshot_find_site(snapshot, &tree, OCORS_SPAN_LITERAL("x"), &index));
            assert_int_equal(index, NONE);
            assert_int_equal(ocors_snapshot_find_document(snapshot, path), NONE);
        }
    }
}

/* ---- Everything -------------------------------------------------------------------------------
 */

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
        size_t size = 0;
        const char *image = ocors_snapshot_image(snapshot, snapshot->documents[i].image, &size);

        use_text(snapshot, snapshot->documents[i].path);
        if (image != NULL) {
            sum += (unsigned char)image[0];
            sum += (unsigned char)image[size - 1];
        }
    }
    for (uint32_t i = 0; i < header->policy_count; i++) {
        sum += snapshot->policies[i].key.bytes[15];
    }
    for (uint32_t i = 0; i < header->tree_count; i++) {
        sum += snapshot->trees[i].site_count;
    }
    for (uint32_t i = 0; i < header->site_count; i++) {
        use_text(snapshot, snapshot->sites[i].name);
    }
    for (uint32_t i = 0; i < header->text_size; i++) {
        sum += (unsigned char)snapshot->text[i];
    }
}

/* Reads whatever a snapshot says; segment_listed() fails if it allows what no image has. */
static void use(const ocors_snapshot_t *snapshot)
{
    static const char *const names[] = { "", "SiteA", "SiteD", "none" };
    static const ocors_api_t apis[] = { OCORS_API_SHOP, OCORS_API_DATA, OCORS_API_OTHER };
    ocors_policy_t policies[OCORS_API_COUNT];
    uint32_t index;

    use_tables(snapshot);
    for (uint32_t i = 0; i <= IMAGES; i++) {
        const ocors_span_t path = ocors_span_from_string(segment_documents[i]);

        (void)ocors_snapshot_find_document(snapshot, path);
    }
    for (uint32_t i = 0; i < POLICIES + 2; i++) {
        const ocors_key_t key = segment_policy_key(i);

        (void)ocors_snapshot_read_policy(snapshot, i, policies);
        (void)segment_listed(policies);
        if (ocors_snapshot_find_policy(snapshot, &key, &index)) {
            (void)ocors_snapshot_read_policy(snapshot, index, policies);
            (void)segment_listed(policies);
        }
    }
    (void)ocors_snapshot_read_policy(snapshot, NONE, policies);
    assert_int_equal(policies[0].layer_count, 0);
    for (uint32_t i = 0; i < COUNT_OF(names) * COUNT_OF(apis) * 3; i++) {
        const ocors_key_t tree = segment_tree_key(i % 3);
        size_t count = 0;

        (void)ocors_snapshot_find_tree(snapshot, &tree, &index);
        if (ocors_snapshot_find_site(
                snapshot, &tree, ocors_span_from_string(names[i / 3 % COUNT_OF(names)]), &index)) {
            count = ocors_snapshot_read_site(snapshot, index, apis[i / 3 / COUNT_OF(names)],
                                             policies);
        }
        assert_in_range(count, 0, OCORS_API_COUNT);
        for (size_t k = 0; k < count; k++) {
            (void)segment_listed(&policies[k]);
        }
    }
}

/* As a writer opens it, and as a worker does. Returns how often it opened. */
static size_t use_both(void)
{
    ocors_snapshot_t snapshot;
    size_t opened = 0;

    if (segment_open_row(&segment, &snapshot)) {
        use(&snapshot);
        opened++;
    }
    if (segment_open_area(&segment, &snapshot)) {
        use(&snapshot);
        opened++;
    }
    return opened;
}

static const uint32_t wrong_words[] = { 0, 1, 0x7fffffff, 0xffffffff, 2, 8, 64, 0x80000000 };

static void put_word(size_t at, uint32_t word)
{
    memcpy(segment.row + at, &word, sizeof(word));
    memcpy(segment.area + at, &word, sizeof(word));
}

static void every_damaged_word_is_harmless(void **state)
{
    size_t opened = 0;

    (void)state;
    for (size_t at = 0; at + 4 <= segment.row_size; at += 4) {
        uint32_t before;

        memcpy(&before, segment.row + at, sizeof(before));
        for (size_t i = 0; i < 4; i++) {
            put_word(at, wrong_words[i]);
            opened += use_both();
        }
        put_word(at, before);
    }
    assert_true(opened > segment.row_size); /* most words are not the header's */
}

/* Two to four words at a time, counts among them, and tables up to the end of row and area. */
static void several_damaged_words_are_harmless(void **state)
{
    const uint32_t counts_from = (uint32_t)AT(image_count);
    const uint32_t counts = (uint32_t)(AT(has_response_headers) - AT(image_count)) / 4;
    size_t opened = 0;

    (void)state;
    random_state = 20110501;
    for (size_t slack = 0; slack < 2; slack++) {
        uint64_t widest[2];
        uint32_t size;
        char *kept;

        segment = segment_make(slack * 4096);
        size = (uint32_t)segment.snapshot.header.tables_size;
        widest[0] = segment.row_size;
        widest[1] = segment.area_size;
        kept = malloc(segment.row_size);
        assert_non_null(kept);
        memcpy(kept, segment.row, size);
        for (int round = 0; round < 2000; round++) {
            if (round % 2 == 0) {
                memcpy(segment.row + AT(tables_size), &widest[0], sizeof(widest[0]));
                memcpy(segment.area + AT(tables_size), &widest[1], sizeof(widest[1]));
            }
            for (uint32_t words = 2 + random_below(3); words > 0; words--) {
                const uint32_t value = random_below(2) == 0 ? wrong_words[random_below(8)]
                                                            : random_below(40);

                put_word(words % 2 == 0 ? random_below(size / 4) * 4
                                        : counts_from + random_below(counts) * 4,
                         value);
            }
            opened += use_both();
            memcpy(segment.row, kept, size);
            memcpy(segment.area, kept, size);
        }
        free(kept);
        segment_free(&segment);
    }
    assert_in_range(opened, 1000, 7000); /* it opened often, and often not */
}

#define DAMAGE(test) cmocka_unit_test_setup_teardown(test, segment_begin, segment_end)

int main(void)
{
    const struct CMUnitTest tests[] = {
        DAMAGE(a_wrong_header_does_not_open),
        DAMAGE(a_snapshot_that_is_cut_short_does_not_open),
        DAMAGE(a_header_is_read_once),
        DAMAGE(counts_end_the_tables),
        DAMAGE(images_lie_within_the_snapshot),
        DAMAGE(sections_lie_within_their_image),
        DAMAGE(half_a_policy_is_none),
        DAMAGE(too_many_layers_are_none),
        DAMAGE(slots_that_are_all_taken_end_a_search),
        DAMAGE(every_damaged_word_is_harmless),
        cmocka_unit_test(several_damaged_words_are_harmless),
    };

    return cmocka_run_group_tests_name("snapshot damage", tests, NULL, NULL) != 0;
}
