/* SPDX-License-Identifier: Apache-2.0 */
/* `ocapi-cors diff`: what a change of documents gives and takes. */

#include "ocors_command.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ocors_changes.h"
#include "ocors_file.h"
#include "ocors_options.h"
#include "ocors_print.h"
#include "ocors_progress.h"
#include "ocors_reading.h"
#include "ocors_tree_reading.h"

typedef struct diff_t {
    bool has_colours;
    bool revokes; /* something goes, or may go */
} diff_t;

/* A sentence, and whose it is. */
static void print_sentence(diff_t *diff, const char *sentence, const char *site, unsigned api)
{
    const char sign[] = { sentence[0], '\0' };

    const bool is_bad = sign[0] == '-' || sign[0] == '?';

    diff->revokes = diff->revokes || is_bad;
    ocors_print_coloured(stdout, diff->has_colours && sign[0] != '=',
                         is_bad ? OCORS_COLOUR_RED : OCORS_COLOUR_GREEN, sign);
    ocors_print_string(stdout, sentence + 1);
    if (site != NULL && site[0] != '\0') {
        fputs(", site \"", stdout);
        ocors_print_string(stdout, site);
        printf("\", %s", ocors_sites_api_name(api));
    }
    else if (site != NULL) {
        printf(", organisation, %s", ocors_sites_api_name(api));
    }
    putchar('\n');
}

static int diff_files(diff_t *diff, const char *const paths[2])
{
    ocors_sentences_t changes = { .count = 0 };
    ocors_layers_t layers[2] = { { .count = 0 }, { .count = 0 } };
    ocors_reading_t readings[2];
    int status = EXIT_GOOD;

    for (unsigned side = 0; side < 2; side++) {
        status = ocors_status_worse(status,
                                    ocors_reading_require(&readings[side], paths[side], false));
        (void)ocors_layers_add(&layers[side], &readings[side]);
    }
    if (status == EXIT_GOOD) {
        ocors_changes_find(&changes, &layers[0], &layers[1]);
        for (size_t i = 0; i < changes.count; i++) {
            print_sentence(diff, changes.items[i].text, NULL, 0);
        }
    }
    ocors_sentences_free(&changes);
    ocors_reading_free(&readings[0]);
    ocors_reading_free(&readings[1]);
    return status;
}

/* ---- Trees ----------------------------------------------------------------------------------- */

typedef struct trees_t {
    diff_t *diff;
    ocors_tree_reading_t sides[2];
    ocors_sentences_t organisation[OCORS_API_COUNT]; /* what changed for it, sorted */
    ocors_progress_t progress;
} trees_t;

/* The sites of both sides with one name; 0, the organisation: the side has no such site. */
typedef struct pair_t {
    const char *name;
    size_t sites[2];
} pair_t;

static bool has_document(const trees_t *trees, const pair_t *pair, unsigned api)
{
    return trees->sides[0].list.sites[pair->sites[0]].paths[api] != NULL
           || trees->sides[1].list.sites[pair->sites[1]].paths[api] != NULL;
}

/* Finds what changes for one API of a site, or of the organisation. */
static int pair_compare(const trees_t *trees, const pair_t *pair, unsigned api,
                        ocors_sentences_t *changes)
{
    ocors_site_policy_t policies[2];
    int status = EXIT_GOOD;

    for (unsigned side = 0; side < 2; side++) {
        status = ocors_status_worse(
            status,
            ocors_tree_reading_site(&trees->sides[side], pair->sites[side], api, &policies[side]));
    }
    if (status == EXIT_GOOD) {
        ocors_changes_find(changes, &policies[0].layers, &policies[1].layers);
    }
    ocors_site_policy_free(&policies[0]);
    ocors_site_policy_free(&policies[1]);
    return status;
}

static bool sentences_are_equal(const ocors_sentence_t *a, const ocors_sentence_t *b, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (strcmp(a[i].text, b[i].text) != 0) {
            return false;
        }
    }
    return true;
}

/*
 * Compares what two lists, which are sorted, say of each client. Marks what `own` has if `all` says
 * the same; a client of `all` alone is one more sentence, of `others`.
 */
static void sentences_compare(const ocors_sentences_t *all, const ocors_sentences_t *own,
                              ocors_sentences_t *others)
{
    for (size_t i = 0, k = 0; i < all->count || k < own->count;) {
        const int order = i == all->count   ? 1
                          : k == own->count ? -1
                                            : strcmp(all->items[i].subject, own->items[k].subject);
        const size_t i_end = order <= 0 ? ocors_sentences_subject_end(all, i) : i;
        const size_t k_end = order >= 0 ? ocors_sentences_subject_end(own, k) : k;
        const bool is_said = i_end - i == k_end - k
                             && sentences_are_equal(all->items + i, own->items + k, k_end - k);

        if (order < 0) {
            ocors_sentences_add(others, ocors_span_make("", 0), "= client \"%s\" does not change",
                                all->items[i].subject);
        }
        for (; k < k_end; k++) {
            own->items[k].is_said = is_said;
        }
        i = i_end;
    }
}

/* What the organisation says of a client holds for a site, unless the site says something of it. */
static void print_own(trees_t *trees, const pair_t *pair, unsigned api, ocors_sentences_t *own)
{
    ocors_sentences_t others = { .count = 0 };

    ocors_sentences_sort(own);
    sentences_compare(&trees->organisation[api], own, &others);
    ocors_sentences_sort_back(own);
    if (own->count + others.count > 0) {
        ocors_progress_hide(&trees->progress);
    }
    for (size_t i = 0; i < own->count; i++) {
        if (!own->items[i].is_said) {
            print_sentence(trees->diff, own->items[i].text, pair->name, api);
        }
    }
    for (size_t i = 0; i < others.count; i++) {
        print_sentence(trees->diff, others.items[i].text, pair->name, api);
    }
    ocors_sentences_free(&others);
}

static int diff_site(trees_t *trees, const pair_t *pair, unsigned api)
{
    ocors_sentences_t changes = { .count = 0 };
    int status;

    if (!has_document(trees, pair, api)) {
        return EXIT_GOOD;
    }
    status = pair_compare(trees, pair, api, &changes);
    if (status == EXIT_GOOD) {
        print_own(trees, pair, api, &changes);
    }
    else {
        ocors_progress_hide(&trees->progress);
    }
    ocors_sentences_free(&changes);
    return status;
}

static int diff_organisation(trees_t *trees)
{
    static const pair_t pair = { .name = "" };
    int status = EXIT_GOOD;

    for (unsigned api = 0; api < OCORS_API_COUNT; api++) {
        ocors_sentences_t *changes = &trees->organisation[api];

        status = ocors_status_worse(status, pair_compare(trees, &pair, api, changes));
        for (size_t i = 0; i < changes->count; i++) {
            print_sentence(trees->diff, changes->items[i].text, "", api);
        }
        ocors_sentences_sort(changes);
    }
    return status;
}

static void print_site(trees_t *trees, char sign, const char *name)
{
    ocors_sentences_t sentence = { .count = 0 };

    ocors_progress_hide(&trees->progress);
    ocors_sentences_add(&sentence, ocors_span_make("", 0), "%c site \"%s\"", sign, name);
    print_sentence(trees->diff, sentence.items[0].text, NULL, 0);
    ocors_sentences_free(&sentence);
}

/* Walks over the names of both sides, which are in byte order. */
static int diff_sites(trees_t *trees)
{
    const ocors_sites_t *before = &trees->sides[0].list, *after = &trees->sides[1].list;
    int status = EXIT_GOOD;

    trees->progress = ocors_progress_begin("sites", before->site_count + after->site_count);
    for (size_t i = 1, k = 1; i < before->site_count || k < after->site_count;) {
        const int order = i == before->site_count ? 1
                          : k == after->site_count
                              ? -1
                              : strcmp(before->sites[i].name, after->sites[k].name);
        const pair_t pair = { .name = order <= 0 ? before->sites[i].name : after->sites[k].name,
                              .sites = { order <= 0 ? i : 0, order >= 0 ? k : 0 } };

        if (order != 0) {
            print_site(trees, order < 0 ? '-' : '+', pair.name);
        }
        for (unsigned api = 0; api < OCORS_API_COUNT; api++) {
            status = ocors_status_worse(status, diff_site(trees, &pair, api));
        }
        i += order <= 0 ? 1 : 0;
        k += order >= 0 ? 1 : 0;
        ocors_progress_step(&trees->progress, i + k);
    }
    ocors_progress_hide(&trees->progress);
    return status;
}

static int diff_trees(diff_t *diff, const char *const paths[2])
{
    trees_t trees = { .diff = diff };
    int status = EXIT_GOOD;

    for (unsigned side = 0; side < 2; side++) {
        status = ocors_status_worse(status,
                                    ocors_tree_reading_open(&trees.sides[side], paths[side]));
    }
    if (status == EXIT_GOOD) {
        status = diff_organisation(&trees);
        status = ocors_status_worse(status, diff_sites(&trees));
    }
    for (unsigned api = 0; api < OCORS_API_COUNT; api++) {
        ocors_sentences_free(&trees.organisation[api]);
    }
    ocors_tree_reading_close(&trees.sides[0]);
    ocors_tree_reading_close(&trees.sides[1]);
    return status;
}

/* ---- The command ----------------------------------------------------------------------------- */

static bool is_directory(const char *path)
{
    return strcmp(path, "-") != 0 && ocors_file_is_directory(path);
}

int ocors_command_diff(int count, char *const arguments[])
{
    static const ocors_option_t known[] = { { .name = "--exit-code" } };
    ocors_options_t options = {
        .command = "diff", .known = known, .known_count = 1, .arguments = arguments, .count = count
    };
    diff_t diff = { .has_colours = ocors_print_has_colours(stdout) };
    const char *paths[2] = { NULL, NULL }, *value;
    bool has_exit_code = false;
    size_t path_count = 0;
    int found, status;

    while ((found = ocors_options_next(&options, &value)) != OCORS_OPTIONS_END) {
        if (found == OCORS_OPTIONS_WRONG) {
            return EXIT_UNUSABLE;
        }
        if (found == 0) {
            has_exit_code = true;
        }
        else if (path_count == 2) {
            return ocors_usage_error("diff", "there is one argument too many: %.200s", value);
        }
        else {
            paths[path_count++] = value;
        }
    }
    if (path_count < 2) {
        return ocors_usage_error("diff", "OLD or NEW is missing");
    }
    if (is_directory(paths[0]) != is_directory(paths[1])) {
        return ocors_usage_error("diff", "OLD and NEW must be two documents, or two trees");
    }
    status = is_directory(paths[0]) ? diff_trees(&diff, paths) : diff_files(&diff, paths);
    return status == EXIT_GOOD && has_exit_code && diff.revokes ? EXIT_ERRORS : status;
}
