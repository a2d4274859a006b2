/* SPDX-License-Identifier: Apache-2.0 */
/* The fault document of a refused request. */

#include "ocors_fault.h"

#include <stdbool.h>
#include <stdio.h>

#include "ocors_utf8.h"

const ocors_fault_field_t ocors_fault_fields[] = {
    { "Cache-Control", "max-age=0,no-cache,no-store,must-revalidate" },
    { "WWW-Authenticate", "Bearer realm=\"OCAPI\"" },
    { "X-Content-Type-Options", "nosniff" },
    { NULL, NULL },
};

const char ocors_fault_content_type[] = "application/json;charset=UTF-8";

#define FAULT_VERSION_DEFAULT "19.1"

ocors_span_t ocors_fault_version(ocors_version_t version, const ocors_policy_t *policies,
                                 size_t policy_count, char buffer[OCORS_FAULT_VERSION_MAX])
{
    ocors_span_t found = { NULL, 0 };

    if (version != 0) {
        const int length = snprintf(buffer, OCORS_FAULT_VERSION_MAX, "%u.%u",
                                    (unsigned)(version >> 16), (unsigned)(version & 0xffff));

        return ocors_span_make(buffer, (size_t)length);
    }
    for (size_t i = 0; i < policy_count; i++) {
        if (policies[i].layer_count > 0) {
            found = policies[i].layers[policies[i].layer_count - 1].version;
        }
    }
    if (found.length == 0 || found.length > OCORS_FAULT_VERSION_MAX) {
        return ocors_span_make(NULL, 0);
    }
    memcpy(buffer, found.bytes, found.length);
    return ocors_span_make(buffer, found.length);
}

static char *write_text(char *at, const char *text)
{
    const size_t length = strlen(text);

    memcpy(at, text, length);
    return at + length;
}

/* Whether the version is DIGITS.DIGITS, which needs no escape. */
static bool version_is_plain(ocors_span_t version)
{
    const char *dot;

    if (version.length < 3 || version.length > OCORS_FAULT_VERSION_MAX) {
        return false;
    }
    dot = memchr(version.bytes, '.', version.length);
    for (size_t i = 0; i < version.length; i++) {
        if (!ocors_ascii_is_digit(version.bytes[i]) && version.bytes + i != dot) {
            return false;
        }
    }
    return dot != NULL && dot != version.bytes && dot != version.bytes + version.length - 1;
}

/* Writes a character as JSON; characters with a meaning in HTML or a log are escaped. */
static char *write_ascii(char *at, unsigned char c)
{
    static const char hex[] = "0123456789abcdef";

    if (c >= 0x20 && c != 0x7f && strchr("\"\\<>&'", c) == NULL) {
        *at++ = (char)c;
        return at;
    }
    if (c == '"' || c == '\\') {
        *at++ = '\\';
        *at++ = (char)c;
        return at;
    }
    at = write_text(at, "\\u00");
    *at++ = hex[c >> 4];
    *at++ = hex[c & 15];
    return at;
}

static char *write_origin(char *at, ocors_span_t origin)
{
    size_t left = OCORS_FAULT_ORIGIN_MAX;

    while (origin.length > 0) {
        const size_t length = ocors_utf8_length(origin);
        const size_t taken = length == 0 ? 1 : length;

        if (taken > left) {
            break;
        }
        if (length == 0) {
            at = write_text(at, "\xef\xbf\xbd");
        }
        else if (length == 1) {
            at = write_ascii(at, (unsigned char)origin.bytes[0]);
        }
        else {
            memcpy(at, origin.bytes, length);
            at += length;
        }
        origin.bytes += taken;
        origin.length -= taken;
        left -= taken;
    }
    return at;
}

size_t ocors_fault_write(ocors_span_t version, ocors_span_t origin, char *buffer)
{
    char *at = write_text(buffer, "{\"_v\":\"");

    if (version_is_plain(version)) {
        memcpy(at, version.bytes, version.length);
        at += version.length;
    }
    else {
        at = write_text(at, FAULT_VERSION_DEFAULT);
    }
    at = write_text(at, "\",\"fault\":{\"arguments\":{\"origin\":\"");
    at = write_origin(at, origin);
    at = write_text(at, "\"},\"type\":\"UnauthorizedOriginException\",\"message\":"
                        "\"The origin of this request is not allowed to make it.\"}}");
    *at = '\0';
    return (size_t)(at - buffer);
}
