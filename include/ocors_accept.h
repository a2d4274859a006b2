/* SPDX-License-Identifier: Apache-2.0 */
/* What a client accepts (RFC 9110, section 12.5.1). */
#ifndef OCORS_ACCEPT_H
#define OCORS_ACCEPT_H

#include "ocors_span.h"

/*
 * The weight that the value of Accept gives to a media type such as "text/html", in thousandths:
 * that of the most specific range that matches it, and 0 if none does. Parameters of a range other
 * than q are passed over. A member that is not a media range is passed over, too. An empty value,
 * such as of an absent field, accepts everything: 1000. Linear in the value.
 */
unsigned ocors_accept_weight(ocors_span_t accept, ocors_span_t type);

#endif
