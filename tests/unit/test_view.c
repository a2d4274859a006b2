/* SPDX-License-Identifier: Apache-2.0 */
/* A view of a snapshot: it answers as the snapshot does, for one publication. */

#include <stdlib.h>

#include "ocors_view.h"
#include "random_numbers.h"
#include "snapshot_segment.h"
#include "vectors.h"

#define NONE OCORS_SNAPSHOT_NONE

/* A view is opened once for each publication; what it has opened stays open as long as that. */
static void a_view_holds_for_one_publication(void **state)
{
    ocors_snapshot_header_t *header = (void *)segment.area;
    static ocors_view_t view;

    (void)state;
    memset(&view, 0, sizeof(view));
    header->serial = 1;
    assert_true(ocors_view_open(&view, segment.area, segment.area_size));
    for (unsigned i = 0; i < 2; i++) {
        assert_string_equal(segment_listed(ocors_view_policy(&view, POLICY_SITE)), "gsn");
        assert_string_equal(segment_listed(ocors_view_policy(&view, POLICY_DATA)), "d");
        assert_null(ocors_view_policy(&view, POLICIES));
    }
    /* The same publication: nothing is read again, and nothing is read wrongly. */
    memset(header->magic, 0, sizeof(header->magic));
    assert_true(ocors_view_open(&view, segment.area, segment.area_size));
    assert_string_equal(segment_listed(ocors_view_policy(&view, POLICY_SITE)), "gsn");
    /* The next one, which is damaged: the view is of nothing, and the one after is opened anew. */
    header->serial = 2;
    assert_false(ocors_view_open(&view, segment.area, segment.area_size));
    header->serial = 1;
    assert_false(ocors_view_open(&view, segment.area, segment.area_size));
    memcpy(header->magic, OCORS_SNAPSHOT_MAGIC, sizeof(header->magic));
    header->policy_count--;
    assert_int_equal(header->policy_count, POLICY_MANY);
    assert_true(ocors_view_open(&view, segment.area, segment.area_size));
    assert_null(ocors_view_policy(&view, POLICY_MANY));
    /* Whatever it has opened, of the next one it has nothing. */
    for (uint32_t i = 0; i < POLICY_MANY; i++) {
        (void)ocors_view_policy(&view, i);
    }
    header->policy_count = 0;
    header->serial++;
    assert_true(ocors_view_open(&view, segment.area, segment.area_size));
    for (uint32_t i = 0; i < POLICY_MANY; i++) {
        assert_null(ocors_view_policy(&view, i));
    }
}

/* Asks a view and its snapshot for a list. */
static void compare_list(ocors_view_t *view, uint32_t number)
{
    const ocors_key_t key = segment_policy_key(number);
    const ocors_policy_t *policy = ocors_view_list(view, &key);
    uint32_t found;

    if (!ocors_snapshot_find_policy(&view->snapshot, &key, &found)) {
        found = NONE;
    }
    assert_ptr_equal(policy, ocors_view_policy(view, found));
}

/* Asks both for the site of a path. */
static void compare_path(ocors_view_t *view, uint32_t tree_number, const ocors_url_path_t *path,
                         const char *configured)
{
    const ocors_key_t tree = segment_tree_key(tree_number);
    const ocors_span_t site = ocors_span_from_string(configured);
    uint32_t found = 7, kept = 7;

    assert_int_equal(ocors_view_find_path(view, &tree, path, site, &kept),
                     ocors_snapshot_find_path(&view->snapshot, &tree, path, site, &found));
    assert_int_equal(kept, found);
}

/* The same for a path that is chosen by chance, and for one whose site comes and goes. */
static void compare_sites(ocors_view_t *view)
{
    static const char *const ids[] = { "",      "-",     "SiteA", "siteA", "SiteB",
                                       "SiteX", "SiteD", "sited", "Other", NULL };
    const ocors_span_t id = ocors_span_from_string(ids[random_below(COUNT_OF(ids))]),
                       other = ocors_span_from_string(ids[random_below(COUNT_OF(ids))]),
                       fixed = OCORS_SPAN_LITERAL("SiteA");
    const ocors_url_path_t path = {
        .plain = { id, OCORS_API_SHOP },
        .loose = { random_below(8) == 0 ? other : id,
                   random_below(8) == 0 ? OCORS_API_DATA : OCORS_API_SHOP },
        .is_ambiguous = random_below(8) == 0,
    };
    const ocors_url_path_t steady = { .plain.site = fixed, .loose.site = fixed };

    compare_path(view, TREE_FULL, &steady, "");
    compare_path(view, random_below(TREES + 1), &path, random_below(2) == 0 ? "" : "SiteD");
    compare_path(view, TREE_FULL, &steady, "");
}

/* C5, R12: what a view remembers of the last question is what its snapshot says, of each
 * publication. */
static void a_view_answers_as_its_snapshot(void **state)
{
    ocors_snapshot_header_t *header = (void *)segment.area;
    static ocors_view_t view;
    ocors_snapshot_t snapshot; /* its tables are those in the area */

    (void)state;
    random_state = 3;
    memset(&view, 0, sizeof(view));
    assert_true(ocors_snapshot_open(segment.area, segment.area_size, segment.area,
                                    segment.area_size, &snapshot));
    ocors_snapshot_policy_t *policies = (void *)(uintptr_t)snapshot.policies;
    for (uint64_t publication = 1; publication <= 40; publication++) {
        ocors_snapshot_text_t name = snapshot.sites[1].name;
        char *text = (char *)(uintptr_t)(snapshot.text + name.at);

        assert_int_equal(name.length, 5);
        /* SiteA becomes SiteX, two lists change their policies, and both come back. */
        text[4] = publication % 2 == 0 ? 'A' : 'X';
        policies[POLICY_SHOP].key = segment_policy_key(publication % 2 == 0 ? POLICY_SHOP
                                                                            : POLICY_DATA);
        policies[POLICY_DATA].key = segment_policy_key(publication % 2 == 0 ? POLICY_DATA
                                                                            : POLICY_SHOP);
        ocors_snapshot_index(&snapshot);
        header->serial = publication;
        assert_true(ocors_view_open(&view, segment.area, segment.area_size));
        compare_list(&view, POLICY_SHOP); /* the last question of the publication before */
        for (unsigned i = 0; i < 500; i++) {
            compare_sites(&view);
            compare_list(&view, i % (POLICIES + 1));
        }
        compare_list(&view, POLICY_SHOP);
    }
}

#define VIEWING(test) cmocka_unit_test_setup_teardown(test, segment_begin, segment_end)

int main(void)
{
    const struct CMUnitTest tests[] = {
        VIEWING(a_view_holds_for_one_publication),
        VIEWING(a_view_answers_as_its_snapshot),
    };

    return cmocka_run_group_tests_name("view", tests, NULL, NULL) != 0;
}
