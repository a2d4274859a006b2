/* SPDX-License-Identifier: Apache-2.0 */
/* The parts of a settings document. */
#include "ocors_settings_part.h"

ocors_part_t ocors_part_below(ocors_part_t part, ocors_span_t key)
{
    static const struct {
        ocors_part_t part, below;
        const char *key; /* NULL: an element */
    } rows[] = {
        { OCORS_PART_DOCUMENT, OCORS_PART_CLIENTS, "clients" },
        { OCORS_PART_CLIENTS, OCORS_PART_CLIENT, NULL },
        { OCORS_PART_CLIENT, OCORS_PART_READ, "client_id" },
        { OCORS_PART_CLIENT, OCORS_PART_READ, "allowed_origins" },
        { OCORS_PART_CLIENT, OCORS_PART_READ, "response_headers" },
        { OCORS_PART_CLIENT, OCORS_PART_RESOURCES, "resources" },
        { OCORS_PART_RESOURCES, OCORS_PART_RESOURCE, NULL },
        { OCORS_PART_RESOURCE, OCORS_PART_READ, "resource_id" },
        { OCORS_PART_RESOURCE, OCORS_PART_READ, "methods" },
        { OCORS_PART_RESOURCE, OCORS_PART_READ, "version_range" },
    };

    if (part == OCORS_PART_READ) {
        return part;
    }
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        if (rows[i].part == part
            && (rows[i].key == NULL
                    ? key.bytes == NULL
                    : key.bytes != NULL
                          && ocors_span_is_equal(key, ocors_span_from_string(rows[i].key)))) {
            return rows[i].below;
        }
    }
    return OCORS_PART_ELSEWHERE;
}
