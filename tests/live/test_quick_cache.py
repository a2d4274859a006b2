# SPDX-License-Identifier: Apache-2.0
"""mod_cache's quick handler knows the URL and its <Location>; httpd may go on to other sections, or to another URL (S21)."""

import pytest

from cors import ALLOWED, OTHER, SETTINGS, UNKNOWN, ask, check, granted
from test_cache import cached, document, is_hit

LED_ON = """
OcapiCorsSettings "${SETTINGS}/p.json"
CacheRoot "${ROOT}/run"
CacheHeader on
CacheQuickHandler ${QUICK}
CacheDefaultExpire 600
CacheIgnoreNoLastMod On
<Directory "${ROOT}/htdocs">
    DirectoryIndex index.txt
</Directory>
<Directory "${ROOT}/htdocs/fallback">
    FallbackResource /front/index.txt
</Directory>
<Directory "${ROOT}/htdocs/directory">
    OcapiCors On
</Directory>
<Directory "${ROOT}/htdocs/including">
    Options +Includes
    SetOutputFilter INCLUDES
</Directory>
<LocationMatch "^/(front|wide)">
    OcapiCors On
</LocationMatch>
<Location "/strict">
    OcapiCors On
    OcapiCorsSettings "${ROOT}/other.json"
</Location>
<Location "/plain">
    OcapiCorsMaxAge 7
</Location>
<LocationMatch "^/(s/|tree)">
    OcapiCors On
    OcapiCorsSettingsTree "${ROOT}/tree"
</LocationMatch>
Header set Access-Control-Allow-Origin "*"
<VirtualHost *:${PORT}>
    CacheEnable disk "/"
    RewriteEngine On
    RewriteRule "^/(open|wide)/(.*)" "/strict/$2" [PT]
    RewriteRule "^/(tree|s/B/dw/shop)/moved" "/s/A/dw/shop/k" [PT]
    RewriteRule "^/(wide|dull)-plain/(.*)" "/plain/$2" [PT]
    RewriteRule "^/wide-as-D" "/front-k?client_id=D" [PT]
    ProxyPass "/strict" "${BACKEND}/strict"
    ProxyPass "/front-k" "${BACKEND}/front-k"
    ProxyPass "/s/A" "${BACKEND}/s/A"
    ProxyPass "/plain" "${BACKEND}/plain"
</VirtualHost>
"""
TREE = {f"tree/{place}ocapi-settings/wapi_shop_config.json": document(origin)
        for place, origin in (("", UNKNOWN), ("sites/A/", OTHER), ("sites/B/", ALLOWED))}


@pytest.fixture(scope="module", params=["on", "off"])
def led_on(request, module_start_httpd, module_backend):
    files = {f"htdocs/{name}": "body" for name in ("front/index.txt", "directory/index.txt", "fallback/keep")}
    pages = {f"htdocs/including/{place}": f'<!--#include virtual="/{place}/included-by-{place}" -->' for place in ("open", "strict")}
    server = module_start_httpd(LED_ON, modules=["cache", "cache_disk", "dir", "headers", "include", "rewrite"],
                                defines={"BACKEND": module_backend.url, "SETTINGS": SETTINGS, "QUICK": request.param},
                                files={"other.json": document(OTHER), **TREE, **files, **pages})
    server.is_quick = request.param == "on"
    return server


@pytest.mark.parametrize("path, member, is_plain", [
    ("/front/index.txt", ALLOWED, True), ("/front/", ALLOWED, True), ("/strict/k", OTHER, True),
    ("/s/A/dw/shop/k", OTHER, True), ("/s/%41/dw/shop/k", OTHER, True), ("/s/x/../A/dw/shop/k", OTHER, True),
    ("/front-k", ALLOWED, True), ("/directory/", ALLOWED, False), ("/fallback/any", ALLOWED, False),
    ("/open/k", OTHER, False), ("/wide/k", OTHER, False), ("/tree/moved", OTHER, False),
    ("/s/B/dw/shop/moved", OTHER, False), ("/wide-as-D", None, False)])
def test_where_httpd_is_led_on_the_last_place_decides(led_on, backend, path, member, is_plain):
    """S21, H1, H2: also for what is cached; the twins are plain, and have hits in the quick handler, too."""
    for place in ("/strict/k", "/front-k", "/s/A/dw/shop/k"):
        cached(backend, place)
    hits = 0
    for origin in (ALLOWED, OTHER, UNKNOWN, None) * 2:
        response = ask(led_on, "GET", path, origin)
        check(response, 200, granted(origin) if origin and origin == member else set())
        hits += is_hit(response)
    assert (hits >= 7) == (is_plain or not led_on.is_quick), hits


@pytest.mark.parametrize("place, is_plain", [("strict", True), ("open", False)])
def test_what_a_page_includes_is_judged_alike_when_it_is_asked_for(led_on, backend, place, is_plain):
    """S21, H1: mod_include asks the quick handler, too, in the name of a request that no section covers."""
    target = f"/included-by-{place}"
    cached(backend, f"/strict{target}")
    assert ask(led_on, "GET", f"/including/{place}", None).body == b"body"
    for origin in (OTHER, UNKNOWN, None):
        response = ask(led_on, "GET", f"/{place}{target}", origin)
        check(response, 200, granted(OTHER) if origin == OTHER else set())
        assert is_hit(response) == (is_plain or not led_on.is_quick)


@pytest.mark.parametrize("path, is_plain", [("/wide-plain/k", False), ("/dull-plain/k", True)])
def test_where_httpd_is_led_to_a_place_that_is_off(led_on, backend, path, is_plain):
    """S21: a hit in a section that is On would say what the place does not; where neither is On, other sections matter
    nothing."""
    cached(backend, "/plain/k")
    hits = 0
    for origin in (ALLOWED, UNKNOWN, None) * 2:
        response = ask(led_on, "GET", path, origin)
        assert response.status == 200 and response.all("Vary") == [], response
        assert response.all("Access-Control-Allow-Credentials") == [], response
        hits += is_hit(response)
    assert (hits >= 5) == (is_plain or not led_on.is_quick), hits
