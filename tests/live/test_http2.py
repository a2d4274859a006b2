# SPDX-License-Identifier: Apache-2.0
"""HTTP/2, in clear text and over TLS: each stream gets its own answer, and a refused upload leaves the others
alone (R1 to R5, R10, P1 to P4, H1, H3). HTTP/1.1 over TLS for comparison."""

import json
import random
import socket
import ssl
import subprocess
import threading
from types import SimpleNamespace

import h2.config
import h2.connection
import h2.events
import pytest

import httpd
import wire
from cors import (ALLOWED, BACKEND_SAYS, GRANTED, ORIGIN_IDS, ORIGINS, PREFLIGHT, SETTINGS, UNKNOWN, check,
                  check_preflight, check_refused)

NO_ERROR, CANCEL = 0, 8
MIB5 = 5 * 1024 * 1024

# ---- A client ----


class Client:
    """One HTTP/2 connection. Streams are numbers; what came on one of them is in `streams`."""

    def __init__(self, port, is_tls=False):
        self.socket = socket.create_connection(("127.0.0.1", port), timeout=wire.TIMEOUT)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        if is_tls:
            self.socket = tls(self.socket, "h2")
        self.h2 = h2.connection.H2Connection(h2.config.H2Configuration(header_encoding="latin-1"))
        self.streams = {}
        self.unsent = {}  # stream: [data, trailers]
        self.h2.initiate_connection()
        self._flush()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.socket.close()

    def _new(self, stream):
        self.streams[stream] = SimpleNamespace(fields=None, body=b"", interim=[], is_ended=False, error=None)

    def _flush(self):
        self.socket.sendall(self.h2.data_to_send())

    def open(self, method, path, *fields, data=None, trailers=None, is_open=False, authority="example.com"):
        """Begins a request; `data` is sent as flow control allows, while answers are read. `is_open`: more is
        to come, and never does."""
        scheme = "https" if isinstance(self.socket, ssl.SSLSocket) else "http"
        stream = self.h2.get_next_available_stream_id()
        self._new(stream)
        self.h2.send_headers(stream, [
            (":method", method), (":scheme", scheme), (":authority", authority), (":path", path),
            *[(n.lower(), v) for n, v in fields]], end_stream=data is None and not is_open)
        if data is not None:
            self.unsent[stream] = [data, trailers, is_open]
        self._send()
        return stream

    def reset(self, stream, code=CANCEL):
        self.unsent.pop(stream, None)
        self.h2.reset_stream(stream, code)
        self._flush()

    def _send(self):
        for stream, (data, trailers, is_open) in list(self.unsent.items()):
            while data and (room := min(self.h2.local_flow_control_window(stream),
                                        self.h2.max_outbound_frame_size, len(data))) > 0:
                self.h2.send_data(stream, data[:room])
                data = data[room:]
            self.unsent[stream][0] = data
            if not data:
                del self.unsent[stream]
                if trailers:
                    self.h2.send_headers(stream, trailers, end_stream=True)
                elif not is_open:
                    self.h2.end_stream(stream)
        self._flush()

    def _on(self, event):
        stream = self.streams.get(getattr(event, "stream_id", None))
        if isinstance(event, h2.events.ConnectionTerminated):
            raise EOFError(f"GOAWAY {event.error_code}")
        if isinstance(event, h2.events.InformationalResponseReceived):
            stream.interim.append(event.headers)
        elif isinstance(event, h2.events.ResponseReceived):
            stream.fields = event.headers
        elif isinstance(event, h2.events.DataReceived):
            stream.body += event.data
            self.h2.acknowledge_received_data(event.flow_controlled_length, event.stream_id)
        elif isinstance(event, h2.events.StreamEnded):
            stream.is_ended = True
        elif isinstance(event, h2.events.StreamReset):
            stream.error = event.error_code
            self.unsent.pop(event.stream_id, None)

    def step(self):
        """Sends what may be sent, waits for something to come, and takes it."""
        self._send()
        data = self.socket.recv(65536)
        if not data:
            raise EOFError("connection closed")
        for event in self.h2.receive_data(data):
            self._on(event)
        self._flush()

    def read(self, number):
        """The whole answer on a stream, as wire.Response; the names were lower-case."""
        stream = self.streams[number]
        while not stream.is_ended and stream.error is None:
            self.step()
        assert stream.is_ended, f"stream {number} was reset before its answer: {stream.error}"
        fields = dict(stream.fields)
        assert all(n == n.lower() for n in fields)
        assert len([n for n, _ in stream.fields if n == "vary"]) <= 1, stream.fields
        headers = [(n.title(), v) for n, v in stream.fields if not n.startswith(":")]
        return wire.Response(int(fields[":status"]), "", headers, stream.body, stream.interim)

    def ask(self, method, path, *fields, **keywords):
        return self.read(self.open(method, path, *[f for f in fields if f], **keywords))


def tls(raw, protocol):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    context.set_alpn_protocols([protocol])
    secured = context.wrap_socket(raw, server_hostname="example.com")
    assert secured.selected_alpn_protocol() == protocol
    return secured


# ---- Servers ----

CONFIG = """
OcapiCorsSettings "${SETTINGS}/p.json"
SSLSessionCache shmcb:${ROOT}/run/sessions(512000)
H2MaxSessionStreams 200
KeepAliveTimeout 20
<Location "/api">
    OcapiCors On
</Location>
<Location "/api/guarded">
    Require all denied
</Location>
ProxyPass "/api/rude" "http://127.0.0.1:${RUDE}" disablereuse=on retry=0
ProxyPass "/api" "${BACKEND}" disablereuse=on
<VirtualHost *:${PORT}>
    ServerName http://example.com
    ServerAlias www.example.com
    Protocols h2c http/1.1
</VirtualHost>
<VirtualHost *:${PORT2}>
    ServerName example.com
    ServerAlias www.example.com
    Protocols h2 http/1.1
    SSLEngine on
    SSLCertificateFile "${ROOT}/certificate.pem"
    SSLCertificateKeyFile "${ROOT}/key.pem"
</VirtualHost>
"""
CERTIFICATE = """
[req]
distinguished_name = name
x509_extensions = extensions
prompt = no
[name]
CN = example.com
[extensions]
basicConstraints = critical, CA:FALSE
subjectAltName = DNS:example.com
"""


@pytest.fixture(scope="module")
def certificate(tmp_path_factory):
    folder = tmp_path_factory.mktemp("tls")
    (folder / "request.cnf").write_text(CERTIFICATE)
    subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256",
                    "-nodes", "-days", "2", "-config", "request.cnf", "-keyout", "key.pem",
                    "-out", "certificate.pem"], cwd=folder, check=True, capture_output=True, timeout=60)
    return {name: (folder / name).read_text() for name in ("certificate.pem", "key.pem")}


@pytest.fixture(scope="module")
def rude():
    """A backend that speaks no HTTP: mod_proxy answers 502. Or that says nothing: mod_http2 makes a 500
    of mod_proxy's 502, without a module of ours too."""
    listener = socket.create_server(("127.0.0.1", 0))

    def serve():
        while True:
            try:
                client, _ = listener.accept()
            except OSError:
                return
            with client:
                head = b""
                while b"\r\n\r\n" not in head and (more := client.recv(65536)):
                    head += more
                if b"/silent" not in head:
                    client.sendall(b"HTTP/1.1 200 OK\r\nno header\r\n\r\n")

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    yield listener.getsockname()[1]
    listener.shutdown(socket.SHUT_RDWR)
    listener.close()
    thread.join(10)


# Not prefork: mod_http2 says at the start that it does nothing there.
@pytest.fixture(scope="module", params=["event", "worker"])
def server(request, module_start_httpd, module_backend, certificate, rude):
    server = module_start_httpd(CONFIG, mpm=request.param, ports=2, modules=["http2", "ssl", "socache_shmcb"],
                                files=certificate,
                                defines={"BACKEND": module_backend.url, "SETTINGS": SETTINGS, "RUDE": rude})
    # mod_ssl may say at the start that it was built with another release of OpenSSL; nothing else is said.
    said = [line.text for line in server.log_lines() if line.level not in httpd.QUIET_LEVELS]
    assert all("AH01882: " in text for text in said), said
    server.begin_test()
    return server


@pytest.fixture(params=[False, True], ids=["h2c", "h2"])
def client(request, server):
    with Client(server.port_number(2 if request.param else 1), request.param) as connection:
        connection.is_tls = request.param
        yield connection


# ---- One request ----

CASES = [("GET", 200), ("HEAD", 200), ("GET", 304), ("GET", 301), ("GET", 404), ("GET", 500), ("GET", 502),
         ("POST", 200), ("DELETE", 404), ("FOO", 200)]


@pytest.mark.parametrize("method, status", CASES)
@pytest.mark.parametrize("origin, cors", ORIGINS, ids=ORIGIN_IDS)
def test_answers_of_a_backend(client, backend, method, status, origin, cors):
    """R1 to R5, H1: on every status, whatever the backend said."""
    backend.answer("/x", status, [*BACKEND_SAYS, ("Location", "/y"), ("Vary", "Accept")], b"{}")
    data = b"{}" if method == "POST" else None
    response = client.ask(method, "/api/x", origin, data=data)
    if origin == UNKNOWN and method not in ("GET", "HEAD"):
        check_refused(response)
        assert backend.connections == 0
    else:
        check(response, status, cors, ["Accept", "Origin"])
        assert response.body == (b"" if method == "HEAD" or status == 304 else b"{}")
        assert [(r.method, r.body) for r in backend.requests] == [(method, data or b"")]


@pytest.mark.parametrize("path, status, log", [
    ("/api/guarded/x", 403, "AH01630: "), ("/api/rude/x", 502, "AH01106: |AH00898: |AH01102"),
    ("/api/rude/silent", 500, "AH01102: ")], ids=["403", "502", "500"])
@pytest.mark.parametrize("origin, cors", ORIGINS, ids=ORIGIN_IDS)
def test_errors_of_httpd(client, server, path, status, log, origin, cors):
    """R1 to R3, R5, H1"""
    server.expect_log(log)
    check(client.ask("GET", path, origin), status, cors)
    if origin == UNKNOWN:
        check_refused(client.ask("POST", path, origin))
    else:
        check(client.ask("POST", path, origin), status, cors)


@pytest.mark.parametrize("path", ["/api/x", "/api/guarded/x", "/api/rude/x"])
@pytest.mark.parametrize("origin, is_allowed", [(ALLOWED, True), (UNKNOWN, False)], ids=ORIGIN_IDS[:2])
@pytest.mark.parametrize("data", [None, b"12345"], ids=["bodiless", "body"])
def test_preflights(client, backend, path, origin, is_allowed, data):
    """P1, P2, P3, P4"""
    asked = ("Access-Control-Request-Headers", "Content-Type")
    response = client.ask("OPTIONS", path, origin, PREFLIGHT, asked, data=data)
    check_preflight(response, is_allowed)
    assert response.one("Access-Control-Allow-Headers") == ("Content-Type" if is_allowed else None)
    assert backend.connections == 0


@pytest.mark.parametrize("authority, host, is_own", [
    ("example.com", "example.com", True), ("example.com:81", "example.com:81", True),
    ("www.example.com:81", "www.example.com:81", True), ("WWW.example.com", "www.example.com", True),
    ("www.example.com", "example.com", False), ("example.com", "www.example.com", False),
    ("example.com", "example.com:81", False), ("rebound.example", "rebound.example", False)])
def test_the_own_origin_is_that_of_authority(client, backend, authority, host, is_own):
    """R10 b): https may be TLS that ends in front; http is not own where TLS is spoken here."""
    for scheme in ("http", "https"):
        backend.reset()
        response = client.ask("POST", "/api/x", ("Origin", f"{scheme}://{host}"), data=b"{}", authority=authority)
        if is_own and (scheme == "https" or not client.is_tls):
            check(response, 200, set())
            assert len(backend.requests) == 1
        else:
            check_refused(response)
            assert backend.connections == 0


@pytest.mark.parametrize("authority, site, is_own", [
    ("example.com", "same-origin", True), ("www.example.com:81", "same-origin", True),
    ("example.com", "same-site", False), ("example.com", None, False), ("rebound.example", "same-origin", False)])
def test_null_of_an_own_page(client, backend, authority, site, is_own):
    """R10 a)"""
    fields = [("Origin", "null"), site and ("Sec-Fetch-Site", site)]
    response = client.ask("POST", "/api/x", *fields, data=b"{}", authority=authority)
    if is_own:
        check(response, 200, set())
    else:
        check_refused(response)
    assert len(backend.requests) == is_own


def test_two_origin_fields(client, backend):
    """R6: whatever they name."""
    check_refused(client.ask("POST", "/api/x", ALLOWED, ALLOWED))
    check(client.ask("GET", "/api/x", ALLOWED, ALLOWED), 200, set())
    assert [r.method for r in backend.requests] == ["GET"]


# ---- Bodies ----

@pytest.mark.pairwise("size", "has_length", "server", "client")
@pytest.mark.parametrize("size", [0, 5, 65536, 65537, MIB5])
@pytest.mark.parametrize("has_length", [True, False], ids=["length", "no-length"])
def test_an_upload(client, backend, size, has_length):
    """R5 and R4, the twin: the answer, and then other streams of the connection, uploads too."""
    length = ("Content-Length", str(size)) if has_length else None
    stream = client.open("POST", "/api/x", *filter(None, [UNKNOWN, length]), data=b"u" * size)
    check_refused(client.read(stream))
    assert client.streams[stream].error in (None, NO_ERROR) and backend.connections == 0
    check(client.ask("POST", "/api/x", ALLOWED, length, data=b"a" * size), 200, GRANTED)
    assert [len(r.body) for r in backend.requests] == [size]


@pytest.mark.parametrize("length", [None, "1000", "9000000"])
@pytest.mark.parametrize("kind", ["refused", "preflight"])
def test_the_answer_does_not_wait_for_the_body(client, backend, length, kind):
    """R5, P4: half of it never comes; the stream ends, the connection goes on."""
    fields = [("Content-Length", length)] if length else []
    if kind == "refused":
        stream = client.open("POST", "/api/x", UNKNOWN, *fields, data=b"z" * 500, is_open=True)
        check_refused(client.read(stream))
    else:
        stream = client.open("OPTIONS", "/api/x", ALLOWED, PREFLIGHT, *fields, data=b"z" * 500, is_open=True)
        check_preflight(client.read(stream), True)
    assert backend.connections == 0
    check(client.ask("GET", "/api/x", ALLOWED), 200, GRANTED)
    if client.streams[stream].error is None:
        client.reset(stream)
    check(client.ask("GET", "/api/x", UNKNOWN), 200, set())


@pytest.mark.parametrize("length", [[("Content-Length", str(MIB5))], []], ids=["length", "no-length"])
def test_an_upload_that_nobody_wants_is_stopped(client, backend, length):
    """R5: RST_STREAM(NO_ERROR) after the answer, not the whole of a body that has no end."""
    stream = client.open("POST", "/api/x", UNKNOWN, *length, data=b"u" * (MIB5 - 1), is_open=True)
    check_refused(client.read(stream))
    while client.streams[stream].error is None:
        client.step()
    assert client.streams[stream].error == NO_ERROR and backend.connections == 0


def test_uploads_beside_each_other(client, backend):
    """R4, R5, P1: refused, preflight and allowed, all at once on one connection; none waits for another."""
    opened = []
    for number in range(3):
        opened += [("refused", client.open("POST", "/api/x", UNKNOWN, data=b"r" * MIB5)),
                   ("allowed", client.open("POST", f"/api/x?body=n{number}", ALLOWED, data=b"a" * 300000)),
                   ("preflight", client.open("OPTIONS", "/api/x", ALLOWED, PREFLIGHT)),
                   ("plain", client.open("PUT", f"/api/x?body=p{number}", data=b"p" * 300000)),
                   ("unknown", client.open("GET", f"/api/x?body=u{number}", UNKNOWN))]
    bodies = []
    for kind, stream in opened:
        response = client.read(stream)
        if kind == "refused":
            check_refused(response)
        elif kind == "preflight":
            check_preflight(response, True)
        else:
            check(response, 200, GRANTED if kind == "allowed" else set())
            bodies.append(response.body)
    assert sorted(bodies) == sorted(b"%c%d" % (c, n) for c in b"npu" for n in range(3))
    assert sorted(len(r.body) for r in backend.requests) == [0] * 3 + [300000] * 6


def test_expect(client, backend):
    """R5: no 100 for a refused request; the twin gets one, without our headers."""
    expect = [("Expect", "100-continue"), ("Content-Length", "5")]
    stream = client.open("POST", "/api/x", UNKNOWN, *expect, is_open=True)
    response = client.read(stream)
    check_refused(response)
    assert response.interim == [] and backend.connections == 0
    stream = client.open("POST", "/api/x", ALLOWED, *expect, is_open=True)
    while not client.streams[stream].interim:
        client.step()
    client.h2.send_data(stream, b"hello", end_stream=True)
    response = client.read(stream)
    check(response, 200, GRANTED)
    assert [dict(i)[":status"] for i in response.interim] == ["100"]
    assert not any(n.startswith("access-control-") for i in response.interim for n, _ in i)
    assert [r.body for r in backend.requests] == [b"hello"]


def test_trailers(client, backend):
    """R5, R4: an origin in a trailer says nothing."""
    trailers = [("origin", ALLOWED[1]), ("x-trailer", "1")]
    check_refused(client.ask("POST", "/api/x", UNKNOWN, data=b"hello", trailers=trailers))
    assert backend.connections == 0
    trailers = [("origin", UNKNOWN[1]), ("x-trailer", "1")]
    check(client.ask("POST", "/api/x", ALLOWED, data=b"hello", trailers=trailers), 200, GRANTED)
    assert [r.body for r in backend.requests] == [b"hello"]


def test_streams_that_the_client_resets(client, server, backend):
    """R1, R4: in the middle of an upload that the backend waits for; the streams beside it never notice."""
    server.expect_log("AH02608: read request body failed|AH01097: pass request body failed")
    for number, fields in enumerate([[ALLOWED], []], 1):
        stream = client.open("POST", "/api/reset", *fields, ("Content-Length", "90000"), data=b"z" * 40000,
                             is_open=True)
        httpd.wait_until(lambda n=number: backend.connections == 2 * n - 1, "the backend is asked")
        beside = client.open("GET", "/api/x", ALLOWED)
        client.reset(stream)
        check(client.read(beside), 200, GRANTED)
        check_refused(client.ask("POST", "/api/x", UNKNOWN, data=b"{}"))
        httpd.wait_until(lambda n=number: sum("AH01097" in l.text for l in server.log_lines()) >= n, "httpd says so")
    assert [r.method for r in backend.requests if r.path == "/x"] == ["GET"] * 2 and backend.connections == 4


@pytest.mark.parametrize("method, fields", [("POST", [UNKNOWN]), ("OPTIONS", [ALLOWED, PREFLIGHT])],
                         ids=["refused", "preflight"])
def test_refused_streams_that_the_client_resets(server, backend, method, fields):
    """R5, P4: nothing runs. What becomes of the connection is left out: where a reset meets an answer,
    mod_http2 ends it now and then (GOAWAY), for a 403 of httpd's own too; the next is served."""
    for number in range(20):
        with Client(server.port_number(1 + number % 2), bool(number % 2)) as client:
            stream = client.open(method, "/api/reset", *fields, ("Content-Length", "90000"),
                                 data=b"z" * 40000, is_open=True)
            client.reset(stream)
        with Client(server.port_number(1 + number % 2), bool(number % 2)) as client:
            check(client.ask("GET", "/api/x", ALLOWED), 200, GRANTED)
    assert {r.path for r in backend.requests} == {"/x"} and backend.connections == 20


def test_many_streams_at_once(client, backend):
    """R1 to R5, P1, P2: in a random order from a fixed seed, every answer told from every other."""
    rng = random.Random(20191)
    backend.answer("/missing", 404, BACKEND_SAYS, b"none")
    ran = 0
    for turn in range(4):
        opened = []
        for number in range(40):
            what = rng.choice(["refused", "preflight", "get", "head", "post", "unknown", "plain"])
            tag = f"{turn}-{number}"
            target = f"/api/x?body={tag}"
            ran += what not in ("refused", "preflight")
            opened.append((what, tag, {
                "refused": lambda t=tag: client.open("POST", "/api/x", ("Origin", f"http://{t}.invalid"),
                                                     data=b"r" * 900),
                "preflight": lambda t=tag: client.open(
                    "OPTIONS", "/api/x", ALLOWED, PREFLIGHT, ("Access-Control-Request-Headers", f"x-{t}")),
                "get": lambda t=target: client.open("GET", t, ALLOWED),
                "head": lambda t=target: client.open("HEAD", t, UNKNOWN),
                "post": lambda t=target: client.open("POST", t, ALLOWED, data=b"p" * 900),
                "unknown": lambda t=target: client.open("GET", t, UNKNOWN),
                "plain": lambda t=target: client.open("POST", t, data=b"q" * 900)}[what]()))
        rng.shuffle(opened)
        for what, tag, stream in opened:
            response = client.read(stream)
            if what == "refused":
                check_refused(response)
                assert json.loads(response.body)["fault"]["arguments"]["origin"] == f"http://{tag}.invalid"
            elif what == "preflight":
                check_preflight(response, True)
                assert response.one("Access-Control-Allow-Headers") == f"x-{tag}"
            else:
                check(response, 200, GRANTED if what in ("get", "post") else set())
                assert response.body == (b"" if what == "head" else tag.encode())
    assert len(backend.requests) == ran > 80


# ---- From HTTP/1.1, and beside it ----

@pytest.mark.parametrize("origin, cors", ORIGINS, ids=ORIGIN_IDS)
def test_an_upgrade_to_h2c(server, backend, origin, cors):
    """R1 to R3: the 101 is httpd's own, the answer comes over HTTP/2. By curl, which bears that the event MPM
    announces the end of such a connection at any time, without a module of ours too."""
    fields = ["-H", ": ".join(origin)] if origin else []
    done = subprocess.run(["curl", "-s", "-i", "--max-time", "20", "--http2", *fields,
                           f"{server.url}/api/x?body=text"], capture_output=True, timeout=60)
    assert done.returncode == 0, done
    switched, answer, body = done.stdout.decode("latin-1").split("\r\n\r\n")
    assert switched.startswith("HTTP/1.1 101 ") and "access-" not in switched.lower()
    status, *lines = answer.split("\r\n")
    assert status.startswith("HTTP/2 200") and body == "text"
    found = {tuple(line.split(": ", 1)) for line in lines if line.startswith(("access-control-", "vary"))}
    assert found == {(n.lower(), v) for n, v in cors} | {("vary", "Origin")}
    assert len(backend.requests) == 1


@pytest.mark.parametrize("is_preflight", [False, True], ids=["refused", "preflight"])
def test_our_answers_switch_no_protocol(server, backend, is_preflight):
    """R5, P1: nothing runs, and so no upgrade either; the connection stays what it was."""
    fields = [("Upgrade", "h2c"), ("HTTP2-Settings", "AAMAAABkAAQAoAAAAAIAAAAA"),
              ("Connection", "Upgrade, HTTP2-Settings")]
    with server.connection() as connection:
        for _ in range(2):
            if is_preflight:
                connection.send(wire.build("OPTIONS", "/api/x", [ALLOWED, PREFLIGHT, *fields]))
                response = connection.read()
                check_preflight(response, True)
            else:
                connection.send(wire.build("POST", "/api/x", [UNKNOWN, *fields]))
                response = connection.read()
                check_refused(response)
            assert response.interim == []
    assert backend.connections == 0


@pytest.mark.parametrize("origin, cors", ORIGINS, ids=ORIGIN_IDS)
def test_http_1_1_over_tls(server, backend, origin, cors):
    """R1 to R5, R10, P1, P2: the same, without HTTP/2."""
    backend.answer("/x", 200, BACKEND_SAYS, b"{}")
    connection = wire.Connection(server.port_number(2))
    connection.socket = tls(connection.socket, "http/1.1")
    fields = [origin] if origin else []

    def ask(method, *more, body=b""):
        connection.send(wire.build(method, "/api/x", [*fields, *more], body, close=False))
        return connection.read(method)

    with connection:
        check(ask("GET"), 200, cors)
        check(ask("HEAD"), 200, cors)
        if origin:
            check_preflight(ask("OPTIONS", PREFLIGHT), origin == ALLOWED)
        response = ask("POST", body=b"12345")
        if origin == UNKNOWN:
            check_refused(response)
        else:
            check(response, 200, cors)
        fields = [("Origin", "https://example.com")]
        check(ask("POST", body=b"{}"), 200, set())
    assert len(backend.requests) == (3 if origin == UNKNOWN else 4)
