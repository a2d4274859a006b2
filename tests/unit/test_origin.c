/* SPDX-License-Identifier: Apache-2.0 */
/* Bytes -> canonical origin, or a reason: the rows of origins.json, and what no row can hold. */
#include "vectors.h"

#include <stdlib.h>
#include <string.h>

#include "ocors_origin_advice.h"
#include "ocors_punycode.h"
#include "ocors_utf8.h"

static const char *const result_names[] = {
    [OCORS_ORIGIN_OK] = "ok",
    [OCORS_ORIGIN_WILDCARD] = "wildcard",
    [OCORS_ORIGIN_NULL] = "null",
    [OCORS_ORIGIN_EMPTY] = "empty",
    [OCORS_ORIGIN_PLACEHOLDER] = "placeholder",
    [OCORS_ORIGIN_NOT_ASCII] = "not-ascii",
    [OCORS_ORIGIN_SPACE] = "space",
    [OCORS_ORIGIN_SCHEME] = "scheme",
    [OCORS_ORIGIN_OPAQUE_SCHEME] = "opaque-scheme",
    [OCORS_ORIGIN_USERINFO] = "userinfo",
    [OCORS_ORIGIN_PATH] = "path",
    [OCORS_ORIGIN_QUERY] = "query",
    [OCORS_ORIGIN_FRAGMENT] = "fragment",
    [OCORS_ORIGIN_HOST] = "host",
    [OCORS_ORIGIN_IPV4] = "ipv4",
    [OCORS_ORIGIN_IPV6] = "ipv6",
    [OCORS_ORIGIN_PORT] = "port",
};

#define RESULT_COUNT (sizeof(result_names) / sizeof(result_names[0]))

/* Which results some row had; a result that no row has is not tested. */
static bool seen[RESULT_COUNT];

static unsigned changes_of(struct json_object *row)
{
    static const char *const names[] = { "case", "port", "slash" };
    struct json_object *list = vectors_get(row, "changes");
    unsigned changes = 0;

    for (size_t i = 0; list != NULL && i < json_object_array_length(list); i++) {
        const char *name = json_object_get_string(json_object_array_get_idx(list, i));
        unsigned before = changes;

        for (unsigned bit = 0; bit < 3; bit++) {
            changes |= strcmp(name, names[bit]) == 0 ? 1u << bit : 0;
        }
        assert_int_not_equal(changes, before);
    }
    return changes;
}

static void check_parts(const ocors_origin_t *origin)
{
    const char *separator = strstr(origin->bytes, "://");
    size_t host_end = origin->host_at + origin->host_length;

    assert_non_null(separator);
    assert_int_equal(origin->length, strlen(origin->bytes));
    assert_int_equal(origin->host_at, separator + 3 - origin->bytes);
    assert_int_equal(origin->port_at, host_end);
    assert_true(host_end == origin->length || origin->bytes[host_end] == ':');
}

static void check_row(struct json_object *row)
{
    ocors_span_t input = guarded_row(row, "input");
    ocors_origin_t origin;
    ocors_origin_result_t result = ocors_origin_canonicalise(input, &origin);
    ocors_origin_t again;

    assert_string_equal(result_names[result], vectors_string(row, "result"));
    seen[result] = true;
    if (result == OCORS_ORIGIN_OK) {
        assert_string_equal(origin.bytes, vectors_string(row, "origin"));
        assert_int_equal(origin.changes, changes_of(row));
        assert_int_equal(ocors_origin_is_insecure(&origin), vectors_get(row, "insecure") != NULL);
        check_parts(&origin);
        /* The serialised form of the serialised form is itself. */
        assert_int_equal(
            ocors_origin_canonicalise(ocors_span_make(origin.bytes, origin.length), &again),
            OCORS_ORIGIN_OK);
        assert_string_equal(again.bytes, origin.bytes);
        assert_int_equal(again.changes, 0);
    }
    guarded_free(input);
}

static bool is_refused(struct json_object *row)
{
    return strcmp(vectors_string(row, "result"), "ok") != 0;
}

static void every_result_has_a_row(void **state)
{
    (void)state;
    for (size_t i = 0; i < RESULT_COUNT; i++) {
        if (!seen[i]) {
            fail_msg("no row of origins.json has the result \"%s\"", result_names[i]);
        }
    }
}

static void every_result_is_explained(void **state)
{
    (void)state;
    for (size_t i = 0; i < RESULT_COUNT; i++) {
        const char *sentence = ocors_origin_explain((ocors_origin_result_t)i);

        assert_true(strlen(sentence) > 10);
        assert_true(sentence[strlen(sentence) - 1] != '.');
        for (size_t other = 0; other < i; other++) {
            assert_string_not_equal(sentence, ocors_origin_explain((ocors_origin_result_t)other));
        }
    }
    assert_non_null(
        strstr(ocors_origin_explain(OCORS_ORIGIN_WILDCARD), "the '*' wildcard is not supported"));
    assert_non_null(strstr(ocors_origin_explain(OCORS_ORIGIN_NOT_ASCII), "punycode"));
}

static void no_bytes_at_all(void **state)
{
    ocors_origin_t origin;

    (void)state;
    assert_int_equal(ocors_origin_canonicalise(ocors_span_make(NULL, 0), &origin),
                     OCORS_ORIGIN_EMPTY);
}

/* Whether it is an origin; if not, there is a sentence about it. */
static bool judge(ocors_span_t entry, ocors_origin_t *origin)
{
    const ocors_origin_result_t result = ocors_origin_canonicalise(entry, origin);
    ocors_advice_t advice;

    if (result != OCORS_ORIGIN_OK) {
        ocors_origin_advise(entry, result, &advice);
        assert_true(strlen(advice.text) > 10 && advice.text[strlen(advice.text) - 1] != '.');
    }
    return result == OCORS_ORIGIN_OK;
}

/* One byte of a good origin replaced by every byte there is: no crash, and what passes is good. */
static void every_byte_everywhere(void **state)
{
    static const char *const good[] = { "https://a-b.example.com:8443/", "http://[2001:db8::1]:80",
                                        "http://192.0.2.10:3000", "https://xn--bcher-kva.example" };

    (void)state;
    for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
        size_t length = strlen(good[i]);
        char text[64];

        memcpy(text, good[i], length);
        for (size_t at = 0; at < length; at++) {
            for (int byte = 0; byte < 256; byte++) {
                ocors_origin_t origin;

                text[at] = (char)byte;
                if (judge(ocors_span_make(text, length), &origin)) {
                    check_parts(&origin);
                    assert_true(byte > 0x20 && byte < 0x7f && byte != '*' && byte != '@'
                                && byte != '%' && byte != '\\' && byte != '?' && byte != '#');
                }
            }
            text[at] = good[i][at];
        }
    }
}

/* Time is linear: 8 MB of each byte behind a good beginning take no time worth measuring. */
static void very_long_entries(void **state)
{
    const size_t length = (size_t)8 << 20;
    char *text = malloc(length);
    ocors_origin_t origin;

    (void)state;
    assert_non_null(text);
    for (const char *byte = "a.:/@[]%*?#\\ 0"; *byte != '\0'; byte++) {
        memset(text, *byte, length);
        memcpy(text, "https://", 8);
        assert_false(judge(ocors_span_make(text, length), &origin));
    }
    free(text);
}

static void default_ports(void **state)
{
    static const struct {
        const char *scheme;
        uint16_t port;
    } rows[] = {
        { "http", 80 }, { "https", 443 },   { "ws", 80 }, { "wss", 443 },
        { "ftp", 21 },  { "capacitor", 0 }, { "", 0 },
    };

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        assert_int_equal(ocors_origin_default_port(ocors_span_from_string(rows[i].scheme)),
                         rows[i].port);
    }
}

/*
 * D12: the label that a browser sends for another one: those of RFC 3492 section 7.1 whose letters
 * are plain, and the first two and the last letter of each range that is. What is beside a range is
 * mapped, composed, or no letter.
 */
static void punycode(void **state)
{
    static const struct {
        const char *label, *sent;
    } rows[] = {
        { "bücher", "xn--bcher-kva" },
        { "почемужеонинеговорятпорусски", "xn--b1abfaaepdrnnbgefbadotcwatmq2g4l" },
        { "安室奈美恵-with-super-monkeys", "xn---with-super-monkeys-pc58ag80a8qai00g7n9n" },
        { "ひとつ屋根の下2", "xn--2-u9tlzr9756bt3uc0v" },
        { "세계의모든사람들이한국어를이해한다면",
          "xn--989aomm9k97bua391bj7dz9bgnz01c5mb232a29emld0708cea54b" },
        { "àbáö", "xn--b-rfae8f" },
        { "øbùÿ", "xn--b-4gaey" },
        { "ābăı", "xn--b-nhah8p" },
        { "ĵbķķ", "xn--b-mkaha" },
        { "ĺbļľ", "xn--b-wkahi" },
        { "łbńň", "xn--b-dlahq" },
        { "ŋbōŷ", "xn--b-vlah2o" },
        { "źbżž", "xn--b-koahi" },
        { "άbέί", "xn--b-olbei" },
        { "αbβρ", "xn--b-ylbe4d" },
        { "σbτω", "xn--b-zmbeu" },
        { "όbύώ", "xn--b-inbee" },
        { "аbбџ", "xn--b-7sbe8p" },
        { "ぁbあゖ", "xn--b-u7te05a" },
        { "ァbアヺ", "xn--b-ceue66a" },
        { "一b丁鿿", "xn--b-zn6ae4705f" },
        { "가b각힣", "xn--b-2x5ee4975b" },
        /* Two whose deltas are at the bound of section 6.1, and beyond it. */
        { "кcαàあγη", "xn--c-sfa67sjau59ee50v" },
        { "дαaうçäb", "xn--ab-vial286apwaq07t" },
    };
    static const uint32_t others[] = { 0xdf,   0xf7,   0x100,  0x102,  0x130,  0x132,  0x134,
                                       0x138,  0x139,  0x13f,  0x141,  0x149,  0x14a,  0x178,
                                       0x179,  0x17f,  0x3ab,  0x3b0,  0x3c2,  0x3ca,  0x3cb,
                                       0x3cf,  0x42f,  0x460,  0x3040, 0x3097, 0x30a0, 0x30fb,
                                       0x4dff, 0xa000, 0xabff, 0xd7a4 };
    char host[OCORS_PUNYCODE_HOST_MAX];

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        if (!ocors_punycode_write_host(ocors_span_from_string(rows[i].label), host)) {
            fail_msg("%s is not written", rows[i].label);
        }
        assert_string_equal(host, rows[i].sent);
        assert_true(ocors_punycode_label_is_valid(ocors_span_from_string(host)));
    }
    for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++) {
        char text[OCORS_UTF8_MAX];
        const size_t length = ocors_utf8_write(text, others[i]);

        if (ocors_punycode_write_host(ocors_span_make(text, length), host)) {
            fail_msg("U+%04X is written as %s", (unsigned)others[i], host);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(default_ports),
        cmocka_unit_test(every_result_has_a_row),
        cmocka_unit_test(every_result_is_explained),
        cmocka_unit_test(no_bytes_at_all),
        cmocka_unit_test(every_byte_everywhere),
        cmocka_unit_test(very_long_entries),
        cmocka_unit_test(punycode),
    };
    int failed = vectors_run("origins.json", 150, NULL, check_row);

    failed += vectors_run_twins("origins.json", is_refused);
    failed += cmocka_run_group_tests_name("origin", tests, NULL, NULL);
    return failed != 0;
}
