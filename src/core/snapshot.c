/* SPDX-License-Identifier: Apache-2.0 */
/* Reads snapshots. Counts and references are held against the segment: a damaged one opens no door.
 */

#include "ocors_snapshot.h"

#include "ocors_hash.h"
#include "ocors_url_name.h"

uint64_t ocors_snapshot_size(const ocors_snapshot_header_t *header)
{
    return sizeof(ocors_snapshot_header_t)
           + (uint64_t)header->document_count * sizeof(ocors_snapshot_document_t)
           + (uint64_t)header->layer_count * sizeof(ocors_snapshot_layer_t)
           + (uint64_t)header->policy_count * sizeof(ocors_snapshot_policy_t)
           + (uint64_t)header->site_count * sizeof(ocors_snapshot_site_t)
           + (uint64_t)header->site_slot_count * sizeof(ocors_slot_t)
           + ((uint64_t)header->member_count + header->settings_count) * sizeof(uint32_t)
           + (uint64_t)header->tree_count * sizeof(ocors_snapshot_tree_t) + header->text_size;
}

bool ocors_snapshot_open_tables(const void *tables, uint64_t tables_size, const void *segment,
                                uint64_t segment_size, ocors_snapshot_t *snapshot)
{
    const ocors_snapshot_header_t *header = &snapshot->header;

    if (tables_size < sizeof(*header)) {
        return false;
    }
    memcpy(&snapshot->header, tables, sizeof(*header));
    if (header->size > tables_size || ocors_snapshot_size(header) > header->size
        || !ocors_slots_count_is_sound(header->site_slot_count)) {
        return false;
    }
    snapshot->segment = segment;
    snapshot->segment_size = segment_size;
    snapshot->documents = (const void *)((const char *)tables + sizeof(*header));
    snapshot->layers = (const void *)(snapshot->documents + header->document_count);
    snapshot->policies = (const void *)(snapshot->layers + header->layer_count);
    snapshot->sites = (const void *)(snapshot->policies + header->policy_count);
    snapshot->site_slots = (const void *)(snapshot->sites + header->site_count);
    snapshot->members = (const void *)(snapshot->site_slots + header->site_slot_count);
    snapshot->settings = snapshot->members + header->member_count;
    snapshot->trees = (const void *)(snapshot->settings + header->settings_count);
    snapshot->text = (const char *)(snapshot->trees + header->tree_count);
    return true;
}

bool ocors_snapshot_open(const void *segment, uint64_t segment_size, uint64_t offset,
                         ocors_snapshot_t *snapshot)
{
    return offset % 8 == 0 && offset <= segment_size
           && ocors_snapshot_open_tables((const char *)segment + offset, segment_size - offset,
                                         segment, segment_size, snapshot);
}

ocors_span_t ocors_snapshot_text(const ocors_snapshot_t *snapshot, ocors_snapshot_text_t text)
{
    const uint32_t size = snapshot->header.text_size;

    return text.at <= size && text.length <= size - text.at
               ? ocors_span_make(snapshot->text + text.at, text.length)
               : ocors_span_make(NULL, 0);
}

const void *ocors_snapshot_image(const ocors_snapshot_t *snapshot, uint64_t image, uint64_t size)
{
    return size > 0 && image <= snapshot->segment_size && size <= snapshot->segment_size - image
               ? snapshot->segment + image
               : NULL;
}

uint32_t ocors_snapshot_find_tree(const ocors_snapshot_t *snapshot, ocors_span_t directory)
{
    for (uint32_t i = 0; i < snapshot->header.tree_count; i++) {
        if (ocors_span_is_equal(ocors_snapshot_text(snapshot, snapshot->trees[i].directory),
                                directory)) {
            return i;
        }
    }
    return UINT32_MAX;
}

bool ocors_snapshot_read_policy(const ocors_snapshot_t *snapshot, uint32_t number,
                                ocors_policy_t *policy)
{
    ocors_snapshot_policy_t record;
    const ocors_snapshot_layer_t *layer;

    policy->layer_count = 0;
    if (number >= snapshot->header.policy_count) {
        return false;
    }
    record = snapshot->policies[number];
    if (record.layer_count > OCORS_POLICY_LAYERS_MAX
        || record.first_layer > snapshot->header.layer_count
        || record.layer_count > snapshot->header.layer_count - record.first_layer) {
        return false;
    }
    layer = &snapshot->layers[record.first_layer];
    for (uint32_t i = 0; i < record.layer_count; i++, layer++) {
        const void *image = ocors_snapshot_image(snapshot, layer->image, layer->image_size);

        if (image == NULL
            || !ocors_image_open(image, (size_t)layer->image_size, &policy->layers[i])) {
            policy->layer_count = 0; /* half a policy is none */
            return false;
        }
        policy->layer_count++;
    }
    return true;
}

bool ocors_snapshot_read_settings(const ocors_snapshot_t *snapshot, uint32_t number,
                                  ocors_policy_t *policy)
{
    return ocors_snapshot_read_policy(snapshot,
                                      number < snapshot->header.settings_count
                                          ? snapshot->settings[number]
                                          : OCORS_SNAPSHOT_NO_POLICY,
                                      policy);
}

/* The hash by which a site is found: of its key, so that ids which R12 does not tell apart meet. */
static uint64_t site_hash(const ocors_snapshot_t *snapshot, uint32_t tree, ocors_span_t key)
{
    return ocors_hash(snapshot->header.seed + tree, key);
}

static ocors_span_t site_key(ocors_span_t id, char room[OCORS_SITE_KEY_MAX])
{
    return ocors_span_make(room, ocors_site_key(id, room));
}

void ocors_snapshot_index_sites(const ocors_snapshot_t *snapshot)
{
    ocors_slot_t *const slots = (void *)(uintptr_t)snapshot->site_slots;
    char room[OCORS_SITE_KEY_MAX];

    memset(slots, 0, snapshot->header.site_slot_count * sizeof(*slots));
    for (uint32_t tree = 0; tree < snapshot->header.tree_count; tree++) {
        const uint32_t first = snapshot->trees[tree].first_site;

        for (uint32_t site = first; site < first + snapshot->trees[tree].site_count; site++) {
            const ocors_span_t name = ocors_snapshot_text(snapshot, snapshot->sites[site].name);

            ocors_slots_add(slots, snapshot->header.site_slot_count,
                            site_hash(snapshot, tree, site_key(name, room)), site);
        }
    }
}

/* The sites of a tree as its record has them. False: there is no such tree, or it is damaged. */
static bool read_tree(const ocors_snapshot_t *snapshot, uint32_t number,
                      ocors_snapshot_tree_t *tree)
{
    if (number >= snapshot->header.tree_count) {
        return false;
    }
    *tree = snapshot->trees[number];
    return tree->site_count > 0 && tree->first_site <= snapshot->header.site_count
           && tree->site_count <= snapshot->header.site_count - tree->first_site;
}

/* What a tree has for an id: the very site, one that has its key, or neither. */
typedef struct match_t {
    bool is_exact, is_close;
    uint32_t site; /* if is_exact */
} match_t;

/* Looks among a tree's sites for one with this key, and for one with this id. */
static match_t match_site(const ocors_snapshot_t *snapshot, uint32_t number,
                          const ocors_snapshot_tree_t *tree, ocors_span_t id, ocors_span_t key)
{
    ocors_probe_t probe = ocors_slots_probe(snapshot->site_slots, snapshot->header.site_slot_count,
                                            site_hash(snapshot, number, key));
    match_t match = { .is_exact = false };
    char room[OCORS_SITE_KEY_MAX];
    uint32_t site;

    while (!match.is_exact && ocors_probe_next(&probe, &site)) {
        if (site - tree->first_site >= tree->site_count) {
            continue;
        }
        const ocors_span_t name = ocors_snapshot_text(snapshot, snapshot->sites[site].name);
        if (ocors_span_is_equal(name, id)) {
            match = (match_t){ .is_exact = true, .site = site };
        }
        else {
            match.is_close = match.is_close || ocors_span_is_equal(site_key(name, room), key);
        }
    }
    return match;
}

bool ocors_snapshot_find_site(const ocors_snapshot_t *snapshot, uint32_t tree, ocors_span_t id,
                              uint32_t *site)
{
    char room[OCORS_SITE_KEY_MAX];
    const ocors_span_t key = site_key(id, room);
    ocors_snapshot_tree_t record;
    match_t match = { .is_exact = false };

    if (!read_tree(snapshot, tree, &record)) {
        return false;
    }
    if (key.length > 0) {
        match = match_site(snapshot, tree, &record, id, key);
    }
    *site = match.is_exact ? match.site : record.first_site;
    return match.is_exact || !match.is_close;
}

size_t ocors_snapshot_read_site(const ocors_snapshot_t *snapshot, uint32_t site, ocors_api_t api,
                                ocors_policy_t policies[OCORS_API_COUNT])
{
    size_t count = 0;

    if (site >= snapshot->header.site_count) {
        return 0;
    }
    for (unsigned each = 0; each < OCORS_API_COUNT; each++) {
        if ((api == (ocors_api_t)each || api == OCORS_API_OTHER)
            && ocors_snapshot_read_policy(snapshot, snapshot->sites[site].policies[each],
                                          &policies[count])) {
            count++;
        }
    }
    return count;
}

bool ocors_snapshot_read_path(const ocors_snapshot_t *snapshot, uint32_t tree,
                              const ocors_url_path_t *path, ocors_span_t site,
                              ocors_policy_t policies[OCORS_API_COUNT], size_t *count)
{
    const ocors_span_t plain = path->plain.site.bytes != NULL ? path->plain.site : site;
    const ocors_span_t loose = path->loose.site.bytes != NULL ? path->loose.site : site;
    uint32_t found, other;

    *count = 0;
    if (path->is_ambiguous || path->plain.api != path->loose.api) {
        return false;
    }
    if (tree >= snapshot->header.tree_count) {
        return true;
    }
    if (!ocors_snapshot_find_site(snapshot, tree, plain, &found)) {
        return false;
    }
    if (!ocors_span_is_equal(plain, loose)
        && (!ocors_snapshot_find_site(snapshot, tree, loose, &other) || other != found)) {
        return false;
    }
    *count = ocors_snapshot_read_site(snapshot, found, path->plain.api, policies);
    return true;
}
