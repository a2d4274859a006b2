/* SPDX-License-Identifier: Apache-2.0 */
/* A list of sentences, each of a subject. */

#include "ocors_sentences.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "ocors_memory.h"

void ocors_sentences_add(ocors_sentences_t *sentences, ocors_span_t subject, const char *format,
                         ...)
{
    ocors_sentence_t *sentence;
    va_list arguments;

    sentences->items = ocors_memory_grow(sentences->items, sentences->count,
                                         sizeof(*sentences->items));
    sentence = &sentences->items[sentences->count];
    *sentence = (ocors_sentence_t){ .place = sentences->count };
    va_start(arguments, format);
    sentence->text = ocors_memory_vformat(format, arguments);
    va_end(arguments);
    sentence->subject = ocors_memory_format("%.*s", (int)subject.length,
                                            subject.length > 0 ? subject.bytes : "");
    sentences->count++;
}

static int compare(const void *a, const void *b)
{
    const ocors_sentence_t *left = a, *right = b;
    const int order = strcmp(left->subject, right->subject);

    return order != 0 ? order : strcmp(left->text, right->text);
}

static int compare_place(const void *a, const void *b)
{
    const ocors_sentence_t *left = a, *right = b;

    return (left->place > right->place) - (left->place < right->place);
}

void ocors_sentences_sort(ocors_sentences_t *sentences)
{
    if (sentences->count > 0) {
        qsort(sentences->items, sentences->count, sizeof(*sentences->items), compare);
    }
}

void ocors_sentences_sort_back(ocors_sentences_t *sentences)
{
    if (sentences->count > 0) {
        qsort(sentences->items, sentences->count, sizeof(*sentences->items), compare_place);
    }
}

size_t ocors_sentences_subject_end(const ocors_sentences_t *sentences, size_t first)
{
    size_t end = first + 1;

    while (end < sentences->count
           && strcmp(sentences->items[end].subject, sentences->items[first].subject) == 0) {
        end++;
    }
    return end;
}

void ocors_sentences_free(ocors_sentences_t *sentences)
{
    for (size_t i = 0; i < sentences->count; i++) {
        free(sentences->items[i].text);
        free(sentences->items[i].subject);
    }
    free(sentences->items);
    *sentences = (ocors_sentences_t){ .count = 0 };
}
