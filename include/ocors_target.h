/* SPDX-License-Identifier: Apache-2.0 */
/* A file that is locked, and replaced as a whole. */
#ifndef OCORS_TARGET_H
#define OCORS_TARGET_H

#include <stdbool.h>
#include <stdio.h>
#include <sys/stat.h>

#include "ocors_span.h"

typedef struct ocors_target_t {
    const char *path;  /* as it was given, */
    char *real;        /* and without links; malloc'd */
    FILE *file;        /* locked; closing it gives the lock back */
    struct stat info;  /* of when it was locked */
    bool is_overtaken; /* it was another file, or had another text, when the new one was ready */
} ocors_target_t;

/*
 * Opens and locks what the path names, also again; waits for others that lock it. False: errno says
 * why.
 */
bool ocors_target_open(ocors_target_t *target);

/*
 * Writes the text beside the file, and renames. False: nothing has changed; another program was
 * faster (is_overtaken), or errno says why.
 */
bool ocors_target_replace(ocors_target_t *target, ocors_span_t text);

#endif
