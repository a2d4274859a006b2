/* SPDX-License-Identifier: Apache-2.0 */
/* Files, read whole. */

#include "ocors_file.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "ocors_settings.h"

#define PIPE_PATIENCE 2000 /* milliseconds until somebody writes to a pipe */
#define NO_BYTE       256

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

/*
 * Waits until a pipe has something to read, or a writer, or had one. -1: nobody writes to it; else
 * the byte that was read to know it, or NO_BYTE.
 */
static int pipe_await(int number)
{
    struct pollfd wanted = { .fd = number, .events = POLLIN };
    unsigned char byte;

    if (poll(&wanted, 1, PIPE_PATIENCE) != 0) {
        return NO_BYTE;
    }
    switch (read(number, &byte, 1)) {
    case 0:
        return -1;
    case 1:
        return byte;
    default:
        return NO_BYTE; /* it has a writer, and is empty so far */
    }
}

/* Opens a pipe, which is not waited for if nobody writes to it. */
static FILE *pipe_open(int number)
{
    const int byte = pipe_await(number);
    FILE *file;

    if (byte < 0) {
        errno = EPIPE;
        return NULL;
    }
    file = fcntl(number, F_SETFL, 0) == 0 ? fdopen(number, "rb") : NULL;
    if (file != NULL && byte != NO_BYTE) {
        (void)ungetc(byte, file);
    }
    return file;
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
    const int number = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);

    if (number < 0) {
        return NULL;
    }
    if (fstat(number, &info) == 0) {
        errno = S_ISDIR(info.st_mode) ? EISDIR : EINVAL;
        if (!is_regular && S_ISFIFO(info.st_mode)) {
            file = pipe_open(number);
        }
        else if (S_ISREG(info.st_mode) || (!is_regular && !S_ISDIR(info.st_mode))) {
            file = fcntl(number, F_SETFL, 0) == 0 ? fdopen(number, "rb") : NULL;
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
    return error == EINVAL  ? "this is not a regular file"
           : error == EPIPE ? "nobody writes to this pipe"
                            : strerror(error != 0 ? error : ENOMEM);
}
