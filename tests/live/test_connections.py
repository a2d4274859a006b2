# SPDX-License-Identifier: Apache-2.0
"""Requests that share a connection (R1 to R5, P1 to P4, H1): HTTP/1.0 and 1.1, pipelines, bodies that nobody reads, clients
that go away. Whatever was answered, the connection is then good for the next request, or at its end."""

import json
import random
import socket
import struct
import threading
from collections import Counter, namedtuple
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from itertools import product

import pytest

import httpd
import wire
from cors import (ALLOWED, GRANTED, ORIGIN_IDS, ORIGINS, PREFLIGHT, SETTINGS, UNKNOWN, ask, check,
                  check_preflight, check_refused)

# The backend counts every request as a connection, but for those of ${PORT2}, which keeps them as httpd does by default.
CONFIG = """
OcapiCorsSettings "${SETTINGS}/p.json"
MaxKeepAliveRequests 0
KeepAliveTimeout 20
<Location "/api">
    OcapiCors On
</Location>
<VirtualHost *:${PORT}>
    ServerName http://example.com
    ProxyPass "/api" "${BACKEND}/api" disablereuse=on
</VirtualHost>
<VirtualHost *:${PORT2}>
    ServerName http://example.com
    ProxyPass "/api" "${BACKEND}/api"
</VirtualHost>
<VirtualHost *:${PORT3}>
    ServerName http://example.com
    LimitRequestBody 100
    <Location "/api/unlimited">
        LimitRequestBody 0
    </Location>
    ProxyPass "/api" "${BACKEND}/api" disablereuse=on
</VirtualHost>
"""


# One directive in a <Directory> anywhere, and nothing is decided by the path alone any more.
LATE = """
<Directory "${ROOT}/nowhere">
    OcapiCors Off
</Directory>
"""


@pytest.fixture(scope="module", params=[*((mpm, "") for mpm in httpd.MPMS), ("event", LATE)],
                ids=[*httpd.MPMS, "event-late"])
def front(request, module_start_httpd, module_backend):
    mpm, more = request.param
    return module_start_httpd(CONFIG + more, mpm=mpm, ports=3,
                              defines={"BACKEND": module_backend.url, "SETTINGS": SETTINGS})


# ---- Who asks ----

Kind = namedtuple("Kind", "method origin fields is_ours check")


def passes(cors):
    return lambda response, status=200: check(response, status, cors)


KINDS = {
    "refused POST": Kind("POST", UNKNOWN, (), True, check_refused),
    "refused FOO": Kind("FOO", UNKNOWN, (), True, check_refused),
    "preflight": Kind("OPTIONS", ALLOWED, (PREFLIGHT,), True, lambda r: check_preflight(r, True)),
    "withheld preflight": Kind("OPTIONS", UNKNOWN, (PREFLIGHT,), True, lambda r: check_preflight(r, False)),
    "allowed POST": Kind("POST", ALLOWED, (), False, passes(GRANTED)),
    "allowed FOO": Kind("FOO", ALLOWED, (), False, passes(GRANTED)),
    "POST without origin": Kind("POST", None, (), False, passes(set())),
    "unknown GET": Kind("GET", UNKNOWN, (), False, passes(set())),
}
OURS = {name: kind for name, kind in KINDS.items() if kind.is_ours}
THEIRS = {name: kind for name, kind in KINDS.items() if not kind.is_ours}


def kinds(table=None):
    table = KINDS if table is None else table
    return pytest.mark.parametrize("kind", table.values(), ids=[name.replace(" ", "-") for name in table])


def fields_of(kind, *more):
    return [f for f in (kind.origin, *kind.fields, *more) if f]


def build(kind, *more, body=b"", target="/api/x", close=False):
    return wire.build(kind.method, target, fields_of(kind, *more), body, close=close)


def send_aside(connection, *pieces):
    """Sends while the caller reads: a server that answers early need not take all of it."""
    def run():
        try:
            for piece in pieces:
                connection.send(piece)
        except OSError:
            pass  # it has ended the connection
    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    return thread


def check_next(connection, number=1):
    """The next request on a connection gets its own answer, whole."""
    connection.send(wire.build("GET", f"/api/next?body=next{number}", [ALLOWED], close=False))
    response = connection.read()
    check(response, 200, GRANTED)
    assert response.body == b"next%d" % number and not connection.buffer


def seen(backend):
    """The backend's requests but those of check_next()."""
    return [r for r in backend.requests if r.path != "/api/next"]


# ---- Bodies (R5: "nothing runs", F5: an unread body is discarded or the connection closed) ----

# `kept`: whether the connection survives an answer that does not wait for this body: the module drops at most
# 64 KiB of a known length, and what it drops has arrived (MAYBE: not all of it may have).
# `status`: what httpd says where the body is read. `log`: what it then says.
Body = namedtuple("Body", "fields data kept status content log")
MAYBE = "maybe"
CHUNKED = ("Transfer-Encoding", "chunked")
MIB5 = b"abcdefgh" * (5 * 1024 * 1024 // 8)
MARKER = b"GET /api/marker?body=marker HTTP/1.1\r\nHost: example.com\r\n\r\n"


def chunks(content, size=65536, extension=b"", trailers=b""):
    parts = [content[at:at + size] for at in range(0, len(content), size)]
    return b"".join(b"%x%s\r\n%s\r\n" % (len(p), extension, p) for p in parts) + b"0\r\n" + trailers + b"\r\n"


def length(content):
    kept = len(content) <= 65536 and (MAYBE if len(content) > 4096 else True)
    return Body([("Content-Length", str(len(content)))], content, kept, 200, content, None)


def chunked(content, data=None, **keywords):
    return Body([CHUNKED], chunks(content, **keywords) if data is None else data, False, 200, content, None)


SMUGGLED = MARKER + b"x" * (65537 - len(MARKER))
BODIES = {
    "none": Body([], b"", True, 200, b"", None),
    "0": length(b""),
    "1": length(b"1"),
    "5": length(b"12345"),
    "64 KiB": length(b"y" * 65536),
    "64 KiB + 1": length(b"y" * 65537),
    "5 MB": length(MIB5),
    "chunked": chunked(b"hello", size=3),
    "chunked 0": chunked(b""),
    "chunked 5 MB": chunked(MIB5),
    "trailers": chunked(b"hello", trailers=b"X-Trailer: 1\r\nOrigin: http://foo.com\r\n"),
    "extensions": chunked(b"hello", extension=b';name="value; 5\\"";other'),
    "malformed chunk": Body([CHUNKED], b"5\r\nhello\r\nzz\r\n" + MARKER, False, 400, None,
                            r"AH\d+: .*(body|chunk|brigade)|Error reading"),
    "both lengths": Body([("Content-Length", "3"), CHUNKED], chunks(b"hello"), False, 200, b"hello", None),
    "smuggled": length(MARKER),
    "smuggled, long": length(SMUGGLED),
    "smuggled in a chunk": chunked(MARKER),
    "smuggled behind": Body([("Content-Length", "5"), CHUNKED], chunks(b"") + MARKER, False, 200, b"", None),
}


@pytest.mark.pairwise("body", "kind", "front")
@pytest.mark.parametrize("body", BODIES.values(), ids=[name.replace(" ", "-") for name in BODIES])
@kinds()
def test_a_body(front, backend, kind, body):
    """R5, P4 and their twins: the answer comes whole and alone, and nothing in a body is ever a request."""
    data = build(kind, *body.fields) + body.data
    fails = not kind.is_ours and body.status != 200
    if fails and body.log:
        front.expect_log(body.log)
    with front.connection() as connection:
        thread = send_aside(connection, data)
        response = connection.read(kind.method)
        if kind.is_ours:
            kind.check(response)
        else:
            kind.check(response, body.status)
        # httpd closes after a body whose end is in doubt, whoever reads it.
        kept = body.kept if kind.is_ours else not fails and len(body.fields) < 2
        if kept == MAYBE:
            kept = response.one("Connection") != "close"
        if kept:
            thread.join(20)
            check_next(connection)
        else:
            assert connection.is_closed()
        assert (response.one("Connection") == "close") != kept
    if kind.is_ours:
        assert seen(backend) == [] and backend.connections == (1 if kept else 0)  # of check_next()
    elif not fails:
        assert [(r.method, r.path, r.body) for r in seen(backend)] == [(kind.method, "/api/x", body.content)]
    assert not [r for r in backend.requests if "marker" in r.target]


@pytest.mark.parametrize("target, size, kept", [("/api/x", 100, True), ("/api/x", 101, False), ("/api/unlimited/x", 101, True)])
@kinds(OURS)
def test_a_body_beyond_the_limit(front, backend, kind, target, size, kept):
    """F5: with LimitRequestBody 100 the answer is still the module's, alone; a longer body is not read. 0 is no limit."""
    with front.connection(front.port_number(3)) as connection:
        connection.send(build(kind, body=b"b" * size, target=target))
        response = connection.read(kind.method)
        kind.check(response)
        assert (response.one("Connection") == "close") != kept
        if kept:
            check_next(connection)
        else:
            assert connection.is_closed()
    assert seen(backend) == []


# What no two parsers agree on: httpd's own 400 or 501, or the module's answer; the connection ends anyway.
DOUBTS = {
    "two lengths": [("Content-Length", "5"), ("Content-Length", "0")],
    "a list of lengths": [("Content-Length", "0, 5")],
    "a signed length": [("Content-Length", "+0")],
    "a huge length": [("Content-Length", "99999999999999999999")],
    "an unknown coding": [("Transfer-Encoding", "xchunked")],
    "chunked, then another": [("Transfer-Encoding", "chunked, identity")],
    "chunked twice": [CHUNKED, CHUNKED],
    "another and a length": [("Transfer-Encoding", "gzip"), ("Content-Length", "0")],
}


@pytest.mark.parametrize("fields", DOUBTS.values(), ids=[name.replace(" ", "-") for name in DOUBTS])
@pytest.mark.parametrize("kind", [KINDS["refused POST"], KINDS["preflight"]], ids=["refused", "preflight"])
def test_a_body_of_doubtful_length(front, backend, kind, fields):
    """R5, P4: what follows the header is not executed, however the length is written."""
    with front.connection() as connection:
        connection.send(build(kind, *fields) + b"0\r\n\r\n" + MARKER)
        response = connection.read(kind.method)
        assert response.status in (400, 501, 401 if kind.origin == UNKNOWN else 204), response
        if response.status in (401, 204):
            kind.check(response)
        assert connection.is_closed()
    assert backend.connections == 0


# ---- A body that does not come, or not yet ----

SHORT = Body([("Content-Length", "1000")], b"z" * 500, True, None, None, None)
NOTHING_YET = Body([("Content-Length", "1")], b"", True, None, None, None)
SHORT_CHUNK = Body([CHUNKED], b"1f4\r\n" + b"z" * 200, False, None, None, None)


@kinds(OURS)
def test_the_answer_does_not_wait_for_the_body(front, backend, kind):
    """R5, P4, F5: it comes while half of the body is missing, and then the end; the other half is not taken for a
    request. The twin, a body that is there, keeps its connection (test_a_body)."""
    with wire.Connection(front.port, timeout=15) as connection:
        connection.send(build(kind, *SHORT.fields) + SHORT.data)
        response = connection.read(kind.method)
        kind.check(response)
        assert response.one("Connection") == "close"
        send_aside(connection, MARKER + b"z" * (500 - len(MARKER)) + MARKER).join(20)
        assert connection.is_closed()
    assert backend.connections == 0


@kinds(OURS)
@pytest.mark.parametrize("framing", [SHORT, SHORT_CHUNK], ids=["length", "chunked"])
def test_half_a_body_and_no_more_to_come(front, backend, kind, framing):
    """R5, P4: the client closes its writing side; it still gets its answer, and then the end."""
    with front.connection() as connection:
        connection.send(build(kind, *framing.fields) + framing.data)
        connection.socket.shutdown(socket.SHUT_WR)
        kind.check(connection.read(kind.method))
        assert connection.is_closed()
    assert backend.connections == 0


def test_half_a_body_and_silence(front, backend):
    """R5, P4: the server does not wait for what nobody reads."""
    with ExitStack() as stack:
        connections = [stack.enter_context(front.connection()) for _ in OURS]
        for connection, kind in zip(connections, OURS.values()):
            connection.send(build(kind, *SHORT.fields) + SHORT.data)
        for connection, kind in zip(connections, OURS.values()):
            kind.check(connection.read(kind.method))
            assert connection.is_closed()
    assert backend.connections == 0


@pytest.mark.parametrize("mpm", httpd.MPMS)
def test_a_body_that_does_not_come_holds_no_worker(start_httpd, module_backend, mpm):
    """F5: a server of two workers and eight clients that send half a body, or nothing of a body of one byte, and then nothing:
    all are answered, and so is the next, long before TimeOut. The twin, whose body httpd reads, holds its worker."""
    children, threads = (2, "") if mpm == "prefork" else (1, "ThreadsPerChild 2\nThreadLimit 2\nMinSpareThreads 1\n")
    server = start_httpd(f"StartServers 1\nServerLimit {children}\n{threads}MaxRequestWorkers 2\nTimeOut 300\n{CONFIG}",
                         mpm=mpm, ports=3, defines={"BACKEND": module_backend.url, "SETTINGS": SETTINGS})
    server.allow_log("reached MaxRequestWorkers")
    server.expect_log(r"AH\d+: .*(body|brigade)|Error reading")  # when the twin goes away
    refused = KINDS["refused POST"]
    with ExitStack() as stack:
        for kind, framing in product(OURS.values(), (SHORT, NOTHING_YET)):
            connection = stack.enter_context(server.connection())
            connection.send(build(kind, *framing.fields) + framing.data)
            kind.check(connection.read(kind.method))
        refused.check(ask(server, "POST", "/api/x", UNKNOWN))
        held = stack.enter_context(server.connection())
        held.send(build(KINDS["allowed POST"], *SHORT.fields) + SHORT.data)
        held.socket.settimeout(1)
        with pytest.raises(TimeoutError):
            held.socket.recv(1)


@kinds(THEIRS)
def test_half_a_body_is_no_request(front, backend, kind):
    """The twin: who is not refused gets httpd's own word on it, with the headers of R1 to R4 (H1)."""
    front.expect_log(r"AH\d+: .*(body|brigade)|Error reading")
    with front.connection() as connection:
        connection.send(build(kind, *SHORT.fields) + SHORT.data)
        connection.socket.shutdown(socket.SHUT_WR)
        kind.check(connection.read(kind.method), 400)
        assert connection.is_closed()


@kinds()
def test_a_client_that_goes_away_with_half_a_body(front, backend, kind):
    """R5: nothing runs for it, nobody else notices. The twins may have begun."""
    if not kind.is_ours:
        front.expect_log(r"AH\d+: .*(body|brigade)|Error reading")
    with front.connection() as connection:
        connection.send(build(kind, *SHORT.fields) + SHORT.data)
    with front.connection() as connection:
        check_next(connection)
    assert not kind.is_ours or seen(backend) == []


def reset(connection):
    """Ends it by RST."""
    connection.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    connection.socket.close()


@pytest.mark.parametrize("kind, target", [
    (KINDS["refused POST"], "/api/x"), (KINDS["preflight"], "/api/x"),
    (KINDS["allowed POST"], "/api/x?length=3000000"), (KINDS["unknown GET"], "/api/x?length=3000000")],
    ids=["refused", "preflight", "allowed", "unknown"])
def test_a_client_that_goes_away_in_the_answer(front, backend, kind, target):
    """R5, H1: by RST, after a piece of the answer; what another client asks is not touched by it."""
    for _ in range(5):
        gone = front.connection()
        gone.send(build(kind, body=b"12345", target=target))
        assert gone.socket.recv(100).startswith(b"HTTP/1.1 ")
        reset(gone)
        with front.connection() as connection:
            check_next(connection)
    assert len(seen(backend)) == (0 if kind.is_ours else 5)


# ---- Expect: 100-continue ----

EXPECT = ("Expect", "100-continue")


@kinds(OURS)
@pytest.mark.parametrize("framing", [[("Content-Length", "5")], [("Content-Length", "9000000")], [CHUNKED]],
                         ids=["5", "9 MB", "chunked"])
def test_our_answers_ask_for_no_body(front, backend, kind, framing):
    """R5: "no request body asked for with `100 Continue`"; one that still comes is not the next request."""
    with front.connection() as connection:
        connection.send(build(kind, EXPECT, *framing))
        response = connection.read(kind.method)
        kind.check(response)
        assert response.interim == [] and response.one("Connection") == "close"
        assert connection.is_closed()
    assert backend.connections == 0


@kinds(THEIRS)
@pytest.mark.parametrize("framing, data", [
    ([("Content-Length", "5")], b"hello"), ([CHUNKED], chunks(b"hello"))], ids=["length", "chunked"])
def test_a_body_is_asked_for_where_it_is_wanted(front, backend, kind, framing, data):
    """The twin; R1 to R4. The interim response is httpd's and carries nothing of ours."""
    with front.connection() as connection:
        connection.send(build(kind, EXPECT, *framing))
        interim = connection._until(b"\r\n\r\n")
        assert interim.startswith(b"HTTP/1.1 100 ") and b"ccess-" not in interim
        connection.send(data)
        kind.check(connection.read(kind.method))
    assert [r.body for r in seen(backend)] == [b"hello"]


# ---- HTTP/1.0, keep-alive, Upgrade ----

def http10(data):
    return data.replace(b" HTTP/1.1\r\n", b" HTTP/1.0\r\n", 1)


@pytest.mark.pairwise("kind", "data", "host", "front")
@kinds()
@pytest.mark.parametrize("data", [b"", b"12345"], ids=["bodiless", "body"])
@pytest.mark.parametrize("host", [True, False], ids=["host", "no-host"])
def test_http_1_0_ends_after_each_answer(front, backend, kind, data, host):
    """R1 to R5, P1, P2"""
    request = http10(build(kind, body=data))
    if not host:
        request = request.replace(b"Host: example.com\r\n", b"")
    with front.connection() as connection:
        connection.send(request)
        kind.check(connection.read(kind.method))
        assert connection.is_closed()
    assert len(backend.requests) == (0 if kind.is_ours else 1)


@kinds()
def test_http_1_0_keeps_alive_when_asked(front, backend, kind):
    """R1 to R5, P1, P2: every answer has a length: the client finds the next one."""
    with front.connection() as connection:
        for _ in range(3):
            connection.send(http10(build(kind, ("Connection", "keep-alive"), body=b"12345")))
            response = connection.read(kind.method)
            kind.check(response)
            assert response.one("Connection") == "Keep-Alive"
            assert (response.one("Content-Length") is None) == (response.status == 204)
        check_next(connection)
    assert len(seen(backend)) == (0 if kind.is_ours else 3)


@pytest.mark.pairwise("kind", "upgrade", "front")
@kinds()
@pytest.mark.parametrize("upgrade", ["h2c", "websocket"])
def test_an_upgrade_that_is_not_offered(front, backend, kind, upgrade):
    """R1 to R5, P1, P2: HTTP/1.1 goes on."""
    fields = [("Upgrade", upgrade), ("HTTP2-Settings", "AAMAAABkAAQAoAAAAAIAAAAA"),
              ("Connection", "Upgrade, HTTP2-Settings")]
    with front.connection() as connection:
        connection.send(build(kind, *fields))
        response = connection.read(kind.method)
        kind.check(response)
        assert response.interim == []
        check_next(connection)
    assert len(seen(backend)) == (0 if kind.is_ours else 1)


@pytest.mark.parametrize("origin, cors", ORIGINS, ids=ORIGIN_IDS)
def test_a_request_that_says_close(front, backend, origin, cors):
    """R1 to R3: the last of a connection, and what is pipelined behind it is not executed."""
    with front.connection() as connection:
        connection.send(wire.build("GET", "/api/x", [f for f in (origin,) if f]) + MARKER)
        check(connection.read(), 200, cors)
        assert connection.is_closed()
    assert [r.path for r in backend.requests] == ["/api/x"]
    check(ask(front, "GET", "/api/x", origin), 200, cors)


# ---- Pipelines: every answer is told from every other ----

# `may_close`: it has a body that the module drops if it has arrived.
Step = namedtuple("Step", "data method expect ran closes may_close", defaults=[False])


def fault_of(origin):
    def expect(response):
        check_refused(response)
        assert json.loads(response.body)["fault"]["arguments"]["origin"] == origin
    return expect


def answer_of(tag, method, status, cors):
    def expect(response):
        check(response, status, cors)
        assert response.one("X-Tag") == tag and response.one("Content-Length") == str(len(tag))
        assert response.body == (b"" if method == "HEAD" else tag.encode())
    return expect


def grant_of(tag):
    def expect(response):
        check_preflight(response, True)
        assert response.one("Access-Control-Allow-Headers") == f"x-{tag}"
    return expect


# Allow tells the answers to withheld preflights apart (M1).
RESOURCES = {"baskets": "POST", "products/1": "GET, HEAD", "orders/1": "GET, HEAD, PATCH"}


def withhold_of(allow):
    def expect(response):
        check_preflight(response, False)
        assert sorted(response.tokens("Allow")) == allow.split(", ")
    return expect


def step(what, tag, framing=None, rng=random):
    """One request of a pipeline, and what becomes of it by the rules."""
    body_fields, data, breaks = framing or ([], b"", False)
    if what == "refused":
        origin, method = f"http://{tag}.invalid", rng.choice(["POST", "PUT", "DELETE", "PATCH", "FOO"])
        request = wire.build(method, "/api/x", [("Origin", origin), *body_fields], close=False)
        return Step(request + data, method, fault_of(origin), None, breaks, bool(data))
    if what == "preflight":
        request = wire.build("OPTIONS", "/api/x", [
            ALLOWED, PREFLIGHT, ("Access-Control-Request-Headers", f"x-{tag}"), *body_fields], close=False)
        return Step(request + data, "OPTIONS", grant_of(tag), None, breaks, bool(data))
    if what == "withheld":
        resource, allow = rng.choice(sorted(RESOURCES.items()))
        request = wire.build("OPTIONS", f"/api/dw/shop/v19_1/{resource}?client_id=A",
                             [UNKNOWN, PREFLIGHT, *body_fields], close=False)
        return Step(request + data, "OPTIONS", withhold_of(allow), None, breaks, bool(data))
    method, origin, cors = {
        "get": ("GET", *ORIGINS[0]), "unknown": ("GET", *ORIGINS[1]), "plain": ("GET", *ORIGINS[2]),
        "head": ("HEAD", *ORIGINS[0]), "unknown head": ("HEAD", *ORIGINS[1]), "post": ("POST", *ORIGINS[0]),
        "plain post": ("POST", *ORIGINS[2]), "own": ("POST", ("Origin", "http://example.com"), set())}[what]
    status = 500 if breaks else rng.choice([200, 404, 409])  # httpd ends a connection after a 500
    target = (f"/api/x?status={status}&body={tag}&header=X-Tag:%20{tag}"
              "&header=Access-Control-Allow-Origin:%20*&header=Content-Type:%20text/plain")
    body_fields = body_fields if method == "POST" else []
    request = wire.build(method, target, [*([origin] if origin else []), *body_fields], close=False)
    return Step(request + (data if method == "POST" else b""), method, answer_of(tag, method, status, cors),
                target, breaks)


FRAMINGS = [None, ([("Content-Length", "0")], b"", False), ([("Content-Length", "5")], b"12345", False),
            ([("Content-Length", str(len(MARKER)))], MARKER, False),
            ([("Content-Length", "9000")], b"q" * 9000, False)]
LAST = [([CHUNKED], chunks(b"hello"), True), ([CHUNKED], chunks(MARKER), True),
        ([("Content-Length", "70000")], SMUGGLED[:65537] + b"x" * 4463, True)]
WHATS = ["refused", "preflight", "withheld", "get", "unknown", "plain", "head", "unknown head", "post",
         "plain post", "own"]


def play(front, steps, piece=None):
    """Sends all of it, in one write or in pieces, reads what comes; returns the targets that have to run. Where a body
    was not dropped, as it had not arrived, the rest is sent on a new connection."""
    data = b"".join(s.data for s in steps)
    ran = []
    with front.connection(front.port_number(2)) as connection:
        connection.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        pieces = [data[at:at + piece] for at in range(0, len(data), piece)] if piece else [data]
        thread = send_aside(connection, *pieces)
        for number, each in enumerate(steps, 1):
            response = connection.read(each.method)
            each.expect(response)
            ran += [each.ran] if each.ran else []
            if each.closes or (each.may_close and response.one("Connection") == "close"):
                assert connection.is_closed()
                return ran if each.closes else ran + play(front, steps[number:], piece)
        thread.join(20)
        check_next(connection)
    return ran


def targets(backend):
    return Counter(r.target for r in seen(backend))


def test_a_pipeline(front, backend):
    """R1 to R5, P1, P2: every kind beside every kind, in one write; answers in order, whole, none mixed."""
    pairs = [what for first in WHATS for second in WHATS for what in (first, second)]
    steps = [step(what, f"t{n}", FRAMINGS[n % len(FRAMINGS)]) for n, what in enumerate(pairs)]
    ran = play(front, steps)
    assert targets(backend) == Counter(ran) and len(ran) == 176


def test_a_pipeline_in_pieces(front, backend):
    """R1 to R5, P1, P2: however the bytes are cut."""
    steps = [step(what, f"t{n}", FRAMINGS[n % 4]) for n, what in enumerate(WHATS * 2)]
    ran = []
    for piece in (1, 7, 100, 1460):
        ran += play(front, steps, piece)
    assert targets(backend) == Counter(ran) and len(ran) == 4 * 16


def test_random_pipelines(front, backend):
    """R1 to R5, P1, P2: from a fixed seed, several at once. A body that is not dropped ends the connection,
    and nothing that follows it is executed."""
    rng = random.Random(20191)

    def sequence(number):
        steps = []
        for n in range(rng.randint(1, 40)):
            framing = rng.choice(LAST if rng.random() < 0.03 else FRAMINGS)
            steps.append(step(rng.choice(WHATS), f"s{number}-{n}", framing, rng))
        return steps

    sequences = [sequence(number) for number in range(40)]
    with ThreadPoolExecutor(6) as pool:
        ran = [target for targets_ in pool.map(lambda s: play(front, s), sequences) for target in targets_]
    assert targets(backend) == Counter(ran)
    # The seed holds what it is meant to hold.
    closing = [s for s in sequences if any(e.closes for e in s[:-1])]
    assert len(ran) > 200 and 3 < len(closing) < 30
