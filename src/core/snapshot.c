/* SPDX-License-Identifier: Apache-2.0 */
/* Reads snapshots. Whatever a damaged one says, no reader leaves it, and none allows more. */

#include "ocors_snapshot.h"

#include <stdatomic.h>

#include "ocors_hash.h"
#include "ocors_url_name.h"

/*
 * Copies a record out of memory that others may write to. The fence makes the compiler use the copy
 * from here on: without it, it may read the record again after it was checked.
 */
static inline void take(void *copy, const void *record, size_t size)
{
    memcpy(copy, record, size);
    atomic_signal_fence(memory_order_seq_cst);
}

static bool range_is_within(uint32_t first, uint32_t count, uint32_t total)
{
    return first <= total && count <= total - first;
}

static const ocors_slot_t no_slot;

const ocors_snapshot_t ocors_snapshot_empty = {
    .header = { .slot_count = 1 },
    .slots = &no_slot,
};

/* A table of `count` records, `*at` bytes behind `base`; the next one begins where it ends. */
static inline const void *lay(uintptr_t base, uint64_t *at, uint64_t count, size_t size)
{
    const void *table = (const void *)(base + (uintptr_t)*at);

    *at += count * size;
    return table;
}

/* Places the tables of a view, by its header. Returns their size: no count leads beyond 64 bits. */
static inline uint64_t lay_out(ocors_snapshot_t *snapshot, const void *tables)
{
    const ocors_snapshot_header_t *header = &snapshot->header;
    const uintptr_t base = (uintptr_t)tables;
    uint64_t at = sizeof(*header);

    snapshot->images = lay(base, &at, header->image_count, sizeof(*snapshot->images));
    snapshot->documents = lay(base, &at, header->document_count, sizeof(*snapshot->documents));
    snapshot->policies = lay(base, &at, header->policy_count, sizeof(*snapshot->policies));
    snapshot->trees = lay(base, &at, header->tree_count, sizeof(*snapshot->trees));
    snapshot->sites = lay(base, &at, header->site_count, sizeof(*snapshot->sites));
    snapshot->slots = lay(base, &at, header->slot_count, sizeof(*snapshot->slots));
    snapshot->layers = lay(base, &at, header->layer_count, sizeof(*snapshot->layers));
    snapshot->replaced = lay(base, &at, header->layer_count, sizeof(*snapshot->replaced));
    snapshot->replaced_words = lay(base, &at, header->replaced_words, sizeof(uint32_t));
    snapshot->text = lay(base, &at, header->text_size, 1);
    return at;
}

void ocors_snapshot_complete(ocors_snapshot_header_t *header)
{
    ocors_snapshot_t snapshot;

    memcpy(header->magic, OCORS_SNAPSHOT_MAGIC, sizeof(header->magic));
    header->format = OCORS_SNAPSHOT_FORMAT;
    header->slot_count = (uint32_t)ocors_slots_count((size_t)header->list_policy_count
                                                     + header->site_count + header->document_count);
    snapshot.header = *header;
    header->tables_size = ocors_round_up(lay_out(&snapshot, NULL), OCORS_IMAGE_ALIGNMENT);
}

bool ocors_snapshot_open(const void *tables, uint64_t tables_size, const void *area,
                         uint64_t area_size, ocors_snapshot_t *snapshot)
{
    const ocors_snapshot_header_t *header = &snapshot->header;

    if (tables_size < sizeof(*header)) {
        return false;
    }
    take(&snapshot->header, tables, sizeof(*header));
    snapshot->area = area;
    return memcmp(header->magic, OCORS_SNAPSHOT_MAGIC, sizeof(header->magic)) == 0
           && header->format == OCORS_SNAPSHOT_FORMAT && header->size <= area_size
           && header->tables_size <= header->size && header->tables_size <= tables_size
           && lay_out(snapshot, tables) <= header->tables_size
           && ocors_slots_count_is_sound(header->slot_count);
}

ocors_span_t ocors_snapshot_text(const ocors_snapshot_t *snapshot, ocors_snapshot_text_t text)
{
    return range_is_within(text.at, text.length, snapshot->header.text_size)
               ? ocors_span_make(snapshot->text + text.at, text.length)
               : ocors_span_make(NULL, 0);
}

const void *ocors_snapshot_image(const ocors_snapshot_t *snapshot, uint32_t index, size_t *size)
{
    const uint64_t end = snapshot->header.size;
    ocors_snapshot_image_t record;

    if (index >= snapshot->header.image_count) {
        return NULL;
    }
    take(&record, &snapshot->images[index], sizeof(record));
    if (record.size == 0 || record.at > end || record.size > end - record.at) {
        return NULL;
    }
    *size = (size_t)record.size;
    return snapshot->area + record.at;
}

/* What may have this hash: numbers of policies, then of sites, then of documents. */
static inline ocors_probe_t probe_of(const ocors_snapshot_t *snapshot, uint64_t hash)
{
    return ocors_slots_probe(snapshot->slots, snapshot->header.slot_count, hash);
}

/* The next one that is one of `count` records from a number on. False: there is none. */
static inline bool next_of(ocors_probe_t *probe, uint32_t first, uint32_t count, uint32_t *index)
{
    while (ocors_probe_next(probe, index)) {
        *index -= first; /* what is below wraps around, and is too large */
        if (*index < count) {
            return true;
        }
    }
    return false;
}

bool ocors_snapshot_find_policy(const ocors_snapshot_t *snapshot, const ocors_key_t *key,
                                uint32_t *index)
{
    ocors_probe_t probe = probe_of(snapshot, ocors_key_hash(key));

    while (next_of(&probe, 0, snapshot->header.policy_count, index)) {
        if (ocors_key_is_equal(&snapshot->policies[*index].key, key)) {
            return true;
        }
    }
    return false;
}

static ocors_span_t path_of(const ocors_snapshot_t *snapshot, uint32_t document)
{
    return ocors_snapshot_text(snapshot, snapshot->documents[document].path);
}

uint32_t ocors_snapshot_find_document(const ocors_snapshot_t *snapshot, ocors_span_t path)
{
    const ocors_snapshot_header_t *header = &snapshot->header;
    ocors_probe_t probe = probe_of(snapshot, ocors_hash(header->seed, path));
    uint32_t index;

    while (next_of(&probe, header->policy_count + header->site_count, header->document_count,
                   &index)) {
        if (ocors_span_is_equal(path_of(snapshot, index), path)) {
            return index;
        }
    }
    return OCORS_SNAPSHOT_NONE;
}

/*
 * Opens the image of a layer, and, unless it is the last one, what later layers replace of it.
 * False: it is damaged.
 */
static bool read_layer(const ocors_snapshot_t *snapshot, uint32_t layer, bool is_last,
                       ocors_image_t *image)
{
    ocors_snapshot_replaced_t replaced;
    uint32_t index;
    size_t size = 0;

    take(&index, &snapshot->layers[layer], sizeof(index));
    take(&replaced, &snapshot->replaced[layer], sizeof(replaced));
    const void *bytes = ocors_snapshot_image(snapshot, index, &size);

    if (bytes == NULL || !ocors_image_open(bytes, size, image)) {
        return false;
    }
    if (!is_last
        && range_is_within(replaced.first_word, ocors_snapshot_replaced_words(image->client_count),
                           snapshot->header.replaced_words)) {
        image->replaced = snapshot->replaced_words + replaced.first_word;
        image->replaced_count = replaced.count;
    }
    return true;
}

bool ocors_snapshot_read_policy(const ocors_snapshot_t *snapshot, uint32_t index,
                                ocors_policy_t *policy)
{
    ocors_snapshot_policy_t record;

    policy->layer_count = 0;
    if (index >= snapshot->header.policy_count) {
        return false;
    }
    take(&record, &snapshot->policies[index], sizeof(record));
    if (record.layer_count > OCORS_POLICY_LAYERS_MAX
        || !range_is_within(record.first_layer, record.layer_count, snapshot->header.layer_count)) {
        return false;
    }
    for (uint32_t i = 0; i < record.layer_count; i++) {
        if (!read_layer(snapshot, record.first_layer + i, i + 1 == record.layer_count,
                        &policy->layers[i])) {
            return false; /* half a policy is none */
        }
    }
    policy->layer_count = record.layer_count;
    return true;
}

static bool take_tree(const ocors_snapshot_t *snapshot, uint32_t index, ocors_snapshot_tree_t *tree)
{
    if (index >= snapshot->header.tree_count) {
        return false;
    }
    take(tree, &snapshot->trees[index], sizeof(*tree));
    return true;
}

bool ocors_snapshot_find_tree(const ocors_snapshot_t *snapshot, const ocors_key_t *key,
                              uint32_t *index)
{
    ocors_snapshot_tree_t tree;

    for (*index = 0; take_tree(snapshot, *index, &tree); ++*index) {
        if (ocors_key_is_equal(&tree.key, key)) {
            return true;
        }
    }
    return false;
}

/* Ids that R12 does not tell apart have one key, and so one hash. */
static ocors_span_t site_key(ocors_span_t id, char buffer[OCORS_SITE_KEY_MAX])
{
    return ocors_span_make(buffer, ocors_site_key(id, buffer));
}

static uint64_t site_hash(const ocors_snapshot_t *snapshot, const ocors_key_t *tree,
                          ocors_span_t key)
{
    return ocors_hash(snapshot->header.seed + ocors_key_hash(tree), key);
}

/* Marks the clients of the earlier layers of a policy that a client of a later one replaces. */
static void mark_replaced(const ocors_policy_t *policy, uint32_t later, uint32_t **words,
                          ocors_snapshot_replaced_t *replaced)
{
    ocors_image_client_t client;
    uint32_t found;

    for (uint32_t i = 0; ocors_image_read_client(&policy->layers[later], i, &client); i++) {
        for (uint32_t layer = 0; layer < later; layer++) {
            if (words[layer] != NULL
                && ocors_image_find_client(&policy->layers[layer], client.hash, client.id, &found)
                && (words[layer][found / 32] >> found % 32 & 1) == 0) {
                words[layer][found / 32] |= UINT32_C(1) << found % 32;
                replaced[layer].count++;
            }
        }
    }
}

/* Writes what the layers of a policy replace, from a word on. Returns the next free word. */
static uint32_t index_policy(const ocors_snapshot_t *snapshot, uint32_t index, uint32_t word)
{
    ocors_snapshot_replaced_t *const all = (void *)(uintptr_t)snapshot->replaced;
    uint32_t *const free_words = (void *)(uintptr_t)snapshot->replaced_words;
    uint32_t *words[OCORS_POLICY_LAYERS_MAX] = { NULL };
    ocors_policy_t policy;

    if (!ocors_snapshot_read_policy(snapshot, index, &policy)) {
        return word;
    }
    ocors_snapshot_replaced_t *const replaced = all + snapshot->policies[index].first_layer;

    for (uint32_t i = 0; i < policy.layer_count; i++) {
        const uint32_t count = ocors_snapshot_replaced_words(policy.layers[i].client_count);

        if (i + 1 < policy.layer_count
            && range_is_within(word, count, snapshot->header.replaced_words)) {
            replaced[i].first_word = word;
            words[i] = free_words + word;
            word += count;
        }
    }
    for (uint32_t later = 1; later < policy.layer_count; later++) {
        mark_replaced(&policy, later, words, replaced);
    }
    return word;
}

static void index_layers(const ocors_snapshot_t *snapshot)
{
    const ocors_snapshot_header_t *header = &snapshot->header;
    ocors_snapshot_replaced_t *const replaced = (void *)(uintptr_t)snapshot->replaced;
    uint32_t word = 0;

    memset((void *)(uintptr_t)snapshot->replaced_words, 0,
           header->replaced_words * sizeof(*snapshot->replaced_words));
    for (uint32_t i = 0; i < header->layer_count; i++) {
        replaced[i] = (ocors_snapshot_replaced_t){ .first_word = OCORS_SNAPSHOT_NONE };
    }
    for (uint32_t i = 0; i < header->policy_count; i++) {
        word = index_policy(snapshot, i, word);
    }
}

void ocors_snapshot_index(const ocors_snapshot_t *snapshot)
{
    const ocors_snapshot_header_t *header = &snapshot->header;
    ocors_slot_t *const slots = (void *)(uintptr_t)snapshot->slots;
    uint32_t number = 0;
    char buffer[OCORS_SITE_KEY_MAX];

    memset(slots, 0, header->slot_count * sizeof(*slots));
    for (uint32_t i = 0; i < header->policy_count; i++, number++) {
        const ocors_key_t *key = &snapshot->policies[i].key;

        if (!ocors_key_is_none(key)) {
            ocors_slots_add(slots, header->slot_count, ocors_key_hash(key), number);
        }
    }
    for (uint32_t i = 0; i < header->site_count; i++, number++) {
        const ocors_snapshot_site_t *site = &snapshot->sites[i];
        const ocors_span_t key = site_key(ocors_snapshot_text(snapshot, site->name), buffer);

        ocors_slots_add(slots, header->slot_count,
                        site_hash(snapshot, &snapshot->trees[site->tree].key, key), number);
    }
    for (uint32_t i = 0; i < header->document_count; i++, number++) {
        ocors_slots_add(slots, header->slot_count, ocors_hash(header->seed, path_of(snapshot, i)),
                        number);
    }
    index_layers(snapshot);
}

/* What a tree has for an id. */
typedef enum {
    MATCH_NONE,
    MATCH_KEY, /* a site whose id R12 does not tell apart from it */
    MATCH_EXACT
} match_t;

/* Looks among the sites of a tree for one with this id, and for one with its key. */
static match_t match_site(const ocors_snapshot_t *snapshot, const ocors_key_t *tree,
                          ocors_span_t id, ocors_span_t key, uint32_t *site)
{
    const ocors_snapshot_header_t *header = &snapshot->header;
    ocors_probe_t probe = probe_of(snapshot, site_hash(snapshot, tree, key));
    match_t match = MATCH_NONE;
    char buffer[OCORS_SITE_KEY_MAX];
    ocors_snapshot_site_t record;
    ocors_snapshot_tree_t owner;

    while (next_of(&probe, header->policy_count, header->site_count, site)) {
        take(&record, &snapshot->sites[*site], sizeof(record));
        if (!take_tree(snapshot, record.tree, &owner)) {
            break;
        }
        if (!ocors_key_is_equal(&owner.key, tree)) {
            continue;
        }
        const ocors_span_t name = ocors_snapshot_text(snapshot, record.name);
        if (ocors_span_is_equal(name, id)) {
            return MATCH_EXACT;
        }
        if (match == MATCH_NONE && ocors_span_is_equal(site_key(name, buffer), key)) {
            match = MATCH_KEY;
        }
    }
    return match;
}

bool ocors_snapshot_find_site(const ocors_snapshot_t *snapshot, const ocors_key_t *tree,
                              ocors_span_t id, uint32_t *site)
{
    const ocors_span_t organisation = { .length = 0 };
    char buffer[OCORS_SITE_KEY_MAX];
    const ocors_span_t key = site_key(id, buffer);
    const match_t match = key.length > 0 ? match_site(snapshot, tree, id, key, site) : MATCH_NONE;

    if (match == MATCH_NONE
        && match_site(snapshot, tree, organisation, organisation, site) != MATCH_EXACT) {
        *site = OCORS_SNAPSHOT_NONE;
    }
    return match != MATCH_KEY;
}

size_t ocors_snapshot_read_site(const ocors_snapshot_t *snapshot, uint32_t site, ocors_api_t api,
                                ocors_policy_t policies[OCORS_API_COUNT])
{
    ocors_snapshot_site_t record;
    size_t count = 0;

    if (site >= snapshot->header.site_count) {
        return 0;
    }
    take(&record, &snapshot->sites[site], sizeof(record));
    for (unsigned each = 0; each < OCORS_API_COUNT; each++) {
        if ((api == (ocors_api_t)each || api == OCORS_API_OTHER)
            && ocors_snapshot_read_policy(snapshot, record.policies[each], &policies[count])) {
            count++;
        }
    }
    return count;
}

uint32_t ocors_snapshot_site_policy(const ocors_snapshot_t *snapshot, uint32_t site,
                                    ocors_api_t api)
{
    ocors_snapshot_site_t record;

    if (site >= snapshot->header.site_count || api >= OCORS_API_COUNT) {
        return OCORS_SNAPSHOT_NONE;
    }
    take(&record, &snapshot->sites[site], sizeof(record));
    return record.policies[api];
}

bool ocors_snapshot_find_path(const ocors_snapshot_t *snapshot, const ocors_key_t *tree,
                              const ocors_url_path_t *path, ocors_span_t site, uint32_t *index)
{
    const ocors_span_t plain = path->plain.site.bytes != NULL ? path->plain.site : site;
    const ocors_span_t loose = path->loose.site.bytes != NULL ? path->loose.site : site;
    uint32_t loosely, own;

    if (path->is_ambiguous || path->plain.api != path->loose.api
        || !ocors_snapshot_find_site(snapshot, tree, plain, index)) {
        return false;
    }
    /* Where the readings differ, an application may find no site, and serve that of the section. */
    return ocors_span_is_equal(plain, loose)
           || (ocors_snapshot_find_site(snapshot, tree, loose, &loosely) && loosely == *index
               && ocors_snapshot_find_site(snapshot, tree, site, &own) && own == *index);
}

uint32_t ocors_snapshot_site_row(const ocors_snapshot_t *snapshot, uint32_t site)
{
    uint32_t row = 1;

    if (site < snapshot->header.site_count) {
        take(&row, &snapshot->sites[site].row, sizeof(row));
    }
    return row;
}
