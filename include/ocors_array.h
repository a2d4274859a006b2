/* SPDX-License-Identifier: Apache-2.0 */
/* An array that grows, whose capacity follows from its count. */
#ifndef OCORS_ARRAY_H
#define OCORS_ARRAY_H

#include <stdint.h>
#include <stdlib.h>

/*
 * Makes room for one element more in an array of `count` elements of this size, which began as NULL
 * and grows by this function alone: to 8 elements, then to twice as many each time. Returns the
 * array, moved or not. NULL: out of memory, and the array is as it was.
 */
static inline void *ocors_array_grow(void *array, size_t count, size_t size)
{
    const size_t capacity = count == 0 ? 8 : 2 * count;

    if (count != 0 && (count < 8 || (count & (count - 1)) != 0)) {
        return array;
    }
    return capacity <= SIZE_MAX / size ? realloc(array, capacity * size) : NULL;
}

#endif
