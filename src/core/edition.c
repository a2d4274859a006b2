/* SPDX-License-Identifier: Apache-2.0 */
/* Reads editions. Counts and references are held against the segment: a damaged one opens no door. */

#include "ocors_edition.h"

#include "ocors_hash.h"

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

static uint64_t site_hash(const ocors_edition_t *edition, uint32_t tree, ocors_span_t name)
{
    return ocors_hash(edition->header.seed + tree, name);
}

void ocors_edition_index_sites(const ocors_edition_t *edition)
{
    ocors_slot_t *const slots = (void *)(uintptr_t)edition->site_slots;

    memset(slots, 0, edition->header.site_slot_count * sizeof(*slots));
    for (uint32_t tree = 0; tree < edition->header.tree_count; tree++) {
        const uint32_t first = edition->trees[tree].first_site;

        for (uint32_t site = first; site < first + edition->trees[tree].site_count; site++) {
            const ocors_span_t name = ocors_edition_text(edition, edition->sites[site].name);

            ocors_slots_add(slots, edition->header.site_slot_count, site_hash(edition, tree, name),
                            site);
        }
    }
}

/* A site of a tree by its name; the tree's first one, the organisation, where it has no such. */
static const ocors_edition_site_t *find_site(const ocors_edition_t *edition, uint32_t tree,
                                             const ocors_edition_tree_t *record, ocors_span_t name)
{
    ocors_probe_t probe = ocors_slots_probe(edition->site_slots, edition->header.site_slot_count,
                                            site_hash(edition, tree, name));
    uint32_t number;

    while (ocors_probe_next(&probe, &number)) {
        if (number - record->first_site < record->site_count
            && ocors_span_is_equal(ocors_edition_text(edition, edition->sites[number].name),
                                   name)) {
            return &edition->sites[number];
        }
    }
    return &edition->sites[record->first_site];
}

size_t ocors_edition_read_site(const ocors_edition_t *edition, uint32_t tree, ocors_span_t site,
                               ocors_span_t api, ocors_policy_t policies[OCORS_API_COUNT])
{
    const bool is_shop = ocors_span_is_equal(api, OCORS_SPAN_LITERAL("shop"));
    const bool is_data = ocors_span_is_equal(api, OCORS_SPAN_LITERAL("data"));
    ocors_edition_tree_t record;
    const ocors_edition_site_t *found;
    size_t count = 0;

    if (tree >= edition->header.tree_count) {
        return 0;
    }
    record = edition->trees[tree];
    if (record.site_count == 0 || record.first_site > edition->header.site_count
        || record.site_count > edition->header.site_count - record.first_site) {
        return 0;
    }
    found = find_site(edition, tree, &record, site);
    if (!is_data
        && ocors_edition_read_policy(edition, found->policies[OCORS_API_SHOP], &policies[count])) {
        count++;
    }
    if (!is_shop
        && ocors_edition_read_policy(edition, found->policies[OCORS_API_DATA], &policies[count])) {
        count++;
    }
    return count;
}
