/* SPDX-License-Identifier: Apache-2.0 */
/* A list of sentences. */

#include "ocors_sentences.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "ocors_memory.h"

void ocors_sentences_add(ocors_sentences_t *sentences, const char *format, ...)
{
    va_list arguments;

    sentences->items = ocors_memory_grow(sentences->items, sentences->count,
                                         sizeof(*sentences->items));
    va_start(arguments, format);
    sentences->items[sentences->count++] = ocors_memory_vformat(format, arguments);
    va_end(arguments);
}

static int compare(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

void ocors_sentences_sort(ocors_sentences_t *sentences)
{
    if (sentences->count > 0) {
        qsort(sentences->items, sentences->count, sizeof(*sentences->items), compare);
    }
}

bool ocors_sentences_has(const ocors_sentences_t *sentences, const char *sentence)
{
    return sentences->count > 0
           && bsearch(&sentence, sentences->items, sentences->count, sizeof(*sentences->items),
                      compare)
                  != NULL;
}

void ocors_sentences_free(ocors_sentences_t *sentences)
{
    for (size_t i = 0; i < sentences->count; i++) {
        free(sentences->items[i]);
    }
    free(sentences->items);
    *sentences = (ocors_sentences_t){ .count = 0 };
}
