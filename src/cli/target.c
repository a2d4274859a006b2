/* SPDX-License-Identifier: Apache-2.0 */
/* A file that is locked, and replaced as a whole.
 *
 * The lock is flock() on the file itself, so that no other file stays beside it. Whoever waited for
 * it looks again whether the path still names the file that was locked: the one before has replaced
 * it. Programs that do not lock may replace or change it, too: that is looked for just before the
 * new text is put in place.
 */

#include "ocors_target.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#include "ocors_print.h"

bool ocors_target_open(ocors_target_t *target)
{
    target->is_overtaken = false;
    for (;;) {
        struct stat now;
        int file;

        free(target->real);
        target->real = realpath(target->path, NULL);
        /* Without O_NONBLOCK a FIFO would be waited for. */
        file = target->real != NULL ? open(target->real, O_RDONLY | O_NONBLOCK | O_CLOEXEC) : -1;
        if (file < 0) {
            return false;
        }
        if (fstat(file, &target->info) == 0 && !S_ISREG(target->info.st_mode)) {
            errno = S_ISDIR(target->info.st_mode) ? EISDIR : EINVAL;
        }
        else if (flock(file, LOCK_EX) == 0 && fstat(file, &target->info) == 0) {
            if (stat(target->real, &now) == 0 && now.st_dev == target->info.st_dev
                && now.st_ino == target->info.st_ino) {
                target->file = fdopen(file, "rb");
                return target->file != NULL;
            }
            close(file);
            continue;
        }
        close(file);
        return false;
    }
}

/* Owner, group and mode are those of the file that is replaced, as far as that is permitted. */
static bool owner_keep(const ocors_target_t *target, int file)
{
    bool is_kept = fchown(file, target->info.st_uid, target->info.st_gid) == 0;

    if (!is_kept && fchown(file, (uid_t)-1, target->info.st_gid) != 0) {
        ocors_print_complaint(
            target->path, "its owner and group cannot be kept; they are now those of this user");
    }
    else if (!is_kept) {
        ocors_print_complaint(target->path, "its owner cannot be kept; it is now this user");
    }
    return fchmod(file, target->info.st_mode & 07777) == 0;
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

/* Whether the path still names what was read. */
static bool is_as_read(const ocors_target_t *target)
{
    const struct stat *read = &target->info;
    struct stat now;

    return stat(target->path, &now) == 0 && now.st_dev == read->st_dev && now.st_ino == read->st_ino
           && now.st_size == read->st_size && now.st_mtim.tv_sec == read->st_mtim.tv_sec
           && now.st_mtim.tv_nsec == read->st_mtim.tv_nsec
           && now.st_ctim.tv_sec == read->st_ctim.tv_sec
           && now.st_ctim.tv_nsec == read->st_ctim.tv_nsec;
}

/* ocors_target_replace(), which signals could interrupt. */
static bool text_replace(ocors_target_t *target, ocors_span_t text)
{
    static const char suffix[] = "/.ocapi-cors.XXXXXX";
    const size_t folder = (size_t)(strrchr(target->real, '/') - target->real);
    char *beside = malloc(folder + sizeof(suffix));
    bool is_done;
    int error;
    int file;

    if (beside == NULL) {
        return false;
    }
    memcpy(beside, target->real, folder);
    memcpy(beside + folder, suffix, sizeof(suffix));
    file = mkstemp(beside);
    if (file < 0) {
        error = errno;
        free(beside);
        errno = error;
        return false;
    }
    is_done = bytes_write(file, text) && owner_keep(target, file) && fsync(file) == 0;
    error = errno;
    if (close(file) != 0 && is_done) {
        error = errno;
        is_done = false;
    }
    if (is_done) {
        target->is_overtaken = !is_as_read(target);
        is_done = !target->is_overtaken && rename(beside, target->real) == 0;
        error = errno;
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
bool ocors_target_replace(ocors_target_t *target, ocors_span_t text)
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
    is_done = text_replace(target, text);
    error = errno;
    sigprocmask(SIG_SETMASK, &before, NULL);
    errno = error;
    return is_done;
}
