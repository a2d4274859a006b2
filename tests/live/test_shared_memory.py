# SPDX-License-Identifier: Apache-2.0
"""The shared memory of the policies: one copy that workers cannot write, room that is reused only when nobody
reads it, and what happens when it is short (DESIGN 4; src/core/epoch.c)."""

import contextlib
import json
import os
import re
import signal
import subprocess
import threading

import pytest

import httpd
import processes
import wire
from cors import ALLOWED, UNKNOWN, ask, check, check_refused, granted
from debugger import Debugger

PUBLISHED = re.compile(r"OCORS0007: generation (\d+) .*; (\d+) of (\d+) bytes")
CONFIG = """
OcapiCorsReload 100ms
OcapiCorsCacheSize ${SIZE}
StartServers 2
<VirtualHost *:${PORT}>
    OcapiCors On
    OcapiCorsSettings d.json
    ProxyPass "/" "${BACKEND}/"
</VirtualHost>
"""


SLOTS_TO_SPARE = 16  # src/httpd/store.c
THREADS = {"prefork": 1, "worker": httpd.THREADS, "event": httpd.THREADS}


def document(origin, count=2000):
    """One that allows this origin, of about the same size whichever it is."""
    others = [f"https://shop-{n:06}.example" for n in range(count)]
    return json.dumps({"_v": "19.1", "clients": [{"client_id": "c", "allowed_origins": [*others, origin[1]]}]})


@pytest.fixture
def front(start_httpd, backend):
    def start(size, content=document(ALLOWED), config=CONFIG, **keywords):
        return start_httpd(config, files={"d.json": content}, defines={"SIZE": size, "BACKEND": backend.url},
                           **keywords)
    return start


def published(server, number):
    """(bytes in use, bytes of the segment) of a generation, once it is published."""
    server.wait_log(rf"OCORS0007: generation {number} ")
    found = {int(m[1]): (int(m[2]), int(m[3])) for m in map(PUBLISHED.search, server.log_text().splitlines()) if m}
    return found[number]


@pytest.fixture(scope="module")
def needed(start_httpd, module_backend):
    """What one generation of the document takes."""
    server = start_httpd(CONFIG, files={"d.json": document(ALLOWED)},
                         defines={"SIZE": "Auto", "BACKEND": module_backend.url})
    return published(server, 1)[0]


def status(server, origin):
    """The status of an unsafe request; where its worker is killed, or ends, it is asked again."""
    for _ in range(20):
        with contextlib.suppress(EOFError, OSError):
            return ask(server, "POST", "/x", origin).status
    raise AssertionError("no answer")


def answer(server):
    """What an unsafe request of each origin gets: "ALLOWED", "UNKNOWN", whoever is on the list."""
    statuses = [status(server, origin) for origin in (ALLOWED, UNKNOWN)]
    assert sorted(statuses) == [200, 401]
    return ALLOWED if statuses[0] == 200 else UNKNOWN


def change(server, number):
    """Publishes generation `number`: even ones allow UNKNOWN, odd ones ALLOWED."""
    server.write("d.json", document(UNKNOWN if number % 2 == 0 else ALLOWED))
    published(server, number)
    assert answer(server) == (UNKNOWN if number % 2 == 0 else ALLOWED)


def is_stopped(pid):
    """Whether every thread is: SIGSTOP reaches them one after the other, and one that still runs may accept."""
    return {processes.stat_fields(f"{pid}/task/{task}")[0] for task in os.listdir(f"/proc/{pid}/task")} == {"T"}


def is_asleep(pid):
    """Not running, nor waiting for its turn to."""
    return processes.stat_fields(pid)[0] == "S"


class Stopped:
    """A worker that is stopped in the middle of a decision, by a debugger, and the request it was at."""

    def __init__(self, server):
        self.server = server
        self.response = None
        server.await_watcher()  # from now on it is told from a worker
        self.pid, other = sorted(httpd.wait_until(lambda: len(c := server.children()) == 2 and c, "two workers"))
        server.await_idle()
        # Where the policy has been opened and not been asked yet.
        self.debugger = Debugger(server, self.pid, "ocors_decide")
        try:
            os.kill(other, signal.SIGSTOP)  # so that the request comes to the one that is watched
            httpd.wait_until(lambda: is_stopped(other), "the other worker is stopped")
            self.thread = threading.Thread(target=self._ask)
            self.thread.start()
            self.debugger.await_held()
        except httpd.HttpdFailed:
            self.debugger.gdb.kill()  # what it holds could not end
            raise
        finally:
            os.kill(other, signal.SIGCONT)

    def _ask(self):
        with contextlib.suppress(EOFError, OSError), wire.Connection(self.server.port, 170) as connection:
            connection.send(wire.build("GET", "/x", [ALLOWED]))
            self.response = connection.read()

    def _end(self):
        self.output = self.debugger.release()
        self.thread.join(60)

    def resume(self):
        """Lets it go on; its answer."""
        self._end()
        assert self.response is not None, self.output
        return self.response

    def kill(self):
        os.kill(self.pid, signal.SIGKILL)
        self._end()
        assert self.response is None


def test_a_reader_that_is_stopped_sees_its_own_snapshot(front, needed):
    """A worker that is stopped in mid-decision: 20 snapshots later it still reads the first, whole, while all
    others have been using the rest of the room again and again."""
    server = front(needed * 7 // 2)
    stopped = Stopped(server)
    for number in range(2, 22):
        change(server, number)
    check(stopped.resume(), 200, granted(ALLOWED))
    change(server, 22)
    check_refused(ask(server, "POST", "/x", ALLOWED))


def test_room_of_a_reader_is_not_reused(front, needed):
    """Where the stopped reader's room would be needed, the old policy stays, and the log says what is missing;
    when the reader goes on, it fits."""
    server = front(needed * 5 // 2)
    stopped = Stopped(server)
    change(server, 2)
    server.expect_log(r"OCORS0016: the changed documents need \d+ bytes beside what is in force, .*/d.json stays as it "
                      r"is in generation 2 until .* OcapiCorsCacheSize of at least \d+")
    server.write("d.json", document(ALLOWED))
    server.wait_log("OCORS0016")
    assert answer(server) == UNKNOWN
    check(stopped.resume(), 200, granted(ALLOWED))
    published(server, 3)
    assert answer(server) == ALLOWED
    assert server.log_text().count("OCORS0016") == 1


def test_room_of_a_reader_that_is_killed_comes_back(front, needed):
    """A worker that is killed in mid-decision reads no more, and counts no more."""
    server = front(needed * 5 // 2)
    stopped = Stopped(server)
    change(server, 2)
    server.expect_log("OCORS0016")
    server.write("d.json", document(ALLOWED))
    server.wait_log("OCORS0016")
    stopped.kill()
    published(server, 3)
    assert answer(server) == ALLOWED
    for number in range(4, 24):
        change(server, number)


@pytest.mark.parametrize("mpm", httpd.MPMS)
def test_workers_that_are_recycled(front, needed, mpm):
    """Slots are given back: many more workers than there are slots, and room enough for two snapshots. Prefork's end
    by themselves; event's and worker's are killed, as those of httpd 2.4.71 that end by MaxConnectionsPerChild 1
    hang now and then, with or without the module (ap_mpm_podx_check)."""
    limit = 4
    recycling = "MaxConnectionsPerChild 1\n" if mpm == "prefork" else ""
    server = front(needed * 5 // 2, mpm=mpm,
                   config=CONFIG + f"{recycling}ServerLimit {limit}\nMaxRequestWorkers {2 * THREADS[mpm]}\n")
    server.allow_log("AH00161: server reached MaxRequestWorkers|AH1039[0-9]: children are killed successively")
    server.await_watcher()  # from now on it is told from a worker
    seen = set()

    def has_seen_many():
        answer(server)
        for pid in server.children() - seen:
            seen.add(pid)
            if mpm != "prefork":
                os.kill(pid, signal.SIGKILL)
        return len(seen) > limit + SLOTS_TO_SPARE

    httpd.wait_until(has_seen_many, "more workers than there are slots", 90)
    for number in range(2, 8):
        change(server, number)


# ---- A stray write ----

STRAY = r"""
#include <httpd.h>
#include <http_config.h>
#include <http_protocol.h>
#include <stdio.h>
#include <sys/mman.h>
/* Shows how shared memory of some size may be used; "write" writes to it, "seize" does all it can to it. */
static int stray(request_rec *r)
{
    FILE *maps;
    char line[512], access[8];
    unsigned long from, to;
    int count = 0;

    if (!r->handler || strcmp(r->handler, "stray") != 0) {
        return DECLINED;
    }
    maps = fopen("/proc/self/maps", "r");
    while (fgets(line, sizeof(line), maps)) {
        if (sscanf(line, "%lx-%lx %7s", &from, &to, access) == 3 && access[3] == 's'
            && strstr(line, "/dev/zero") && to - from > 1000000) {
            if (r->args && strcmp(r->args, "write") == 0) {
                ((volatile char *)from)[4096] = 1;
            }
            /* Not again in one worker: by then the slots are part of the mapping. */
            if (r->args && strcmp(r->args, "seize") == 0 && access[1] == '-') {
                mprotect((void *)from, to - from, PROT_READ | PROT_WRITE);
                memset((void *)from, 0xa5, to - from);
            }
            ap_rprintf(r, "%s\n", access);
            count++;
        }
    }
    fclose(maps);
    return OK;
}
static void hooks(apr_pool_t *p)
{
    (void)p;
    ap_hook_handler(stray, NULL, NULL, APR_HOOK_FIRST);
}
AP_DECLARE_MODULE(stray) = { STANDARD20_MODULE_STUFF, NULL, NULL, NULL, NULL, NULL, hooks, 0 };
"""


@pytest.fixture(scope="module")
def stray_module(tmp_path_factory):
    folder = tmp_path_factory.mktemp("stray")
    (folder / "mod_stray.c").write_text(STRAY)
    flags = subprocess.run(["apr-1-config", "--cppflags", "--includes"], capture_output=True, text=True,
                           check=True).stdout.split()
    subprocess.run(["gcc", "-shared", "-fPIC", f"-I{httpd.apxs('INCLUDEDIR')}", *flags, "-o",
                    str(folder / "mod_stray.so"), str(folder / "mod_stray.c")], check=True)
    return folder / "mod_stray.so"


STRAY_CONFIG = CONFIG + """
LoadModule stray_module ${STRAY}
<VirtualHost *:${PORT2}>
    <Location "/stray">
        SetHandler stray
        Require all granted
    </Location>
</VirtualHost>
"""


def test_a_worker_that_is_seized_leads_nobody_anywhere(start_httpd, backend, stray_module):
    """A worker that makes the policies writable for itself and overwrites them all can spoil answers; the parent and
    the watcher, which may be root, go by what no worker can write to, and a restart reads the files again."""
    server = start_httpd(STRAY_CONFIG, ports=2, files={"d.json": document(ALLOWED)},
                         defines={"SIZE": "4M", "BACKEND": backend.url, "STRAY": stray_module})
    server.await_watcher()
    for number, stranger in ((2, UNKNOWN), (3, ALLOWED)):
        server.request("GET", "/stray?seize", port=server.port_number(2))
        check_refused(ask(server, "POST", "/x", stranger))  # nothing is opened by it
        change(server, number)  # what is published is whole
    server.request("GET", "/stray?seize", port=server.port_number(2))
    server.restart()
    assert answer(server) == ALLOWED
    change(server, 5)
    assert server.await_watcher() and "OCORS0017" not in server.log_text()


@pytest.mark.parametrize("mpm", httpd.MPMS)
def test_a_stray_write_ends_its_worker_and_changes_nothing(start_httpd, backend, stray_module, mpm):
    """ "a stray write by any module faults in that worker instead of changing everyone's policy"."""
    server = start_httpd(STRAY_CONFIG, mpm=mpm, ports=2, files={"d.json": document(ALLOWED)},
                         defines={"SIZE": "4M", "BACKEND": backend.url, "STRAY": stray_module})
    port = server.port_number(2)
    assert server.request("GET", "/stray", port=port).body == b"r--s\n"
    server.expect_log("AH0005[12]: child pid .* exit signal Segmentation fault")
    with pytest.raises((EOFError, OSError)):
        server.request("GET", "/stray?write", port=port)
    server.wait_log("exit signal Segmentation fault")
    for core in server.root.glob("run/core*"):
        core.unlink()
    for number in range(2, 5):
        change(server, number)


# ---- Short memory ----

def test_a_size_that_is_too_small_is_refused(needed):
    """At a start, and by configtest, with what is needed; the twin starts."""
    config = CONFIG.replace("${SIZE}", str(needed // 2))
    keywords = {"files": {"d.json": document(ALLOWED)}, "defines": {"BACKEND": "http://127.0.0.1:1"}}
    code, output = httpd.configtest(config, **keywords)
    assert code != 0 and re.search(
        r"httpd\.conf:\d+: OcapiCorsSettings: .*/d\.json: this document does not fit: the policies need \d+ bytes of "
        rf"shared memory, and OcapiCorsCacheSize allows {needed // 2}$", output, re.M), output
    code, output = httpd.configtest(CONFIG.replace("${SIZE}", str(needed + 4096)), **keywords)
    assert code == 0, output


def test_a_reload_that_does_not_fit_keeps_what_is_in_force(front, needed):
    """ "no edit of a JSON file can stop the server": a document that outgrows the size, at a timed reload and at
    a restart; sections that are new then allow nothing."""
    server = front(needed * 3 // 2)
    server.expect_log("OCORS0016")
    server.write("d.json", document(UNKNOWN, 4000))
    server.wait_log("OCORS0016")
    assert answer(server) == ALLOWED
    server.expect_log("OCORS0008: the policies need")
    server.expect_log("OCORS0015: generation 1 stays in force; sections that it does not know allow nothing")
    new = """
        <Location "/new">
            OcapiCorsSettings n.json
        </Location>
        <Location "/old">
            OcapiCorsSettings d.json
        </Location>"""
    server.write("n.json", document(UNKNOWN, 1))
    server.restart(config=server.config.replace("OcapiCors On", "OcapiCors On" + new))
    assert answer(server) == ALLOWED
    check(ask(server, "POST", "/old", ALLOWED), 200, granted(ALLOWED))
    for origin in (ALLOWED, UNKNOWN):
        check_refused(ask(server, "POST", "/new", origin))
        check(ask(server, "GET", "/new", origin), 200, set())
    server.expect_log("OCORS0016")
    server.write("d.json", document(UNKNOWN))  # small again: a restart takes it all
    server.restart()
    assert answer(server) == UNKNOWN
    check(ask(server, "POST", "/new", UNKNOWN), 200, granted(UNKNOWN))


def test_one_document_that_does_not_fit_holds_up_no_other(front, needed):
    """Of what has changed, what fits is in force: a revocation does not wait for a neighbour's growth, nor is an
    error lost over it."""
    config = CONFIG.replace("100ms", "500ms")  # so long no file may change before any is read
    config = config.replace("OcapiCorsSettings d.json", "OcapiCorsSettings d.json\n<Location /e>\n"
                            "OcapiCorsSettings e.json\n</Location>\n<Location /f>\nOcapiCorsSettings f.json\n</Location>")
    server = httpd.Httpd(config, files={"d.json": document(ALLOWED), "e.json": document(ALLOWED, 1),
                                        "f.json": document(ALLOWED, 1)},
                         defines={"SIZE": needed * 3 // 2, "BACKEND": "http://127.0.0.1:1"})
    with server:
        server.expect_log("OCORS0016: .*/d.json stays as it is")
        server.expect_log("OCORS0001: .*/f.json:1:1")
        server.expect_log("OCORS0002: .*/f.json")
        server.write("d.json", document(UNKNOWN, 9000))
        server.write("e.json", document(UNKNOWN, 1))
        server.write("f.json", "?")
        published(server, 2)
        check_refused(ask(server, "POST", "/e", ALLOWED))
        for path in ("/x", "/f"):
            check_refused(ask(server, "POST", path, UNKNOWN))
        # What is held is not forgotten: it is small again, or there is room.
        server.write("d.json", document(UNKNOWN, 100))
        published(server, 3)
        check_refused(ask(server, "POST", "/x", ALLOWED))


# ---- One copy ----

def pss(pid):
    return int(re.search(r"^Pss:\s+(\d+)", open(f"/proc/{pid}/smaps_rollup").read(), re.M)[1]) * 1024


def test_all_workers_share_one_image(start_httpd, module_backend):
    """ "the group's proportional memory grows by one image, not by one per worker"; a hundred workers."""
    config = """
        OcapiCorsReload Off
        StartServers 100
        MaxSpareServers 200
        ServerLimit 100
        MaxRequestWorkers 100
        <VirtualHost *:${PORT}>
            OcapiCors On
            OcapiCorsSettings d.json
            ProxyPass "/" "${BACKEND}/"
        </VirtualHost>"""

    def group(count):
        server = start_httpd(config, mpm="prefork", files={"d.json": document(ALLOWED, count)},
                             defines={"BACKEND": module_backend.url})
        httpd.wait_until(lambda: len(c := server.children()) == 100 and all(map(is_asleep, c)),
                         "all workers wait for a request")
        return published(server, 1)[0], sum(map(pss, {server.process.pid, *server.children()}))

    small, before = group(10)
    large, after = group(400000)
    grown = after - before
    print(f"image {large - small} bytes, 101 processes grown by {grown}")
    assert large - small > 20_000_000
    assert 0.9 * (large - small) < grown < 1.3 * (large - small)
