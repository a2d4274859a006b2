# SPDX-License-Identifier: Apache-2.0
"""The four examples of the CORS chapter of OCAPI 19.1, header by header and value by value, through
mod_proxy to a real backend."""

import pytest

import httpd
from cors import PREFLIGHT_VARY

DEMO = httpd.REPOSITORY / "conf" / "examples" / "demo"
AVAILABILITY = "/dw/shop/v19_1/products/123/availability"
BASKETS = "/dw/shop/v19_1/baskets"
AVAILABILITY_BODY = (DEMO / "backend" / "availability.json").read_bytes()
BASKETS_BODY = (DEMO / "backend" / "baskets.json").read_bytes()
TOKEN = ("Authorization",
         "Bearer eyJfdiI6IjXXXXXX.eyJfdiI6IjEiLCJleHAXXXXXXX.-d5wQW4c4O4wt-Zkl7_fiEiALW1XXXX")
ITEM = b'{\n            "product_id" : "456",\n            "quantity" : 1.00\n}'

# What any httpd adds; the page does not name Vary, which is judged by itself (H3).
SERVERS_OWN = {"date", "server", "connection", "keep-alive", "vary"}

CONFIG = """
<VirtualHost *:${PORT}>
    ProxyPass "/" "${BACKEND}/"
    <Location "/dw/shop">
        OcapiCors         On
        OcapiCorsSettings "${SETTINGS}"
    </Location>
</VirtualHost>
"""


@pytest.fixture(scope="module")
def front(module_start_httpd, module_backend):
    return module_start_httpd(CONFIG, defines={"BACKEND": module_backend.url,
                                               "SETTINGS": DEMO / "shop.json"})


@pytest.fixture
def shop(backend):
    """The backend, which knows nothing of CORS, answers as the document shows."""
    backend.answer(AVAILABILITY, 200, [("Content-Type", "application/json; charset=UTF-8"),
                                       ("Cache-Control", "max-age=60,must-revalidate")],
                   AVAILABILITY_BODY)
    backend.answer(BASKETS, 200, [("Content-Type", "application/json;charset=UTF-8"),
                                  ("Cache-Control",
                                   "max-age=0,no-cache,no-store,must-revalidate")], BASKETS_BODY)
    return backend


def documented(response):
    """The response's header lines without those that are not the document's matter, sorted."""
    return sorted((n, v) for n, v in response.headers if n.lower() not in SERVERS_OWN)


def preflight(front, origin):
    return front.request("OPTIONS", BASKETS, [("Origin", origin),
                                              ("Access-Control-Request-Method", "POST"),
                                              ("Access-Control-Request-Headers", "Content-Type")])


def test_example_1_get_with_unknown_origin(front, shop):
    """O6, O7, O14: "Example 1: GET request with unknown origin - no Access-Control-Allow headers in response;
    browser should reject the response by forcing same origin policy." (R3) """
    response = front.request("GET", AVAILABILITY, [("Origin", "http://bar.com")])
    assert (response.status, response.reason) == (200, "OK")
    assert documented(response) == [
        ("Cache-Control", "max-age=60,must-revalidate"),
        ("Content-Length", "67"),
        ("Content-Type", "application/json; charset=UTF-8"),
    ]
    assert response.tokens("Vary") == ["Origin"]
    assert response.body == AVAILABILITY_BODY
    assert [(r.method, r.path) for r in shop.requests] == [("GET", AVAILABILITY)]


def test_example_2_get_with_known_origin(front, shop):
    """O5, O15: "Example 2: GET request with known origin - Access-Control-Allow headers in response; modern
    browsers should make the response content available." (R2) """
    response = front.request("GET", AVAILABILITY, [("Origin", "http://foo.com")])
    assert (response.status, response.reason) == (200, "OK")
    assert documented(response) == [
        ("Access-Control-Allow-Credentials", "true"),
        ("Access-Control-Allow-Origin", "http://foo.com"),
        ("Access-Control-Expose-Headers", "location,x-dw-version-status"),
        ("Cache-Control", "max-age=60,must-revalidate"),
        ("Content-Length", "67"),
        ("Content-Type", "application/json; charset=UTF-8"),
    ]
    assert response.tokens("Vary") == ["Origin"]
    assert response.body == AVAILABILITY_BODY
    assert [(r.method, r.path) for r in shop.requests] == [("GET", AVAILABILITY)]




def test_example_3_preflight_with_unknown_origin(front, shop):
    """O16: "Example 3: POST request with unknown origin: Pre-flight OPTIONS request contains no
    confirming Access-Control-Allow headers; browsers skip the second request." (P2, P3) """
    response = preflight(front, "http://bar.com")
    assert (response.status, response.reason) == (204, "No Content")
    assert documented(response) == [("Allow", "POST")]
    assert response.tokens("Vary") == PREFLIGHT_VARY
    assert response.body == b""
    assert shop.requests == [] and shop.connections == 0


def test_example_4_request_1_preflight_with_known_origin(front, shop):
    """O17: "Example 4: POST request with known origin: Pre-flight OPTIONS request has confirming
    Access-Control-Allow headers in response; browsers execute the second request." (P1, P3) """
    response = preflight(front, "http://foo.com")
    assert (response.status, response.reason) == (204, "No Content")
    assert documented(response) == [
        ("Access-Control-Allow-Credentials", "true"),
        ("Access-Control-Allow-Headers", "Content-Type"),
        ("Access-Control-Allow-Methods", "POST"),
        ("Access-Control-Allow-Origin", "http://foo.com"),
        ("Access-Control-Max-Age", "86400"),
        ("Allow", "POST"),
    ]
    assert response.tokens("Vary") == PREFLIGHT_VARY
    assert response.body == b""
    assert shop.requests == [] and shop.connections == 0


def test_example_4_request_2_post_with_known_origin(front, shop):
    """O17: "browsers execute the second request" (R4). The document's Content-Length, 158, does not fit
    its own body (and a comma is missing there): the length is the body's here."""
    response = front.request("POST", BASKETS, [("Origin", "http://foo.com"), TOKEN,
                                               ("Content-Type", "application/json")], ITEM)
    assert len(ITEM) == 67
    assert (response.status, response.reason) == (200, "OK")
    assert documented(response) == [
        ("Access-Control-Allow-Credentials", "true"),
        ("Access-Control-Allow-Origin", "http://foo.com"),
        ("Access-Control-Expose-Headers", "location,x-dw-version-status"),
        ("Cache-Control", "max-age=0,no-cache,no-store,must-revalidate"),
        ("Content-Length", str(len(BASKETS_BODY))),
        ("Content-Type", "application/json;charset=UTF-8"),
    ]
    assert response.tokens("Vary") == ["Origin"]
    assert response.body == BASKETS_BODY
    (seen,) = shop.requests
    assert (seen.method, seen.path, seen.body) == ("POST", BASKETS, ITEM)


def test_post_with_unknown_origin_is_not_processed(front, shop):
    """O8: "For PATCH, POST, PUT, and DELETE requests, the API returns a 401 fault of type
    UnauthorizedOriginException and ensures that there is no processing on the server side." (R5) """
    response = front.request("POST", BASKETS, [("Origin", "http://bar.com"), TOKEN,
                                               ("Content-Type", "application/json")], ITEM)
    assert response.status == 401
    assert b'"type":"UnauthorizedOriginException"' in response.body
    assert response.cors() == []
    assert shop.requests == [] and shop.connections == 0
