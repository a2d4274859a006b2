/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What one decision costs, without httpd: documents laid out as the module lays them out in an area
 * of shared memory, and asked about origins that they list and origins that they do not.
 *
 *   lookup LOOKUPS DOCUMENT...
 *
 * One document is a list of documents as OcapiCorsSettings has it, several are a tree with a site
 * for each. bench/sizes.py compiles and runs this, by itself and under callgrind, which is to count
 * the instructions of bench_ask() only:
 *
 *   valgrind --tool=callgrind --collect-atstart=no --toggle-collect='bench_ask*' \
 *            --instr-atstart=no --dump-after='bench_ask*' ...
 */
#define _POSIX_C_SOURCE 200809L /* clock_gettime */

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "bench_image.h"
#include "ocors_decide.h"
#include "ocors_snapshot.h"
#include "ocors_image_layout.h"
#include "ocors_image_verify.h"
#include "ocors_origin.h"

/* Loading under callgrind takes minutes; not counting at all meanwhile makes that seconds. */
#if defined(__has_include)
#if __has_include(<valgrind/callgrind.h>)
#include <valgrind/callgrind.h>
#endif
#endif
#ifndef CALLGRIND_START_INSTRUMENTATION
#define CALLGRIND_START_INSTRUMENTATION ((void)0)
#endif

#define ROUNDS      5
#define NAME_ROOM   16 /* of a site's name, its NUL included */

#define RANDOM_SEED UINT64_C(20191)

/* All origins of all documents, in one area. */
typedef struct bench_t {
    char *area;
    ocors_snapshot_t snapshot;
    bool is_tree;
    size_t document_count;
    ocors_image_t *images;
    uint64_t *firsts; /* how many origins stand before each image's; one more: of all */
    char (*names)[NAME_ROOM];
    size_t longest; /* origin */
    uint64_t text_size;
} bench_t;

/* A request: which site, and its Origin, in the text that is passed beside it. */
typedef struct question_t {
    uint32_t site, length;
    size_t at;
} question_t;

size_t bench_ask(const bench_t *bench, const question_t *questions, const char *text, size_t count,
                 bool wants_reason);

/* ---- Documents -> images --------------------------------------------------------------------- */

/* The bytes of a file, the caller's to free. */
static ocors_span_t read_file(const char *path)
{
    FILE *file = fopen(path, "rb");
    long size = -1;
    char *bytes;

    if (file != NULL && fseek(file, 0, SEEK_END) == 0) {
        size = ftell(file);
    }
    if (size < 0 || fseek(file, 0, SEEK_SET) != 0) {
        bench_fail("cannot be read", path);
    }
    bytes = bench_checked(malloc((size_t)size + 1));
    if (fread(bytes, 1, (size_t)size, file) != (size_t)size) {
        bench_fail("cannot be read", path);
    }
    fclose(file);
    return ocors_span_make(bytes, (size_t)size);
}

/* ---- Images -> a snapshot ---------------------------------------------------------------------
 */

/* Of the one list of documents, of the one tree, and of a policy that only a site leads to. */
static const ocors_key_t list_key = { .bytes = { 'l' } }, tree_key = { .bytes = { 't' } },
                         no_key = { .bytes = { 0 } };

/* A policy for each document, and what leads there. */
static ocors_snapshot_header_t make_header(const bench_t *bench)
{
    const uint32_t count = (uint32_t)bench->document_count;
    ocors_snapshot_header_t header = {
        .seed = BENCH_SEED,
        .image_count = count,
        .layer_count = count,
        .policy_count = count,
        .list_policy_count = bench->is_tree ? 0 : count,
        .tree_count = bench->is_tree ? 1 : 0,
        .site_count = bench->is_tree ? count + 1 : 0,
        .text_size = bench->is_tree ? count * NAME_ROOM : 0,
    };

    ocors_snapshot_complete(&header);
    return header;
}

static void write_sites(const bench_t *bench)
{
    ocors_snapshot_site_t *sites = (void *)(uintptr_t)bench->snapshot.sites;
    const uint32_t count = (uint32_t)bench->document_count;

    *(ocors_snapshot_tree_t *)(uintptr_t)bench->snapshot.trees = (ocors_snapshot_tree_t){
        .key = tree_key,
        .site_count = count + 1,
    };
    /* The first is the organisation, which has no document of its own here. */
    sites[0] = (ocors_snapshot_site_t){ .policies = { OCORS_SNAPSHOT_NONE, OCORS_SNAPSHOT_NONE } };
    for (uint32_t i = 0; i < count; i++) {
        memcpy((char *)(uintptr_t)bench->snapshot.text + i * NAME_ROOM, bench->names[i], NAME_ROOM);
        sites[i + 1] = (ocors_snapshot_site_t){
            .name = { i * NAME_ROOM, (uint32_t)strlen(bench->names[i]) },
            .policies = { i, OCORS_SNAPSHOT_NONE },
        };
    }
}

/* The tables of an area in which the images are. */
static void write_tables(bench_t *bench, const ocors_snapshot_header_t *header,
                         const ocors_snapshot_image_t *images)
{
    memset(bench->area, 0, (size_t)header->tables_size);
    memcpy(bench->area, header, sizeof(*header));
    if (!ocors_snapshot_open(bench->area, header->size, bench->area, header->size,
                             &bench->snapshot)) {
        bench_fail("the snapshot does not fit", "");
    }
    ocors_snapshot_policy_t *policies = (void *)(uintptr_t)bench->snapshot.policies;
    uint32_t *layers = (void *)(uintptr_t)bench->snapshot.layers;

    memcpy((void *)(uintptr_t)bench->snapshot.images, images,
           header->image_count * sizeof(*images));
    for (uint32_t i = 0; i < header->policy_count; i++) {
        layers[i] = i;
        policies[i] = (ocors_snapshot_policy_t){
            .key = bench->is_tree ? no_key : list_key,
            .first_layer = i,
            .layer_count = 1,
        };
    }
    if (bench->is_tree) {
        write_sites(bench);
    }
    ocors_snapshot_index(&bench->snapshot);
}

static ocors_span_t origin_at(const ocors_image_t *image, uint64_t number)
{
    return ocors_span_make(image->text + image->origins[number].text,
                           image->origins[number].length);
}

static void open_image(bench_t *bench, size_t number, const void *bytes, size_t size)
{
    ocors_image_t *image = &bench->images[number];

    if (!ocors_image_verify(bytes, size) || !ocors_image_open(bytes, size, image)) {
        bench_fail("a damaged image", "");
    }
    for (uint32_t i = 0; i < image->origin_count; i++) {
        const size_t length = origin_at(image, i).length;

        bench->longest = length > bench->longest ? length : bench->longest;
        bench->text_size += length;
    }
    bench->firsts[number + 1] = bench->firsts[number] + image->origin_count;
    snprintf(bench->names[number], NAME_ROOM, "site-%06u", (unsigned)number);
}

static bench_t load(char **paths, size_t count)
{
    bench_t bench = { .document_count = count, .is_tree = count > 1 };
    void **bytes = bench_checked(calloc(count, sizeof(*bytes)));
    ocors_snapshot_image_t *images = bench_checked(calloc(count, sizeof(*images)));
    ocors_snapshot_header_t header = make_header(&bench);

    bench.images = bench_checked(calloc(count, sizeof(*bench.images)));
    bench.firsts = bench_checked(calloc(count + 1, sizeof(*bench.firsts)));
    bench.names = bench_checked(calloc(count, sizeof(*bench.names)));
    header.size = header.tables_size;
    for (size_t i = 0; i < count; i++) {
        size_t size;

        const ocors_span_t text = read_file(paths[i]);
        bytes[i] = bench_build_image(text, paths[i], &size);
        free((void *)(uintptr_t)text.bytes);
        images[i] = (ocors_snapshot_image_t){ .at = header.size, .size = size };
        header.size += ocors_round_up(size, OCORS_IMAGE_ALIGNMENT);
    }
    bench.area = bench_checked(aligned_alloc(OCORS_IMAGE_ALIGNMENT, (size_t)header.size));
    for (size_t i = 0; i < count; i++) {
        memcpy(bench.area + images[i].at, bytes[i], (size_t)images[i].size);
        free(bytes[i]);
        open_image(&bench, i, bench.area + images[i].at, (size_t)images[i].size);
    }
    write_tables(&bench, &header, images);
    free(bytes);
    free(images);
    if (bench.firsts[count] == 0) {
        bench_fail("no document lists an origin", "");
    }
    return bench;
}

/* ---- Questions ------------------------------------------------------------------------------- */

/* splitmix64 */
static uint64_t next_random(uint64_t *state)
{
    uint64_t word = *state += UINT64_C(0x9e3779b97f4a7c15);

    word = (word ^ word >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
    word = (word ^ word >> 27) * UINT64_C(0x94d049bb133111eb);
    return word ^ word >> 31;
}

/* What an origin becomes that is not listed: another host, of the same scheme and site. */
#define STRANGER "no-"

static size_t write_origin(char *to, ocors_span_t origin, bool is_listed)
{
    const char *colon = memchr(origin.bytes, ':', origin.length);
    const size_t head = (size_t)(colon - origin.bytes) + 3;

    if (is_listed) {
        memcpy(to, origin.bytes, origin.length);
        return origin.length;
    }
    memcpy(to, origin.bytes, head);
    memcpy(to + head, STRANGER, strlen(STRANGER));
    memcpy(to + head + strlen(STRANGER), origin.bytes + head, origin.length - head);
    return origin.length + strlen(STRANGER);
}

/*
 * Any origin of any document may be next. Requests bring their own bytes, which the network has
 * just put into the cache: they stand one after the other, so that what is measured are the
 * misses of the tables.
 */
static void prepare(const bench_t *bench, bool is_listed, uint64_t *state, question_t *questions,
                    char *text, size_t count)
{
    size_t at = 0;

    for (size_t i = 0; i < count; i++) {
        const uint64_t number = next_random(state) % bench->firsts[bench->document_count];
        size_t low = 0, high = bench->document_count;

        while (high - low > 1) {
            const size_t middle = low + (high - low) / 2;

            if (bench->firsts[middle] <= number) {
                low = middle;
            }
            else {
                high = middle;
            }
        }
        questions[i] = (question_t){
            .site = (uint32_t)low,
            .at = at,
            .length = (uint32_t)write_origin(
                text + at, origin_at(&bench->images[low], number - bench->firsts[low]), is_listed),
        };
        at += questions[i].length;
    }
}

/* The decisions that are measured, and nothing else. Returns how many allow. */
__attribute__((noinline)) size_t bench_ask(const bench_t *bench, const question_t *questions,
                                           const char *text, size_t count, bool wants_reason)
{
    char room[OCORS_ORIGIN_MAX + sizeof(STRANGER)];
    size_t allowed = 0;

    for (size_t i = 0; i < count; i++) {
        const question_t *question = &questions[i];
        const ocors_facts_t facts = {
            .method = OCORS_SPAN_INITIALISER("GET"),
            .has_origin = true,
            .origin = ocors_span_make(text + question->at, question->length),
            .wants_reason = wants_reason,
        };
        ocors_policy_t policies[OCORS_API_COUNT];
        ocors_decision_t decision;
        size_t policy_count;

        if (bench->is_tree) {
            const ocors_address_t address = {
                .site = ocors_span_from_string(bench->names[question->site]),
                .api = OCORS_API_SHOP,
            };
            const ocors_url_path_t path = { .plain = address, .loose = address };
            uint32_t site;

            policy_count = ocors_snapshot_find_path(&bench->snapshot, &tree_key, &path,
                                                    ocors_span_make(NULL, 0), &site)
                               ? ocors_snapshot_read_site(&bench->snapshot, site, path.plain.api,
                                                          policies)
                               : 0;
        }
        else {
            uint32_t index;

            policy_count = ocors_snapshot_find_policy(&bench->snapshot, &list_key, &index)
                           && ocors_snapshot_read_policy(&bench->snapshot, index, policies);
        }
        ocors_decide(policies, policy_count, &facts, room, &decision);
        allowed += decision.verdict == OCORS_VERDICT_ALLOW;
    }
    return allowed;
}

static double seconds(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static int compare(const void *a, const void *b)
{
    const double left = *(const double *)a, right = *(const double *)b;

    return (left > right) - (left < right);
}

/* The median of some rounds, each with questions of its own, in nanoseconds a decision. */
static double measure(const bench_t *bench, bool is_listed, bool wants_reason, size_t count)
{
    question_t *questions = bench_checked(malloc(count * sizeof(*questions)));
    char *text = bench_checked(malloc(count * (bench->longest + strlen(STRANGER))));
    uint64_t state = RANDOM_SEED;
    double spent[ROUNDS];

    for (size_t round = 0; round < ROUNDS; round++) {
        prepare(bench, is_listed, &state, questions, text, count);
        const double started = seconds();
        const size_t allowed = bench_ask(bench, questions, text, count, wants_reason);
        spent[round] = (seconds() - started) * 1e9 / (double)count;
        if (allowed != (is_listed ? count : 0)) {
            bench_fail("a wrong decision",
                       is_listed ? "listed, not allowed" : "not listed, allowed");
        }
    }
    free(questions);
    free(text);
    qsort(spent, ROUNDS, sizeof(spent[0]), compare);
    return spent[ROUNDS / 2];
}

int main(int argc, char **argv)
{
    const size_t count = argc > 2 ? (size_t)strtoul(argv[1], NULL, 10) : 0;

    if (count == 0) {
        bench_fail("usage", "lookup LOOKUPS DOCUMENT...");
    }
    const double started = seconds();
    const bench_t bench = load(argv + 2, (size_t)argc - 2);
    printf("documents %zu count\n", bench.document_count);
    printf("origins %" PRIu64 " count\n", bench.firsts[bench.document_count]);
    printf("origin_text %" PRIu64 " bytes\n", bench.text_size);
    printf("segment %" PRIu64 " bytes\n", bench.snapshot.header.size);
    printf("loading %.0f ms\n", (seconds() - started) * 1e3);
    CALLGRIND_START_INSTRUMENTATION;
    printf("listed %.1f ns\n", measure(&bench, true, false, count));
    printf("unlisted %.1f ns\n", measure(&bench, false, false, count));
    printf("explained %.1f ns\n", measure(&bench, false, true, count));
    free(bench.area);
    free(bench.images);
    free(bench.firsts);
    free(bench.names);
    return 0;
}
