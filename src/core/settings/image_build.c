/* SPDX-License-Identifier: Apache-2.0 */
/* Writes the image of a settings document. */

#include "ocors_image_build.h"

#include <stdlib.h>

#include "ocors_image_hosts.h"
#include "ocors_image_layout.h"
#include "ocors_index.h"

/* What is known before the image can be laid out. */
typedef struct plan_t {
    const ocors_settings_t *settings;
    uint64_t seed;
    uint64_t *hashes;           /* of each of the settings' origins */
    uint32_t *numbers;          /* which distinct origin each of them is */
    uint32_t *firsts;           /* the first place of each distinct origin */
    uint32_t distinct;          /* how many there are */
    ocors_image_hosts_t hosts;  /* their hosts */
    ocors_resource_t *together; /* the resources of all clients, each once */
    uint32_t together_count;
} plan_t;

/* Where the writing is. */
typedef struct writer_t {
    unsigned char *bytes;
    ocors_image_header_t *header;
    uint32_t text_at;
} writer_t;

static void plan_free(plan_t *plan)
{
    free(plan->hashes);
    free(plan->numbers);
    free(plan->firsts);
    free(plan->together);
    ocors_image_hosts_free(&plan->hosts);
}

/* Finds which distinct origin the i-th is, or makes it the next one. */
static void number_origin(plan_t *plan, ocors_slot_t *slots, uint32_t slot_count, uint32_t i)
{
    ocors_probe_t probe = ocors_slots_probe(slots, slot_count, plan->hashes[i]);
    uint32_t number;

    while (ocors_probe_next(&probe, &number)) {
        if (ocors_span_is_equal(plan->settings->origins[plan->firsts[number]],
                                plan->settings->origins[i])) {
            plan->numbers[i] = number;
            return;
        }
    }
    plan->firsts[plan->distinct] = i;
    plan->numbers[i] = plan->distinct;
    ocors_slots_add(slots, slot_count, plan->hashes[i], plan->distinct++);
}

/* Numbers the distinct origins of the document, in the order in which they come. */
static ocors_result_t plan_origins(plan_t *plan)
{
    const size_t count = plan->settings->origin_count;
    const uint32_t slot_count = (uint32_t)ocors_slots_count(count);
    ocors_slot_t *slots = calloc(slot_count, sizeof(*slots));

    plan->hashes = calloc(count + 1, sizeof(*plan->hashes));
    plan->numbers = calloc(count + 1, sizeof(*plan->numbers));
    plan->firsts = calloc(count + 1, sizeof(*plan->firsts));
    if (slots == NULL || plan->hashes == NULL || plan->numbers == NULL || plan->firsts == NULL) {
        free(slots);
        return OCORS_NO_MEMORY;
    }
    for (size_t i = 0; i < count; i++) {
        plan->hashes[i] = ocors_hash(plan->seed, plan->settings->origins[i]);
    }
    for (size_t i = 0; i < count; i++) {
        if (i + OCORS_SLOTS_AHEAD < count) {
            ocors_slots_announce(slots, slot_count, plan->hashes[i + OCORS_SLOTS_AHEAD]);
        }
        number_origin(plan, slots, slot_count, (uint32_t)i);
    }
    free(slots);
    return ocors_image_hosts_plan(
        &(ocors_image_hosts_origins_t){ plan->settings->origins, plan->firsts, plan->distinct },
        plan->seed, &plan->hosts);
}

/*
 * Merges the resources of all clients: each pattern and range once, with the methods of all. What
 * an unlisted origin is told (M1) then costs one look at each, however many clients repeat them.
 */
static ocors_result_t plan_resources(plan_t *plan)
{
    const ocors_settings_t *settings = plan->settings;
    ocors_index_t ranges, patterns;
    ocors_result_t status = OCORS_OK;

    plan->together = calloc(settings->resource_count + 1, sizeof(*plan->together));
    if (plan->together == NULL) {
        return OCORS_NO_MEMORY;
    }
    ocors_index_init(&ranges, plan->seed);
    ocors_index_init(&patterns, plan->seed);
    for (size_t i = 0; i < settings->resource_count && status == OCORS_OK; i++) {
        const ocors_resource_t *resource = &settings->resources[i];
        const ocors_span_t range = ocors_span_make(
            (const char *)resource + offsetof(ocors_resource_t, from), 2 * sizeof(ocors_version_t));
        bool is_new;
        ocors_index_entry_t *entry = ocors_index_put(&ranges, 0, range, (uint32_t)ranges.count,
                                                     &is_new);

        entry = entry == NULL ? NULL
                              : ocors_index_put(&patterns, entry->value, resource->pattern,
                                                plan->together_count, &is_new);
        if (entry == NULL) {
            status = OCORS_NO_MEMORY;
        }
        else if (is_new) {
            plan->together[plan->together_count++] = *resource;
        }
        else {
            plan->together[entry->value].methods |= resource->methods;
        }
    }
    ocors_index_free(&ranges);
    ocors_index_free(&patterns);
    return status;
}

/* Gives a section its place and its count; `*size` grows past it. Sizes are kept in 64 bits. */
static void place(uint32_t *offset, uint32_t *count, uint64_t *size, uint64_t items, size_t width)
{
    *size = (*size + 7) / 8 * 8;
    *offset = (uint32_t)*size;
    *count = (uint32_t)items;
    *size += items * width;
}

static uint64_t text_size_of(const plan_t *plan)
{
    const ocors_settings_t *settings = plan->settings;
    uint64_t size = settings->version.length;

    for (uint32_t i = 0; i < plan->distinct; i++) {
        size += settings->origins[plan->firsts[i]].length;
    }
    for (size_t i = 0; i < settings->client_count; i++) {
        size += settings->clients[i].id.length;
    }
    for (size_t i = 0; i < settings->resource_count; i++) {
        size += settings->resources[i].pattern.length;
    }
    for (uint32_t i = 0; i < plan->together_count; i++) {
        size += plan->together[i].pattern.length;
    }
    for (size_t i = 0; i < settings->header_count; i++) {
        size += settings->headers[i].name.length + settings->headers[i].value.length;
    }
    return size;
}

/* Fills in every place and count; returns the image's size. */
static uint64_t lay_out(const plan_t *plan, ocors_image_header_t *header)
{
    const ocors_settings_t *settings = plan->settings;
    const uint64_t resources = (uint64_t)settings->resource_count + plan->together_count;
    uint64_t size = sizeof(*header);

    memcpy(header->magic, OCORS_IMAGE_MAGIC, sizeof(header->magic));
    header->format = OCORS_IMAGE_FORMAT;
    header->seed = plan->seed;
    place(&header->origin_slots, &header->origin_slot_count, &size,
          ocors_slots_count(plan->distinct), sizeof(ocors_slot_t));
    place(&header->client_slots, &header->client_slot_count, &size,
          ocors_slots_count(settings->client_count), sizeof(ocors_slot_t));
    place(&header->origins, &header->origin_count, &size, plan->distinct,
          sizeof(ocors_image_origin_record_t));
    place(&header->members, &header->member_count, &size, settings->origin_count, sizeof(uint32_t));
    place(&header->clients, &header->client_count, &size, settings->client_count,
          sizeof(ocors_image_client_record_t));
    place(&header->resources, &header->resource_count, &size, resources,
          sizeof(ocors_image_resource_record_t));
    place(&header->headers, &header->header_count, &size, settings->header_count,
          sizeof(ocors_image_header_record_t));
    place(&header->host_slots, &header->host_slot_count, &size, plan->hosts.slot_count,
          sizeof(uint32_t));
    place(&header->groups, &header->group_size, &size, plan->hosts.group_size, sizeof(uint32_t));
    place(&header->text, &header->text_size, &size, text_size_of(plan), 1);
    header->site_first_resource = (uint32_t)settings->resource_count;
    header->site_resource_count = plan->together_count;
    header->version_length = (uint32_t)settings->version.length;
    memcpy(header->digest, settings->digest, sizeof(header->digest));
    return (size + OCORS_IMAGE_ALIGNMENT - 1) / OCORS_IMAGE_ALIGNMENT * OCORS_IMAGE_ALIGNMENT;
}

/* Copies text into the text section; returns its reference. */
static uint32_t write_text(writer_t *writer, ocors_span_t text)
{
    const uint32_t at = writer->text_at;

    if (text.length > 0) {
        memcpy(writer->bytes + writer->header->text + at, text.bytes, text.length);
    }
    writer->text_at += (uint32_t)text.length;
    return at;
}

static void write_origins(writer_t *writer, const plan_t *plan)
{
    const ocors_settings_t *settings = plan->settings;
    const uint32_t slot_count = writer->header->origin_slot_count;
    void *slots = writer->bytes + writer->header->origin_slots;
    void *members_at = writer->bytes + writer->header->members;
    void *records_at = writer->bytes + writer->header->origins;
    ocors_image_origin_record_t *records = records_at;
    uint32_t *members = members_at;
    uint32_t next = 0;

    for (size_t i = 0; i < settings->origin_count; i++) {
        records[plan->numbers[i]].member_count++;
    }
    for (uint32_t number = 0; number < plan->distinct; number++) {
        const uint32_t first = plan->firsts[number];

        if (number + OCORS_SLOTS_AHEAD < plan->distinct) {
            ocors_slots_announce(slots, slot_count,
                                 plan->hashes[plan->firsts[number + OCORS_SLOTS_AHEAD]]);
        }
        records[number].length = (uint32_t)settings->origins[first].length;
        records[number].text = write_text(writer, settings->origins[first]);
        records[number].first_member = next;
        next += records[number].member_count;
        records[number].member_count = 0;
        ocors_slots_add(slots, slot_count, plan->hashes[first], number);
    }
    for (size_t client = 0; client < settings->client_count; client++) {
        const ocors_client_t *from = &settings->clients[client];

        for (size_t i = from->first_origin; i < from->first_origin + from->origin_count; i++) {
            ocors_image_origin_record_t *record = &records[plan->numbers[i]];

            members[record->first_member + record->member_count++] = (uint32_t)client;
        }
    }
}

static void write_clients(writer_t *writer, const plan_t *plan)
{
    const ocors_settings_t *settings = plan->settings;
    void *slots = writer->bytes + writer->header->client_slots;
    void *records_at = writer->bytes + writer->header->clients;
    ocors_image_client_record_t *records = records_at;

    for (size_t i = 0; i < settings->client_count; i++) {
        const ocors_client_t *client = &settings->clients[i];

        records[i] = (ocors_image_client_record_t){
            .id = write_text(writer, client->id),
            .id_length = (uint32_t)client->id.length,
            .first_resource = (uint32_t)client->first_resource,
            .resource_count = (uint32_t)client->resource_count,
            .first_header = (uint32_t)client->first_header,
            .header_count = (uint32_t)client->header_count,
        };
        ocors_slots_add(slots, writer->header->client_slot_count,
                        ocors_hash(plan->seed, client->id), (uint32_t)i);
    }
}

static void write_resource(writer_t *writer, uint32_t number, const ocors_resource_t *resource)
{
    void *records_at = writer->bytes + writer->header->resources;
    ocors_image_resource_record_t *records = records_at;
    ocors_methods_t methods = resource->methods;

    if ((methods & OCORS_METHOD_GET) != 0) {
        methods |= OCORS_METHOD_HEAD; /* M1 */
    }
    records[number] = (ocors_image_resource_record_t){
        .pattern = write_text(writer, resource->pattern),
        .pattern_length = (uint16_t)resource->pattern.length,
        .methods = methods,
        .from = resource->from,
        .until = resource->until,
    };
}

static void write_resources(writer_t *writer, const plan_t *plan)
{
    const uint32_t own = (uint32_t)plan->settings->resource_count;

    for (uint32_t i = 0; i < own; i++) {
        write_resource(writer, i, &plan->settings->resources[i]);
    }
    for (uint32_t i = 0; i < plan->together_count; i++) {
        write_resource(writer, own + i, &plan->together[i]);
    }
}

static void write_headers(writer_t *writer, const ocors_settings_t *settings)
{
    void *records_at = writer->bytes + writer->header->headers;
    ocors_image_header_record_t *records = records_at;

    for (size_t i = 0; i < settings->header_count; i++) {
        const ocors_response_header_t *header = &settings->headers[i];

        records[i].name = write_text(writer, header->name);
        records[i].name_length = (uint32_t)header->name.length;
        records[i].value = write_text(writer, header->value);
        records[i].value_length = (uint32_t)header->value.length;
    }
}

static ocors_result_t write_hosts(writer_t *writer, const plan_t *plan)
{
    void *slots = writer->bytes + writer->header->host_slots;
    void *groups = writer->bytes + writer->header->groups;

    return ocors_image_hosts_write(&plan->hosts, slots, groups);
}

/* Writes the planned image into its own memory. */
static ocors_result_t write_image(const plan_t *plan, void **bytes, size_t *size)
{
    ocors_image_header_t header = { .format = 0 };
    const uint64_t total = lay_out(plan, &header);
    writer_t writer = { .text_at = 0 };

    if (total > UINT32_MAX) {
        return OCORS_INVALID;
    }
    writer.bytes = aligned_alloc(OCORS_IMAGE_ALIGNMENT, (size_t)total);
    if (writer.bytes == NULL) {
        return OCORS_NO_MEMORY;
    }
    header.size = total;
    memset(writer.bytes, 0, (size_t)total);
    memcpy(writer.bytes, &header, sizeof(header));
    void *start = writer.bytes;
    writer.header = start;
    write_text(&writer, plan->settings->version);
    write_origins(&writer, plan);
    write_clients(&writer, plan);
    write_resources(&writer, plan);
    write_headers(&writer, plan->settings);
    if (write_hosts(&writer, plan) != OCORS_OK) {
        free(writer.bytes);
        return OCORS_NO_MEMORY;
    }
    writer.header->checksum = ocors_image_checksum(writer.bytes, (size_t)total, plan->seed);
    *bytes = writer.bytes;
    *size = (size_t)total;
    return OCORS_OK;
}

ocors_result_t ocors_image_build(const ocors_settings_t *settings, uint64_t seed, void **bytes,
                                 size_t *size)
{
    plan_t plan = { .settings = settings, .seed = seed };
    ocors_result_t status;

    /* A document of 64 MiB cannot come near these; they keep the 32-bit numbers honest. */
    if (settings->origin_count >= UINT32_MAX / 8 || settings->client_count >= UINT32_MAX / 8
        || settings->resource_count >= UINT32_MAX / 8) {
        return OCORS_INVALID;
    }
    status = plan_origins(&plan);
    if (status == OCORS_OK) {
        status = plan_resources(&plan);
    }
    if (status == OCORS_OK) {
        status = write_image(&plan, bytes, size);
    }
    plan_free(&plan);
    return status;
}
