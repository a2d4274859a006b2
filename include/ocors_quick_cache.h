/* SPDX-License-Identifier: Apache-2.0 */
/* What mod_cache's quick handler may store (rule S21). */
#ifndef OCORS_QUICK_CACHE_H
#define OCORS_QUICK_CACHE_H

#include <httpd.h>

/*
 * A hit of the quick handler is judged by the URL and its <Location> sections, as httpd knows no
 * others then. If other sections, or another URL, decide about this request, its response is not
 * stored. To be called when r->per_dir_config is final, and before mod_cache's other handler.
 */
void ocors_quick_cache_guard(request_rec *r);

#endif
