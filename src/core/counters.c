/* SPDX-License-Identifier: Apache-2.0 */
/* Sums of the counters. */

#include "ocors_counters.h"

_Static_assert(OCORS_REASON_COUNT <= OCORS_COUNTERS_REASONS, "each reason has a counter");

uint64_t ocors_counters_sum(const ocors_counters_stripe_t *stripes, uint32_t stripe_count,
                            uint32_t row, uint32_t cell)
{
    uint64_t sum = 0;

    if (row >= OCORS_COUNTERS_ROWS || cell >= OCORS_COUNTERS_CELLS) {
        return 0;
    }
    for (uint32_t i = 0; i < stripe_count; i++) {
        sum += atomic_load_explicit(&stripes[i].rows[row][cell], memory_order_relaxed);
    }
    return sum;
}

ocors_counters_refused_t ocors_counters_refused(const ocors_counters_stripe_t *stripes,
                                                uint32_t stripe_count)
{
    static const ocors_verdict_t verdicts[] = { OCORS_VERDICT_REFUSE, OCORS_VERDICT_WITHHOLD,
                                                OCORS_VERDICT_PREFLIGHT_WITHHOLD };
    ocors_counters_refused_t sum = { 0, 0, 0 };

    for (uint32_t row = 0; row < OCORS_COUNTERS_ROWS; row++) {
        for (size_t i = 0; i < sizeof(verdicts) / sizeof(verdicts[0]); i++) {
            uint64_t *const on = verdicts[i] == OCORS_VERDICT_REFUSE ? &sum.refused : &sum.withheld;

            for (unsigned reason = 0; reason < OCORS_REASON_COUNT; reason++) {
                *on += ocors_counters_sum(
                    stripes, stripe_count, row,
                    ocors_counters_cell(false, verdicts[i], (ocors_reason_t)reason));
                sum.reported += ocors_counters_sum(
                    stripes, stripe_count, row,
                    ocors_counters_cell(true, verdicts[i], (ocors_reason_t)reason));
            }
        }
    }
    return sum;
}
