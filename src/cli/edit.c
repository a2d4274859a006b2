/* SPDX-License-Identifier: Apache-2.0 */
/* `ocapi-cors allow` and `revoke`: a settings document is edited, judged, and replaced as a whole.
 *
 * The lock is flock() on the document itself, so that no other file stays beside it. Whoever
 * waited for it looks again whether the path still names the file that was locked: the one before
 * has replaced it.
 */

#include "ocors_command.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "ocors_file.h"
#include "ocors_finding_print.h"
#include "ocors_options.h"
#include "ocors_origin_advice.h"
#include "ocors_print.h"
#include "ocors_settings_edit.h"
#include "ocors_settings_parse.h"

typedef struct edit_t {
    ocors_edit_action_t action;
    const char *path; /* as it was given, */
    char *target;     /* and without links */
    const char *client;
    ocors_origin_t origin;
    FILE *file; /* locked */
    struct stat info;
} edit_t;

/* A line on standard error. */
static void say(const char *path, const char *format, ...) __attribute__((format(printf, 2, 3)));

static void say(const char *path, const char *format, ...)
{
    char sentence[512];
    va_list arguments;

    va_start(arguments, format);
    vsnprintf(sentence, sizeof(sentence), format, arguments);
    va_end(arguments);
    fputs("ocapi-cors: ", stderr);
    ocors_print_string(stderr, path);
    fputs(": ", stderr);
    ocors_print_string(stderr, sentence);
    fputc('\n', stderr);
}

static int complain(const char *path)
{
    say(path, "%s", ocors_file_error(errno));
    return EXIT_UNUSABLE;
}

/* Opens and locks what the path names. False: errno says why. */
static bool file_open(edit_t *edit)
{
    for (;;) {
        struct stat now;
        int file;

        free(edit->target);
        edit->target = realpath(edit->path, NULL);
        /* Without O_NONBLOCK a FIFO would be waited for. */
        file = edit->target != NULL ? open(edit->target, O_RDONLY | O_NONBLOCK | O_CLOEXEC) : -1;
        if (file < 0) {
            return false;
        }
        if (fstat(file, &edit->info) == 0 && !S_ISREG(edit->info.st_mode)) {
            errno = S_ISDIR(edit->info.st_mode) ? EISDIR : EINVAL;
        }
        else if (flock(file, LOCK_EX) == 0 && fstat(file, &edit->info) == 0) {
            if (stat(edit->target, &now) == 0 && now.st_dev == edit->info.st_dev
                && now.st_ino == edit->info.st_ino) {
                edit->file = fdopen(file, "rb");
                return edit->file != NULL;
            }
            close(file);
            continue;
        }
        close(file);
        return false;
    }
}

/* Judges a text; what is wrong with it is printed. */
static int text_judge(const edit_t *edit, ocors_span_t text)
{
    ocors_finding_printer_t printer = ocors_finding_print_begin(stdout, OCORS_FORMAT_TEXT);
    ocors_settings_t *settings;
    ocors_report_t report;
    ocors_result_t status;

    ocors_report_init(&report);
    status = ocors_settings_parse(text, &report, &settings);
    if (status == OCORS_OK) {
        ocors_settings_free(settings);
    }
    else if (status == OCORS_INVALID) {
        ocors_finding_print(&printer, edit->path, &report);
    }
    ocors_report_free(&report);
    errno = ENOMEM;
    return status == OCORS_OK        ? EXIT_GOOD
           : status == OCORS_INVALID ? EXIT_ERRORS
                                     : complain(edit->path);
}

/* Owner, group and mode are those of the file that is replaced, as far as that is permitted. */
static bool owner_keep(const edit_t *edit, int file)
{
    bool is_kept = fchown(file, edit->info.st_uid, edit->info.st_gid) == 0;

    if (!is_kept && fchown(file, (uid_t)-1, edit->info.st_gid) != 0) {
        say(edit->path, "its owner and group cannot be kept; they are now those of this user");
    }
    else if (!is_kept) {
        say(edit->path, "its owner cannot be kept; it is now this user");
    }
    return fchmod(file, edit->info.st_mode & 07777) == 0;
}

static bool bytes_write(int file, ocors_span_t bytes)
{
    while (bytes.length > 0) {
        const ssize_t written = write(file, bytes.bytes, bytes.length);

        if (written < 0 && errno != EINTR) {
            return false;
        }
        if (written > 0) {
            bytes.bytes += written;
            bytes.length -= (size_t)written;
        }
    }
    return true;
}

/* The new name is on the disk when its folder is. */
static void folder_sync(const char *folder)
{
    const int file = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

    if (file >= 0) {
        (void)fsync(file);
        close(file);
    }
}

/* Writes the text beside the target, and renames. False: errno says why, and nothing has changed.
 */
static bool text_replace(const edit_t *edit, ocors_span_t text)
{
    static const char suffix[] = "/.ocapi-cors.XXXXXX";
    const size_t folder = (size_t)(strrchr(edit->target, '/') - edit->target);
    char *beside = malloc(folder + sizeof(suffix));
    bool is_done;
    int error;
    int file;

    if (beside == NULL) {
        return false;
    }
    memcpy(beside, edit->target, folder);
    memcpy(beside + folder, suffix, sizeof(suffix));
    file = mkstemp(beside);
    if (file < 0) {
        error = errno;
        free(beside);
        errno = error;
        return false;
    }
    is_done = bytes_write(file, text) && owner_keep(edit, file) && fsync(file) == 0;
    error = errno;
    if (close(file) != 0 && is_done) {
        error = errno;
        is_done = false;
    }
    if (is_done && rename(beside, edit->target) != 0) {
        error = errno;
        is_done = false;
    }
    if (!is_done) {
        unlink(beside);
    }
    beside[folder > 0 ? folder : 1] = '\0';
    folder_sync(beside);
    free(beside);
    errno = error;
    return is_done;
}

/* No signal that a user, a stop, a timer or a limit sends leaves the file beside. */
static bool text_replace_whole(const edit_t *edit, ocors_span_t text)
{
    static const int ends[] = { SIGHUP,  SIGINT,  SIGQUIT, SIGTERM, SIGPIPE, SIGTSTP,
                                SIGXFSZ, SIGXCPU, SIGALRM, SIGUSR1, SIGUSR2 };
    sigset_t blocked;
    sigset_t before;
    bool is_done;
    int error;

    sigemptyset(&blocked);
    for (size_t i = 0; i < sizeof(ends) / sizeof(ends[0]); i++) {
        sigaddset(&blocked, ends[i]);
    }
    sigprocmask(SIG_BLOCK, &blocked, &before);
    is_done = text_replace(edit, text);
    error = errno;
    sigprocmask(SIG_SETMASK, &before, NULL);
    errno = error;
    return is_done;
}

/* Edits *text, which is malloc'd. OCORS_EDIT_SPLICE without a change: there is no memory. */
static ocors_edit_result_t text_edit(const edit_t *edit, char **text, size_t *length,
                                     bool *is_changed)
{
    const ocors_span_t client = ocors_span_from_string(edit->client);
    const ocors_span_t span = ocors_span_make(*text, *length);
    char *room = malloc(*length + 1);
    ocors_edit_result_t result = OCORS_EDIT_SPLICE;
    ocors_splice_t splice;
    char *edited;

    *is_changed = false;
    if (room != NULL) {
        result = ocors_settings_edit(span, client, &edit->origin, edit->action, room, &splice);
    }
    if (room != NULL && result == OCORS_EDIT_SPLICE) {
        *length = ocors_splice_length(span, &splice);
        edited = malloc(*length + 1);
        if (edited != NULL) {
            ocors_splice_apply(span, &splice, edited);
            free(*text);
            *text = edited;
            *is_changed = true;
        }
    }
    free(room);
    return result;
}

static int document_edit(const edit_t *edit, char **text, size_t *length)
{
    const bool is_allow = edit->action == OCORS_EDIT_ALLOW;
    bool is_changed;
    int status = text_judge(edit, ocors_span_make(*text, *length));

    if (status != EXIT_GOOD) {
        return status;
    }
    switch (text_edit(edit, text, length, &is_changed)) {
    case OCORS_EDIT_NO_CLIENT:
        say(edit->path, "no client has the id \"%.120s\"", edit->client);
        return EXIT_ERRORS;
    case OCORS_EDIT_ALREADY:
        break;
    case OCORS_EDIT_SPLICE:
        if (!is_changed) {
            errno = ENOMEM;
            return complain(edit->path);
        }
        break;
    case OCORS_EDIT_BAD_TEXT:
    default:
        say(edit->path, "the place of the client's origins is not found");
        return EXIT_ERRORS;
    }
    if (is_changed) {
        status = text_judge(edit, ocors_span_make(*text, *length));
        if (status != EXIT_GOOD) {
            return status;
        }
        if (!text_replace_whole(edit, ocors_span_make(*text, *length))) {
            return complain(edit->path);
        }
    }
    ocors_print_string(stdout, edit->path);
    printf(": %s %s%s\n", edit->origin.bytes,
           is_changed ? ""
           : is_allow ? "was already "
                      : "was not ",
           is_allow || !is_changed ? "allowed" : "revoked");
    return EXIT_GOOD;
}

static int file_edit(edit_t *edit)
{
    size_t length;
    char *text;
    int status;

    errno = 0;
    if (!file_open(edit)) {
        return complain(edit->path);
    }
    errno = 0;
    text = ocors_stream_read(edit->file, &length);
    if (text == NULL) {
        status = complain(edit->path);
    }
    else {
        status = document_edit(edit, &text, &length);
        if (status == EXIT_ERRORS) {
            say(edit->path, "it is left as it is");
        }
    }
    free(text);
    fclose(edit->file);
    return status;
}

/* Reads the arguments. EXIT_GOOD: `edit` and *entry are complete. */
static int arguments_read(edit_t *edit, int count, char *const arguments[], const char **entry)
{
    static const ocors_option_t known[] = { { .name = "--client", .has_value = true } };
    const char *command = edit->action == OCORS_EDIT_ALLOW ? "allow" : "revoke";
    ocors_options_t options = {
        .command = command, .known = known, .known_count = 1, .arguments = arguments, .count = count
    };
    const char *value;
    int found;

    while ((found = ocors_options_next(&options, &value)) != OCORS_OPTIONS_END) {
        if (found == OCORS_OPTIONS_WRONG) {
            return EXIT_UNUSABLE;
        }
        if (found == 0) {
            edit->client = value;
        }
        else if (edit->path == NULL) {
            edit->path = value;
        }
        else if (*entry == NULL) {
            *entry = value;
        }
        else {
            return ocors_usage_error(command, "there is one argument too many: %.200s", value);
        }
    }
    if (edit->path == NULL || *entry == NULL) {
        return ocors_usage_error(command, edit->path == NULL ? "FILE and ORIGIN are missing"
                                                             : "FILE or ORIGIN is missing");
    }
    if (edit->client == NULL || edit->client[0] == '\0') {
        return ocors_usage_error(command, "--client ID is missing");
    }
    if (strcmp(edit->path, "-") == 0) {
        return ocors_usage_error(command, "standard input cannot be edited");
    }
    return EXIT_GOOD;
}

static int edit_run(ocors_edit_action_t action, int count, char *const arguments[])
{
    edit_t edit = { .action = action };
    const char *entry = NULL;
    ocors_origin_result_t result;
    int status = arguments_read(&edit, count, arguments, &entry);

    if (status != EXIT_GOOD) {
        return status;
    }
    result = ocors_origin_canonicalise(ocors_span_from_string(entry), &edit.origin);
    if (result != OCORS_ORIGIN_OK) {
        ocors_advice_t advice;

        ocors_origin_advise(ocors_span_from_string(entry), result, &advice);
        say(edit.path, "\"%.120s\": %s", entry, advice.text);
        return EXIT_ERRORS;
    }
    if (edit.origin.changes != 0) {
        say(edit.path, "\"%.120s\" is taken as \"%s\", the form that browsers send", entry,
            edit.origin.bytes);
    }
    status = file_edit(&edit);
    free(edit.target);
    return status;
}

int ocors_command_allow(int count, char *const arguments[])
{
    return edit_run(OCORS_EDIT_ALLOW, count, arguments);
}

int ocors_command_revoke(int count, char *const arguments[])
{
    return edit_run(OCORS_EDIT_REVOKE, count, arguments);
}
