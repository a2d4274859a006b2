/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Runs every seed through every target, without libFuzzer: `replay [FOLDER]`. The folder (without
 * one, OCORS_SEEDS) has a folder of seeds for each target. A seed of one target is a hostile input
 * of the others. If the program fails, its last line names the seed and, at the end, the target.
 *
 * `replay --beyond SIZE` and `replay --before SIZE` have the fault that guard.c is there for.
 */
#include <dirent.h>

#include "fuzz.h"

static const struct {
    const char *name;
    fuzz_target_t *run;
    size_t most;
} targets[] = {
#define FUZZ_ROW(name, most, time) { #name, fuzz_##name, most },
    FUZZ_TARGETS(FUZZ_ROW)
#undef FUZZ_ROW
};

#define PATH_SIZE    4096

#define TARGET_COUNT (sizeof(targets) / sizeof(targets[0]))

static void end_for(const char *path)
{
    perror(path);
    exit(2);
}

static void read_file(const char *path, fuzz_text_t *text)
{
    FILE *file = fopen(path, "rb");
    char buffer[4096];
    size_t length;

    if (file == NULL) {
        end_for(path);
    }
    while ((length = fread(buffer, 1, sizeof(buffer), file)) > 0) {
        fuzz_put(text, buffer, length);
    }
    fclose(file);
}

static void run_file(const char *path)
{
    fuzz_text_t text = { .bytes = NULL };

    read_file(path, &text);
    const ocors_span_t input = fuzz_copy(fuzz_text_span(&text));
    printf("%s:", path);
    for (size_t i = 0; i < TARGET_COUNT; i++) {
        const size_t most = targets[i].most;

        printf(" %s", targets[i].name);
        fflush(stdout);
        if (input.length <= most) {
            targets[i].run(input);
        }
        else {
            const ocors_span_t first = fuzz_copy(ocors_span_make(input.bytes, most));

            targets[i].run(first);
            fuzz_free(first);
        }
    }
    printf("\n");
    fuzz_free(input);
    free(text.bytes);
}

/* Runs the files of a folder; returns how many they are. */
static size_t run_folder(const char *folder)
{
    DIR *directory = opendir(folder);
    const struct dirent *entry;
    size_t count = 0;

    if (directory == NULL) {
        end_for(folder);
    }
    while ((entry = readdir(directory)) != NULL) {
        char path[PATH_SIZE + sizeof(entry->d_name) + 1];

        if (entry->d_name[0] != '.') {
            snprintf(path, sizeof(path), "%s/%s", folder, entry->d_name);
            run_file(path);
            count++;
        }
    }
    closedir(directory);
    return count;
}

/* Reads the byte behind memory of that size, or writes the one before it. */
static void touch(bool is_beyond, size_t size)
{
    volatile char *memory = fuzz_allocate(size);

    if (is_beyond) {
        printf("%d\n", memory[size]);
    }
    else {
        memory[-1] = '\0';
    }
    fuzz_release((void *)(uintptr_t)memory);
}

int main(int argc, char **argv)
{
    const char *const folder = argc > 1 ? argv[1] : getenv("OCORS_SEEDS");
    size_t count = 0;

    if (folder == NULL) {
        fprintf(stderr, "Usage: replay FOLDER\n");
        return 2;
    }
    if (argc == 3) {
        touch(strcmp(folder, "--beyond") == 0, (size_t)atoi(argv[2]));
        return 0;
    }
    for (size_t i = 0; i < TARGET_COUNT; i++) {
        char path[PATH_SIZE];

        snprintf(path, sizeof(path), "%s/%s", folder, targets[i].name);
        const size_t seeds = run_folder(path);

        if (seeds == 0) {
            fprintf(stderr, "%s: it has no seed\n", path);
            return 1;
        }
        count += seeds;
    }
    printf("%zu seeds, each through %zu targets\n", count, TARGET_COUNT);
    return 0;
}
