# SPDX-License-Identifier: Apache-2.0
"""OcapiCors ReportOnly touches nothing: each answer is that of the module off, byte for byte, and a backend gets the
same request (A50)."""

import re
import socket

import pytest

import wire
from cors import ALLOWED, BACKEND_SAYS, SETTINGS, UNKNOWN

HOST = """
<VirtualHost *:${{{port}}}>
    ServerName shop.example
    ProxyPass "/api" "${{BACKEND}}/api"
    RedirectMatch 302 "^/moved" "/page"
    ErrorDocument 404 "nothing here"
    TraceEnable extended
    <Location "/">
        OcapiCorsSettings {settings}/p.json
        OcapiCors {mode}
    </Location>
    <Location "/denied">
        Require all denied
    </Location>
    <Location "/form">
        AllowMethods GET
    </Location>
</VirtualHost>
"""
CONFIG = 'Header always set X-Other value\n' + "".join(
    HOST.format(port=port, settings=SETTINGS, mode=mode) for port, mode in (("PORT", "ReportOnly"), ("PORT2", "Off")))
FILES = {"htdocs/page": "page\n" * 40, "htdocs/form/page": "form\n"}
MALFORMED, SEVERAL = ("Origin", "http://foo.com/x"), ("Origin", "http://foo.com http://bar.com")
ORIGINS = {"none": [], "allowed": [ALLOWED], "unknown": [UNKNOWN], "null": [("Origin", "null")], "empty": [("Origin", "")],
           "malformed": [MALFORMED], "several": [SEVERAL], "two": [ALLOWED, UNKNOWN], "own": [("Origin", "http://shop.example")]}
PREFLIGHT = [("Access-Control-Request-Method", "PUT"), ("Access-Control-Request-Headers", "content-type, x-y")]
TARGETS = ["/page", "/form/page", "/missing", "/denied/x", "/moved", "/api/x", "/a%2Fb", "/%00", "/page?client_id=x"]


@pytest.fixture(scope="module")
def front(module_start_httpd, module_backend):
    return module_start_httpd(CONFIG, ports=2, files=FILES, defines={"BACKEND": module_backend.url},
                                modules=["headers", "alias", "allowmethods", "proxy", "proxy_http"])


def exchange(port, data):
    """All bytes that come back until the server closes; what tells two moments apart is masked."""
    received = b""
    with socket.create_connection(("127.0.0.1", port), timeout=wire.TIMEOUT) as connection:
        connection.sendall(data)
        while piece := connection.recv(65536):
            received += piece
    return re.sub(rb"(?m)^Date: [^\r]*", b"Date: -", received).replace(str(port).encode(), b"PORT")


def both(front, data):
    front.allow_log("AH01623|AH01630")  # methods and access that are denied
    return [exchange(port, data.replace(b"PORT", str(port).encode())) for port in map(front.port_number, (1, 2))]


@pytest.mark.parametrize("target", TARGETS)
@pytest.mark.parametrize("who", ORIGINS)
def test_each_answer_is_the_same(front, module_backend, target, who):
    """A50: whatever is asked, by whomever."""
    module_backend.answer("/api/x", headers=BACKEND_SAYS, body=b"{}")
    for method, fields, body in (("GET", [], b""), ("HEAD", [], b""), ("POST", [], b"a=1"), ("OPTIONS", [], b""),
                                 ("OPTIONS", PREFLIGHT, b""), ("TRACE", [], b""), ("DELETE", [], b"")):
        data = wire.build(method, target, [*ORIGINS[who], *fields], body)
        module_backend.reset()
        module_backend.answer("/api/x", headers=BACKEND_SAYS, body=b"{}")
        reported, off = both(front, data)
        assert reported == off and reported.startswith(b"HTTP/1.1 "), (method, fields)
        if target == "/api/x":
            one, other = module_backend.requests
            assert (one.method, one.path, one.body) == (other.method, other.path, other.body)


def test_an_error_page_is_reported_where_nothing_is_enforced(start_httpd):
    """A50, S14: the page belongs to a section, what was asked for does not."""
    server = start_httpd(f"""
        ErrorDocument 404 /report/page
        <Location "/report">
            OcapiCors ReportOnly
            OcapiCorsSettings {SETTINGS}/p.json
        </Location>""", files={"htdocs/report/page": "page"})
    response = server.request("GET", "/missing", [UNKNOWN])
    assert (response.status, response.body, response.all("Vary")) == (404, b"page", [])
    server.wait_log('OCORS0012: report only: not-listed: origin "http://bar.com"')


def test_a_redirected_request_is_reported_as_it_was_sent(start_httpd):
    """A50, S19: the report is what On would decide, also where no section is On and RequestHeader has changed the Origin."""
    server = start_httpd(f"""
        OcapiCorsSettings {SETTINGS}/p.json
        RequestHeader set Origin {ALLOWED[1]}
        <Location "/report">
            OcapiCors ReportOnly
        </Location>
        <Directory "${{ROOT}}/htdocs/led">
            RewriteEngine On
            RewriteRule . /report/page [L]
        </Directory>""", files={"htdocs/report/page": "page", "htdocs/led/x": "x"}, modules=["headers", "rewrite"])
    response = server.request("GET", "/led/x", [UNKNOWN])
    assert (response.status, response.body, response.all("Vary")) == (200, b"page", [])
    server.wait_log('OCORS0012: report only: not-listed: origin "http://bar.com"')


@pytest.mark.parametrize("data", [
    b"GET /page HTTP/1.1\r\nHost: shop.example\r\nOrigin: http://bar.com\r\n\r\n"
    b"POST /page HTTP/1.1\r\nHost: shop.example\r\nOrigin: http://bar.com\r\nContent-Length: 3\r\n\r\nabc"
    b"GET /page HTTP/1.1\r\nHost: shop.example\r\nConnection: close\r\n\r\n",
    b"GET /page HTTP/1.0\r\nOrigin: http://bar.com\r\n\r\n", b"OPTIONS * HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n",
    b"POST /page HTTP/1.1\r\nHost: x\r\nOrigin: http://bar.com\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n"
    b"3\r\nabc\r\n0\r\n\r\n",
    b"GET /page HTTP/1.1\r\nHost: x\r\nOrigin: http://bar.com\r\nRange: bytes=3-5\r\nConnection: close\r\n\r\n",
    b"GET /page HTTP/1.1\r\nHost: x\r\nOrigin: http://foo.com\r\nIf-Match: \"no\"\r\nConnection: close\r\n\r\n",
    b"GE\x01T /page HTTP/1.1\r\n\r\n", b"POST /page HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nOrigin: http://bar.com\r\n"
    b"Content-Length: 3\r\nConnection: close\r\n\r\nabc",
], ids=["pipelined", "1.0", "*", "chunked", "range", "precondition", "malformed", "expect"])
def test_each_exchange_is_the_same(front, data):
    """A50: connections, too."""
    reported, off = both(front, data)
    assert reported == off and reported
