/* SPDX-License-Identifier: Apache-2.0 */
/* A list of sentences, each of a subject. */
#ifndef OCORS_SENTENCES_H
#define OCORS_SENTENCES_H

#include <stdbool.h>
#include <stddef.h>

#include "ocors_span.h"

/* The strings are owned. */
typedef struct ocors_sentence_t {
    char *text;
    char *subject;
    size_t place; /* in the order of adding */
    bool is_said; /* the caller's: another list says the same of the subject */
} ocors_sentence_t;

/* Starts as zeroes. */
typedef struct ocors_sentences_t {
    ocors_sentence_t *items;
    size_t count;
} ocors_sentences_t;

/* Adds a sentence as printf() writes it. */
void ocors_sentences_add(ocors_sentences_t *sentences, ocors_span_t subject, const char *format,
                         ...) __attribute__((format(printf, 3, 4)));

/* Sorts by subject, then by text; the other one sorts back, into the order of adding. */
void ocors_sentences_sort(ocors_sentences_t *sentences);
void ocors_sentences_sort_back(ocors_sentences_t *sentences);

/* The index behind the sentences, which are sorted, that have the subject of `first`. */
size_t ocors_sentences_subject_end(const ocors_sentences_t *sentences, size_t first);
void ocors_sentences_free(ocors_sentences_t *sentences);

#endif
