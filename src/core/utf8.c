/* SPDX-License-Identifier: Apache-2.0 */
/* Well-formed UTF-8. */

#include "ocors_utf8.h"

size_t ocors_utf8_length(ocors_span_t text)
{
    static const struct {
        unsigned char first_low, first_high, second_low, second_high;
        size_t length;
    } forms[] = {
        { 0x00, 0x7f, 0x00, 0x00, 1 }, { 0xc2, 0xdf, 0x80, 0xbf, 2 }, { 0xe0, 0xe0, 0xa0, 0xbf, 3 },
        { 0xe1, 0xec, 0x80, 0xbf, 3 }, { 0xed, 0xed, 0x80, 0x9f, 3 }, { 0xee, 0xef, 0x80, 0xbf, 3 },
        { 0xf0, 0xf0, 0x90, 0xbf, 4 }, { 0xf1, 0xf3, 0x80, 0xbf, 4 }, { 0xf4, 0xf4, 0x80, 0x8f, 4 },
    };
    const unsigned char first = (unsigned char)text.bytes[0];

    for (size_t i = 0; i < sizeof(forms) / sizeof(forms[0]); i++) {
        if (first < forms[i].first_low || first > forms[i].first_high) {
            continue;
        }
        if (forms[i].length > text.length) {
            return 0;
        }
        for (size_t k = 1; k < forms[i].length; k++) {
            const unsigned char next = (unsigned char)text.bytes[k];

            if (next < (k == 1 ? forms[i].second_low : 0x80)
                || next > (k == 1 ? forms[i].second_high : 0xbf)) {
                return 0;
            }
        }
        return forms[i].length;
    }
    return 0;
}
