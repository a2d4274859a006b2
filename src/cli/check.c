/* SPDX-License-Identifier: Apache-2.0 */
/* `ocapi-cors check`: documents and trees are judged as the server judges them. */

#include "ocors_command.h"

#include <stdlib.h>
#include <string.h>

#include "ocors_file.h"
#include "ocors_finding_print.h"
#include "ocors_sites.h"
#include "ocors_layers.h"
#include "ocors_memory.h"
#include "ocors_options.h"
#include "ocors_print.h"
#include "ocors_progress.h"
#include "ocors_reading.h"

typedef struct check_t {
    bool is_strict;
    ocors_finding_printer_t printer;
    int status;
} check_t;

/* What was found in a tree. */
typedef struct totals_t {
    ocors_report_t places; /* its counts only */
    size_t site_count, document_count, client_count, origin_count;
} totals_t;

static bool is_text(const check_t *check)
{
    return check->printer.format == OCORS_FORMAT_TEXT;
}

static void status_raise(check_t *check, int status)
{
    check->status = ocors_status_worse(check->status, status);
}

/* `--strict`: warnings are as bad as errors. */
static int status_of(const check_t *check, int status, size_t warnings)
{
    return status == EXIT_GOOD && check->is_strict && warnings > 0 ? EXIT_ERRORS : status;
}

/* A line about what cannot be read goes to standard error, unless a program reads the records. */
static void print_unreadable(const char *path, const char *message)
{
    fflush(stdout);
    fputs("ocapi-cors: ", stderr);
    ocors_print_string(stderr, path);
    fputs(": ", stderr);
    ocors_print_string(stderr, message);
    fputc('\n', stderr);
}

/* All findings of a document. */
static void print_findings(check_t *check, const ocors_reading_t *reading)
{
    if (reading->status == EXIT_UNUSABLE && is_text(check) && reading->report.count > 0) {
        print_unreadable(reading->path, reading->report.items[reading->report.count - 1].detail);
        return;
    }
    ocors_finding_print(&check->printer, reading->path, &reading->report);
}

static void print_count(FILE *out, const char *before, size_t count, const char *what)
{
    fprintf(out, "%s%zu %s%s", before, count, what, count == 1 ? "" : "s");
}

/* The beginning of a last line: the verdict, and the counts of findings. */
static void print_verdict(const check_t *check, const char *path, int status,
                          const ocors_report_t *report)
{
    const char *word = status == EXIT_GOOD ? "good" : "refused";
    const bool is_by_strict = status != EXIT_GOOD && !ocors_report_has_errors(report);
    char totals[128];

    (void)ocors_report_format_totals(report, totals, sizeof(totals));
    ocors_print_string(stdout, path);
    fputs(": ", stdout);
    ocors_print_coloured(stdout, check->printer.has_colours,
                         status == EXIT_GOOD ? OCORS_COLOUR_GREEN : OCORS_COLOUR_RED, word);
    printf("%s: %s", is_by_strict ? " (--strict)" : "", totals);
}

/* The last line about a document: its verdict, and what it allows. */
static void print_last_line(const check_t *check, const ocors_reading_t *reading, int status)
{
    print_verdict(check, reading->path, status, &reading->report);
    if (reading->settings != NULL) {
        print_count(stdout, "; ", reading->settings->client_count, "client");
        print_count(stdout, ", ", reading->settings->origin_count, "usable origin");
    }
    fputc('\n', stdout);
}

static void check_file(check_t *check, const char *path)
{
    ocors_reading_t reading;
    int status;

    ocors_reading_make(&reading, path, false);
    status = status_of(check, reading.status, reading.report.totals[OCORS_SEVERITY_WARNING]);
    print_findings(check, &reading);
    if (is_text(check) && status != EXIT_UNUSABLE) {
        print_last_line(check, &reading, status);
    }
    status_raise(check, status);
    ocors_reading_free(&reading);
}

/* ---- A tree ---------------------------------------------------------------------------------- */

/* What a whole check of a tree shares. */
typedef struct tree_t {
    check_t *check;
    const ocors_sites_t *list;
    totals_t totals;
    ocors_reading_t organisation[OCORS_API_COUNT];
    ocors_progress_t progress;
    int status;
} tree_t;

static void tree_count(tree_t *tree, const ocors_reading_t *reading)
{
    for (size_t i = 0; i < 3; i++) {
        tree->totals.places.totals[i] += reading->report.totals[i];
    }
    tree->totals.document_count++;
    if (reading->settings != NULL) {
        tree->totals.client_count += reading->settings->client_count;
        tree->totals.origin_count += reading->settings->origin_count;
    }
    tree->status = ocors_status_worse(tree->status, reading->status);
}

static void print_notes(tree_t *tree)
{
    for (size_t i = 0; i < tree->list->note_count; i++) {
        const ocors_sites_note_t *note = &tree->list->notes[i];

        tree->totals.places.totals[note->severity]++;
        if (note->is_unreadable && is_text(tree->check)) {
            print_unreadable(note->path, note->text);
        }
        else {
            ocors_finding_print_note(&tree->check->printer, note->path, note->severity, note->text);
        }
    }
}

/* Warns of a policy that allows nothing, at its last document, as the server does. */
static void warn_empty(tree_t *tree, const ocors_reading_t *organisation,
                       const ocors_reading_t *site)
{
    const ocors_reading_t *last = site != NULL ? site : organisation;
    ocors_layers_t layers = { .count = 0 };

    if (last == NULL || !ocors_layers_add(&layers, organisation)
        || (site != organisation && !ocors_layers_add(&layers, site))
        || ocors_layers_allow_any(&layers)) {
        return;
    }
    tree->totals.places.totals[OCORS_SEVERITY_WARNING]++;
    ocors_finding_print_note(&tree->check->printer, last->path, OCORS_SEVERITY_WARNING,
                             "the policy of this document, and of those before it, allows no "
                             "origin");
}

/* The reading of the organisation's document, or NULL. */
static const ocors_reading_t *organisation_of(const tree_t *tree, unsigned api)
{
    return tree->list->sites[0].paths[api] != NULL ? &tree->organisation[api] : NULL;
}

static void check_document(tree_t *tree, size_t site, unsigned api)
{
    const char *path = tree->list->sites[site].paths[api];
    ocors_reading_t own = { .settings = NULL };
    ocors_reading_t *reading = site == 0 ? &tree->organisation[api] : &own;

    if (path == NULL) {
        return;
    }
    ocors_reading_make(reading, path, true);
    tree_count(tree, reading);
    if (reading->report.count > 0) {
        ocors_progress_hide(&tree->progress);
    }
    print_findings(tree->check, reading);
    warn_empty(tree, organisation_of(tree, api), reading);
    if (site != 0) {
        ocors_reading_free(reading);
    }
}

static void print_tree_line(tree_t *tree, int status)
{
    const totals_t *totals = &tree->totals;

    print_verdict(tree->check, tree->list->directory, status, &totals->places);
    print_count(stdout, "; ", totals->site_count, "site");
    print_count(stdout, ", ", totals->document_count, "document");
    print_count(stdout, ", ", totals->client_count, "client");
    print_count(stdout, ", ", totals->origin_count, "usable origin");
    fputc('\n', stdout);
}

static void check_tree(check_t *check, const char *path)
{
    ocors_sites_t list;
    tree_t tree = { .check = check, .list = &list };
    int status;

    ocors_sites_list(&list, path);
    tree.totals.site_count = list.site_count - 1;
    tree.status = ocors_sites_status(&list);
    tree.progress = ocors_progress_begin("sites", list.site_count);
    print_notes(&tree);
    for (size_t i = 0; i < list.site_count; i++) {
        for (unsigned api = 0; api < OCORS_API_COUNT; api++) {
            check_document(&tree, i, api);
        }
        ocors_progress_step(&tree.progress, i + 1);
    }
    ocors_progress_hide(&tree.progress);
    status = status_of(check, tree.status, tree.totals.places.totals[OCORS_SEVERITY_WARNING]);
    if (is_text(check)) {
        print_tree_line(&tree, status);
    }
    status_raise(check, status);
    for (unsigned api = 0; api < OCORS_API_COUNT; api++) {
        ocors_reading_free(&tree.organisation[api]);
    }
    ocors_sites_free(&list);
}

/* ---- The command ----------------------------------------------------------------------------- */

enum {
    OPTION_STRICT,
    OPTION_FORMAT
};

static const ocors_option_t known[] = {
    [OPTION_STRICT] = { .name = "--strict" },
    [OPTION_FORMAT] = { .name = "--format", .has_value = true },
};

int ocors_command_check(int count, char *const arguments[])
{
    ocors_options_t options = { .command = "check",
                                .known = known,
                                .known_count = sizeof(known) / sizeof(known[0]),
                                .arguments = arguments,
                                .count = count };
    const char **paths = ocors_memory_get((size_t)count, sizeof(*paths));
    ocors_format_t format = OCORS_FORMAT_TEXT;
    check_t check = { .status = EXIT_GOOD };
    size_t path_count = 0;
    const char *value;
    int found;

    while ((found = ocors_options_next(&options, &value)) != OCORS_OPTIONS_END) {
        switch (found) {
        case OPTION_STRICT:
            check.is_strict = true;
            break;
        case OPTION_FORMAT:
            if (!ocors_format_parse(value, &format)) {
                free(paths);
                return ocors_usage_error("check", "--format must be text, gcc, json or github");
            }
            break;
        case OCORS_OPTIONS_OPERAND:
            paths[path_count++] = value;
            break;
        default:
            free(paths);
            return EXIT_UNUSABLE;
        }
    }
    if (path_count == 0) {
        free(paths);
        return ocors_usage_error("check", "a FILE or a DIR is missing");
    }
    check.printer = ocors_finding_print_begin(stdout, format);
    for (size_t i = 0; i < path_count; i++) {
        if (strcmp(paths[i], "-") != 0 && ocors_file_is_directory(paths[i])) {
            check_tree(&check, paths[i]);
        }
        else {
            check_file(&check, paths[i]);
        }
    }
    ocors_finding_print_end(&check.printer);
    free(paths);
    return check.status;
}
