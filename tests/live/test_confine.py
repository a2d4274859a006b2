# SPDX-License-Identifier: Apache-2.0
"""The process that watches documents, and what it may do (A56)."""

import os
import signal
import subprocess
from pathlib import Path

import pytest

import httpd
from cors import ALLOWED, ask
from test_reload import MORE, await_publication, check_allowed, document

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="only root has privileges to give up")

READ_SEARCH = 1 << 2  # CAP_DAC_READ_SEARCH

CONFIG = """
OcapiCorsReload 100ms
LogFormat "%r" line
CustomLog "${ROOT}/requests.log" line
CustomLog "|$cat >${ROOT}/piped.log" line
<VirtualHost *:${PORT}>
    ErrorLog "${ROOT}/host.log"
    CustomLog "${ROOT}/host-requests.log" line
    OcapiCors On
    OcapiCorsSettings own/d.json
    ProxyPass "/" "${BACKEND}/"
</VirtualHost>
"""


@pytest.fixture(scope="module")
def server(module_backend):
    with httpd.Httpd(CONFIG, files={"own/d.json": document(ALLOWED)}, defines={"BACKEND": module_backend.url}) as started:
        started.await_watcher()
        yield started


def status(pid):
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return dict(line.split(":\t", 1) for line in lines if ":\t" in line)


def written_files(pid):
    """What the process has open for writing, as the kernel names it."""
    found = set()
    for entry in Path(f"/proc/{pid}/fdinfo").iterdir():
        flags = int(next(line for line in entry.read_text().splitlines() if line.startswith("flags:")).split()[1], 8)
        if flags & os.O_ACCMODE != os.O_RDONLY:
            found.add(os.readlink(f"/proc/{pid}/fd/{entry.name}"))
    return found


def test_it_keeps_the_right_to_read_alone(server):
    """A56: one capability, none to gain; the twin is its parent, which has more and may gain."""
    of_watcher, of_parent = status(server.watcher()), status(server.process.pid)
    for name in ("CapPrm", "CapEff"):
        assert int(of_watcher[name], 16) == READ_SEARCH
        assert int(of_parent[name], 16) & ~READ_SEARCH
    assert int(of_watcher["CapInh"], 16) == int(of_watcher["CapAmb"], 16) == 0
    assert (of_watcher["NoNewPrivs"], of_parent["NoNewPrivs"]) == ("1", "0")


def test_nobody_looks_into_it(server):
    """A56: root with the same capability reads the memory of another such process, but not of this one (not
    dumpable)."""
    like_it = ["setpriv", "--bounding-set=-all,+dac_read_search"]

    def read(pid):
        return subprocess.run([*like_it, "cat", f"/proc/{pid}/environ"], capture_output=True, check=False).returncode
    with subprocess.Popen([*like_it, "sleep", "600"]) as twin:
        try:
            httpd.wait_until(lambda: int(status(twin.pid)["CapPrm"], 16) == READ_SEARCH, "it has one capability", 60)
            assert (read(twin.pid), read(server.watcher())) == (0, 1)
        finally:
            twin.kill()


def test_it_writes_to_the_error_log_alone(server):
    """A56: no listening socket, no access log, no other host's error log; the twin is its parent."""
    of_watcher, of_parent = written_files(server.watcher()), written_files(server.process.pid)
    logs = {str(server.root / name) for name in ("requests.log", "host-requests.log", "host.log")}
    assert logs <= of_parent and not logs & of_watcher
    assert str(server.root / "error.log") in of_watcher & of_parent
    sockets = {name for name in of_parent if name.startswith("socket:")}
    assert sockets and not sockets & of_watcher
    pipes = {name for name in of_parent if name.startswith("pipe:")}
    standard = {os.readlink(f"/proc/{server.watcher()}/fd/{number}") for number in range(3)}
    assert pipes - standard and not (pipes - standard) & of_watcher


def test_it_reads_what_belongs_to_others(server):
    """A56, A39: a document that only its owner may read, in a folder that only its owner may enter."""
    folder = server.root / "own"
    beside = folder / "new.json"
    beside.write_text(document(ALLOWED, MORE))
    beside.chmod(0o600)
    for path in (beside, folder):
        os.chown(path, 65534, 65534)
    folder.chmod(0o700)
    os.rename(beside, folder / "d.json")
    assert await_publication(server, 2)[0] == "timed reload"  # its own line: the error log is open
    check_allowed(server, ALLOWED, True)
    check_allowed(server, MORE, True)


def test_an_error_log_whose_program_has_ended(start_httpd, backend):
    """A27, A39: httpd starts the program of the main error log once. What nobody reads does not end the process, as it
    ended the first one after a start (SIGPIPE)."""
    server = start_httpd('ErrorLog "|$exec sh ${ROOT}/log.sh"\n' + CONFIG, defines={"BACKEND": backend.url}, files={
        "own/d.json": document(MORE), "log.sh": 'echo $$ >>"${0%.sh}.pids"; exec cat >>"${0%.sh}.text"'})
    watcher = server.await_watcher()
    for pid in map(int, (server.root / "log.pids").read_text().split()):
        try:
            os.kill(pid, signal.SIGKILL)
        except ProcessLookupError:
            pass  # the one of httpd's first reading of its configuration
    server.write("own/d.json", document(ALLOWED))
    httpd.wait_until(lambda: ask(server, "GET", "/x", ALLOWED).cors(), "it is in force")
    assert server.watcher() == watcher


# A library that the server is started with: the system refuses a request to give up privileges.
NO_REDUCTION = r"""
#define _GNU_SOURCE
#include <errno.h>
#include <stdarg.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>
int prctl(int operation, ...)
{
    va_list list;
    unsigned long a[4];
    va_start(list, operation);
    for (int i = 0; i < 4; i++) {
        a[i] = va_arg(list, unsigned long);
    }
    va_end(list);
    errno = EPERM;
    return operation == PR_SET_NO_NEW_PRIVS ? -1 : (int)syscall(SYS_prctl, operation, a[0], a[1], a[2], a[3]);
}
"""


def test_what_cannot_be_given_up_is_said(start_httpd, backend, tmp_path):
    """OCORS0030: a warning; the process gives up the rest, and watches all the same. The twin is the server above."""
    (tmp_path / "no_reduction.c").write_text(NO_REDUCTION)
    library = tmp_path / "no_reduction.so"
    subprocess.run(["gcc", "-shared", "-fPIC", "-o", library, tmp_path / "no_reduction.c"], check=True, timeout=60)
    server = start_httpd(CONFIG, files={"own/d.json": document(ALLOWED)}, defines={"BACKEND": backend.url},
                         environment={"LD_PRELOAD": str(library)})
    server.expect_log("OCORS0030: .*keeps privileges")
    assert server.wait_log("OCORS0030: ").level == "warn"
    assert int(status(server.await_watcher())["CapEff"], 16) == READ_SEARCH
    server.write("own/d.json", document(MORE))
    await_publication(server, 2)
    check_allowed(server, ALLOWED, False)
