/* SPDX-License-Identifier: Apache-2.0 */
/* The arguments of a command: options and operands, in any order. */
#ifndef OCORS_OPTIONS_H
#define OCORS_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>

/* Exit statuses, for scripts. */
enum {
    EXIT_GOOD = 0,
    EXIT_ERRORS = 1,  /* a document cannot be used, or what was asked for is not so */
    EXIT_UNUSABLE = 2 /* the command line is wrong, or a file cannot be read or written */
};

/* The worse of two statuses. */
static inline int ocors_status_worse(int a, int b)
{
    return a > b ? a : b;
}

/* An option that a command has. At most 32. */
typedef struct ocors_option_t {
    const char *name; /* "--format" */
    bool has_value;   /* "--format json" or "--format=json" */
    bool is_repeatable;
} ocors_option_t;

/* What ocors_options_next() found: the index of an option, or one of these. */
enum {
    OCORS_OPTIONS_END = -1,
    OCORS_OPTIONS_OPERAND = -2,
    OCORS_OPTIONS_WRONG = -3 /* the error is printed */
};

/* A walk over the arguments behind the command's name. All memory is the caller's. */
typedef struct ocors_options_t {
    const char *command;
    const ocors_option_t *known;
    size_t known_count;
    char *const *arguments;
    int count;
    int at;
    bool has_ended; /* after "--" everything is an operand */
    bool has_input; /* "-" was an operand */
    unsigned seen;  /* a bit for each known option */
} ocors_options_t;

/*
 * The next argument. *value is an option's value, or the operand. An unknown option, one without
 * its value, and one that is given twice and may not be, are errors that name the option. A second
 * "-" is an error, too.
 */
int ocors_options_next(ocors_options_t *options, const char **value);

/*
 * Prints the synopsis of the command (NULL: of ocapi-cors) and the message on standard error.
 * Returns EXIT_UNUSABLE.
 */
int ocors_usage_error(const char *command, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

#endif
