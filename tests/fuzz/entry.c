/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One target for libFuzzer: FUZZ_TARGET is its name. An input that takes more CPU time than the
 * target's row allows is a finding, however busy the machine is.
 */
#include <time.h>

#include "fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define FUZZ_ENTRY_(name)  fuzz_##name
#define FUZZ_ENTRY(name)   FUZZ_ENTRY_(name)
#define FUZZ_STRING_(name) #name
#define FUZZ_STRING(name)  FUZZ_STRING_(name)

static const struct {
    const char *name;
    int milliseconds;
} limits[] = {
#define FUZZ_LIMIT(name, most, time) { #name, time },
    FUZZ_TARGETS(FUZZ_LIMIT)
#undef FUZZ_LIMIT
};

/* Of its own size: the sanitizer sees every byte beyond it. */
void *fuzz_allocate_aligned(size_t size, size_t alignment)
{
    void *memory = NULL;

    FUZZ_CHECK(posix_memalign(&memory, alignment < sizeof(void *) ? sizeof(void *) : alignment,
                              size > 0 ? size : 1)
               == 0);
    return memory;
}

void fuzz_release(void *memory)
{
    free(memory);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static clock_t most;
    const clock_t before = clock();

    FUZZ_ENTRY(FUZZ_TARGET)(ocors_span_make((const char *)data, size));
    const clock_t taken = clock() - before;
    if (most == 0) { /* the first input pays for what a target makes once */
        for (size_t i = 0; i < sizeof(limits) / sizeof(limits[0]); i++) {
            if (strcmp(limits[i].name, FUZZ_STRING(FUZZ_TARGET)) == 0) {
                most = (clock_t)limits[i].milliseconds * CLOCKS_PER_SEC / 1000;
            }
        }
        FUZZ_CHECK(most > 0);
        return 0;
    }
    if (taken > most) {
        fprintf(stderr, "this input is slow: %ld ms\n", (long)(taken * 1000 / CLOCKS_PER_SEC));
        abort();
    }
    return 0;
}
