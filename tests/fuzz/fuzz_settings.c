/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The text of a settings document to its findings, its settings, its image and a snapshot of it.
 * The image has what the settings have, and the decision finds it.
 */
#include "fuzz.h"
#include "fuzz_documents.h"
#include "ocors_decide.h"
#include "ocors_image_verify.h"
#include "ocors_report.h"
#include "ocors_settings_parse.h"

/* The most origins of a client that are asked for, and the most resources that are compared (M2).
 */
#define DECISIONS_MAX 64
#define COMPARED_MAX  128

/* Every finding is one line of visible characters, at a place that the text has. */
static void check_findings(ocors_span_t text)
{
    ocors_settings_t *settings;
    ocors_report_t report;
    char line[2048];

    ocors_report_init(&report);
    (void)ocors_settings_parse(text, &report, &settings);
    for (size_t i = 0; i < report.count; i++) {
        const int length = ocors_finding_format(&report.items[i], "file.json", line, sizeof(line));

        FUZZ_CHECK(length > 0);
        FUZZ_CHECK(!ocors_span_has_control(ocors_span_from_string(line)));
        FUZZ_CHECK(report.items[i].line <= text.length + 1);
        FUZZ_CHECK(report.items[i].column <= text.length + 1);
        FUZZ_CHECK(report.items[i].line > 0);
    }
    FUZZ_CHECK(ocors_report_format_totals(&report, line, sizeof(line)) > 0);
    FUZZ_CHECK(!report.is_out_of_memory);
    ocors_report_free(&report);
    ocors_settings_free(settings);
}

static void check_client(const fuzz_document_t *document, uint32_t number)
{
    const ocors_settings_t *settings = document->settings;
    const ocors_client_t *client = &settings->clients[number];
    const ocors_image_t *image = &document->image;
    ocors_image_client_t record;
    uint32_t found;

    FUZZ_CHECK(
        ocors_image_find_client(image, ocors_image_hash(image, client->id), client->id, &found));
    FUZZ_CHECK(ocors_image_read_client(image, found, &record));
    FUZZ_CHECK(ocors_span_is_equal(record.id, client->id));
    FUZZ_CHECK(record.header_count == client->header_count);
    for (size_t i = 0; i < client->origin_count; i++) {
        const ocors_span_t text = settings->origins[client->first_origin + i];
        ocors_image_origin_t origin;

        FUZZ_CHECK(ocors_image_find_origin(image, ocors_image_hash(image, text), text, &origin));
        FUZZ_CHECK(ocors_image_origin_has_client(&origin, found));
    }
    for (uint32_t i = 0; i < client->header_count; i++) {
        const ocors_response_header_t *wanted = &settings->headers[client->first_header + i];
        ocors_response_header_t header;

        FUZZ_CHECK(ocors_image_read_header(image, record.first_header + i, &header));
        FUZZ_CHECK(ocors_span_is_equal(header.name, wanted->name)
                   && ocors_span_is_equal(header.value, wanted->value));
        FUZZ_CHECK(!ocors_span_has_control(header.name) && header.name.length > 0);
        FUZZ_CHECK(!fuzz_has(header.value, '\n') && !fuzz_has(header.value, '\r')
                   && !fuzz_has(header.value, '\0'));
    }
}

/* The methods of a client for a path, by its resources one after the other. */
static ocors_methods_t methods_of(const ocors_settings_t *settings, const ocors_client_t *client,
                                  ocors_span_t path)
{
    ocors_methods_t methods = 0;
    ocors_segments_t segments;

    FUZZ_CHECK(ocors_resource_path_split(path, &segments));
    for (size_t i = 0; i < client->resource_count; i++) {
        const ocors_resource_t *resource = &settings->resources[client->first_resource + i];

        if (ocors_resource_is_match(resource->pattern, &segments)) {
            methods |= resource->methods;
        }
    }
    return ocors_methods_complete(methods);
}

/* The first pattern of a client, which as a path matches itself, or "/a". */
static ocors_span_t path_of(const ocors_settings_t *settings, const ocors_client_t *client)
{
    ocors_span_t path = OCORS_SPAN_LITERAL("/a");
    ocors_segments_t segments;

    if (client->resource_count > 0) {
        path = settings->resources[client->first_resource].pattern;
    }
    return ocors_resource_path_split(path, &segments) ? path : OCORS_SPAN_LITERAL("/a");
}

/* What is listed is allowed, to the client that lists it and to nobody in particular. */
static void check_decisions(const fuzz_document_t *document, const ocors_policy_t *policy)
{
    const ocors_settings_t *settings = document->settings;
    ocors_facts_t facts = { .method = OCORS_SPAN_LITERAL("OPTIONS"),
                            .request_method = OCORS_SPAN_LITERAL("POST"),
                            .has_origin = true,
                            .wants_reason = true };
    char buffer[512];
    ocors_decision_t decision;

    for (size_t i = 0; i < settings->client_count; i++) {
        const ocors_client_t *client = &settings->clients[i];

        facts.path = path_of(settings, client);
        for (size_t k = 0; k < client->origin_count && k < DECISIONS_MAX; k++) {
            facts.origin = settings->origins[client->first_origin + k];
            FUZZ_CHECK(facts.origin.length < sizeof(buffer));
            for (int named = 0; named < 2; named++) {
                facts.named = (ocors_named_client_t){
                    .kind = named ? OCORS_CLIENT_NAMED : OCORS_CLIENT_NONE,
                    .id = client->id,
                };
                ocors_decide(policy, 1, &facts, buffer, &decision);
                FUZZ_CHECK(decision.verdict == OCORS_VERDICT_PREFLIGHT_ALLOW);
                FUZZ_CHECK(ocors_span_is_equal(decision.allowed_origin, facts.origin));
                FUZZ_CHECK(!named || decision.methods == methods_of(settings, client, facts.path)
                           || settings->resource_count > COMPARED_MAX);
            }
        }
    }
    facts.origin = OCORS_SPAN_LITERAL("https://not-listed.invalid");
    facts.named.kind = OCORS_CLIENT_NONE;
    ocors_decide(policy, 1, &facts, buffer, &decision);
    FUZZ_CHECK(decision.verdict == OCORS_VERDICT_PREFLIGHT_WITHHOLD || settings->origin_count > 0);
}

static void check_snapshot(const fuzz_document_t *document)
{
    const ocors_key_t key = fuzz_key('p');
    size_t size;
    void *const area = fuzz_snapshot_make(document, 1, &size);
    ocors_snapshot_t snapshot;
    ocors_policy_t policy;
    uint32_t index;

    FUZZ_CHECK(ocors_snapshot_open(area, size, area, size, &snapshot));
    FUZZ_CHECK(ocors_snapshot_find_policy(&snapshot, &key, &index));
    FUZZ_CHECK(ocors_snapshot_read_policy(&snapshot, index, &policy));
    check_decisions(document, &policy);
    fuzz_policies_use(&policy, 1);
    fuzz_release(area);
}

void fuzz_settings(ocors_span_t input)
{
    const ocors_span_t text = fuzz_copy(input);
    fuzz_document_t document;

    check_findings(text);
    if (fuzz_document_parse(text, &document)) {
        fuzz_free(text); /* the settings own what they have */
        FUZZ_CHECK(ocors_image_verify(document.bytes, document.size));
        FUZZ_CHECK(document.image.client_count == document.settings->client_count);
        for (uint32_t i = 0; i < document.settings->client_count; i++) {
            check_client(&document, i);
        }
        fuzz_image_use(&document.image);
        check_snapshot(&document);
        fuzz_document_free(&document);
        return;
    }
    fuzz_free(text);
}
