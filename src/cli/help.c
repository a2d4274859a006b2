/* SPDX-License-Identifier: Apache-2.0 */
/* What ocapi-cors says of its commands. */

#include "ocors_help.h"

#include <stddef.h>
#include <string.h>

typedef struct help_t {
    const char *command;
    const char *synopsis; /* behind "ocapi-cors " */
    const char *purpose;  /* one line */
    const char *text;
} help_t;

static const help_t helps[] = {
    { .command = "check",
      .synopsis = "check [--strict] [--format text|gcc|json|github] FILE|DIR...",
      .purpose = "judges documents, and prints every error, warning and remark",
      .text = "Judges each settings document as the server does. A directory is read as a tree in\n"
              "the layout of a site archive, as OcapiCorsSettingsTree reads it. \"-\" is standard\n"
              "input. The last line counts the findings, the clients, and the origins that the\n"
              "clients can use.\n"
              "\n"
              "  --strict   warnings count as errors\n"
              "  --format   text (for people), gcc (FILE:LINE:COLUMN: error: ..., for editors),\n"
              "             json (a list of records), github (annotations of a workflow)\n"
              "\n"
              "Exit status: 0 the documents can be used, 1 a document is bad, 2 wrong usage, or a\n"
              "file or a folder that cannot be read.\n" },
    { .command = "explain",
      .synopsis = "explain [--tree DIR|FILE...] [--origin O] [--method M] [--url U] [--client C]\n"
                  "                         [--header 'N: V']... [--exit-code]",
      .purpose = "says what the module does with a request, and why",
      .text =
          "Decides a request as the module does, by the documents, layered in their order, or by\n"
          "those that a tree has for the URL, and the defaults of all directives. Prints the\n"
          "verdict, the reason, the client and the document that decide, the nearest listed\n"
          "origin, and the headers that are sent.\n"
          "\n"
          "  --tree DIR       a tree in the layout of a site archive; needs --url\n"
          "  --origin O       the Origin; without it the request is not cross-origin\n"
          "  --method M       GET by default\n"
          "  --url U          http(s)://HOST/PATH or /PATH. HOST counts as a configured name;\n"
          "                   without one, own origins are not judged, and the output says so\n"
          "  --client C       the same as --header 'x-dw-client-id: C'\n"
          "  --header 'N: V'  another field, as Access-Control-Request-Method of a preflight\n"
          "  --exit-code      status 1 unless the request is allowed, own or without an Origin\n"
          "\n"
          "Exit status: 0 done, 1 a document is bad (and --exit-code), 2 wrong usage, or a file\n"
          "that cannot be read.\n" },
    { .command = "list",
      .synopsis = "list --tree DIR|FILE...",
      .purpose = "prints the policy that documents make together",
      .text =
          "Prints the clients in force with their origins, resources and response headers, and the\n"
          "document that each is of. Documents are layered in their order: a client replaces the\n"
          "client of the same id before it. For a tree, the policy of each site that has documents\n"
          "is printed.\n"
          "\n"
          "Exit status: 0 done, 1 a document is bad, 2 wrong usage, or a file that cannot be read.\n" },
    { .command = "diff",
      .synopsis = "diff [--exit-code] OLD NEW",
      .purpose = "says what a change of documents gives and takes",
      .text =
          "Compares two documents, or two trees, by what is in force: \"+\" and \"-\" tell the sites,\n"
          "clients, origins and methods that come and go. A site's lines of a client take the\n"
          "place of the organisation's; \"=\" tells that the client does not change there. The\n"
          "methods are those that a preflight shows: a path that no resource names has the default\n"
          "of OcapiCorsMethods.\n"
          "\n"
          "  --exit-code   status 1 if anything goes, or is not compared (\"?\")\n"
          "\n"
          "Exit status: 0 done, 1 a document is bad (and --exit-code), 2 wrong usage, or a file\n"
          "that cannot be read.\n" },
    { .command = "allow",
      .synopsis = "allow FILE --client ID ORIGIN",
      .purpose = "puts an origin into the list of a client of a document",
      .text =
          "Puts an origin into allowed_origins of one client of a document, and changes nothing\n"
          "else of its text. A client without a list gets one. The file is replaced as a whole;\n"
          "its owner and mode stay, a link is followed, and a second edit waits for the first.\n"
          "An origin that is listed already leaves the file alone.\n"
          "\n"
          "Exit status: 0 the document allows the origin, 1 the client is unknown, the origin is\n"
          "not valid, or the document is bad or would be, 2 wrong usage, or a file that cannot\n"
          "be read or written.\n" },
    { .command = "revoke",
      .synopsis = "revoke FILE --client ID ORIGIN",
      .purpose = "takes an origin out of the list of a client of a document",
      .text =
          "Takes an origin out of allowed_origins of one client of a document, as `allow` puts\n"
          "it in. An origin that is not listed leaves the file alone.\n"
          "\n"
          "Exit status: as that of `allow`.\n" },
    { .command = "help",
      .synopsis = "help [COMMAND]",
      .purpose = "says what a command does",
      .text =
          "Prints the commands, or all there is to say of one. `ocapi-cors COMMAND --help` does\n"
          "the same; `ocapi-cors --version` prints the version.\n" },
};

static const help_t *help_find(const char *command)
{
    for (size_t i = 0; i < sizeof(helps) / sizeof(helps[0]); i++) {
        if (strcmp(helps[i].command, command) == 0) {
            return &helps[i];
        }
    }
    return NULL;
}

void ocors_help_synopsis(FILE *out, const char *command)
{
    const help_t *help = command != NULL ? help_find(command) : NULL;

    if (help != NULL) {
        fprintf(out, "usage: ocapi-cors %s\n", help->synopsis);
        return;
    }
    for (size_t i = 0; i < sizeof(helps) / sizeof(helps[0]); i++) {
        fprintf(out, "%s ocapi-cors %s\n", i == 0 ? "usage:" : "      ", helps[i].synopsis);
    }
    fputs("       ocapi-cors --help | --version\n", out);
}

bool ocors_help_print(FILE *out, const char *command)
{
    const help_t *help = command != NULL ? help_find(command) : NULL;

    if (command != NULL && help == NULL) {
        return false;
    }
    ocors_help_synopsis(out, command);
    fputc('\n', out);
    if (help != NULL) {
        fputs(help->text, out);
        return true;
    }
    for (size_t i = 0; i < sizeof(helps) / sizeof(helps[0]); i++) {
        fprintf(out, "  %-8s %s\n", helps[i].command, helps[i].purpose);
    }
    fputs(
        "\nExit status: 0 done, 1 a document is bad, 2 wrong usage or unreadable; `ocapi-cors help\n"
        "COMMAND` says more.\n",
        out);
    return true;
}
