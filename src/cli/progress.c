/* SPDX-License-Identifier: Apache-2.0 */
/* A line that says how far a long piece of work is, for people at a terminal. */

#include "ocors_progress.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define FIRST_AFTER 1000
#define NEXT_AFTER  100

static int64_t now(void)
{
    struct timespec time;

    clock_gettime(CLOCK_MONOTONIC, &time);
    return (int64_t)time.tv_sec * 1000 + time.tv_nsec / 1000000;
}

/* Whether there is a terminal that can clear a line. */
static bool can_clear(void)
{
    const char *terminal = getenv("TERM");

    return isatty(STDERR_FILENO) && terminal != NULL && strcmp(terminal, "dumb") != 0;
}

ocors_progress_t ocors_progress_begin(const char *what, size_t total)
{
    ocors_progress_t progress = { .is_wanted = can_clear(), .what = what, .total = total };

    progress.next = progress.is_wanted ? now() + FIRST_AFTER : 0;
    return progress;
}

void ocors_progress_step(ocors_progress_t *progress, size_t done)
{
    if (!progress->is_wanted || now() < progress->next) {
        return;
    }
    fflush(stdout);
    fprintf(stderr, "\r\033[Kocapi-cors: %zu of %zu %s", done, progress->total, progress->what);
    fflush(stderr);
    progress->is_shown = true;
    progress->next = now() + NEXT_AFTER;
}

void ocors_progress_hide(ocors_progress_t *progress)
{
    if (progress->is_shown) {
        fputs("\r\033[K", stderr);
        fflush(stderr);
        progress->is_shown = false;
    }
}
