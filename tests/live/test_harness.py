# SPDX-License-Identifier: Apache-2.0
"""The harness itself: a guard that never fails guards nothing."""

import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import threading
from pathlib import Path

import pytest

import httpd
import sockets
import wire
from server_log import ServerLog

HERE = Path(__file__).resolve().parent

LOG_AT = """
<VirtualHost *:${PORT}>
    ProxyPass "/backend/" "${BACKEND}/"
    ProxyPass "/dead/" "http://127.0.0.1:1/"
    <Location "/closed">
        Require all denied
    </Location>
</VirtualHost>
"""


@pytest.fixture(scope="module")
def server(module_start_httpd, module_backend):
    return module_start_httpd(LOG_AT, defines={"BACKEND": module_backend.url}, modules=("headers",),
                              files={"htdocs/index.txt": "hello"})


def provoke(server):
    """Makes httpd write lines of level error: a file that the configuration denies."""
    assert server.request("GET", "/closed").status == 403


def test_a_quiet_test_passes_the_guard(server):
    assert server.request("GET", "/index.txt").body == b"hello"
    server.check_log()


def test_an_error_line_fails_the_test_that_caused_it(server):
    provoke(server)
    with pytest.raises(httpd.HttpdFailed, match="(?s)unexpected lines.*AH01630"):
        server.check_log()


INNER = """
def test_one_guilty(module_start_httpd):
    global server
    server = module_start_httpd('<Location "/closed">\\nRequire all denied\\n</Location>')
    server.request("GET", "/closed")

def test_two_innocent():
    assert server.request("GET", "/").status in (200, 403, 404)

def test_three_expecting_what_does_not_come(monkeypatch):
    monkeypatch.setattr("httpd.LINE_TIMEOUT", 1)
    server.expect_log("nothing says this")
"""


@pytest.fixture
def run_inner(tmp_path):
    """run_inner(text, argument, ...) runs that module in a pytest of its own, with the hooks of conftest.py at work."""
    def run(text, *arguments):
        for name in ("conftest.py", "live_fixtures.py", "httpd.py", "processes.py", "server_log.py", "sockets.py",
                     "together.py", "wire.py", "backend.py"):
            shutil.copy(HERE / name, tmp_path)
        (tmp_path / "test_inner.py").write_text(text)
        return subprocess.run([sys.executable, "-m", "pytest", "-p", "no:cacheprovider", "-p", "no:xdist",
                               *arguments, "."], cwd=tmp_path, capture_output=True, text=True, timeout=100).stdout
    return run


def test_the_guard_fails_exactly_the_guilty(run_inner):
    output = run_inner(INNER, "-rA")
    assert "FAILED test_inner.py::test_one_guilty" in output
    assert "PASSED test_inner.py::test_two_innocent" in output
    assert "FAILED test_inner.py::test_three_expecting" in output


ROWS = """
import pytest
seen = []

@pytest.fixture
def own():
    seen.append("begin")
    yield
    seen.append("end")

@pytest.mark.parametrize("number", range(60))
def test_rows(own, number):
    assert number not in (7, 55)

def test_each_row_had_its_own():
    assert seen == ["begin", "end"] * 60
"""


def test_rows_that_are_one_item_are_judged_one_by_one(run_inner, monkeypatch):
    """Sixty rows are two items, and both rows that fail are named; with -v each row is an item."""
    monkeypatch.setenv("OCORS_PATIENCE", "1")  # with more, an item has fewer rows
    output = run_inner(ROWS)
    assert re.findall(r"^_+ (.*?) _+$", output, re.M) == ["test_rows[7]", "test_rows[55]"]
    assert "58 more rows were run within these tests" in output and "2 failed, 1 passed" in output
    assert "FAILED test_inner.py::test_rows[0 and 49 more] - assert 7 not in (7, 55)" in output
    output = run_inner(ROWS, "-v")
    assert "test_inner.py::test_rows[8] PASSED" in output and "2 failed, 59 passed" in output


ENDLESS = """
import threading
import pytest

@pytest.fixture(scope="module")
def shared():
    yield
    print("shared is ended")

@pytest.mark.parametrize("number", range(3))
def test_rows(shared, number):
    threading.Event().wait()

def test_what_follows(shared):
    pass
"""


def test_a_row_that_never_ends_is_the_last_of_its_item(run_inner):
    """The limit of time ends it. No row behind it begins, as it would have no limit; what follows the item does."""
    output = run_inner(ENDLESS, "-s", "-o", "timeout=1")
    assert re.findall(r"^_+ (.*?) _+$", output, re.M) == ["test_rows[0]"]
    assert "1 failed, 1 passed" in output and output.count("shared is ended") == 1


def test_the_next_test_is_not_blamed_again(server):
    server.check_log()


def test_an_expected_line_passes(server):
    server.expect_log("AH01630")
    provoke(server)


def test_an_expected_line_excuses_no_other(server):
    server.expect_log("AH00957")
    assert server.request("GET", "/dead/").status == 503
    with pytest.raises(httpd.HttpdFailed, match="AH01114"):
        server.check_log()


def test_an_expected_line_that_does_not_come_fails(server, monkeypatch):
    monkeypatch.setattr(httpd, "LINE_TIMEOUT", 0)
    server.expect_log("nothing says this")
    with pytest.raises(httpd.HttpdFailed, match="nothing says this"):
        server.check_log()


def test_a_line_on_stderr_counts_as_an_error(server):
    with open(server.root / "stderr.log", "a") as log:
        log.write("==1==ERROR: AddressSanitizer: heap-use-after-free\n")
    with pytest.raises(httpd.HttpdFailed, match="AddressSanitizer"):
        server.check_log()


@pytest.mark.parametrize("number, level", [("OCORS0001", "info"), ("OCORS0010", "notice"), ("OCORS0007", "debug"),
                                           ("OCORS9999", "info")])
def test_a_message_at_another_level_than_the_documented_one_fails(server, number, level):
    with open(server.root / "error.log", "a") as log:
        log.write(f"[Thu Jan 01 00:00:00.000000 2026] [ocapi_cors:{level}] [pid 1:tid 1] {number}: text\n")
    with pytest.raises(httpd.HttpdFailed, match=f"levels that docs/messages.md does not have(?s:.*){number}"):
        server.check_log()


@pytest.mark.parametrize("number, level", [("OCORS0001", "error"), ("OCORS0010", "info"), ("OCORS0007", "notice")])
def test_a_message_at_its_level_passes(server, number, level):
    """The twin."""
    if level == "error":
        server.expect_log(number)
    with open(server.root / "error.log", "a") as log:
        log.write(f"[Thu Jan 01 00:00:00.000000 2026] [ocapi_cors:{level}] [pid 1:tid 1] {number}: text\n")
    server.check_log()


def test_a_crashed_child_is_seen_though_httpd_calls_it_a_notice():
    with httpd.Httpd() as server:
        os.kill(server.children().pop(), signal.SIGSEGV)
        server.wait_log("exit signal Segmentation fault")
        with pytest.raises(httpd.HttpdFailed, match="exit signal"):
            server.check_log()
        # Each frame is there once: gdb says the innermost one as it opens the file, too. Some systems have no such file.
        assert [frame.split()[0] for frame in server.last_stack[:2]] in ([], ["#0", "#1"])


def test_a_server_that_is_gone_fails_the_test():
    server = httpd.Httpd().start()
    server.await_idle()
    server.process.terminate()
    server.process.wait(20)
    with pytest.raises(httpd.HttpdFailed, match="gone"):
        server.check_log()
    server.stop()


def test_a_wrong_configuration_is_told_at_once():
    server = httpd.Httpd("NoSuchDirective On")
    with pytest.raises(httpd.HttpdFailed, match="NoSuchDirective"):
        server.start()
    server.stop_after_failure()


def test_a_port_that_somebody_took_is_tried_again(monkeypatch):
    real = httpd.free_ports
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        answers = [[real(1)[0], taken.getsockname()[1]]]
        monkeypatch.setattr(httpd, "free_ports",
                            lambda count: answers.pop() if answers else real(count))
        with httpd.Httpd() as server:
            assert not answers
            assert server.port != taken.getsockname()[1]


def test_another_server_on_the_port_does_not_pass_for_ours(monkeypatch):
    with httpd.Httpd(files={"htdocs/who": "the other"}) as other:
        real = httpd.free_ports
        monkeypatch.setattr(httpd, "free_ports", lambda count: [other._ports[0], real(1)[0]])
        ours = httpd.Httpd()
        with pytest.raises(httpd.HttpdFailed, match="could not bind"):
            ours.start()
        ours.stop_after_failure()


@pytest.mark.parametrize("mpm", httpd.MPMS)
def test_every_mpm_starts_reloads_and_stops(mpm):
    with httpd.Httpd(mpm=mpm, files={"htdocs/index.txt": "hello"}) as server:
        before = server.children()
        server.restart()
        assert server.request("GET", "/index.txt").body == b"hello"
        server.restart(graceful=False)
        assert server.request("GET", "/index.txt").body == b"hello"
        assert before and not before & server.children()


def test_a_restart_may_bring_a_new_configuration():
    with httpd.Httpd(modules=("headers",)) as server:
        assert server.request("GET", "/x").all("X-Here") == []
        server.restart(config="Header always set X-Here yes")
        assert server.request("GET", "/x").all("X-Here") == ["yes"]


def test_the_module_under_test_is_loaded():
    with httpd.Httpd(modules=("info",), config="""
            <Location "/info">
                SetHandler server-info
            </Location>""") as server:
        assert b"mod_ocapi_cors" in server.request("GET", "/info?list").body


def test_without_the_module_nothing_passes(monkeypatch):
    monkeypatch.setenv("OCORS_MODULE", "/nonexistent/mod_ocapi_cors.so")
    with pytest.raises(httpd.HttpdFailed, match="not there"):
        httpd.Httpd()
    monkeypatch.delenv("OCORS_MODULE")
    with pytest.raises(httpd.HttpdFailed, match="must name"):
        httpd.Httpd()


def test_configtest_tells_right_from_wrong():
    assert httpd.configtest("Timeout 5") == (0, "Syntax OK\n")
    code, output = httpd.configtest("NoSuchDirective On")
    assert code == 1 and "NoSuchDirective" in output


def test_the_backend_counts(server, backend):
    assert server.request("POST", "/backend/a?status=201&header=X-A:%20b&body=hi", body=b"12345",
                          headers=[("X-Mine", "1")]).body == b"hi"
    (seen,) = backend.requests
    assert (seen.method, seen.path, seen.body) == ("POST", "/a", b"12345")
    assert ("X-Mine", "1") in seen.headers
    assert backend.connections == 1


def test_the_backend_starts_each_test_with_nothing(backend):
    assert backend.requests == [] and backend.connections == 0


def test_the_backend_answers_as_told(server, backend):
    backend.answer("/t", 404, [("Content-Type", "text/x")], b"no")
    response = server.request("BREW", "/backend/t")
    assert (response.status, response.body, response.one("Content-Type")) == (404, b"no", "text/x")
    assert backend.requests[0].method == "BREW"


def answer_once(data):
    """A socket server that answers one connection with these bytes; returns its port."""
    listener = socket.create_server(("127.0.0.1", 0))

    def serve():
        with listener, listener.accept()[0] as peer:
            peer.recv(65536)
            peer.sendall(data)

    threading.Thread(target=serve, daemon=True).start()
    return listener.getsockname()[1]


def test_the_client_keeps_duplicates_and_order():
    port = answer_once(b"HTTP/1.1 200 OK\r\nB: 1\r\nA: 2\r\nb: 3\r\nContent-Length: 2\r\n\r\nhi")
    response = wire.request(port, "GET", "/")
    assert response.headers == [("B", "1"), ("A", "2"), ("b", "3"), ("Content-Length", "2")]
    assert response.all("B") == ["1", "3"] and response.body == b"hi"
    with pytest.raises(AssertionError, match="2 times"):
        response.one("b")


def test_the_client_reads_interim_responses_and_chunks():
    port = answer_once(b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\n"
                       b"Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n")
    response = wire.request(port, "GET", "/")
    assert [i.status for i in response.interim] == [100] and response.body == b"abcde"


def test_a_connection_serves_several_requests(server):
    with server.connection() as connection:
        for _ in range(2):
            connection.send(wire.build("GET", "/index.txt", close=False))
            assert connection.read().body == b"hello"
        connection.send(wire.build("GET", "/index.txt"))
        assert connection.read().body == b"hello"
        assert connection.is_closed()


# ---- What it is told by the kernel, and reads once --------------------------------------------


@pytest.mark.parametrize("ask", [sockets._from_kernel, sockets._from_proc])
def test_a_connection_is_held_until_it_is_closed(ask):
    if ask() is None:
        pytest.skip("this kernel has no sock_diag for TCP")
    with socket.create_server(("127.0.0.1", 0)) as listening:
        port = listening.getsockname()[1]
        assert port not in ask()  # nobody is connected
        client = socket.create_connection(("127.0.0.1", port))
        server, _ = listening.accept()
        assert port in ask()
        client.close()
        assert port in ask()  # this end of it is held
        server.close()
        assert port not in ask()


def test_each_line_is_read_once_and_another_file_anew(tmp_path):
    path = tmp_path / "log"
    log = ServerLog(path)
    assert log.lines() == []
    path.write_text("[Thu] [core:notice] [pid 1:tid 1] one\n\nhalf")
    assert [(l.module, l.level, l.text[-4:]) for l in log.lines()] == [("core", "notice", " one"), ("", "error", "half")]
    with path.open("a") as file:
        file.write(" a line\nthree\n")
    assert [l.text for l in log.lines(1)] == ["half a line", "three"] and len(log.lines()) == 3
    path.rename(tmp_path / "log.1")
    assert log.lines() == []
    path.write_text("anew\n")
    assert [l.text for l in log.lines()] == ["anew"]
    path.write_text("\n")  # cut
    assert log.lines() == []
