/* SPDX-License-Identifier: Apache-2.0 */
/* Files, read whole. */
#ifndef OCORS_FILE_H
#define OCORS_FILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

/*
 * Reads a stream to its end into malloc'd memory. At most one byte more is read than a document may
 * have. NULL: errno says why.
 */
char *ocors_stream_read(FILE *stream, size_t *length);

/*
 * The same for a path; "-" is standard input. `is_regular`: as the server reads documents, only a
 * regular file is read, and nothing is waited for. A pipe to which nobody writes is waited for two
 * seconds. NULL: errno says why; EINVAL: it is not a regular file; EPIPE: nobody writes to it.
 */
char *ocors_file_read(const char *path, bool is_regular, size_t *length);

/* Whether the path is, or leads to, a directory. */
bool ocors_file_is_directory(const char *path);

/* What errno says, for a sentence; `error` 0: there was no memory. */
const char *ocors_file_error(int error);

#endif
