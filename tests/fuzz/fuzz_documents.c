/* SPDX-License-Identifier: Apache-2.0 */
/* Makes documents, policies and snapshots as the reload does. */
#define _POSIX_C_SOURCE 200112L /* posix_memalign() */

#include "fuzz_documents.h"

#include "fuzz.h"
#include "ocors_decide.h"
#include "ocors_fault.h"
#include "ocors_image_build.h"
#include "ocors_origin.h"
#include "ocors_path_methods.h"
#include "ocors_report.h"
#include "ocors_settings_parse.h"

/* ---- Documents ------------------------------------------------------------------------------- */

static void build(fuzz_document_t *document)
{
    FUZZ_CHECK(ocors_image_build(document->settings, FUZZ_SEED, &document->bytes, &document->size)
               == OCORS_OK);
    FUZZ_CHECK(ocors_image_open(document->bytes, document->size, &document->image));
}

/* The next word of a line, up to a blank. */
static ocors_span_t next_word(ocors_span_t *line)
{
    return fuzz_cut(line, OCORS_SPAN_LITERAL(" "));
}

static void add_resource(ocors_settings_t *settings, ocors_span_t line, ocors_report_t *report)
{
    const ocors_span_t methods = next_word(&line);
    ocors_version_t from = 0, until = UINT32_MAX;
    char pattern[OCORS_RESOURCE_ID_MAX + 1];
    unsigned bits = 0;
    size_t length;

    for (size_t i = 0; i < methods.length; i++) {
        bits = bits * 10 + (unsigned)(methods.bytes[i] & 15);
    }
    bits &= OCORS_METHOD_ALL;
    (void)ocors_version_parse(next_word(&line), &from);
    (void)ocors_version_parse(next_word(&line), &until);
    if (bits != 0 && line.bytes != NULL
        && ocors_resource_pattern_normalise(line, pattern, &length)) {
        FUZZ_CHECK(ocors_settings_add_resource(settings, line, (ocors_methods_t)bits, from, until,
                                               report, NULL)
                   == OCORS_OK);
    }
}

static void add_line(ocors_settings_t *settings, ocors_span_t line, ocors_report_t *report)
{
    const ocors_span_t kind = next_word(&line);
    ocors_origin_t origin;
    uint32_t element;

    if (kind.length != 1 || line.bytes == NULL) {
        return;
    }
    if (kind.bytes[0] == 'c') {
        if (line.length > 0 && !ocors_settings_find_client(settings, line, &element)) {
            FUZZ_CHECK(ocors_settings_begin_client(settings, line, report, NULL) == OCORS_OK);
        }
        return;
    }
    if (settings->client_count == 0) {
        return;
    }
    if (kind.bytes[0] == 'o' && ocors_origin_canonicalise(line, &origin) == OCORS_ORIGIN_OK) {
        FUZZ_CHECK(ocors_settings_add_origin(settings, line, report, NULL) == OCORS_OK);
    }
    else if (kind.bytes[0] == 'r') {
        add_resource(settings, line, report);
    }
    else if (kind.bytes[0] == 'h') {
        const ocors_span_t name = next_word(&line);

        FUZZ_CHECK(ocors_settings_add_header(settings, name, line, report, NULL) == OCORS_OK);
    }
}

void fuzz_document_make(ocors_span_t lines, fuzz_document_t *document)
{
    ocors_report_t report;

    *document = (fuzz_document_t){ .settings = ocors_settings_create() };
    FUZZ_CHECK(document->settings != NULL);
    ocors_report_init(&report);
    while (lines.bytes != NULL) {
        add_line(document->settings, fuzz_cut(&lines, OCORS_SPAN_LITERAL("\n")), &report);
    }
    ocors_report_free(&report);
    build(document);
}

bool fuzz_document_parse(ocors_span_t text, fuzz_document_t *document)
{
    ocors_report_t report;

    *document = (fuzz_document_t){ .settings = NULL };
    ocors_report_init(&report);
    const ocors_result_t result = ocors_settings_parse(text, &report, &document->settings);

    FUZZ_CHECK(result != OCORS_NO_MEMORY);
    FUZZ_CHECK((result == OCORS_OK) == (document->settings != NULL));
    FUZZ_CHECK((result == OCORS_INVALID) == ocors_report_has_errors(&report));
    ocors_report_free(&report);
    if (result == OCORS_OK) {
        build(document);
    }
    return result == OCORS_OK;
}

void fuzz_document_free(fuzz_document_t *document)
{
    ocors_settings_free(document->settings);
    free(document->bytes);
}

void fuzz_policy_make(const fuzz_document_t *documents, size_t count, ocors_policy_t *policy)
{
    policy->layer_count = 0;
    for (size_t i = 0; i < count; i++) {
        policy->layers[policy->layer_count++] = documents[i].image;
    }
}

/* ---- Readers --------------------------------------------------------------------------------- */

static const char *const names[] = {
    "",     "a",    "https://a.example", "https://b.example:8443", "http://a.example", "a.example",
    "null", "aaaa", "b.example",
};

#define NAME_COUNT (sizeof(names) / sizeof(names[0]))

/* Indexes that a damaged image may give. */
static const uint32_t numbers[] = { 0, 1, 2, 3, 7, 1000, INT32_MAX, UINT32_MAX - 1, UINT32_MAX };

#define NUMBER_COUNT (sizeof(numbers) / sizeof(numbers[0]))

/* Reads every byte of a span: where it leads out of its memory the sanitizer says so. */
static unsigned touch(ocors_span_t span)
{
    unsigned sum = 0;

    for (size_t i = 0; i < span.length; i++) {
        sum += (unsigned char)span.bytes[i];
    }
    return sum;
}

static volatile unsigned touched;

static void use_resource(const ocors_image_t *image, uint32_t number)
{
    ocors_image_list_t list;
    ocors_resource_t resource;
    uint32_t further;

    if (ocors_image_read_resource(image, number, &resource, &further)) {
        touched += touch(resource.pattern) + further;
    }
    if (ocors_image_read_list(image, number, &list)) {
        ocors_path_methods_t found;

        for (uint32_t i = 0; i < list.slot_count; i++) {
            touched += list.slots[i].number;
        }
        ocors_path_methods_begin(&found, OCORS_SPAN_LITERAL("/baskets/1/items"), 0);
        ocors_path_methods_add(&found, image, number);
        touched += found.methods;
    }
}

static void use_name(const ocors_image_t *image, ocors_span_t name)
{
    const uint64_t hash = ocors_image_hash(image, name);
    ocors_image_origin_t origin;
    ocors_image_host_t host;
    uint32_t client;

    if (ocors_image_find_origin(image, hash, name, &origin)) {
        FUZZ_CHECK(ocors_span_is_equal(origin.text, name));
        touched += ocors_image_origin_has_client(&origin, 1);
        use_resource(image, ocors_image_origin_list(image, &origin));
    }
    if (ocors_image_find_client(image, hash, name, &client)) {
        ocors_image_client_t record;

        FUZZ_CHECK(ocors_image_read_client(image, client, &record));
        FUZZ_CHECK(ocors_span_is_equal(record.id, name));
    }
    if (ocors_image_find_host(image, hash, name, &host)) {
        for (uint32_t i = 0; i < 64 && ocors_image_host_origin(image, &host, i, &origin); i++) {
            touched += touch(origin.text);
        }
    }
}

static void use_number(const ocors_image_t *image, uint32_t number)
{
    ocors_image_origin_t origin;
    ocors_image_client_t client;
    ocors_response_header_t header;

    if (ocors_image_read_origin(image, number, &origin)) {
        touched += touch(origin.text);
        for (size_t i = 0; i < NUMBER_COUNT; i++) {
            touched += ocors_image_origin_has_client(&origin, numbers[i]);
        }
        use_name(image, origin.text);
    }
    if (ocors_image_read_client(image, number, &client)) {
        use_name(image, client.id);
    }
    use_resource(image, number);
    if (ocors_image_read_header(image, number, &header)) {
        touched += touch(header.name) + touch(header.value);
    }
}

void fuzz_image_use(const ocors_image_t *image)
{
    touched += touch(image->version) + image->digest[0] + image->digest[31];
    for (size_t i = 0; i < NAME_COUNT; i++) {
        use_name(image, ocors_span_from_string(names[i]));
    }
    for (size_t i = 0; i < NUMBER_COUNT; i++) {
        use_number(image, numbers[i]);
    }
}

/* Every decision for an origin, named or not, with its reason. */
static void use_decisions(const ocors_policy_t *policies, size_t count, ocors_span_t origin)
{
    static const char *const methods[] = { "GET", "POST", "OPTIONS" };
    char buffer[64];
    ocors_decision_t decision;

    FUZZ_CHECK(origin.length < sizeof(buffer));
    for (size_t i = 0; i < 3 * 3; i++) {
        const ocors_facts_t facts = {
            .method = ocors_span_from_string(methods[i % 3]),
            .request_method = i % 3 == 2 ? OCORS_SPAN_LITERAL("PATCH") : ocors_span_make(NULL, 0),
            .has_origin = true,
            .origin = origin,
            .path = OCORS_SPAN_LITERAL("/baskets/1/items"),
            .named = { .kind = i / 3 == 0 ? OCORS_CLIENT_NONE : OCORS_CLIENT_NAMED,
                       .id = ocors_span_from_string(i / 3 == 1 ? "aaaa" : "a") },
            .wants_reason = true,
        };

        ocors_decide(policies, count, &facts, buffer, &decision);
        touched += touch(decision.nearest) + touch(decision.allowed_origin);
        FUZZ_CHECK(decision.verdict < OCORS_VERDICT_COUNT && decision.reason < OCORS_REASON_COUNT);
    }
}

void fuzz_policies_use(const ocors_policy_t *policies, size_t count)
{
    char version[OCORS_FAULT_VERSION_MAX];
    ocors_policy_client_t client;
    ocors_response_header_t header;

    use_decisions(policies, count, OCORS_SPAN_LITERAL("https://a.example https://b.example:8443"));
    use_decisions(policies, count, OCORS_SPAN_LITERAL("https://A.example/"));
    use_decisions(policies, count, OCORS_SPAN_LITERAL("http://b.example:9443"));
    touched += touch(ocors_fault_version(0, policies, count, version));
    for (size_t i = 0; i < count; i++) {
        touched += ocors_policy_count_origins(&policies[i], 5);
        if (ocors_policy_find_client(&policies[i], OCORS_SPAN_LITERAL("aaaa"), &client)
            && ocors_policy_read_header(&policies[i], &client, 0, &header)) {
            touched += touch(header.name) + touch(header.value);
        }
    }
}

/* ---- Snapshots ------------------------------------------------------------------------------- */

ocors_key_t fuzz_key(char first)
{
    return (ocors_key_t){ .bytes = { (unsigned char)first } };
}

/* Writes what is in a table of a snapshot that is being made. */
#define TABLE(snapshot, table) ((void *)(uintptr_t)(snapshot)->table)

/*
 * The policies, each of all images: of a list, and of the shop and data APIs of both sites, "" and
 * "SiteA".
 */
enum {
    POLICY_COUNT = 5,
    SITE_COUNT = 2
};

static void write_tables(const ocors_snapshot_t *snapshot)
{
    const uint32_t count = snapshot->header.image_count;
    ocors_snapshot_document_t *documents = TABLE(snapshot, documents);
    ocors_snapshot_policy_t *policies = TABLE(snapshot, policies);
    ocors_snapshot_tree_t *trees = TABLE(snapshot, trees);
    ocors_snapshot_site_t *sites = TABLE(snapshot, sites);
    uint32_t *layers = TABLE(snapshot, layers);

    memcpy(TABLE(snapshot, text), "SiteApath", 9);
    for (uint32_t i = 0; i < count; i++) {
        documents[i] = (ocors_snapshot_document_t){ .path = { 5, 4 }, .image = i };
        layers[i] = i;
    }
    for (uint32_t i = 0; i < POLICY_COUNT; i++) {
        policies[i] = (ocors_snapshot_policy_t){
            .key = i == 0 ? fuzz_key('p') : fuzz_key('\0'),
            .layer_count = i == 2 ? 1 : count,
        };
    }
    trees[0] = (ocors_snapshot_tree_t){ .key = fuzz_key('t'), .site_count = SITE_COUNT };
    sites[0] = (ocors_snapshot_site_t){ .policies = { 1, 2 }, .row = 1 };
    sites[1] = (ocors_snapshot_site_t){ .name = { 0, 5 }, .policies = { 3, 4 }, .row = 2 };
    ocors_snapshot_index(snapshot);
}

void *fuzz_aligned_copy(ocors_span_t bytes)
{
    void *const copy = fuzz_allocate_aligned(bytes.length, OCORS_IMAGE_ALIGNMENT);

    if (bytes.length > 0) {
        memcpy(copy, bytes.bytes, bytes.length);
    }
    return copy;
}

void *fuzz_snapshot_make(const fuzz_document_t *documents, size_t count, size_t *size)
{
    ocors_snapshot_header_t header = {
        .seed = FUZZ_SEED,
        .generation = 1,
        .serial = 1,
        .image_count = (uint32_t)count,
        .document_count = (uint32_t)count,
        .policy_count = POLICY_COUNT,
        .list_policy_count = 1,
        .layer_count = (uint32_t)count,
        .replaced_words = (uint32_t)count, /* its documents have fewer than 32 clients */
        .tree_count = 1,
        .site_count = SITE_COUNT,
        .text_size = 9,
    };
    ocors_snapshot_image_t *images;
    ocors_snapshot_t snapshot;
    uint64_t at;

    ocors_snapshot_complete(&header);
    header.size = header.tables_size;
    for (size_t i = 0; i < count; i++) {
        header.size += ocors_round_up(documents[i].size, OCORS_IMAGE_ALIGNMENT);
    }
    *size = (size_t)header.size;
    char *const zeros = calloc(1, *size);

    FUZZ_CHECK(zeros != NULL);
    char *const area = fuzz_aligned_copy(ocors_span_make(zeros, *size));

    free(zeros);
    memcpy(area, &header, sizeof(header));
    FUZZ_CHECK(ocors_snapshot_open(area, *size, area, *size, &snapshot));
    images = TABLE(&snapshot, images);
    at = header.tables_size;
    for (size_t i = 0; i < count; i++) {
        images[i] = (ocors_snapshot_image_t){ .at = at, .size = documents[i].size };
        memcpy(area + at, documents[i].bytes, documents[i].size);
        at += ocors_round_up(documents[i].size, OCORS_IMAGE_ALIGNMENT);
    }
    write_tables(&snapshot);
    return area;
}

void fuzz_patch(char *bytes, size_t size, ocors_span_t patches)
{
    while (patches.length > 3 && size > 0) {
        const size_t at = (size_t)(unsigned char)patches.bytes[0]
                          | (size_t)(unsigned char)patches.bytes[1] << 8;
        size_t length = (unsigned char)patches.bytes[2];

        patches = ocors_span_from(patches, 3);
        length = length < patches.length ? length : patches.length;
        for (size_t i = 0; i < length; i++) {
            bytes[(at + i) % size] = patches.bytes[i];
        }
        patches = ocors_span_from(patches, length);
    }
}
