/* SPDX-License-Identifier: Apache-2.0 */
/* Memory of a command that only reads: where there is none, the command ends with EXIT_UNUSABLE. */
#ifndef OCORS_MEMORY_H
#define OCORS_MEMORY_H

#include <stdarg.h>
#include <stddef.h>

/* calloc() and realloc() of an array, which never return NULL; free() frees. */
void *ocors_memory_get(size_t count, size_t size);
void *ocors_memory_resize(void *memory, size_t count, size_t size);

/* A string as printf() and vprintf() write it. */
char *ocors_memory_format(const char *format, ...) __attribute__((format(printf, 1, 2)));
char *ocors_memory_vformat(const char *format, va_list arguments)
    __attribute__((format(printf, 1, 0)));

/* Says that there is no memory, and ends. */
void ocors_memory_end(void) __attribute__((noreturn));

/*
 * Makes room for one element more of an array of `count`, which has grown by this function alone.
 */
void *ocors_memory_grow(void *memory, size_t count, size_t size);

#endif
