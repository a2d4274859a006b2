/* SPDX-License-Identifier: Apache-2.0 */
/* Sums of the counters. */

#include "ocors_counters.h"

_Static_assert(OCORS_REASON_COUNT <= OCORS_COUNTERS_REASONS, "each reason has counters");
_Static_assert(OCORS_COUNTERS_ROWS *OCORS_COUNTERS_BAND <= OCORS_COUNTERS_MODE,
               "each site has a band in each mode");

uint64_t ocors_counters_sum(const ocors_counters_stripe_t *stripes, uint32_t stripe_count,
                            uint32_t row, bool is_report, ocors_verdict_t verdict,
                            ocors_reason_t reason)
{
    uint64_t sum = 0;

    if (row >= OCORS_COUNTERS_ROWS) {
        return 0;
    }
    const size_t at = ocors_counters_place(ocors_counters_band(row, is_report), reason)
                      + (size_t)verdict;

    for (uint32_t i = 0; i < stripe_count; i++) {
        sum += atomic_load_explicit(&stripes[i].counts[at], memory_order_relaxed);
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
                *on += ocors_counters_sum(stripes, stripe_count, row, false, verdicts[i],
                                          (ocors_reason_t)reason);
                sum.reported += ocors_counters_sum(stripes, stripe_count, row, true, verdicts[i],
                                                   (ocors_reason_t)reason);
            }
        }
    }
    return sum;
}
