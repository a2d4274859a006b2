# SPDX-License-Identifier: Apache-2.0
"""What is promised, as an administrator sees it: an unchanged document is not read again, memory that is given up
comes back, and each message that no other test causes comes with its level (docs/messages.md) and its cause."""

import contextlib
import json
import os
import re
import subprocess
import threading
import time
from datetime import datetime, timedelta
from pathlib import Path

import pytest

import httpd
from cors import ALLOWED, UNKNOWN, ask, check, check_refused, granted
from inotify import Opens
from test_reload import (CONFIG, MORE, SHOP, TREE, await_publication, check_allowed, document,
                         front as start_documents)

front = start_documents  # the fixture


# ---- Unchanged documents -------------------------------------------------------------------------

def replace(server, name, text):
    """Puts a new file in place by a rename; how often it is opened is asked of what this yields."""
    beside = server.write("beside/" + name.replace("/", "-"), text)
    opens = Opens(beside)
    os.rename(beside, server.root / name)
    return opens


INTERVALS = {"clock": "100ms", "told": "1h"}


@pytest.mark.parametrize("interval", INTERVALS.values(), ids=INTERVALS)
def test_an_unchanged_document_is_not_read_at_a_reload(front, interval):
    """A30: of three documents one changes, again and again: the others are not opened, and it is opened once each
    time."""
    names = ["d.json", "e.json", "f.json"]
    server = front(" ".join(names), {name: document(MORE, client=name) for name in names},
                   config=CONFIG.replace("100ms", interval))
    server.await_watcher()
    unchanged = [server.root / name for name in names[:2]]
    with Opens(*unchanged) as opens:
        for number in range(2, 6):
            origins = [ALLOWED] if number % 2 == 0 else [UNKNOWN]
            with replace(server, "f.json", document(*origins, client="f.json") + " " * number) as of_the_changed:
                await_publication(server, number)
                check_allowed(server, origins[0], True)
                assert list(of_the_changed.count().values()) == [1]
        assert opens.count() == dict.fromkeys(unchanged, 0)
        # The twin: what is counted here is counted when it changes.
        unchanged[0].write_text(document(UNKNOWN, client="d.json"))
        httpd.wait_until(lambda: ask(server, "POST", "/x", MORE).status == 200
                         and ask(server, "POST", "/x?client_id=d.json", MORE).status == 401, "d.json is read")
        assert opens.count()[unchanged[0]] >= 2  # the writer, and the server


@pytest.mark.parametrize("is_graceful", [True, False], ids=["graceful", "hang-up"])
def test_an_unchanged_document_is_not_read_at_a_restart(front, is_graceful):
    """A30, S17: restarts in a row open no document; one that has changed meanwhile is opened once."""
    server = front("d.json e.json", {"d.json": document(ALLOWED), "e.json": document(MORE, client="e")},
                   config=CONFIG.replace("100ms", "Off"))
    paths = [server.root / name for name in ("d.json", "e.json")]
    with Opens(*paths) as opens:
        for number in (2, 3):
            server.restart(is_graceful)
            await_publication(server, number)
        check_allowed(server, MORE, True)
        assert opens.count() == dict.fromkeys(paths, 0)
        with replace(server, "e.json", document(UNKNOWN, client="e")) as of_the_changed:
            server.restart(is_graceful)
            await_publication(server, 4)
            check_allowed(server, UNKNOWN, True)
            assert list(of_the_changed.count().values()) == [1]
        assert opens.count()[paths[0]] == 0


def test_an_unchanged_document_of_a_tree_is_not_read(front):
    """A30: a site comes, a site's document changes, a site goes: the others are not opened, at a restart neither."""
    names = [f"tree/{SHOP}", *(f"tree/sites/{site}/{SHOP}" for site in ("One", "Two", "Three"))]
    server = front("", {name: document(MORE, client=name[11:14]) for name in names}, config=TREE)
    server.await_watcher()
    unchanged = [server.root / name for name in names[:2]]
    with Opens(*unchanged) as opens:
        server.write(f"tree/sites/Four/{SHOP}", document(ALLOWED, client="four"))
        await_publication(server, 2)
        with replace(server, names[2], document(UNKNOWN, client="two")) as of_the_changed:
            await_publication(server, 3)
            assert list(of_the_changed.count().values()) == [1]
        (server.root / "tree/sites/Three").rename(server.root / "away")
        await_publication(server, 4)
        server.restart()
        await_publication(server, 5)
        assert opens.count() == dict.fromkeys(unchanged, 0)


# ---- Memory --------------------------------------------------------------------------------------

def shared_bytes(server):
    """What the kernel holds for the segments that the server's parent maps, whoever has written them."""
    pid, found = server.process.pid, {}
    for line in open(f"/proc/{pid}/maps", encoding="ascii"):
        fields = line.split()
        if fields[1].endswith("s") and fields[5:6] == ["/dev/zero"]:
            state = os.stat(f"/proc/{pid}/map_files/{fields[0]}")
            found[state.st_ino] = state.st_blocks * 512
    assert found, "no shared memory"
    return sum(found.values())


def most_memory(pid):
    """The most bytes that a process had at one time."""
    return 1024 * int(re.search(r"^VmHWM:\s+(\d+) kB", Path(f"/proc/{pid}/status").read_text(), re.M)[1])


def is_memory_its_own():
    """Whether a server has only what it asks for and uses: scripts/attack gives it a sanitizer, or a malloc() that fills what
    it gives out."""
    return not {"OCORS_HTTPD_LD_PRELOAD", "OCORS_HTTPD_MALLOC_PERTURB_"} & set(os.environ)


LARGE = 150_000  # origins


def large_document(number):
    return document(ALLOWED, *(("Origin", f"https://shop-{n:06}.v{number}.example") for n in range(LARGE)))


@pytest.mark.skipif(os.geteuid() != 0, reason="only root may look at another process's map_files")
def test_memory_that_is_given_up_comes_back(front):
    """A31: a document of 150,000 origins takes its place, and gives all of it back when a small one follows; the next
    large one takes no more. What reading it takes is given back before its image is built, and copied."""
    server = front("d.json", {"d.json": document(ALLOWED)}, "OcapiCorsCacheSize 256M\n" + CONFIG)
    server.await_watcher()
    small = shared_bytes(server)
    most = LARGE * 64
    assert small < most // 10
    peaks = []
    for number in (2, 4, 6):
        server.write("d.json", large_document(number))
        await_publication(server, number)
        check(ask(server, "POST", "/x", ALLOWED), 200, granted(ALLOWED))
        peaks.append(shared_bytes(server))
        assert peaks[-1] > most  # it is there: what follows can fail
        server.write("d.json", document(UNKNOWN))
        await_publication(server, number + 1)
        check_refused(ask(server, "POST", "/x", ALLOWED))
        httpd.wait_until(lambda: shared_bytes(server) < small + most // 10, "the large one's memory is given back")
    assert max(peaks) < 1.1 * min(peaks), peaks
    if is_memory_its_own():
        assert most_memory(server.watcher()) < LARGE * 330


# ---- Messages ------------------------------------------------------------------------------------

def test_a_remark_is_told(front):
    """D18, D19: OCORS0005, once, with the file and what it is about; the document is in force all the same."""
    text = json.dumps({"clients": [{"client_id": "c", "allowed_origins": [ALLOWED[1]]}], "x-remark": 1})
    server = front("d.json e.json", {"d.json": text, "e.json": document(MORE, client="e")})
    line = server.wait_log("OCORS0005: .*x-remark")
    assert line.level == "info" and f"{server.root}/d.json:" in line.text
    check_allowed(server, ALLOWED, True)
    # Its neighbour changes, then the server restarts, then the document itself is another file.
    for number, change, count in ((2, "e.json", 1), (3, None, 1), (4, "d.json", 2)):
        if change is None:
            server.restart()
        else:
            server.write(change, text + " " if change == "d.json" else document(UNKNOWN, client="e"))
        await_publication(server, number)
        assert len(re.findall("OCORS0005: .*x-remark", server.log_text())) == count


def test_a_remark_is_not_told_above_its_level(front):
    """OCORS0005 is information: `LogLevel warn` does not show it, and shows the warning beside it (OCORS0004)."""
    text = json.dumps({"clients": [{"client_id": "c", "allowed_origins": [ALLOWED[1] + "/"]}], "x-remark": 1})
    server = front("d.json", {"d.json": text}, "LogLevel ocapi_cors:warn\n" + CONFIG)
    server.expect_log("OCORS0004: .*allowed_origins")
    server.write("d.json", text + " ")
    httpd.wait_until(lambda: len(re.findall("OCORS0004", server.log_text())) == 2, "it is read again")
    assert "OCORS0005" not in server.log_text()


ALIASES = {"*.com": True, "www.example.*": True, "*.example.com": False, "other.example": False}


def test_an_alias_that_is_too_wide_is_told(start_httpd, backend):
    """R10, OCORS0014: each alias that makes nothing own, by its name; and no other."""
    server = start_httpd(CONFIG.replace("OcapiCors On", f"OcapiCors On\nServerName shop.test\n"
                                        f"ServerAlias {' '.join(ALIASES)}").replace("${DOCUMENTS}", "d.json"),
                         files={"d.json": document(ALLOWED)}, defines={"BACKEND": backend.url})
    server.wait_log(r"OCORS0014: .*www\.example\.\*")
    said = [line for line in server.log_lines() if "OCORS0014" in line.text]
    assert {line.level for line in said} == {"info"}
    for alias, is_wide in ALIASES.items():
        assert any(f" {alias} " in line.text for line in said) == is_wide, alias


# A library that the server is started with: it does not let anybody make memory read-only.
NO_PROTECTION = r"""
#define _GNU_SOURCE
#include <errno.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>
int mprotect(void *start, size_t size, int access)
{
    if (access == PROT_READ && size > 100000) {
        errno = EACCES;
        return -1;
    }
    return (int)syscall(SYS_mprotect, start, size, access);
}
"""


def test_a_worker_that_cannot_protect_the_policies_says_so(start_httpd, backend, tmp_path):
    """OCORS0018: a warning of each worker; the policy holds all the same. The twin is every other server here."""
    (tmp_path / "no_protection.c").write_text(NO_PROTECTION)
    library = tmp_path / "no_protection.so"
    subprocess.run(["gcc", "-shared", "-fPIC", "-o", library, tmp_path / "no_protection.c"], check=True, timeout=60)
    server = start_httpd("StartServers 2\nOcapiCorsCacheSize 4M\n" + CONFIG.replace("${DOCUMENTS}", "d.json"),
                         files={"d.json": document(ALLOWED)}, defines={"BACKEND": backend.url},
                         environment={"LD_PRELOAD": str(library)})
    server.expect_log("OCORS0018: .*read-only")
    line = server.wait_log("OCORS0018: .*read-only")
    assert line.level == "warn"
    check_allowed(server, ALLOWED, True)
    check_allowed(server, UNKNOWN, False)
    server.write("d.json", document(UNKNOWN))
    await_publication(server, 2)
    check_allowed(server, ALLOWED, False)


@contextlib.contextmanager
def a_writer_that_never_ends(path, text):
    """Keeps the file open and changes it all the time: blanks at its end, so that it is whole at each moment."""
    is_over = threading.Event()
    with open(path, "r+b", buffering=0) as file:
        file.write(text.encode())
        file.truncate()

        def write():
            while not is_over.wait(0.01):
                file.write(b" ")

        writer = threading.Thread(target=write)
        writer.start()
        try:
            yield
        finally:
            is_over.set()
            writer.join()


def test_a_file_that_is_never_closed_is_told(front):
    """OCORS0019, a warning that names it: what is in force stays, no other document waits for it, and it is not said at
    every look. When its writer ends, it comes into force."""
    server = front("d.json e.json", {"d.json": document(ALLOWED), "e.json": document(MORE, client="e")})
    server.expect_log("OCORS0019: .*/e.json")
    with a_writer_that_never_ends(server.root / "e.json", document(UNKNOWN, client="e")):
        server.write("d.json", document())
        line = server.wait_log("OCORS0019: .*/e.json", 60)
        assert line.level == "warn"
        httpd.wait_until(lambda: ask(server, "POST", "/x", ALLOWED).status == 401, "the revocation is in force", 60)
        until = time.monotonic() + 2  # some twenty looks
        while time.monotonic() < until:
            check_allowed(server, MORE, True)
            check_allowed(server, UNKNOWN, False)
    httpd.wait_until(lambda: ask(server, "POST", "/x", UNKNOWN).status == 200, "it is still, and in force", 60)
    check_allowed(server, MORE, False)
    said = [datetime.strptime(line.text[1:32], "%a %b %d %H:%M:%S.%f %Y") for line in server.log_lines()
            if "OCORS0019" in line.text]
    assert 1 <= len(said) <= 5
    assert all(b - a > timedelta(milliseconds=400) for a, b in zip(said, said[1:]))
