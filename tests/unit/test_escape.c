/* SPDX-License-Identifier: Apache-2.0 */
/* Text of anybody in JSON, HTML and Prometheus' text format; and JSON as a whole. */
#include "vectors.h"

#include <string.h>

#include "ocors_escape.h"
#include "ocors_invisible.h"
#include "ocors_json_write.h"

typedef struct buffer_t {
    char text[4096];
    size_t length;
} buffer_t;

static void put(void *to, const char *bytes, size_t length)
{
    buffer_t *buffer = to;

    assert_true(length > 0 && buffer->length + length < sizeof(buffer->text));
    memcpy(buffer->text + buffer->length, bytes, length);
    buffer->length += length;
    buffer->text[buffer->length] = '\0';
}

static void texts(void **state)
{
    static const struct {
        const char *text, *json, *html, *label;
    } rows[] = {
        { "", "", "", "" },
        { "https://a.example:8443", "https://a.example:8443", "https://a.example:8443",
          "https://a.example:8443" },
        { "<b>&'\"\\", "<b>&'\\\"\\\\", "&#60;b&#62;&#38;&#39;&#34;\\", "<U+003C>b>&'\\\"\\\\" },
        { "a\nb\tc\x01\x7f", "a\\u000ab\\u0009c\\u0001\\u007f",
          "a&lt;U+000A&gt;b&lt;U+0009&gt;c&lt;U+0001&gt;&lt;U+007F&gt;",
          "a<U+000A>b<U+0009>c<U+0001><U+007F>" },
        { "\x1b[31m", "\\u001b[31m", "&lt;U+001B&gt;[31m", "<U+001B>[31m" },
        { "\x1f", "\\u001f", "&lt;U+001F&gt;", "<U+001F>" },
        /* visible characters of 2, 3 and 4 bytes */
        { "\xc3\xa9\xe2\x82\xac\xf0\x9f\x9b\x92", "\xc3\xa9\xe2\x82\xac\xf0\x9f\x9b\x92",
          "\xc3\xa9\xe2\x82\xac\xf0\x9f\x9b\x92", "\xc3\xa9\xe2\x82\xac\xf0\x9f\x9b\x92" },
        /* U+202E turns what follows round; U+0085 is a control character; U+E0041 a tag */
        { "a\xe2\x80\xae.b", "a\\u202e.b", "a&lt;U+202E&gt;.b", "a<U+202E>.b" },
        { "\xc2\x80", "\\u0080", "&lt;U+0080&gt;", "<U+0080>" },
        { "\xc2\x85", "\\u0085", "&lt;U+0085&gt;", "<U+0085>" },
        { "\xf3\xa0\x81\x81", "\\udb40\\udc41", "&lt;U+E0041&gt;", "<U+E0041>" },
        /* what is not UTF-8: a lone byte, an overlong form, a surrogate, a character cut off */
        { "a\xff"
          "b",
          "a\xef\xbf\xbd"
          "b",
          "a\xef\xbf\xbd"
          "b",
          "a<FF>b" },
        { "\xc0\xbc", "\xef\xbf\xbd\xef\xbf\xbd", "\xef\xbf\xbd\xef\xbf\xbd", "<C0><BC>" },
        { "\xed\xa0\x80", "\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd",
          "\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd", "<ED><A0><80>" },
        { "<\xe2\x82", "<\xef\xbf\xbd\xef\xbf\xbd", "&#60;\xef\xbf\xbd\xef\xbf\xbd",
          "<U+003C><E2><82>" },
        { "<FF>", "<FF>", "&#60;FF&#62;", "<U+003C>FF>" }, /* not the byte's label */
    };

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        const ocors_span_t text = guarded_copy(rows[i].text, strlen(rows[i].text));
        buffer_t json = { .length = 0 }, html = { .length = 0 }, label = { .length = 0 };

        ocors_escape_json(put, &json, text);
        ocors_escape_html(put, &html, text);
        ocors_escape_label(put, &label, text);
        assert_string_equal(json.text, rows[i].json);
        assert_string_equal(html.text, rows[i].html);
        assert_string_equal(label.text, rows[i].label);
        guarded_free(text);
    }
}

/* On one line, and without effect on a terminal. */
static void a_text_for_people(void **state)
{
    static const struct {
        const char *text, *shown;
    } rows[] = {
        { "", "" },
        { "<b>\"\\", "<b>\"\\" },
        { "a b", "a b" },
        { "a\n\x1b[31m\x7f", "a\\x0a\\x1b[31m\\x7f" },
        { "\xc3\xa9\xe2\x80\xae\xc2\x85", "\xc3\xa9<U+202E><U+0085>" },
        { "a\xff\xe2\x82", "a\\xff\\xe2\\x82" },
    };

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        const ocors_span_t text = guarded_copy(rows[i].text, strlen(rows[i].text));
        buffer_t shown = { .length = 0 };

        ocors_escape_text(put, &shown, text);
        assert_string_equal(shown.text, rows[i].shown);
        guarded_free(text);
    }
}

static void a_nul_is_a_character(void **state)
{
    buffer_t json = { .length = 0 };

    (void)state;
    ocors_escape_json(put, &json, ocors_span_make("a\0b", 3));
    assert_string_equal(json.text, "a\\u0000b");
}

static void values_of_all_types(void **state)
{
    buffer_t buffer = { .length = 0 };
    ocors_json_writer_t writer = { .put = put, .to = &buffer };

    (void)state;
    ocors_json_write_begin(&writer, NULL, '{');
    ocors_json_write_string(&writer, "text", OCORS_SPAN_LITERAL("a\"b"));
    ocors_json_write_number(&writer, "most", UINT64_MAX);
    ocors_json_write_seconds(&writer, "time", 1000042);
    ocors_json_write_begin(&writer, "list", '[');
    ocors_json_write_begin(&writer, NULL, '{');
    ocors_json_write_boolean(&writer, "yes", true);
    ocors_json_write_boolean(&writer, "no", false);
    ocors_json_write_null(&writer, "none");
    ocors_json_write_end(&writer, '}');
    ocors_json_write_string(&writer, NULL, ocors_span_make(NULL, 0));
    ocors_json_write_end(&writer, ']');
    ocors_json_write_begin(&writer, "empty", '[');
    ocors_json_write_end(&writer, ']');
    ocors_json_write_end(&writer, '}');
    assert_string_equal(buffer.text, "{\n"
                                     "  \"text\": \"a\\\"b\",\n"
                                     "  \"most\": 18446744073709551615,\n"
                                     "  \"time\": 1.000042,\n"
                                     "  \"list\": [\n"
                                     "    {\"yes\": true, \"no\": false, \"none\": null},\n"
                                     "    \"\"\n"
                                     "  ],\n"
                                     "  \"empty\": []\n"
                                     "}");
}

/*
 * D31: the characters of Unicode's properties Default_Ignorable_Code_Point and White_Space beyond
 * ASCII, the controls beyond ASCII, and the marks of annotations; no other one.
 */
static void invisible_characters(void **state)
{
    static const struct {
        uint32_t first, last;
        const char *name;
    } rows[] = {
        { 0x80, 0x9f, "control character" },
        { 0xa0, 0xa0, "NO-BREAK SPACE" },
        { 0xad, 0xad, "SOFT HYPHEN" },
        { 0x34f, 0x34f, "COMBINING GRAPHEME JOINER" },
        { 0x61c, 0x61c, "ARABIC LETTER MARK" },
        { 0x115f, 0x1160, "HANGUL FILLER" },
        { 0x1680, 0x1680, "OGHAM SPACE MARK" },
        { 0x17b4, 0x17b5, "KHMER VOWEL INHERENT" },
        { 0x180b, 0x180d, "MONGOLIAN FREE VARIATION SELECTOR" },
        { 0x180e, 0x180e, "MONGOLIAN VOWEL SEPARATOR" },
        { 0x180f, 0x180f, "MONGOLIAN FREE VARIATION SELECTOR" },
        { 0x2000, 0x200a, "SPACE of another width" },
        { 0x200b, 0x200b, "ZERO WIDTH SPACE" },
        { 0x200c, 0x200c, "ZERO WIDTH NON-JOINER" },
        { 0x200d, 0x200d, "ZERO WIDTH JOINER" },
        { 0x200e, 0x200e, "LEFT-TO-RIGHT MARK" },
        { 0x200f, 0x200f, "RIGHT-TO-LEFT MARK" },
        { 0x2028, 0x2028, "LINE SEPARATOR" },
        { 0x2029, 0x2029, "PARAGRAPH SEPARATOR" },
        { 0x202a, 0x202e, "mark of text direction" },
        { 0x202f, 0x202f, "NARROW NO-BREAK SPACE" },
        { 0x205f, 0x205f, "MEDIUM MATHEMATICAL SPACE" },
        { 0x2060, 0x2060, "WORD JOINER" },
        { 0x2061, 0x206f, "format character" },
        { 0x3000, 0x3000, "IDEOGRAPHIC SPACE" },
        { 0x3164, 0x3164, "HANGUL FILLER" },
        { 0xfe00, 0xfe0f, "VARIATION SELECTOR" },
        { 0xfeff, 0xfeff, "BYTE ORDER MARK" },
        { 0xffa0, 0xffa0, "HALFWIDTH HANGUL FILLER" },
        { 0xfff0, 0xfffb, "format character" },
        { 0x1bca0, 0x1bca3, "SHORTHAND FORMAT character" },
        { 0x1d173, 0x1d17a, "MUSICAL SYMBOL without a form" },
        { 0xe0000, 0xe0fff, "TAG" },
    };
    size_t row = 0;

    (void)state;
    for (uint32_t character = 0x80; character < 0xe2000; character++) {
        if (character == 0x20000) {
            character = 0xdff00; /* ideographs, and what has no character */
        }
        const char *name = ocors_invisible_name(character);
        const bool is_listed = row < sizeof(rows) / sizeof(rows[0]) && character >= rows[row].first;

        if ((name != NULL) != is_listed || (is_listed && strcmp(name, rows[row].name) != 0)) {
            fail_msg("U+%04X is %s", (unsigned)character, name != NULL ? name : "visible");
        }
        row += is_listed && character == rows[row].last ? 1 : 0;
    }
    assert_int_equal(row, sizeof(rows) / sizeof(rows[0]));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(texts),
        cmocka_unit_test(a_text_for_people),
        cmocka_unit_test(a_nul_is_a_character),
        cmocka_unit_test(invisible_characters),
        cmocka_unit_test(values_of_all_types),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
