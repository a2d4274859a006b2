/* SPDX-License-Identifier: Apache-2.0 */
/* Reads rows of test vectors, runs a test for each, and keeps inputs at the edge of memory. */
#include "vectors.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#ifndef TESTS_VECTORS
#define TESTS_VECTORS "tests/vectors"
#endif

typedef struct run_t {
    struct json_object *row;
    vectors_row_t *check;
} run_t;

static struct json_object *read_rows(const char *file)
{
    const char *folder = getenv("OCORS_VECTORS");
    char path[4096];
    struct json_object *rows;

    snprintf(path, sizeof(path), "%s/%s", folder != NULL ? folder : TESTS_VECTORS, file);
    rows = json_object_from_file(path);
    if (!json_object_is_type(rows, json_type_array)) {
        fprintf(stderr, "%s: no array of rows: %s\n", path, json_util_get_last_err());
        exit(99);
    }
    return rows;
}

struct json_object *vectors_get(struct json_object *row, const char *name)
{
    struct json_object *value = NULL;

    (void)json_object_object_get_ex(row, name, &value);
    return value;
}

const char *vectors_string(struct json_object *row, const char *name)
{
    struct json_object *value = vectors_get(row, name);

    if (!json_object_is_type(value, json_type_string)) {
        fail_msg("the row has no string \"%s\": %s", name, json_object_to_json_string(row));
    }
    return json_object_get_string(value);
}

static struct json_object *find_row(struct json_object *rows, const char *name)
{
    for (size_t i = 0; i < json_object_array_length(rows); i++) {
        struct json_object *row = json_object_array_get_idx(rows, i);
        struct json_object *value = vectors_get(row, "name");

        if (json_object_is_type(value, json_type_string)
            && strcmp(json_object_get_string(value), name) == 0) {
            return row;
        }
    }
    return NULL;
}

static void run_row(void **state)
{
    const run_t *run = *state;

    run->check(run->row);
}

/* What is wrong with the table itself; such a table tests nothing. */
static void judge_rows(struct json_object *rows, const char *file)
{
    for (size_t i = 0; i < json_object_array_length(rows); i++) {
        struct json_object *row = json_object_array_get_idx(rows, i);
        struct json_object *name = vectors_get(row, "name");

        if (!json_object_is_type(name, json_type_string)
            || !json_object_is_type(vectors_get(row, "rule"), json_type_string)
            || find_row(rows, json_object_get_string(name)) != row) {
            fprintf(stderr, "%s: row %zu has no name of its own, or no rule\n", file, i);
            exit(99);
        }
    }
}

int vectors_run(const char *file, size_t floor, bool (*wants)(struct json_object *row),
                vectors_row_t *check)
{
    struct json_object *rows = read_rows(file);
    size_t length = json_object_array_length(rows);
    struct CMUnitTest *tests = calloc(length + 1, sizeof(*tests));
    run_t *runs = calloc(length + 1, sizeof(*runs));
    size_t count = 0;
    int failed;

    judge_rows(rows, file);
    for (size_t i = 0; i < length; i++) {
        struct json_object *row = json_object_array_get_idx(rows, i);

        if (wants == NULL || wants(row)) {
            runs[count] = (run_t){ .row = row, .check = check };
            tests[count] = (struct CMUnitTest){
                .name = json_object_get_string(vectors_get(row, "name")),
                .test_func = run_row,
                .initial_state = &runs[count],
            };
            count++;
        }
    }
    if (count < floor) {
        fprintf(stderr, "%s: %zu rows, fewer than %zu: where have they gone?\n", file, count,
                floor);
        exit(99);
    }
    failed = _cmocka_run_group_tests(file, tests, count, NULL, NULL);
    free(tests);
    free(runs);
    json_object_put(rows);
    return failed;
}

int vectors_run_twins(const char *file, bool (*is_refused)(struct json_object *row))
{
    struct json_object *rows = read_rows(file);
    int failed = 0;

    for (size_t i = 0; i < json_object_array_length(rows); i++) {
        struct json_object *row = json_object_array_get_idx(rows, i);
        struct json_object *name = vectors_get(row, "twin");
        struct json_object *twin = NULL;

        if (!is_refused(row)) {
            continue;
        }
        if (json_object_is_type(name, json_type_string)) {
            twin = find_row(rows, json_object_get_string(name));
        }
        if (twin == NULL || is_refused(twin)) {
            fprintf(stderr, "%s: \"%s\" is refused and has no twin that is accepted\n", file,
                    json_object_get_string(vectors_get(row, "name")));
            failed++;
        }
    }
    json_object_put(rows);
    return failed;
}

static size_t page_up(size_t length)
{
    size_t page = (size_t)sysconf(_SC_PAGESIZE);

    return (length + page - 1) / page * page;
}

ocors_span_t guarded_copy(const void *bytes, size_t length)
{
    size_t readable = page_up(length + 1);
    size_t page = (size_t)sysconf(_SC_PAGESIZE);
    char *area = mmap(NULL, readable + page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS,
                      -1, 0);

    if (area == MAP_FAILED || mprotect(area + readable, page, PROT_NONE) != 0) {
        fail_msg("no guarded page");
    }
    if (length > 0) {
        memcpy(area + readable - length, bytes, length);
    }
    return ocors_span_make(area + readable - length, length);
}

void guarded_free(ocors_span_t span)
{
    size_t readable = page_up(span.length + 1);
    uintptr_t end = (uintptr_t)span.bytes + span.length;

    munmap((void *)(end - readable), readable + (size_t)sysconf(_SC_PAGESIZE));
}

static int hex_value(char digit)
{
    const char *digits = "0123456789abcdef";
    const char *at = digit != '\0' ? strchr(digits, digit) : NULL;

    assert_non_null(at);
    return (int)(at - digits);
}

ocors_span_t guarded_row(struct json_object *row, const char *name)
{
    struct json_object *value = vectors_get(row, name);
    const char *hex;
    size_t length;
    char *bytes;
    ocors_span_t span;

    if (value != NULL) {
        assert_true(json_object_is_type(value, json_type_string));
        return guarded_copy(json_object_get_string(value),
                            (size_t)json_object_get_string_len(value));
    }
    hex = vectors_string(row, "hex");
    length = strlen(hex) / 2;
    bytes = malloc(length + 1);
    assert_non_null(bytes);
    for (size_t i = 0; i < length; i++) {
        bytes[i] = (char)(hex_value(hex[2 * i]) << 4 | hex_value(hex[2 * i + 1]));
    }
    span = guarded_copy(bytes, length);
    free(bytes);
    return span;
}

void assert_span_equal(ocors_span_t span, const char *expected)
{
    if (!ocors_span_is_equal(span, ocors_span_from_string(expected))) {
        fail_msg("found \"%.*s\", expected \"%s\"", (int)span.length,
                 span.length > 0 ? span.bytes : "", expected);
    }
}

void finding_format(const ocors_finding_t *error, char *buffer, size_t room)
{
    const char *name = ocors_finding_name(error->code);
    const char *path = error->path != NULL ? error->path : "";
    char more[32] = "";

    if (error->more > 0) {
        snprintf(more, sizeof(more), " +%zu", error->more);
    }
    if (error->line > 0) {
        snprintf(buffer, room, "%s %zu:%zu%s%s%s", name, error->line, error->column,
                 path[0] != '\0' ? " " : "", path, more);
    }
    else {
        snprintf(buffer, room, "%s%s%s%s", name, path[0] != '\0' ? " " : "", path, more);
    }
}
