/* SPDX-License-Identifier: Apache-2.0 */
/* The tokens of a JSON text that may be faulty: blanks, strings, words, and what is wrong in them.
 */
#include "ocors_json_token.h"

#include "ocors_invisible.h"
#include "ocors_table.h"
#include "ocors_utf8.h"

bool ocors_json_fault(ocors_json_tokens_t *tokens, ocors_finding_code_t code, const char *at,
                      const char *format, ...)
{
    const ocors_json_place_t place = ocors_json_lines_place(&tokens->lines,
                                                            at != NULL ? at : tokens->text.at);
    va_list arguments;

    tokens->is_faulty = true;
    va_start(arguments, format);
    ocors_report_add_list(tokens->report, code, place.line, place.column, NULL, format, arguments);
    va_end(arguments);
    return false;
}

/* ---- Blanks ---------------------------------------------------------------------------------- */

/* The length of the comment that a text begins with; one without an end is all of it. */
static size_t comment_length(ocors_span_t text)
{
    const bool is_block = ocors_span_has_prefix(text, OCORS_SPAN_LITERAL("/*"));
    const ocors_span_t end = is_block ? OCORS_SPAN_LITERAL("*/") : OCORS_SPAN_LITERAL("\n");
    size_t length = is_block ? 2 : 1;

    if (!is_block && *text.bytes != '#' && !ocors_span_has_prefix(text, OCORS_SPAN_LITERAL("//"))) {
        return 0;
    }
    while (length < text.length && !ocors_span_has_prefix(ocors_span_from(text, length), end)) {
        length++;
    }
    return is_block && length < text.length ? length + end.length : length;
}

/* The length of the three dots or more, or of the one U+2026, that a text begins with. */
static size_t ellipsis_length(ocors_span_t text)
{
    size_t dots = 0;

    if (ocors_span_has_prefix(text, OCORS_SPAN_LITERAL("\xe2\x80\xa6"))) {
        return 3;
    }
    while (dots < text.length && text.bytes[dots] == '.') {
        dots++;
    }
    return dots >= 3 ? dots : 0;
}

/* Reports and skips what is not JSON and leaves no doubt how the text goes on. False: it is a
 * token. */
static bool skip_stray(ocors_json_tokens_t *tokens)
{
    const ocors_span_t rest = ocors_json_text_rest(&tokens->text);
    const unsigned char first = (unsigned char)*rest.bytes;
    const ocors_span_t one = ocors_span_make(rest.bytes, ocors_utf8_length(rest));
    const char *name;
    uint32_t character;
    size_t length;

    if (first < 0x20 || first == 0x7f) {
        length = 1;
        ocors_json_fault(
            tokens, OCORS_FINDING_CONTROL_CHARACTER, NULL,
            "a control character; between values JSON has only blanks, tabs and line ends");
    }
    else if ((length = ellipsis_length(rest)) > 0) {
        ocors_json_fault(
            tokens, OCORS_FINDING_ELLIPSIS, NULL,
            "\"...\" in an example means that something is left out; remove it, or write what "
            "belongs here");
        tokens->has_ellipsis = true;
    }
    else if ((length = comment_length(rest)) > 0) {
        ocors_json_fault(tokens, OCORS_FINDING_COMMENT, NULL,
                         "JSON has no comments; remove this one");
    }
    else if ((name = ocors_invisible_find(one, &character)) != NULL) {
        length = one.length;
        ocors_json_fault(
            tokens, OCORS_FINDING_INVISIBLE_CHARACTER, NULL,
            "the invisible character U+%04X (%s); between values JSON has only blanks, tabs and "
            "line ends: remove it, or write a blank",
            (unsigned)character, name);
    }
    tokens->text.at += length;
    return length > 0;
}

void ocors_json_tokens_skip_blank(ocors_json_tokens_t *tokens)
{
    do {
        ocors_json_skip_blank(&tokens->text);
    } while (tokens->text.at < tokens->text.end && skip_stray(tokens));
}

/* ---- Strings --------------------------------------------------------------------------------- */

static const char utf8_sentence[] =
    "this byte is not UTF-8; save the file as UTF-8 (not Latin-1 or Windows-1252)";

/* A control character in a string. If JSON allows it, only the policy has no use for it. */
static void report_control(ocors_json_tokens_t *tokens, const char *at, bool is_fault)
{
    const ocors_json_place_t place = ocors_json_lines_place(&tokens->lines, at);

    tokens->is_faulty = tokens->is_faulty || is_fault;
    ocors_report_add_at(tokens->report,
                        is_fault || tokens->is_policy_read
                            ? OCORS_FINDING_CONTROL_CHARACTER
                            : OCORS_FINDING_CONTROL_CHARACTER_ELSEWHERE,
                        place.line, place.column, NULL,
                        "a control character in a string, as it is or escaped (a line break, tab, "
                        "NUL, ...); remove it");
}

/* From a backslash in a string that `quote` ends. */
static void read_escape(ocors_json_tokens_t *tokens, char quote)
{
    const ocors_span_t rest = ocors_json_text_rest(&tokens->text);
    unsigned value = ' ';
    const size_t length = ocors_json_escape_length(rest, &value);
    const char next = rest.length > 1 ? rest.bytes[1] : '\0';

    if (value >= 0xd800 && value <= 0xdfff) {
        ocors_json_fault(
            tokens, OCORS_FINDING_LONE_SURROGATE, NULL,
            "half of a surrogate pair, which is not a character; write both halves, such as "
            "\\ud83d\\ude00, or the character itself");
    }
    else if (value < 0x20 || value == 0x7f) {
        report_control(tokens, tokens->text.at, value == 0 && tokens->is_key);
    }
    else if (length == 0 && (next != '\'' || quote != '\'')) {
        ocors_json_fault(tokens, OCORS_FINDING_SYNTAX, NULL, "%s",
                         next == 'u'
                             ? "\\u needs four hexadecimal digits after it, such as \\u00e9"
                             : "a backslash that begins no escape; write \\\\ for a backslash");
    }
    tokens->text.at += length > 0 ? length : next == '\'' ? 2 : 1;
}

/* Whether the next quote could end this string: then a line break is in it by mistake. */
static bool is_wrapped(const ocors_json_text_t *text, char quote)
{
    const char *at = text->at;

    while (at < text->end && *at != quote) {
        at += *at == '\\' && text->end - at > 1 ? 2 : 1;
    }
    do {
        at++;
    } while (at < text->end && ocors_json_blanks[(unsigned char)*at]);
    return at < text->end && memchr(",:]}", *at, 4) != NULL;
}

/*
 * A control character that is in a string as it is. False: the closing quote is missing; that is
 * asked at the first line end alone, so that a string's length counts twice at most.
 */
static bool read_control(ocors_json_tokens_t *tokens, const char *start, bool *has_line_end)
{
    const bool is_pair = ocors_span_has_prefix(ocors_json_text_rest(&tokens->text),
                                               OCORS_SPAN_LITERAL("\r\n"));

    if ((is_pair || *tokens->text.at == '\n') && !*has_line_end) {
        *has_line_end = true;
        if (!is_wrapped(&tokens->text, *start)) {
            return ocors_json_fault(tokens, OCORS_FINDING_SYNTAX, start,
                                    "the string that begins here does not end in its line; its "
                                    "closing quote is missing");
        }
    }
    report_control(tokens, tokens->text.at, true);
    tokens->text.at += is_pair ? 2 : 1;
    return true;
}

/* Whether there is more of a string, at text->at, before its quote and before the text's end. */
static bool is_within(ocors_json_text_t *text, char quote)
{
    if (quote == '"') {
        text->at = ocors_json_plain_end(text->at, text->end);
    }
    return text->at < text->end && *text->at != quote;
}

/* DEL, which JSON allows in a string. */
static void judge_del(ocors_json_tokens_t *tokens, ocors_span_t inner)
{
    const char *const end = inner.bytes + inner.length;
    const char *at = inner.bytes;

    while (at < end && (at = memchr(at, 0x7f, (size_t)(end - at))) != NULL) {
        report_control(tokens, at++, false);
    }
}

static bool read_string(ocors_json_tokens_t *tokens, ocors_span_t *inner)
{
    ocors_json_text_t *text = &tokens->text;
    const char *const start = text->at++;
    bool has_line_end = false;

    if (*start == '\'') {
        ocors_json_fault(tokens, OCORS_FINDING_SINGLE_QUOTES, start,
                         "a string in single quotes; JSON has double quotes only: \"...\"");
    }
    while (is_within(text, *start)) {
        const size_t length = ocors_utf8_length_at(text->at, text->end);

        if (*text->at == '\\') {
            read_escape(tokens, *start);
        }
        else if ((unsigned char)*text->at < 0x20) {
            if (!read_control(tokens, start, &has_line_end)) {
                return false;
            }
        }
        else {
            if (length == 0) {
                ocors_json_fault(tokens, OCORS_FINDING_NOT_UTF8, NULL, "%s", utf8_sentence);
            }
            text->at += length > 0 ? length : 1;
        }
    }
    if (text->at == text->end) {
        return ocors_json_fault(
            tokens, OCORS_FINDING_SYNTAX, start,
            "the string that begins here does not end; its closing quote is missing");
    }
    *inner = ocors_span_make(start + 1, (size_t)(text->at++ - start - 1));
    judge_del(tokens, *inner);
    return true;
}

/* ---- Words ----------------------------------------------------------------------------------- */

#define IS_WORD(byte)                                                                              \
    (((byte) >= '0' && (byte) <= '9') || ((byte) >= 'A' && (byte) <= 'Z')                          \
     || ((byte) >= 'a' && (byte) <= 'z') || (byte) == '+' || (byte) == '-' || (byte) == '.'        \
     || (byte) == '_' || (byte) == '$')

const bool ocors_json_words[256] = OCORS_TABLE(IS_WORD);

/* Whether somebody took it for a number. */
static bool is_odd_number(ocors_span_t word)
{
    return strchr("+-.0123456789", *word.bytes) != NULL
           || ocors_span_is_equal_nocase(word, OCORS_SPAN_LITERAL("nan"))
           || ocors_span_is_equal_nocase(word, OCORS_SPAN_LITERAL("inf"))
           || ocors_span_is_equal_nocase(word, OCORS_SPAN_LITERAL("infinity"));
}

bool ocors_json_read_token(ocors_json_tokens_t *tokens, ocors_span_t *inner)
{
    ocors_json_text_t *const text = &tokens->text;
    const char *const at = text->at;
    ptrdiff_t left = PTRDIFF_MAX;

    if (*at == '"' || *at == '\'') {
        return read_string(tokens, inner);
    }
    if (!ocors_json_words[(unsigned char)*at]) {
        return ocors_json_refuse(tokens, tokens->is_key ? "a key in double quotes" : "a value");
    }
    text->at = ocors_json_run_end(at, text->end, ocors_json_words);
    *inner = ocors_span_make(at, (size_t)(text->at - at));
    if (tokens->is_key || ocors_json_word_end(at, text->at, &left) != text->at) {
        const bool is_number = !tokens->is_key && is_odd_number(*inner);

        ocors_json_fault(
            tokens, is_number ? OCORS_FINDING_NUMBER : OCORS_FINDING_SYNTAX, at, "%s",
            tokens->is_key ? "a key without quotes; a key is written in double quotes"
            : is_number
                ? "this is not a JSON number; a number has decimal digits, no leading zero or '+', "
                  "a digit on both sides of the point, and is finite"
                : "a word without quotes; a string is written in double quotes, and true, false "
                  "and null in lower case");
    }
    return true;
}

/* ---- What cannot be read --------------------------------------------------------------------- */

bool ocors_json_refuse(ocors_json_tokens_t *tokens, const char *expected)
{
    const char *const at = tokens->text.at;
    const size_t length = ocors_utf8_length_at(at, tokens->text.end);
    const uint32_t character = length > 0 ? ocors_utf8_character(at, length) : 0;

    if (length == 0) {
        return ocors_json_fault(tokens, OCORS_FINDING_NOT_UTF8, NULL, "%s", utf8_sentence);
    }
    /* The English and German ones, and the French ones. */
    if ((character >= 0x2018 && character <= 0x201f) || character == 0xab || character == 0xbb) {
        return ocors_json_fault(
            tokens, OCORS_FINDING_SYNTAX, NULL,
            "%s is expected, found a typographic quotation mark; JSON has \" only", expected);
    }
    return ocors_json_fault(tokens, OCORS_FINDING_SYNTAX, NULL, "%s is expected, found '%.*s'",
                            expected, (int)length, at);
}
