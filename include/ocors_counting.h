/* SPDX-License-Identifier: Apache-2.0 */
/* The memory of what was counted: made once, and written by every worker. */
#ifndef OCORS_COUNTING_H
#define OCORS_COUNTING_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include <httpd.h>

#include "ocors_counters.h"
#include "ocors_sketch.h"
#include "ocors_span.h"

/*
 *   segment: | head: minute, sites | census, first | sketch | stripes of counters ... |
 *
 * It is made at the first start and lives as long as the server: a reload, a restart and a new
 * store lose nothing, and the workers of before a restart count into the same memory. Every worker
 * may write to it. For that reason nobody trusts what it says: each read is bounded, a wrong number
 * makes a wrong figure, and nothing else.
 *
 * A stamp numbers the times between two events: a minute has ended, or a snapshot was published. An
 * entry of the sketch of an earlier stamp is entered anew: its reason may not hold any more.
 *
 * If there is no memory for it, requests are not counted, and nothing else changes.
 */

/* Rows of sites that are always there. */
#define OCORS_COUNTING_OTHER 0 /* sites without a row of their own */
#define OCORS_COUNTING_NONE  1 /* no site, or the organisation */

/* The most bytes of a site's name that has a row. */
#define OCORS_COUNTING_SITE_MAX 124

/* ---- For the parent, and the process that watches the documents ----------------------------- */

/* Finds the memory, or makes it. Before the first snapshot is written, and before workers fork. */
void ocors_counting_begin(apr_pool_t *process_pool, server_rec *server);

/*
 * The row of a site, which it has from now on. "" and "-": OCORS_COUNTING_NONE. "other":
 * OCORS_COUNTING_OTHER, so that no two rows have one name.
 */
uint32_t ocors_counting_row(const char *site);

/* A snapshot was published: the reasons that the sketch keeps are found anew. */
void ocors_counting_renew(void);

/* A worker has ended, in whatever way. */
void ocors_counting_child_ended(pid_t pid);

/* ---- For workers ---------------------------------------------------------------------------- */

/* What workers write to, in the segment. */
typedef struct ocors_figures_t {
    ocors_sketch_t sketch;
    ocors_counters_stripe_t stripes[]; /* a power of two */
} ocors_figures_t;

/* Where this process counts; src/httpd/reload/counting.c sets it. No other library may see it. */
typedef struct ocors_counting_t {
    ocors_figures_t *figures; /* NULL: nothing is counted */
    uint32_t mask;            /* for the number of a stripe of counters */
} ocors_counting_t;

extern __attribute__((visibility("hidden"))) ocors_counting_t ocors_counting;

/*
 *   word: | band: 16 bits | what else tells sites apart: 32 bits | 0: 16 bits |
 *
 * A site and a mode, as a request has them: the word of the site, and that of the mode. The band is
 * of the counters; in a word the bands of On begin at OCORS_COUNTERS_MODE. `rest` is for sites that
 * share a row.
 */
#define OCORS_COUNTING_WORD(row, rest)                                                             \
    ((uint64_t)(row)*OCORS_COUNTERS_BAND << 48 | (uint64_t)(rest) << 16)

/* `mode`: 1 On, 2 ReportOnly. */
static inline uint64_t ocors_counting_mode(unsigned mode)
{
    return (uint64_t)mode * OCORS_COUNTERS_MODE << 48;
}

static inline size_t ocors_counting_band(uint64_t word)
{
    return (size_t)(word >> 48) - OCORS_COUNTERS_MODE;
}

/* Counts a request. `connection` is its number: two connections seldom write to one stripe. */
static inline void ocors_counting_add(long connection, uint64_t word, ocors_verdict_t verdict,
                                      ocors_reason_t reason)
{
    if (ocors_counting.figures != NULL) {
        const size_t place = ocors_counters_place(ocors_counting_band(word), reason);

        ocors_counters_add(ocors_counters_at(ocors_counting.figures->stripes,
                                             (uint32_t)connection & ocors_counting.mask, place,
                                             verdict));
    }
}

/* Where a refusal counts whose origin has an entry. */
typedef struct ocors_counted_t {
    _Atomic uint64_t *counter; /* of the site, the mode, the verdict, and the entry's reason */
    _Atomic uint64_t *entry;   /* of the origin */
} ocors_counted_t;

/*
 * Finds where a refusal counts. False: it has to be entered, and *counted is unchanged. `key` is of
 * the origin, by a seed that no client knows and that restarts keep, and of all that has an entry
 * of its own: the site, the mode, and what the reason depends on.
 */
static inline bool ocors_counting_find(long connection, uint64_t key, ocors_verdict_t verdict,
                                       ocors_counted_t *counted)
{
    ocors_figures_t *const figures = ocors_counting.figures;
    size_t place;

    if (figures == NULL) {
        return false;
    }
    const uint64_t stamp = atomic_load_explicit(&figures->sketch.stamp, memory_order_relaxed);
    ocors_sketch_set_t *const set = ocors_sketch_set(&figures->sketch, (uint64_t)connection, key);
    _Atomic uint64_t *const entry = ocors_sketch_find(set, key, stamp, &place);

    if (entry == NULL) {
        return false;
    }
    counted->entry = entry;
    counted->counter = ocors_counters_at(
        figures->stripes, (uint32_t)connection & ocors_counting.mask, place, verdict);
    return true;
}

/* A refusal without an entry, on its way into the sketch. */
typedef struct ocors_refusal_t {
    ocors_sketch_set_t *set; /* NULL: nothing is counted */
    uint64_t key;            /* of the origin, the site, the mode, the policy and the client */
    uint64_t origin;         /* the hash of the Origin */
    uint64_t stamp;          /* of before the reason was looked for: the reason is of that time */
} ocors_refusal_t;

/* Fills in a refusal, before its reason is looked for. `hash` is of the origin. */
void ocors_counting_begin_entry(long connection, uint64_t hash, uint64_t key,
                                ocors_refusal_t *refusal);

/* Enters a refusal. The note has everything but `origin`. */
void ocors_counting_enter(const ocors_refusal_t *refusal, ocors_sketch_note_t *note);

/*
 * Whether a kind (the reason, and what has an entry of its own) shall have a line of the log now:
 * it is the first of its kind in this minute, and one of the first OCORS_CENSUS_LINES. Several
 * workers that ask at once get one true. False, if nothing is counted.
 */
bool ocors_counting_is_new(const ocors_refusal_t *refusal, ocors_reason_t reason);

/* ---- For readers: any process --------------------------------------------------------------- */

/* How many rows have a site. */
uint32_t ocors_counting_rows(void);

/*
 * The name of a row: "other", "-" (no site, or the organisation), or a site's. A worker may have
 * written it: it may have any byte, and is escaped where it is shown.
 */
const char *ocors_counting_site(apr_pool_t *pool, uint32_t row);

/* A count, summed over all stripes. */
uint64_t ocors_counting_sum(uint32_t row, bool is_report, ocors_verdict_t verdict,
                            ocors_reason_t reason);

/*
 * The most refused origins of one mode, the largest count - error first. Returns how many;
 * *left_out: how many more are remembered.
 */
size_t ocors_counting_top(bool is_report, ocors_sketch_item_t *items, size_t max, size_t *left_out);

/* ---- For the parent: its summaries ---------------------------------------------------------- */

/* What was refused since the last summary. */
typedef struct ocors_counting_minute_t {
    ocors_counters_refused_t refused;
    uint64_t origins;       /* different ones: at most as many as requests */
    bool is_about;          /* the memory holds fewer than there were: `origins` is an estimate */
    uint64_t unlogged;      /* kinds that were too many for lines of the log */
    bool has_more_unlogged; /* so many, and more */
    uint32_t seconds;       /* since the last summary or since nothing was refused */
    bool has_first;
    ocors_sketch_note_t first; /* the first refusal */
} ocors_counting_minute_t;

/*
 * Ends the minute, if it has lasted a minute or `is_end` says so, and begins the next one. False:
 * it goes on, or nothing was refused in it.
 */
bool ocors_counting_minute(bool is_end, ocors_counting_minute_t *minute);

/* Counts no more: the memory may go next. */
void ocors_counting_end(void);

#endif
