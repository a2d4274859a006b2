/* SPDX-License-Identifier: Apache-2.0 */
/* Host names beyond ASCII, in the form that browsers send. */
#include "ocors_punycode.h"

#include <stdint.h>

#include "ocors_utf8.h"

/* RFC 1035, and RFC 3492 section 5. */
#define LABEL_MAX    63
#define BASE         36
#define T_MIN        1
#define T_MAX        26
#define SKEW         38
#define DAMP         700
#define INITIAL_BIAS 72
#define INITIAL_N    0x80

/* What both directions keep between two characters. */
typedef struct state_t {
    uint32_t character;
    uint32_t bias;
    uint32_t delta;
} state_t;

/* RFC 3492 section 6.1. */
static uint32_t adapt(uint32_t delta, uint32_t points, bool is_first)
{
    uint32_t k = 0;

    delta = is_first ? delta / DAMP : delta / 2;
    delta += delta / points;
    while (delta > (BASE - T_MIN) * T_MAX / 2) {
        delta /= BASE - T_MIN;
        k += BASE;
    }
    return k + (BASE - T_MIN + 1) * delta / (delta + SKEW);
}

static uint32_t threshold(uint32_t k, uint32_t bias)
{
    return k <= bias ? T_MIN : k >= bias + T_MAX ? T_MAX : k - bias;
}

/* The value of a digit of base 36; BASE: it is not one. */
static uint32_t digit_value(char c)
{
    c = ocors_ascii_lower(c);
    return c >= 'a' && c <= 'z'      ? (uint32_t)(c - 'a')
           : ocors_ascii_is_digit(c) ? (uint32_t)(c - '0') + 26
                                     : BASE;
}

/* Reads one number of variable length onto state->delta; false: there is none. */
static bool read_delta(ocors_span_t text, size_t *at, state_t *state)
{
    uint64_t delta = state->delta;
    uint64_t weight = 1;

    for (uint32_t k = BASE;; k += BASE) {
        const uint32_t digit = *at < text.length ? digit_value(text.bytes[*at]) : BASE;
        const uint32_t t = threshold(k, state->bias);

        if (digit == BASE) {
            return false;
        }
        (*at)++;
        delta += digit * weight;
        weight *= BASE - t;
        if (delta > UINT32_MAX || weight > UINT32_MAX) {
            return false;
        }
        if (digit < t) {
            state->delta = (uint32_t)delta;
            return true;
        }
    }
}

bool ocors_punycode_label_is_valid(ocors_span_t label)
{
    const ocors_span_t prefix = OCORS_SPAN_LITERAL("xn--");
    state_t state = { .character = INITIAL_N, .bias = INITIAL_BIAS };
    uint32_t points = 0;
    size_t at = prefix.length;

    if (label.length > LABEL_MAX || label.length <= prefix.length
        || !ocors_span_is_equal_nocase(ocors_span_make(label.bytes, prefix.length), prefix)) {
        return false;
    }
    /* What is before the last '-' is ASCII and is copied. */
    for (size_t i = prefix.length; i < label.length; i++) {
        if (label.bytes[i] == '-') {
            points = (uint32_t)(i - prefix.length);
            at = i + 1;
        }
    }
    if (at == label.length) {
        return false; /* ASCII alone needs no punycode */
    }
    while (at < label.length) {
        const uint32_t before = state.delta;

        if (!read_delta(label, &at, &state)) {
            return false;
        }
        points++;
        state.bias = adapt(state.delta - before, points, before == 0);
        if (state.delta / points > 0x10ffff - state.character) {
            return false;
        }
        state.character += state.delta / points;
        state.delta = state.delta % points + 1;
        if (state.character >= 0xd800 && state.character <= 0xdfff) {
            return false;
        }
    }
    return true;
}

/* Whether a browser takes the letter as it is: neither mapped nor composed with its neighbours. */
static bool is_plain_letter(uint32_t character)
{
    static const struct {
        uint32_t first, last, step;
    } letters[] = {
        { '-', '-', 1 },       { '0', '9', 1 },       { 'a', 'z', 1 },       { 0xe0, 0xf6, 1 },
        { 0xf8, 0xff, 1 },     { 0x101, 0x131, 2 },   { 0x135, 0x137, 2 },   { 0x13a, 0x13e, 2 },
        { 0x142, 0x148, 2 },   { 0x14b, 0x177, 2 },   { 0x17a, 0x17e, 2 },   { 0x3ac, 0x3af, 1 },
        { 0x3b1, 0x3c1, 1 },   { 0x3c3, 0x3c9, 1 },   { 0x3cc, 0x3ce, 1 },   { 0x430, 0x45f, 1 },
        { 0x3041, 0x3096, 1 }, { 0x30a1, 0x30fa, 1 }, { 0x4e00, 0x9fff, 1 }, { 0xac00, 0xd7a3, 1 },
    };

    for (size_t i = 0; i < sizeof(letters) / sizeof(letters[0]); i++) {
        if (character >= letters[i].first && character <= letters[i].last
            && (character - letters[i].first) % letters[i].step == 0) {
            return true;
        }
    }
    return false;
}

/* The characters of a label; false: there is none, one too many, or one that is not plain. */
static bool read_label(ocors_span_t label, uint32_t characters[LABEL_MAX], uint32_t *count)
{
    *count = 0;
    while (label.length > 0) {
        const size_t length = ocors_utf8_length(label);

        if (length == 0 || *count == LABEL_MAX) {
            return false;
        }
        characters[*count] = ocors_utf8_character(label.bytes, length);
        if (length == 1) {
            characters[*count] = (unsigned char)ocors_ascii_lower(label.bytes[0]);
        }
        if (!is_plain_letter(characters[(*count)++])) {
            return false;
        }
        label = ocors_span_make(label.bytes + length, label.length - length);
    }
    return *count > 0;
}

/* A label that is being written. */
typedef struct label_t {
    char bytes[LABEL_MAX];
    size_t length;
    bool is_full;
} label_t;

static void label_add(label_t *label, char c)
{
    if (label->length == LABEL_MAX) {
        label->is_full = true;
        return;
    }
    label->bytes[label->length++] = c;
}

/* RFC 3492 section 6.3, the inner loop. */
static void write_delta(label_t *label, uint32_t delta, uint32_t bias)
{
    static const char digits[] = "abcdefghijklmnopqrstuvwxyz0123456789";

    for (uint32_t k = BASE;; k += BASE) {
        const uint32_t t = threshold(k, bias);

        if (delta < t) {
            label_add(label, digits[delta]);
            return;
        }
        label_add(label, digits[t + (delta - t) % (BASE - t)]);
        delta = (delta - t) / (BASE - t);
    }
}

/* The least character that is not below `from`. */
static uint32_t next_character(const uint32_t *characters, uint32_t count, uint32_t from)
{
    uint32_t next = UINT32_MAX;

    for (uint32_t i = 0; i < count; i++) {
        if (characters[i] >= from && characters[i] < next) {
            next = characters[i];
        }
    }
    return next;
}

/* Writes a label: ASCII as it is, another one in punycode. At most 63 characters: no overflow. */
static bool write_label(label_t *label, const uint32_t *characters, uint32_t count)
{
    state_t state = { .character = INITIAL_N, .bias = INITIAL_BIAS };
    uint32_t ascii = 0;
    uint32_t written;

    for (uint32_t i = 0; i < count; i++) {
        ascii += characters[i] < INITIAL_N ? 1 : 0;
    }
    for (const char *c = ascii < count ? "xn--" : ""; *c != '\0'; c++) {
        label_add(label, *c);
    }
    for (uint32_t i = 0; i < count; i++) {
        if (characters[i] < INITIAL_N) {
            label_add(label, (char)characters[i]);
        }
    }
    if (ascii > 0 && ascii < count) {
        label_add(label, '-');
    }
    for (written = ascii; written < count; state.delta++, state.character++) {
        const uint32_t next = next_character(characters, count, state.character);

        state.delta += (next - state.character) * (written + 1);
        state.character = next;
        for (uint32_t i = 0; i < count; i++) {
            state.delta += characters[i] < next ? 1 : 0;
            if (characters[i] == next) {
                write_delta(label, state.delta, state.bias);
                state.bias = adapt(state.delta, written + 1, written == ascii);
                state.delta = 0;
                written++;
            }
        }
    }
    return !label->is_full;
}

bool ocors_punycode_write_host(ocors_span_t name, char host[OCORS_PUNYCODE_HOST_MAX])
{
    size_t length = 0;

    for (;;) {
        const char *dot = name.length > 0 ? memchr(name.bytes, '.', name.length) : NULL;
        const size_t size = dot != NULL ? (size_t)(dot - name.bytes) : name.length;
        uint32_t characters[LABEL_MAX];
        uint32_t count;
        label_t label = { .length = 0 };

        if (!read_label(ocors_span_make(name.bytes, size), characters, &count)
            || !write_label(&label, characters, count)
            || length + label.length + 2 > OCORS_PUNYCODE_HOST_MAX) {
            return false;
        }
        memcpy(host + length, label.bytes, label.length);
        length += label.length;
        if (dot == NULL) {
            host[length] = '\0';
            return true;
        }
        host[length++] = '.';
        name = ocors_span_make(dot + 1, name.length - size - 1);
    }
}
