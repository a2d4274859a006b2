/* SPDX-License-Identifier: Apache-2.0 */
/* ocapi-cors: the settings document's rules on the command line, over the module's own core. */

#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "ocors_command.h"
#include "ocors_help.h"
#include "ocors_options.h"
#include "ocors_version.h"

static const struct {
    const char *name;
    ocors_command_t *run;
} commands[] = {
    { "check", ocors_command_check }, { "explain", ocors_command_explain },
    { "list", ocors_command_list },   { "diff", ocors_command_diff },
    { "allow", ocors_command_allow }, { "revoke", ocors_command_revoke },
};

static bool is_help(const char *argument)
{
    return strcmp(argument, "--help") == 0 || strcmp(argument, "-h") == 0;
}

/* `command` NULL: all of them. */
static int print_help(const char *command)
{
    if (!ocors_help_print(stdout, command)) {
        return ocors_usage_error(NULL, "there is no command %.100s", command);
    }
    return EXIT_GOOD;
}

static int run(int count, char *arguments[])
{
    if (count < 1) {
        return ocors_usage_error(NULL, "a command is missing");
    }
    if (strcmp(arguments[0], "--version") == 0 && count == 1) {
        puts("ocapi-cors " OCORS_VERSION);
        return EXIT_GOOD;
    }
    if (is_help(arguments[0])) {
        return print_help(NULL);
    }
    if (strcmp(arguments[0], "help") == 0) {
        return count > 2 ? ocors_usage_error("help", "there is one COMMAND at most")
                         : print_help(count < 2               ? NULL
                                      : is_help(arguments[1]) ? arguments[0]
                                                              : arguments[1]);
    }
    for (size_t i = 0; i < sizeof(commands) / sizeof(commands[0]); i++) {
        if (strcmp(arguments[0], commands[i].name) == 0) {
            /* Elsewhere it may be a value from a script, to which 0 would be a verdict. */
            return count > 1 && is_help(arguments[1]) ? print_help(arguments[0])
                                                      : commands[i].run(count - 1, arguments + 1);
        }
    }
    return ocors_usage_error(NULL, "there is no command %.100s", arguments[0]);
}

/*
 * Takes the numbers of closed standard streams, so that no document that is opened or written gets
 * one of them. Reading and writing fail there as they do when the stream is closed.
 */
static bool take_streams(void)
{
    for (;;) {
        int number = open("/dev/null", O_WRONLY);

        if (number > STDIN_FILENO && number <= STDERR_FILENO) {
            close(number);
            number = open("/dev/null", O_RDONLY);
        }
        if (number < 0 || number > STDERR_FILENO) {
            return number >= 0 && close(number) == 0;
        }
    }
}

int main(int argc, char *argv[])
{
    int status;

    if (!take_streams()) {
        perror("ocapi-cors: /dev/null");
        return EXIT_UNUSABLE;
    }
    status = run(argc - 1, argv + 1);
    if (fflush(stdout) != 0 || ferror(stdout)) {
        perror("ocapi-cors: standard output");
        return EXIT_UNUSABLE; /* the reader of a verdict that was not written must not see 0 */
    }
    return status;
}
