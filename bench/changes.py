#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The bench of changes: how soon a changed document is in force, and what it costs to watch a tree that nobody
edits."""

import shutil
import statistics
import sys
import tempfile
import time
from pathlib import Path

sys.dont_write_bytecode = True

from bench import arguments, say, show, surroundings  # noqa: E402
from sizes import HOST, SERVER, Documents, ask, await_workers, number, origin, published  # noqa: E402

import httpd  # noqa: E402

CASES = [("one document of 1,000 origins", 1000, 0), ("one document of 10,000 origins", 10_000, 0),
         ("one of 10,000 sites of 10 origins", 100_000, 10_000)]
CHANGES = 21  # of which the median is taken, and the slowest
QUIET = 60  # seconds
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


def measure(size, sites):
    folder = Path(tempfile.mkdtemp(prefix="ocors-bench-"))
    try:
        documents = Documents(folder, size, sites)
        # The interval of a default configuration; that there is none shorter shows that the system tells.
        with httpd.Httpd("OcapiCorsReload 5s\n" + SERVER + HOST % documents.directives(),
                         files={"htdocs/page": "page"}) as server:
            await_workers(server)
            first = await_sleep(server)
            quiet = processor_ms(server.watcher())
            time.sleep(QUIET)
            quiet = processor_ms(server.watcher()) - quiet
            spent = processor_ms(server.watcher())
            found = [change(server, documents, count) for count in range(1, CHANGES + 1)]
            spent = (processor_ms(server.watcher()) - spent) / CHANGES
    finally:
        shutil.rmtree(folder)
    took = [milliseconds for milliseconds, _ in found]
    return {"median": statistics.median(took), "most": max(took), "ms": statistics.median(ms for _, ms in found), "spent": spent,
            "first": first, "quiet": quiet, "share": 100 * (quiet / QUIET + first / FULL_LOOK) / 1000}


ROWS = [
    ("from the rename to the first answer by the new document, ms: median", number("median")),
    (f"... the slowest of {CHANGES}", number("most")),
    ("of that, reading, copying and publishing, ms: median", number("ms")),
    ("processor time of the watching process for a change, ms", number("spent", ",.1f")),
    (f"processor time of the watching process in {QUIET} quiet seconds, ms", number("quiet", ",.1f")),
    ("... of the first look at everything, which makes the watches, ms",
     number("first", ",.0f")),
    ("share of one core, if each look at everything (one in ten minutes) costs as much, %", number("share", ",.3f")),
]


def table():
    columns = []
    for name, size, sites in CASES:
        say(name)
        columns.append(measure(size, sites))
    lines = ["| what changes | " + " | ".join(name for name, _, _ in CASES) + " |", "|---|" + "---:|" * len(CASES)]
    for label, cell in ROWS:
        lines.append(f"| {label} | " + " | ".join(map(cell, columns)) + " |")
    return "\n".join(lines)


def main():
    told = arguments(__doc__)
    show("changes", surroundings(), table(), told.write)


if __name__ == "__main__":
    main()
