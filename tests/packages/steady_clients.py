# SPDX-License-Identifier: Apache-2.0
"""Clients that ask while a package is upgraded, and count what was lost.

Usage: steady_clients.py PORT READY STOP     asks until the file STOP is there, and makes the file READY when every client has
had an answer. It prints `N requests, N lost`, and ends with status 1 if a request was lost.

A request is lost if a new connection does not bring its answer. A server may close a connection between two requests; the
request is then sent again, once, on a new one, as browsers do."""

import http.client
import os
import sys
import threading
import time

CLIENTS = 3  # with a connection for each request, and as many that keep theirs
ORIGIN = "https://www.shop.example"


class Clients:
    def __init__(self, port, ready, stop):
        self.port, self.ready, self.stop = port, ready, stop
        self.lock = threading.Lock()
        self.requests, self.lost, self.begun = 0, [], 0

    def is_over(self):
        return os.path.exists(self.stop)

    def count(self, number, failure=None):
        with self.lock:
            self.requests += 1
            self.begun += number == 1
            if failure is not None:
                self.lost.append(failure)
            if self.begun == 2 * CLIENTS + 1:
                open(self.ready, "w").close()

    def connect(self):
        return http.client.HTTPConnection("127.0.0.1", self.port, timeout=20)

    @staticmethod
    def ask(connection):
        """The answer must be the policy's: no version of the module lets the request pass without its headers."""
        connection.request("GET", "/", headers={"Origin": ORIGIN, "Host": "shop.example"})
        answer = connection.getresponse()
        answer.read()
        if answer.status != 200 or answer.getheader("Access-Control-Allow-Origin") != ORIGIN:
            raise ValueError(f"{answer.status} {answer.getheaders()}")

    def ask_anew(self):
        connection = self.connect()
        try:
            self.ask(connection)
        finally:
            connection.close()

    def run_short(self):
        number = 0
        while not self.is_over():
            number += 1
            try:
                self.ask_anew()
                self.count(number)
            except (OSError, http.client.HTTPException, ValueError) as error:
                self.count(number, f"new connection: {error!r}")
            time.sleep(0.005)

    def run_long(self):
        number, connection = 0, self.connect()
        while not self.is_over():
            number += 1
            try:
                self.ask(connection)
                self.count(number)
            except (OSError, http.client.HTTPException):
                connection.close()
                connection = self.connect()
                try:
                    self.ask(connection)
                    self.count(number)
                except (OSError, http.client.HTTPException, ValueError) as error:
                    self.count(number, f"again: {error!r}")
            except ValueError as error:
                self.count(number, f"kept connection: {error!r}")
            time.sleep(0.005)

    def run_slow(self):
        """One answer that is read from before the upgrade until after it."""
        connection = self.connect()
        try:
            connection.request("GET", "/large", headers={"Host": "shop.example"})
            answer = connection.getresponse()
            length, got = int(answer.getheader("Content-Length")), len(answer.read(1000))
            self.count(1)
            while not self.is_over():
                time.sleep(0.05)
                got += len(answer.read(1000))
            got += len(answer.read())
            self.count(2, None if got == length else f"slow answer: {got} of {length} bytes")
        except (OSError, http.client.HTTPException) as error:
            self.count(2, f"slow answer: {error!r}")


def main(port, ready, stop):
    clients = Clients(int(port), ready, stop)
    threads = [threading.Thread(target=run) for run in
               [clients.run_short] * CLIENTS + [clients.run_long] * CLIENTS + [clients.run_slow]]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    print(f"{clients.requests} requests, {len(clients.lost)} lost")
    for failure in clients.lost[:10]:
        print(f"  {failure}")
    return 1 if clients.lost or clients.requests < 100 else 0


if __name__ == "__main__":
    if len(sys.argv) != 4:
        sys.exit(__doc__)
    sys.exit(main(*sys.argv[1:]))
