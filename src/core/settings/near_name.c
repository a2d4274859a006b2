/* SPDX-License-Identifier: Apache-2.0 */
/* Whether a word is a known name that somebody mistyped. */
#include "ocors_near_name.h"

#include <stdbool.h>

/* The longest name that is compared, without what is passed over. */
#define NAME_MAX_LENGTH 64

static unsigned char least(int a, int b)
{
    return (unsigned char)(a < b ? a : b);
}

/* The letters and digits of a word in lower case; false: there are more than `letters` holds. */
static bool read_letters(ocors_span_t word, char letters[NAME_MAX_LENGTH], size_t *length)
{
    *length = 0;
    for (size_t i = 0; i < word.length; i++) {
        char c = word.bytes[i];

        if (c == '_' || c == '-' || c == ' ') {
            continue;
        }
        if (*length == NAME_MAX_LENGTH) {
            return false;
        }
        letters[(*length)++] = ocors_ascii_lower(c);
    }
    return true;
}

/* The optimal string alignment distance, of each beginning of `a` to each one of `b`. */
static size_t measure(const char *a, size_t a_length, const char *b, size_t b_length)
{
    unsigned char far[NAME_MAX_LENGTH + 1][NAME_MAX_LENGTH + 1] = { { 0 } };

    for (size_t i = 0; i <= a_length; i++) {
        for (size_t k = 0; k <= b_length; k++) {
            if (i == 0 || k == 0) {
                far[i][k] = (unsigned char)(i + k);
                continue;
            }
            far[i][k] = least(least(far[i - 1][k], far[i][k - 1]) + 1,
                              far[i - 1][k - 1] + (a[i - 1] == b[k - 1] ? 0 : 1));
            if (i > 1 && k > 1 && a[i - 1] == b[k - 2] && a[i - 2] == b[k - 1]) {
                far[i][k] = least(far[i][k], far[i - 2][k - 2] + 1);
            }
        }
    }
    return far[a_length][b_length];
}

/* Words that are not like the name, and mean it. */
static bool is_synonym(ocors_span_t word, const char *name)
{
    static const struct {
        const char *word;
        const char *name;
    } synonyms[] = {
        { "to", "until" },
        { "till", "until" },
        { "origins", "allowed_origins" },
    };

    for (size_t i = 0; i < sizeof(synonyms) / sizeof(synonyms[0]); i++) {
        if (strcmp(synonyms[i].name, name) == 0
            && ocors_span_is_equal_nocase(word, ocors_span_from_string(synonyms[i].word))) {
            return true;
        }
    }
    return false;
}

size_t ocors_name_distance(ocors_span_t word, const char *name)
{
    char letters[NAME_MAX_LENGTH];
    char known[NAME_MAX_LENGTH];
    size_t length;
    size_t known_length;
    size_t faults;
    size_t distance;

    if (is_synonym(word, name)) {
        return 0;
    }
    /* A word with more separators than letters is not a name that was mistyped. */
    if (word.length > 2 * (size_t)NAME_MAX_LENGTH || !read_letters(word, letters, &length)
        || !read_letters(ocors_span_from_string(name), known, &known_length)) {
        return OCORS_NAME_FAR;
    }
    faults = known_length < 4 ? 0 : known_length < 8 ? 1 : 2;
    if (length > known_length + faults || length + faults < known_length) {
        return OCORS_NAME_FAR;
    }
    distance = measure(letters, length, known, known_length);
    return distance <= faults ? distance : OCORS_NAME_FAR;
}
