/* SPDX-License-Identifier: Apache-2.0 */
/* `ocapi-cors explain`: what the module would do with a request, and why. */

#include "ocors_command.h"

#include <stdio.h>
#include <stdlib.h>

#include "ocors_account.h"
#include "ocors_answer.h"
#include "ocors_memory.h"
#include "ocors_options.h"
#include "ocors_print.h"
#include "ocors_trial.h"

enum {
    OPTION_TREE,
    OPTION_ORIGIN,
    OPTION_METHOD,
    OPTION_URL,
    OPTION_CLIENT,
    OPTION_HEADER,
    OPTION_EXIT_CODE
};

static const ocors_option_t known[] = {
    [OPTION_TREE] = { .name = "--tree", .has_value = true },
    [OPTION_ORIGIN] = { .name = "--origin", .has_value = true },
    [OPTION_METHOD] = { .name = "--method", .has_value = true },
    [OPTION_URL] = { .name = "--url", .has_value = true },
    [OPTION_CLIENT] = { .name = "--client", .has_value = true },
    [OPTION_HEADER] = { .name = "--header", .has_value = true, .is_repeatable = true },
    [OPTION_EXIT_CODE] = { .name = "--exit-code" },
};

typedef struct explain_t {
    ocors_sample_t sample;
    const char **paths;
    size_t path_count;
    const char *tree, *url;
    bool has_exit_code;
    bool has_colours;
} explain_t;

/* ---- The command line ------------------------------------------------------------------------ */

/* Takes an option. NULL: it was taken; else what is wrong with its value. */
static const char *option_take(explain_t *explain, int option, const char *value)
{
    ocors_sample_t *sample = &explain->sample;

    switch (option) {
    case OPTION_TREE:
        explain->tree = value;
        break;
    case OPTION_ORIGIN:
        return ocors_sample_add(sample, OCORS_SPAN_LITERAL("Origin"),
                                ocors_span_from_string(value));
    case OPTION_METHOD:
        return ocors_sample_set_method(sample, value);
    case OPTION_URL:
        explain->url = value;
        break;
    case OPTION_CLIENT:
        return ocors_sample_add(sample, OCORS_SPAN_LITERAL("x-dw-client-id"),
                                ocors_span_from_string(value));
    case OPTION_HEADER:
        return ocors_sample_add_field(sample, value);
    default:
        explain->has_exit_code = true;
        break;
    }
    return NULL;
}

/* What the arguments lack together; NULL: nothing. */
static const char *lack_of(const explain_t *explain)
{
    if (explain->tree != NULL && explain->path_count > 0) {
        return "give --tree or FILE, not both";
    }
    if (explain->tree == NULL && explain->path_count == 0) {
        return "--tree DIR or a FILE is missing";
    }
    if (explain->path_count > OCORS_POLICY_LAYERS_MAX) {
        return "a policy has 16 documents at most";
    }
    return explain->tree != NULL && explain->url == NULL
               ? "--url is missing: in a tree, the path names site and API"
               : NULL;
}

/* Reads the arguments. False: the error is printed. */
static bool arguments_read(explain_t *explain, int count, char *const arguments[])
{
    ocors_options_t options = { .command = "explain",
                                .known = known,
                                .known_count = sizeof(known) / sizeof(known[0]),
                                .arguments = arguments,
                                .count = count };
    const char *value, *error;
    int found;

    while ((found = ocors_options_next(&options, &value)) != OCORS_OPTIONS_END) {
        if (found == OCORS_OPTIONS_WRONG) {
            return false;
        }
        if (found == OCORS_OPTIONS_OPERAND) {
            explain->paths[explain->path_count++] = value;
            continue;
        }
        error = option_take(explain, found, value);
        if (error != NULL) {
            (void)ocors_usage_error("explain", "%s %.200s: %s", known[found].name, value, error);
            return false;
        }
    }
    error = lack_of(explain);
    if (error != NULL) {
        (void)ocors_usage_error("explain", "%s", error);
        return false;
    }
    error = explain->url != NULL ? ocors_sample_set_url(&explain->sample, explain->url) : NULL;
    if (error != NULL) {
        (void)ocors_usage_error("explain", "--url %.200s: %s", explain->url, error);
    }
    return error == NULL;
}

/* ---- What is printed ------------------------------------------------------------------------- */

static void print_line(const char *label, const char *text)
{
    printf("%-9s ", label);
    ocors_print_string(stdout, text);
    putchar('\n');
}

static void print_request(const explain_t *explain)
{
    const ocors_sample_t *sample = &explain->sample;
    const ocors_span_t origin = ocors_sample_field(sample, "Origin");
    const ocors_span_t host = ocors_sample_field(sample, "Host");

    fputs("request:  ", stdout);
    ocors_print_string(stdout, sample->method);
    putchar(' ');
    ocors_print_string(stdout, sample->line);
    if (host.length > 0) {
        fputs(", host ", stdout);
        ocors_print_text(stdout, host);
    }
    fputs("\norigin:   ", stdout);
    ocors_print_text(stdout, origin.bytes != NULL ? origin : OCORS_SPAN_LITERAL("none is sent"));
    putchar('\n');
}

static void print_site(const ocors_policies_t *policies)
{
    if (policies->site == NULL) {
        print_line("site:", "the path does not name one for certain");
    }
    else if (policies->site[0] == '\0') {
        print_line("site:", "none of the tree: the organisation's documents");
    }
    else {
        print_line("site:", policies->site);
    }
}

static void print_verdict(const explain_t *explain, const ocors_trial_t *trial)
{
    const ocors_decision_t *decision = &trial->decision;
    const bool is_bad = decision->reason != OCORS_REASON_NONE;

    fputs("verdict:  ", stdout);
    ocors_print_coloured(stdout, explain->has_colours,
                         is_bad ? OCORS_COLOUR_RED : OCORS_COLOUR_GREEN,
                         ocors_verdict_name(decision->verdict));
    putchar('\n');
    if (is_bad) {
        printf("reason:   %s: %s\n", ocors_reason_name(decision->reason),
               ocors_account_reason(decision->reason));
    }
}

static void print_trial(const explain_t *explain, const ocors_trial_t *trial)
{
    print_request(explain);
    if (explain->tree != NULL) {
        print_site(trial->policies);
    }
    print_verdict(explain, trial);
    ocors_account_print(stdout, trial);
    if (!trial->has_own_host) {
        print_line("note:", "own origins (R10) are left out: --url names no host");
    }
    fputs("answer:   ", stdout);
    ocors_answer_print(stdout, trial);
}

/* 1.7: a path outside /dw/ of a tree. */
static void print_outside(const explain_t *explain)
{
    print_request(explain);
    print_line("verdict:", "none");
    print_line("decided:", "the path is outside /dw/: a tree has no policy for it");
    print_line("answer:", "that of the server, as if the module were off");
}

/* ---- The command ----------------------------------------------------------------------------- */

static int status_of(const explain_t *explain, const ocors_trial_t *trial)
{
    const bool is_cross_origin = trial->is_outside
                                     ? ocors_sample_field(trial->sample, "Origin").bytes != NULL
                                     : trial->decision.reason != OCORS_REASON_NONE;

    return explain->has_exit_code && is_cross_origin ? EXIT_ERRORS : EXIT_GOOD;
}

static int explain_run(explain_t *explain)
{
    ocors_policies_t policies = { .count = 0 };
    ocors_trial_t trial;
    int status = EXIT_GOOD;

    explain->has_colours = ocors_print_has_colours(stdout);
    ocors_trial_begin(&trial, &explain->sample, explain->tree != NULL);
    if (explain->tree == NULL) {
        status = ocors_policies_read(&policies, explain->paths, explain->path_count);
    }
    else {
        status = ocors_policies_read_tree(&policies, explain->tree,
                                          trial.is_outside ? NULL : &trial.path);
    }
    if (status == EXIT_GOOD && trial.is_outside) {
        print_outside(explain);
    }
    else if (status == EXIT_GOOD) {
        ocors_trial_judge(&trial, &policies);
        print_trial(explain, &trial);
    }
    status = status == EXIT_GOOD ? status_of(explain, &trial) : status;
    ocors_trial_free(&trial);
    ocors_policies_free(&policies);
    return status;
}

int ocors_command_explain(int count, char *const arguments[])
{
    explain_t explain = { .paths = ocors_memory_get((size_t)count, sizeof(*explain.paths)) };
    int status = EXIT_UNUSABLE;

    ocors_sample_init(&explain.sample);
    if (arguments_read(&explain, count, arguments)) {
        status = explain_run(&explain);
    }
    ocors_sample_free(&explain.sample);
    free(explain.paths);
    return status;
}
