# SPDX-License-Identifier: Apache-2.0
"""Sizes: what a policy of 2 to 10,000,000 origins costs to load, to keep and to ask."""

import json
import os
import random
import re
import shutil
import statistics
import subprocess
import tempfile
import time
from contextlib import ExitStack
from pathlib import Path

from bench import Result, compile_core, say, table
from contenders import origin

import httpd
import processes
import wire

QUICK_SIZES = "2,100000"
SIZES = "2,1000,100000,1000000,100@10,10000@1000,100000@10000,10000000@1000"  # origins, or origins@sites of a tree
CLIENTS = 20  # of a document
STARTS = 3  # of which the median is taken
WORKERS = 4
REQUESTS = 10_000  # so that every worker has read the image here and there
LOOKUPS, COUNTED_LOOKUPS = 500_000, 2_000  # timed, and under callgrind
PATIENCE = 300  # seconds; a limit for what hangs, not for what is slow
MIB = 1 << 20

SERVER = f"""
StartServers {WORKERS}
ServerLimit {WORKERS}
MaxRequestWorkers {WORKERS * httpd.THREADS}
MinSpareThreads {(WORKERS - 1) * httpd.THREADS + 1}
MaxKeepAliveRequests 0
KeepAliveTimeout 60
"""
HOST = """
<VirtualHost *:${PORT}>
    %s
    AliasMatch "^/" "${ROOT}/htdocs/page"
</VirtualHost>
"""
PUBLISHED = re.compile(r"OCORS0007: generation (\d+) \((?P<how>[a-z ]+)\): .* (?P<origins>\d+) origins, .*; "
                       r"(?P<bytes>\d+) of \d+ bytes, in (?P<ms>\d+) ms")


def patiently(condition, what, timeout=0, wait_until=httpd.wait_until):
    return wait_until(condition, what, max(timeout, PATIENCE))


httpd.wait_until = patiently  # ten million origins take longer than any test


class Documents:
    """The documents of a size, in a folder of their own: one, or one for each site of a tree."""

    def __init__(self, folder, size, sites=0):
        self.folder = folder
        self.size = size
        self.sites = sites
        self.each = size // sites if sites else size
        self.paths = [self._path(number) for number in range(sites or 1)]
        for number in range(len(self.paths)):
            self.write(number)
        self.text = size * len(origin(0))
        self.bytes = sum(path.stat().st_size for path in self.paths)

    def _path(self, number):
        if not self.sites:
            return self.folder / "settings.json"
        return self.folder / "sites" / self.site(number) / "ocapi-settings/wapi_shop_config.json"

    @staticmethod
    def site(number):
        return f"site-{number:06}"

    def write(self, number, *more):
        """A document, by rename, with more origins than it had; when that was."""
        origins = [origin(n) for n in range(number * self.each, (number + 1) * self.each)] + [*more]
        clients = min(CLIENTS, len(origins))
        share = -(-len(origins) // clients)
        path = self.paths[number]
        path.parent.mkdir(parents=True, exist_ok=True)
        beside = path.with_name("new")
        beside.write_text(json.dumps({"_v": "20.4", "clients": [
            {"client_id": f"client-{c:02}", "allowed_origins": origins[c * share:(c + 1) * share]}
            for c in range(clients)]}, separators=(",", ":")))
        renamed = time.monotonic()
        beside.rename(path)
        return renamed

    def directives(self):
        what = (f'OcapiCorsSettingsTree "{self.folder}"' if self.sites
                else f'OcapiCorsSettings "{self.paths[0]}"')
        return f"OcapiCors On\n    {what}"

    def target(self, number):
        """Where the origin of this number is allowed."""
        return f"/s/{self.site(number // self.each)}/dw/shop/v20_4/x" if self.sites else "/x"


class NoDocuments:
    """The same server without a policy, which all else is compared with."""

    size = 0

    @staticmethod
    def directives():
        return "OcapiCors Off"

    @staticmethod
    def target(_):
        return "/x"


# ---- What /proc says -------------------------------------------------------------------------


def pss(pids):
    rollups = [Path(f"/proc/{pid}/smaps_rollup").read_text() for pid in pids]
    return sum(int(re.search(r"^Pss:\s+(\d+)", text, re.M)[1]) * 1024 for text in rollups)


def peak(pid):
    return int(re.search(r"^VmHWM:\s+(\d+)", Path(f"/proc/{pid}/status").read_text(), re.M)[1]) * 1024


def processor_seconds(pid):
    """User's and system's, of the process itself."""
    fields = processes.stat_fields(pid)
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def group(server):
    """What stands in the table of a running server's memory."""
    parent, workers, watcher = server.process.pid, server.children(), server.watcher()
    watchers = {watcher} - {None}
    return {"parent": pss({parent}), "watcher": pss(watchers), "workers": pss(workers),
            "group": pss({parent} | workers | watchers)}


# ---- A server --------------------------------------------------------------------------------


def start(documents):
    return httpd.Httpd("OcapiCorsReload 1s\n" + SERVER + HOST % documents.directives(),
                       files={"htdocs/page": "page"})


def await_workers(server, old=frozenset()):
    httpd.wait_until(lambda: len(server.children() - old) == WORKERS and not server.children() & old,
                     f"{WORKERS} workers")
    server.await_idle()


def published(server, number):
    """What the log says of a publication, once it is done."""
    return PUBLISHED.search(server.wait_publication(number))


def ask(connection, documents, number, asked):
    """Whether an origin is allowed where that number belongs."""
    connection.send(wire.build("GET", documents.target(number), [("Origin", asked)], close=False))
    response = connection.read()
    assert response.status == 200, response
    return response.one("Access-Control-Allow-Origin") == asked


def ask_around(server, documents):
    """Any listed origins, by every worker."""
    pick = random.Random(20191)
    with ExitStack() as stack:
        connections = [stack.enter_context(server.connection()) for _ in range(8 * WORKERS)]
        for count in range(REQUESTS):
            number = pick.randrange(documents.size) if documents.size else 0
            is_allowed = ask(connections[count % len(connections)], documents, number, origin(number))
            assert is_allowed == bool(documents.size), origin(number)


def start_times(documents):
    """Milliseconds that the log says, and processor seconds of the parent, of one start."""
    with start(documents) as server:
        milliseconds = int(published(server, 1)["ms"]) if documents.size else 0
        return milliseconds, processor_seconds(server.process.pid)


def restart(server):
    """Milliseconds from the signal to the publication; nothing has changed."""
    old = frozenset(server.children())
    began = time.monotonic()
    server.process.send_signal(httpd.signal.SIGUSR1)
    published(server, 2)
    milliseconds = (time.monotonic() - began) * 1000
    await_workers(server, old)
    return milliseconds


def timed_reload(server, documents):
    """Milliseconds that the watcher took for one document that has changed, and the most that the group had meanwhile:
    the snapshot in force and the next one, side by side."""
    new, most = origin(99_999_999), [0]
    published_line = re.compile(r"OCORS0007: .*\(timed reload\)")

    def is_published():
        most[0] = max(most[0], group(server)["group"])
        return published_line.search(server.log_text())

    with server.connection() as connection:
        assert not ask(connection, documents, 0, new)
        documents.write(0, new)
        httpd.wait_until(is_published, "the change is in force")
        milliseconds = int(published(server, 3)["ms"])
        assert ask(connection, documents, 0, new)
    return milliseconds, most[0]


def measure_server(documents):
    """All that a server tells."""
    times = [start_times(documents) for _ in range(STARTS - 1)]
    with start(documents) as server:
        first = published(server, 1) if documents.size else None
        times.append((int(first["ms"]) if first else 0, processor_seconds(server.process.pid)))
        found = {"peak": peak(server.process.pid),
                 "ms": statistics.median(t[0] for t in times),
                 "processor": statistics.median(t[1] for t in times)}
        await_workers(server)
        ask_around(server, documents)
        found.update(group(server))
        if first:
            assert int(first["origins"]) == documents.size
            found["bytes"] = int(first["bytes"])
            found["restart"] = restart(server)
            found["reload"], found["group_most"] = timed_reload(server, documents)
            found["watcher_peak"] = peak(server.watcher())
            ask_around(server, documents)
            time.sleep(3)  # by then the watcher has given the old area's pages back
            found["group_after"] = group(server)["group"]
        server.await_idle()
    return found


# ---- A lookup --------------------------------------------------------------------------------


def measure_lookup(program, documents):
    """Nanoseconds and instructions of a decision: listed, not listed, not listed and why."""
    said = subprocess.run([program, str(LOOKUPS), *documents.paths], capture_output=True, text=True,
                          check=True).stdout
    found = {f"{name}_ns": float(value) for name, value, _ in map(str.split, said.splitlines())}
    with tempfile.TemporaryDirectory(prefix="ocors-bench-") as folder:
        subprocess.run(["valgrind", "-q", "--tool=callgrind", f"--callgrind-out-file={folder}/out",
                        "--toggle-collect=bench_ask", "--dump-after=bench_ask", "--instr-atstart=no",
                        program, str(COUNTED_LOOKUPS), *documents.paths],
                       check=True, stdout=subprocess.DEVNULL)
        parts = sorted(Path(folder).glob("out.*"), key=lambda path: int(path.suffix[1:]))
        counts = [int(re.search(r"^totals: (\d+)", part.read_text(), re.M)[1]) / COUNTED_LOOKUPS
                  for part in parts]
    assert len(counts) == 15, "five rounds of each"
    return {**found, "listed_instructions": statistics.median(counts[:5]),
            "unlisted_instructions": statistics.median(counts[5:10]),
            "explained_instructions": statistics.median(counts[10:])}


# ---- The table -------------------------------------------------------------------------------


def mebibytes(name):
    return lambda found: f"{found[name] / MIB:,.1f}" if name in found else "-"


def number(name, form=",.0f"):
    return lambda found: format(found[name], form) if name in found else "-"


def above_text(found):
    return f"{(found['bytes'] - found['text']) / found['size']:,.1f}" if "bytes" in found else "-"


def grown(found):
    return f"{(found['group'] - found['nothing']['group']) / MIB:,.1f}" if "bytes" in found else "-"


ROWS = [
    ("documents", number("documents")),
    ("JSON, MiB", mebibytes("json")),
    ("from JSON to published, ms", lambda found: number("ms")(found) if "bytes" in found else "-"),
    ("processor time of the parent until it serves, s", number("processor", ",.2f")),
    ("the snapshot in shared memory, MiB", mebibytes("bytes")),
    ("the same above the origins' own text, bytes an origin", above_text),
    ("parent's peak while it loads, MiB", mebibytes("peak")),
    ("Pss of the parent afterwards, MiB", mebibytes("parent")),
    ("Pss of the watching process, MiB", mebibytes("watcher")),
    (f"Pss of {WORKERS} workers together, MiB", mebibytes("workers")),
    ("Pss of the whole group, MiB", mebibytes("group")),
    ("... more than without a policy, MiB", grown),
    ("graceful restart, nothing changed: signal to published, ms", number("restart")),
    ("timed reload, one document changed: reading it, copying and checking the rest, ms", number("reload")),
    ("watching process's peak meanwhile (with the old snapshot and the new), MiB", mebibytes("watcher_peak")),
    ("Pss of the whole group meanwhile, at most, MiB", mebibytes("group_most")),
    ("Pss of the whole group afterwards, MiB", mebibytes("group_after")),
    ("decision, listed origin: instructions", number("listed_instructions")),
    ("decision, listed origin: ns", number("listed_ns")),
    ("decision, other origin: instructions", number("unlisted_instructions")),
    ("decision, other origin: ns", number("unlisted_ns")),
    ("decision, other origin, with the reason: instructions", number("explained_instructions")),
    ("decision, other origin, with the reason: ns", number("explained_ns")),
]


def measure(case, program):
    size, sites = map(int, (case.replace("_", "") + "@0").split("@")[:2])
    assert not sites or size % sites == 0, f"{case}: every site has as many origins as any other"
    folder = Path(tempfile.mkdtemp(prefix="ocors-bench-"))
    try:
        say(f"sizes, {case}: documents")
        documents = Documents(folder, size, sites)
        say(f"sizes, {case}: servers")
        found = {"size": size, "sites": f" in {sites:,} sites" if sites else "", "text": documents.text,
                 "documents": len(documents.paths), "json": documents.bytes, **measure_server(documents)}
        say(f"sizes, {case}: lookups")
        documents.write(0)
        return {**found, **measure_lookup(program, documents)}
    finally:
        shutil.rmtree(folder)


def spread(columns):
    """By how much the dearest decision is above the cheapest: 0.01 is 1 %."""
    found = [[column[f"{name}_instructions"] for column in columns] for name in ("listed", "unlisted")]
    return max(max(counts) / min(counts) - 1 for counts in found)


def figures(columns):
    """What there is a limit for."""
    documents, trees = ([column for column in columns if bool(column["sites"]) == is_tree] for is_tree in (False, True))
    found = {kind: (spread(chosen), min(column[unit] for column in chosen), max(column[unit] for column in chosen))
             for kind, unit, chosen in (("origins", "size", documents), ("sites", "documents", trees)) if len(chosen) > 1}
    for million in documents:
        if million["size"] == 1_000_000:
            found |= {"bytes": (million["bytes"] - million["text"]) / million["size"], "peak": million["peak"] / MIB,
                      "processor": million["processor"]}
    return found


def sizes(told):
    """What a policy costs to load, to keep and to ask, by its size."""
    say("sizes: no policy")
    nothing = {"size": 0, **measure_server(NoDocuments())}
    with tempfile.TemporaryDirectory(prefix="ocors-bench-") as folder:
        program = compile_core("lookup.c", Path(folder) / "lookup")
        columns = [{**measure(case, program), "nothing": nothing}
                   for case in (told.sizes or (QUICK_SIZES if told.quick else SIZES)).split(",")]
    heads = ["no policy", *(f"{found['size']:,}" + found["sites"] for found in columns)]
    rows = [[label, *(cell(found) for found in [nothing, *columns])] for label, cell in ROWS]
    return Result(table(["origins", *heads], rows), figures(columns))
