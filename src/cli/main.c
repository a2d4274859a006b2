/* SPDX-License-Identifier: Apache-2.0 */
/* ocapi-cors: the settings document's rules on the command line, over the module's own core. */

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "cli.h"
#include "ocors_settings_parse.h"
#include "ocors_version.h"

static const char usage[] =
    "usage: ocapi-cors check FILE...\n"
    "       ocapi-cors allow FILE --client ID ORIGIN\n"
    "       ocapi-cors revoke FILE --client ID ORIGIN\n"
    "       ocapi-cors --help | --version\n"
    "\n"
    "check   Prints every error, warning and remark of OCAPI settings documents, each with its\n"
    "        place: FILE:LINE:COLUMN where the text is not JSON, else FILE: PATH. \"-\" is standard\n"
    "        input. A document with errors is one that the module refuses. The last line counts\n"
    "        the findings, the clients, and the origins that the clients can use.\n"
    "allow   Puts an origin into allowed_origins of one client of a document, and changes nothing\n"
    "        else of its text. The file is replaced as a whole; its owner and mode stay, and a link\n"
    "        is followed. An origin that is listed already leaves the file alone.\n"
    "revoke  Takes an origin out. An origin that is not listed leaves the file alone.\n"
    "\n"
    "Exit status: 0 no errors, 1 errors, an unknown client, or no origin,\n"
    "2 wrong usage, or a file that cannot be read or written.\n";

char *ocors_stream_read(FILE *stream, size_t *length)
{
    size_t room = 65536;
    char *bytes = malloc(room);

    *length = 0;
    while (bytes != NULL) {
        char *larger;

        *length += fread(bytes + *length, 1, room - *length, stream);
        if (ferror(stream)) {
            break;
        }
        /* One byte more than is allowed is enough to be refused. */
        if (feof(stream) || *length > OCORS_DOCUMENT_MAX) {
            return bytes;
        }
        room *= 2;
        larger = realloc(bytes, room);
        if (larger == NULL) {
            break;
        }
        bytes = larger;
    }
    free(bytes);
    return NULL;
}

static char *file_read(const char *path, size_t *length)
{
    struct stat info;
    FILE *file;
    char *bytes;
    int error;

    if (strcmp(path, "-") == 0) {
        return ocors_stream_read(stdin, length);
    }
    file = fopen(path, "rb");
    if (file == NULL) {
        return NULL;
    }
    if (fstat(fileno(file), &info) == 0 && S_ISDIR(info.st_mode)) {
        errno = EISDIR;
        bytes = NULL;
    }
    else {
        bytes = ocors_stream_read(file, length);
    }
    error = errno;
    fclose(file);
    errno = error;
    return bytes;
}

static void finding_print(const ocors_finding_t *finding, const char *path)
{
    const char *name = ocors_finding_name(finding->code);
    const int length = ocors_finding_format(finding, path, NULL, 0);
    char *line = malloc((size_t)length + 1);

    if (line == NULL) {
        printf("%s: %s\n", path, name);
        return;
    }
    ocors_finding_format(finding, path, line, (size_t)length + 1);
    printf("%s [%s]\n", line, name);
    free(line);
}

void ocors_findings_print(const ocors_report_t *report, const char *path)
{
    for (size_t i = 0; i < report->count; i++) {
        finding_print(&report->items[i], path);
    }
}

/* The last line about a document: its verdict, and what it allows. */
static void verdict_print(const char *path, const ocors_report_t *report,
                          const ocors_settings_t *settings)
{
    char totals[128];

    (void)ocors_report_format_totals(report, totals, sizeof(totals));
    if (settings == NULL) {
        printf("%s: refused: %s\n", path, totals);
        return;
    }
    printf("%s: good: %s; %zu client%s, %zu usable origin%s\n", path, totals,
           settings->client_count, settings->client_count == 1 ? "" : "s", settings->origin_count,
           settings->origin_count == 1 ? "" : "s");
}

/* One document: what there is to say of it, and its verdict. */
static int check_file(const char *path)
{
    ocors_report_t report;
    ocors_settings_t *settings;
    ocors_result_t status;
    size_t length;
    char *bytes;

    errno = 0;
    bytes = file_read(path, &length);
    if (bytes == NULL) {
        fprintf(stderr, "ocapi-cors: %s: %s\n", path, strerror(errno != 0 ? errno : ENOMEM));
        return EXIT_UNUSABLE;
    }
    ocors_report_init(&report);
    status = ocors_settings_parse(ocors_span_make(bytes, length), &report, &settings);
    free(bytes);
    ocors_findings_print(&report, path);
    if (status == OCORS_NO_MEMORY) {
        fprintf(stderr, "ocapi-cors: %s: %s\n", path, strerror(ENOMEM));
    }
    else {
        verdict_print(path, &report, settings);
    }
    if (status == OCORS_OK) {
        ocors_settings_free(settings);
    }
    ocors_report_free(&report);
    return status == OCORS_OK ? EXIT_GOOD : status == OCORS_INVALID ? EXIT_ERRORS : EXIT_UNUSABLE;
}

static int command_check(int count, char *const paths[])
{
    int worst = EXIT_GOOD;

    if (count < 1) {
        fputs(usage, stderr);
        return EXIT_UNUSABLE;
    }
    for (int i = 0; i < count; i++) {
        const int status = check_file(paths[i]);

        worst = status > worst ? status : worst;
    }
    return worst;
}

int main(int argc, char *argv[])
{
    int status = EXIT_GOOD;

    if (argc >= 2 && strcmp(argv[1], "check") == 0) {
        status = command_check(argc - 2, argv + 2);
    }
    else if (argc >= 2 && strcmp(argv[1], "allow") == 0) {
        status = ocors_edit_run(OCORS_EDIT_ALLOW, argc - 2, argv + 2);
    }
    else if (argc >= 2 && strcmp(argv[1], "revoke") == 0) {
        status = ocors_edit_run(OCORS_EDIT_REVOKE, argc - 2, argv + 2);
    }
    else if (argc == 2 && (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0)) {
        fputs(usage, stdout);
    }
    else if (argc == 2 && strcmp(argv[1], "--version") == 0) {
        puts("ocapi-cors " OCORS_VERSION);
    }
    else {
        status = -1;
    }
    if (status < 0) {
        fputs(usage, stderr);
        return EXIT_UNUSABLE;
    }
    if (fflush(stdout) != 0) {
        return EXIT_UNUSABLE; /* the reader of a verdict that was not written must not see 0 */
    }
    return status;
}
