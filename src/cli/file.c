/* SPDX-License-Identifier: Apache-2.0 */
/* Files, read whole. */

#include "ocors_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "ocors_settings.h"

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

/* Opens a file that can be read as a document. NULL: errno says why. */
static FILE *file_open(const char *path, bool is_regular)
{
    struct stat info;
    FILE *file = NULL;
    int error;

    if (is_regular && stat(path, &info) == 0 && !S_ISREG(info.st_mode)) {
        errno = S_ISDIR(info.st_mode) ? EISDIR : EINVAL;
        return NULL; /* opening a device may do something */
    }
    /* With O_NONBLOCK a file that has become a pipe is not waited for. */
    const int number = open(path, O_RDONLY | O_CLOEXEC | (is_regular ? O_NONBLOCK : 0));

    if (number < 0) {
        return NULL;
    }
    if (fstat(number, &info) == 0) {
        errno = S_ISDIR(info.st_mode) ? EISDIR : EINVAL;
        if (S_ISREG(info.st_mode) || (!is_regular && !S_ISDIR(info.st_mode))) {
            file = fdopen(number, "rb");
        }
    }
    if (file == NULL) {
        error = errno;
        close(number);
        errno = error;
    }
    return file;
}

char *ocors_file_read(const char *path, bool is_regular, size_t *length)
{
    FILE *file;
    char *bytes;
    int error;

    errno = 0;
    if (strcmp(path, "-") == 0 && !is_regular) {
        return ocors_stream_read(stdin, length);
    }
    file = file_open(path, is_regular);
    if (file == NULL) {
        return NULL;
    }
    errno = 0;
    bytes = ocors_stream_read(file, length);
    error = errno;
    fclose(file);
    errno = error;
    return bytes;
}

bool ocors_file_is_directory(const char *path)
{
    struct stat info;

    return stat(path, &info) == 0 && S_ISDIR(info.st_mode);
}

const char *ocors_file_error(int error)
{
    return error == EINVAL ? "this is not a regular file" : strerror(error != 0 ? error : ENOMEM);
}
