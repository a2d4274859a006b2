# SPDX-License-Identifier: Apache-2.0
"""The shared memory of the policies: one copy that workers cannot write, areas that are used again only when nobody
reads them, and what happens where memory is short (A13, A31 to A33; src/core/epoch.c)."""

import contextlib
import json
import os
import re
import signal
import struct
import threading
import time
from itertools import product

import pytest

import httpd
import processes
import wire
from cors import ALLOWED, UNKNOWN, ask, check, check_refused, granted
from debugger import Debugger
from test_notify import HOUR, NO_BACKEND, TREE_HOUR, await_allowed
from test_reload import SHOP, configmap

AREAS = 4  # include/ocors_epoch.h
PUBLISHED = re.compile(r"; (\d+) of (\d+) bytes")
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
THIRD = ("Origin", "http://baz.com")  # as long as the other two
READERS_TO_SPARE = 16  # src/httpd/reload/store.c
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
    """(bytes of the snapshot, bytes of all areas) of a publication, once it is done."""
    return tuple(map(int, PUBLISHED.search(server.wait_publication(number)).groups()))


@pytest.fixture(scope="module")
def needed(module_start_httpd, module_backend):
    """What a snapshot of the document takes."""
    server = module_start_httpd(CONFIG, files={"d.json": document(ALLOWED)},
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


def wanted(number):
    """Whom generation `number` allows: even ones UNKNOWN, odd ones ALLOWED."""
    return UNKNOWN if number % 2 == 0 else ALLOWED


def await_change(server, number):
    """Waits for the publication of generation `number`."""
    published(server, number)
    assert answer(server) == wanted(number)


def change(server, number):
    """Publishes generation `number`."""
    server.write("d.json", document(wanted(number)))
    await_change(server, number)


def let_it_look(server):
    """Returns when the watcher has slept some more times, after each of which it looks."""
    def slept():
        status = open(f"/proc/{server.watcher()}/status").read()
        return int(re.search(r"^voluntary_ctxt_switches:\s+(\d+)", status, re.M)[1])

    before = slept()
    httpd.wait_until(lambda: slept() > before + 20, "the watcher has slept and looked", 60)


def is_stopped(pid):
    """Whether every thread is: SIGSTOP reaches them one after the other, and one that still runs may accept."""
    return {processes.stat_fields(f"{pid}/task/{task}")[0] for task in os.listdir(f"/proc/{pid}/task")} == {"T"}


def is_asleep(pid):
    """Not running, nor waiting for its turn to."""
    return processes.stat_fields(pid)[0] == "S"


def restart_changed(server, size, content):
    """A restart with another OcapiCorsCacheSize, which finds a document that the watcher has not seen."""
    os.kill(server.await_watcher(), signal.SIGSTOP)
    server.write("d.json", content)
    server.defines["SIZE"] = size
    server.restart()


class Stopped:
    """A worker that is stopped in the middle of a decision, by a debugger, and the request it was at; `others` are
    stopped already."""

    def __init__(self, server, others=(), count=2):
        self.server = server
        self.response = None
        server.await_watcher()  # from now on it is told from a worker
        workers = httpd.wait_until(lambda: len(c := server.children()) == count and c, f"{count} workers")
        self.pid, *running = sorted(workers - {other.pid for other in others})
        if not others:
            server.await_idle()
        # Where the policy has been opened and not been asked yet.
        self.debugger = Debugger(server, self.pid, "ocors_decide")
        try:
            for pid in running:  # so that the request comes to the one that is watched
                os.kill(pid, signal.SIGSTOP)
                httpd.wait_until(lambda pid=pid: is_stopped(pid), "every other worker is stopped")
            self.thread = threading.Thread(target=self._ask)
            self.thread.start()
            self.debugger.await_held()
        except httpd.HttpdFailed:
            self.debugger.gdb.kill()  # what it holds could not end
            raise
        finally:
            for pid in running:
                os.kill(pid, signal.SIGCONT)

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


def check_snapshot(response, number):
    """The response to a GET of ALLOWED is by generation `number`, whole."""
    check(response, 200, granted(ALLOWED) if wanted(number) == ALLOWED else set())


def test_a_reader_that_is_stopped_sees_its_own_snapshot(front, needed):
    """A worker that is stopped in mid-decision: 20 snapshots later it still reads the first, whole, while all
    others have been using the rest of the areas again and again."""
    server = front(AREAS * needed)
    stopped = Stopped(server)
    for number in range(2, 22):
        origin = (UNKNOWN, THIRD)[number % 2]  # nothing but the first snapshot allows what it asked for
        server.write("d.json", document(origin))
        published(server, number)
        check(ask(server, "POST", "/x", origin), 200, granted(origin))
        check_refused(ask(server, "POST", "/x", ALLOWED))
    check(stopped.resume(), 200, granted(ALLOWED))
    change(server, 22)


# By default each of the three, and each end.
@pytest.mark.pairwise("way", keep=lambda row: (row.way[0] is Stopped.kill) == (row.way[1] == 1))
@pytest.mark.parametrize("way", product([Stopped.resume, Stopped.kill], range(AREAS - 1)),
                         ids=lambda way: f"{way[0].__name__}-{way[1]}")
def test_a_change_waits_while_every_area_is_read(front, needed, way):
    """Three workers are stopped at three snapshots, and the fourth is current: a change waits, and the log says so
    once, however often it is tried. When any of the three goes on or is killed, the change comes into force, and the
    other two have read their own snapshot, whole."""
    end, first = way
    count = AREAS + 1
    server = front(AREAS * needed, config=CONFIG.replace("StartServers 2", f"""
        StartServers {count}
        ServerLimit {count}
        MaxRequestWorkers {count * httpd.THREADS}
        MinSpareThreads 1
        MaxSpareThreads {count * httpd.THREADS}"""))
    server.allow_log("AH1039[0-9]: children are killed successively")
    stopped = []
    for number in range(1, AREAS):
        stopped.append(Stopped(server, stopped, count))
        change(server, number + 1)  # the twin: with fewer, or with all three, what has an area is published
    server.expect_log("OCORS0016: changed documents wait: every area of shared memory is current, or still read by a "
                      "worker")
    server.write("d.json", document(wanted(AREAS + 1)))
    server.wait_log("OCORS0016")
    let_it_look(server)
    assert answer(server) == wanted(AREAS)
    response = end(stopped[first])
    if end is Stopped.resume:
        check_snapshot(response, first + 1)
    await_change(server, AREAS + 1)
    for number, other in enumerate(stopped, 1):
        if other is not stopped[first]:
            check_snapshot(other.resume(), number)
    for number in range(AREAS + 2, AREAS + 12):
        change(server, number)
    assert server.log_text().count("OCORS0016") == 1


@pytest.mark.parametrize("mpm", httpd.MPMS)
def test_workers_that_are_recycled(front, needed, mpm):
    """Readers are given back: many more workers than there are readers, and areas just large enough. Prefork's end
    by themselves; event's and worker's are killed, as those of httpd 2.4.71 that end by MaxConnectionsPerChild 1
    hang now and then, with or without the module (ap_mpm_podx_check)."""
    limit = 4
    recycling = "MaxConnectionsPerChild 1\n" if mpm == "prefork" else ""
    server = front(AREAS * needed, mpm=mpm,
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
        return len(seen) > limit + READERS_TO_SPARE

    httpd.wait_until(has_seen_many, "more workers than there are readers", 90)
    for number in range(2, 8):
        change(server, number)


def seeds(server):
    """Of all snapshots in the memory of the parent (include/ocors_snapshot.h)."""
    found = set()
    with open(f"/proc/{server.process.pid}/maps") as maps, open(f"/proc/{server.process.pid}/mem", "rb", 0) as memory:
        for begin, end in re.findall(r"^(\w+)-(\w+) ...s .*/dev/zero", maps.read(), re.M):
            memory.seek(int(begin, 16))
            content = memory.read(int(end, 16) - int(begin, 16))
            found |= {struct.unpack_from("=Q", content, match.start() + 40)[0] for match in re.finditer(b"ocorssnp", content)}
    return found


def test_nobody_guesses_the_seed_of_the_hashes(front):
    """R13: it is random, and one for all snapshots of a server: what is unchanged is found by it."""
    found = set()
    for _ in range(2):
        server = front("Auto")
        (seed,) = seeds(server)
        assert seed != 0 and abs(seed - time.time_ns() // 1000) > 86400 * 10**6
        change(server, 2)
        assert seeds(server) == {seed}
        found.add(seed)
    assert len(found) == 2


@pytest.mark.parametrize("count", [0, 40000])
def test_by_itself_an_area_has_room_to_double(front, count):
    """A13: `Auto`; or room for a megabyte more, of a document that has less."""
    used, all_areas = published(front("Auto", document(ALLOWED, count)), 1)
    assert all_areas >= AREAS * max(2 * used, used + 2**20) and (used > 2**20) == (count > 0)


# ---- Short memory ----

def test_a_size_that_is_too_small_is_refused(needed):
    """A13: At a start, and by configtest, with what is needed; the twin starts."""
    config = CONFIG.replace("${SIZE}", str(AREAS * needed - 1))
    keywords = {"files": {"d.json": document(ALLOWED)}, "defines": {"BACKEND": "http://127.0.0.1:1"}}
    code, output = httpd.configtest(config, **keywords)
    assert code != 0 and re.search(
        r"httpd\.conf:\d+: OcapiCorsSettings: .*/d\.json: this document does not fit: the policies need an "
        rf"OcapiCorsCacheSize of {AREAS * needed}, and it is {AREAS * needed - 1}$", output, re.M), output
    code, output = httpd.configtest(CONFIG.replace("${SIZE}", str(AREAS * needed)), **keywords)
    assert code == 0, output


def test_a_reload_that_does_not_fit_keeps_what_is_in_force(front, needed):
    """ "no edit of a JSON file can stop the server": a document that outgrows the size, at a timed reload and at
    a restart; sections that are new then allow nothing, until a look finds what fits of them."""
    server = front(AREAS * needed * 3 // 2)
    server.expect_log(r"OCORS0016: .*/d.json: the changed document does not fit into an area of \d+ bytes; the version "
                      "in force stays until `apachectl graceful`, or a larger OcapiCorsCacheSize")
    server.write("d.json", document(UNKNOWN, 4000))
    server.wait_log("OCORS0016")
    let_it_look(server)
    assert server.log_text().count("OCORS0016") == 1
    assert "generation 1 (timed reload): unchanged: " in server.wait_publication(2)  # for the next reading alone
    assert answer(server) == ALLOWED
    server.expect_log(r"OCORS0008: the policies need an OcapiCorsCacheSize of \d+, and it is "
                      rf"{AREAS * needed * 3 // 2}$")
    server.expect_log("OCORS0015: generation 1 stays in force; sections that it does not know allow nothing")
    new = """
        <Location "/new">
            OcapiCorsSettings n.json
        </Location>
        <Location "/old">
            OcapiCorsSettings d.json
        </Location>"""
    server.write("n.json", document(UNKNOWN, 1))
    with_new = server.config.replace("OcapiCors On", "OcapiCors On" + new)
    server.restart(config=with_new.replace("100ms", "Off"))
    assert answer(server) == ALLOWED
    check(ask(server, "POST", "/old", ALLOWED), 200, granted(ALLOWED))
    for origin in (ALLOWED, UNKNOWN):
        check_refused(ask(server, "POST", "/new", origin))
        check(ask(server, "GET", "/new", origin), 200, set())
    server.restart(config=with_new)  # the twin: what fits of the new sections is found by a look
    published(server, 3)
    assert answer(server) == ALLOWED
    check(ask(server, "POST", "/new", UNKNOWN), 200, granted(UNKNOWN))
    check_refused(ask(server, "POST", "/new", ALLOWED))
    server.write("d.json", document(UNKNOWN))  # small again
    published(server, 4)
    assert answer(server) == UNKNOWN
    check(ask(server, "POST", "/old", UNKNOWN), 200, granted(UNKNOWN))


def test_a_restart_without_memory_publishes_into_the_old_segment(front, needed):
    """A restart whose new OcapiCorsCacheSize has no area for the snapshot: what is in force stays there, with all
    changes that fit, and timed reloads go on."""
    server = front(AREAS * needed * 3 // 2)
    areas = published(server, 1)[1]
    server.expect_log(rf"OCORS0008: the policies need an OcapiCorsCacheSize of {AREAS * needed}, and it is "
                      rf"{AREAS * needed - 1}$")
    restart_changed(server, AREAS * needed - 1, document(UNKNOWN))
    assert answer(server) == UNKNOWN
    assert published(server, 2)[1] == areas
    for number in range(3, 13):
        change(server, number)
    assert "OCORS0015" not in server.log_text()


def test_one_document_that_does_not_fit_holds_up_no_other(start_httpd, backend, needed):
    """Of what has changed, what fits is in force: a revocation does not wait for a neighbour's growth, nor is an
    error lost over it."""
    others = "".join(f"\n<Location /{name}>\nOcapiCorsSettings {name}.json\n</Location>" for name in "ef")
    server = start_httpd(CONFIG.replace("OcapiCorsSettings d.json", "OcapiCorsSettings d.json" + others),
                         files={"d.json": document(ALLOWED), "e.json": document(ALLOWED, 1),
                                "f.json": document(ALLOWED, 1)},
                         defines={"SIZE": AREAS * needed * 3 // 2, "BACKEND": backend.url})
    server.expect_log("OCORS0016: .*/d.json: the changed document does not fit")
    server.expect_log("OCORS0001: .*/f.json:1:1")
    server.expect_log("OCORS0002: .*/f.json")
    server.write("d.json", document(UNKNOWN, 9000))
    server.write("e.json", document(UNKNOWN, 1))
    server.write("f.json", "?")
    httpd.wait_until(lambda: ask(server, "POST", "/e", ALLOWED).status == 401, "the revocation is in force")
    server.wait_log("OCORS0002: .*/f.json")
    for path in ("/x", "/f"):
        check_refused(ask(server, "POST", path, UNKNOWN))
    # What is deferred is not forgotten: it is small again, or there is room.
    server.write("d.json", document(UNKNOWN, 100))
    httpd.wait_until(lambda: ask(server, "POST", "/x", ALLOWED).status == 401, "the small one is in force")
    check_refused(ask(server, "POST", "/f", UNKNOWN))
    assert server.log_text().count("OCORS0016") == 1


def test_a_document_that_had_no_room_is_read_by_a_restart(front, needed):
    """What gave way is in force when there is room, although its file is the one that was seen."""
    server = front(AREAS * needed * 3 // 2)
    server.expect_log("OCORS0016: .*/d.json: the changed document does not fit")
    server.write("d.json", document(UNKNOWN, 4000))
    published(server, 2)
    assert answer(server) == ALLOWED
    server.defines["SIZE"] = "64M"
    server.restart()
    published(server, 3)
    assert answer(server) == UNKNOWN
    assert server.log_text().count("OCORS0016") == 1


def test_ten_documents_that_have_no_room_are_named():
    """A13: the others are counted. Of ten there are no others."""
    names = [f"d{number:02}.json" for number in range(12)]
    server = httpd.Httpd(HOUR.replace("OcapiCorsReload", "OcapiCorsCacheSize ${SIZE}\nOcapiCorsReload"),
                         defines={**NO_BACKEND, "DOCUMENTS": " ".join(f"map/{name}" for name in names), "SIZE": "Auto"})

    def swap(version, grown):
        configmap(server, version, {name: document(ALLOWED, 500 if name in names[:grown] else 1) for name in names})

    def said():
        return [line.text.partition("OCORS0016: ")[2].partition(": the changed document")[0].rpartition("/")[2]
                for line in server.log_lines() if "OCORS0016: " in line.text]

    swap("1", 0)
    for name in names:
        (server.root / "map" / name).symlink_to(f"..data/{name}")
    with server:
        server.defines["SIZE"] = AREAS * published(server, 1)[0]
        server.restart()
        published(server, 2)
        server.expect_log("OCORS0016")
        swap("2", 10)
        published(server, 3)
        assert sorted(said()) == names[:10]
        server.check_log()
        server.begin_test()
        server.expect_log("OCORS0016")
        swap("3", 12)
        published(server, 4)
        assert len(set(said())) == 11 and said()[-1] == "more changed documents that do not fit: 2"


def test_sites_that_have_no_room_wait():
    """A13, A26: where no document has grown, none gives way; what the organisation's document revokes is revoked."""
    server = httpd.Httpd(TREE_HOUR.replace("OcapiCorsReload", "OcapiCorsCacheSize ${SIZE}\nOcapiCorsReload"),
                         files={f"tree/{SHOP}": document(ALLOWED, 1)}, defines={**NO_BACKEND, "SIZE": "Auto"})
    with server:
        server.defines["SIZE"] = AREAS * published(server, 1)[0]
        server.restart()
        published(server, 2)
        for number in range(300):
            (server.root / f"new/N{number:03}").mkdir(parents=True)
        server.expect_log("OCORS0016: new sites and documents do not fit into an area; they wait until there are fewer")
        (server.root / "new").rename(server.root / "tree/sites")
        server.wait_log("OCORS0016")
        server.write(f"tree/{SHOP}", document(UNKNOWN, 1))
        await_allowed(server, "-", UNKNOWN)
        await_allowed(server, "-", ALLOWED, False)


# ---- Memory that is given back ----

def memory_of_areas(server):
    """Bytes that the group has of the segments: memory of that kind is shared, and larger than any other of httpd's."""
    total = 0
    for pid in {server.process.pid, *server.children(), server.watcher()} - {None}:
        with contextlib.suppress(OSError):  # one that has just ended
            for found in re.finditer(r"^(\w+)-(\w+) ...s .*/dev/zero.*\n(?:[A-Z]\w+:.*\n)*?Pss:\s+(\d+) kB",
                                     open(f"/proc/{pid}/smaps").read(), re.M):
                if int(found[2], 16) - int(found[1], 16) > 1_000_000:
                    total += int(found[3]) * 1024
    return total


def test_memory_of_an_area_that_nobody_reads_is_given_back(front):
    """After a publication the segment has one snapshot again; as long as somebody reads the one before, it has two,
    and then one, although nothing has changed since. A restart that publishes into the old segment leaves one, too."""
    server = front("400M", document(ALLOWED, 200_000))
    needed = published(server, 1)[0]
    assert needed > 10_000_000

    def has(count):
        return lambda: (count - 0.2) * needed < memory_of_areas(server) < (count + 0.2) * needed

    def change_large(number):
        server.write("d.json", document(wanted(number), 200_000))
        published(server, number)

    change_large(2)
    httpd.wait_until(has(1), "one snapshot is left")
    stopped = Stopped(server)
    change_large(3)
    let_it_look(server)
    assert has(2)(), memory_of_areas(server) / needed
    check_snapshot(stopped.resume(), 2)
    httpd.wait_until(has(1), "the area that was read last is given back")
    server.expect_log("OCORS0008: the policies need an OcapiCorsCacheSize of")
    restart_changed(server, "1M", document(UNKNOWN, 200_000))
    published(server, 4)
    httpd.wait_until(has(1), "the area of before the restart is given back")
    assert answer(server) == UNKNOWN


# ---- One copy ----

def pss(pid):
    return int(re.search(r"^Pss:\s+(\d+)", open(f"/proc/{pid}/smaps_rollup").read(), re.M)[1]) * 1024


def test_all_workers_share_one_image(start_httpd, module_backend):
    """A32: "the group's proportional memory grows by one image, not by one per worker"; a hundred workers."""
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
