# SPDX-License-Identifier: Apache-2.0
"""What every part of the bench has: where it runs, its tables, and their places in docs/performance.md."""

import os
import re
import statistics
import subprocess
import sys
import textwrap
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import NamedTuple

REPOSITORY = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(REPOSITORY / "tests/live"))

import httpd  # noqa: E402

PAGE = REPOSITORY / "docs/performance.md"
COMPILER = os.environ.get("CC", "gcc")
CFLAGS = ["-O2", "-std=c11"]
STARTS = 5


class Result(NamedTuple):
    """What a part has found: its table, and the figures of it for which there is a limit (limits.py)."""

    table: str
    figures: dict


def table(heads, rows):
    """Of texts; the first column is the label."""
    lines = ["| " + " | ".join(heads) + " |", "|---|" + "---:|" * (len(heads) - 1)]
    return "\n".join(lines + ["| " + " | ".join(row) + " |" for row in rows])


def json_c(*what):
    return subprocess.run(["pkg-config", *what, "json-c"], capture_output=True, text=True,
                          check=True).stdout.split()


def compile_core(source, program):
    """A program of bench/ with the core that was built with the module."""
    library = Path(httpd.module_under_test()).parent / "libocors.a"
    subprocess.run([COMPILER, *CFLAGS, "-g", f"-I{REPOSITORY / 'include'}", "-o", program, REPOSITORY / "bench" / source,
                    library, *json_c("--libs"), "-Wl,-z,now"], check=True)
    return program


def first_line(*command):
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout.splitlines()[0]


def server_version():
    return re.search(r"Apache/(\S+)", first_line(httpd.binary(), "-v"))[1]


def surroundings():
    """What it was measured on; nothing that names the machine."""
    def found(pattern, path, otherwise):
        match = re.search(pattern, Path(path).read_text(), re.M)
        return match[1] if match else otherwise

    memory = int(found(r"^MemTotal:\s+(\d+)", "/proc/meminfo", "0")) / (1 << 20)
    model = found(r"^model name\s*:\s*(.*)$", "/proc/cpuinfo", "unknown")
    cache = int(first_line("getconf", "LEVEL3_CACHE_SIZE")) >> 20
    return textwrap.fill(
        f"Measured on {len(os.sched_getaffinity(0))} cores ({model}, {cache} MiB of level 3 cache), "
        f"{memory:.1f} GiB of memory; httpd {server_version()}, event MPM; json-c {json_c('--modversion')[0]}; "
        f"{first_line(COMPILER, '--version')}, {' '.join(CFLAGS)}; load average "
        f"{os.getloadavg()[0]:.2f} at the start.", 118)


def put(part, text):
    """Puts a text between the marks of a part in the page."""
    begin, end = (f"<!-- bench/run --write {part}: {where} here -->" for where in ("from", "to"))
    before, rest = PAGE.read_text().split(begin)
    after = rest.split(end)[1]
    PAGE.write_text(f"{before}{begin}\n\n{text}\n\n{end}{after}")


def side_by_side(count, what):
    """[count(each of what)]: as many at a time as there are cores, which is right for counting, not for times."""
    with ThreadPoolExecutor(len(os.sched_getaffinity(0))) as pool:
        return list(pool.map(count, what))


def medians(count, names, is_drawn, told):
    """{name: {key: median of what count(name) gives for it}}. One for which is_drawn(name) is true is counted several
    times: each start of the module draws the seed of the hash, on which a look-up depends by some hundred instructions."""
    starts = [name for name in names for _ in range(STARTS if is_drawn(name) and not told.quick else 1)]
    found = {}
    for name, counts in zip(starts, side_by_side(count, starts)):
        found.setdefault(name, []).append(counts)
    return {name: {key: statistics.median(each[key] for each in counts) for key in counts[0]}
            for name, counts in found.items()}


def say(text):
    print(f"{time.strftime('%H:%M:%S')} {text}", file=sys.stderr, flush=True)
