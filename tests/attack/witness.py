# SPDX-License-Identifier: Apache-2.0
"""A backend that tells what should never have come to it: an unsafe request of an origin that is not listed (R5), or a
preflight (P4). It reads requests as bytes, a line at a time, and allows everybody everything in its answers (H1)."""

import socket
import socketserver
import threading

from hostile import LISTED

SAFE = (b"GET", b"HEAD", b"OPTIONS")
ANSWER = b"HTTP/1.1 200 OK\r\n%bContent-Type: application/json\r\nContent-Length: 2\r\nConnection: close\r\n\r\n{}"
CARELESS = (b"Access-Control-Allow-Origin: *\r\naccess-control-allow-credentials: true\r\nAccess-Control-Made-Up: 1\r\n"
            b"Access-Control-Allow-Origin: http://bar.com\r\n")
LISTED_BYTES = {o.encode() for o in LISTED}


def is_listed(value):
    """R6: one origin, or several that are all listed."""
    return value != b"" and set(value.split(b" ")) <= LISTED_BYTES


def path_of(line):
    return line.partition(b" ")[2].split(b" ")[0].split(b"?")[0]


def fault_of(line, fields, is_own=lambda origin: False):
    """What is wrong with a request that came here; None: nothing. `fields` are (lower-case name, value)."""
    method = line.partition(b" ")[0]
    origins = [value for name, value in fields if name == b"origin"]
    if not origins or len(origins) == 1 and is_own(origins[0]):
        return None
    if method == b"OPTIONS" and any(name == b"access-control-request-method" and value for name, value in fields):
        return "a preflight"
    if method not in SAFE and not (len(origins) == 1 and is_listed(origins[0])):
        return "an unsafe request of an origin that is not listed"
    return None


class Witness(socketserver.ThreadingTCPServer):
    daemon_threads = True
    allow_reuse_address = True
    request_queue_size = 128

    def __init__(self, is_covered=lambda path: True, **judges):
        super().__init__(("127.0.0.1", 0), Talk)
        self.url = f"http://127.0.0.1:{self.server_address[1]}"
        self.is_covered = is_covered  # what is not is no matter of ours, and its answer is the backend's
        self.judges = judges
        self.count = 0
        self.faults = []
        self.guard = threading.Lock()
        threading.Thread(target=self.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()

    def note(self, line, fields):
        fault = fault_of(line, fields, **self.judges) if self.is_covered(path_of(line)) else None
        with self.guard:
            self.count += 1
            if fault:
                self.faults.append(f"{fault} reached the backend: {line!r} {fields!r}")

    def take_faults(self):
        with self.guard:
            faults, self.faults = self.faults, []
        return faults

    def handle_error(self, *_):
        pass  # a client that went away is the attack's doing

    def stop(self):
        self.shutdown()
        self.server_close()


class Talk(socketserver.StreamRequestHandler):
    timeout = 20
    disable_nagle_algorithm = True

    def handle(self):
        line = self.rfile.readline().rstrip(b"\r\n")
        if not line:
            return
        fields = []
        while (text := self.rfile.readline().rstrip(b"\r\n")):
            name, _, value = text.partition(b":")
            fields.append((name.strip().lower(), value.strip(b" \t")))
        self.server.note(line, fields)
        self.wfile.write(ANSWER % (CARELESS if self.server.is_covered(path_of(line)) else b""))
        self.wfile.flush()
        self.request.shutdown(socket.SHUT_WR)
        while self.rfile.read(65536):  # a body, so that nothing is reset before the answer is read
            pass
