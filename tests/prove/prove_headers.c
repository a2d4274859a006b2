/* SPDX-License-Identifier: Apache-2.0 */
/* Lists of header names of any bytes: granted, exposed, looked for. */
#include "ocors_headers.h"
#include "prove.h"

static const char *const shapes[] = {
    "a,????",
    "x-dw-??",
    "a , ?,",
    NULL,
};

static void prove_granted(ocors_span_t list, ocors_verdict_t verdict)
{
    static ocors_decision_t decision;
    ocors_headers_t headers;
    ocors_header_policy_t policy = ocors_header_policy_default;

    decision.verdict = verdict;
    decision.methods = OCORS_METHOD_GET | OCORS_METHOD_OPTIONS;
    decision.has_fallback_methods = true;
    decision.allowed_origin = OCORS_SPAN_LITERAL("https://a.example");
    policy.fallback_extensions = ", PROPFIND";
    char *const buffer = malloc(ocors_headers_buffer_size(&decision, &policy, list));

    ocors_headers_make(&decision, &policy, list, buffer, &headers);
    for (size_t i = 0; i < headers.count; i++) {
        prove_read(ocors_span_from_string(headers.items[i].value));
    }
    free(buffer);
}

static void prove_exposed(ocors_span_t value)
{
    ocors_name_list_t list = { .text = malloc(value.length + 5) };

    memcpy(list.text, "a,b", 4);
    list.length = 3;
    list.count = 2;
    ocors_name_list_add(&list, value);
    prove_read(ocors_span_make(list.text, list.length + 1));
    free(list.text);
}

static void prove(ocors_span_t list)
{
    prove_granted(list, OCORS_VERDICT_PREFLIGHT_ALLOW);
    prove_exposed(list);
    ocors_vary_has(list, OCORS_SPAN_LITERAL("Origin"));
}
