/* SPDX-License-Identifier: Apache-2.0 */
/* The names of a site archive, and names that were meant to be one. */

#include "ocors_archive.h"

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

/* A letter in lower case, and one of the signs that stand between words. */
static char fold(char c)
{
    return c == '-' || c == ' ' ? '_' : ocors_ascii_lower(c);
}

/* How many bytes of two texts are alike, from the left, after fold(). */
static size_t common_length(ocors_span_t a, ocors_span_t b)
{
    size_t length = 0;

    while (length < a.length && length < b.length
           && fold(a.bytes[length]) == fold(b.bytes[length])) {
        length++;
    }
    return length;
}

/* Whether one byte that is missing, too many or wrong makes all the difference, but for fold(). */
static bool is_like(ocors_span_t name, ocors_span_t right)
{
    const size_t head = common_length(name, right);
    const size_t in_name = name.length >= right.length ? 1 : 0;
    const size_t in_right = right.length >= name.length ? 1 : 0;

    if (head == name.length && head == right.length) {
        return true;
    }
    const ocors_span_t name_tail = ocors_span_make(name.bytes + head + in_name,
                                                   name.length - head - in_name);
    const ocors_span_t right_tail = ocors_span_make(right.bytes + head + in_right,
                                                    right.length - head - in_right);

    return name_tail.length == right_tail.length
           && common_length(name_tail, right_tail) == name_tail.length;
}

static bool is_meant(ocors_span_t name, const char *right)
{
    const ocors_span_t span = ocors_span_from_string(right);

    return !ocors_span_is_equal(name, span) && is_like(name, span);
}

const char *ocors_archive_meant(ocors_archive_folder_t folder, ocors_span_t name)
{
    for (unsigned api = 0; api < OCORS_API_COUNT; api++) {
        const ocors_span_t right = ocors_span_from_string(documents[api]);

        if (folder == OCORS_ARCHIVE_DOCUMENT_FOLDER && is_meant(name, documents[api])) {
            return documents[api];
        }
        if (folder != OCORS_ARCHIVE_DOCUMENT_FOLDER && is_like(name, right)) {
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
