/* SPDX-License-Identifier: Apache-2.0 */
/* A list of sentences. */
#ifndef OCORS_SENTENCES_H
#define OCORS_SENTENCES_H

#include <stdbool.h>
#include <stddef.h>

/* The strings are owned. Starts as zeroes. */
typedef struct ocors_sentences_t {
    char **items;
    size_t count;
} ocors_sentences_t;

/* Adds a sentence as printf() writes it. */
void ocors_sentences_add(ocors_sentences_t *sentences, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* Sorts the sentences by their bytes, for ocors_sentences_has(). */
void ocors_sentences_sort(ocors_sentences_t *sentences);
bool ocors_sentences_has(const ocors_sentences_t *sentences, const char *sentence);
void ocors_sentences_free(ocors_sentences_t *sentences);

#endif
