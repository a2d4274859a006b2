/* SPDX-License-Identifier: Apache-2.0 */
/* The names of a site archive, and names that were meant to be one. */

#include "ocors_archive.h"

#include "ocors_near_name.h"

static const char *const documents[OCORS_API_COUNT] = {
    [OCORS_API_SHOP] = "wapi_shop_config.json",
    [OCORS_API_DATA] = "wapi_data_config.json",
};

static const char *const documents_from_above[OCORS_API_COUNT] = {
    [OCORS_API_SHOP] = OCORS_ARCHIVE_DOCUMENTS "/wapi_shop_config.json",
    [OCORS_API_DATA] = OCORS_ARCHIVE_DOCUMENTS "/wapi_data_config.json",
};

const char *ocors_archive_document(ocors_api_t api)
{
    return documents[api];
}

bool ocors_archive_is_site(ocors_span_t name)
{
    return name.length > 0 && name.bytes[0] != '.'
           && !ocors_span_is_equal(name, OCORS_SPAN_LITERAL("-"));
}

/* Whether a name is the right one, but for case, the signs between words and one letter. */
static bool is_like(ocors_span_t name, const char *right)
{
    return ocors_name_distance(name, right) <= 1;
}

static bool is_meant(ocors_span_t name, const char *right)
{
    return !ocors_span_is_equal(name, ocors_span_from_string(right)) && is_like(name, right);
}

const char *ocors_archive_meant(ocors_archive_folder_t folder, ocors_span_t name)
{
    for (unsigned api = 0; api < OCORS_API_COUNT; api++) {
        if (folder == OCORS_ARCHIVE_DOCUMENT_FOLDER && is_meant(name, documents[api])) {
            return documents[api];
        }
        if (folder != OCORS_ARCHIVE_DOCUMENT_FOLDER && is_like(name, documents[api])) {
            return documents_from_above[api];
        }
    }
    if (folder == OCORS_ARCHIVE_ROOT && is_meant(name, OCORS_ARCHIVE_SITES)) {
        return OCORS_ARCHIVE_SITES;
    }
    return folder != OCORS_ARCHIVE_DOCUMENT_FOLDER && is_meant(name, OCORS_ARCHIVE_DOCUMENTS)
               ? OCORS_ARCHIVE_DOCUMENTS
               : NULL;
}
