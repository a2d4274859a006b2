/* SPDX-License-Identifier: Apache-2.0 */
/* A line that says how far a long piece of work is, for people at a terminal. */
#ifndef OCORS_PROGRESS_H
#define OCORS_PROGRESS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Times are in milliseconds. */
typedef struct ocors_progress_t {
    bool is_wanted; /* standard error is a terminal */
    bool is_shown;
    const char *what; /* "documents" */
    size_t total;
    int64_t next; /* when the line is written next */
} ocors_progress_t;

/* Begins; the line appears after a second. */
ocors_progress_t ocors_progress_begin(const char *what, size_t total);

/* So many are done: writes the line, at most ten times a second. */
void ocors_progress_step(ocors_progress_t *progress, size_t done);

/* Takes the line away, before anything else is printed. */
void ocors_progress_hide(ocors_progress_t *progress);

#endif
