/* SPDX-License-Identifier: Apache-2.0 */
/* The names of verdicts and reasons. */

#include "ocors_verdict.h"

static const char *const verdict_names[] = {
#define VERDICT_NAME(name, text) [OCORS_VERDICT_##name] = (text),
    OCORS_VERDICTS(VERDICT_NAME)
#undef VERDICT_NAME
};

static const char *const reason_names[] = {
#define REASON_NAME(name, text) [OCORS_REASON_##name] = (text),
    OCORS_REASONS(REASON_NAME)
#undef REASON_NAME
};

const char *ocors_verdict_name(ocors_verdict_t verdict)
{
    return (unsigned)verdict < OCORS_VERDICT_COUNT ? verdict_names[verdict] : "";
}

const char *ocors_reason_name(ocors_reason_t reason)
{
    return (unsigned)reason < OCORS_REASON_COUNT ? reason_names[reason] : "";
}
