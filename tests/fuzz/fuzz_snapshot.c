/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The bytes of a snapshot, raw or damaged, into every reader and the decision. The first byte of an
 * input says which bytes: 'r' its rest; 'p' a real snapshot with the rest as patches; 'w' the same,
 * with the patches written after the snapshot was opened, as a worker that was got hold of can.
 */
#include "fuzz.h"
#include "fuzz_documents.h"
#include "ocors_url_path.h"
#include "ocors_view.h"

static const char *const lines[] = {
    "c aaaa\no https://a.example\nr 1 - - /baskets/{id}/items\nc b\no https://b.example:8443\n",
    "c aaaa\no http://a.example\nh x y\nr 4 18.1 20.1 /baskets/**\n",
};

#define LINES_COUNT (sizeof(lines) / sizeof(lines[0]))

/* A real snapshot, made once. */
static ocors_span_t base(void)
{
    static fuzz_document_t documents[LINES_COUNT];
    static void *area;
    static size_t size;

    if (area == NULL) {
        for (size_t i = 0; i < LINES_COUNT; i++) {
            fuzz_document_make(ocors_span_from_string(lines[i]), &documents[i]);
        }
        area = fuzz_snapshot_make(documents, LINES_COUNT, &size);
    }
    return ocors_span_make(area, size);
}

/* Every reader of the images (16 layers can be one image), and the decision. */
static void use_policies(const ocors_policy_t *policies, size_t count)
{
    FUZZ_CHECK(count <= OCORS_API_COUNT);
    for (size_t i = 0; i < count; i++) {
        FUZZ_CHECK(policies[i].layer_count <= OCORS_POLICY_LAYERS_MAX);
        for (uint32_t k = 0; k < policies[i].layer_count && k < 3; k++) {
            fuzz_image_use(&policies[i].layers[k]);
        }
    }
    fuzz_policies_use(policies, count);
}

/* The same in short, for policies that are those of others as a rule. */
static void touch_policies(const ocors_policy_t *policies, size_t count)
{
    FUZZ_CHECK(count <= OCORS_API_COUNT);
    for (size_t i = 0; i < count; i++) {
        FUZZ_CHECK(policies[i].layer_count <= OCORS_POLICY_LAYERS_MAX);
        (void)ocors_policy_count_origins(&policies[i], 5);
    }
}

static void use_path(const ocors_snapshot_t *snapshot, const char *uri)
{
    const ocors_span_t span = ocors_span_from_string(uri);
    const ocors_key_t tree = fuzz_key('t');
    char buffer[64];
    ocors_policy_t policies[OCORS_API_COUNT];
    ocors_url_path_t path;
    uint32_t found;

    FUZZ_CHECK(ocors_url_path_buffer_size(span, span) <= sizeof(buffer));
    ocors_url_path_read(span, span, buffer, &path);
    if (ocors_snapshot_find_path(snapshot, &tree, &path, OCORS_SPAN_LITERAL("SiteA"), &found)) {
        use_policies(policies, ocors_snapshot_read_site(snapshot, found, path.plain.api, policies));
        (void)ocors_snapshot_site_row(snapshot, found);
    }
}

static void use(const ocors_snapshot_t *snapshot)
{
    static const uint32_t indexes[] = { 0, 1, 2, 3, 4, 5, 100, INT32_MAX, UINT32_MAX };
    static const char *const sites[] = { "", "-", "SiteA", "sitea", "SiteB" };
    const ocors_key_t tree = fuzz_key('t'), list = fuzz_key('p');
    ocors_policy_t policies[OCORS_API_COUNT];
    uint32_t index;
    size_t size;

    for (size_t i = 0; i < sizeof(indexes) / sizeof(indexes[0]); i++) {
        if (ocors_snapshot_read_policy(snapshot, indexes[i], policies)) {
            touch_policies(policies, 1);
        }
        for (int api = 0; api <= OCORS_API_OTHER; api++) {
            touch_policies(policies, ocors_snapshot_read_site(snapshot, indexes[i],
                                                              (ocors_api_t)api, policies));
        }
        (void)ocors_snapshot_image(snapshot, indexes[i], &size);
        (void)ocors_snapshot_site_policy(snapshot, indexes[i], OCORS_API_SHOP);
        (void)ocors_snapshot_site_row(snapshot, indexes[i]);
    }
    for (size_t i = 0; i < sizeof(sites) / sizeof(sites[0]); i++) {
        if (ocors_snapshot_find_site(snapshot, &tree, ocors_span_from_string(sites[i]), &index)) {
            (void)ocors_snapshot_site_row(snapshot, index);
        }
    }
    if (ocors_snapshot_find_policy(snapshot, &list, &index)
        && ocors_snapshot_read_policy(snapshot, index, policies)) {
        use_policies(policies, 1);
    }
    (void)ocors_snapshot_find_tree(snapshot, &tree, &index);
    (void)ocors_snapshot_find_document(snapshot, OCORS_SPAN_LITERAL("path"));
    use_path(snapshot, "/s/Sites-sitea-Site/dw/data/v19_1/x");
    use_path(snapshot, "/dw/batch");
}

/* As a worker's thread does: a view stays open while the snapshot is current. */
static void use_view(const void *area, size_t size, ocors_view_t *view)
{
    for (uint32_t i = 0; i < 6; i++) {
        const ocors_policy_t *policy = NULL;

        if (ocors_view_open(view, area, size)) {
            policy = ocors_view_policy(view, i);
        }
        if (policy != NULL) {
            touch_policies(policy, 1);
        }
    }
}

void fuzz_snapshot(ocors_span_t input)
{
    const char mode = input.length > 0 ? input.bytes[0] : 'r';
    const ocors_span_t rest = ocors_span_from(input, input.length > 0 ? 1 : 0);
    const ocors_span_t from = mode == 'p' || mode == 'w' ? base() : rest;
    char *const area = fuzz_aligned_copy(from);
    ocors_snapshot_t snapshot;
    ocors_view_t view;

    memset(&view, 0, sizeof(view));
    if (mode == 'p') {
        fuzz_patch(area, from.length, rest);
    }
    if (ocors_snapshot_open(area, from.length, area, from.length, &snapshot)) {
        use_view(area, from.length, &view);
        if (mode == 'w') {
            fuzz_patch(area, from.length, rest);
        }
        use(&snapshot);
        use_view(area, from.length, &view);
    }
    fuzz_release(area);
}
