/* SPDX-License-Identifier: Apache-2.0 */
/* Random layers (C3, C4, M1): what is known of replaced clients changes no answer. */
#include <stdlib.h>

#include "ocors_decide.h"
#include "ocors_image_build.h"
#include "ocors_settings.h"
#include "random_numbers.h"
#include "vectors.h"

#define SEED        UINT64_C(7)
#define LAYERS_MAX  3
#define ORIGINS     6
#define RESOURCES   5
#define CLIENTS_MAX 70 /* more than two words of bits, and than are looked for one by one */
#define WORDS       (CLIENTS_MAX / 32 + 1)
#define ROUNDS      300

static const ocors_methods_t methods[] = { OCORS_METHOD_GET, OCORS_METHOD_POST, OCORS_METHOD_PUT,
                                           OCORS_METHOD_PATCH, OCORS_METHOD_DELETE };

/* A text of a number, such as "https://3.example"; valid until the next call but one. */
static ocors_span_t text_of(const char *format, uint32_t number)
{
    static char texts[2][40];
    static unsigned which;
    char *text = texts[which++ % 2];

    (void)snprintf(text, sizeof(texts[0]), format, number);
    return ocors_span_from_string(text);
}

/* `same`: all clients have one list of resources. */
static void add_client(ocors_settings_t *settings, ocors_report_t *report, uint32_t id, bool same)
{
    assert_int_equal(ocors_settings_begin_client(settings, text_of("client-%u", id), report, NULL),
                     OCORS_OK);
    for (uint32_t i = 0; i < ORIGINS; i++) {
        if (random_below(3) == 0) {
            assert_int_equal(
                ocors_settings_add_origin(settings, text_of("https://%u.example", i), report, NULL),
                OCORS_OK);
        }
    }
    for (uint32_t i = 0; i < RESOURCES; i++) {
        if (same || random_below(8) == 0) {
            assert_int_equal(ocors_settings_add_resource(settings, text_of("/%u/*", i), methods[i],
                                                         0, UINT32_MAX, report, NULL),
                             OCORS_OK);
        }
    }
}

static void *make_image(uint32_t least, bool same, ocors_image_t *image)
{
    ocors_settings_t *settings = ocors_settings_create();
    /* Many clients, or few, and of all that there can be, or of the first few. */
    const uint32_t rarity = 1 + random_below(6), most = 1 + random_below(CLIENTS_MAX);
    ocors_report_t report;
    void *bytes;
    size_t size;

    assert_non_null(settings);
    ocors_report_init(&report);
    for (uint32_t id = least; id < most; id++) {
        if (random_below(rarity) == 0) {
            add_client(settings, &report, id, same);
        }
    }
    assert_int_equal(ocors_image_build(settings, SEED, &bytes, &size), OCORS_OK);
    assert_true(ocors_image_open(bytes, size, image));
    ocors_report_free(&report);
    ocors_settings_free(settings);
    return bytes;
}

/* Marks what is replaced, by the ids, as a snapshot does. */
static void mark(ocors_policy_t *policy, uint32_t words[LAYERS_MAX][WORDS])
{
    const ocors_policy_t unmarked = *policy;

    for (uint32_t layer = 0; layer + 1 < policy->layer_count; layer++) {
        ocors_image_t *image = &policy->layers[layer];

        memset(words[layer], 0, sizeof(words[layer]));
        image->replaced = words[layer];
        for (uint32_t i = 0; i < image->client_count; i++) {
            if (ocors_policy_is_replaced(&unmarked, layer, i)) {
                words[layer][i / 32] |= UINT32_C(1) << i % 32;
                image->replaced_count++;
            }
        }
    }
}

static void preflight(const ocors_policy_t *policy, ocors_span_t origin, uint32_t resource,
                      ocors_named_client_t named, ocors_decision_t *decision)
{
    const ocors_facts_t facts = {
        .method = OCORS_SPAN_INITIALISER("OPTIONS"),
        .has_origin = true,
        .origin = origin,
        .request_method = OCORS_SPAN_INITIALISER("GET"),
        .path = text_of("/%u/x", resource),
        .named = named,
        .wants_reason = true,
    };
    char buffer[40];

    ocors_decide(policy, 1, &facts, buffer, decision);
}

/* What the clients have of which each is asked for by its own name. */
static ocors_verdict_t ask_all(const ocors_policy_t *policy, ocors_span_t origin, uint32_t resource,
                               ocors_methods_t *found)
{
    ocors_verdict_t verdict = OCORS_VERDICT_PREFLIGHT_WITHHOLD;
    ocors_methods_t allowed = 0, any = 0;

    for (uint32_t id = 0; id < CLIENTS_MAX; id++) {
        const ocors_span_t name = text_of("client-%u", id);
        ocors_decision_t decision;

        preflight(policy, origin, resource,
                  (ocors_named_client_t){ .kind = OCORS_CLIENT_NAMED, .id = name }, &decision);
        if (decision.is_client_known) {
            any |= decision.methods;
        }
        if (decision.verdict == OCORS_VERDICT_PREFLIGHT_ALLOW) {
            verdict = decision.verdict;
            allowed |= decision.methods;
        }
    }
    *found = verdict == OCORS_VERDICT_PREFLIGHT_ALLOW ? allowed : any;
    return verdict;
}

static void compare_origins(const ocors_policy_t *unmarked, const ocors_policy_t *marked,
                            uint32_t layer)
{
    ocors_image_origin_t origin;

    for (uint32_t i = 0; ocors_image_read_origin(&unmarked->layers[layer], i, &origin); i++) {
        const uint32_t count = origin.client_count;

        assert_int_equal(ocors_policy_allows(marked, layer, &origin),
                         ocors_policy_allows(unmarked, layer, &origin));
        assert_int_equal(ocors_policy_has_replaced(marked, layer, origin.clients, count),
                         ocors_policy_has_replaced(unmarked, layer, origin.clients, count));
        for (uint32_t at = 0; at <= count; at++) {
            assert_int_equal(
                ocors_policy_next_in_force(marked, layer, origin.clients, at, count),
                ocors_policy_next_in_force(unmarked, layer, origin.clients, at, count));
        }
    }
    const uint32_t all = unmarked->layers[layer].client_count;

    assert_int_equal(ocors_policy_has_replaced(marked, layer, NULL, all),
                     ocors_policy_has_replaced(unmarked, layer, NULL, all));
}

/* Returns how many preflights were allowed. */
static uint32_t compare(const ocors_policy_t *unmarked, const ocors_policy_t *marked)
{
    uint32_t allowed = 0;

    for (uint32_t layer = 0; layer < unmarked->layer_count; layer++) {
        compare_origins(unmarked, marked, layer);
    }
    for (uint32_t i = 0; i <= ORIGINS; i++) {
        const ocors_policy_t *const both[] = { unmarked, marked };
        const uint32_t resource = i % RESOURCES;
        char origin[] = "https://?.example";
        ocors_methods_t wanted;

        origin[8] = (char)('0' + i);
        const ocors_span_t span = ocors_span_from_string(origin);
        const ocors_verdict_t verdict = ask_all(unmarked, span, resource, &wanted);

        for (size_t k = 0; k < 2; k++) {
            ocors_decision_t decision;

            preflight(both[k], span, resource, (ocors_named_client_t){ .kind = OCORS_CLIENT_NONE },
                      &decision);
            assert_int_equal(decision.verdict, verdict);
            assert_int_equal(decision.methods, wanted);
        }
        allowed += verdict == OCORS_VERDICT_PREFLIGHT_ALLOW;
    }
    return allowed;
}

static void marks_change_no_answer(void **state)
{
    static uint32_t words[LAYERS_MAX][WORDS];
    uint32_t allowed = 0, none = 0, some = 0, all = 0;

    (void)state;
    random_state = 20111231;
    for (unsigned round = 0; round < ROUNDS; round++) {
        ocors_policy_t unmarked = { .layer_count = 0 }, marked;
        void *images[LAYERS_MAX];

        while (unmarked.layer_count < 2 + round % 2) {
            const uint32_t layer = unmarked.layer_count++;

            images[layer] = make_image(layer > 0 && round % 4 == 0 ? 1 : 0, round % 3 == 0,
                                       &unmarked.layers[layer]);
        }
        marked = unmarked;
        mark(&marked, words);
        allowed += compare(&unmarked, &marked);
        const uint32_t replaced = marked.layers[0].replaced_count;

        none += replaced == 0;
        some += replaced > 0 && replaced < marked.layers[0].client_count;
        all += replaced > 0 && replaced == marked.layers[0].client_count;
        for (uint32_t layer = 0; layer < unmarked.layer_count; layer++) {
            free(images[layer]);
        }
    }
    assert_in_range(allowed, ROUNDS, ROUNDS * ORIGINS);
    assert_true(none > ROUNDS / 30 && some > ROUNDS / 3 && all > ROUNDS / 30);
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(marks_change_no_answer) };

    return cmocka_run_group_tests_name("layers", tests, NULL, NULL) != 0;
}
