/* SPDX-License-Identifier: Apache-2.0 */
/* SHA-256: the published vectors, and the same digest however a message comes in pieces. */

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "ocors_sha256.h"

typedef struct row_t {
    const char *message;
    const char *digest;
} row_t;

static void text_of(ocors_sha256_t *sha, char text[OCORS_SHA256_TEXT_SIZE])
{
    unsigned char digest[OCORS_SHA256_SIZE];

    ocors_sha256_end(sha, digest);
    ocors_sha256_write(digest, text);
}

static void assert_digest(ocors_span_t message, const char *expected)
{
    ocors_sha256_t sha;
    char text[OCORS_SHA256_TEXT_SIZE];

    ocors_sha256_init(&sha);
    ocors_sha256_add(&sha, message);
    text_of(&sha, text);
    assert_string_equal(text, expected);
}

/* NIST's example values for SHA-256 (FIPS 180-4), one and two blocks; the last, 112 bytes. */
static void published_messages(void **state)
{
    static const row_t rows[] = {
        { "", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855" },
        { "abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad" },
        { "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
          "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1" },
        { "abcdefghbcdefghicdefghijdefghijkefghijklfghijklmghijklmnhijklmnoijklmnopjklmnopqklmnopqr"
          "lmnopqrsmnopqrstnopqrstu",
          "cf5b16a778af8380036ce59e7b0492370b249b11e8f07a51afac45037afee9d1" },
    };

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        assert_digest(ocors_span_from_string(rows[i].message), rows[i].digest);
    }
}

static void a_million_times_a(void **state)
{
    static const char expected[] =
        "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0";
    const size_t count = 1000000;
    static const size_t pieces[] = { 1000000, 1000, 64, 63, 65, 127, 1 };
    char *message = malloc(count);

    (void)state;
    assert_non_null(message);
    memset(message, 'a', count);
    for (size_t i = 0; i < sizeof(pieces) / sizeof(pieces[0]); i++) {
        ocors_sha256_t sha;
        char text[OCORS_SHA256_TEXT_SIZE];

        ocors_sha256_init(&sha);
        for (size_t at = 0; at < count; at += pieces[i]) {
            const size_t left = count - at;

            ocors_sha256_add(&sha,
                             ocors_span_make(message + at, left < pieces[i] ? left : pieces[i]));
        }
        assert_true(sha.length == count);
        text_of(&sha, text);
        assert_string_equal(text, expected);
    }
    free(message);
}

/* Where the padding fits into the last block, and where it needs one more. */
static void lengths_about_the_end_of_a_block(void **state)
{
    static const struct {
        size_t length; /* of zeros */
        const char *digest;
    } rows[] = {
        { 1, "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d" },
        { 54, "ea659cdc838619b3767c057fdf8e6d99fde2680c5d8517eb06761c0878d40c40" },
        { 55, "02779466cdec163811d078815c633f21901413081449002f24aa3e80f0b88ef7" },
        { 56, "d4817aa5497628e7c77e6b606107042bbba3130888c5f47a375e6179be789fbb" },
        { 57, "65a16cb7861335d5ace3c60718b5052e44660726da4cd13bb745381b235a1785" },
        { 63, "c7723fa1e0127975e49e62e753db53924c1bd84b8ac1ac08df78d09270f3d971" },
        { 64, "f5a5fd42d16a20302798ef6ed309979b43003d2320d9f0e8ea9831a92759fb4b" },
        { 65, "98ce42deef51d40269d542f5314bef2c7468d401ad5d85168bfab4c0108f75f7" },
        { 111, "24b920fb2f49f521a4fce8f8d0bca1098aa7b380733f96fd6de736dca5006a2e" },
        { 112, "b5fdab78d8947eacc864bfeecb4d2100780e5afe1cd8efafb124887913ac49fa" },
        { 118, "017ab4b70ea129c29e932d44baddc185ad136bf719c4ada63a10b5bf796af91e" },
        { 119, "f616b0d54e78571a9611f343c9f8e022e859e920381ab0e4d3da01e193a7bd7e" },
        { 120, "6edd9f6f9cc92cded36e6c4a580933f9c9f1b90562b46903b806f21902a1a54f" },
        { 121, "d8129de4286dc4fd245c7776b51d76aaa727956e8fc88ff928eb69ff7fc17e0b" },
        { 127, "15dae5979058bfbf4f9166029b6e340ea3ca374fef578a11dc9e6e923860d7ae" },
        { 128, "38723a2e5e8a17aa7950dc008209944e898f69a7bd10a23c839d341e935fd5ca" },
        { 129, "2c80619d7e7c58257293cda3a878c13e5856f4e06f6f90601276f7b9179c9e07" },
        { 183, "f147dfc00bc88266987b75f69065432c7c9730dbece276e2c913b47080c7c0ba" },
        { 184, "d81bfb50e59a9abbe66f6ae0c6b45c7b9c0bc6eead2cf982118ac4d62b6ffeda" },
    };

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        /* Of its own size, so that a sanitizer sees a read beyond it. */
        char *message = calloc(rows[i].length, 1);

        assert_non_null(message);
        assert_digest(ocors_span_make(message, rows[i].length), rows[i].digest);
        free(message);
    }
}

static void fill(char *message, size_t length)
{
    for (size_t i = 0; i < length; i++) {
        message[i] = (char)(unsigned char)(i * 7 + 3);
    }
}

/* The bytes (7 i + 3) mod 256, as any other SHA-256 has them. */
static void every_byte_value(void **state)
{
    char message[256];

    (void)state;
    fill(message, sizeof(message));
    assert_digest(ocors_span_make(message, sizeof(message)),
                  "d9c76fa34978cb9620dab8c3f46bbe075fddc145eb282b39009141f98d0cfe82");
}

static void every_split_gives_the_same(void **state)
{
    enum {
        LENGTH = 200
    };
    char message[LENGTH];
    char whole[OCORS_SHA256_TEXT_SIZE], text[OCORS_SHA256_TEXT_SIZE];
    ocors_sha256_t sha;

    (void)state;
    fill(message, sizeof(message));
    ocors_sha256_init(&sha);
    ocors_sha256_add(&sha, ocors_span_make(message, LENGTH));
    text_of(&sha, whole);
    assert_string_equal(whole, "2c7e18c942ef065b526a2d4e5546283749cd3ddfb51d8fc71f42717363685f46");
    for (size_t first = 0; first <= LENGTH; first++) {
        for (size_t second = first; second <= LENGTH; second++) {
            ocors_sha256_init(&sha);
            ocors_sha256_add(&sha, ocors_span_make(message, first));
            ocors_sha256_add(&sha, ocors_span_make(message + first, second - first));
            ocors_sha256_add(&sha, ocors_span_make(message + second, LENGTH - second));
            text_of(&sha, text);
            assert_string_equal(text, whole);
        }
    }
}

static void nothing_added_changes_nothing(void **state)
{
    ocors_sha256_t sha;
    char text[OCORS_SHA256_TEXT_SIZE];

    (void)state;
    ocors_sha256_init(&sha);
    ocors_sha256_add(&sha, ocors_span_make(NULL, 0));
    ocors_sha256_add(&sha, OCORS_SPAN_LITERAL("abc"));
    ocors_sha256_add(&sha, ocors_span_make(NULL, 0));
    text_of(&sha, text);
    assert_string_equal(text, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
}

/* A NUL, and nothing after it. */
static void text_is_64_digits(void **state)
{
    unsigned char digest[OCORS_SHA256_SIZE];
    char text[OCORS_SHA256_TEXT_SIZE + 1];

    (void)state;
    for (size_t i = 0; i < sizeof(digest); i++) {
        digest[i] = (unsigned char)(i % 2 == 0 ? i * 8 : 255 - i);
    }
    memset(text, '#', sizeof(text));
    ocors_sha256_write(digest, text);
    assert_int_equal(text[OCORS_SHA256_TEXT_SIZE], '#');
    assert_string_equal(text, "00fe10fc20fa30f840f650f460f270f080ee90eca0eab0e8c0e6d0e4e0e2f0e0");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(published_messages),
        cmocka_unit_test(a_million_times_a),
        cmocka_unit_test(lengths_about_the_end_of_a_block),
        cmocka_unit_test(every_byte_value),
        cmocka_unit_test(every_split_gives_the_same),
        cmocka_unit_test(nothing_added_changes_nothing),
        cmocka_unit_test(text_is_64_digits),
    };

    return cmocka_run_group_tests_name("sha256", tests, NULL, NULL) != 0;
}
