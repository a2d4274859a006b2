# SPDX-License-Identifier: Apache-2.0
"""What runs before, behind and around the module: nothing runs for a refused request, a preflight needs
no key, and the module's word on Access-Control-* is the only one (R5, P4, H1, H3, H4, F1)."""

import json

import pytest

import httpd
import wire
from cors import ALLOWED, GRANTED, PREFLIGHT, SETTINGS, UNKNOWN

CONFIG = """
KeepAliveTimeout 20
OcapiCorsSettings "${SETTINGS}/p.json"
ProxyPass "/api/" "${BACKEND}/"
ProxyPass "/off/" "${BACKEND}/"
ErrorDocument 401 /pages/401.html
ErrorDocument 404 /pages/404.html
ErrorDocument 403 "text of our own"
Redirect permanent /moved /elsewhere
<Location "/api">
    OcapiCors On
</Location>
<Location "/api/basic">
    AuthType Basic
    AuthName test
    AuthBasicProvider file
    AuthUserFile "${ROOT}/users"
    Require valid-user
</Location>
<Location "/api/denied">
    Require all denied
</Location>
<Location "/api/ip">
    Require ip 192.0.2.1
</Location>
<Location "/api/methods">
    AllowMethods GET POST
</Location>
<Location "/api/limited">
    <LimitExcept GET POST>
        Require all denied
    </LimitExcept>
</Location>
<Location "/api/old">
    Order deny,allow
    Deny from all
</Location>
<Location "/api/header-set">
    Header set Access-Control-Allow-Origin "*"
    Header set Access-Control-Allow-Credentials "true"
    Header set X-Kept "1"
</Location>
<Location "/api/header-always-set">
    Header always set Access-Control-Allow-Origin "*"
    Header always add Access-Control-Allow-Origin "http://bar.com"
    Header always set Access-Control-Allow-Methods "PUT"
    Header always set X-Kept "1"
</Location>
<Location "/api/unset">
    RequestHeader unset Origin
</Location>
<Location "/static">
    OcapiCors On
</Location>
<Location "/moved">
    OcapiCors On
</Location>
<Location "/pages/inner.html">
    OcapiCors Off
</Location>
"""
MODULES = ["headers", "auth_basic", "authn_file", "authz_user", "authz_host", "access_compat",
           "allowmethods", "rewrite", "dir", "log_config"]


# One directive in a <Directory> anywhere, and nothing is decided by the path alone any more.
LATE = """
<Directory "${ROOT}/nowhere">
    OcapiCors Off
</Directory>
"""


@pytest.fixture(scope="module", params=["", LATE], ids=["early", "late"])
def front(request, module_start_httpd, module_backend):
    return module_start_httpd(CONFIG + request.param, modules=MODULES,
                              defines={"BACKEND": module_backend.url, "SETTINGS": SETTINGS},
                              files={"htdocs/pages/401.html": "page 401", "htdocs/pages/404.html": "page 404",
                                     "htdocs/static/file.txt": "text", "users": "u:$apr1$x$x\n"})


GUARDED = ["basic", "denied", "ip", "methods", "limited", "old"]


@pytest.mark.parametrize("place", GUARDED)
def test_preflight_is_answered_before_any_guard(front, backend, place):
    """P4: "a preflight never carries credentials" """
    response = front.request("OPTIONS", f"/api/{place}/x", [ALLOWED, PREFLIGHT])
    assert response.status == 204
    assert response.one("Access-Control-Allow-Origin") == "http://foo.com"
    assert response.one("WWW-Authenticate") is None
    assert backend.connections == 0


@pytest.mark.parametrize("place", GUARDED)
def test_preflight_of_an_unknown_origin_is_answered_before_any_guard(front, backend, place):
    """P2, P4"""
    response = front.request("OPTIONS", f"/api/{place}/x", [UNKNOWN, PREFLIGHT])
    assert (response.status, response.cors()) == (204, [])
    assert backend.connections == 0


@pytest.mark.parametrize("place", GUARDED)
def test_refusal_comes_before_any_guard(front, backend, place):
    """R5: "no authentication, no handler, no backend connection" """
    response = front.request("DELETE", f"/api/{place}/x", [UNKNOWN])
    assert response.status == 401
    assert json.loads(response.body)["fault"]["type"] == "UnauthorizedOriginException"
    assert response.all("WWW-Authenticate") == ['Bearer realm="OCAPI"']
    assert backend.connections == 0


@pytest.mark.parametrize("place, status", [("basic", 401), ("denied", 403), ("ip", 403),
                                           ("methods", 405), ("limited", 403), ("old", 403)])
def test_the_guards_stand_for_everybody_else(front, backend, place, status):
    """The twin: an allowed origin passes the module, not the guard, and can read why (H1)."""
    if place in ("denied", "ip", "limited"):
        front.expect_log("AH01630: client denied")
    if place == "old":
        front.expect_log("AH01797: client denied")
    if place == "methods":
        front.expect_log("AH01623: client method denied")
    response = front.request("DELETE", f"/api/{place}/x", [ALLOWED])
    assert response.status == status
    assert set(response.cors()) == GRANTED
    assert response.tokens("Vary") == ["Origin"]
    assert backend.connections == 0


def test_the_fault(front, backend):
    """F1, F2, F4, A23, whole; ErrorDocument 401 does not replace it."""
    response = front.request("POST", "/api/s/S/dw/shop/v20_10/baskets",
                             [("Origin", 'http://b"\\<\x7f\xe9')], b"{}")
    assert response.status == 400  # DEL is httpd's to refuse: the twin follows
    response = front.request("POST", "/api/s/S/dw/shop/v20_10/baskets",
                             [("Origin", 'http://b"\\</\xe9')], b"{}")
    assert response.status == 401
    assert response.one("Content-Type") == "application/json;charset=UTF-8"
    assert response.one("Cache-Control") == "max-age=0,no-cache,no-store,must-revalidate"
    assert response.one("WWW-Authenticate") == 'Bearer realm="OCAPI"'
    assert response.one("X-Content-Type-Options") == "nosniff"
    assert response.one("Content-Length") == str(len(response.body))
    assert response.tokens("Vary") == ["Origin"]
    assert response.cors() == []
    fault = json.loads(response.body)
    assert list(fault) == ["_v", "fault"]
    assert list(fault["fault"]) == ["arguments", "type", "message"]
    assert fault["_v"] == "20.10"
    assert fault["fault"]["arguments"] == {"origin": 'http://b"\\</\ufffd'}
    assert fault["fault"]["type"] == "UnauthorizedOriginException"
    assert backend.connections == 0


def test_the_fault_says_the_documents_version_where_the_url_has_none(front):
    """F3"""
    response = front.request("POST", "/api/x", [UNKNOWN])
    assert json.loads(response.body)["_v"] == "19.1"


@pytest.mark.parametrize("length, shown", [(256, 256), (257, 256), (4000, 256)])
def test_the_fault_cuts_the_origin(front, length, shown):
    """F6, R9"""
    origin = "http://" + "a" * (length - 7)
    response = front.request("POST", "/api/x", [("Origin", origin)])
    assert json.loads(response.body)["fault"]["arguments"]["origin"] == origin[:shown]


def test_the_fault_never_cuts_a_character(front):
    """F6"""
    origin = "http://" + "a" * 248 + "\u00e9\u00e9"
    response = front.request("POST", "/api/x", [("Origin", origin.encode())])
    assert json.loads(response.body)["fault"]["arguments"]["origin"] == "http://" + "a" * 248


@pytest.mark.parametrize("place", ["header-set", "header-always-set"])
@pytest.mark.parametrize("origin, expected", [(ALLOWED, GRANTED), (UNKNOWN, set()), (None, set())])
@pytest.mark.parametrize("status", [200, 404, 500])
def test_mod_headers_has_no_word(front, backend, place, origin, expected, status):
    """H1: "what a backend, a script or mod_headers put there is removed from both header tables" """
    backend.answer(f"/{place}/x", status, [("Access-Control-Allow-Origin", "*")], b"{}")
    response = front.request("GET", f"/api/{place}/x", [origin] if origin else [])
    assert response.status == status
    assert set(response.cors()) == expected and len(response.cors()) == len(expected)
    if place == "header-always-set" or status == 200:
        assert response.one("X-Kept") == "1"


def test_mod_headers_speaks_on_our_own_answers_too(front):
    """What an administrator adds to every response (HSTS, say) is on a fault as well."""
    response = front.request("POST", "/api/header-always-set/x", [UNKNOWN])
    assert (response.status, response.one("X-Kept"), response.cors()) == (401, "1", [])


def test_an_origin_that_is_unset_later_was_judged(front, backend):
    """The decision precedes `RequestHeader unset Origin`; the backend does not see the header."""
    response = front.request("POST", "/api/unset/x", [UNKNOWN])
    assert response.status == 401 and backend.connections == 0
    response = front.request("POST", "/api/unset/x", [ALLOWED])
    assert response.status == 200 and set(response.cors()) == GRANTED
    assert "origin" not in {n.lower() for n, _ in backend.requests[0].headers}


@pytest.mark.parametrize("vary, expected", [
    (None, ["Origin"]), ("Accept", ["Accept", "Origin"]), ("origin", ["origin"]),
    ("Accept-Encoding, ORIGIN", ["Accept-Encoding", "ORIGIN"]), ("*", ["*"]),
    ("Accept, *", ["Accept", "*"]), ("X-Original", ["X-Original", "Origin"])])
@pytest.mark.parametrize("origin", [ALLOWED, UNKNOWN, None])
def test_vary_is_merged(front, backend, vary, expected, origin):
    """H3"""
    backend.answer("/x", 200, [("Vary", vary)] if vary else [], b"{}")
    response = front.request("GET", "/api/x", [origin] if origin else [])
    assert sorted(response.tokens("Vary")) == sorted(expected)


STATUSES = [200, 201, 204, 301, 302, 304, 400, 401, 403, 404, 409, 410, 412, 429, 500, 502, 503]


@pytest.mark.parametrize("status", STATUSES)
@pytest.mark.parametrize("origin, expected", [(ALLOWED, GRANTED), (UNKNOWN, set()), (None, set())])
def test_every_status_of_a_backend(front, backend, status, origin, expected):
    """H1, R1 to R3"""
    backend.answer("/x", status, [("Access-Control-Allow-Origin", "*"), ("Location", "/y")], b"{}")
    response = front.request("GET", "/api/x", [origin] if origin else [])
    assert response.status == status
    assert set(response.cors()) == expected and len(response.cors()) == len(expected)
    assert response.tokens("Vary") == ["Origin"]


@pytest.mark.parametrize("target, status, body", [
    ("/static/file.txt", 200, b"text"), ("/static/none.txt", 404, b"page 404"),
    ("/moved", 301, None)])
@pytest.mark.parametrize("origin, expected", [(ALLOWED, GRANTED), (UNKNOWN, set()), (None, set())])
def test_httpds_own_answers(front, target, status, body, origin, expected):
    """S14, H1, H4: files, an ErrorDocument whose own place the module does not cover, a redirect from
    before the section was final."""
    response = front.request("GET", target, [origin] if origin else [])
    assert response.status == status
    assert body is None or response.body == body
    assert set(response.cors()) == expected
    assert response.tokens("Vary") == ["Origin"]


def test_preflight_is_ahead_of_a_redirect_where_the_path_alone_decides(front):
    """P4, and what docs/guide.md says of the other case."""
    response = front.request("OPTIONS", "/moved", [ALLOWED, PREFLIGHT])
    assert response.status == (301 if "nowhere" in front.config else 204)
    assert response.one("Access-Control-Allow-Origin") == "http://foo.com"


def test_outside_a_section_nothing_is_touched(front, backend):
    backend.answer("/x", 200, [("Access-Control-Allow-Origin", "*")], b"{}")
    response = front.request("POST", "/off/x", [UNKNOWN])
    assert response.status == 200
    assert response.cors() == [("Access-Control-Allow-Origin", "*")]
    assert response.one("Vary") is None


def test_connection_is_reused_after_a_refusal(front):
    """F5, R5: "connection-safe": a short body is dropped, not taken for the next request."""
    smuggled = b"GET /static/file.txt HTTP/1.1\r\nHost: example.com\r\n\r\n"
    with front.connection() as connection:
        for _ in range(3):
            connection.send(wire.build("POST", "/api/x", [UNKNOWN], smuggled, close=False))
            assert connection.read("POST").status == 401
            connection.send(wire.build("OPTIONS", "/api/x", [ALLOWED, PREFLIGHT], b"12345", close=False))
            assert connection.read("OPTIONS").status == 204
        connection.send(wire.build("GET", "/static/file.txt", [ALLOWED], close=False))
        assert connection.read().body == b"text"


def test_pipelined_requests(front):
    with front.connection() as connection:
        connection.send(wire.build("POST", "/api/x", [UNKNOWN], b"{}", close=False) * 3
                        + wire.build("GET", "/static/file.txt", [ALLOWED], close=True))
        assert [connection.read("POST").status for _ in range(3)] == [401] * 3
        assert connection.read().body == b"text"
        assert connection.is_closed()


@pytest.mark.parametrize("fields, start", [
    ([("Content-Length", "5000000")], b"x" * 1000),
    ([("Transfer-Encoding", "chunked")], b"5\r\nhello\r\n")])
def test_a_long_body_is_not_asked_for(front, backend, fields, start):
    """F5, R5: the answer comes while the body is still under way, and the connection ends."""
    with front.connection() as connection:
        connection.send(wire.build("POST", "/api/x", [UNKNOWN] + fields, close=False) + start)
        response = connection.read("POST")
        assert response.status == 401
        assert response.one("Connection") == "close"
        assert connection.is_closed()
    assert backend.connections == 0


def test_no_100_continue(front, backend):
    """R5: "no request body asked for with 100 Continue" """
    fields = [UNKNOWN, ("Expect", "100-continue"), ("Content-Length", "10")]
    with front.connection() as connection:
        connection.send(wire.build("POST", "/api/x", fields, close=False))
        response = connection.read("POST")
        assert (response.status, response.interim) == (401, [])
        assert response.one("Connection") == "close"
    fields[0] = ALLOWED
    with front.connection() as connection:
        connection.send(wire.build("POST", "/api/x", fields, close=False))
        connection.send(b"0123456789")
        assert connection.read("POST").status == 200
    assert [r.body for r in backend.requests] == [b"0123456789"]


def test_a_half_sent_body_does_not_hold_the_answer_back(front):
    with front.connection() as connection:
        connection.send(wire.build("POST", "/api/x", [UNKNOWN, ("Content-Length", "100")], close=False))
        connection.send(b"half")
        assert connection.read("POST").status == 401


def test_two_origin_lines(front, backend):
    """R6: "Anything joined by a comma (two header lines) is not allowed." """
    assert front.request("POST", "/api/x", [ALLOWED, ALLOWED]).status == 401
    assert front.request("POST", "/api/x", [ALLOWED]).status == 200
    assert len(backend.requests) == 1


def test_requested_headers_on_several_lines(front):
    """P5"""
    lines = [("Access-Control-Request-Headers", v) for v in ("X-A", "", " x-b , Cookie", "X-C")]
    response = front.request("OPTIONS", "/api/x", [ALLOWED, PREFLIGHT] + lines)
    assert response.tokens("Access-Control-Allow-Headers") == ["X-A", "x-b", "X-C"]


def test_http_1_0(front):
    data = b"POST /api/x HTTP/1.0\r\nOrigin: http://bar.com\r\nContent-Length: 2\r\n\r\n{}"
    assert wire.send_raw(front.port, data, "POST").status == 401


def test_trace_and_options_star_are_httpds(front, backend):
    """S11: answered before any module, be decisions early or late; the docs say so. A TRACE that is proxied is
    a method like any other (R5)."""
    for fields in ([UNKNOWN], [ALLOWED], []):
        response = front.request("TRACE", "/static/file.txt", fields)
        assert (response.status, response.cors()) == (200, [])
    assert front.request("TRACE", "/api/x", [UNKNOWN]).status == 401 and backend.connections == 0
    assert front.request("TRACE", "/api/x", [ALLOWED]).status == 200 and len(backend.requests) == 1
    response = front.request("OPTIONS", "*", [ALLOWED, PREFLIGHT])
    assert (response.status, response.cors()) == (200, [])


def test_a_rewritten_path_is_judged_where_it_comes_to(start_httpd, backend):
    """Section 5: nothing is decided early that a rewrite can send to other sections."""
    server = start_httpd("""
        RewriteEngine On
        RewriteRule "^/outer/(.*)" "/inner/$1" [PT]
        ProxyPass "/inner/" "${BACKEND}/"
        <Location "/outer">
            OcapiCors On
            OcapiCorsSettings "${CLOSED}"
        </Location>
        <Location "/inner">
            OcapiCors On
            OcapiCorsSettings "${SETTINGS}/p.json"
        </Location>""", modules=["rewrite"], defines={
            "BACKEND": backend.url, "SETTINGS": SETTINGS, "CLOSED": SETTINGS / "closed.json"})
    assert server.request("POST", "/outer/x", [ALLOWED]).status == 200
    assert server.request("POST", "/outer/x", [UNKNOWN]).status == 401
    response = server.request("OPTIONS", "/outer/x", [ALLOWED, PREFLIGHT])
    assert (response.status, response.one("Access-Control-Allow-Origin")) == (204, "http://foo.com")
    assert len(backend.requests) == 1
