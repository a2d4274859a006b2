/* SPDX-License-Identifier: Apache-2.0 */
/* The origins that are refused most, in bounded memory, whatever a client sends. */
#ifndef OCORS_SKETCH_H
#define OCORS_SKETCH_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "ocors_counters.h"
#include "ocors_span.h"
#include "ocors_verdict.h"

/*
 * Space-Saving (Metwally, Agrawal, El Abbadi: Efficient computation of frequent and top-k elements
 * in data streams, 2005). A key that has no entry takes the entry with the least count, goes on
 * from that count, and remembers it as the error. The true count of a key is at most its count, and
 * at least count - error; a key that came more often than the least count has an entry.
 *
 *   sketch: | stamp | set 0 of stripes 0 to 7 | set 1 of stripes 0 to 7 | ... | set 31 ... |
 *   set:    | 8 marks | 8 counts | 8 keys | 8 stamps | owner | 8 entries |
 *
 * A connection has one stripe; a key has one set in each stripe.
 *
 * Each set is a summary of its own: no index leads from one place to another, so that nothing can
 * be left half done, or lead a reader anywhere. Sums over stripes are bounds, too: a set that lacks
 * the key may have forgotten its least count.
 *
 * It lies in memory that all workers share, and begins as zeros. To count again what has an entry
 * is one atomic addition. Who enters a key owns the set meanwhile; if another one owns it, the key
 * is left out. The parent frees a set whose owner has died. A reader trusts nothing: a worker may
 * have written anything.
 */
#define OCORS_SKETCH_STRIPES  8 /* powers of two */
#define OCORS_SKETCH_SETS     32
#define OCORS_SKETCH_WAYS     8
#define OCORS_SKETCH_TEXT_MAX 160 /* of an origin; a longer one is cut */

/* The distance between two stamps: the lower bits of a stamp are 0. */
#define OCORS_SKETCH_STAMP (UINT64_C(1) << 16)

/* What is known of a refusal that has its own entry. The texts are cut and may have any byte. */
typedef struct ocors_sketch_note_t {
    uint64_t origin; /* the hash of the whole Origin */
    uint16_t row;    /* of the site (ocors_counters.h) */
    uint16_t httpds; /* the status of httpd's answer, if it came before the module's; or 0 */
    uint8_t verdict, reason, is_report;
    uint8_t origin_length, nearest_length;
    char origin_text[OCORS_SKETCH_TEXT_MAX];
    char nearest_text[OCORS_SKETCH_TEXT_MAX]; /* the nearest listed origin; often none */
} ocors_sketch_note_t;

typedef struct ocors_sketch_entry_t {
    _Alignas(64) _Atomic uint32_t version; /* odd: it is being written */
    uint64_t key, error;
    ocors_sketch_note_t note;
} ocors_sketch_entry_t;

typedef struct ocors_sketch_set_t {
    _Alignas(64) _Atomic uint64_t marks[OCORS_SKETCH_WAYS]; /* ocors_sketch_mark() */
    _Atomic uint64_t counts[OCORS_SKETCH_WAYS];
    _Atomic uint64_t keys[OCORS_SKETCH_WAYS]; /* 0: free */
    _Atomic uint64_t stamps[OCORS_SKETCH_WAYS];
    _Atomic uint32_t owner;   /* a process that enters a key; 0: nobody */
    _Atomic uint64_t evicted; /* how often a key of the current minute lost its entry */
    ocors_sketch_entry_t entries[OCORS_SKETCH_WAYS];
} ocors_sketch_set_t;

typedef struct ocors_sketch_t {
    _Alignas(64) _Atomic uint64_t stamp; /* the current one (ocors_counting.h) */
    ocors_sketch_set_t sets[OCORS_SKETCH_SETS][OCORS_SKETCH_STRIPES];
} ocors_sketch_t;

/* The place of a key. Its lowest 16 bits tell nothing apart. */
static inline ocors_sketch_set_t *ocors_sketch_set(ocors_sketch_t *sketch, uint64_t stripe,
                                                   uint64_t key)
{
    const size_t set = key / (UINT64_MAX / OCORS_SKETCH_SETS + 1); /* by its upper bits */

    return &sketch->sets[0][0] + (set * OCORS_SKETCH_STRIPES + stripe % OCORS_SKETCH_STRIPES);
}

/*
 *   mark: | key ^ spread stamp: 48 bits | place of the reason in the counters: 16 bits |
 *
 * One load of a mark tells whose the entry is, of which stamp it is, and where its reason counts:
 * no refusal gets the reason of another key or of another stamp, whatever is entered meanwhile. A
 * factor spreads the stamp over all bits. The keys of an origin at two sites differ in few bits, as
 * two stamps do: without the factor, one site's entry could pass for another's at a later stamp.
 */
static inline uint64_t ocors_sketch_mark(uint64_t key, uint64_t stamp)
{
    return (key ^ stamp * UINT64_C(0x9e3779b97f4a7c15)) & ~(OCORS_SKETCH_STAMP - 1);
}

/*
 * Finds the count of a key whose entry is of the current stamp, and the place of its reason, which
 * is less than OCORS_COUNTERS_PLACES, whatever the memory says. NULL: ocors_sketch_enter() has to
 * be called, and *place is unchanged. Whoever sees a mark sees the count as it was when the mark
 * was written, or later.
 */
static inline _Atomic uint64_t *ocors_sketch_find(ocors_sketch_set_t *set, uint64_t key,
                                                  uint64_t stamp, size_t *place)
{
    const uint64_t mark = ocors_sketch_mark(key, stamp);

    for (unsigned way = 0; way < OCORS_SKETCH_WAYS; way++) {
        const uint64_t rest = atomic_load_explicit(&set->marks[way], memory_order_acquire) ^ mark;

        if (rest < OCORS_COUNTERS_PLACES) {
            *place = (size_t)rest;
            return &set->counts[way];
        }
    }
    return NULL;
}

/* Writes the texts of a note, cut; never inside a character of UTF-8. */
void ocors_sketch_note_texts(ocors_sketch_note_t *note, ocors_span_t origin, ocors_span_t nearest);

/*
 * Counts a key once, and makes this its note. `minute` is the first stamp of the current minute;
 * `owner` is a process, not 0. False: another one owns the set, and nothing is counted.
 */
bool ocors_sketch_enter(ocors_sketch_set_t *set, uint64_t key, uint64_t stamp, uint64_t minute,
                        const ocors_sketch_note_t *note, uint32_t owner);

/* A process has died: it owns no set any more. */
void ocors_sketch_release(ocors_sketch_t *sketch, uint32_t owner);

/* One of those that are refused most: the true count is at least count - error, at most count. */
typedef struct ocors_sketch_item_t {
    uint64_t key, count, error;
    ocors_sketch_note_t note; /* checked: every member is within its bounds */
} ocors_sketch_item_t;

/*
 * The first `max` of one mode by count - error, the largest first. Returns how many there are;
 * *left_out: how many more have an entry.
 */
size_t ocors_sketch_top(const ocors_sketch_t *sketch, bool is_report, ocors_sketch_item_t *items,
                        size_t max, size_t *left_out);

/*
 * How many origins came in the minute that began with this stamp: those that have an entry, each
 * once. *evicted: how many entries were lost since the memory began, always in their own minute.
 */
size_t ocors_sketch_origins(const ocors_sketch_t *sketch, uint64_t minute, uint64_t *evicted);

/* Copies a note out of shared memory and makes every member be within its bounds. */
void ocors_sketch_note_read(const ocors_sketch_note_t *from, ocors_sketch_note_t *note);

#endif
