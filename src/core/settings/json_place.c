/* SPDX-License-Identifier: Apache-2.0 */
/* Where in a JSON text the values are that findings name by their paths. */
#include "ocors_json_place.h"

#include <stdlib.h>

#include "ocors_json_scan.h"
#include "ocors_json_text.h"
#include "ocors_slots.h"

/* The findings that want a place, by the hashes of their paths. */
typedef struct places_t {
    ocors_finding_t *findings;
    ocors_slot_t *slots;
    uint32_t slot_count;
    ocors_json_lines_t lines;
} places_t;

/* Whether a finding is about the name of a member, not about its value. */
static bool is_about_key(const ocors_finding_t *finding)
{
    return finding->code == OCORS_FINDING_UNKNOWN_KEY || finding->code == OCORS_FINDING_HEADER_NAME;
}

/* Gives a value's place to the findings of its path. */
static void place_value(void *context, uint64_t path_hash, const char *key, const char *value)
{
    places_t *places = context;
    ocors_probe_t probe = ocors_slots_probe(places->slots, places->slot_count, path_hash);
    uint32_t number;

    while (ocors_probe_next(&probe, &number)) {
        ocors_finding_t *finding = &places->findings[number];

        if (finding->path_hash == path_hash) {
            const ocors_json_place_t place = ocors_json_lines_place(
                &places->lines, is_about_key(finding) ? key : value);

            finding->line = place.line;
            finding->column = place.column;
        }
    }
}

/* Goes through the text once more. Whatever there is to say of it has been said. */
static ocors_result_t place_all(ocors_span_t text, places_t *places)
{
    const ocors_json_visitor_t visitor = { .visit = place_value, .context = places };
    ocors_json_counts_t counts;
    ocors_report_t report;
    ocors_result_t result;

    ocors_report_init(&report);
    result = ocors_json_scan(text, &report, &visitor, &counts);
    if (report.is_out_of_memory) {
        result = OCORS_NO_MEMORY;
    }
    ocors_report_free(&report);
    return result;
}

ocors_result_t ocors_json_place_findings(ocors_span_t text, ocors_report_t *report, size_t first)
{
    places_t places = { .findings = report->items,
                        .slot_count = (uint32_t)ocors_slots_count(report->count),
                        .lines = ocors_json_lines_make(text) };
    ocors_result_t result = OCORS_OK;
    size_t wanted = 0;

    places.slots = calloc(places.slot_count, sizeof(*places.slots));
    if (places.slots == NULL) {
        return OCORS_NO_MEMORY;
    }
    for (size_t i = first; i < report->count; i++) {
        if (report->items[i].line == 0 && report->items[i].path != NULL) {
            ocors_slots_add(places.slots, places.slot_count, report->items[i].path_hash,
                            (uint32_t)i);
            wanted++;
        }
    }
    if (wanted > 0) {
        result = place_all(text, &places);
    }
    free(places.slots);
    return result;
}
