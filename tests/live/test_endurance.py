# SPDX-License-Identifier: Apache-2.0
"""Two policies alternate under constant load, by timed reloads and graceful restarts, while workers are killed:
no request fails, no response mixes the two, nothing grows (A31 to A33)."""

import contextlib
import json
import os
import random
import re
import signal
import threading
import time
from collections import namedtuple
from concurrent.futures import ThreadPoolExecutor

import pytest

import httpd
import wire
from cors import granted

# How often the policies alternate: the steps are alike, so that the number tells how small a leak is seen; and how long
# a client waits for its next request, in seconds: without a pause the clients take what the machine has.
Plan = namedtuple("Plan", "reloads restarts pause")
PLANS = {False: Plan(60, 15, 0.01), True: Plan(200, 50, 0)}  # True: --exhaustive
EARLY = 20  # the reload after which memory should not grow
LEAK = 1456  # bytes a reload that are too much: 256 KiB over 180

CONFIG = """
OcapiCorsReload 100ms
MaxKeepAliveRequests 0
KeepAliveTimeout 20
<VirtualHost *:${PORT}>
    OcapiCors On
    OcapiCorsSettings d.json
    Header set X-Handler ran
    <Location "/">
        Require all granted
    </Location>
</VirtualHost>
"""
PUBLICATION = re.compile(r"OCORS0007: (generation .*)\n")
POLICIES = ("one", "two")
BOTH = ("Origin", "https://both.example")


def own(policy):
    return ("Origin", f"https://only-{policy}.example")


def document(policy):
    """A policy shows itself in the origins, in the methods of a preflight and in a header."""
    return json.dumps({"_v": "19.1", "clients": [{
        "client_id": "c", "allowed_origins": [BOTH[1], own(policy)[1]],
        "response_headers": {"x-policy": policy},
        "resources": [{"resource_id": "/x", "methods": ["put" if policy == "one" else "delete"]}]}]})


def told(response, policies):
    """Which of the policies this whole response can be of; one at least, or it mixes them."""
    return [p for p in policies if p == response.one("X-Policy")]


def check_get(response, origin):
    """R2, R3 of one policy: what it grants and what it adds come from the same."""
    assert response.status == 200 and response.one("X-Handler") == "ran", response
    (policy,) = told(response, POLICIES)
    assert set(response.cors()) == (granted(origin) if origin in (BOTH, own(policy)) else set()), response


def check_preflight(response, origin):
    """P1, P2 of one policy."""
    assert response.status == 204, response
    methods = response.one("Allow")
    policy = {"PUT": "one", "DELETE": "two"}[methods]
    is_allowed = origin in (BOTH, own(policy))
    assert response.one("Access-Control-Allow-Origin") == (origin[1] if is_allowed else None), response
    assert response.one("Access-Control-Allow-Methods") == (methods if is_allowed else None), response


def check_post(response, origin):
    """R4, R5 of one policy."""
    assert response.status in (200, 401), response
    if response.status == 401:
        assert origin != BOTH and response.cors() == [] and json.loads(response.body)["fault"], response
    else:
        check_get(response, origin)


KINDS = [("GET", "/x?client_id=c", [], check_get), ("POST", "/x?client_id=c", [], check_post),
         ("OPTIONS", "/x", [("Access-Control-Request-Method", "PUT")], check_preflight)]


class Load:
    """Clients that ask again and again, each on a connection that it keeps, or on a new one each time."""

    def __init__(self, port, is_killing, pause):
        self.port = port
        self.is_killing = is_killing
        self.pause = pause
        self.over = threading.Event()
        self.failures = []
        self.answers = 0
        self.broken = 0  # connections that a killed worker took along
        self.threads = [threading.Thread(target=self._run, args=(n,)) for n in range(4)]
        for thread in self.threads:
            thread.start()

    def _run(self, number):
        choose = random.Random(number)
        connection = None
        while not self.over.wait(self.pause) and len(self.failures) < 5:
            method, target, fields, check = choose.choice(KINDS)
            origin = choose.choice([BOTH, own("one"), own("two")])
            request = wire.build(method, target, [origin, *fields], close=False)
            is_kept = connection is not None
            try:
                connection = connection or wire.Connection(self.port)
                connection.send(request)
                check(connection.read(method), origin)
                self.answers += 1
            except (EOFError, OSError) as error:
                # A server may close an idle connection at any time (RFC 9112, 9.3.1): asked again.
                if not (is_kept and connection is not None and not connection.buffer):
                    self._broke(error, is_kept)
                connection = self._close(connection)
            except Exception as error:  # pylint: disable=broad-except
                self.failures.append(f"{method} {origin[1]}: {error!r}")
                connection = self._close(connection)
            if number % 2 == 0:
                connection = self._close(connection)

    def _broke(self, error, is_kept):
        if self.is_killing:
            self.broken += 1
        else:
            self.failures.append(f"{error!r}, kept: {is_kept}")

    @staticmethod
    def _close(connection):
        if connection is not None:
            connection.socket.close()

    def stop(self):
        self.over.set()
        for thread in self.threads:
            thread.join(30)


def memory(server):
    """(anonymous bytes of the parent, the watcher's, anonymous segments that the parent maps). What a process shares with one
    that it has forked counts, as it is not shared any more after one of them has written to it."""
    def anonymous(pid):
        text = open(f"/proc/{pid}/smaps", encoding="utf-8", errors="replace").read()
        mappings = re.split(r"^(?=[0-9a-f]+-[0-9a-f]+ )", text, flags=re.M)
        found = re.findall(r"^Anonymous:\s+(\d+)", "".join(m for m in mappings if "/dev/zero" not in m), re.M)
        if not found:
            raise ProcessLookupError(pid)  # it has ended
        return sum(map(int, found)) * 1024

    def look():
        with contextlib.suppress(OSError):  # of one that was killed: its successor comes
            maps = open(f"/proc/{server.process.pid}/maps", encoding="ascii").read()
            return anonymous(server.process.pid), anonymous(server.await_watcher()), maps.count("/dev/zero")
    return httpd.wait_until(look, "a watcher that lives", 60)


def keeps_what_is_freed(server):
    """Whether AddressSanitizer watches the server (scripts/attack): its quarantine grows."""
    return "libasan" in open(f"/proc/{server.process.pid}/maps", encoding="ascii").read()


class Log:
    """The error log, read once from front to end."""

    def __init__(self, server):
        self.file = open(server.root / "error.log", encoding="utf-8", errors="replace")
        self.text = ""  # what was not looked at yet: a line may be half written

    def await_publication(self, server, what):
        """Waits for the next publication, which has to say this."""
        def is_there():
            self.text += self.file.read()
            found = PUBLICATION.search(self.text)
            if found:
                self.text = self.text[found.end():]
            return found
        found = httpd.wait_until(lambda: server.process.poll() is not None or is_there(), what, 60)
        assert server.process.poll() is None
        assert found[1].startswith(what), (found[1], what)


def killer(server, is_over):
    """Kills a worker now and then, whatever it is doing."""
    choose = random.Random(7)
    while not is_over.wait(choose.uniform(0.05, 0.6)):
        children = sorted(server.children())
        if children:
            with contextlib.suppress(ProcessLookupError):
                os.kill(choose.choice(children), signal.SIGKILL)


@pytest.mark.timeout(600)
@pytest.mark.parametrize("is_killing", [False, True], ids=["load", "kills"])
def test_two_policies_alternate(start_httpd, pytestconfig, is_killing):
    """A33: a request sees one generation, whole; nothing leaks. The MPMs have their turn side by side: most
    of the time is waited for a look of the watcher, or for httpd's restart."""
    servers = [start_httpd(CONFIG, mpm=mpm, modules=["headers"],
                           files={"d.json": document("one"), "htdocs/x": "content"}) for mpm in httpd.MPMS]
    plan = PLANS[pytestconfig.getoption("exhaustive")]
    with ThreadPoolExecutor(len(servers)) as pool:
        for done in [pool.submit(alternate, server, is_killing, plan) for server in servers]:
            done.result()


def alternate(server, is_killing, plan):
    """The whole of it, for one server."""
    log, load, is_over = Log(server), Load(server.port, is_killing, plan.pause), threading.Event()
    log.await_publication(server, "generation 1 (start): 1 documents")
    threads = [threading.Thread(target=killer, args=(server, is_over))] if is_killing else []
    if is_killing:
        # A watcher that has not got its name yet is killed like a worker.
        server.allow_log("AH1039[0-9]: children are killed successively|OCORS0017|"
                         "AH00161: server reached MaxRequestWorkers")
        # After kills a child may get no byte of those that tell it to end (Httpd._may_end_at_once).
        server.allow_log_at_end("AH00046: child process [0-9]+ still did not exit, sending a SIGKILL")
    for thread in threads:
        thread.start()
    started, early, number, restarts = time.monotonic(), None, 1, 0
    try:
        for step in range(plan.reloads):
            number += 1
            server.write("d.json", document(POLICIES[(step + 1) % 2]))
            log.await_publication(server, f"generation {number} (timed reload): 1 documents")
            if step * plan.restarts // plan.reloads != (step + 1) * plan.restarts // plan.reloads:
                restarts += 1
                server.process.send_signal(signal.SIGUSR1)
                log.await_publication(server, f"generation {number} (restart): unchanged: 1 documents")
            server.await_watcher()
            wanted = load.answers + 10
            httpd.wait_until(lambda n=wanted: load.answers > n or load.failures, "answers of this snapshot", 60)
            if step == EARLY:
                early = memory(server)
    finally:
        is_over.set()
        load.stop()
        for thread in threads:
            thread.join()
    late = memory(server)
    print(f"{server.mpm}: {plan}, {load.answers} answers, {load.broken} broken, "
          f"{time.monotonic() - started:.0f} s, memory {early} -> {late}")
    assert not load.failures, load.failures
    assert load.answers > 10 * plan.reloads
    assert (number, restarts) == (1 + plan.reloads, plan.restarts)
    assert late[2] == early[2]
    for before, after in zip(early[:2], late[:2]):
        assert after < before + LEAK * (plan.reloads - EARLY) or keeps_what_is_freed(server)
