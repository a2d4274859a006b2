/* SPDX-License-Identifier: Apache-2.0 */
/* The response to a described request, as far as the module makes it. */

#include "ocors_answer.h"

#include <stdlib.h>

#include "ocors_fault.h"
#include "ocors_headers.h"
#include "ocors_memory.h"
#include "ocors_print.h"

static void print_field(FILE *out, ocors_span_t name, ocors_span_t value)
{
    fputs("  ", out);
    ocors_print_text(out, name);
    fputs(": ", out);
    ocors_print_text(out, value);
    fputc('\n', out);
}

static void print_string_field(FILE *out, const char *name, const char *value)
{
    print_field(out, ocors_span_from_string(name), ocors_span_from_string(value));
}

/* The response_headers of the client that asks: not in the module's own answers. */
static void print_response_headers(FILE *out, const ocors_trial_t *trial)
{
    for (size_t i = 0; i < trial->policies->count && trial->facts.named.kind == OCORS_CLIENT_NAMED;
         i++) {
        const ocors_policy_t *policy = &trial->policies->items[i];
        ocors_policy_client_t client;
        ocors_response_header_t header;

        if (!ocors_policy_find_client(policy, trial->facts.named.id, &client)) {
            continue;
        }
        for (uint32_t k = 0; ocors_policy_read_header(policy, &client, k, &header); k++) {
            print_field(out, header.name, header.value);
        }
    }
}

static bool has_response_headers(const ocors_trial_t *trial)
{
    for (size_t i = 0; i < trial->policies->count; i++) {
        if (ocors_policy_has_headers(&trial->policies->items[i])) {
            return !ocors_trial_is_answered(trial);
        }
    }
    return false;
}

/* S22: by each field that may name a client; S20: by the one that names the client, too. */
static void print_vary(FILE *out, const ocors_trial_t *trial, const char *vary)
{
    fprintf(out, "  Vary: %s", vary);
    if (has_response_headers(trial)) {
        for (size_t i = 0; i < OCORS_SOURCES_DEFAULT_COUNT; i++) {
            const ocors_span_t field = ocors_source_field(&ocors_sources_default[i]);

            if (field.length > 0) {
                fputs(", ", out);
                ocors_print_text(out, field);
            }
        }
    }
    else if (trial->decision.verdict == OCORS_VERDICT_WITHHOLD && trial->client_field.length > 0) {
        fputs(", ", out);
        ocors_print_text(out, trial->client_field);
    }
    fputc('\n', out);
}

static void print_headers(FILE *out, const ocors_trial_t *trial)
{
    const ocors_decision_t *decision = &trial->decision;
    const ocors_header_policy_t *policy = &ocors_header_policy_default;
    const ocors_span_t asked = decision->verdict == OCORS_VERDICT_PREFLIGHT_ALLOW
                                   ? ocors_sample_field(trial->sample,
                                                        "Access-Control-Request-Headers")
                                   : ocors_span_make(NULL, 0);
    char *buffer = ocors_memory_get(ocors_headers_buffer_size(decision, policy, asked), 1);
    ocors_headers_t headers;

    ocors_headers_make(decision, policy, asked, buffer, &headers);
    for (size_t i = 0; i < headers.count; i++) {
        print_string_field(out, headers.items[i].name, headers.items[i].value);
    }
    if (headers.allow != NULL) {
        print_string_field(out, "Allow", headers.allow);
    }
    print_vary(out, trial, headers.vary);
    free(buffer);
}

/* 1.5 */
static void print_fault_fields(FILE *out)
{
    print_string_field(out, "Content-Type", ocors_fault_content_type);
    for (const ocors_fault_field_t *field = ocors_fault_fields; field->name != NULL; field++) {
        print_string_field(out, field->name, field->value);
    }
}

static void print_fault(FILE *out, const ocors_trial_t *trial)
{
    char version[OCORS_FAULT_VERSION_MAX];
    char *fault = ocors_memory_get(OCORS_FAULT_MAX, 1);

    (void)ocors_fault_write(ocors_fault_version(trial->facts.version, trial->policies->items,
                                                trial->policies->count, version),
                            trial->facts.origin, fault);
    fputs("\n  ", out);
    ocors_print_string(out, fault);
    fputc('\n', out);
    free(fault);
}

void ocors_answer_print(FILE *out, const ocors_trial_t *trial)
{
    const bool is_refusal = trial->decision.verdict == OCORS_VERDICT_REFUSE;

    if (!ocors_trial_is_answered(trial)) {
        fputs("that of the server, without its own Access-Control-* fields, and with\n", out);
        print_response_headers(out, trial);
    }
    else if (is_refusal) {
        fputs("401, by the module; nothing else runs\n", out);
        print_fault_fields(out);
    }
    else {
        fputs("204, by the module; nothing else runs\n", out);
    }
    print_headers(out, trial);
    if (is_refusal) {
        print_fault(out, trial);
    }
}
