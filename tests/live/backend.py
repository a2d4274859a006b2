# SPDX-License-Identifier: Apache-2.0
"""A real HTTP server that counts: a test may assert that nothing reached it."""

import threading
import time
from collections import namedtuple
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit

Request = namedtuple("Request", "method target path headers body")
Answer = namedtuple("Answer", "status headers body")


class Backend:
    """
    Listens on a port that the system picked. What it saw: `requests` (in order), `connections`
    (a number). What it answers, in this order:
      - answer(path, ...) registered for the request's path;
      - the query: ?status=404&header=Name:%20value&header=...&body=text&length=1000&delay=1.5;
      - 200 with `{}` as application/json.
    """

    def __init__(self):
        self.requests = []
        self.connections = 0
        self.answers = {}
        self.test = 0  # the number of reset()s
        backend = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            disable_nagle_algorithm = True  # the head and the body are two writes

            def setup(self):
                super().setup()
                backend.connections += 1

            def read_body(self):
                if "chunked" in self.headers.get("Transfer-Encoding", ""):
                    body = b""
                    while size := int(self.rfile.readline().split(b";")[0], 16):
                        body += self.rfile.read(size)
                        self.rfile.readline()
                    self.rfile.readline()
                    return body
                return self.rfile.read(int(self.headers.get("Content-Length", 0)))

            def answer(self):
                test = backend.test
                request = Request(self.command, self.path, urlsplit(self.path).path,
                                  list(self.headers.items()), self.read_body())
                if test == backend.test:  # and not one that was broken off when its test was over
                    backend.requests.append(request)
                answer = backend.find(self.path)
                self.send_response_only(answer.status)
                for name, value in answer.headers:
                    self.send_header(name, value)
                bodiless = answer.status < 200 or answer.status in (204, 304)
                if not bodiless and "content-length" not in {n.lower() for n, _ in answer.headers}:
                    self.send_header("Content-Length", str(len(answer.body)))
                self.end_headers()
                if not bodiless and self.command != "HEAD":
                    self.wfile.write(answer.body)

            def __getattr__(self, name):
                # Any method at all: PROPFIND, TRACK, what a test invents.
                if name.startswith("do_"):
                    return self.answer
                raise AttributeError(name)

            def log_message(self, *_):
                pass

        class Server(ThreadingHTTPServer):
            daemon_threads = True
            request_queue_size = 64

            def handle_error(self, *_):
                pass  # a client that went away is the test's doing

        self.server = Server(("127.0.0.1", 0), Handler)
        self.port = self.server.server_address[1]
        self.url = f"http://127.0.0.1:{self.port}"
        self.thread = threading.Thread(target=self.server.serve_forever,
                                       kwargs={"poll_interval": 0.05}, daemon=True)
        self.thread.start()

    def answer(self, path, status=200, headers=(), body=b""):
        """From now on (until reset) this is what a request for `path` gets."""
        self.answers[path] = Answer(status, list(headers), body)

    def find(self, target):
        url = urlsplit(target)
        if url.path in self.answers:
            return self.answers[url.path]
        query = parse_qs(url.query, keep_blank_values=True)
        if "delay" in query:
            time.sleep(min(float(query["delay"][0]), 10))
        headers = []
        for line in query.get("header", []):
            name, _, value = line.partition(":")
            headers.append((name, value.strip()))
        if not any(n.lower() == "content-type" for n, _ in headers):
            headers.append(("Content-Type", "application/json"))
        body = query.get("body", ["{}"])[0].encode()
        if "length" in query:
            body = b"x" * int(query["length"][0])
        return Answer(int(query.get("status", ["200"])[0]), headers, body)

    def reset(self):
        """Forgets what it saw and what it was told; done before each test."""
        self.test += 1
        self.requests.clear()
        self.answers.clear()
        self.connections = 0

    def stop(self):
        self.server.shutdown()
        self.server.server_close()
        self.thread.join(10)
