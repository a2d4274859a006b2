# SPDX-License-Identifier: Apache-2.0
"""What carries requests and answers: the proxy's schemes, balancers, upgrades to WebSocket, filters that
change bodies. What is refused opens no connection; every answer has the module's headers, once (R1 to R5,
P1, P2, P4, H1, H3)."""

import base64
import gzip
import hashlib
import re
import socket
from collections import namedtuple

import pytest

import wire
from cors import (ALLOWED, BACKEND_SAYS, ORIGIN_IDS, ORIGINS, PREFLIGHT, SETTINGS, UNKNOWN, ask, check,
                  check_preflight, check_refused)
from fastcgi import FastCgi
from listener import Listener

SAYS = "".join(f"{name}: {value}\r\n" for name, value in BACKEND_SAYS).encode()
ANSWER = b"Status: 200 OK\r\nContent-Type: text/plain\r\n" + SAYS + b"\r\nran"


class Scgi(Listener):
    """An SCGI application: netstring of headers, body, answer."""

    def serve(self, source, sink):
        length = b""
        while (byte := source.read(1)) != b":":
            length += byte
        fields = source.read(int(length) + 1)[:-2].split(b"\0")
        variables = dict(zip(fields[::2], fields[1::2]))
        source.read(int(variables[b"CONTENT_LENGTH"]))
        sink.write(ANSWER)


class WebSocket(Listener):
    """RFC 6455, as far as one small text frame goes: it is sent back. `/refuse/<status>` refuses the
    handshake; so does a request that asks for none (426)."""

    KEY = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"

    def serve(self, source, sink):
        target = source.readline().split()[1]
        fields = {}
        while line := source.readline().strip():
            name, _, value = line.partition(b":")
            fields[name.lower()] = value.strip()
        refused = re.search(rb"/refuse/(\d+)", target)
        if refused or b"sec-websocket-key" not in fields:
            status = refused[1] if refused else b"426"
            sink.write(b"HTTP/1.1 " + status + b" No\r\n" + SAYS
                       + b"Content-Length: 2\r\nConnection: close\r\n\r\nno")
            return
        proof = base64.b64encode(hashlib.sha1(fields[b"sec-websocket-key"] + self.KEY).digest())
        sink.write(b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n" + SAYS
                   + b"Sec-WebSocket-Accept: " + proof + b"\r\n\r\n")
        head = source.read(2)
        mask, data = source.read(4), source.read(head[1] & 0x7f)
        text = bytes(byte ^ mask[n % 4] for n, byte in enumerate(data))
        sink.write(bytes([0x81, len(text)]) + text)
        sink.flush()
        source.read(6)  # its closing frame


CONFIG = """
OcapiCorsSettings "${SETTINGS}/p.json"
ErrorDocument 503 /pages/503.html
ErrorDocument 404 /pages/404.html
<Location "/api">
    OcapiCors On
</Location>
<Proxy "balancer://alive">
    BalancerMember "${BACKEND}"
    BalancerMember "http://127.0.0.2:${DEAD}" status=+D
</Proxy>
<Proxy "balancer://dead">
    BalancerMember "http://127.0.0.3:${DEAD}" status=+D
    BalancerMember "http://127.0.0.4:${DEAD}" status=+D
</Proxy>
<VirtualHost *:${PORT}>
    ProxyPass "/api/http/" "${BACKEND}/"
    ProxyPass "/api/fcgi/" "fcgi://127.0.0.1:${FCGI}/"
    ProxyPass "/api/scgi/" "scgi://127.0.0.1:${SCGI}/"
    ProxyPass "/api/balancer/" "balancer://alive/"
    ProxyPass "/api/balancer-dead/" "balancer://dead/"
    ProxyPass "/api/dead/" "http://127.0.0.1:${DEAD}/" retry=0
    ProxyPassMatch "^/api/match/(.*)$" "${BACKEND}/$1"
    ProxyPass "/api/ws/" "ws://127.0.0.1:${WS}/"
    ProxyPass "/api/ws-http/" "http://127.0.0.1:${WS}/up/" upgrade=websocket
    <Location "/api/section">
        ProxyPass "${BACKEND}"
        ProxyPassReverse "${BACKEND}"
    </Location>
    <Location "/api/override">
        ProxyPass "${BACKEND}"
        ProxyErrorOverride On
    </Location>
    <Location "/api/host">
        ProxyPass "${BACKEND}"
        ProxyPreserveHost On
    </Location>
    <Location "/api/deflate">
        ProxyPass "${BACKEND}"
        SetOutputFilter DEFLATE
    </Location>
    <Location "/api/inflate">
        ProxyPass "${BACKEND}"
        SetInputFilter DEFLATE
        SetOutputFilter INFLATE
    </Location>
    <Location "/api/brotli">
        ProxyPass "${BACKEND}"
        SetOutputFilter BROTLI_COMPRESS
    </Location>
    <Location "/api/ratelimit">
        ProxyPass "${BACKEND}"
        SetOutputFilter RATE_LIMIT
        SetEnv rate-limit 4000
    </Location>
    <Location "/api/buffer">
        ProxyPass "${BACKEND}"
        SetOutputFilter BUFFER
        SetInputFilter BUFFER
    </Location>
    <Location "/api/script">
        SetHandler cgi-script
        Options ExecCGI
    </Location>
</VirtualHost>
<VirtualHost *:${PORT2}>
    RequestReadTimeout header=20 body=1
    ProxyPass "/api/" "${BACKEND}/"
</VirtualHost>
"""
LATE = '<Directory "${ROOT}/nowhere">\nOcapiCors Off\n</Directory>\n'
MODULES = ["brotli", "buffer", "cgi", "deflate", "env", "lbmethod_byrequests", "proxy_balancer", "proxy_fcgi",
           "proxy_scgi", "proxy_wstunnel", "ratelimit", "reqtimeout", "slotmem_shm"]
NPH = """#!/bin/sh
printf 'HTTP/1.1 200 OK\\r\\nAccess-Control-Allow-Origin: *\\r\\n'
printf 'Connection: close\\r\\nContent-Length: 3\\r\\n\\r\\nnph'
"""
Parts = namedtuple("Parts", "server backend fcgi scgi websocket")


@pytest.fixture(scope="module")
def applications():
    fcgi, scgi, websocket = FastCgi(), Scgi(), WebSocket()
    fcgi.answer = ANSWER
    with socket.socket() as dead:  # bound, and nobody listens
        dead.bind(("127.0.0.1", 0))
        yield fcgi, scgi, websocket, dead.getsockname()[1]
    for application in (fcgi, scgi, websocket):
        application.stop()


@pytest.fixture(scope="module", params=["", LATE], ids=["early", "late"])
def server(request, module_start_httpd, module_backend, applications):
    fcgi, scgi, websocket, dead = applications
    found = module_start_httpd(CONFIG + request.param, modules=MODULES, ports=2, defines={
        "BACKEND": module_backend.url, "SETTINGS": SETTINGS, "FCGI": fcgi.port, "SCGI": scgi.port,
        "WS": websocket.port, "DEAD": dead},
        files={"htdocs/pages/404.html": "page 404", "htdocs/pages/503.html": "page 503",
               "htdocs/api/script/nph-x": NPH})
    (found.root / "htdocs/api/script/nph-x").chmod(0o755)
    return found


@pytest.fixture
def parts(server, backend, applications):
    fcgi, scgi, websocket, _ = applications
    fcgi.requests.clear()
    scgi.connections = websocket.connections = 0
    return Parts(server, backend, fcgi, scgi, websocket)


def passed(parts):
    """What got through to any of them; a connection to the backend may serve several requests."""
    return (len(parts.backend.requests) + len(parts.fcgi.requests) + parts.scgi.connections
            + parts.websocket.connections)


# place, status, what httpd logs of it; a place of the balancer whose members are all dead is answered by
# an ErrorDocument, like all 503s.
PLACES = [
    ("http", 200, None), ("fcgi", 200, None), ("scgi", 200, None), ("balancer", 200, None),
    ("balancer-dead", 503, "AH01170: balancer:.*: All workers are in error state"),
    ("dead", 503, "AH00957: http: attempt to connect|AH01114: HTTP: failed to make connection"),
    ("match", 200, None), ("section", 200, None), ("host", 200, None),
    ("override", 200, None), ("deflate", 200, None), ("inflate", 200, None), ("brotli", 200, None),
    ("ratelimit", 200, None), ("buffer", 200, None), ("ws", 426, None), ("ws-http", 426, None)]
every_place = pytest.mark.parametrize("place, status, log", PLACES, ids=[place for place, _, _ in PLACES])
FILTERED = {"deflate": ["Accept-Encoding"], "brotli": ["Accept-Encoding"]}


@every_place
def test_a_refused_request_opens_no_connection(parts, place, status, log):
    """R5, P1, P2, P4"""
    path = f"/api/{place}/x"
    for method in ("POST", "DELETE", "PATCH", "MADE-UP"):
        response = ask(parts.server, method, path, UNKNOWN, body=b"body")
        assert FILTERED.get(place, []) + ["Origin"] == response.tokens("Vary")
        fields = [(n, v.replace("Accept-Encoding,", "")) for n, v in response.headers]
        check_refused(wire.Response(response.status, response.reason, fields, response.body, response.interim))
    for origin, is_allowed in ((ALLOWED, True), (UNKNOWN, False)):
        check_preflight(ask(parts.server, "OPTIONS", path, origin, PREFLIGHT), is_allowed)
    assert passed(parts) == parts.backend.connections == 0


@every_place
@pytest.mark.parametrize("origin, cors", ORIGINS, ids=ORIGIN_IDS)
def test_an_answer_has_its_headers(parts, place, status, log, origin, cors):
    """The twin; R1 to R4, H1"""
    parts.backend.answer("/x", 200, BACKEND_SAYS)
    count = 0
    for method in ("GET", "POST"):
        if (method, origin) == ("POST", UNKNOWN):
            continue
        if log:
            parts.server.expect_log(log)
        response = ask(parts.server, method, f"/api/{place}/x", origin)
        vary = response.tokens("Vary")
        check(response, status, cors, vary)
        assert sorted(vary) in (["Origin"], sorted(FILTERED.get(place, []) + ["Origin"])), response
        assert status != 503 or response.body == b"page 503"
        count += status != 503
        assert passed(parts) == count
    if place == "host" and method == "POST":
        assert dict(parts.backend.requests[0].headers)["Host"] == "example.com"


@pytest.mark.parametrize("place", ["http", "section", "override", "balancer", "match"])
@pytest.mark.parametrize("status", [301, 304, 401, 404, 500, 503])
def test_errors_of_a_backend(parts, place, status):
    """H1: ProxyErrorOverride puts httpd's page in its place; both have the headers."""
    parts.backend.answer("/x", status, [*BACKEND_SAYS, ("Location", parts.backend.url + "/y")], b"own")
    for origin, cors in ORIGINS:
        response = ask(parts.server, "GET", f"/api/{place}/x", origin)
        check(response, status, cors)
        if status >= 400:
            assert (response.body == b"own") == (place != "override")
        if (place, status) == ("section", 301):
            assert response.one("Location") == f"http://example.com:{parts.server.port}/api/section/y"


# ---- Bodies that change on the way ----

TEXT = b"a text that can be made shorter " * 100


@pytest.mark.parametrize("place, coding", [("deflate", "gzip"), ("brotli", "br")])
@pytest.mark.parametrize("origin, cors", ORIGINS, ids=ORIGIN_IDS)
def test_a_compressed_answer(parts, place, coding, origin, cors):
    """H1, H3: Vary names Accept-Encoding and Origin."""
    parts.backend.answer("/x", 200, [*BACKEND_SAYS, ("Content-Type", "text/plain")], TEXT)
    response = ask(parts.server, "GET", f"/api/{place}/x", origin, ("Accept-Encoding", coding))
    check(response, 200, cors, ["Accept-Encoding", "Origin"])
    assert response.one("Content-Encoding") == coding and len(response.body) < len(TEXT)
    assert coding == "br" or gzip.decompress(response.body) == TEXT
    response = ask(parts.server, "GET", f"/api/{place}/x", origin)
    check(response, 200, cors, ["Accept-Encoding", "Origin"])
    assert response.body == TEXT


@pytest.mark.parametrize("place", ["inflate", "buffer", "ratelimit"])
@pytest.mark.parametrize("origin, cors", [ORIGINS[0], ORIGINS[2]], ids=["allowed", "none"])
def test_a_body_that_is_filtered(parts, place, origin, cors):
    """R4, R5, H1: what an unknown origin sends is not read by any filter."""
    packed = gzip.compress(TEXT)
    fields, body = ([("Content-Encoding", "gzip")], packed) if place == "inflate" else ([], TEXT)
    check_refused(ask(parts.server, "POST", f"/api/{place}/x", UNKNOWN, *fields, body=body))
    assert passed(parts) == 0
    parts.backend.answer("/x", 200, [*BACKEND_SAYS, *fields, ("Content-Type", "text/plain")], body)
    response = ask(parts.server, "POST", f"/api/{place}/x", origin, *fields, body=body)
    check(response, 200, cors, response.tokens("Vary"))
    assert response.tokens("Vary").count("Origin") == 1 and response.body == TEXT
    assert parts.backend.requests[0].body == TEXT


@pytest.mark.parametrize("origin, cors", [ORIGINS[0], ORIGINS[2]], ids=["allowed", "none"])
def test_a_body_that_is_too_slow(parts, origin, cors):
    """H1: mod_reqtimeout's 408 comes after the decision. R5: a refusal does not wait for the body."""
    def begin(who):
        fields = [*([who] if who else []), ("Content-Length", "10")]
        connection.send(wire.build("POST", "/api/x", fields, close=False) + b"half")

    port = parts.server.port_number(2)
    with parts.server.connection(port) as connection:
        begin(UNKNOWN)
        check_refused(connection.read("POST"))
    parts.server.expect_log("AH01095: prefetch request body failed")
    with parts.server.connection(port) as connection:
        begin(origin)
        check(connection.read("POST"), 408, cors)


# ---- nph- scripts ----

def test_an_nph_script_speaks_past_every_filter(parts):
    """H1, a cell left out: httpd takes all output filters away from it, and docs/security.md says so. What is
    refused does not run it (R5)."""
    for origin in (ALLOWED, UNKNOWN, None):
        response = ask(parts.server, "GET", "/api/script/nph-x", origin)
        assert (response.status, response.body) == (200, b"nph")
        assert response.cors() == [("Access-Control-Allow-Origin", "*")]
    check_refused(ask(parts.server, "POST", "/api/script/nph-x", UNKNOWN))
    check_preflight(ask(parts.server, "OPTIONS", "/api/script/nph-x", ALLOWED, PREFLIGHT), True)


# ---- WebSocket ----

HANDSHAKE = [("Upgrade", "websocket"), ("Connection", "Upgrade"), ("Sec-WebSocket-Version", "13"),
             ("Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZQ==")]


@pytest.mark.parametrize("place", ["ws", "ws-http"])
@pytest.mark.parametrize("origin", [ALLOWED, UNKNOWN, None], ids=ORIGIN_IDS)
def test_a_websocket_is_opened(parts, place, origin):
    """R1 to R3: a handshake is a GET, so it passes for any origin, which its server has to judge. H1, a cell
    left out: httpd writes a 101 past every filter, with what the backend said; browsers do not read it."""
    with parts.server.connection() as connection:
        fields = [*([origin] if origin else []), *HANDSHAKE]
        connection.send(wire.build("GET", f"/api/{place}/x", fields, close=False))
        response = connection.read()
        assert response.status == 101, response
        assert response.one("Sec-WebSocket-Accept") == "s3pPLMBiTxaQ9kYGzzhZRbK+xOo="
        connection.send(bytes([0x81, 0x85, 0, 0, 0, 0]) + b"hello")
        assert connection._exactly(7) == b"\x81\x05hello"
        connection.send(bytes([0x88, 0x80, 0, 0, 0, 0]))
    assert response.cors() == BACKEND_SAYS
    assert parts.websocket.connections == 1


@pytest.mark.parametrize("place", ["ws", "ws-http"])
@pytest.mark.parametrize("status", [403, 426])
@pytest.mark.parametrize("origin, cors", ORIGINS, ids=ORIGIN_IDS)
def test_a_websocket_that_its_server_refuses(parts, place, status, origin, cors):
    """H1: that is an ordinary response."""
    response = ask(parts.server, "GET", f"/api/{place}/refuse/{status}", origin, *HANDSHAKE)
    check(response, status, cors)
    assert parts.websocket.connections == 1


@pytest.mark.parametrize("place", ["ws", "ws-http"])
def test_a_websocket_is_opened_by_get_alone(parts, place):
    """R5: the same handshake by another method is refused, and opens nothing."""
    check_refused(ask(parts.server, "POST", f"/api/{place}/x", UNKNOWN, *HANDSHAKE))
    assert passed(parts) == 0
