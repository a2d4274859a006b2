/* SPDX-License-Identifier: Apache-2.0 */
/* The weight that Accept gives to a media type. */
#include "vectors.h"

#include <string.h>

#include "ocors_accept.h"

static void weights(void **state)
{
    static const struct {
        const char *accept;
        unsigned html, json;
    } rows[] = {
        { "", 1000, 1000 },
        { " \t ", 1000, 1000 },
        { "*/*", 1000, 1000 },
        { "text/html", 1000, 0 },
        { "TEXT/HTML", 1000, 0 },
        { "text/*", 1000, 0 },
        { "text/*;q=0.5", 500, 0 },
        { "application/json", 0, 1000 },
        { "text/html, application/json", 1000, 1000 },
        { "text/html;q=0.8,application/json;q=0.801", 800, 801 },
        /* the most specific range counts, wherever it is */
        { "*/*;q=0.1, text/html;q=0, text/*", 0, 100 },
        { "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8", 1000, 800 },
        { "application/openmetrics-text;version=1.0.0,text/plain;q=0.5,*/*;q=0.1", 100, 100 },
        /* weights: 0 to 1 with three digits at most; anything else is none */
        { "text/html;q=1", 1000, 0 },
        { "text/html;q=1.000", 1000, 0 },
        { "text/html;q=0.", 0, 0 },
        { "text/html;Q=0.25", 250, 0 },
        { "text/html;q=1.001", 0, 0 },
        { "text/html;q=2", 0, 0 },
        { "text/html;q=-1", 0, 0 },
        { "text/html;q=0.5555", 0, 0 },
        { "text/html;q=", 0, 0 },
        { "text/html;q=.5", 0, 0 },
        { "text/html;q=0,5", 0, 0 },
        /* other parameters, quoted strings, blanks, empty members */
        { "text/html;level=1;q=0.4", 400, 0 },
        { "text/html ; charset=\"a,b;q=0\" ; q=0.3", 300, 0 },
        { "text/plain;x=\"\\\",text/html\", application/json", 0, 1000 },
        { ",, ,text/html,", 1000, 0 },
        { "text/plain;x=\"", 0, 0 },
        { "text/plain;x=\"\\", 0, 0 },
        /* what is no media range */
        { "text", 0, 0 },
        { "text/htm", 0, 0 },
        { "text/htmll", 0, 0 },
        { "*", 0, 0 },
        { "*/html", 0, 0 },
        { "text/", 0, 0 },
        { "te/*", 0, 0 },
        { ";q=1", 0, 0 },
    };

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        const ocors_span_t accept = guarded_copy(rows[i].accept, strlen(rows[i].accept));

        assert_int_equal(ocors_accept_weight(accept, OCORS_SPAN_LITERAL("text/html")),
                         rows[i].html);
        assert_int_equal(ocors_accept_weight(accept, OCORS_SPAN_LITERAL("application/json")),
                         rows[i].json);
        guarded_free(accept);
    }
    assert_int_equal(ocors_accept_weight(ocors_span_make(NULL, 0), OCORS_SPAN_LITERAL("a/b")),
                     1000);
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(weights) };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
