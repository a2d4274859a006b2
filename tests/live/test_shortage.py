# SPDX-License-Identifier: Apache-2.0
"""What a system has no more of (descriptors, room on a disk, processes), and a clock that jumps: the policy in force stays,
the log says what failed, and the next change comes into force (A12, A32)."""

import json
import os
import resource
import signal

import httpd
from cors import ALLOWED, ask, granted
from system import System
from test_notify import by_rename
from test_reload import MORE, await_publication, check_allowed, document

DAY = 86400
CONFIG = """
OcapiCorsReload {looks}
ErrorLog {log}
<VirtualHost *:${{PORT}}>
    OcapiCors On
    OcapiCorsSettings d.json
    <Location "/">
        Require all granted
    </Location>
    <Location "/status">
        SetHandler ocapi-cors-status
    </Location>
</VirtualHost>
"""


def shop(log="error.log", looks="1s", **system):
    """A server of one document, not started."""
    server = httpd.Httpd(CONFIG.format(log=log, looks=looks), files={"d.json": document(ALLOWED), "htdocs/x": "content"})
    if system:
        System(server, **system)
    return server


def await_in_force(server, origin):
    httpd.wait_until(lambda: set(ask(server, "GET", "/x", origin).cors()) == granted(origin), f"{origin[1]} is in force")


def status(server):
    response = ask(server, "GET", "/status?format=json", None)
    assert response.status == 200, response
    return json.loads(response.body)


def test_no_descriptor_is_left():
    """The watcher can open nothing: last good stays, and the document is read when descriptors are free, untold."""
    with shop() as server:
        watcher = server.await_watcher()
        enough = resource.prlimit(watcher, resource.RLIMIT_NOFILE)
        resource.prlimit(watcher, resource.RLIMIT_NOFILE, (0, enough[1]))
        by_rename(server.root / "d.json", document(ALLOWED, MORE).encode())
        server.expect_log("OCORS0001: .*d.json: .*Too many open files")
        server.expect_log("OCORS0002: ")
        server.wait_log("OCORS0002: ")
        assert ask(server, "GET", "/x", ALLOWED).cors() and not ask(server, "GET", "/x", MORE).cors()
        resource.prlimit(watcher, resource.RLIMIT_NOFILE, enough)
        await_in_force(server, MORE)
        assert server.watcher() == watcher


def test_the_disk_of_the_log_is_full():
    """Nothing can be written to the error log: requests are answered and documents come into force as ever; the status
    page says what the log cannot."""
    with shop("/dev/full") as server:
        watcher = server.await_watcher()
        by_rename(server.root / "d.json", document(ALLOWED, MORE).encode())
        await_in_force(server, MORE)
        by_rename(server.root / "d.json", b'{"_v": "19.1", "clients": [')  # what a full disk left of it
        page = httpd.wait_until(lambda: (page := status(server))["unusable_documents"] == 1 and page, "it is bad")
        assert any("d.json" in each["path"] and each["error"] for each in page["documents"]), page
        assert ask(server, "GET", "/x", MORE).cors() and ask(server, "POST", "/x", ("Origin", "https://z.example")).status == 401
        by_rename(server.root / "d.json", document(ALLOWED).encode())
        httpd.wait_until(lambda: not ask(server, "GET", "/x", MORE).cors(), "what was revoked is revoked")
        assert server.watcher() == watcher


def test_the_log_has_the_size_that_a_file_may_have():
    """A39: the watcher that httpd started first goes on as its successors, the parent and the workers do."""
    with shop() as server:
        watcher = server.await_watcher()
        resource.prlimit(watcher, resource.RLIMIT_FSIZE, (0, resource.RLIM_INFINITY))
        by_rename(server.root / "d.json", document(ALLOWED, MORE).encode())
        await_in_force(server, MORE)
        by_rename(server.root / "d.json", document(ALLOWED).encode())
        httpd.wait_until(lambda: not ask(server, "GET", "/x", MORE).cors(), "what was revoked is revoked")
        assert server.watcher() == watcher


def end_the_only_watcher(server):
    """Of a server that can fork no process while "hidden" is there. The pid of the watcher."""
    watcher = server.await_watcher()
    (server.root / "hidden").touch()
    server.expect_log("OCORS0017: the process that watches the documents ended")
    server.expect_log("OCORS0017: the process that watches the documents cannot be started")
    os.kill(watcher, signal.SIGKILL)
    server.wait_log("OCORS0017: .* cannot be started")
    return watcher


def test_no_process_can_be_forked():
    """A watcher that was killed cannot be started: the policy in force stays, the log says so, and it is tried again."""
    with shop(forkless="hidden") as server:
        watcher = end_the_only_watcher(server)
        by_rename(server.root / "d.json", document(MORE).encode())
        assert ask(server, "GET", "/x", ALLOWED).cors() and server.watcher() is None
        (server.root / "hidden").unlink()
        await_in_force(server, MORE)
        assert server.await_watcher() != watcher


def test_a_restart_while_none_watches():
    """A26: what a restart ends is the watcher alone; where there is none, nothing."""
    with shop(forkless="hidden") as server:
        watcher = end_the_only_watcher(server)
        (server.root / "hidden").unlink()
        server.restart()
        assert server.await_watcher() != watcher and ask(server, "GET", "/x", ALLOWED).cors()


def test_a_clock_that_jumps():
    """A day back, two days forward, back again: each change is in force, told by the system or found by a look."""
    for looks, is_deaf in (("1s", False), ("1h", False), ("1s", True)):
        with shop(looks=looks, clock="clock", is_deaf=is_deaf) as server:
            origins = [ALLOWED, MORE]
            for number, ahead in enumerate((-DAY, DAY, 0), 2):
                (server.root / "clock").write_text(f"{ahead}\n")
                by_rename(server.root / "d.json", document(origins[number % 2]).encode())
                assert await_publication(server, number)[0] == "timed reload"
                httpd.wait_until(lambda n=number: ask(server, "GET", "/x", origins[n % 2]).cors(), "it is in force")
