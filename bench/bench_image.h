/* SPDX-License-Identifier: Apache-2.0 */
/* What the programs of the bench share: a settings document -> its image, or the end of the
 * program. */
#ifndef BENCH_IMAGE_H
#define BENCH_IMAGE_H

#include <stdio.h>
#include <stdlib.h>

#include "ocors_image_build.h"
#include "ocors_settings_parse.h"

/* The same on every run, so that instructions are. */
#define BENCH_SEED UINT64_C(0x0cac0cac0cac0cac)

__attribute__((noreturn)) static inline void bench_fail(const char *what, const char *which)
{
    fprintf(stderr, "bench: %s%s%s\n", what, which[0] != '\0' ? ": " : "", which);
    exit(1);
}

static inline void *bench_checked(void *memory)
{
    if (memory == NULL) {
        bench_fail("out of memory", "");
    }
    return memory;
}

/* The image of a document, the caller's to free; `name` is for a message. */
static inline void *bench_build_image(ocors_span_t text, const char *name, size_t *size)
{
    ocors_settings_t *settings;
    ocors_report_t report;
    void *bytes;

    ocors_report_init(&report);
    if (ocors_settings_parse(text, &report, &settings) != OCORS_OK) {
        bench_fail("not a valid settings document", name);
    }
    if (ocors_image_build(settings, BENCH_SEED, &bytes, size) != OCORS_OK) {
        bench_fail("no image can be made", name);
    }
    ocors_settings_free(settings);
    ocors_report_free(&report);
    return bytes;
}

#endif
