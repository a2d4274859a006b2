/* SPDX-License-Identifier: Apache-2.0 */
/* Memory of a command that only reads: where there is none, the command ends with EXIT_UNUSABLE. */

#include "ocors_memory.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include "ocors_options.h"

void ocors_memory_end(void)
{
    fputs("ocapi-cors: there is not enough memory\n", stderr);
    exit(EXIT_UNUSABLE);
}

void *ocors_memory_get(size_t count, size_t size)
{
    void *memory = calloc(count > 0 ? count : 1, size);

    if (memory == NULL) {
        ocors_memory_end();
    }
    return memory;
}

void *ocors_memory_resize(void *memory, size_t count, size_t size)
{
    void *resized = count <= SIZE_MAX / size ? realloc(memory, (count > 0 ? count : 1) * size)
                                             : NULL;

    if (resized == NULL) {
        ocors_memory_end();
    }
    return resized;
}

void *ocors_memory_grow(void *memory, size_t count, size_t size)
{
    /* The room is the least power of two that holds the count. */
    return (count & (count - 1)) == 0 ? ocors_memory_resize(memory, count > 0 ? count * 2 : 1, size)
                                      : memory;
}

char *ocors_memory_vformat(const char *format, va_list arguments)
{
    va_list again;
    char *text;
    int length;

    va_copy(again, arguments);
    length = vsnprintf(NULL, 0, format, arguments);
    if (length < 0) {
        ocors_memory_end(); /* longer than INT_MAX */
    }
    text = ocors_memory_get((size_t)length + 1, 1);
    (void)vsnprintf(text, (size_t)length + 1, format, again);
    va_end(again);
    return text;
}

char *ocors_memory_format(const char *format, ...)
{
    va_list arguments;
    char *text;

    va_start(arguments, format);
    text = ocors_memory_vformat(format, arguments);
    va_end(arguments);
    return text;
}
