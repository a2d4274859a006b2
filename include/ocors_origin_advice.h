/* SPDX-License-Identifier: Apache-2.0 */
/* An entry that is not an origin -> what is wrong with it, and what was probably meant. */
#ifndef OCORS_ORIGIN_ADVICE_H
#define OCORS_ORIGIN_ADVICE_H

#include "ocors_origin.h"
#include "ocors_span.h"

typedef enum {
    OCORS_ADVICE_FAULT,       /* the entry is meant as an origin and has a fault */
    OCORS_ADVICE_PLACEHOLDER, /* text that somebody was to replace (D16) */
    OCORS_ADVICE_MISTYPED     /* without "://": a host, or a mistyped origin (D28) */
} ocors_advice_kind_t;

/* A sentence with its NUL. */
#define OCORS_ADVICE_MAX 768

typedef struct ocors_advice_t {
    ocors_advice_kind_t kind;
    char text[OCORS_ADVICE_MAX]; /* one sentence without a full stop, UTF-8 */
} ocors_advice_t;

/*
 * Judges an entry that ocors_origin_canonicalise() did not take, with its result. The text says
 * what is wrong and what is allowed; where the entry tells it, the origin that was probably meant,
 * that there are several origins in it, or the name of a character that nobody can see (D31).
 * The text has no bytes of the entry but origins in their serialised form. An entry of more than
 * 2,048 bytes gets the sentence of its result: the cost is bounded.
 */
void ocors_origin_advise(ocors_span_t entry, ocors_origin_result_t result, ocors_advice_t *advice);

/* What is wrong and what is allowed, one sentence without a full stop; never NULL. */
const char *ocors_origin_explain(ocors_origin_result_t result);

/* The usual scheme of the web that a scheme is nearly: "https", "http", or NULL. */
const char *ocors_origin_near_scheme(ocors_span_t scheme);

#endif
