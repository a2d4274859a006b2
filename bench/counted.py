# SPDX-License-Identifier: Apache-2.0
"""Instructions of an exchange, as callgrind counts them in a server of one process."""

import os
import pwd
import re
from contextlib import contextmanager

import httpd
import wire
from everybody import for_everybody

WARM, TIMES, MOST = 4, 4, 40  # exchanges before it is counted, those that are, at most
ROUNDS = 12  # of marks
LITTLE = 10_000  # instructions: a turn without a request
FIRST = 20  # exchanges after which each thread has had some
# Called for a request that says If-Modified-Since, more than once, and NOTHING between the last two calls.
ONCE, NOTHING = "apr_date_parse_http", 100
# Where all threads are busy (one writes a part), the event MPM closes connections that stay open.
FEW_THREADS = """
ServerLimit 1
ThreadsPerChild 3
MaxRequestWorkers 3
"""


def callgrind(counts, *options):
    """What callgrind counts is written to counts.1, counts.2, ..."""
    return ["valgrind", "-q", "--tool=callgrind", "--vgdb=no", f"--callgrind-out-file={counts}", *options]


def is_near(counts):
    """Whether the least two are the same; those with a random number in them, such as a hash's, nearly."""
    return len(counts) > 1 and counts[1] - counts[0] <= counts[0] / 1000


class Parts:
    """What callgrind writes, part by part."""

    def __init__(self, counts):
        self.counts = counts
        self.read = 0

    def new(self):
        """What was counted in each part that is whole and was not read yet, in order."""
        found = []
        while (part := self.counts.with_suffix(f".{self.read + 1}")).exists():
            total = re.search(r"^totals: (\d+)", part.read_text(), re.M)
            if not total:
                break
            found.append(int(total[1]))
            self.read += 1
            part.unlink()
        return found


class Httpd(httpd.Httpd):
    """One process; never root, as the process writes the files. The instructions of each turn of a
    connection are a part: one exchange, where the next request comes only then."""

    MODULE_LEVEL = "info"
    OPTIONS = ["--collect-atstart=no", "--toggle-collect=ap_run_process_connection",
               "--dump-after=ap_run_process_connection", f"--dump-before={ONCE}"]

    def __init__(self, config="", **keywords):
        super().__init__(FEW_THREADS + config, mode="-X", **{"log_level": "warn", **keywords})
        self.counts = self.root / "counts/part"
        self.counts.parent.mkdir()
        self.account_change = []
        if os.geteuid() == 0:
            self.module = self.module and for_everybody(self.module)
            account = pwd.getpwnam(self.account())
            for path in (self.root, self.counts.parent):
                os.chown(path, account.pw_uid, account.pw_gid)
            self.account_change = ["setpriv", f"--reuid={account.pw_uid}", f"--regid={account.pw_gid}",
                                   "--clear-groups"]

    def command(self, *arguments):
        return [*self.account_change, *callgrind(self.counts, *self.OPTIONS), *super().command(*arguments)]

    def counter(self):
        return Turns(self)


def of_peer(peer, function):
    """The same of a nginx or haproxy; `function` is what accepts a connection."""
    peer.counts = peer.root / "part"
    peer.prefix = callgrind(peer.counts, f"--dump-before={function}")
    peer.counter = lambda: Marks(peer)
    return peer


@contextmanager
def counting(server):
    """Runs a server, and gives its counter. The connection outlives the server: httpd may crash where it is told to end
    and a thread just closes a connection."""
    with server:
        counter = server.counter()
        yield counter
    counter.connection.__exit__()


class Counter:
    """Counts exchanges of a running server, all on one connection that stays open."""

    def __init__(self, server):
        self.server = server
        self.connection = wire.Connection(server.port)
        self.parts = Parts(server.counts)

    def exchange(self, request, method):
        self.connection.send(request)
        return self.connection.read(method)


class Turns(Counter):
    """Of httpd."""

    def __init__(self, server):
        super().__init__(server)
        # Until a request that cannot be mistaken has ended: no turn of a connection before it is outstanding then.
        self.exchange(wire.build("GET", "/file", [("If-Modified-Since", "Sat, 01 Jan 2000 00:00:00 GMT")], close=False), "GET")
        parts = []
        httpd.wait_until(lambda: parts.extend(self.parts.new()) or any(count < NOTHING for count in parts[:-1]),
                         "callgrind writes what the first exchange has cost")
        plain = wire.build("GET", "/file", close=False)
        for _ in range(FIRST):
            self.turn(plain, "GET")

    def turn(self, request, method):
        """(instructions, response)"""
        response = self.exchange(request, method)
        parts = httpd.wait_until(lambda: [count for count in self.parts.new() if count > LITTLE],
                                 "callgrind writes what the exchange has cost")
        assert len(parts) == 1, f"a turn that nobody knows: {parts}"
        return parts[0], response

    def cost(self, method, target, headers, host="example.com"):
        """(instructions of one exchange, its response): the least of several that came twice. One in which a second begins
        has more, as the date is written anew; and so have the first of each thread."""
        request = wire.build(method, target, headers, host=host, close=False)
        found = []
        while len(found) < WARM + MOST:
            found.append(self.turn(request, method))
            counts = sorted(count for count, _ in found[WARM:])
            if len(counts) >= TIMES and is_near(counts):
                return counts[0], found[-1][1]
        raise AssertionError(f"it varies: {counts}")


class Marks(Counter):
    """Of others, who need no turn of their own for an exchange: they are asked for marks, by connections of which each
    ends a part."""

    def __init__(self, server):
        super().__init__(server)
        self.mark()
        self.empty = self._least(lambda: None)

    def mark(self):
        """What was executed since the mark before."""
        wire.request(self.server.port, "GET", "/file")
        return sum(self.parts.new())

    def _between(self, act):
        self.mark()
        act()
        return self.mark()

    def _least(self, act):
        """The least on which two rounds agree. One has more if a mark's connection comes before its request."""
        found = []
        while len(found) < ROUNDS:
            found = sorted([*found, self._between(act)])
            if is_near(found):
                break
        assert found[1] - found[0] <= found[0] / 50, f"it varies: {found}"
        return found[0]

    def cost(self, method, target, headers):
        """(instructions of one exchange, its response)"""
        request = wire.build(method, target, headers, close=False)

        def exchanges(count):
            return [self.exchange(request, method) for _ in range(count)][-1]

        response = exchanges(WARM)
        return (self._least(lambda: exchanges(TIMES)) - self.empty) / TIMES, response
