/* SPDX-License-Identifier: Apache-2.0 */
/* Counters of decided requests: by verdict, reason, site and mode. */
#ifndef OCORS_COUNTERS_H
#define OCORS_COUNTERS_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "ocors_verdict.h"

/*
 *   counters: | stripe 0                    | stripe 1 | ...      a power of two of them
 *   stripe:   | OcapiCors On: band 0 | band 1 | ... | band 63 | ReportOnly: band 0 | ... |
 *   band:     | reason 0: verdict 0, 1, ... | reason 1: ... |
 *
 * They lie in memory that all workers share, and begin as zeros. A connection counts in one stripe,
 * so that two processors seldom write to the same cache line. A count is the sum over all stripes.
 * A site has one row: its bands of both modes. The place of a reason is where its counters begin.
 * Each number is written by one atomic addition: a worker that is killed loses nothing.
 *
 * Whoever reads them trusts no number: a worker may have written anything.
 */
#define OCORS_COUNTERS_ROWS    64
#define OCORS_COUNTERS_REASONS 20 /* for OCORS_REASON_COUNT; a band is whole cache lines */
#define OCORS_COUNTERS_BAND    ((size_t)OCORS_COUNTERS_REASONS * OCORS_VERDICT_COUNT)
#define OCORS_COUNTERS_MODE    8192 /* for the bands of a mode; a power of two */
#define OCORS_COUNTERS_ALL     (2 * OCORS_COUNTERS_MODE)
#define OCORS_COUNTERS_PLACES  (OCORS_COUNTERS_ALL - OCORS_VERDICT_COUNT)

typedef struct ocors_counters_stripe_t {
    _Alignas(64) _Atomic uint64_t counts[OCORS_COUNTERS_ALL];
} ocors_counters_stripe_t;

/* Where a band begins in a stripe. The row is within its bounds. */
static inline size_t ocors_counters_band(uint32_t row, bool is_report)
{
    return (size_t)row * OCORS_COUNTERS_BAND + (is_report ? OCORS_COUNTERS_MODE : 0);
}

/* The row of a band. */
static inline uint32_t ocors_counters_row(size_t band)
{
    return (uint32_t)(band % OCORS_COUNTERS_MODE / OCORS_COUNTERS_BAND);
}

/* The place of a reason. */
static inline size_t ocors_counters_place(size_t band, ocors_reason_t reason)
{
    return band + (size_t)reason * OCORS_VERDICT_COUNT;
}

/* A counter. The place is less than OCORS_COUNTERS_PLACES; the others are within their bounds. */
static inline _Atomic uint64_t *ocors_counters_at(ocors_counters_stripe_t *stripes, uint32_t stripe,
                                                  size_t place, ocors_verdict_t verdict)
{
    return &stripes[stripe].counts[place + (size_t)verdict];
}

/* Counts once. */
static inline void ocors_counters_add(_Atomic uint64_t *counter)
{
    atomic_fetch_add_explicit(counter, 1, memory_order_relaxed);
}

/* The sum over all stripes. 0: there is no such row. */
uint64_t ocors_counters_sum(const ocors_counters_stripe_t *stripes, uint32_t stripe_count,
                            uint32_t row, bool is_report, ocors_verdict_t verdict,
                            ocors_reason_t reason);

/* How many requests were not allowed, over all rows. */
typedef struct ocors_counters_refused_t {
    uint64_t refused;  /* On: answered with 401 */
    uint64_t withheld; /* On: passed, or a preflight; nothing was granted */
    uint64_t reported; /* ReportOnly: either of them, if it were On */
} ocors_counters_refused_t;

ocors_counters_refused_t ocors_counters_refused(const ocors_counters_stripe_t *stripes,
                                                uint32_t stripe_count);

#endif
