# SPDX-License-Identifier: Apache-2.0
"""Beside the policy: configurations that the docs recommend, as an administrator writes them."""

import json
import os
import re
import subprocess

import pytest

import httpd
from cors import (ALLOWED, GRANTED, PREFLIGHT, SETTINGS, UNKNOWN, ask, check, check_preflight, check_refused,
                  granted)

CONFIG = """
OcapiCorsSettings "${SETTINGS}/p.json"
<VirtualHost *:${PORT}>
    ServerName shop.example
    OcapiCors On
    # Field case 5.4: a payment provider's page posts its result here.
    <LocationMatch "^/callback$">
        OcapiCors Off
    </LocationMatch>
    # Field case 5.5: OCAPI's SDK.
    <Location "/sdk">
        OcapiCorsExposeHeaders authorization etag location x-dw-version-status x-dw-resource-state x-dw-request-base-id
    </Location>
    ProxyPass "/" "${BACKEND}/"
</VirtualHost>
<VirtualHost *:${PORT}>
    ServerName proxied.example
    ProxyPass "/api" "${BACKEND}/api"
    ProxyPass "/other" "${BACKEND}/other"
    # Field case 5.7: the policy stands where the backend does.
    <Proxy "${BACKEND}/api">
        OcapiCors On
    </Proxy>
</VirtualHost>
<VirtualHost *:${PORT}>
    ServerName guarded.example
    OcapiCors On
    ProxyPass "/" "${BACKEND}/"
    SecRuleEngine On
    SecRule ARGS:q "@streq one" "id:1,phase:1,deny,status:403"
    SecRule ARGS:q "@streq two" "id:2,phase:2,deny,status:403"
</VirtualHost>
"""


@pytest.fixture(scope="module")
def front(module_start_httpd, module_backend):
    return module_start_httpd(CONFIG, modules=["unique_id", "security2"], log_level="warn security2:crit",
                              defines={"BACKEND": module_backend.url, "SETTINGS": SETTINGS})


def test_a_callback_posted_from_a_foreign_page(front, backend):
    """Field case 5.4: a `<LocationMatch>` that is `Off`; the twin is the path beside it."""
    form = ("Content-Type", "application/x-www-form-urlencoded")
    for origin in (UNKNOWN, ("Origin", "null")):
        assert front.request("POST", "/callback", [origin, form], b"a=b", host="shop.example").status == 200
        check_refused(front.request("POST", "/callbacks", [origin, form], b"a=b", host="shop.example"))
    assert [r.path for r in backend.requests] == ["/callback"] * 2


@pytest.mark.parametrize("path", ["/callback/..;/orders", "/callback/%2e%2e;/orders", "/callback/..;x=1/orders", "/callback/..%3b/orders",
                                  "/callback/..%5corders", "/callback/%252e%252e/orders", "/callback;/../orders", "/callback/"])
def test_no_spelling_leads_through_the_callback(front, backend, path):
    """R5, R12: an application may serve another path by such a spelling; the docs show the section that is whole."""
    check_refused(front.request("POST", path, [UNKNOWN], b"a=b", host="shop.example"))
    assert backend.requests == []
    for document in ("docs/deployment.md", "docs/directives.md"):
        assert '<LocationMatch "^/callback$">' in (httpd.REPOSITORY / document).read_text(), document


def test_the_headers_that_the_sdk_reads(front, backend):
    """Field case 5.5: the line that the docs and the annotated configuration give."""
    names = "authorization etag location x-dw-version-status x-dw-resource-state x-dw-request-base-id"
    response = ask(front, "GET", "/sdk/x", ALLOWED, host="shop.example")
    assert response.one("Access-Control-Expose-Headers") == names.replace(" ", ",")
    for document in ("conf/ocapi_cors.conf", "docs/frontend.md"):
        assert f"OcapiCorsExposeHeaders {names}" in (httpd.REPOSITORY / document).read_text(), document


@pytest.mark.parametrize("name", ["Access-Control-Request-Private-Network", "Access-Control-Request-Local-Network"])
def test_private_network_access_is_not_granted(front, name):
    """Field case 5.6: the preflight is answered, and says nothing of the network."""
    response = ask(front, "OPTIONS", "/x", ALLOWED, PREFLIGHT, (name, "true"), host="shop.example")
    check_preflight(response, True)
    assert not [n for n, _ in response.cors() if re.search("network", n, re.I)]


def test_a_proxy_section(front, backend):
    """Field case 5.7: `<Proxy>` holds the policy of a backend; a path that leads elsewhere is left alone."""
    check(ask(front, "GET", "/api/x", ALLOWED, host="proxied.example"), 200, GRANTED)
    check(ask(front, "GET", "/api/x", UNKNOWN, host="proxied.example"), 200, set())
    check_preflight(ask(front, "OPTIONS", "/api/x", ALLOWED, PREFLIGHT, host="proxied.example"), True)
    backend.reset()
    check_refused(ask(front, "POST", "/api/x", UNKNOWN, host="proxied.example"))
    assert backend.connections == 0
    assert ask(front, "POST", "/other/x", UNKNOWN, host="proxied.example").status == 200


def test_mod_security_in_front(front, backend):
    """Field case 5.7: a rule of phase 1 comes before the module, and one of phase 2 behind it. What they deny
    carries the module's headers, and nobody else's."""
    for query in ("one", "two"):
        path = f"/x?q={query}"
        check(ask(front, "GET", path, ALLOWED, host="guarded.example"), 403, granted(ALLOWED))
        check(ask(front, "GET", path, UNKNOWN, host="guarded.example"), 403, set())
    check(ask(front, "POST", "/x?q=one", UNKNOWN, host="guarded.example"), 403, set())
    assert ask(front, "OPTIONS", "/x?q=one", ALLOWED, PREFLIGHT, host="guarded.example").status == 403
    check_refused(ask(front, "POST", "/x?q=two", UNKNOWN, host="guarded.example"))
    check_preflight(ask(front, "OPTIONS", "/x?q=two", ALLOWED, PREFLIGHT, host="guarded.example"), True)
    assert backend.connections == 0
    check(ask(front, "GET", "/x?q=other", ALLOWED, host="guarded.example"), 200, granted(ALLOWED))


def test_a_preview_deployment_comes_and_goes(start_httpd, backend):
    """Field case 5.3: `ocapi-cors allow`, in force without a restart and without a look (the interval is an hour)."""
    preview = ("Origin", "https://pr-17.preview.example")
    document = json.dumps({"_v": "19.1", "clients": [{"client_id": "spa", "allowed_origins": [ALLOWED[1]]}]}, indent=2)
    server = start_httpd("""
OcapiCorsReload 1h
OcapiCorsSettings "${ROOT}/preview.json"
OcapiCors On
<VirtualHost *:${PORT}>
    ServerName shop.example
    ProxyPass "/" "${BACKEND}/"
</VirtualHost>""", files={"preview.json": document}, defines={"BACKEND": backend.url})

    def edit(action):
        subprocess.run([os.path.join(os.environ["OCORS_BUILD"], "gcc", "ocapi-cors"), action, server.root / "preview.json",
                        "--client", "spa", preview[1]], check=True, capture_output=True)

    def statuses():
        return [ask(server, "POST", "/x", origin, host="shop.example").status for origin in (ALLOWED, preview, UNKNOWN)]

    assert statuses() == [200, 401, 401]
    edit("allow")
    httpd.wait_until(lambda: statuses() == [200, 200, 401], "the preview's origin is allowed")
    edit("revoke")
    httpd.wait_until(lambda: statuses() == [200, 401, 401], "the preview's origin is refused")
    assert (server.root / "preview.json").read_text() == document
