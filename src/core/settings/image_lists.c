/* SPDX-License-Identifier: Apache-2.0 */
/* Merges the resources of clients into lists, each of which is looked through at once. */

#include "ocors_image_lists.h"

#include <stdlib.h>

#include "ocors_distinct.h"
#include "ocors_image.h"
#include "ocors_index.h"
#include "ocors_resource_key.h"

/* What the lists of origins may cost, in steps: so many for each origin and resource, and so many.
 */
#define STEPS_EACH 4
#define STEPS_MORE 65536

/* An origin that clients with different lists have. */
#define SEVERAL (OCORS_IMAGE_LIST_NONE - 1)

/* The making of one list after the other. */
typedef struct maker_t {
    const ocors_settings_t *settings;
    ocors_image_lists_t *plan;
    uint32_t *numbers; /* which distinct resource each of the settings' resources is */
    uint32_t *methods; /* of each distinct resource in the list that is made, and IN_LIST */
    uint32_t *touched; /* the distinct resources of that list */
    ocors_image_entry_t *entries; /* the list itself, in order */
    uint32_t count;               /* of touched */
    uint32_t room;                /* of plan->lists */
    uint64_t steps_left;
    ocors_index_t known; /* lists by their entries */
} maker_t;

/* A mark beside the methods: a resource may grant none. */
#define IN_LIST (UINT32_C(1) << 31)

/* calloc() of at least one item. */
static void *get(uint64_t count, size_t size)
{
    return calloc((size_t)count + 1, size);
}

static ocors_span_t bytes_of(const void *items, size_t size)
{
    return ocors_span_make(items, size);
}

/* Numbers the resources, and gathers the distinct ones. */
static ocors_result_t number_resources(maker_t *maker, uint64_t seed)
{
    const ocors_settings_t *settings = maker->settings;
    ocors_result_t status = OCORS_OK;
    ocors_distinct_t distinct;
    bool is_new = false;

    ocors_distinct_init(&distinct, seed);
    for (size_t i = 0; i < settings->resource_count && status == OCORS_OK; i++) {
        const ocors_resource_t *resource = &settings->resources[i];

        status = ocors_distinct_number(&distinct, resource, &maker->numbers[i], &is_new);
        if (status == OCORS_OK && is_new) {
            maker->plan->distinct[maker->plan->distinct_count++] = *resource;
        }
    }
    ocors_distinct_free(&distinct);
    return status;
}

static void add(maker_t *maker, uint32_t number, uint32_t methods)
{
    if (maker->methods[number] == 0) {
        maker->touched[maker->count++] = number;
    }
    maker->methods[number] |= methods | IN_LIST;
}

static void add_client(maker_t *maker, const ocors_client_t *client)
{
    for (size_t i = 0; i < client->resource_count; i++) {
        const size_t at = client->first_resource + i;

        add(maker, maker->numbers[at], maker->settings->resources[at].methods);
    }
}

static void add_list(maker_t *maker, uint32_t list)
{
    const ocors_image_entries_t *entries = &maker->plan->lists[list];

    for (uint32_t i = 0; i < entries->count; i++) {
        add(maker, entries->items[i].number, entries->items[i].methods);
    }
}

static int compare_numbers(const void *a, const void *b)
{
    const uint32_t left = *(const uint32_t *)a, right = *(const uint32_t *)b;

    return (left > right) - (left < right);
}

/* Moves what was added into maker->entries, by number. */
static void end_entries(maker_t *maker)
{
    qsort(maker->touched, maker->count, sizeof(*maker->touched), compare_numbers);
    for (uint32_t i = 0; i < maker->count; i++) {
        uint32_t *methods = &maker->methods[maker->touched[i]];

        maker->entries[i] = (ocors_image_entry_t){ maker->touched[i], *methods & ~IN_LIST };
        *methods = 0;
    }
}

/* Adds a list to the plan, which takes these entries. */
static ocors_result_t keep_list(maker_t *maker, ocors_image_entry_t *items)
{
    ocors_image_lists_t *plan = maker->plan;

    if (plan->list_count == maker->room) {
        const uint32_t room = maker->room < 8 ? 8 : 2 * maker->room;
        ocors_image_entries_t *lists = realloc(plan->lists, room * sizeof(*lists));

        if (lists == NULL) {
            return OCORS_NO_MEMORY;
        }
        plan->lists = lists;
        maker->room = room;
    }
    plan->lists[plan->list_count++] = (ocors_image_entries_t){ items, maker->count };
    plan->resource_count += maker->count;
    plan->slot_count += maker->count > OCORS_IMAGE_SHORT_LIST ? ocors_slots_count(maker->count) : 0;
    return OCORS_OK;
}

/* Ends a list: it is one that is known, or the next one. */
static ocors_result_t end_list(maker_t *maker, uint32_t *list)
{
    const size_t size = maker->count * sizeof(*maker->entries);
    const ocors_index_entry_t *known;
    ocors_image_entry_t *items;
    bool is_new;

    end_entries(maker);
    known = ocors_index_find(&maker->known, 0, bytes_of(maker->entries, size));
    if (known != NULL) {
        *list = known->value;
        maker->count = 0;
        return OCORS_OK;
    }
    items = get(maker->count, sizeof(*items));
    if (items == NULL) {
        return OCORS_NO_MEMORY;
    }
    memcpy(items, maker->entries, size);
    if (keep_list(maker, items) != OCORS_OK) {
        free(items);
        return OCORS_NO_MEMORY;
    }
    *list = maker->plan->list_count - 1;
    maker->count = 0;
    return ocors_index_put(&maker->known, 0, bytes_of(items, size), *list, &is_new) != NULL
               ? OCORS_OK
               : OCORS_NO_MEMORY;
}

/* The list of each client, and that of all. */
static ocors_result_t list_clients(maker_t *maker)
{
    const ocors_settings_t *settings = maker->settings;
    ocors_result_t status = OCORS_OK;

    for (size_t i = 0; i < settings->client_count && status == OCORS_OK; i++) {
        add_client(maker, &settings->clients[i]);
        status = end_list(maker, &maker->plan->of_clients[i]);
    }
    for (size_t i = 0; i < settings->client_count && status == OCORS_OK; i++) {
        add_client(maker, &settings->clients[i]);
    }
    return status == OCORS_OK ? end_list(maker, &maker->plan->site) : status;
}

/* The origins that clients with different lists have, and the lists of each, in one run. */
typedef struct sets_t {
    const uint32_t *numbers; /* as ocors_image_lists_plan() gets them */
    uint32_t origin_count;
    uint32_t *counts; /* how many clients have each distinct origin */
    uint32_t *ends;   /* of each one's run */
    uint32_t *lists;  /* all runs */
    ocors_index_t known;
} sets_t;

/* Calls for each origin of each client, with the client's list. */
typedef void visit_t(maker_t *maker, sets_t *sets, uint32_t origin, uint32_t list);

static void each_origin(maker_t *maker, sets_t *sets, visit_t *visit)
{
    for (size_t client = 0; client < maker->settings->client_count; client++) {
        const ocors_client_t *from = &maker->settings->clients[client];

        for (size_t i = from->first_origin; i < from->first_origin + from->origin_count; i++) {
            visit(maker, sets, sets->numbers[i], maker->plan->of_clients[client]);
        }
    }
}

/* An origin has the list of its clients, if they have one; or SEVERAL. */
static void mark(maker_t *maker, sets_t *sets, uint32_t origin, uint32_t list)
{
    uint32_t *of = &maker->plan->of_origins[origin];

    *of = sets->counts[origin]++ == 0 || *of == list ? list : SEVERAL;
}

static void collect(maker_t *maker, sets_t *sets, uint32_t origin, uint32_t list)
{
    if (maker->plan->of_origins[origin] == SEVERAL) {
        sets->lists[sets->ends[origin]++] = list;
    }
}

/* The list of a set of lists. None, if that would cost too much. */
static ocors_result_t merge(maker_t *maker, const uint32_t *lists, uint32_t count, uint32_t *list)
{
    uint64_t steps = count;

    for (uint32_t i = 0; i < count; i++) {
        steps += maker->plan->lists[lists[i]].count;
    }
    *list = OCORS_IMAGE_LIST_NONE;
    if (steps > maker->steps_left) {
        return OCORS_OK;
    }
    maker->steps_left -= steps;
    for (uint32_t i = 0; i < count; i++) {
        add_list(maker, lists[i]);
    }
    return end_list(maker, list);
}

/* The list of an origin whose clients have several; of equal sets it is made once. */
static ocors_result_t list_origin(maker_t *maker, sets_t *sets, uint32_t origin)
{
    uint32_t *lists = sets->lists + sets->ends[origin] - sets->counts[origin];
    uint32_t count = 0;
    ocors_index_entry_t *entry;
    ocors_result_t status = OCORS_OK;
    bool is_new;

    qsort(lists, sets->counts[origin], sizeof(*lists), compare_numbers);
    for (uint32_t i = 0; i < sets->counts[origin]; i++) {
        if (count == 0 || lists[i] != lists[count - 1]) {
            lists[count++] = lists[i];
        }
    }
    entry = ocors_index_put(&sets->known, 0, bytes_of(lists, count * sizeof(*lists)), 0, &is_new);
    if (entry == NULL) {
        return OCORS_NO_MEMORY;
    }
    if (is_new) {
        status = merge(maker, lists, count, &entry->value);
    }
    maker->plan->of_origins[origin] = entry->value;
    return status;
}

static ocors_result_t list_sets(maker_t *maker, sets_t *sets)
{
    ocors_result_t status = OCORS_OK;
    uint32_t total = 0;

    for (uint32_t origin = 0; origin < sets->origin_count; origin++) {
        sets->ends[origin] = total;
        total += maker->plan->of_origins[origin] == SEVERAL ? sets->counts[origin] : 0;
    }
    sets->lists = get(total, sizeof(*sets->lists));
    if (sets->lists == NULL) {
        return OCORS_NO_MEMORY;
    }
    each_origin(maker, sets, collect);
    for (uint32_t origin = 0; origin < sets->origin_count && status == OCORS_OK; origin++) {
        if (maker->plan->of_origins[origin] == SEVERAL) {
            status = list_origin(maker, sets, origin);
        }
    }
    return status;
}

/* The list of each origin. */
static ocors_result_t list_origins(maker_t *maker, const uint32_t *numbers, uint32_t origin_count,
                                   uint64_t seed)
{
    sets_t sets = {
        .numbers = numbers,
        .origin_count = origin_count,
        .counts = get(origin_count, sizeof(uint32_t)),
        .ends = get(origin_count, sizeof(uint32_t)),
    };
    ocors_result_t status = OCORS_NO_MEMORY;

    ocors_index_init(&sets.known, seed);
    if (sets.counts != NULL && sets.ends != NULL) {
        each_origin(maker, &sets, mark);
        status = list_sets(maker, &sets);
    }
    ocors_index_free(&sets.known);
    free(sets.counts);
    free(sets.ends);
    free(sets.lists);
    return status;
}

ocors_result_t ocors_image_lists_plan(const ocors_settings_t *settings, const uint32_t *numbers,
                                      uint32_t origin_count, uint64_t seed,
                                      ocors_image_lists_t *plan)
{
    const uint64_t count = settings->resource_count;
    maker_t maker = {
        .settings = settings,
        .plan = plan,
        .numbers = get(count, sizeof(*maker.numbers)),
        .methods = get(count, sizeof(*maker.methods)),
        .touched = get(count, sizeof(*maker.touched)),
        .entries = get(count, sizeof(*maker.entries)),
        .steps_left = STEPS_EACH * (count + settings->origin_count) + STEPS_MORE,
    };
    ocors_result_t status = OCORS_NO_MEMORY;

    *plan = (ocors_image_lists_t){
        .distinct = get(count, sizeof(*plan->distinct)),
        .of_clients = get(settings->client_count, sizeof(*plan->of_clients)),
        .of_origins = get(origin_count, sizeof(*plan->of_origins)),
    };
    ocors_index_init(&maker.known, seed);
    if (maker.numbers != NULL && maker.methods != NULL && maker.touched != NULL
        && maker.entries != NULL && plan->distinct != NULL && plan->of_clients != NULL
        && plan->of_origins != NULL) {
        status = number_resources(&maker, seed);
    }
    if (status == OCORS_OK) {
        status = list_clients(&maker);
    }
    if (status == OCORS_OK) {
        status = list_origins(&maker, numbers, origin_count, seed);
    }
    ocors_index_free(&maker.known);
    free(maker.numbers);
    free(maker.methods);
    free(maker.touched);
    free(maker.entries);
    return status;
}

void ocors_image_lists_free(ocors_image_lists_t *plan)
{
    for (uint32_t i = 0; i < plan->list_count; i++) {
        free(plan->lists[i].items);
    }
    free(plan->lists);
    free(plan->distinct);
    free(plan->of_clients);
    free(plan->of_origins);
}

/* A resource of a list, which is ordered by keys. */
typedef struct keyed_t {
    uint64_t key;
    ocors_image_entry_t entry;
} keyed_t;

static int compare_keys(const void *a, const void *b)
{
    const keyed_t *left = a, *right = b;

    return left->key != right->key ? (left->key > right->key) - (left->key < right->key)
                                   : compare_numbers(&left->entry.number, &right->entry.number);
}

/* Writes one list: `resources` and `slots` are its own. */
static ocors_result_t write_list(const ocors_image_lists_t *plan, uint64_t seed,
                                 const uint32_t *texts, const ocors_image_entries_t *list,
                                 ocors_image_resource_record_t *resources, ocors_slot_t *slots,
                                 uint32_t slot_count)
{
    keyed_t *ordered = get(list->count, sizeof(*ordered));
    uint32_t further = 0;

    if (ordered == NULL) {
        return OCORS_NO_MEMORY;
    }
    for (uint32_t i = 0; i < list->count; i++) {
        const ocors_span_t pattern = plan->distinct[list->items[i].number].pattern;

        ordered[i] = (keyed_t){ ocors_resource_key(seed, pattern), list->items[i] };
    }
    qsort(ordered, list->count, sizeof(*ordered), compare_keys);
    for (uint32_t i = list->count; i-- > 0;) {
        const uint32_t number = ordered[i].entry.number;
        const ocors_resource_t *resource = &plan->distinct[number];

        further = i + 1 < list->count && ordered[i].key == ordered[i + 1].key ? further + 1 : 0;
        resources[i] = (ocors_image_resource_record_t){
            .pattern = texts[number],
            .pattern_length = (uint16_t)resource->pattern.length,
            .methods = ocors_methods_complete((ocors_methods_t)ordered[i].entry.methods),
            .from = resource->from,
            .until = resource->until,
            .further = slot_count > 0 ? further : (uint32_t)ordered[i].key,
        };
        if (slot_count > 0 && (i == 0 || ordered[i].key != ordered[i - 1].key)) {
            ocors_slots_add(slots, slot_count, ordered[i].key, i);
        }
    }
    free(ordered);
    return OCORS_OK;
}

ocors_result_t ocors_image_lists_write(const ocors_image_lists_t *plan, uint64_t seed,
                                       const uint32_t *texts, ocors_image_list_record_t *lists,
                                       ocors_image_resource_record_t *resources,
                                       ocors_slot_t *slots)
{
    uint32_t resource = 0, slot = 0;

    for (uint32_t i = 0; i < plan->list_count; i++) {
        const uint32_t count = plan->lists[i].count;
        const uint32_t slot_count = count > OCORS_IMAGE_SHORT_LIST
                                        ? (uint32_t)ocors_slots_count(count)
                                        : 0;

        lists[i] = (ocors_image_list_record_t){
            .first_resource = resource,
            .resource_count = count,
            .first_slot = slot,
            .slot_count = slot_count,
        };
        if (write_list(plan, seed, texts, &plan->lists[i], resources + resource, slots + slot,
                       slot_count)
            != OCORS_OK) {
            return OCORS_NO_MEMORY;
        }
        resource += count;
        slot += slot_count;
    }
    return OCORS_OK;
}
