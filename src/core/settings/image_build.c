/* SPDX-License-Identifier: Apache-2.0 */
/* Writes the image of a settings document. */

#include "ocors_image_build.h"

#include <stdlib.h>

#include "ocors_image_hosts.h"
#include "ocors_image_layout.h"
#include "ocors_image_lists.h"

/* What is known before the image can be laid out. */
typedef struct plan_t {
    const ocors_settings_t *settings;
    uint64_t seed;
    uint64_t *hashes;          /* of each of the settings' origins */
    uint32_t *numbers;         /* which distinct origin each of them is */
    uint32_t *firsts;          /* the first place of each distinct origin */
    uint32_t *member_counts;   /* how many clients have each */
    uint32_t distinct;         /* how many there are */
    ocors_image_hosts_t hosts; /* their hosts */
    ocors_image_lists_t lists; /* of resources */
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
    free(plan->member_counts);
    ocors_image_lists_free(&plan->lists);
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
    plan->member_counts = calloc(count + 1, sizeof(*plan->member_counts));
    if (slots == NULL || plan->hashes == NULL || plan->numbers == NULL || plan->firsts == NULL
        || plan->member_counts == NULL) {
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
        plan->member_counts[plan->numbers[i]]++;
    }
    free(slots);
    return ocors_image_hosts_plan(
        &(ocors_image_hosts_origins_t){ plan->settings->origins, plan->firsts, plan->distinct },
        plan->seed, &plan->hosts);
}

/* Gives a section its place and its count; `*size` grows past it. Sizes are kept in 64 bits. */
static void place(uint32_t *offset, uint32_t *count, uint64_t *size, uint64_t items, size_t width)
{
    *size = (*size + 7) / 8 * 8;
    *offset = (uint32_t)*size;
    *count = (uint32_t)items;
    *size += items * width;
}

/* The ranges of one resource follow each other, and share its pattern. */
static bool pattern_is_written(const ocors_image_lists_t *lists, uint32_t number)
{
    return number > 0
           && lists->distinct[number].pattern.bytes == lists->distinct[number - 1].pattern.bytes;
}

/* How many distinct origins have several clients. */
static uint64_t shared_count(const plan_t *plan)
{
    uint64_t count = 0;

    for (uint32_t i = 0; i < plan->distinct; i++) {
        count += plan->member_counts[i] > 1 ? 1 : 0;
    }
    return count;
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
    for (uint32_t i = 0; i < plan->lists.distinct_count; i++) {
        size += pattern_is_written(&plan->lists, i) ? 0 : plan->lists.distinct[i].pattern.length;
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
    place(&header->members, &header->member_count, &size,
          settings->origin_count + shared_count(plan), sizeof(uint32_t));
    place(&header->clients, &header->client_count, &size, settings->client_count,
          sizeof(ocors_image_client_record_t));
    place(&header->resources, &header->resource_count, &size, plan->lists.resource_count,
          sizeof(ocors_image_resource_record_t));
    place(&header->headers, &header->header_count, &size, settings->header_count,
          sizeof(ocors_image_header_record_t));
    place(&header->host_slots, &header->host_slot_count, &size, plan->hosts.slot_count,
          sizeof(uint32_t));
    place(&header->groups, &header->group_size, &size, plan->hosts.group_size, sizeof(uint32_t));
    place(&header->lists, &header->list_count, &size, plan->lists.list_count,
          sizeof(ocors_image_list_record_t));
    place(&header->resource_slots, &header->resource_slot_count, &size, plan->lists.slot_count,
          sizeof(ocors_slot_t));
    place(&header->text, &header->text_size, &size, text_size_of(plan), 1);
    header->site_list = plan->lists.site;
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

    for (uint32_t number = 0; number < plan->distinct; number++) {
        const uint32_t first = plan->firsts[number];

        if (number + OCORS_SLOTS_AHEAD < plan->distinct) {
            ocors_slots_announce(slots, slot_count,
                                 plan->hashes[plan->firsts[number + OCORS_SLOTS_AHEAD]]);
        }
        records[number].length = (uint32_t)settings->origins[first].length;
        records[number].text = write_text(writer, settings->origins[first]);
        records[number].first_member = next;
        next += plan->member_counts[number];
        if (plan->member_counts[number] > 1) {
            members[next++] = plan->lists.of_origins[number];
        }
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
            .hash = ocors_hash(plan->seed, client->id),
            .id = write_text(writer, client->id),
            .id_length = (uint32_t)client->id.length,
            .list = plan->lists.of_clients[i],
            .first_header = (uint32_t)client->first_header,
            .header_count = (uint32_t)client->header_count,
        };
        ocors_slots_add(slots, writer->header->client_slot_count, records[i].hash, (uint32_t)i);
    }
}

static ocors_result_t write_resources(writer_t *writer, const plan_t *plan)
{
    const ocors_image_lists_t *lists = &plan->lists;
    void *lists_at = writer->bytes + writer->header->lists;
    void *records_at = writer->bytes + writer->header->resources;
    void *slots_at = writer->bytes + writer->header->resource_slots;
    uint32_t *texts = calloc((size_t)lists->distinct_count + 1, sizeof(*texts));
    ocors_result_t status;

    if (texts == NULL) {
        return OCORS_NO_MEMORY;
    }
    for (uint32_t i = 0; i < lists->distinct_count; i++) {
        texts[i] = pattern_is_written(lists, i) ? texts[i - 1]
                                                : write_text(writer, lists->distinct[i].pattern);
    }
    status = ocors_image_lists_write(lists, plan->seed, texts, lists_at, records_at, slots_at);
    free(texts);
    return status;
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
    write_headers(&writer, plan->settings);
    if (write_resources(&writer, plan) != OCORS_OK || write_hosts(&writer, plan) != OCORS_OK) {
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
        status = ocors_image_lists_plan(settings, plan.numbers, plan.distinct, seed, &plan.lists);
    }
    if (status == OCORS_OK) {
        status = write_image(&plan, bytes, size);
    }
    plan_free(&plan);
    return status;
}
