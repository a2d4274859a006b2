/* SPDX-License-Identifier: Apache-2.0 */
/* The arguments of a command: options and operands, in any order. */

#include "ocors_options.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "ocors_help.h"
#include "ocors_print.h"

static bool option_is(const ocors_option_t *option, const char *argument, size_t length)
{
    return strlen(option->name) == length && memcmp(option->name, argument, length) == 0;
}

/* The value of an option that needs one: behind its '=', or the next argument. */
static const char *option_value(ocors_options_t *options, const char *equals)
{
    if (equals != NULL) {
        return equals + 1;
    }
    return options->at < options->count ? options->arguments[options->at++] : NULL;
}

static int option_take(ocors_options_t *options, const char *argument, const char **value)
{
    const char *equals = strchr(argument, '=');
    const size_t length = equals != NULL ? (size_t)(equals - argument) : strlen(argument);

    for (size_t i = 0; i < options->known_count; i++) {
        const ocors_option_t *option = &options->known[i];

        if (!option_is(option, argument, length)) {
            continue;
        }
        if ((options->seen & 1u << i) != 0 && !option->is_repeatable) {
            ocors_usage_error(options->command, "%s is given twice", option->name);
            return OCORS_OPTIONS_WRONG;
        }
        options->seen |= 1u << i;
        *value = option->has_value ? option_value(options, equals) : NULL;
        if (option->has_value && *value == NULL) {
            ocors_usage_error(options->command, "%s needs a value", option->name);
            return OCORS_OPTIONS_WRONG;
        }
        if (!option->has_value && equals != NULL) {
            ocors_usage_error(options->command, "%s takes no value", option->name);
            return OCORS_OPTIONS_WRONG;
        }
        return (int)i;
    }
    if (strcmp(argument, "--help") == 0 || strcmp(argument, "-h") == 0) {
        ocors_usage_error(options->command, "%s must be the first argument", argument);
        return OCORS_OPTIONS_WRONG;
    }
    ocors_usage_error(options->command, "%.*s is not an option of this command",
                      (int)(length < 200 ? length : 200), argument);
    return OCORS_OPTIONS_WRONG;
}

int ocors_options_next(ocors_options_t *options, const char **value)
{
    const char *argument;

    if (options->at >= options->count) {
        return OCORS_OPTIONS_END;
    }
    argument = options->arguments[options->at++];
    if (!options->has_ended && strcmp(argument, "--") == 0) {
        options->has_ended = true;
        return ocors_options_next(options, value);
    }
    if (!options->has_ended && argument[0] == '-' && argument[1] != '\0') {
        return option_take(options, argument, value);
    }
    if (strcmp(argument, "-") == 0) { /* standard input, which ends once */
        if (options->has_input) {
            ocors_usage_error(options->command, "standard input is given twice");
            return OCORS_OPTIONS_WRONG;
        }
        options->has_input = true;
    }
    *value = argument;
    return OCORS_OPTIONS_OPERAND;
}

int ocors_usage_error(const char *command, const char *format, ...)
{
    va_list arguments;

    ocors_help_synopsis(stderr, command);
    fprintf(stderr, "ocapi-cors%s%s: ", command != NULL ? " " : "", command != NULL ? command : "");
    va_start(arguments, format);
    ocors_print_sentence(stderr, format, arguments);
    va_end(arguments);
    return EXIT_UNUSABLE;
}
