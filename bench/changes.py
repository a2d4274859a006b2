# SPDX-License-Identifier: Apache-2.0
"""Changes: how soon a changed document is in force, and what it costs to watch a tree that nobody
edits."""

import shutil
import statistics
import tempfile
import time
from pathlib import Path

from bench import Result, say, table
from contenders import origin
from sizes import HOST, SERVER, Documents, ask, await_workers, number, published

import httpd

CASES = [("one document of 1,000 origins", 1000, 0), ("one document of 10,000 origins", 10_000, 0),
         ("one of 10,000 sites of 10 origins", 100_000, 10_000)]
CHANGES, QUICK_CHANGES = 21, 7  # of which the median is taken, and the slowest
QUIET, QUICK_QUIET = 60, 10  # seconds
FULL_LOOK = 600  # seconds between looks at everything (src/httpd/reload/look.c)


def processor_ms(pid):
    """What a process has had of a processor; exact, where /proc/PID/stat counts ticks."""
    return int(Path(f"/proc/{pid}/schedstat").read_text().split()[0]) / 1e6


def await_sleep(server):
    """Returns when the watcher has begun to wait for changes: what it has had of a processor."""
    def has_slept():
        before = processor_ms(server.watcher())
        time.sleep(2.5)  # it wakes every second, and asks whether its parent lives
        return processor_ms(server.watcher()) - before < 10
    httpd.wait_until(has_slept, "the watcher waits for changes")
    return processor_ms(server.watcher())


def change(server, documents, count):
    """Milliseconds from the rename to the first answer by the new document, and those of reading and publishing that
    the log says."""
    new = origin(99_000_000 + count)
    with server.connection() as connection:
        assert not ask(connection, documents, 0, new)
        renamed = documents.write(0, new)
        while not ask(connection, documents, 0, new):
            time.sleep(0.001)
        took = time.monotonic() - renamed
    return took * 1000, int(published(server, 1 + count)["ms"])


def measure(size, sites, changes, quiet_seconds):
    folder = Path(tempfile.mkdtemp(prefix="ocors-bench-"))
    try:
        documents = Documents(folder, size, sites)
        # The interval of a default configuration; that there is none shorter shows that the system tells.
        with httpd.Httpd("OcapiCorsReload 5s\n" + SERVER + HOST % documents.directives(),
                         files={"htdocs/page": "page"}) as server:
            await_workers(server)
            first = await_sleep(server)
            quiet = processor_ms(server.watcher())
            time.sleep(quiet_seconds)
            quiet = processor_ms(server.watcher()) - quiet
            spent = processor_ms(server.watcher())
            found = [change(server, documents, count) for count in range(1, changes + 1)]
            spent = (processor_ms(server.watcher()) - spent) / changes
    finally:
        shutil.rmtree(folder)
    took = [milliseconds for milliseconds, _ in found]
    return {"median": statistics.median(took), "most": max(took), "ms": statistics.median(ms for _, ms in found), "spent": spent,
            "first": first, "quiet": quiet, "seconds": quiet_seconds, "share": 100 * (quiet / quiet_seconds + first / FULL_LOOK) / 1000}


ROWS = [
    ("from the rename to the first answer by the new document, ms: median", number("median")),
    ("... the slowest", number("most")),
    ("of that, reading, copying and publishing, ms: median", number("ms")),
    ("processor time of the watching process for a change, ms", number("spent", ",.1f")),
    ("processor time of the watching process in a quiet second, ms",
     lambda found: f"{found['quiet'] / found['seconds']:,.2f}"),
    ("... of the first look at everything, which makes the watches, ms",
     number("first", ",.0f")),
    ("share of one core, if each look at everything (one in ten minutes) costs as much, %", number("share", ",.3f")),
]


def changes(told):
    """How soon a changed document is in force; what watching costs. --quick leaves out the large tree."""
    cases = CASES[:2] if told.quick else CASES
    columns = []
    for name, size, sites in cases:
        say(f"changes: {name}")
        columns.append(measure(size, sites, QUICK_CHANGES if told.quick else CHANGES, QUICK_QUIET if told.quick else QUIET))
    figures = {"above reading": max(found["median"] - found["ms"] for found in columns)}
    if not told.quick:
        figures["share"] = columns[-1]["share"]
    return Result(table(["what changes", *(name for name, _, _ in cases)],
                        [[label, *map(cell, columns)] for label, cell in ROWS]), figures)
