/* SPDX-License-Identifier: Apache-2.0 */
/* SHA-256 of APR: the published vectors. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <apr_escape.h>
#include <apr_general.h>
#include <apr_pools.h>

#include <cmocka.h>

#include "ocors_digest.h"

typedef struct row_t {
    const char *message;
    const char *digest;
} row_t;

/* NIST's example values for SHA-256 (FIPS 180-4), and the empty message. */
static const row_t rows[] = {
    { "", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855" },
    { "abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad" },
    { "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
      "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1" },
    { "abcdefghbcdefghicdefghijdefghijkefghijklfghijklmghijklmnhijklmnoijklmnopjklmnopqklmnopqr"
      "lmnopqrsmnopqrstnopqrstu",
      "cf5b16a778af8380036ce59e7b0492370b249b11e8f07a51afac45037afee9d1" },
};

static apr_pool_t *pool;

static void published_messages(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        const ocors_span_t message = ocors_span_from_string(rows[i].message);
        unsigned char digest[OCORS_DIGEST_SIZE];
        char text[OCORS_DIGEST_TEXT_SIZE];

        ocors_digest_make(pool, message, digest);
        apr_escape_hex(text, digest, sizeof(digest), 0, NULL);
        assert_string_equal(text, rows[i].digest);
    }
}

static void a_key_is_the_beginning_of_a_digest(void **state)
{
    static const unsigned char begins[] = { 0xba, 0x78, 0x16, 0xbf, 0x8f, 0x01, 0xcf, 0xea,
                                            0x41, 0x41, 0x40, 0xde, 0x5d, 0xae, 0x22, 0x23 };
    const ocors_key_t key = ocors_digest_key(pool, OCORS_SPAN_LITERAL("abc"));
    const ocors_key_t other = ocors_digest_key(pool, OCORS_SPAN_LITERAL("abd"));

    (void)state;
    assert_memory_equal(key.bytes, begins, sizeof(begins));
    assert_true(ocors_key_is_equal(&key, &key));
    assert_false(ocors_key_is_equal(&key, &other));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(published_messages),
        cmocka_unit_test(a_key_is_the_beginning_of_a_digest),
    };
    int failed;

    apr_initialize();
    apr_pool_create(&pool, NULL);
    failed = cmocka_run_group_tests(tests, NULL, NULL);
    apr_pool_destroy(pool);
    apr_terminate();
    return failed;
}
