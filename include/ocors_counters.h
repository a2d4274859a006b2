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
 *   stripe:   | row 0 | row 1 | ... | row 63 |                    a row for each site
 *   row:      | OcapiCors On: verdict 0: reason 0, 1, ... | verdict 1: ... | ReportOnly: ... |
 *
 * They lie in memory that all workers share, and begin as zeros. A connection counts in one stripe,
 * so that two processors seldom write to the same cache line. A count is the sum over all stripes.
 * Each number is written by one atomic addition: a worker that is killed loses nothing.
 *
 * Whoever reads them trusts no number: a worker may have written anything.
 */
#define OCORS_COUNTERS_ROWS    64
#define OCORS_COUNTERS_MODES   2  /* On, ReportOnly */
#define OCORS_COUNTERS_REASONS 20 /* for OCORS_REASON_COUNT; a row is whole cache lines */
#define OCORS_COUNTERS_CELLS   (OCORS_COUNTERS_MODES * OCORS_VERDICT_COUNT * OCORS_COUNTERS_REASONS)

typedef struct ocors_counters_stripe_t {
    _Alignas(64) _Atomic uint64_t rows[OCORS_COUNTERS_ROWS][OCORS_COUNTERS_CELLS];
} ocors_counters_stripe_t;

/* The place of a count in its row. All four are within their bounds. */
static inline uint32_t ocors_counters_cell(bool is_report, ocors_verdict_t verdict,
                                           ocors_reason_t reason)
{
    return ((is_report ? (uint32_t)OCORS_VERDICT_COUNT : 0) + (uint32_t)verdict)
               * OCORS_COUNTERS_REASONS
           + (uint32_t)reason;
}

/*
 * Counts once. `mode`: 0 On, 1 ReportOnly. Every number is within its bounds. The place is that of
 * stripes[stripe].rows[row][ocors_counters_cell(...)]; here each step is one instruction.
 */
static inline void ocors_counters_add(ocors_counters_stripe_t *stripes, uint32_t stripe,
                                      uint32_t row, uint32_t mode, ocors_verdict_t verdict,
                                      ocors_reason_t reason)
{
    _Atomic uint64_t *const first = &stripes->rows[0][0];
    size_t at = (size_t)stripe * OCORS_COUNTERS_ROWS + row;

    at = at * OCORS_COUNTERS_MODES + mode;
    at = at * OCORS_VERDICT_COUNT + verdict;
    at = at * OCORS_COUNTERS_REASONS + reason;
    atomic_fetch_add_explicit(first + at, 1, memory_order_relaxed);
}

/* The sum over all stripes. 0: there is no such row or cell. */
uint64_t ocors_counters_sum(const ocors_counters_stripe_t *stripes, uint32_t stripe_count,
                            uint32_t row, uint32_t cell);

/* How many requests were not allowed, over all rows. */
typedef struct ocors_counters_refused_t {
    uint64_t refused;  /* On: answered with 401 */
    uint64_t withheld; /* On: passed, or a preflight; nothing was granted */
    uint64_t reported; /* ReportOnly: either of them, if it were On */
} ocors_counters_refused_t;

ocors_counters_refused_t ocors_counters_refused(const ocors_counters_stripe_t *stripes,
                                                uint32_t stripe_count);

#endif
