/* SPDX-License-Identifier: Apache-2.0 */
/* The tokens of a JSON text that may be faulty: blanks, strings, words, and what is wrong in them.
 */
#include "ocors_json_token.h"

#include "ocors_invisible.h"
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
    size_t length = 1;

    if (first < 0x20 || first == 0x7f) {
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
    else {
        const ocors_span_t one = ocors_span_make(rest.bytes, ocors_utf8_length(rest));
        uint32_t character;
        const char *name = ocors_invisible_find(one, &character);

        if (name == NULL) {
            return false;
        }
        ocors_json_fault(
            tokens, OCORS_FINDING_INVISIBLE_CHARACTER, rest.bytes,
            "the invisible character U+%04X (%s); between values JSON has only blanks, tabs and "
            "line ends: remove it, or write a blank",
            (unsigned)character, name);
        length = one.length;
    }
    tokens->text.at += length;
    return true;
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

static const char control_sentence[] =
    "a control character in a string, as it is or escaped (a line break, tab, NUL, ...); remove it";

/* One that JSON allows, escaped or as DEL; only the policy has no use for it. */
static void report_control(ocors_json_tokens_t *tokens, const char *at, unsigned value)
{
    const ocors_json_place_t place = ocors_json_lines_place(&tokens->lines, at);
    const bool is_fault = value == 0 && tokens->is_key;

    tokens->is_faulty = tokens->is_faulty || is_fault;
    ocors_report_add_at(tokens->report,
                        is_fault || tokens->is_policy_read
                            ? OCORS_FINDING_CONTROL_CHARACTER
                            : OCORS_FINDING_CONTROL_CHARACTER_ELSEWHERE,
                        place.line, place.column, NULL, "%s", control_sentence);
}

/* A string that is being read. */
typedef struct string_t {
    const char *start; /* its quote */
    bool is_sound;
    bool is_line_end_judged;
} string_t;

/* From a backslash. */
static void read_escape(ocors_json_tokens_t *tokens, string_t *string)
{
    const ocors_span_t rest = ocors_json_text_rest(&tokens->text);
    unsigned value = 0;
    const size_t length = ocors_json_escape_length(rest, &value);
    const char next = rest.length > 1 ? rest.bytes[1] : '\0';
    const bool is_half = value >= 0xd800 && value <= 0xdfff;

    if (is_half) {
        ocors_json_fault(
            tokens, OCORS_FINDING_LONE_SURROGATE, NULL,
            "half of a surrogate pair, which is not a character; write both halves, such as "
            "\\ud83d\\ude00, or the character itself");
    }
    else if (length > 0 && (value < 0x20 || value == 0x7f)) {
        report_control(tokens, tokens->text.at, value);
    }
    else if (length == 0 && (next != '\'' || *string->start != '\'')) {
        ocors_json_fault(tokens, OCORS_FINDING_SYNTAX, NULL, "%s",
                         next == 'u'
                             ? "\\u needs four hexadecimal digits after it, such as \\u00e9"
                             : "a backslash that begins no escape; write \\\\ for a backslash");
    }
    string->is_sound = string->is_sound && length > 0 && !is_half;
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

/* A control character that is in a string as it is. False: the closing quote is missing. */
static bool read_control(ocors_json_tokens_t *tokens, string_t *string)
{
    const bool is_pair = ocors_span_has_prefix(ocors_json_text_rest(&tokens->text),
                                               OCORS_SPAN_LITERAL("\r\n"));
    const bool is_line_end = is_pair || *tokens->text.at == '\n';

    /* Asked once for each string, so that its length counts twice at most. */
    if (is_line_end && !string->is_line_end_judged && !is_wrapped(&tokens->text, *string->start)) {
        return ocors_json_fault(
            tokens, OCORS_FINDING_SYNTAX, string->start,
            "the string that begins here does not end in its line; its closing quote is missing");
    }
    string->is_line_end_judged = string->is_line_end_judged || is_line_end;
    string->is_sound = false;
    ocors_json_fault(tokens, OCORS_FINDING_CONTROL_CHARACTER, NULL, "%s", control_sentence);
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
        report_control(tokens, at++, 0x7f);
    }
}

static bool read_string(ocors_json_tokens_t *tokens, ocors_span_t *inner, bool *is_sound)
{
    ocors_json_text_t *text = &tokens->text;
    string_t string = { .start = text->at, .is_sound = true };

    if (*string.start == '\'') {
        ocors_json_fault(tokens, OCORS_FINDING_SINGLE_QUOTES, NULL,
                         "a string in single quotes; JSON has double quotes only: \"...\"");
    }
    text->at++;
    while (is_within(text, *string.start)) {
        const size_t length = ocors_utf8_length_at(text->at, text->end);

        if (*text->at == '\\') {
            read_escape(tokens, &string);
        }
        else if ((unsigned char)*text->at < 0x20) {
            if (!read_control(tokens, &string)) {
                return false;
            }
        }
        else {
            if (length == 0) {
                ocors_json_fault(tokens, OCORS_FINDING_NOT_UTF8, NULL, "%s", utf8_sentence);
            }
            string.is_sound = string.is_sound && length > 0 && *text->at != '"';
            text->at += length > 0 ? length : 1;
        }
    }
    if (text->at == text->end) {
        return ocors_json_fault(
            tokens, OCORS_FINDING_SYNTAX, string.start,
            "the string that begins here does not end; its closing quote is missing");
    }
    *inner = ocors_span_make(string.start + 1, (size_t)(text->at - string.start - 1));
    *is_sound = string.is_sound;
    text->at++;
    if (string.is_sound) {
        judge_del(tokens, *inner);
    }
    return true;
}

/* ---- Words ----------------------------------------------------------------------------------- */

bool ocors_json_is_word(char c)
{
    return ocors_ascii_is_alpha(c) || ocors_ascii_is_digit(c)
           || (c != '\0' && strchr("+-._$", c) != NULL);
}

static ocors_span_t word_at(const ocors_json_tokens_t *tokens)
{
    ocors_span_t word = ocors_span_make(tokens->text.at, 0);

    while (tokens->text.at + word.length < tokens->text.end
           && ocors_json_is_word(tokens->text.at[word.length])) {
        word.length++;
    }
    return word;
}

/* Whether somebody took it for a number. */
static bool is_odd_number(ocors_span_t word)
{
    const char first = word.bytes[0];

    return ocors_ascii_is_digit(first) || first == '+' || first == '-' || first == '.'
           || ocors_span_is_equal_nocase(word, OCORS_SPAN_LITERAL("nan"))
           || ocors_span_is_equal_nocase(word, OCORS_SPAN_LITERAL("inf"))
           || ocors_span_is_equal_nocase(word, OCORS_SPAN_LITERAL("infinity"));
}

static void judge_word(ocors_json_tokens_t *tokens, ocors_span_t word)
{
    const char *const end = word.bytes + word.length;
    const bool is_number = !tokens->is_key && is_odd_number(word);

    if (tokens->is_key || ocors_json_word_end(word.bytes, end) != end) {
        ocors_json_fault(
            tokens, is_number ? OCORS_FINDING_NUMBER : OCORS_FINDING_SYNTAX, NULL, "%s",
            tokens->is_key ? "a key without quotes; a key is written in double quotes"
            : is_number
                ? "this is not a JSON number; a number has decimal digits, no leading zero or '+', "
                  "a digit on both sides of the point, and is finite"
                : "a word without quotes; a string is written in double quotes, and true, false "
                  "and null in lower case");
    }
}

bool ocors_json_read_token(ocors_json_tokens_t *tokens, ocors_span_t *inner, bool *is_sound)
{
    const char c = *tokens->text.at;

    if (c == '"' || c == '\'') {
        return read_string(tokens, inner, is_sound);
    }
    if (!ocors_json_is_word(c)) {
        return ocors_json_refuse(tokens, tokens->is_key ? "a key in double quotes" : "a value");
    }
    *inner = word_at(tokens);
    *is_sound = false;
    judge_word(tokens, *inner);
    tokens->text.at += inner->length;
    return true;
}

/* ---- What cannot be read --------------------------------------------------------------------- */

bool ocors_json_refuse(ocors_json_tokens_t *tokens, const char *expected)
{
    /* The typographic ones: English, German and French. */
    static const char quotes[] = "\xe2\x80\x9c\xe2\x80\x9d\xe2\x80\x9e\xe2\x80\x98\xe2\x80\x99"
                                 "\xc2\xab\xc2\xbb";
    const char *const at = tokens->text.at;
    const size_t length = ocors_utf8_length_at(at, tokens->text.end);
    char found[OCORS_UTF8_MAX + 1] = "";
    bool is_quote;

    if (length == 0) {
        return ocors_json_fault(tokens, OCORS_FINDING_NOT_UTF8, NULL, "%s", utf8_sentence);
    }
    memcpy(found, at, length);
    is_quote = length > 1 && strstr(quotes, found) != NULL;
    return ocors_json_fault(tokens, OCORS_FINDING_SYNTAX, at, "%s is expected, found %s%s%s",
                            expected,
                            is_quote ? "a typographic quotation mark; JSON has \" only" : "'",
                            is_quote ? "" : found, is_quote ? "" : "'");
}
