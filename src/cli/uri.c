/* SPDX-License-Identifier: Apache-2.0 */
/* The path that httpd makes of the path of a request line. */

#include "ocors_uri.h"

/* RFC 3986 section 2.3: the characters that mean the same with and without an escape. */
static bool is_unreserved(char character)
{
    return ocors_ascii_is_alpha(character) || ocors_ascii_is_digit(character)
           || (character != '\0' && strchr("-._~", character) != NULL);
}

/*
 * Decodes escapes in place: those of unreserved characters, or all but those of '/'. False: there
 * is one that is not complete, or one of a NUL.
 */
static bool decode(char *path, bool is_unreserved_only)
{
    char *to = path;

    for (const char *from = path; *from != '\0';) {
        if (*from != '%') {
            *to++ = *from++;
            continue;
        }
        const int value = from[1] != '\0' ? ocors_escape_value(from) : -1;

        if (value <= 0) {
            return false;
        }
        if (is_unreserved_only ? is_unreserved((char)value) : value != '/') {
            *to++ = (char)value;
        }
        else {
            memmove(to, from, 3);
            to += 3;
        }
        from += 3;
    }
    *to = '\0';
    return true;
}

/* Removes empty segments, "." and "..". False: a ".." climbs above the root. */
static bool remove_segments(char *path)
{
    char *const first = path + 1;
    char *to = first;

    for (const char *from = first; *from != '\0';) {
        const size_t length = strcspn(from, "/");
        const size_t whole = length + (from[length] == '/' ? 1 : 0);
        const bool is_up = length == 2 && from[0] == '.' && from[1] == '.';

        if (is_up && to == first) {
            return false;
        }
        if (is_up) {
            do {
                to--;
            } while (to[-1] != '/');
        }
        else if (length > 0 && !(length == 1 && from[0] == '.')) {
            memmove(to, from, whole);
            to += whole;
        }
        from += whole;
    }
    *to = '\0';
    return true;
}

bool ocors_uri_make(ocors_span_t line, char *uri)
{
    memcpy(uri, line.bytes, line.length);
    uri[line.length] = '\0';
    return uri[0] == '/' && decode(uri, true) && remove_segments(uri) && decode(uri, false);
}
