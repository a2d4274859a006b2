# SPDX-License-Identifier: Apache-2.0
"""HTTP/1.1 as it is on the wire: header lines in order, with duplicates, unchanged."""

import socket

TIMEOUT = 20


def by_name(headers):
    """{name in lower case: every value of it, in order}"""
    found = {}
    for name, value in headers:
        found.setdefault(name.lower(), []).append(value)
    return found


class Response:
    """One response. `headers` is the list of (name, value) as they came."""

    def __init__(self, status, reason, headers, body, interim):
        self.status = status
        self.reason = reason
        self._headers = headers
        self.body = body
        self.interim = interim  # 1xx responses that came before it
        self._values = by_name(headers)

    @property
    def headers(self):  # nobody sets them: what is asked by name would be that of before
        return self._headers

    def all(self, name):
        """Every value of a header, in order."""
        return list(self._values.get(name.lower(), ()))

    def one(self, name):
        """The only value of a header; None when it is absent; two lines are an error."""
        values = self.all(name)
        assert len(values) <= 1, f"{name} came {len(values)} times: {values}"
        return values[0] if values else None

    def tokens(self, name):
        """The comma-separated elements of all lines of a header, in order."""
        return [t.strip() for v in self.all(name) for t in v.split(",") if t.strip()]

    def cors(self):
        """The Access-Control-* header lines, in order."""
        return [(n, v) for n, v in self.headers if n.lower().startswith("access-control-")]

    def __repr__(self):
        lines = [f"{self.status} {self.reason}"] + [f"{n}: {v}" for n, v in self.headers]
        return "\n".join(lines) + f"\n\n{self.body[:400]!r}"


class Connection:
    """A connection to 127.0.0.1:port; use it with `with`."""

    def __init__(self, port, timeout=TIMEOUT):
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        self.buffer = b""
        try:
            self.socket.settimeout(timeout)
            self.socket.connect(("127.0.0.1", port))  # create_connection() would look its name up each time
        except BaseException:
            self.socket.close()
            raise

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.socket.close()

    def send(self, data):
        self.socket.sendall(data)

    def _more(self):
        data = self.socket.recv(65536)
        self.buffer += data
        return data

    def _until(self, end):
        while end not in self.buffer:
            if not self._more():
                raise EOFError(f"connection closed after {self.buffer!r}")
        head, self.buffer = self.buffer.split(end, 1)
        return head

    def _exactly(self, count):
        while len(self.buffer) < count:
            if not self._more():
                raise EOFError(f"closed after {len(self.buffer)} of {count} bytes")
        data, self.buffer = self.buffer[:count], self.buffer[count:]
        return data

    def _chunks(self):
        chunks = []  # joined once: a page may have thousands
        while True:
            size = int(self._until(b"\r\n").split(b";")[0], 16)
            if size == 0:
                while self._until(b"\r\n"):
                    pass
                return b"".join(chunks)
            chunks.append(self._exactly(size))
            assert self._exactly(2) == b"\r\n"

    def _body(self, method, status, find):
        if method == "HEAD" or status < 200 or status in (204, 304):
            return b""
        if "chunked" in (find("transfer-encoding") or "").lower():
            return self._chunks()
        if find("content-length") is not None:
            return self._exactly(int(find("content-length")))
        while self._more():
            pass
        body, self.buffer = self.buffer, b""
        return body

    def read(self, method="GET"):
        """Reads one response, its interim ones included, and not a byte more than belongs to it."""
        interim = []
        while True:
            lines = self._until(b"\r\n\r\n").decode("latin-1").split("\r\n")
            version, status, reason = (lines[0] + " ").split(" ", 2)
            assert version.startswith("HTTP/1."), lines[0]
            headers = []
            for line in lines[1:]:
                name, value = line.split(":", 1)
                headers.append((name, value.strip()))
            find = {n.lower(): v for n, v in headers}.get
            body = self._body(method, int(status), find)
            response = Response(int(status), reason.strip(), headers, body, interim)
            if response.status >= 200 or response.status == 101:
                return response
            interim.append(response)

    def is_closed(self):
        """Waits (bounded by the timeout) for the server's end of the connection: True at its end,
        False when something else came."""
        try:
            return not self.buffer and self.socket.recv(1) == b""
        except ConnectionResetError:
            return True


def build(method, target, headers=(), body=b"", host="example.com", close=True):
    """The bytes of a request. `headers` are (name, value) in the order wanted; values may be bytes."""
    lines = [f"{method} {target} HTTP/1.1".encode("latin-1")]
    if host is not None:
        lines.append(b"Host: " + host.encode("latin-1"))
    names = {n.lower() for n, _ in headers}
    for name, value in headers:
        value = value if isinstance(value, bytes) else value.encode("latin-1")
        lines.append(name.encode("latin-1") + b": " + value)
    if body and not names & {"content-length", "transfer-encoding"}:
        lines.append(b"Content-Length: %d" % len(body))
    if close and "connection" not in names:
        lines.append(b"Connection: close")
    return b"\r\n".join(lines) + b"\r\n\r\n" + body


def request(port, method, target, headers=(), body=b"", host="example.com"):
    """One request on a connection of its own, and its response."""
    return send_raw(port, build(method, target, headers, body, host), method)


def send_raw(port, data, method="GET"):
    """These bytes on a connection of their own, and the response to them."""
    with Connection(port) as connection:
        connection.send(data)
        return connection.read(method)
