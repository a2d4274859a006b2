/* SPDX-License-Identifier: Apache-2.0 */
/* Reads editions. Counts and references are held against the segment: a damaged one opens no door. */

#include "ocors_edition.h"

#include "ocors_hash.h"
#include "ocors_url_name.h"

uint64_t ocors_edition_size(const ocors_edition_header_t *header)
{
    return sizeof(ocors_edition_header_t)
           + (uint64_t)header->document_count * sizeof(ocors_edition_document_t)
           + (uint64_t)header->layer_count * sizeof(ocors_edition_layer_t)
           + (uint64_t)header->policy_count * sizeof(ocors_edition_policy_t)
           + (uint64_t)header->site_count * sizeof(ocors_edition_site_t)
           + (uint64_t)header->site_slot_count * sizeof(ocors_slot_t)
           + ((uint64_t)header->member_count + header->settings_count) * sizeof(uint32_t)
           + (uint64_t)header->tree_count * sizeof(ocors_edition_tree_t) + header->text_size;
}

bool ocors_edition_open_tables(const void *tables, uint64_t tables_size, const void *segment,
                               uint64_t segment_size, ocors_edition_t *edition)
{
    const ocors_edition_header_t *header = &edition->header;

    if (tables_size < sizeof(*header)) {
        return false;
    }
    memcpy(&edition->header, tables, sizeof(*header));
    if (header->size > tables_size || ocors_edition_size(header) > header->size
        || !ocors_slots_count_is_sound(header->site_slot_count)) {
        return false;
    }
    edition->segment = segment;
    edition->segment_size = segment_size;
    edition->documents = (const void *)((const char *)tables + sizeof(*header));
    edition->layers = (const void *)(edition->documents + header->document_count);
    edition->policies = (const void *)(edition->layers + header->layer_count);
    edition->sites = (const void *)(edition->policies + header->policy_count);
    edition->site_slots = (const void *)(edition->sites + header->site_count);
    edition->members = (const void *)(edition->site_slots + header->site_slot_count);
    edition->settings = edition->members + header->member_count;
    edition->trees = (const void *)(edition->settings + header->settings_count);
    edition->text = (const char *)(edition->trees + header->tree_count);
    return true;
}

bool ocors_edition_open(const void *segment, uint64_t segment_size, uint64_t offset,
                        ocors_edition_t *edition)
{
    return offset % 8 == 0 && offset <= segment_size
           && ocors_edition_open_tables((const char *)segment + offset, segment_size - offset,
                                        segment, segment_size, edition);
}

ocors_span_t ocors_edition_text(const ocors_edition_t *edition, ocors_edition_text_t text)
{
    const uint32_t size = edition->header.text_size;

    return text.at <= size && text.length <= size - text.at
               ? ocors_span_make(edition->text + text.at, text.length)
               : ocors_span_make(NULL, 0);
}

const void *ocors_edition_image(const ocors_edition_t *edition, uint64_t image, uint64_t size)
{
    return size > 0 && image <= edition->segment_size && size <= edition->segment_size - image
               ? edition->segment + image
               : NULL;
}

uint32_t ocors_edition_find_tree(const ocors_edition_t *edition, ocors_span_t directory)
{
    for (uint32_t i = 0; i < edition->header.tree_count; i++) {
        if (ocors_span_is_equal(ocors_edition_text(edition, edition->trees[i].directory),
                                directory)) {
            return i;
        }
    }
    return UINT32_MAX;
}

bool ocors_edition_read_policy(const ocors_edition_t *edition, uint32_t number,
                               ocors_policy_t *policy)
{
    ocors_edition_policy_t record;
    const ocors_edition_layer_t *layer;

    policy->layer_count = 0;
    if (number >= edition->header.policy_count) {
        return false;
    }
    record = edition->policies[number];
    if (record.layer_count > OCORS_POLICY_LAYERS_MAX
        || record.first_layer > edition->header.layer_count
        || record.layer_count > edition->header.layer_count - record.first_layer) {
        return false;
    }
    layer = &edition->layers[record.first_layer];
    for (uint32_t i = 0; i < record.layer_count; i++, layer++) {
        const void *image = ocors_edition_image(edition, layer->image, layer->image_size);

        if (image == NULL
            || !ocors_image_open(image, (size_t)layer->image_size, &policy->layers[i])) {
            policy->layer_count = 0; /* half a policy is none */
            return false;
        }
        policy->layer_count++;
    }
    return true;
}

bool ocors_edition_read_settings(const ocors_edition_t *edition, uint32_t number,
                                 ocors_policy_t *policy)
{
    return ocors_edition_read_policy(edition,
                                     number < edition->header.settings_count
                                         ? edition->settings[number]
                                         : OCORS_EDITION_NO_POLICY,
                                     policy);
}

/* The hash by which a site is found: of its key, so that ids which R12 does not tell apart meet. */
static uint64_t site_hash(const ocors_edition_t *edition, uint32_t tree, ocors_span_t key)
{
    return ocors_hash(edition->header.seed + tree, key);
}

static ocors_span_t site_key(ocors_span_t id, char room[OCORS_SITE_KEY_MAX])
{
    return ocors_span_make(room, ocors_site_key(id, room));
}

void ocors_edition_index_sites(const ocors_edition_t *edition)
{
    ocors_slot_t *const slots = (void *)(uintptr_t)edition->site_slots;
    char room[OCORS_SITE_KEY_MAX];

    memset(slots, 0, edition->header.site_slot_count * sizeof(*slots));
    for (uint32_t tree = 0; tree < edition->header.tree_count; tree++) {
        const uint32_t first = edition->trees[tree].first_site;

        for (uint32_t site = first; site < first + edition->trees[tree].site_count; site++) {
            const ocors_span_t name = ocors_edition_text(edition, edition->sites[site].name);

            ocors_slots_add(slots, edition->header.site_slot_count,
                            site_hash(edition, tree, site_key(name, room)), site);
        }
    }
}

/* The sites of a tree as its record has them. False: there is no such tree, or it is damaged. */
static bool read_tree(const ocors_edition_t *edition, uint32_t number,
                      ocors_edition_tree_t *tree)
{
    if (number >= edition->header.tree_count) {
        return false;
    }
    *tree = edition->trees[number];
    return tree->site_count > 0 && tree->first_site <= edition->header.site_count
           && tree->site_count <= edition->header.site_count - tree->first_site;
}

/* What a tree has for an id: the very site, one that has its key, or neither. */
typedef struct match_t {
    bool is_exact, is_close;
    uint32_t site; /* if is_exact */
} match_t;

/* Looks among a tree's sites for one with this key, and for one with this id. */
static match_t match_site(const ocors_edition_t *edition, uint32_t number,
                          const ocors_edition_tree_t *tree, ocors_span_t id, ocors_span_t key)
{
    ocors_probe_t probe = ocors_slots_probe(edition->site_slots, edition->header.site_slot_count,
                                            site_hash(edition, number, key));
    match_t match = { .is_exact = false };
    char room[OCORS_SITE_KEY_MAX];
    uint32_t site;

    while (!match.is_exact && ocors_probe_next(&probe, &site)) {
        if (site - tree->first_site >= tree->site_count) {
            continue;
        }
        const ocors_span_t name = ocors_edition_text(edition, edition->sites[site].name);
        if (ocors_span_is_equal(name, id)) {
            match = (match_t){ .is_exact = true, .site = site };
        }
        else {
            match.is_close = match.is_close || ocors_span_is_equal(site_key(name, room), key);
        }
    }
    return match;
}

bool ocors_edition_find_site(const ocors_edition_t *edition, uint32_t tree, ocors_span_t id,
                             uint32_t *site)
{
    char room[OCORS_SITE_KEY_MAX];
    const ocors_span_t key = site_key(id, room);
    ocors_edition_tree_t record;
    match_t match = { .is_exact = false };

    if (!read_tree(edition, tree, &record)) {
        return false;
    }
    if (key.length > 0) {
        match = match_site(edition, tree, &record, id, key);
    }
    *site = match.is_exact ? match.site : record.first_site;
    return match.is_exact || !match.is_close;
}

size_t ocors_edition_read_site(const ocors_edition_t *edition, uint32_t site, ocors_api_t api,
                               ocors_policy_t policies[OCORS_API_COUNT])
{
    size_t count = 0;

    if (site >= edition->header.site_count) {
        return 0;
    }
    for (unsigned each = 0; each < OCORS_API_COUNT; each++) {
        if ((api == (ocors_api_t)each || api == OCORS_API_OTHER)
            && ocors_edition_read_policy(edition, edition->sites[site].policies[each],
                                         &policies[count])) {
            count++;
        }
    }
    return count;
}

bool ocors_edition_read_path(const ocors_edition_t *edition, uint32_t tree,
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
    if (tree >= edition->header.tree_count) {
        return true;
    }
    if (!ocors_edition_find_site(edition, tree, plain, &found)) {
        return false;
    }
    if (!ocors_span_is_equal(plain, loose)
        && (!ocors_edition_find_site(edition, tree, loose, &other) || other != found)) {
        return false;
    }
    *count = ocors_edition_read_site(edition, found, path->plain.api, policies);
    return true;
}
