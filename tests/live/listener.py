# SPDX-License-Identifier: Apache-2.0
"""A TCP server for protocols that are not HTTP; backend.py is the one for HTTP."""

import socketserver
import threading


class Listener:
    """Listens on a port that the system picked; serve(source, sink) of a subclass answers a connection."""

    def __init__(self):
        self.connections = 0
        listener = self

        class Handler(socketserver.StreamRequestHandler):
            def handle(self):
                listener.connections += 1
                listener.serve(self.rfile, self.wfile)

        class Server(socketserver.ThreadingTCPServer):
            daemon_threads = True

            def handle_error(self, *_):
                pass  # a client that went away is the test's doing

        self.server = Server(("127.0.0.1", 0), Handler)
        self.port = self.server.server_address[1]
        self.thread = threading.Thread(target=self.server.serve_forever, kwargs={"poll_interval": 0.05},
                                       daemon=True)
        self.thread.start()

    def stop(self):
        self.server.shutdown()
        self.server.server_close()
        self.thread.join(10)
