/* SPDX-License-Identifier: Apache-2.0 */
/* What a function of the core returns where it can fail in more ways than one. */
#ifndef OCORS_RESULT_H
#define OCORS_RESULT_H

typedef enum {
    OCORS_OK = 0,
    OCORS_INVALID,  /* the input is wrong; the report says how */
    OCORS_NO_MEMORY /* an allocation failed; nothing was kept */
} ocors_result_t;

#endif
